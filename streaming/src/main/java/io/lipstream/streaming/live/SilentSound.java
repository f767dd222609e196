package io.lipstream.streaming.live;

/**
 * The packets of an avatar that says nothing: always the same bytes, encoded once a process.
 *
 * <p>They are sent every 20 ms like any others. A receiver that gets none for a while invents sound
 * and waits, its playout delay drifts, and pictures are held to that clock; longer packets would
 * make its jitter buffer deeper for the speech that follows. Sending costs a few microseconds each.
 *
 * <p>One for each thread that sends, because the moment is written into the packet.
 */
public final class SilentSound {
  /** After so many packets of silence libopus has settled. */
  private static final int SETTLING_PACKETS = 50;

  private final EncodedSound sound = new EncodedSound();

  public SilentSound() {
    byte[] packet = Packet.BYTES;
    sound.begin(packet.length, 0);
    System.arraycopy(packet, 0, sound.data(), 0, packet.length);
  }

  /**
   * Silence from this moment on.
   *
   * @return this object's own packet, valid until the next call
   */
  public EncodedSound at(long ptsNanos) {
    sound.begin(sound.length(), ptsNanos - OpusEncoder.DELAY_NANOS);
    return sound;
  }

  private static final class Packet {
    static final byte[] BYTES = encode();

    private static byte[] encode() {
      try (OpusEncoder encoder = OpusEncoder.open()) {
        float[] silence = new float[EncodedSound.SAMPLES];
        for (int i = 1; i < SETTLING_PACKETS; i++) {
          encoder.encode(silence, 0, 0);
        }
        EncodedSound last = encoder.encode(silence, 0, 0);
        byte[] packet = new byte[last.length()];
        System.arraycopy(last.data(), 0, packet, 0, packet.length);
        return packet;
      }
    }
  }
}
