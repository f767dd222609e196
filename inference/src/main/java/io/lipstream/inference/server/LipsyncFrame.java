package io.lipstream.inference.server;

import com.google.protobuf.UnsafeByteOperations;
import io.lipstream.inference.PictureTensor;
import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Frame;
import io.lipstream.media.audio.FeatureWindows;
import io.lipstream.media.wire.lipsync.LipsyncResponse;
import io.lipstream.media.wire.lipsync.Mouth;

/**
 * One frame of a stream from its arrival until its answer is on its way; used again for later
 * frames.
 *
 * <p>Belongs in turn to the stream that fills it, the engine's worker that draws it, and the thread
 * that sends it.
 */
final class LipsyncFrame implements Frame {
  private final LipsyncStream stream;
  private final LipsyncSession session;
  private final float[] window = new float[FeatureWindows.WINDOW_FLOATS];
  private final float[][] row;
  private final PictureTensor.Piece piece = new PictureTensor.Piece();
  private final byte[] picture;

  private long index;
  private int avatarFrame;
  private long presentationUs;
  private long deadlineNanos;
  private int epoch;

  private Outcome outcome = Outcome.FAILED;
  private long queueNanos;
  private long serviceNanos;
  private int batch;

  LipsyncFrame(LipsyncStream stream, LipsyncSession session) {
    this.stream = stream;
    this.session = session;
    row = session.visuals().newRow();
    picture = new byte[session.pictureBytes()];
  }

  /** Starts the next frame in this place. */
  void begin(io.lipstream.media.wire.lipsync.Frame request, long nowNanos, int newEpoch) {
    index = request.getIndex();
    avatarFrame = request.getAvatarFrame();
    presentationUs = request.getPresentationUs();
    long untilNanos = request.getDeadlineUs() * 1000;
    deadlineNanos = untilNanos == 0 ? Long.MAX_VALUE : nowNanos + untilNanos;
    epoch = newEpoch;
  }

  long index() {
    return index;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  int epoch() {
    return epoch;
  }

  float[] window() {
    return window;
  }

  @Override
  public void write(int input, TensorSlot slot) {
    if (input == 0) {
      session.visuals().write(avatarFrame, slot, row);
    } else {
      slot.put(0, window, 0, window.length);
    }
  }

  @Override
  public boolean read(int output, TensorSlot slot) {
    return session.picture().read(slot, session.values(), picture, 0, piece);
  }

  @Override
  public void done(Outcome how, long waitedNanos, long batchNanos, int framesTogether) {
    outcome = how;
    queueNanos = waitedNanos;
    serviceNanos = batchNanos;
    batch = framesTogether;
    stream.finished(this);
  }

  /** Takes the picture away from a frame that nobody wants any more. */
  void drop() {
    outcome = Outcome.FLUSHED;
  }

  /** The answer, whose bytes are this frame's own until it is used again. */
  LipsyncResponse answer() {
    Mouth.Builder mouth =
        Mouth.newBuilder()
            .setIndex(index)
            .setOutcome(wireOutcome())
            .setPresentationUs(presentationUs)
            .setQueueUs(micros(queueNanos))
            .setServiceUs(micros(serviceNanos))
            .setBatch(batch);
    if (outcome == Outcome.COMPUTED) {
      mouth.setPicture(UnsafeByteOperations.unsafeWrap(picture));
    }
    return LipsyncResponse.newBuilder().setMouth(mouth).build();
  }

  private Mouth.Outcome wireOutcome() {
    return switch (outcome) {
      case COMPUTED -> Mouth.Outcome.COMPUTED;
      case LATE -> Mouth.Outcome.LATE;
      case FLUSHED -> Mouth.Outcome.FLUSHED;
      case NOT_A_NUMBER -> Mouth.Outcome.NOT_A_NUMBER;
      case FAILED -> Mouth.Outcome.FAILED;
    };
  }

  private static int micros(long nanos) {
    return Math.clamp(nanos / 1000, 0, Integer.MAX_VALUE);
  }
}
