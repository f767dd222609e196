package io.lipstream.inference.engine;

import io.lipstream.inference.engine.Frame.Outcome;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stream's frames that wait for a device, in a ring whose size was agreed on.
 *
 * <p>All fields are guarded by the device. A stream is at its queue among the ready ones exactly if
 * frames wait and none of it is in a batch.
 */
final class LocalStream implements FrameStream {
  final StreamRequest request;
  final ModelQueue queue;

  private final Device device;
  private final Runnable onClosed;
  private final @Nullable Frame[] frames;
  private final long[] deadlines;
  private final long[] submitted;
  private int head;
  private int count;
  private boolean closed;
  private boolean released;

  /** The worker that has frames of this stream in its batch. */
  @Nullable Thread worker;

  /** Whether it is closed and somebody waits for the worker. */
  private boolean awaited;

  /** Its place among the queue's ready streams, -1 if it is not there. */
  int readyIndex = -1;

  /** Frames of it in the batch that is being filled. */
  int taken;

  /** The first round in which it has not had its turn. */
  long round;

  LocalStream(StreamRequest request, ModelQueue queue, Device device, Runnable onClosed) {
    this.request = request;
    this.queue = queue;
    this.device = device;
    this.onClosed = onClosed;
    frames = new @Nullable Frame[request.queueFrames()];
    deadlines = new long[request.queueFrames()];
    submitted = new long[request.queueFrames()];
  }

  @Override
  public ModelShape shape() {
    return queue.shape();
  }

  @Override
  public boolean submit(Frame frame, long deadlineNanos) {
    synchronized (device) {
      if (!add(frame, deadlineNanos)) {
        return false;
      }
      device.wakeOne();
      return true;
    }
  }

  @Override
  public int submit(List<? extends Frame> several, int wanted, long deadlineNanos) {
    synchronized (device) {
      int queued = 0;
      while (queued < wanted && add(several.get(queued), deadlineNanos)) {
        queued++;
      }
      device.wakeOne();
      return queued;
    }
  }

  private boolean add(Frame frame, long deadlineNanos) {
    if (closed || count == frames.length) {
      return false;
    }
    int place = (head + count) % frames.length;
    frames[place] = frame;
    deadlines[place] = deadlineNanos;
    submitted[place] = device.nowNanos();
    count++;
    queue.added(this);
    return true;
  }

  @Override
  public void flush() {
    int left;
    synchronized (device) {
      left = count;
    }
    while (left-- > 0 && flushOne()) {
      // Each is told outside the lock: done() may submit the next frame.
    }
  }

  private boolean flushOne() {
    Frame frame;
    long waitedNanos;
    synchronized (device) {
      if (count == 0) {
        return false;
      }
      waitedNanos = waitedNanos(device.nowNanos());
      frame = poll();
      queue.removed(this);
    }
    queue.ended(frame, Outcome.FLUSHED, waitedNanos, 0, 0);
    return true;
  }

  @Override
  public void close() {
    synchronized (device) {
      closed = true;
    }
    flush();
    synchronized (this) {
      while (isComputed()) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          break;
        }
      }
    }
    synchronized (device) {
      if (released) {
        return;
      }
      released = true;
      queue.closed(this);
    }
    onClosed.run();
  }

  /** By another thread than this one, which would wait for itself. */
  private boolean isComputed() {
    synchronized (device) {
      awaited = true;
      return worker != null && !worker.equals(Thread.currentThread());
    }
  }

  /** Told by the worker, without the device's lock, after a batch with frames of this stream. */
  void batchEnded() {
    synchronized (this) {
      notifyAll();
    }
  }

  boolean isAwaited() {
    return awaited;
  }

  boolean isClosed() {
    return closed;
  }

  boolean isEmpty() {
    return count == 0;
  }

  int waiting() {
    return count;
  }

  long deadlineNanos() {
    return deadlines[head];
  }

  long submittedNanos() {
    return submitted[head];
  }

  /** Never negative, whatever the clock does. */
  long waitedNanos(long nowNanos) {
    return Math.max(0, nowNanos - submitted[head]);
  }

  /** Takes the first frame; there must be one. */
  Frame poll() {
    Frame frame = frames[head];
    if (frame == null) {
      throw new IllegalStateException("no frame waits");
    }
    frames[head] = null;
    head = (head + 1) % frames.length;
    count--;
    return frame;
  }
}
