import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Speaks a file of sentences with the voice that is built into Lipstream and writes, for each,
 * NAME.wav (16 kHz mono) and NAME.json (text and phoneme end times), the form that {@code
 * lipstream_studio.corpus --extra} reads.
 *
 * <p>Run: {@code java -cp '../target/dist/lib/*' mary/MaryRecordings.java sentences.txt out}
 */
public final class MaryRecordings {
  private static final int OUTPUT_RATE_HZ = 16_000;

  /** MaryTTS writes phonemes in SAMPA; mouths are named as flite names its phonemes. */
  private static final Map<String, String> PHONEMES =
      Map.ofEntries(
          Map.entry("_", "pau"), Map.entry("A", "aa"), Map.entry("O", "ao"), Map.entry("u", "uw"),
          Map.entry("i", "iy"), Map.entry("{", "ae"), Map.entry("V", "ah"), Map.entry("E", "eh"),
          Map.entry("I", "ih"), Map.entry("U", "uh"), Map.entry("@", "ax"), Map.entry("r=", "er"),
          Map.entry("aU", "aw"), Map.entry("OI", "oy"), Map.entry("@U", "ow"), Map.entry("EI", "ey"),
          Map.entry("AI", "ay"), Map.entry("p", "p"), Map.entry("t", "t"), Map.entry("k", "k"),
          Map.entry("b", "b"), Map.entry("d", "d"), Map.entry("g", "g"), Map.entry("tS", "ch"),
          Map.entry("dZ", "jh"), Map.entry("f", "f"), Map.entry("v", "v"), Map.entry("T", "th"),
          Map.entry("D", "dh"), Map.entry("s", "s"), Map.entry("z", "z"), Map.entry("S", "sh"),
          Map.entry("Z", "zh"), Map.entry("h", "hh"), Map.entry("l", "l"), Map.entry("m", "m"),
          Map.entry("n", "n"), Map.entry("N", "ng"), Map.entry("r", "r"), Map.entry("w", "w"),
          Map.entry("j", "y"));

  private MaryRecordings() {}

  public static void main(String[] args) throws Exception {
    List<String> sentences = Files.readAllLines(Path.of(args[0]));
    Path folder = Files.createDirectories(Path.of(args[1]));
    BuiltInVoice speaker = new BuiltInVoice();
    for (int index = 0; index < sentences.size(); index++) {
      String name = String.format("%05d", index);
      Path description = folder.resolve(name + ".json");
      if (Files.exists(description)) {
        continue;
      }
      try {
        record(speaker, sentences.get(index), folder.resolve(name + ".wav"), description);
      } catch (Exception failure) {
        System.err.println(name + " skipped: " + sentences.get(index) + ": " + failure);
      }
    }
  }

  private static void record(
      BuiltInVoice speaker, String sentence, Path sound, Path description) throws Exception {
    write(decimated(speaker.samples(sentence), BuiltInVoice.RATE_HZ / OUTPUT_RATE_HZ), sound);
    Files.writeString(
        description, described(sentence, speaker.elements(sentence)), StandardCharsets.UTF_8);
  }

  /** Lipstream keeps its voice to itself, having no use for phonemes; the studio looks inside. */
  private static final class BuiltInVoice {
    static final int RATE_HZ = 48_000;
    private final Object speech;
    private final Method speak;
    private final Method parameters;

    BuiltInVoice() throws Exception {
      Class<?> type = Class.forName("io.lipstream.speech.MarySpeech");
      Method shared = type.getDeclaredMethod("shared");
      shared.setAccessible(true);
      speech = shared.invoke(null);
      speak = type.getDeclaredMethod("speak", String.class);
      speak.setAccessible(true);
      parameters = type.getDeclaredMethod("acousticParameters", String.class);
      parameters.setAccessible(true);
    }

    double[] samples(String sentence) throws Exception {
      Object spoken = speak.invoke(speech, sentence);
      Method sound = spoken.getClass().getDeclaredMethod("samples");
      sound.setAccessible(true);
      float[] mono = (float[]) sound.invoke(spoken);
      double[] samples = new double[mono.length];
      for (int i = 0; i < mono.length; i++) {
        samples[i] = mono[i];
      }
      return samples;
    }

    List<?> elements(String sentence) throws Exception {
      return (List<?>) parameters.invoke(speech, sentence);
    }
  }

  /** Low-pass (windowed sinc) and keep every {@code factor}-th sample. */
  private static double[] decimated(double[] samples, int factor) {
    int half = 32 * factor;
    double[] kernel = new double[2 * half + 1];
    double sum = 0;
    for (int i = -half; i <= half; i++) {
      double x = Math.PI * i * 0.92 / factor;
      double window = 0.5 + 0.5 * Math.cos(Math.PI * i / (half + 1));
      kernel[i + half] = (i == 0 ? 1 : Math.sin(x) / x) * window;
      sum += kernel[i + half];
    }
    double[] result = new double[samples.length / factor];
    for (int k = 0; k < result.length; k++) {
      double value = 0;
      for (int i = -half; i <= half; i++) {
        int at = k * factor + i;
        if (at >= 0 && at < samples.length) {
          value += samples[at] * kernel[i + half];
        }
      }
      result[k] = value / sum;
    }
    return result;
  }

  private static void write(double[] samples, Path path) throws IOException {
    byte[] bytes = new byte[samples.length * 2];
    for (int i = 0; i < samples.length; i++) {
      int value = (int) Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32767)));
      bytes[2 * i] = (byte) value;
      bytes[2 * i + 1] = (byte) (value >> 8);
    }
    AudioFormat format = new AudioFormat(OUTPUT_RATE_HZ, 16, 1, true, false);
    try (AudioInputStream stream =
        new AudioInputStream(new ByteArrayInputStream(bytes), format, samples.length)) {
      javax.sound.sampled.AudioSystem.write(stream, AudioFileFormat.Type.WAVE, new File(path.toString()));
    }
  }

  /** Words hold phonemes with their length in ms, boundaries are pauses of a length of their own. */
  private static String described(String sentence, List<?> elements) {
    StringJoiner segments = new StringJoiner(", ");
    double end = 0;
    for (Object each : elements) {
      Element element = (Element) each;
      if (element.getTagName().equals("boundary")) {
        String duration = element.getAttribute("duration");
        if (!duration.isEmpty()) {
          end += Double.parseDouble(duration) / 1000;
          segments.add(segment("pau", end));
        }
        continue;
      }
      NodeList phones = element.getElementsByTagName("ph");
      for (int i = 0; i < phones.getLength(); i++) {
        Element phone = (Element) phones.item(i);
        String phoneme = PHONEMES.get(phone.getAttribute("p"));
        if (phoneme == null) {
          throw new IllegalArgumentException("unknown phoneme " + phone.getAttribute("p"));
        }
        end += Double.parseDouble(phone.getAttribute("d")) / 1000;
        segments.add(segment(phoneme, end));
      }
    }
    String text = sentence.replace("\\", "").replace("\"", "'");
    return "{\"text\": \"" + text + "\", \"segments\": [" + segments + "]}\n";
  }

  private static String segment(String phoneme, double end) {
    return String.format(java.util.Locale.ROOT, "[\"%s\", %.4f]", phoneme, end);
  }
}
