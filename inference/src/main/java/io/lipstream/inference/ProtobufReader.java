package io.lipstream.inference;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Walks the fields of one protobuf message without copying it. */
final class ProtobufReader {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final ByteBuffer in;
  private int field;
  private long number;
  private ByteBuffer payload = ByteBuffer.allocate(0);

  ProtobufReader(ByteBuffer message) {
    in = message;
  }

  /** Moves to the next field; false at the end of the message. */
  boolean next() throws IOException {
    if (!in.hasRemaining()) {
      return false;
    }
    long key = varint();
    field = (int) (key >>> 3);
    payload = payload.limit(0);
    switch ((int) (key & 7)) {
      case VARINT -> number = varint();
      case FIXED64 -> take(8);
      case FIXED32 -> take(4);
      case BYTES -> payload = take(varint());
      default -> throw malformed();
    }
    return true;
  }

  int field() {
    return field;
  }

  long number() {
    return number;
  }

  /** The field's bytes as a message of its own; empty where the field is a number. */
  ProtobufReader message() {
    return new ProtobufReader(payload);
  }

  String text() {
    return StandardCharsets.UTF_8.decode(payload.duplicate()).toString();
  }

  private ByteBuffer take(long length) throws IOException {
    if (length < 0 || length > in.remaining()) {
      throw malformed();
    }
    ByteBuffer taken = in.slice(in.position(), (int) length);
    in.position(in.position() + (int) length);
    return taken;
  }

  private long varint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (!in.hasRemaining()) {
        throw malformed();
      }
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw malformed();
  }

  private IOException malformed() {
    return new IOException("broken field after byte " + in.position() + " of " + in.limit());
  }
}
