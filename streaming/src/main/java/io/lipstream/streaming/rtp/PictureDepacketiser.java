package io.lipstream.streaming.rtp;

import io.lipstream.streaming.live.LiveVideoCodec;
import java.util.Arrays;

/** Puts one picture together from the payloads of its packets, given in order. */
abstract sealed class PictureDepacketiser permits Vp8Depacketiser, H264Depacketiser {
  /** No picture is larger; what claims to be is not one. */
  static final int MAX_PICTURE_BYTES = 1 << 22;

  private byte[] data = new byte[1 << 14];
  private int length;
  private boolean keyFrame;

  static PictureDepacketiser of(LiveVideoCodec codec) {
    return switch (codec) {
      case VP8 -> new Vp8Depacketiser();
      case H264 -> new H264Depacketiser();
    };
  }

  /** Whether a keyframe begins with this payload. */
  abstract boolean startsKeyFrame(byte[] packet, int offset, int payloadLength);

  /** Adds a payload; false when it makes no sense, and the picture is then spoilt. */
  abstract boolean add(byte[] packet, int offset, int payloadLength);

  /** Whether what was added ends where a picture may end. */
  abstract boolean complete();

  /** Begins another picture. */
  void begin(boolean isKeyFrame) {
    length = 0;
    keyFrame = isKeyFrame;
  }

  /** The picture's bytes, valid until the next {@link #begin}. */
  byte[] data() {
    return data;
  }

  int length() {
    return length;
  }

  boolean keyFrame() {
    return keyFrame;
  }

  boolean append(byte[] from, int offset, int bytes) {
    if (length + bytes > MAX_PICTURE_BYTES) {
      return false;
    }
    if (length + bytes > data.length) {
      data = Arrays.copyOf(data, Integer.highestOneBit(length + bytes) * 2);
    }
    System.arraycopy(from, offset, data, length, bytes);
    length += bytes;
    return true;
  }
}
