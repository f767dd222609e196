package io.lipstream.streaming.webrtc;

/** Takes what sockets read; called by the endpoint's thread only. */
interface Arrivals {

  /** A packet, whose bytes may be changed and are valid until this returns. */
  void packet(byte[] data, int length, Route from);

  /** No more will come from there. */
  void gone(Route route);
}
