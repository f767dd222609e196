package io.lipstream.media.audio;

import java.util.Arrays;
import java.util.Random;
import java.util.function.ObjIntConsumer;

/** Cuts signals into pieces of random length; the seed is printed so that a failure repeats. */
final class Chunks {
  private Chunks() {}

  static long newSeed(String test) {
    long seed = System.nanoTime();
    System.out.println(test + ": seed " + seed);
    return seed;
  }

  static void feed(float[] samples, Random random, int maxLength, ObjIntConsumer<float[]> push) {
    int at = 0;
    while (at < samples.length) {
      int length = Math.min(samples.length - at, random.nextInt(maxLength + 1));
      push.accept(Arrays.copyOfRange(samples, at, at + length), length);
      at += length;
    }
  }

  static float[] noise(int length, Random random) {
    float[] samples = new float[length];
    for (int i = 0; i < length; i++) {
      samples[i] = random.nextFloat() * 2 - 1;
    }
    return samples;
  }
}
