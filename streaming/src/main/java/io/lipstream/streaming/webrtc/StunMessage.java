package io.lipstream.streaming.webrtc;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A STUN message (RFC 8489) as ICE uses it: well-formed, but to be believed only when {@link
 * #intact} and {@link #signedWith} say so.
 */
final class StunMessage {
  static final int BINDING_REQUEST = 0x0001;
  static final int BINDING_SUCCESS = 0x0101;
  static final int BINDING_ERROR = 0x0111;

  static final int COOKIE = 0x2112_A442;
  static final int HEADER_BYTES = 20;
  static final int TRANSACTION_AT = 8;
  static final int TRANSACTION_BYTES = 12;

  static final int USERNAME = 0x0006;
  static final int MESSAGE_INTEGRITY = 0x0008;
  static final int ERROR_CODE = 0x0009;
  static final int UNKNOWN_ATTRIBUTES = 0x000A;
  static final int XOR_MAPPED_ADDRESS = 0x0020;
  static final int PRIORITY = 0x0024;
  static final int USE_CANDIDATE = 0x0025;
  static final int FINGERPRINT = 0x8028;
  static final int ICE_CONTROLLED = 0x8029;
  static final int ICE_CONTROLLING = 0x802A;

  static final int INTEGRITY_BYTES = 20;
  static final int FINGERPRINT_XOR = 0x5354_554E;

  private static final int FIRST_OPTIONAL = 0x8000;
  private static final int MAX_UNKNOWN = 16;
  private static final String MAC = "HmacSHA1";

  private final byte[] bytes;
  private int integrityAt = -1;
  private int fingerprintAt = -1;
  private @Nullable String username;
  private boolean useCandidate;
  private boolean controlled;
  private int errorCode;
  private @Nullable InetSocketAddress mappedAddress;
  private final List<Integer> unknown = new ArrayList<>();

  private StunMessage(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Reads a datagram, or returns null if it is no STUN message. */
  static @Nullable StunMessage parse(byte[] packet, int length) {
    if (length < HEADER_BYTES
        || (packet[0] & 0xC0) != 0
        || Bytes.uint16(packet, 2) != length - HEADER_BYTES
        || length % 4 != 0
        || Bytes.int32(packet, 4) != COOKIE) {
      return null;
    }
    StunMessage message = new StunMessage(Arrays.copyOf(packet, length));
    return message.readAttributes() ? message : null;
  }

  private boolean readAttributes() {
    int at = HEADER_BYTES;
    while (at < bytes.length) {
      if (fingerprintAt >= 0 || bytes.length - at < 4) {
        return false; // nothing may follow the fingerprint
      }
      int type = Bytes.uint16(bytes, at);
      int size = Bytes.uint16(bytes, at + 2);
      int padded = size + 3 & ~3;
      if (padded > bytes.length - at - 4) {
        return false;
      }
      if (!readAttribute(type, at, size)) {
        return false;
      }
      at += 4 + padded;
    }
    return true;
  }

  private boolean readAttribute(int type, int at, int size) {
    if (type == FINGERPRINT) {
      fingerprintAt = at;
      return size == 4;
    }
    if (integrityAt >= 0) {
      return true; // not covered by the integrity, so not listened to
    }
    switch (type) {
      case MESSAGE_INTEGRITY -> {
        integrityAt = at;
        return size == INTEGRITY_BYTES;
      }
      case USERNAME -> username = new String(bytes, at + 4, size, StandardCharsets.UTF_8);
      case USE_CANDIDATE -> useCandidate = true;
      case ICE_CONTROLLED -> controlled = true;
      case ERROR_CODE -> {
        if (size < 4) {
          return false;
        }
        errorCode = (bytes[at + 6] & 7) * 100 + bytes[at + 7];
      }
      case XOR_MAPPED_ADDRESS -> {
        mappedAddress = readAddress(at + 4, size);
        return mappedAddress != null;
      }
      case PRIORITY, ICE_CONTROLLING, UNKNOWN_ATTRIBUTES -> {
        // read by nobody here, but understood
      }
      default -> {
        if (type < FIRST_OPTIONAL && unknown.size() < MAX_UNKNOWN) {
          unknown.add(type);
        }
      }
    }
    return true;
  }

  private @Nullable InetSocketAddress readAddress(int at, int size) {
    if (size != 8 && size != 20) {
      return null;
    }
    int port = Bytes.uint16(bytes, at + 2) ^ COOKIE >>> 16;
    byte[] address = Arrays.copyOfRange(bytes, at + 4, at + size);
    for (int i = 0; i < address.length; i++) {
      address[i] ^= bytes[4 + i]; // cookie, then transaction
    }
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException e) {
      return null;
    }
  }

  int type() {
    return Bytes.uint16(bytes, 0);
  }

  /** The 12 bytes that a response repeats. */
  byte[] transaction() {
    return Arrays.copyOfRange(bytes, TRANSACTION_AT, TRANSACTION_AT + TRANSACTION_BYTES);
  }

  /** Both sides' name fragments, {@code receiver:sender}; null if there is none. */
  @Nullable String username() {
    return username;
  }

  boolean useCandidate() {
    return useCandidate;
  }

  /** Whether the sender believes that we control. */
  boolean controlled() {
    return controlled;
  }

  /** 0 if there is none. */
  int errorCode() {
    return errorCode;
  }

  /** The address that the other side saw. */
  @Nullable InetSocketAddress mappedAddress() {
    return mappedAddress;
  }

  /** Types of attributes that may not be ignored and that we do not know. */
  List<Integer> unknown() {
    return unknown;
  }

  /** Whether it ends with a right FINGERPRINT. */
  boolean intact() {
    return fingerprintAt >= 0
        && Bytes.int32(bytes, fingerprintAt + 4) == fingerprint(bytes, fingerprintAt);
  }

  /** Whether its MESSAGE-INTEGRITY was made with this password. */
  boolean signedWith(byte[] password) {
    if (integrityAt < 0) {
      return false;
    }
    byte[] signed = Arrays.copyOf(bytes, integrityAt);
    Bytes.putUint16(signed, 2, integrityAt - HEADER_BYTES + 4 + INTEGRITY_BYTES);
    byte[] claimed = Arrays.copyOfRange(bytes, integrityAt + 4, integrityAt + 4 + INTEGRITY_BYTES);
    return MessageDigest.isEqual(integrity(password, signed, signed.length), claimed);
  }

  static byte[] integrity(byte[] password, byte[] message, int length) {
    try {
      Mac mac = Mac.getInstance(MAC);
      mac.init(new SecretKeySpec(password, MAC));
      mac.update(message, 0, length);
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HMAC-SHA1 is missing from this JDK", e);
    }
  }

  static int fingerprint(byte[] message, int length) {
    CRC32 crc = new CRC32();
    crc.update(message, 0, length);
    return (int) crc.getValue() ^ FINGERPRINT_XOR;
  }
}
