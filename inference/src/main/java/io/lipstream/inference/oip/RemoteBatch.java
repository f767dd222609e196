package io.lipstream.inference.oip;

import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.Frame.Outcome;
import java.util.Objects;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/** The frames of one call. Owned by the worker that took it. */
final class RemoteBatch {
  private final @Nullable Frame[] frames;
  private final @Nullable RemoteStream[] streams;
  private final @Nullable Outcome[] outcomes;
  private final long[] deadlineNanos;
  private final long[] waitedNanos;
  private int size;
  private @Nullable RemoteModel model;
  private RemoteModel.@Nullable RemoteShape shape;
  private long ticket;

  int computed;
  int late;
  int failed;
  long queueNanos;
  long serviceNanos;

  RemoteBatch(int maxFrames) {
    frames = new Frame[maxFrames];
    streams = new RemoteStream[maxFrames];
    outcomes = new Outcome[maxFrames];
    deadlineNanos = new long[maxFrames];
    waitedNanos = new long[maxFrames];
  }

  /** Empties it for frames of a model. */
  void start(RemoteModel newModel, RemoteModel.RemoteShape newShape, long newTicket) {
    model = newModel;
    shape = newShape;
    ticket = newTicket;
    size = 0;
    computed = 0;
    late = 0;
    failed = 0;
    queueNanos = 0;
    serviceNanos = 0;
  }

  void add(RemoteStream stream, Frame frame, long deadline, long submittedNanos, long nowNanos) {
    frames[size] = frame;
    streams[size] = stream;
    deadlineNanos[size] = deadline;
    waitedNanos[size] = nowNanos - submittedNanos;
    outcomes[size] = deadline < nowNanos ? Outcome.LATE : null;
    size++;
  }

  RemoteModel model() {
    return Objects.requireNonNull(model);
  }

  RemoteModel.RemoteShape shape() {
    return Objects.requireNonNull(shape);
  }

  long ticket() {
    return ticket;
  }

  int size() {
    return size;
  }

  boolean isFull() {
    return size == Math.min(frames.length, shape().maxFrames());
  }

  Frame frame(int index) {
    return Objects.requireNonNull(frames[index]);
  }

  RemoteStream stream(int index) {
    return Objects.requireNonNull(streams[index]);
  }

  /** Whether the frame still wants to be computed. */
  boolean isOpen(int index) {
    return outcomes[index] == null;
  }

  long deadlineNanos(int index) {
    return deadlineNanos[index];
  }

  void end(int index, Outcome outcome) {
    outcomes[index] = outcome;
  }

  int open() {
    int open = 0;
    for (int i = 0; i < size; i++) {
      open += isOpen(i) ? 1 : 0;
    }
    return open;
  }

  /** The deadline by which an answer is of use to anybody. */
  long lastDeadlineNanos() {
    long last = Long.MIN_VALUE;
    for (int i = 0; i < size; i++) {
      if (isOpen(i)) {
        last = Math.max(last, deadlineNanos[i]);
      }
    }
    return last;
  }

  /** Ends all that are open: as late where the deadline has passed, else as failed. */
  void fail(long nowNanos) {
    for (int i = 0; i < size; i++) {
      if (isOpen(i)) {
        outcomes[i] = deadlineNanos[i] <= nowNanos ? Outcome.LATE : Outcome.FAILED;
      }
    }
  }

  /** Each frame's outcome and how long it had waited. */
  void forEach(ObjLongConsumer<Outcome> consumer) {
    for (int i = 0; i < size; i++) {
      consumer.accept(Objects.requireNonNull(outcomes[i]), waitedNanos[i]);
    }
  }

  /** Tells all frames how they ended, and counts. */
  void tell(int sent) {
    for (int i = 0; i < size; i++) {
      Outcome outcome = Objects.requireNonNull(outcomes[i]);
      boolean wasComputed = outcome == Outcome.COMPUTED || outcome == Outcome.NOT_A_NUMBER;
      switch (outcome) {
        case COMPUTED, NOT_A_NUMBER -> {
          computed++;
          queueNanos += waitedNanos[i];
        }
        case LATE -> late++;
        case FAILED, FLUSHED -> failed++;
      }
      frame(i)
          .done(outcome, waitedNanos[i], wasComputed ? serviceNanos : 0, wasComputed ? sent : 0);
      frames[i] = null;
    }
  }
}
