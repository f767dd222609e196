package io.lipstream.streaming.webrtc;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A certificate's digest, as a session description names it (RFC 8122). */
record Fingerprint(String hash, String digest) {
  private static final HexFormat HEX = HexFormat.ofDelimiter(":").withUpperCase();

  /** Those that hold against forgery. */
  private static final List<String> HASHES = List.of("sha-256", "sha-384", "sha-512");

  /** Reads {@code sha-256 AB:CD:...}; null for what is malformed or too weak to trust. */
  static @Nullable Fingerprint parse(String value) {
    String[] parts = value.trim().split("\\s+", -1);
    if (parts.length != 2) {
      return null;
    }
    String hash = parts[0].toLowerCase(Locale.ROOT);
    String digest = parts[1].toUpperCase(Locale.ROOT);
    if (!HASHES.contains(hash) || !digest.matches("[0-9A-F]{2}(:[0-9A-F]{2}){31,63}")) {
      return null;
    }
    return new Fingerprint(hash, digest);
  }

  static Fingerprint of(String hash, byte[] certificate) {
    try {
      MessageDigest digest = MessageDigest.getInstance(hash);
      return new Fingerprint(hash, HEX.formatHex(digest.digest(certificate)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(hash + " is missing from this JDK", e);
    }
  }

  boolean matches(byte[] certificate) {
    return equals(of(hash, certificate));
  }
}
