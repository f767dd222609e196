package io.lipstream.app.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.app.SampleSource;
import io.lipstream.app.live.LiveInput.Coding;
import io.lipstream.app.live.LiveInput.Finished;
import io.lipstream.app.live.LiveInput.Format;
import io.lipstream.app.live.SessionState.Idle;
import io.lipstream.inference.SileroActivity;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.engine.ModelStatistics;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.LookAhead;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.speech.MaryVoice;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.OpusEncoder;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sound that is not the voice's: files and live input, with the real voice activity. */
final class OutsideSoundTest {
  private static final Path AVATARS = Path.of("../avatars").toAbsolutePath();
  private static final SessionRequest TINY = new SessionRequest("tiny", "");
  private static final int RATE_HZ = 16_000;
  private static final int MESSAGE = RATE_HZ / 50;
  private static final Format PCM = new Format(Coding.PCM16, RATE_HZ, 1, false, LookAhead.EXACT);

  private static float[] speech = {};

  private final Catalogue catalogue = Catalogue.empty();
  private final LocalEngine engine =
      LocalEngine.start(EngineSettings.cpu(), catalogue, EngineEvents.NONE, System::nanoTime);
  private final SileroActivity activity = new SileroActivity();
  private final LiveSessions sessions =
      LiveSessions.open(
          new LiveParts(
              new AvatarStore(List.of(AVATARS)),
              engine,
              catalogue,
              new ToneVoice(),
              new Talk.FixedModel("Yes."),
              new Talk.FixedRecognizer("no"),
              activity),
          LiveSettings.DEFAULT,
          System::nanoTime);
  private Told told = new Told();
  private final LiveSession session = sessions.create(TINY);
  private final RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);

  /** Remembers what a sender of live sound is told. */
  private static final class Told implements LiveInput.Listener {
    final List<String> events = new CopyOnWriteArrayList<>();
    final List<Finished> finished = new CopyOnWriteArrayList<>();

    @Override
    public void started() {
      events.add("started");
    }

    @Override
    public void underrun(long count) {
      events.add("underrun " + count);
    }

    @Override
    public void finished(Finished what) {
      finished.add(what);
      events.add(what.interrupted() ? "interrupted" : "finished");
    }
  }

  /** A second and a half of a sentence, without silence around it. */
  @BeforeAll
  static void speak() {
    List<float[]> pieces = new ArrayList<>();
    try (MaryVoice voice = new MaryVoice();
        PcmSource source = voice.speak("We saw a large blue whale near Oslo.", "");
        Resampler resampler =
            new Resampler(
                source.format(), (samples, count) -> pieces.add(Arrays.copyOf(samples, count)))) {
      float[] block = new float[4_800];
      for (int read = source.read(block, 4_800); read > 0; read = source.read(block, 4_800)) {
        resampler.push(block, read);
      }
      resampler.finish();
    }
    float[] all = new float[pieces.stream().mapToInt(piece -> piece.length).sum()];
    int at = 0;
    for (float[] piece : pieces) {
      System.arraycopy(piece, 0, all, at, piece.length);
      at += piece.length;
    }
    int end = all.length;
    while (Math.abs(all[end - 1]) < 0.005) {
      end--;
    }
    speech = Arrays.copyOf(all, end);
  }

  @BeforeEach
  void open() {
    await("pictures", () -> viewer.pictures().size() > 5);
  }

  @AfterEach
  void close() {
    sessions.close();
    engine.close();
    activity.close();
  }

  private static void await(String what, BooleanSupplier reached) {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting for " + what).isLessThan(end);
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Something that a machine that stands still for a while breaks, as it must. */
  private interface Attempt {
    void run() throws InterruptedException;
  }

  /**
   * Live sound comes at the pace of the clock: when its sender or the thread that plays it is held
   * up, words are missing and pauses end it. So it may be tried again.
   */
  private void inTime(Attempt attempt) throws InterruptedException {
    for (int left = 5; ; left--) {
      told = new Told();
      try {
        attempt.run();
        return;
      } catch (AssertionError e) {
        if (left == 0) {
          throw e;
        }
      }
      session.interrupt();
    }
  }

  private long mouthsComputed() {
    return engine.models().find("tiny").orElseThrow().statistics().frames();
  }

  /** A session thinks from the moment it is given a sound, so that even a short one is awaited. */
  private void play(float[] sound) {
    session.sayAudio(new SampleSource(RATE_HZ, sound));
    await("rest", () -> session.state() instanceof Idle);
  }

  private static float[] joined(float[]... sounds) {
    float[] all = new float[0];
    for (float[] sound : sounds) {
      int from = all.length;
      all = Arrays.copyOf(all, from + sound.length);
      System.arraycopy(sound, 0, all, from, sound.length);
    }
    return all;
  }

  private static float[] noise(double seconds, double loudness) {
    Random random = new Random(4);
    float[] noise = new float[(int) (seconds * RATE_HZ)];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (float) (loudness * random.nextGaussian());
    }
    return noise;
  }

  /** A piano's chord, struck twice a second. */
  private static float[] music(double seconds) {
    float[] music = new float[(int) (seconds * RATE_HZ)];
    double[] chord = {261.6, 329.6, 392.0, 523.3};
    for (int i = 0; i < music.length; i++) {
      double struck = i % (RATE_HZ / 2) / (double) RATE_HZ;
      double sum = 0;
      for (double hertz : chord) {
        for (int harmonic = 1; harmonic <= 4; harmonic++) {
          sum += Math.sin(2 * Math.PI * hertz * harmonic * i / RATE_HZ) / harmonic;
        }
      }
      music[i] = (float) (0.06 * sum * Math.exp(-3 * struck));
    }
    return music;
  }

  @Test
  void noiseAndMusicLeaveTheMouthShutAndCostNoInference() {
    play(joined(noise(1.2, 0.1), new float[RATE_HZ / 2], music(1.5)));

    assertThat(mouthsComputed()).isZero();
    assertThat(loudest()).as("they are heard").isGreaterThan(0.1);
  }

  private double loudest() {
    double loudest = 0;
    for (float sample : viewer.track().samples()) {
      loudest = Math.max(loudest, Math.abs(sample));
    }
    return loudest;
  }

  @Test
  void speechMovesTheMouthAndSilenceAfterItCostsNoInference() {
    float[] silence = new float[3 * RATE_HZ];
    play(joined(new float[RATE_HZ], speech, silence));

    double frames = 25.0 * speech.length / RATE_HZ;
    // From 120 ms before speech until 120 ms after it; a busy engine drops some.
    ModelStatistics asked = engine.models().find("tiny").orElseThrow().statistics();
    assertThat((double) asked.frames() + asked.late()).isBetween(0.9 * frames, frames + 7);
  }

  @ParameterizedTest
  @ValueSource(ints = {450, 120})
  void liveSoundIsSpokenAsItComesAndItsEndIsTold(int lookAheadMillis) throws InterruptedException {
    inTime(() -> sendAsItComes(lookAheadMillis));
  }

  private void sendAsItComes(int lookAheadMillis) throws InterruptedException {
    Format format = new Format(Coding.PCM16, RATE_HZ, 1, false, new LookAhead(lookAheadMillis));
    try (LiveInput input = session.openInput(format, told)) {
      send(input, joined(speech, new float[RATE_HZ / 10]));
      input.end();
      await("the end", () -> !told.finished.isEmpty());
    }
    assertThat(told.events).startsWith("started").endsWith("finished");
    Finished finished = told.finished.getFirst();
    assertThat(finished.interrupted()).isFalse();
    long millis = 1_000L * speech.length / RATE_HZ;
    assertThat(finished.heardMillis()).isBetween(millis - 100, millis + 300);
    assertThat(mouthsComputed()).isGreaterThan(15);
    await("rest", () -> session.state() instanceof Idle);
    assertThat(loudest()).isGreaterThan(0.1);
  }

  private static void send(LiveInput input, float[] sound) throws InterruptedException {
    long begun = System.nanoTime();
    byte[] message = new byte[2 * MESSAGE];
    for (int from = 0; from + MESSAGE <= sound.length; from += MESSAGE) {
      for (int i = 0; i < MESSAGE; i++) {
        int sample = Math.round(32_767 * sound[from + i]);
        message[2 * i] = (byte) sample;
        message[2 * i + 1] = (byte) (sample >> 8);
      }
      input.push(message, message.length);
      sleepUntil(begun + (from / MESSAGE + 1) * 20_000_000L);
    }
  }

  private static void sleepUntil(long nanos) throws InterruptedException {
    long ahead = nanos - System.nanoTime();
    if (ahead > 0) {
      Thread.sleep(ahead / 1_000_000, (int) (ahead % 1_000_000));
    }
  }

  @Test
  void opusPacketsWithHeadersMayBeLostAndComeOutOfOrder() throws InterruptedException {
    inTime(this::sendOpus);
  }

  private void sendOpus() throws InterruptedException {
    List<byte[]> packets = opusPackets();
    Collections.swap(packets, 8, 9);
    Collections.swap(packets, 20, 22);
    packets.remove(30);
    Format format = new Format(Coding.OPUS, 48_000, 1, true, LookAhead.EXACT);
    try (LiveInput input = session.openInput(format, told)) {
      long begun = System.nanoTime();
      for (int i = 0; i < packets.size(); i++) {
        input.push(packets.get(i), packets.get(i).length);
        sleepUntil(begun + (i + 1) * 20_000_000L);
      }
      input.end();
      await("the end", () -> !told.finished.isEmpty());
    }
    Finished finished = told.finished.getFirst();
    assertThat(finished.heardMillis())
        .isBetween(20L * packets.size() - 200, 20L * packets.size() + 400);
    assertThat(finished.playout().packets()).isBetween(packets.size() - 5L, (long) packets.size());
    assertThat(finished.playout().concealedMillis()).isBetween(20L, 200L);
    assertThat(mouthsComputed()).isGreaterThan(15);
    assertThat(loudest()).isGreaterThan(0.1);
  }

  private static List<byte[]> opusPackets() {
    List<byte[]> packets = new ArrayList<>();
    float[] waiting = new float[EncodedSound.SAMPLES];
    int[] count = {0};
    try (OpusEncoder encoder = OpusEncoder.open();
        Resampler resampler =
            new Resampler(
                new PcmFormat(RATE_HZ, 1),
                EncodedSound.RATE_HZ,
                (samples, length) -> {
                  for (int i = 0; i < length; i++) {
                    waiting[count[0]++] = samples[i];
                    if (count[0] == waiting.length) {
                      count[0] = 0;
                      packets.add(rtp(packets.size(), encoder.encode(waiting, 0, 0)));
                    }
                  }
                })) {
      resampler.push(speech, speech.length);
    }
    return packets;
  }

  private static byte[] rtp(int number, EncodedSound sound) {
    return ByteBuffer.allocate(12 + sound.length())
        .put((byte) 0x80)
        .put((byte) 111)
        .putShort((short) number)
        .putInt(number * EncodedSound.SAMPLES)
        .putInt(7)
        .put(sound.data(), 0, sound.length())
        .array();
  }

  @Test
  void soundThatStaysAwayIsAnUnderrunWhichIsToldAndCounted() throws InterruptedException {
    inTime(this::stayAway);
  }

  private void stayAway() throws InterruptedException {
    long before = session.statistics().soundUnderruns();
    float[] part = Arrays.copyOfRange(speech, RATE_HZ / 4, RATE_HZ);
    try (LiveInput input = session.openInput(PCM, told)) {
      send(input, part);
      Thread.sleep(400);
      send(input, part);
      input.end();
      await("the end", () -> !told.finished.isEmpty());
    }
    assertThat(told.events).contains("underrun 1");
    assertThat(session.statistics().soundUnderruns() - before)
        .isEqualTo(told.finished.getFirst().playout().underruns())
        .isPositive();
  }

  @Test
  void silenceBeginsNothingAndASecondOfItEndsWhatWasSpoken() throws InterruptedException {
    inTime(this::sendSilence);
  }

  private void sendSilence() throws InterruptedException {
    try (LiveInput input = session.openInput(PCM, told)) {
      send(input, new float[RATE_HZ / 2]);
      assertThat(session.state()).isEqualTo(new Idle());
      send(input, joined(Arrays.copyOf(speech, RATE_HZ), new float[2 * RATE_HZ]));
      await("rest", () -> session.state() instanceof Idle);
      assertThat(told.events).containsExactly("started", "finished");
      long drawn = mouthsComputed();
      send(input, new float[RATE_HZ / 2]);
      assertThat(mouthsComputed()).isEqualTo(drawn);
      assertThat(session.state()).isEqualTo(new Idle());
    }
  }

  @Test
  void clearingDropsWhatWaitsAndWhatComesNextIsNew() throws InterruptedException {
    inTime(this::sendAndClear);
  }

  private void sendAndClear() throws InterruptedException {
    try (LiveInput input = session.openInput(PCM, told)) {
      float[] half = Arrays.copyOf(speech, RATE_HZ);
      send(input, half);
      await("sound", () -> told.events.contains("started"));
      input.clear();
      assertThat(session.state()).isEqualTo(new Idle());
      assertThat(told.events).endsWith("interrupted");
      assertThat(told.finished.getLast().heardMillis()).isBetween(1L, 1_000L);
      send(input, half);
      input.end();
      await("the end", () -> told.events.contains("finished"));
    }
  }

  @Test
  void whatIsLeftOfAnInterruptedUtteranceIsDropped() throws InterruptedException {
    inTime(this::sendAndInterrupt);
  }

  private void sendAndInterrupt() throws InterruptedException {
    try (LiveInput input = session.openInput(PCM, told)) {
      float[] half = Arrays.copyOf(speech, RATE_HZ);
      send(input, half);
      await("sound", () -> told.events.contains("started"));
      session.interrupt();
      send(input, half);
      assertThat(session.state()).isEqualTo(new Idle());
      assertThat(told.finished).hasSize(1);
      input.end();
      send(input, half);
      await("sound", () -> Collections.frequency(told.events, "started") == 2);
    }
  }

  @Test
  void oneSendsAtATime() {
    LiveInput input = session.openInput(PCM, told);
    assertThatThrownBy(() -> session.openInput(PCM, new Told()))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("somebody else");
    input.close();
    session.openInput(PCM, told).close();
    session.close();
    assertThatThrownBy(() -> session.openInput(PCM, told))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("ended");
  }

  @Test
  void soundThatIsNotOfTheFormatIsRefused() {
    try (LiveInput input = session.openInput(PCM, told)) {
      assertThatThrownBy(() -> input.push(new byte[3], 3))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("3 bytes");
    }
    Format rtp = new Format(Coding.OPUS, 48_000, 1, true, LookAhead.EXACT);
    try (LiveInput input = session.openInput(rtp, told)) {
      assertThatThrownBy(() -> input.push(new byte[30], 30))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("RTP");
    }
    assertThatThrownBy(() -> new Format(Coding.PCM16, 11_025, 1, false, LookAhead.EXACT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("11025");
    assertThatThrownBy(() -> new LookAhead(100)).isInstanceOf(IllegalArgumentException.class);
  }
}
