package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Senders, networks and loudspeakers in virtual time. */
final class PlayoutBufferTest {
  private static final int RATE_HZ = 16_000;
  private static final int STRETCH = RATE_HZ / 50;
  private static final double TONE_HERTZ = 440;
  private static final float LOUD = 0.5f;

  private final PlayoutBuffer buffer =
      new PlayoutBuffer(RATE_HZ, new PcmDecoder(RATE_HZ, 1), PlayoutSettings.DEFAULT);

  private long now;

  /** Whether a fifth of a second of each 1.2 is silent, as between words and sentences. */
  private boolean pauses;

  @AfterEach
  void close() {
    buffer.close();
  }

  /** A packet of 20 ms on its way. */
  private record Sent(int number, double arrivesSeconds) {}

  /** What was heard, and how much waited after each stretch. */
  private record Heard(List<float[]> stretches, List<Integer> waitingMillis) {
    float[] samples(int from, int to) {
      float[] samples = new float[(to - from) * STRETCH];
      for (int i = from; i < to; i++) {
        System.arraycopy(stretches.get(i), 0, samples, (i - from) * STRETCH, STRETCH);
      }
      return samples;
    }
  }

  private Heard play(List<Sent> sent, double seconds) {
    List<Sent> arrivals = new ArrayList<>(sent);
    arrivals.sort(Comparator.comparingDouble(Sent::arrivesSeconds));
    Heard heard = new Heard(new ArrayList<>(), new ArrayList<>());
    int arrived = 0;
    for (int pull = 0; pull < seconds * 50; pull++) {
      while (arrived < arrivals.size() && arrivals.get(arrived).arrivesSeconds() <= pull * 0.02) {
        Sent one = arrivals.get(arrived++);
        push(one.number(), one.arrivesSeconds());
      }
      float[] out = new float[STRETCH];
      now = pull * 20_000_000L;
      buffer.pull(out, now);
      heard.stretches().add(out);
      heard.waitingMillis().add(buffer.statistics().waitingMillis());
    }
    return heard;
  }

  private void push(int number, double seconds) {
    byte[] packet = pauses && number % 60 < 10 ? new byte[2 * STRETCH] : tone(number);
    assertThat(buffer.push(packet, 0, packet.length, number * STRETCH, Math.round(seconds * 1e9)))
        .isTrue();
  }

  private void push(int number) {
    push(number, now / 1e9);
  }

  private boolean pull(float[] out) {
    now += 20_000_000L;
    return buffer.pull(out, now);
  }

  private static byte[] tone(int number) {
    byte[] packet = new byte[2 * STRETCH];
    for (int i = 0; i < STRETCH; i++) {
      double seconds = (double) (number * STRETCH + i) / RATE_HZ;
      int sample = (int) Math.round(LOUD * 32_767 * Math.sin(2 * Math.PI * TONE_HERTZ * seconds));
      packet[2 * i] = (byte) sample;
      packet[2 * i + 1] = (byte) (sample >> 8);
    }
    return packet;
  }

  private static List<Sent> evenly(int count, double clockError) {
    List<Sent> sent = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sent.add(new Sent(i, i * 0.02 * (1 - clockError) + 0.001));
    }
    return sent;
  }

  /** Noise and distortion of a tone of a known frequency about, in dB under it. */
  private static double purity(float[] samples) {
    double coarse = best(samples, 0, 0.004, 0.0002);
    double fine = best(samples, coarse, 0.0002, 0.00001);
    return purity(samples, fine);
  }

  private static double best(float[] samples, double around, double range, double step) {
    double best = around;
    for (double change = around - range; change <= around + range; change += step) {
      best = purity(samples, change) > purity(samples, best) ? change : best;
    }
    return best;
  }

  private static double purity(float[] samples, double change) {
    double omega = 2 * Math.PI * TONE_HERTZ * (1 + change) / RATE_HZ;
    double re = 0;
    double im = 0;
    double all = 0;
    double cosines = 0;
    double sines = 0;
    double both = 0;
    for (int i = 0; i < samples.length; i++) {
      double cosine = Math.cos(omega * i);
      double sine = Math.sin(omega * i);
      re += samples[i] * cosine;
      im += samples[i] * sine;
      all += samples[i] * samples[i];
      cosines += cosine * cosine;
      sines += sine * sine;
      both += cosine * sine;
    }
    // The tone that fits best, by least squares.
    double tone =
        (re * re * sines - 2 * re * im * both + im * im * cosines)
            / (cosines * sines - both * both);
    return 10 * Math.log10(tone / Math.max(1e-12, all - tone));
  }

  private static double loudness(float[] samples) {
    double sum = 0;
    for (float sample : samples) {
      sum += sample * sample;
    }
    return Math.sqrt(sum / samples.length);
  }

  @Test
  void whatComesEvenlyIsPlayedAsItWasAfterTheStart() {
    Heard heard = play(evenly(500, 0), 10);

    assertThat(loudness(heard.samples(0, 7))).isZero();
    assertThat(purity(heard.samples(50, 60))).isGreaterThan(50);
    PlayoutStatistics done = buffer.statistics();
    assertThat(done.underruns()).isZero();
    assertThat(done.concealedMillis()).isZero();
    assertThat(done.skippedMillis()).isZero();
    assertThat(heard.waitingMillis().subList(10, 490)).allMatch(waiting -> waiting >= 100);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void lossAndJitterHardlyEverEmptyIt(long seed) {
    pauses = true;
    Random random = new Random(seed);
    List<Sent> sent = new ArrayList<>();
    for (Sent one : evenly(3_000, 0)) {
      if (random.nextDouble() >= 0.05) {
        double delay = 0.1 + 0.06 * (2 * random.nextDouble() - 1);
        sent.add(new Sent(one.number(), one.arrivesSeconds() + delay));
      }
    }
    play(sent, 60);

    PlayoutStatistics done = buffer.statistics();
    assertThat(done.underruns()).as(done + "").isLessThan(3);
    assertThat(done.concealedMillis()).as(done + "").isBetween(1_000L, 6_000L);
    assertThat(done.latePackets()).as(done + "").isLessThan(30);
  }

  /** Delays that are normally distributed, by 40 ms: the next differs by 45 ms on average. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void jitterWithoutABoundHardlyEverEmptiesIt(long seed) {
    pauses = true;
    Random random = new Random(seed);
    List<Sent> sent = new ArrayList<>();
    for (Sent one : evenly(3_000, 0)) {
      if (random.nextDouble() >= 0.05) {
        double delay = Math.max(0, 0.1 + 0.04 * random.nextGaussian());
        sent.add(new Sent(one.number(), one.arrivesSeconds() + delay));
      }
    }
    play(sent, 60);

    assertThat(buffer.statistics().underruns()).as(buffer.statistics() + "").isLessThan(3);
  }

  /** Over TCP a lost packet holds up those behind it for a round trip or two. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void heldUpPacketsHardlyEverEmptyIt(long seed) {
    pauses = true;
    Random random = new Random(seed);
    List<Sent> sent = new ArrayList<>();
    double free = 0;
    for (Sent one : evenly(3_000, 0)) {
      double delay = 0.03 + 0.06 * random.nextDouble() + (random.nextDouble() < 0.05 ? 0.06 : 0);
      free = Math.max(free, one.arrivesSeconds() + delay);
      sent.add(new Sent(one.number(), free));
    }
    play(sent, 60);

    assertThat(buffer.statistics().underruns()).as(buffer.statistics() + "").isLessThan(3);
    assertThat(buffer.statistics().concealedMillis()).isLessThan(500);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 200e-6, -200e-6, 1_000e-6, -1_000e-6})
  void aClockThatIsWrongIsFollowedWithoutBeingHeard(double clockError) {
    double seconds = 720;
    Heard heard = play(evenly((int) (seconds * 50 * 1.002), clockError), seconds);

    PlayoutStatistics done = buffer.statistics();
    assertThat(done.underruns()).isZero();
    assertThat(done.skippedMillis()).isZero();
    assertThat(done.insertedMillis()).isZero();
    assertThat(done.concealedMillis()).isZero();
    assertThat(done.rateMillionths())
        .isBetween((int) (clockError * 1e6) - 60, (int) (clockError * 1e6) + 60);
    int first = 120 * 50;
    for (int at = first; at < heard.waitingMillis().size(); at++) {
      assertThat(heard.waitingMillis().get(at)).isBetween(110, 210);
    }
    // A fifth of a second is one pure tone wherever one listens, at most 3 ‰ (5 cents) off.
    for (int at = 500; at + 10 < heard.stretches().size(); at += 3_000) {
      assertThat(purity(heard.samples(at, at + 10))).as("at " + at).isGreaterThan(40);
    }
  }

  @Test
  void aClockThatIsWrongIsFollowedThroughJitterAndLossToo() {
    Random random = new Random(9);
    List<Sent> sent = new ArrayList<>();
    for (Sent one : evenly(30_100, 200e-6)) {
      if (random.nextDouble() >= 0.05) {
        sent.add(
            new Sent(
                one.number(), one.arrivesSeconds() + 0.1 + 0.06 * (2 * random.nextDouble() - 1)));
      }
    }
    Heard heard = play(sent, 600);

    PlayoutStatistics done = buffer.statistics();
    assertThat(done.underruns()).as(done + "").isLessThan(10);
    assertThat(done.skippedMillis()).as(done + "").isLessThan(1_000);
    assertThat(heard.waitingMillis().subList(6_000, 30_000)).allMatch(waiting -> waiting < 300);
  }

  @Test
  void aMissingPacketIsReplacedByWhatSoundedBeforeAndFades() {
    List<Sent> sent = evenly(100, 0);
    sent.removeIf(one -> one.number() >= 30 && one.number() < 34);
    Heard heard = play(sent, 2);

    int at = 0;
    while (!(loudness(heard.stretches().get(at)) > 0.1)) {
      at++;
    }
    int gap = at + 30;
    double before = loudness(heard.stretches().get(gap - 2));
    assertThat(loudness(heard.stretches().get(gap))).isBetween(0.5 * before, before);
    assertThat(loudness(heard.stretches().get(gap + 3))).isLessThan(0.01);
    assertThat(loudness(heard.stretches().get(gap + 10))).isGreaterThan(0.9 * before);
    // No click: no step larger than the tone's own.
    float[] around = heard.samples(gap - 3, gap + 12);
    double steepest = LOUD * 2 * Math.PI * TONE_HERTZ / RATE_HZ;
    for (int i = 1; i < around.length; i++) {
      assertThat(Math.abs(around[i] - around[i - 1])).isLessThan((float) (2 * steepest));
    }
    assertThat(buffer.statistics().concealedMillis()).isEqualTo(80);
    assertThat(buffer.statistics().underruns()).isZero();
  }

  @Test
  void nothingLeftIsAnUnderrunUnlessTheSoundHadFallenSilent() {
    play(evenly(25, 0), 2);
    assertThat(buffer.statistics().underruns()).isEqualTo(1);
    assertThat(buffer.isPlaying()).isFalse();

    byte[] silence = new byte[2 * STRETCH];
    try (PlayoutBuffer quiet =
        new PlayoutBuffer(RATE_HZ, new PcmDecoder(RATE_HZ, 1), PlayoutSettings.DEFAULT)) {
      for (int i = 0; i < 50; i++) {
        if (i < 25) {
          quiet.push(silence, 0, silence.length, i * STRETCH, i * 20_000_000L);
        }
        quiet.pull(new float[STRETCH], i * 20_000_000L);
      }
      assertThat(quiet.statistics().underruns()).isZero();
    }
  }

  @Test
  void afterAnUnderrunItGoesOnWhenALittleWaitsAgain() {
    play(evenly(25, 0), 2);
    push(100);
    push(101);
    pull(new float[STRETCH]);
    assertThat(buffer.isPlaying()).as("40 of 48 ms").isFalse();
    push(102);
    float[] out = new float[STRETCH];
    pull(out);
    assertThat(buffer.isPlaying()).isTrue();
    pull(out);
    assertThat(loudness(out)).isGreaterThan(0.3);
  }

  @Test
  void aSoundShorterThanTheStartIsPlayedWhenNothingMoreComes() {
    push(0);
    push(1);
    float[] out = new float[STRETCH];
    int silent = 0;
    while (loudness(out) < 0.1) {
      assertThat(pull(out)).isTrue();
      silent++;
    }
    assertThat(silent).isBetween(5, 7);
  }

  @Test
  void theEndIsPlayedToItsEnd() {
    push(0);
    buffer.end();
    float[] out = new float[STRETCH];
    assertThat(pull(out)).isTrue();
    assertThat(loudness(out)).isGreaterThan(0.3);
    assertThat(pull(out)).isFalse();
  }

  @Test
  void whatComesFasterThanItIsPlayedIsLeftOutAboveTheCeiling() {
    List<Sent> sent = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      sent.add(new Sent(i, i * 0.01));
    }
    Heard heard = play(sent, 10);

    assertThat(heard.waitingMillis()).allMatch(waiting -> waiting <= 760);
    assertThat(buffer.statistics().skippedMillis()).isGreaterThan(8_000);
  }

  @Test
  void quietIsShortenedWhenTooMuchWaits() {
    byte[] silence = new byte[2 * STRETCH];
    for (int i = 0; i < 11; i++) {
      buffer.push(silence, 0, silence.length, i * STRETCH, now);
    }
    for (int i = 11; i < 40; i++) {
      buffer.push(silence, 0, silence.length, i * STRETCH, now);
      pull(new float[STRETCH]);
    }
    assertThat(buffer.statistics().waitingMillis()).isBetween(120, 240);
    assertThat(buffer.statistics().skippedMillis()).isBetween(20L, 80L);
  }

  @Test
  void twoChannelsBecomeTheirMean() {
    PcmDecoder decoder = new PcmDecoder(RATE_HZ, 2);
    float[] out = new float[SoundDecoder.MAX_SAMPLES];
    byte[] both = {0, 0x40, 0, (byte) 0xc0, 0, 0x40, 0, 0x20, 1};
    assertThat(decoder.decode(both, 0, both.length, out)).isEqualTo(2);
    assertThat(out[0]).isZero();
    assertThat(out[1]).isEqualTo(0.375f);
  }

  @Test
  void settingsThatContradictEachOtherAreRefused() {
    assertThatThrownBy(() -> new PlayoutSettings(160, 200, 40, 240, 30))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("200");
    assertThatThrownBy(() -> new PlayoutSettings(230, 128, 40, 240, 30))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new PlayoutSettings(160, 128, 40, 240, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anyPacketsLeaveItBoundedAndPlaying() {
    throwPackets(5_000);
  }

  @Tag("slow")
  @Test
  void aHundredThousandPacketsLeaveItBoundedAndPlaying() {
    throwPackets(100_000);
  }

  private void throwPackets(int count) {
    Random random = new Random(5);
    byte[] packet = new byte[PlayoutBuffer.MAX_PACKET_BYTES + 10];
    float[] out = new float[STRETCH];
    int timestamp = random.nextInt();
    for (int i = 0; i < count; i++) {
      random.nextBytes(packet);
      switch (random.nextInt(8)) {
        case 0 -> timestamp = random.nextInt();
        case 1 -> timestamp -= random.nextInt(RATE_HZ);
        default -> timestamp += random.nextInt(2 * STRETCH);
      }
      int length = random.nextInt(random.nextInt(packet.length) + 1);
      if (random.nextBoolean()) {
        buffer.push(packet, 0, length, timestamp, now);
      } else {
        buffer.pushRtp(packet, length, now);
      }
      if (random.nextInt(3) == 0) {
        assertThat(pull(out)).isTrue();
        for (float sample : out) {
          assertThat(Math.abs(sample)).isLessThan(3f);
        }
      }
      assertThat(buffer.statistics().waitingMillis()).isLessThan(3_000);
    }
    Arrays.fill(packet, (byte) 0);
    for (int i = 0; i < 20; i++) {
      buffer.push(tone(i), 0, 2 * STRETCH, 77 + i * STRETCH, now);
      pull(out);
    }
    assertThat(loudness(out)).isGreaterThan(0.1);
  }
}
