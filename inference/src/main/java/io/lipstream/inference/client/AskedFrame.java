package io.lipstream.inference.client;

import com.google.protobuf.ByteString;
import io.lipstream.media.audio.FeatureWindows;
import io.lipstream.media.wire.lipsync.Frame;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** A frame that was asked for and not yet answered. */
final class AskedFrame {
  private final long index;
  private final int avatarFrame;
  private final long presentationUs;
  private final long deadlineNanos;
  private final float @Nullable [] windows;
  private final int windowOffset;
  private final LipsyncClient.Answer answer;

  /**
   * What was asked.
   *
   * @param deadlineNanos by System.nanoTime(), Long.MAX_VALUE for none
   * @param windows holds the frame's window at the offset until the answer, where the client brings
   *     it
   */
  AskedFrame(
      long index,
      int avatarFrame,
      long presentationUs,
      long deadlineNanos,
      float @Nullable [] windows,
      int windowOffset,
      LipsyncClient.Answer answer) {
    this.index = index;
    this.avatarFrame = avatarFrame;
    this.presentationUs = presentationUs;
    this.deadlineNanos = deadlineNanos;
    this.windows = windows;
    this.windowOffset = windowOffset;
    this.answer = answer;
  }

  long index() {
    return index;
  }

  LipsyncClient.Answer answer() {
    return answer;
  }

  /** The message without sound. */
  Frame.Builder message() {
    Frame.Builder message =
        Frame.newBuilder()
            .setIndex(index)
            .setAvatarFrame(avatarFrame)
            .setPresentationUs(presentationUs);
    if (deadlineNanos != Long.MAX_VALUE) {
      message.setDeadlineUs(Math.max(1, (deadlineNanos - System.nanoTime()) / 1000));
    }
    return message;
  }

  /**
   * Adds this frame's window: only its last row where it goes on from the window sent before.
   *
   * @param last the window sent before, replaced by this one
   * @param hasLast whether there was one on this connection
   */
  void addWindow(Frame.Builder message, float[] last, boolean hasLast) {
    float[] held = windows;
    if (held == null) {
      return;
    }
    int rowFloats = FeatureWindows.WINDOW_FLOATS / 16;
    int kept = FeatureWindows.WINDOW_FLOATS - rowFloats;
    boolean goesOn = hasLast && same(last, rowFloats, held, windowOffset, kept);
    if (goesOn) {
      message.setNextRow(bytes(held, windowOffset + kept, rowFloats));
    } else {
      message.setWindow(bytes(held, windowOffset, FeatureWindows.WINDOW_FLOATS));
    }
    System.arraycopy(held, windowOffset, last, 0, FeatureWindows.WINDOW_FLOATS);
  }

  boolean hasWindow() {
    return windows != null;
  }

  private static boolean same(float[] a, int fromA, float[] b, int fromB, int count) {
    return java.util.Arrays.equals(a, fromA, fromA + count, b, fromB, fromB + count);
  }

  /** Floats as the wire has them, little-endian. */
  static ByteString bytes(float[] values, int from, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values, from, count);
    return com.google.protobuf.UnsafeByteOperations.unsafeWrap(bytes);
  }
}
