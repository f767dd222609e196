package io.lipstream.compositing;

import java.util.Arrays;

/**
 * Tells loud from quiet sound, 10 ms at a time, against the voice's own level and the noise around
 * it; the levels are explained at {@link SpeechGate}.
 */
final class Loudness {
  static final int HOP_SAMPLES = 160;

  private static final double LEAST_OPEN_DB = -48;
  private static final double LEAST_CLOSE_DB = -50;
  private static final double BELOW_VOICE_DB = 32;
  private static final double ABOVE_NOISE_DB = 10;
  private static final double MOST_NOISE_DB = -38;
  private static final double HYSTERESIS_DB = 6;
  private static final double VOICE_FALL_DB_PER_HOP = 0.03;
  private static final double FLOOR_DB = -120;

  /** The quietest moment of three seconds is that of six half seconds, kept one by one. */
  private static final int SPAN_HOPS = 50;

  private static final int SPANS = 6;

  /** A pole that takes away offsets and hum below about 100 Hz. */
  private static final double HIGH_PASS_POLE = 0.96;

  private final double[] quietest = new double[SPANS];
  private double lastIn;
  private double lastOut;
  private double energy;
  private int samples;
  private double smoothedPower;
  private double voiceDb = FLOOR_DB;
  private long hops;
  private boolean loud;

  Loudness() {
    Arrays.fill(quietest, Double.POSITIVE_INFINITY);
  }

  /** Takes one sample; true when it completed a hop, which {@link #loud} then judges. */
  boolean push(float sample) {
    double out = sample - lastIn + HIGH_PASS_POLE * lastOut;
    lastIn = sample;
    lastOut = out;
    energy += out * out;
    if (++samples < HOP_SAMPLES) {
      return false;
    }
    judge(energy / HOP_SAMPLES);
    energy = 0;
    samples = 0;
    return true;
  }

  /** Whether the last complete hop was loud. */
  boolean loud() {
    return loud;
  }

  private void judge(double power) {
    double levelDb = decibels(power);
    voiceDb = Math.max(levelDb, voiceDb - VOICE_FALL_DB_PER_HOP);
    smoothedPower = hops == 0 ? power : smoothedPower + 0.3 * (power - smoothedPower);
    int span = (int) (hops / SPAN_HOPS % SPANS);
    double before = hops % SPAN_HOPS == 0 ? Double.POSITIVE_INFINITY : quietest[span];
    quietest[span] = Math.min(before, decibels(smoothedPower));
    hops++;
    double openDb = openDb();
    loud = levelDb > (loud ? Math.max(LEAST_CLOSE_DB, openDb - HYSTERESIS_DB) : openDb);
  }

  private double openDb() {
    double opening = Math.max(voiceDb - BELOW_VOICE_DB, noiseDb() + ABOVE_NOISE_DB);
    return Math.max(LEAST_OPEN_DB, opening);
  }

  private double noiseDb() {
    double least = MOST_NOISE_DB;
    for (double db : quietest) {
      least = Math.min(least, db);
    }
    return least;
  }

  private static double decibels(double power) {
    return Math.max(FLOOR_DB, 10 * Math.log10(power + 1e-12));
  }
}
