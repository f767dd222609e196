package io.lipstream.app.live;

import io.lipstream.app.live.LiveSession.Subscription;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a session's events to its listeners, in order, on a thread of its own, so that no listener
 * can make media wait. What a slow listener leaves standing beyond a bound is dropped, the newest
 * first, but never the end.
 */
final class EventQueue implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventQueue.class);
  private static final int MAX_WAITING = 1_000;

  private final String session;
  private final List<Consumer<SessionEvent>> listeners = new CopyOnWriteArrayList<>();

  // Guarded by this.
  private final Deque<SessionEvent> waiting = new ArrayDeque<>();
  private @Nullable Thread thread;
  private boolean closed;

  EventQueue(String session) {
    this.session = session;
  }

  Subscription subscribe(Consumer<SessionEvent> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  /** Queues an event; never waits. */
  synchronized void add(SessionEvent event) {
    boolean droppable = !(event instanceof SessionEvent.Ended);
    if (closed || (droppable && waiting.size() >= MAX_WAITING)) {
      return;
    }
    waiting.add(event);
    notifyAll();
    if (thread == null) {
      thread = Thread.ofVirtual().name("events-" + session).start(this::tell);
    }
  }

  private void tell() {
    for (SessionEvent event = next(); event != null; event = next()) {
      for (Consumer<SessionEvent> listener : listeners) {
        try {
          listener.accept(event);
        } catch (RuntimeException e) {
          LOG.warn("session {}: a listener failed at {}", session, event, e);
        }
      }
    }
  }

  private synchronized @Nullable SessionEvent next() {
    try {
      while (waiting.isEmpty() && !closed) {
        wait();
      }
    } catch (InterruptedException e) {
      return null;
    }
    return waiting.poll();
  }

  /** Takes no more; what waits is still told. */
  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
