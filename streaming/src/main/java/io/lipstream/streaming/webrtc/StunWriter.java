package io.lipstream.streaming.webrtc;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Writes one STUN message, attribute by attribute. */
final class StunWriter {
  private byte[] bytes = new byte[256];
  private int length = StunMessage.HEADER_BYTES;

  StunWriter(int type, byte[] transaction) {
    Bytes.putUint16(bytes, 0, type);
    Bytes.putInt32(bytes, 4, StunMessage.COOKIE);
    System.arraycopy(
        transaction, 0, bytes, StunMessage.TRANSACTION_AT, StunMessage.TRANSACTION_BYTES);
  }

  StunWriter attribute(int type, byte[] value) {
    int padded = value.length + 3 & ~3;
    if (bytes.length < length + 4 + padded) {
      bytes = Arrays.copyOf(bytes, 2 * (length + 4 + padded));
    }
    Bytes.putUint16(bytes, length, type);
    Bytes.putUint16(bytes, length + 2, value.length);
    System.arraycopy(value, 0, bytes, length + 4, value.length);
    length += 4 + padded;
    Bytes.putUint16(bytes, 2, length - StunMessage.HEADER_BYTES);
    return this;
  }

  StunWriter number(int type, int value) {
    byte[] four = new byte[4];
    Bytes.putInt32(four, 0, value);
    return attribute(type, four);
  }

  /** The address that a request came from. */
  StunWriter mappedAddress(InetSocketAddress seen) {
    byte[] address = seen.getAddress().getAddress();
    byte[] value = new byte[4 + address.length];
    value[1] = (byte) (address.length == 4 ? 1 : 2);
    Bytes.putUint16(value, 2, seen.getPort() ^ StunMessage.COOKIE >>> 16);
    for (int i = 0; i < address.length; i++) {
      value[4 + i] = (byte) (address[i] ^ bytes[4 + i]); // cookie, then transaction
    }
    return attribute(StunMessage.XOR_MAPPED_ADDRESS, value);
  }

  StunWriter error(int code, String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    byte[] value = new byte[4 + text.length];
    value[2] = (byte) (code / 100);
    value[3] = (byte) (code % 100);
    System.arraycopy(text, 0, value, 4, text.length);
    return attribute(StunMessage.ERROR_CODE, value);
  }

  StunWriter unknownAttributes(List<Integer> types) {
    byte[] value = new byte[2 * types.size()];
    for (int i = 0; i < types.size(); i++) {
      Bytes.putUint16(value, 2 * i, types.get(i));
    }
    return attribute(StunMessage.UNKNOWN_ATTRIBUTES, value);
  }

  /** Adds MESSAGE-INTEGRITY and FINGERPRINT and returns the finished message. */
  byte[] sign(byte[] password) {
    int signed = length;
    attribute(StunMessage.MESSAGE_INTEGRITY, new byte[StunMessage.INTEGRITY_BYTES]);
    byte[] integrity = StunMessage.integrity(password, bytes, signed);
    System.arraycopy(integrity, 0, bytes, signed + 4, integrity.length);
    int checked = length;
    number(StunMessage.FINGERPRINT, 0);
    Bytes.putInt32(bytes, checked + 4, StunMessage.fingerprint(bytes, checked));
    return Arrays.copyOf(bytes, length);
  }
}
