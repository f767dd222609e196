package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that reads all sockets of an endpoint and on which its connections change.
 *
 * <p>Sockets are in non-blocking mode, in which a thread that is interrupted while it sends does
 * not close the socket under everybody else.
 */
final class SocketThread {
  private static final Logger LOG = LoggerFactory.getLogger(SocketThread.class);

  /** The shortest time between ticks. */
  static final long HURRY_MILLIS = 5;

  /** What a channel is registered with. */
  interface Ready {
    void ready(SelectionKey key);
  }

  private final Selector selector;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final LongSupplier tick;
  private final Thread thread;
  private volatile boolean hurried;
  private volatile boolean stopping;

  /**
   * A thread that is not started.
   *
   * @param tick periodic work; returns after how many milliseconds it wants to be called again
   */
  SocketThread(String name, LongSupplier tick) throws IOException {
    selector = Selector.open();
    this.tick = tick;
    thread = Thread.ofPlatform().name(name).daemon().unstarted(this::loop);
  }

  /** Once everything is there that the periodic work uses. */
  void start() {
    thread.start();
  }

  /** Has this done on the thread, soon; after {@link #stop} never. */
  void run(Runnable task) {
    tasks.add(task);
    wake();
  }

  void wake() {
    if (!thread.equals(Thread.currentThread())) {
      selector.wakeup();
    }
  }

  /** Has the next tick come within {@link #HURRY_MILLIS}. */
  void hurry() {
    hurried = true;
    wake();
  }

  SelectionKey register(SelectableChannel channel, int operations, Ready ready) throws IOException {
    channel.configureBlocking(false);
    SelectionKey key = channel.register(selector, operations, ready);
    wake();
    return key;
  }

  /** Ends the thread after the tasks given so far; returns when it has ended. */
  void stop() {
    run(() -> stopping = true);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    try {
      selector.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void loop() {
    long waitMillis = 1;
    long dueNanos = System.nanoTime();
    while (!stopping) {
      try {
        selector.select(SocketThread::dispatch, waitMillis);
      } catch (IOException | RuntimeException e) {
        LOG.warn("reading from the network failed", e);
      }
      runTasks();
      long nowNanos = System.nanoTime();
      if (hurried) {
        hurried = false;
        dueNanos = Math.min(dueNanos, nowNanos + HURRY_MILLIS * 1_000_000);
      }
      if (nowNanos - dueNanos >= 0) {
        dueNanos = nowNanos + tick() * 1_000_000;
      }
      waitMillis = Math.max(1, (dueNanos - nowNanos) / 1_000_000);
    }
  }

  private long tick() {
    try {
      return tick.getAsLong();
    } catch (RuntimeException e) {
      LOG.warn("the periodic work of connections failed", e);
      return HURRY_MILLIS;
    }
  }

  private static void dispatch(SelectionKey key) {
    if (key.isValid() && key.attachment() instanceof Ready ready) {
      ready.ready(key);
    }
  }

  private void runTasks() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.warn("a connection's change of state failed", e);
      }
    }
  }
}
