package io.lipstream.streaming.webrtc;

import java.util.HexFormat;

/** Bytes as the standards print them. */
final class Hex {
  private Hex() {}

  static byte[] bytes(String... lines) {
    return HexFormat.of().parseHex(String.join("", lines).replaceAll("\\s", ""));
  }
}
