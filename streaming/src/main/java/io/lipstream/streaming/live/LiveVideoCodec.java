package io.lipstream.streaming.live;

/** The codecs that live pictures travel in; browsers must know both (RFC 7742). */
public enum LiveVideoCodec {
  VP8,
  /** Constrained baseline, so without frames that wait for later ones. */
  H264
}
