package io.lipstream.inference;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * The buffers of calls that may compute at once: made when first needed, at most so many, then used
 * again. When all are taken the next caller waits.
 *
 * <p>Thread-safe. A taken call belongs to its thread until it is given back.
 */
public final class CallPool<C extends AutoCloseable> {
  private final String owner;
  private final int maxCalls;
  private final Supplier<C> newCall;
  private final Semaphore permits;
  private final Deque<C> idle = new ArrayDeque<>();
  private boolean closed;

  public CallPool(String owner, int maxCalls, Supplier<C> newCall) {
    this.owner = owner;
    this.maxCalls = maxCalls;
    this.newCall = newCall;
    // Fair, so that close() gets its turn among busy callers.
    permits = new Semaphore(maxCalls, true);
  }

  /**
   * Takes a call, waiting for one if need be; a wait lasts about as long as a run.
   *
   * @throws IllegalStateException if the pool is closed
   */
  public C take() {
    permits.acquireUninterruptibly();
    try {
      return idleOrNew();
    } catch (RuntimeException | Error e) {
      permits.release();
      throw e;
    }
  }

  private C idleOrNew() {
    synchronized (idle) {
      if (closed) {
        throw new IllegalStateException(owner + " is closed");
      }
      C call = idle.pollFirst();
      if (call != null) {
        return call;
      }
    }
    return newCall.get();
  }

  public void giveBack(C call) {
    synchronized (idle) {
      idle.addFirst(call);
    }
    permits.release();
  }

  /**
   * Waits for the calls that compute, frees all buffers and then runs the last step; callers that
   * come later fail. A second close does nothing.
   */
  public void close(Runnable lastStep) {
    permits.acquireUninterruptibly(maxCalls);
    try {
      synchronized (idle) {
        if (closed) {
          return;
        }
        closed = true;
        idle.forEach(CallPool::closeCall);
        idle.clear();
      }
      lastStep.run();
    } finally {
      permits.release(maxCalls);
    }
  }

  private static void closeCall(AutoCloseable call) {
    try {
      call.close();
    } catch (Exception e) {
      throw new IllegalStateException("buffers were not freed", e);
    }
  }
}
