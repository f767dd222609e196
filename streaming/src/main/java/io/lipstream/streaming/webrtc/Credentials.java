package io.lipstream.streaming.webrtc;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;

/** A side's name fragment and password for ICE (RFC 8445, section 5.3). */
record Credentials(String fragment, String password) {
  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  /** 71 and 190 random bits; RFC 8445 wants 24 and 128. */
  static Credentials random(SecureRandom random) {
    return new Credentials(letters(random, 12), letters(random, 32));
  }

  /** A word that nobody can guess. */
  static String letters(SecureRandom random, int count) {
    StringBuilder word = new StringBuilder(count);
    for (int i = 0; i < count; i++) {
      word.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return word.toString();
  }

  byte[] key() {
    return password.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return "Credentials[" + fragment + "]"; // the password stays out of logs
  }
}
