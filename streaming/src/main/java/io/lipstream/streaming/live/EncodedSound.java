package io.lipstream.streaming.live;

/**
 * One Opus packet of 20 ms of one channel.
 *
 * <p>The encoder owns it and overwrites it with the next packet; whoever sends it copies what it
 * needs before it returns.
 */
public final class EncodedSound {
  /** What Opus counts in (RFC 7587), whatever the sound's own bandwidth. */
  public static final int RATE_HZ = 48_000;

  /** Samples of one packet. */
  public static final int SAMPLES = RATE_HZ / 50;

  /** Time between packets. */
  public static final long DURATION_NANOS = 20_000_000;

  /** The largest packet that Opus can make (RFC 6716, section 3.4). */
  public static final int MAX_BYTES = 1275;

  private final byte[] data = new byte[MAX_BYTES];
  private int length;
  private long ptsNanos;

  /** Only the first {@link #length()} bytes are the packet's. */
  public byte[] data() {
    return data;
  }

  public int length() {
    return length;
  }

  /** When its first sample is to be heard, on the clock of the session. */
  public long ptsNanos() {
    return ptsNanos;
  }

  /** Describes the packet; the encoder then fills {@link #data()}. */
  public void begin(int newLength, long newPtsNanos) {
    if (newLength > MAX_BYTES) {
      throw new IllegalArgumentException("an Opus packet of " + newLength + " bytes");
    }
    length = newLength;
    ptsNanos = newPtsNanos;
  }
}
