package io.lipstream.app.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;

/**
 * Writes lines to a stream, on a thread of its own if buffered.
 *
 * <p>The buffer holds {@value #CAPACITY} lines. When it is full, as with a stalled disk, further
 * lines are dropped and their number is written as soon as there is room: no call waits for a log.
 */
final class LogWriter extends Handler {
  static final int CAPACITY = 8192;
  private static final long POLL_MILLIS = 200;
  private static final long CLOSE_MILLIS = 2000;

  private final OutputStream out;
  private final LogLine format;
  private final AtomicLong dropped = new AtomicLong();
  private final @Nullable BlockingQueue<String> queue;
  private final @Nullable Thread thread;
  private volatile boolean closing;

  LogWriter(OutputStream out, LogLine format, boolean buffered) {
    this.out = out;
    this.format = format;
    queue = buffered ? new ArrayBlockingQueue<>(CAPACITY) : null;
    thread = buffered ? Thread.ofPlatform().name("log").daemon().start(this::drain) : null;
  }

  @Override
  public void publish(LogRecord line) {
    if (!isLoggable(line)) {
      return;
    }
    String text = format.format(line);
    if (queue == null || closing) {
      write(text);
      flush();
    } else if (!queue.offer(text)) {
      dropped.incrementAndGet();
    }
  }

  private void drain() {
    BlockingQueue<String> lines = Objects.requireNonNull(queue);
    try {
      while (!closing || !lines.isEmpty()) {
        String line = lines.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
        while (line != null) {
          write(line);
          line = lines.poll();
        }
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
          write(format.format(notice(lost)));
        }
        flush();
      }
    } catch (InterruptedException e) {
      // The process ends.
    }
  }

  private static LogRecord notice(long lost) {
    LogRecord line =
        new LogRecord(Level.WARNING, lost + " log lines were dropped: what reads them is too slow");
    line.setLoggerName(LogWriter.class.getName());
    return line;
  }

  private synchronized void write(String line) {
    try {
      out.write(line.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // Nowhere to tell it.
    }
  }

  @Override
  public synchronized void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      // Nowhere to tell it.
    }
  }

  /** Writes what waits; lines that come later are written at once. */
  @Override
  public void close() {
    closing = true;
    if (thread != null && !thread.equals(Thread.currentThread())) {
      try {
        thread.join(CLOSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    flush();
  }
}
