package io.lipstream.inference.oip;

import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.inference.engine.StreamRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A session's frames that wait to be sent. Guarded by its queue's lock. */
final class RemoteStream implements FrameStream {
  final RemoteModel model;
  final RemoteModel.RemoteShape shape;
  final StreamRequest request;
  private final RemoteQueue queue;
  private final Consumer<RemoteModel> onUnused;
  private final @Nullable Frame[] frames;
  private final long[] deadlineNanos;
  private final long[] submittedNanos;
  private int head;
  private int count;
  boolean closed;

  /** Frames that were taken and have not ended. */
  int underWay;

  /** When its last frame was taken, as a number that grows: of equal streams the oldest goes. */
  long lastTurn;

  RemoteStream(
      RemoteQueue queue,
      Consumer<RemoteModel> onUnused,
      RemoteModel model,
      RemoteModel.RemoteShape shape,
      StreamRequest request) {
    this.queue = queue;
    this.onUnused = onUnused;
    this.model = model;
    this.shape = shape;
    this.request = request;
    frames = new Frame[request.queueFrames()];
    deadlineNanos = new long[request.queueFrames()];
    submittedNanos = new long[request.queueFrames()];
  }

  @Override
  public ModelShape shape() {
    return shape.tensors();
  }

  @Override
  public boolean submit(Frame frame, long frameDeadlineNanos) {
    return queue.submit(this, List.of(frame), 1, frameDeadlineNanos) == 1;
  }

  @Override
  public int submit(List<? extends Frame> several, int wanted, long frameDeadlineNanos) {
    return queue.submit(this, several, wanted, frameDeadlineNanos);
  }

  @Override
  public void flush() {
    queue.flush(this, false);
  }

  @Override
  public void close() {
    if (queue.flush(this, true)) {
      onUnused.accept(model);
    }
  }

  int waiting() {
    return count;
  }

  long headDeadlineNanos() {
    return deadlineNanos[head];
  }

  boolean add(Frame frame, long frameDeadlineNanos, long nowNanos) {
    if (closed || count == frames.length) {
      return false;
    }
    int tail = (head + count) % frames.length;
    frames[tail] = frame;
    deadlineNanos[tail] = frameDeadlineNanos;
    submittedNanos[tail] = nowNanos;
    count++;
    return true;
  }

  /** Moves the first frame into a batch. */
  void takeInto(RemoteBatch batch, long nowNanos) {
    Frame frame = Objects.requireNonNull(frames[head]);
    batch.add(this, frame, deadlineNanos[head], submittedNanos[head], nowNanos);
    frames[head] = null;
    head = (head + 1) % frames.length;
    count--;
    underWay++;
  }

  /** A frame that was flushed and how long it had waited. */
  record Flushed(Frame frame, long queueNanos) {}

  List<Flushed> removeAll(long nowNanos) {
    List<Flushed> removed = new ArrayList<>(count);
    for (; count > 0; count--) {
      Frame frame = Objects.requireNonNull(frames[head]);
      removed.add(new Flushed(frame, nowNanos - submittedNanos[head]));
      frames[head] = null;
      head = (head + 1) % frames.length;
    }
    return removed;
  }
}
