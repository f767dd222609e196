package io.lipstream.streaming.rtp;

import io.lipstream.streaming.live.LiveVideoCodec;

/** Cuts pictures into the payloads of RTP packets, one payload at a time. */
sealed interface PicturePacketiser permits Vp8Packetiser, H264Packetiser {

  /** Begins a picture, whose bytes are read until its last payload was taken. */
  void begin(byte[] picture, int length, int maxPayloadBytes);

  boolean hasNext();

  /** Writes the next payload and returns its length. */
  int next(byte[] into, int offset);

  /** The last so many pictures will not be sent, so that nobody must miss them. */
  void dropped(int pictures);

  static PicturePacketiser of(LiveVideoCodec codec, int firstPictureId) {
    return switch (codec) {
      case VP8 -> new Vp8Packetiser(firstPictureId);
      case H264 -> new H264Packetiser();
    };
  }
}
