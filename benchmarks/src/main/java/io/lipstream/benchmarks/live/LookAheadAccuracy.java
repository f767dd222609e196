package io.lipstream.benchmarks.live;

import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.FeatureWindows;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.audio.SpeechFeatures;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.speech.MaryVoice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How much of a mouth is lost when it is drawn before its sound has been heard whole?
 *
 * <p>The embedded voice speaks four sentences, and each mouth is drawn with the exact audio window
 * and with windows whose last features were not waited for. What stands in their place: the newest
 * feature again (what live sessions do), zeros, or silence; or the whole window of an earlier
 * moment, so that the lips are late. The figures are over the mouth's middle, where the lips are:
 * the PSNR against the exact mouth, and how its opening, as the darkness between the lips, follows
 * the exact one (Pearson's r, and the standard deviation against the exact one's).
 *
 * <pre>
 *   benchmarks/lookahead [AVATAR]      ada, where nothing else is said
 * </pre>
 */
public final class LookAheadAccuracy {
  private static final String TEXT =
      "Lipstream turns speech into a talking face, live in your browser. A snail wanted to see the"
          + " sea. Mama, Bob and Pam put a big lamp up. We choose a fine blue map of Oslo.";
  private static final int BATCH = 4;
  private static final int ROWS = 16;
  private static final int FEATURE = AudioEncoder.FEATURE_FLOATS;

  private final EngineGenerator generator;
  private final int roiPx;
  private final int frameCount;

  /** In the place of what was not heard. */
  private enum Fill {
    NEWEST,
    ZEROS,
    SILENCE,
    LATE
  }

  private LookAheadAccuracy(EngineGenerator generator, int frameCount) {
    this.generator = generator;
    this.frameCount = frameCount;
    roiPx = generator.roiPx();
  }

  /** Measures and prints a table. */
  public static void main(String[] args) {
    String name = args.length > 0 ? args[0] : "ada";
    EngineOptions options = EngineOptions.cpu();
    Catalogue catalogue = Catalogue.empty();
    try (AvatarPackage avatar = AvatarPackage.open(Path.of("avatars", name));
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.defaultMaxBytes());
        OnnxEncoder encoder =
            new OnnxEncoder(EncoderSpec.of(name, avatar.audioEncoderFile()), options);
        LocalEngine engine =
            LocalEngine.start(
                EngineSettings.cpu(), catalogue, EngineEvents.NONE, System::nanoTime)) {
      GeneratorSpec spec = GeneratorSpec.of(avatar, options);
      catalogue.add(name, spec);
      List<float[]> exact = windows(encoder);
      float[] silence = silence(encoder);
      try (EngineGenerator generator =
          new EngineGenerator(engine, name, spec, frames, Priority.BULK, 1, BATCH)) {
        new LookAheadAccuracy(generator, frames.frameCount()).measure(exact, silence);
      }
    }
  }

  private static List<float[]> windows(AudioEncoder encoder) {
    List<float[]> windows = new ArrayList<>();
    SpeechFeatures features =
        new SpeechFeatures(encoder, 32, (index, window) -> windows.add(window.clone()));
    try (MaryVoice voice = new MaryVoice();
        PcmSource sound = voice.speak(TEXT, "");
        Resampler resampler = new Resampler(sound.format(), features::push)) {
      float[] block = new float[9_600];
      for (int read = sound.read(block, 9_600); read > 0; read = sound.read(block, 9_600)) {
        resampler.push(block, read);
      }
      resampler.finish();
    }
    features.finish();
    return windows;
  }

  private static float[] silence(AudioEncoder encoder) {
    float[] mel = new float[AudioEncoder.WINDOW_FLOATS];
    Arrays.fill(mel, -4);
    float[] feature = new float[FEATURE];
    encoder.encode(1, mel, feature);
    return feature;
  }

  private void measure(List<float[]> exact, float[] silence) {
    List<byte[]> wanted = draw(exact);
    System.out.printf(
        "%d frames%nlook-ahead  in place    PSNR dB  opening r  range%n", exact.size());
    for (int repeated : new int[] {2, 4, 6, 8}) {
      for (Fill fill : Fill.values()) {
        List<byte[]> drawn = draw(filled(exact, repeated, fill, silence));
        double[] openings = openings(drawn);
        double[] exactOpenings = openings(wanted);
        System.out.printf(
            Locale.ROOT,
            "%7d ms  %-8s  %9.1f  %9.3f  %5.2f%n",
            450 - 40 * repeated,
            fill.name().toLowerCase(Locale.ROOT),
            psnr(wanted, drawn),
            correlation(exactOpenings, openings),
            deviation(openings) / deviation(exactOpenings));
      }
    }
  }

  private static List<float[]> filled(
      List<float[]> exact, int repeated, Fill fill, float[] silence) {
    if (fill == Fill.NEWEST) {
      return newest(exact, repeated);
    }
    List<float[]> windows = new ArrayList<>();
    for (int frame = 0; frame < exact.size(); frame++) {
      if (fill == Fill.LATE) {
        windows.add(exact.get(Math.max(0, frame - repeated)));
        continue;
      }
      float[] window = exact.get(frame).clone();
      for (int row = ROWS - repeated; row < ROWS; row++) {
        if (fill == Fill.SILENCE) {
          System.arraycopy(silence, 0, window, row * FEATURE, FEATURE);
        } else {
          Arrays.fill(window, row * FEATURE, (row + 1) * FEATURE, 0);
        }
      }
      windows.add(window);
    }
    return windows;
  }

  /** As live sessions have it: by the same code. */
  private static List<float[]> newest(List<float[]> exact, int repeated) {
    List<float[]> windows = new ArrayList<>();
    FeatureWindows cut =
        new FeatureWindows((index, window) -> windows.add(window.clone()), repeated);
    for (int feature = 0; feature < exact.size() - 2; feature++) {
      // Row 8 of a window is its own frame's: feature i is that of frame i + 1.
      cut.accept(feature, Arrays.copyOfRange(exact.get(feature + 1), 8 * FEATURE, 9 * FEATURE));
    }
    cut.finish();
    return windows;
  }

  private List<byte[]> draw(List<float[]> windows) {
    List<byte[]> mouths = new ArrayList<>();
    int mouthBytes = 3 * roiPx * roiPx;
    byte[] drawn = new byte[BATCH * mouthBytes];
    float[] batch = new float[BATCH * ROWS * FEATURE];
    int[] indices = new int[BATCH];
    for (int from = 0; from < windows.size(); from += BATCH) {
      int count = Math.min(BATCH, windows.size() - from);
      for (int i = 0; i < count; i++) {
        indices[i] = (from + i) % frameCount;
        System.arraycopy(windows.get(from + i), 0, batch, i * ROWS * FEATURE, ROWS * FEATURE);
      }
      generator.generate(count, indices, batch, drawn);
      for (int i = 0; i < count; i++) {
        mouths.add(middle(drawn, i * mouthBytes));
      }
    }
    return mouths;
  }

  /** The middle ninth, where the lips are, as luma. */
  private byte[] middle(byte[] mouths, int offset) {
    int third = roiPx / 3;
    int plane = roiPx * roiPx;
    byte[] luma = new byte[third * third];
    for (int y = 0; y < third; y++) {
      for (int x = 0; x < third; x++) {
        int at = offset + (third + y) * roiPx + third + x;
        int blue = mouths[at] & 0xff;
        int green = mouths[at + plane] & 0xff;
        int red = mouths[at + 2 * plane] & 0xff;
        luma[y * third + x] = (byte) ((114 * blue + 587 * green + 299 * red + 500) / 1_000);
      }
    }
    return luma;
  }

  private static double psnr(List<byte[]> wanted, List<byte[]> drawn) {
    double sum = 0;
    long count = 0;
    for (int i = 0; i < wanted.size(); i++) {
      for (int at = 0; at < wanted.get(i).length; at++) {
        double difference = (wanted.get(i)[at] & 0xff) - (drawn.get(i)[at] & 0xff);
        sum += difference * difference;
        count++;
      }
    }
    return 10 * Math.log10(255.0 * 255.0 * count / Math.max(1e-9, sum));
  }

  /** For each mouth how dark the gap between the lips is. */
  private static double[] openings(List<byte[]> mouths) {
    return mouths.stream().mapToDouble(LookAheadAccuracy::darkest).toArray();
  }

  /** How dark the darkest twentieth is on average. */
  private static double darkest(byte[] luma) {
    int[] sorted = new int[luma.length];
    for (int i = 0; i < luma.length; i++) {
      sorted[i] = luma[i] & 0xff;
    }
    Arrays.sort(sorted);
    return -Arrays.stream(sorted, 0, sorted.length / 20).average().orElse(0);
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElse(0);
    return Math.sqrt(
        Arrays.stream(values).map(value -> (value - mean) * (value - mean)).average().orElse(0));
  }

  private static double correlation(double[] one, double[] other) {
    double meanOne = Arrays.stream(one).average().orElse(0);
    double meanOther = Arrays.stream(other).average().orElse(0);
    double both = 0;
    for (int i = 0; i < one.length; i++) {
      both += (one[i] - meanOne) * (other[i] - meanOther);
    }
    return both / one.length / deviation(one) / deviation(other);
  }
}
