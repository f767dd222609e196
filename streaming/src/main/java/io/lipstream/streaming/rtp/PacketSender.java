package io.lipstream.streaming.rtp;

/** The last step of every packet: its transport-wide number, its share of the pace, the sink. */
final class PacketSender {
  private final PacketSink sink;
  private final MediaClock clock;
  private final Pacer pacer;
  private final BandwidthEstimate estimate;
  private final byte[] scratch = new byte[RtpSession.MAX_PACKET_BYTES + PacketSink.SPARE_BYTES];
  private long transportSequence;
  private long packetsSent;
  private long bytesSent;

  PacketSender(
      PacketSink sink,
      MediaClock clock,
      Pacer pacer,
      BandwidthEstimate estimate,
      long transportSequence) {
    this.sink = sink;
    this.clock = clock;
    this.pacer = pacer;
    this.estimate = estimate;
    this.transportSequence = transportSequence;
  }

  /** Where a packet can be put together for {@link #sendScratch}. */
  byte[] scratch() {
    return scratch;
  }

  boolean open() {
    return pacer.open();
  }

  long nanosFor(int bytes) {
    return pacer.nanosFor(bytes);
  }

  /** Writes what is known only now, and returns the packet's transport-wide number, or -1. */
  long stamp(TrackHeader header, byte[] packet, int at, int bytes, long nowNanos) {
    long number = -1;
    if (header.carriesTransportSequence()) {
      number = transportSequence++;
      estimate.sent(number, bytes, nowNanos);
    }
    header.stamp(packet, at, number, clock.absSendTime(nowNanos));
    return number;
  }

  /** Sends a packet that is kept as it is. */
  void send(byte[] from, int at, int bytes) {
    System.arraycopy(from, at, scratch, 0, bytes);
    sendScratch(bytes);
  }

  /**
   * Sends a packet once more, byte for byte: it is encrypted under the same number, and two
   * different packets under one number would give the key away.
   */
  void sendAgain(byte[] from, int at, int bytes, long number) {
    if (number >= 0) {
      estimate.forget(number);
    }
    send(from, at, bytes);
  }

  void sendScratch(int bytes) {
    pacer.spend(bytes);
    packetsSent++;
    bytesSent += bytes;
    sink.rtp(scratch, bytes);
  }

  long packetsSent() {
    return packetsSent;
  }

  long bytesSent() {
    return bytesSent;
  }
}
