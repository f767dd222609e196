package io.lipstream.streaming.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Encoder and decoder of sound, one against the other. */
final class OpusTest {
  private static final int SAMPLES = EncodedSound.SAMPLES;
  private static final int VOICE_HZ = 180;

  private final float[] out = new float[OpusDecoder.MAX_SAMPLES];

  /** Something like a vowel: a low tone and what sounds with it, slowly swelling. */
  private static float[] voice(int packets) {
    float[] voice = new float[packets * SAMPLES];
    for (int i = 0; i < voice.length; i++) {
      double swell = 0.6 + 0.4 * Math.sin(2 * Math.PI * 3.1 * i / EncodedSound.RATE_HZ);
      for (int harmonic = 1; harmonic <= 8; harmonic++) {
        double phase = 2 * Math.PI * VOICE_HZ * harmonic * i / EncodedSound.RATE_HZ;
        voice[i] += (float) (0.25 * swell / harmonic * Math.sin(phase));
      }
    }
    return voice;
  }

  private static double energy(float[] sound, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += sound[i] * sound[i];
    }
    return sum / (to - from);
  }

  private int decode(OpusDecoder decoder, EncodedSound sound) {
    return decoder.decode(sound.data(), 0, sound.length(), out);
  }

  @Test
  void soundComesBackAtTheMomentThatThePacketNames() {
    int packets = 60;
    float[] given = new float[packets * SAMPLES];
    Random noise = new Random(11);
    float smooth = 0;
    for (int i = 0; i < given.length; i++) {
      smooth += 0.2f * ((float) noise.nextGaussian() * 0.2f - smooth);
      given[i] = smooth;
    }
    float[] heard = new float[given.length];
    try (OpusEncoder encoder = OpusEncoder.open();
        OpusDecoder decoder = OpusDecoder.open()) {
      for (int i = 0; i < packets; i++) {
        long ptsNanos = 5_000_000_000L + i * EncodedSound.DURATION_NANOS;
        EncodedSound encoded = encoder.encode(given, i * SAMPLES, ptsNanos);
        assertThat(encoded.ptsNanos()).isEqualTo(ptsNanos - OpusEncoder.DELAY_NANOS);
        assertThat(decode(decoder, encoded)).isEqualTo(SAMPLES);
        System.arraycopy(out, 0, heard, i * SAMPLES, SAMPLES);
      }
    }
    int best = 0;
    double bestLikeness = 0;
    for (int delay = 0; delay < 1000; delay++) {
      double likeness = 0;
      for (int i = 10 * SAMPLES; i < 50 * SAMPLES; i++) {
        likeness += given[i] * heard[i + delay];
      }
      if (likeness > bestLikeness) {
        bestLikeness = likeness;
        best = delay;
      }
    }
    long foundNanos = best * 1_000_000_000L / EncodedSound.RATE_HZ;
    assertThat(foundNanos - OpusEncoder.DELAY_NANOS).isBetween(-100_000L, 100_000L);
    double loudness = energy(given, 10 * SAMPLES, 50 * SAMPLES);
    assertThat(bestLikeness / (40 * SAMPLES)).isGreaterThan(0.5 * loudness);
  }

  @Test
  void keepsToItsBitrate() {
    float[] voice = voice(100);
    long bytes = 0;
    try (OpusEncoder encoder = OpusEncoder.open()) {
      for (int i = 0; i < 100; i++) {
        bytes += encoder.encode(voice, i * SAMPLES, 0).length();
      }
    }
    assertThat(bytes * 8 / 2).isBetween(8_000L, 48_000L);
  }

  @Test
  void aLostPacketIsReplacedByMoreOfTheSameAndManyFadeOut() {
    float[] voice = voice(30);
    try (OpusEncoder encoder = OpusEncoder.open();
        OpusDecoder decoder = OpusDecoder.open()) {
      for (int i = 0; i < 30; i++) {
        decode(decoder, encoder.encode(voice, i * SAMPLES, 0));
      }
      double before = energy(out, 0, SAMPLES);
      assertThat(decoder.conceal(out)).isEqualTo(SAMPLES);
      assertThat(energy(out, 0, SAMPLES)).isBetween(0.2 * before, 2 * before);
      for (int i = 0; i < 30; i++) {
        decoder.conceal(out);
      }
      assertThat(energy(out, 0, SAMPLES)).isLessThan(0.01 * before);

      for (int i = 0; i < 5; i++) {
        decode(decoder, encoder.encode(voice, i * SAMPLES, 0));
      }
      assertThat(energy(out, 0, SAMPLES)).isGreaterThan(0.1 * before);
    }
  }

  @Test
  void concealsSilentlyBeforeTheFirstPacket() {
    Arrays.fill(out, 0.5f);
    try (OpusDecoder decoder = OpusDecoder.open()) {
      assertThat(decoder.conceal(out)).isEqualTo(SAMPLES);
      assertThat(energy(out, 0, SAMPLES)).isLessThan(1e-9);
    }
  }

  @Test
  void packetsThatAreNoneAreConcealed() {
    Random random = new Random(3);
    float[] voice = voice(20);
    try (OpusEncoder encoder = OpusEncoder.open();
        OpusDecoder decoder = OpusDecoder.open()) {
      for (int i = 0; i < 5000; i++) {
        byte[] junk = new byte[random.nextInt(200)];
        random.nextBytes(junk);
        int samples = decoder.decode(junk, 0, junk.length, out);
        assertThat(samples).isBetween(1, OpusDecoder.MAX_SAMPLES);
      }
      for (int i = 0; i < 20; i++) {
        assertThat(decode(decoder, encoder.encode(voice, i * SAMPLES, 0))).isEqualTo(SAMPLES);
      }
      assertThat(energy(out, 0, SAMPLES)).isGreaterThan(0.001);
      assertThatThrownBy(() -> decoder.decode(new byte[1], 0, 1, new float[SAMPLES]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("960");
    }
  }

  @Test
  void silenceIsSmallAndSilentHoweverOftenItIsRepeated() {
    SilentSound silence = new SilentSound();
    assertThat(silence.at(7_000_000_000L).ptsNanos())
        .isEqualTo(7_000_000_000L - OpusEncoder.DELAY_NANOS);
    assertThat(silence.at(0).length()).isBetween(2, 32);
    try (OpusDecoder decoder = OpusDecoder.open()) {
      for (int i = 0; i < 500; i++) {
        assertThat(decode(decoder, silence.at(i))).isEqualTo(SAMPLES);
        assertThat(energy(out, 0, SAMPLES)).isLessThan(1e-7);
      }
    }
  }

  @Test
  void speechThatTurnsIntoSilenceDoesNotClick() {
    float[] voice = voice(30);
    for (int i = 29 * SAMPLES; i < voice.length; i++) {
      voice[i] *= (float) (voice.length - i) / SAMPLES;
    }
    float[] quiet = new float[SAMPLES];
    SilentSound silence = new SilentSound();
    float previous = 0;
    float jump = 0;
    try (OpusEncoder encoder = OpusEncoder.open();
        OpusDecoder decoder = OpusDecoder.open()) {
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 52; i++) {
          EncodedSound sound =
              i < 30
                  ? encoder.encode(voice, i * SAMPLES, 0)
                  : i < 32 ? encoder.encode(quiet, 0, 0) : silence.at(0);
          int samples = decode(decoder, sound);
          for (int k = 0; k < samples; k++) {
            // The voice itself starts at once; only what follows its end is judged.
            jump = i < 32 ? jump : Math.max(jump, Math.abs(out[k] - previous));
            previous = out[k];
          }
        }
      }
    }
    assertThat(jump).isLessThan(0.02f);
  }
}
