package io.lipstream.inference.oip;

import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.StreamRequest.Priority;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Frames of all streams that wait for another server.
 *
 * <p>A worker takes what is most urgent (priority, then deadline, then whoever waited for a turn
 * longest) and fills the batch with frames of the same model by the same rule. Nobody waits for
 * company: while all workers are on the line, what comes in gathers by itself, and the other server
 * batches as well. Batches of a model end in the order in which they were taken, so the frames of a
 * stream do. Thread-safe.
 */
final class RemoteQueue {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition ends = lock.newCondition();
  private final LongSupplier nanoClock;
  private final List<RemoteStream> streams = new ArrayList<>();
  private long turns;
  private boolean everLate;
  private long lastLateNanos;
  private boolean closed;

  RemoteQueue(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  ReentrantLock lock() {
    return lock;
  }

  void open(RemoteStream stream) {
    lock.lock();
    try {
      streams.add(stream);
      stream.model.streams++;
    } finally {
      lock.unlock();
    }
  }

  /** The first frames of a list, together; returns how many were queued. */
  int submit(RemoteStream stream, List<? extends Frame> frames, int wanted, long deadlineNanos) {
    lock.lock();
    try {
      long nowNanos = nanoClock.getAsLong();
      int queued = 0;
      while (!closed
          && queued < wanted
          && stream.add(frames.get(queued), deadlineNanos, nowNanos)) {
        queued++;
      }
      if (queued > 0) {
        work.signal();
      }
      return queued;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives back what waits; closing, also waits for what is under way.
   *
   * @return whether its model is to be unloaded, because it was the last that used it
   */
  boolean flush(RemoteStream stream, boolean close) {
    boolean unload = false;
    List<RemoteStream.Flushed> flushed;
    lock.lock();
    try {
      flushed = stream.removeAll(nanoClock.getAsLong());
      if (close && !stream.closed) {
        stream.closed = true;
        streams.remove(stream);
        stream.model.streams--;
        unload = stream.model.streams == 0 && stream.model.unloadWhenUnused;
      }
    } finally {
      lock.unlock();
    }
    for (RemoteStream.Flushed each : flushed) {
      each.frame().done(Outcome.FLUSHED, each.queueNanos(), 0, 0);
    }
    if (close) {
      awaitUnderWay(stream);
    }
    return unload;
  }

  private void awaitUnderWay(RemoteStream stream) {
    lock.lock();
    try {
      while (stream.underWay > 0) {
        ends.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for frames and takes those of one call.
   *
   * @return false if the queue was closed
   */
  boolean take(RemoteBatch batch) throws InterruptedException {
    lock.lock();
    try {
      RemoteStream first = mostUrgent(null);
      while (first == null) {
        if (closed) {
          return false;
        }
        work.await();
        first = mostUrgent(null);
      }
      long nowNanos = nanoClock.getAsLong();
      batch.start(first.model, first.shape, first.model.taken++);
      for (RemoteStream next = first; next != null && !batch.isFull(); ) {
        next.takeInto(batch, nowNanos);
        next.lastTurn = ++turns;
        next = mostUrgent(first);
      }
      if (mostUrgent(null) != null) {
        work.signal();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Among all streams, or among those that fit into a batch with another one. */
  private @Nullable RemoteStream mostUrgent(@Nullable RemoteStream alike) {
    RemoteStream best = null;
    for (RemoteStream stream : streams) {
      boolean fits =
          alike == null || (stream.model == alike.model && stream.shape.equals(alike.shape));
      if (fits && stream.waiting() > 0 && (best == null || goesBefore(stream, best))) {
        best = stream;
      }
    }
    return best;
  }

  private static boolean goesBefore(RemoteStream one, RemoteStream other) {
    Priority priority = one.request.priority();
    if (priority != other.request.priority()) {
      return priority.compareTo(other.request.priority()) < 0;
    }
    if (one.headDeadlineNanos() != other.headDeadlineNanos()) {
      return one.headDeadlineNanos() < other.headDeadlineNanos();
    }
    return one.lastTurn < other.lastTurn;
  }

  /** Waits until all batches of the model that were taken before have ended. */
  void awaitTurn(RemoteBatch batch) {
    lock.lock();
    try {
      while (batch.model().ended < batch.ticket()) {
        ends.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** After its frames were told. */
  void ended(RemoteBatch batch) {
    lock.lock();
    try {
      batch.model().ended++;
      long nowNanos = nanoClock.getAsLong();
      batch.model().count(batch, nowNanos);
      if (batch.late > 0) {
        everLate = true;
        lastLateNanos = nowNanos;
      }
      for (int i = 0; i < batch.size(); i++) {
        batch.stream(i).underWay--;
      }
      ends.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a frame was dropped because of its deadline since then. */
  boolean wasLateSince(long nanos) {
    lock.lock();
    try {
      return everLate && lastLateNanos >= nanos;
    } finally {
      lock.unlock();
    }
  }

  int waiting() {
    lock.lock();
    try {
      return streams.stream().mapToInt(RemoteStream::waiting).sum();
    } finally {
      lock.unlock();
    }
  }

  /** Refuses frames from now on and gives back those that wait. */
  void close() {
    List<RemoteStream> open;
    lock.lock();
    try {
      closed = true;
      open = List.copyOf(streams);
      work.signalAll();
    } finally {
      lock.unlock();
    }
    open.forEach(stream -> flush(stream, false));
  }
}
