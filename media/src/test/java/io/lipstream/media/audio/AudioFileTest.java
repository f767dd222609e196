package io.lipstream.media.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AudioFileTest {
  private static final double CLICK_TOLERANCE_SECONDS = 0.02;

  @TempDir Path folder;

  @Test
  void readsThe16BitWavBitByBit() throws IOException {
    Path file = folder.resolve("signal.wav");
    Files.write(file, Golden.bytes("signal.wav"));
    try (AudioFile sound = AudioFile.open(file)) {
      assertThat(sound.format()).isEqualTo(PcmFormat.FEATURES);
      assertThat(sound.expectedFrames()).hasValue(51_300);
      assertThat(all(sound)).isEqualTo(Golden.signal());
      assertThat(sound.damagedPackets()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a.wav,  pcm_s16le,  44100, 2, 0",
    "b.wav,  pcm_u8,      8000, 1, 0",
    "c.wav,  pcm_s24le,  48000, 1, 0",
    "d.wav,  pcm_f32le,  96000, 2, 0",
    "e.flac, flac,       44100, 2, 0",
    "f.mp3,  libmp3lame, 44100, 2, 1",
    "g.mp3,  libmp3lame, 22050, 1, 1",
    "h.ogg,  libopus,    48000, 1, 1",
    "i.opus, libopus,    48000, 2, 1",
    "j.m4a,  aac,        44100, 1, 1",
    "k.mp4,  aac,        48000, 2, 1",
    "l.aac,  aac,        44100, 1, 2",
    "m.m4a,  alac,       44100, 2, 0",
    "n.ogg,  vorbis,     44100, 2, 2",
    "o.aiff, pcm_s16be,  44100, 1, 0",
    "p.webm, libopus,    48000, 2, 1",
    "q.wma,  wmav2,      44100, 2, 2",
    "r.ac3,  ac3,        48000, 2, 2",
  })
  void keepsRateChannelsLengthAndTheClicksPlace(
      String name, String encoder, int rateHz, int channels, int lossy) {
    float[] click = click(rateHz, channels);
    Path file = SoundFiles.write(folder.resolve(name), encoder, rateHz, channels, click);

    try (AudioFile sound = AudioFile.open(file)) {
      assertThat(sound.format()).isEqualTo(new PcmFormat(rateHz, channels));
      float[] decoded = all(sound);
      assertThat(sound.damagedPackets()).isZero();
      // Padding cannot be told from sound where the container does not say (lossy = 2).
      int slackFrames = lossy == 0 ? 0 : lossy == 1 ? rateHz / 20 : rateHz / 8;
      assertThat(decoded.length / channels).isCloseTo(rateHz, within(slackFrames));
      assertThat((double) loudestFrame(decoded, channels) / rateHz)
          .isCloseTo(0.4, within(lossy == 2 ? 0.05 : CLICK_TOLERANCE_SECONDS));
    }
  }

  @Test
  void findsTheSoundOfAVideo() {
    float[] click = click(48_000, 2);
    Path file = SoundFiles.write(folder.resolve("talk.mp4"), "aac", 48_000, 2, click, true);
    try (AudioFile sound = AudioFile.open(file)) {
      assertThat(sound.format()).isEqualTo(new PcmFormat(48_000, 2));
      assertThat((double) loudestFrame(all(sound), 2) / 48_000)
          .isCloseTo(0.4, within(CLICK_TOLERANCE_SECONDS));
    }
  }

  @Test
  void mixesSurroundDownToStereoWithinFullScale() {
    float[] loud = new float[6 * 4_800];
    Arrays.fill(loud, 0.99f);
    Path file = SoundFiles.write(folder.resolve("surround.wav"), "pcm_s16le", 48_000, 6, loud);
    try (AudioFile sound = AudioFile.open(file)) {
      assertThat(sound.format().channels()).isEqualTo(2);
      float[] decoded = all(sound);
      assertThat(decoded).hasSize(2 * 4_800);
      assertThat(decoded[0]).isEqualTo(0.99f, within(0.01f));
    }
  }

  @Test
  void yieldsTheSameSamplesInAnyPortions() {
    float[] noise = Chunks.noise(20_000, new Random(1));
    Path file = SoundFiles.write(folder.resolve("noise.flac"), "flac", 44_100, 2, noise);
    float[] whole;
    try (AudioFile sound = AudioFile.open(file)) {
      whole = all(sound);
    }
    try (AudioFile sound = AudioFile.open(file)) {
      Floats out = new Floats();
      float[] few = new float[14];
      for (int count; (count = sound.read(few, 7)) > 0; ) {
        out.add(few, 2 * count);
      }
      assertThat(out.array()).isEqualTo(whole);
      assertThat(sound.read(few, 7)).isEqualTo(-1);
    }
  }

  @Test
  void turnsOvershootsAndNonNumbersOfFloatFilesIntoSamples() {
    float[] wild = {2, -3, Float.NaN, Float.POSITIVE_INFINITY, 0.5f};
    Path file = SoundFiles.write(folder.resolve("wild.wav"), "pcm_f32le", 16_000, 1, wild);
    try (AudioFile sound = AudioFile.open(file)) {
      assertThat(all(sound)).containsExactly(1, -1, 0, 1, 0.5f);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"100%d done.wav", "http:example.wav", "a b'c\"d.wav", "-.wav", "x|y.wav"})
  void opensFilesOfAnyName(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.write(file, Golden.bytes("signal.wav"));
    try (AudioFile sound = AudioFile.open(file)) {
      assertThat(all(sound)).hasSize(51_300);
    }
  }

  @Test
  void opensFilesWithForeignLettersInTheirNames() throws IOException {
    String encoding = System.getProperty("sun.jnu.encoding");
    assumeTrue("UTF-8".equals(encoding), "this locale cannot name such a file: " + encoding);
    Path file = folder.resolve("räksmörgås 你好.wav");
    Files.write(file, Golden.bytes("signal.wav"));
    try (AudioFile sound = AudioFile.open(file)) {
      assertThat(all(sound)).hasSize(51_300);
    }
  }

  @Test
  void leavesDamagedPacketsOut() throws IOException {
    float[] sine = new float[44_100];
    for (int i = 0; i < sine.length; i++) {
      sine[i] = (float) (0.5 * Math.sin(2 * Math.PI * 440 * i / 44_100));
    }
    Path file = SoundFiles.write(folder.resolve("a.flac"), "flac", 44_100, 1, sine);
    byte[] bytes = Files.readAllBytes(file);
    Random random = new Random(Chunks.newSeed("AudioFileTest.damage"));
    for (int i = bytes.length / 2; i < bytes.length / 2 + 2_000; i++) {
      bytes[i] = (byte) random.nextInt();
    }
    Files.write(file, bytes);
    try (AudioFile sound = AudioFile.open(file)) {
      assertThat(all(sound).length).isBetween(20_000, 44_100);
    }
  }

  @ParameterizedTest
  @CsvSource({"a.wav, pcm_s16le", "b.mp3, libmp3lame", "c.flac, flac", "d.ogg, libopus"})
  void readsWhatThereIsOfACutOffFile(String name, String encoder) throws IOException {
    float[] noise = Chunks.noise(4 * 48_000, new Random(2));
    Path file = SoundFiles.write(folder.resolve(name), encoder, 48_000, 1, noise);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    try (AudioFile sound = AudioFile.open(file)) {
      assertThat(all(sound).length).isBetween(45_000, 110_000);
    }
  }

  @Test
  void refusesAnM4aWhoseIndexWasCutOff() throws IOException {
    float[] noise = Chunks.noise(44_100, new Random(6));
    Path file = SoundFiles.write(folder.resolve("a.m4a"), "aac", 44_100, 1, noise);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertRefused(file, "is not a sound file that FFmpeg can read", "damaged or incomplete");
  }

  @Test
  void refusesAMissingFile() {
    assertRefused(folder.resolve("none.wav"), "there is no file", "check the path");
  }

  @Test
  void refusesAFolder() {
    assertRefused(folder, "is a folder", "inside it");
  }

  @Test
  void refusesAnEmptyFile() throws IOException {
    assertRefused(Files.createFile(folder.resolve("a.wav")), "is empty (0 bytes)", "again");
  }

  @Test
  void refusesAFileItMayNotRead() throws IOException {
    Path file = folder.resolve("secret.wav");
    Files.write(file, Golden.bytes("signal.wav"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("-wx------"));
    assumeTrue(!Files.isReadable(file), "runs as a user who may read everything");
    assertRefused(file, "no permission to read", "chmod +r");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.txt", "a.wav", "a.mp3", "a.m4a", "a.ogg", "a.aac", "a.flac", "a"})
  void refusesATextWhateverItsName(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, "No sound here, only words.\n".repeat(400));
    assertRefused(file, "", "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.bin", "a.wav", "a.mp3", "a.m4a", "a.ogg"})
  void refusesZerosWhateverTheirName(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.write(file, new byte[10_000]);
    assertRefused(file, "", "");
  }

  @Test
  void refusesAVideoWithoutSound() throws IOException {
    Path file = folder.resolve("mute.y4m");
    byte[] header = "YUV4MPEG2 W2 H2 F25:1\nFRAME\n".getBytes(StandardCharsets.US_ASCII);
    Files.write(file, Arrays.copyOf(header, header.length + 6));
    assertRefused(file, "there is no sound in", "video with sound");
  }

  @Test
  void refusesAWavOfZeroSamples() {
    Path file = SoundFiles.write(folder.resolve("a.wav"), "pcm_s16le", 16_000, 1, new float[0]);
    assertRefused(file, "holds no sound", "");
  }

  @Test
  void neverFollowsAPlaylistToAnotherFile() throws IOException {
    Files.write(folder.resolve("signal.wav"), Golden.bytes("signal.wav"));
    for (String text :
        new String[] {
          "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:3.2,\nsignal.wav\n#EXT-X-ENDLIST\n",
          "ffconcat version 1.0\nfile signal.wav\n",
        }) {
      Path list = folder.resolve("list.wav");
      Files.writeString(list, text);
      assertRefused(list, "", "");
      Path hls = folder.resolve("list.m3u8");
      Files.writeString(hls, text);
      assertRefused(hls, "", "");
    }
  }

  @Test
  void refusesToReadOnceClosed() {
    Path file = SoundFiles.write(folder.resolve("a.wav"), "pcm_s16le", 16_000, 1, new float[100]);
    AudioFile sound = AudioFile.open(file);
    sound.close();
    sound.close();
    assertThatThrownBy(() -> sound.read(new float[10], 10))
        .isInstanceOf(IllegalStateException.class);
  }

  private static void assertRefused(Path file, String message, String hint) {
    LipstreamException refusal =
        catchThrowableOfType(LipstreamException.class, () -> AudioFile.open(file).close());
    assertThat(refusal).as("refusal of %s", file).isNotNull();
    assertThat(refusal.kind()).isEqualTo(LipstreamException.Kind.INPUT);
    assertThat(refusal).hasMessageContaining(file.toString()).hasMessageContaining(message);
    assertThat(refusal.hint()).contains(hint).isNotBlank();
  }

  /** One second with a click of 2 ms at 0.4 s in all channels. */
  private static float[] click(int rateHz, int channels) {
    float[] samples = new float[rateHz * channels];
    int from = rateHz * 4 / 10;
    Arrays.fill(samples, from * channels, (from + rateHz / 500) * channels, 0.9f);
    return samples;
  }

  private static int loudestFrame(float[] interleaved, int channels) {
    int best = 0;
    for (int i = 0; i < interleaved.length; i++) {
      if (Math.abs(interleaved[i]) > Math.abs(interleaved[best])) {
        best = i;
      }
    }
    return best / channels;
  }

  private static float[] all(AudioFile sound) {
    Floats out = new Floats();
    float[] buffer = new float[4_096];
    int channels = sound.format().channels();
    for (int count; (count = sound.read(buffer, buffer.length / channels)) > 0; ) {
      out.add(buffer, count * channels);
    }
    return out.array();
  }
}
