package io.lipstream.streaming.live;

/**
 * One picture as its encoder made it: a VP8 frame, or H.264 NAL units with start codes.
 *
 * <p>The encoder owns it and overwrites it with the next picture; whoever sends it copies what it
 * needs before it returns.
 */
public final class EncodedPicture {
  private byte[] data = new byte[1 << 16];
  private int length;
  private boolean keyFrame;
  private long ptsNanos;

  /** Only the first {@link #length()} bytes are the picture's. */
  public byte[] data() {
    return data;
  }

  public int length() {
    return length;
  }

  /** Whether a decoder can begin here. */
  public boolean keyFrame() {
    return keyFrame;
  }

  /** When it is to be seen, on the clock of the session. */
  public long ptsNanos() {
    return ptsNanos;
  }

  /** Makes room for a picture and describes it; the encoder then fills {@link #data()}. */
  public void begin(int newLength, boolean isKeyFrame, long newPtsNanos) {
    if (data.length < newLength) {
      data = new byte[Integer.highestOneBit(newLength) * 2];
    }
    length = newLength;
    keyFrame = isKeyFrame;
    ptsNanos = newPtsNanos;
  }
}
