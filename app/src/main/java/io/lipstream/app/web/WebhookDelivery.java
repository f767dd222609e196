package io.lipstream.app.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lipstream.app.live.SessionEvent;
import io.lipstream.app.web.Webhooks.Answer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events of one session on their way to one webhook, in order, one at a time.
 *
 * <p>Whoever tells an event leaves it in a bounded queue and never waits; a virtual thread,
 * webhook-ID, sends it, and sends it again later where it was not taken. Where so many wait that
 * there is no room, the newest is dropped, but never the end; the next one that is sent says how
 * many. While a receiver is away, each event is tried once, so that what is news is not kept from
 * it by what is old when it comes back.
 */
final class WebhookDelivery implements Consumer<SessionEvent> {
  private static final Logger LOG = LoggerFactory.getLogger(WebhookDelivery.class);
  static final int MAX_WAITING = 256;
  private static final Duration FIRST_BACKOFF = Duration.ofMillis(500);
  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(30);

  /** After the session what waits has so long. */
  private static final Duration AFTERWARDS = Duration.ofMinutes(1);

  private record Letter(long number, int droppedBefore, Instant at, SessionEvent event) {}

  private final Webhooks hooks;
  private final String session;
  private final Webhooks.Target target;
  private final InstantSource clock;
  private final int retries;
  private final Thread thread;

  // Guarded by this.
  private final Deque<Letter> waiting = new ArrayDeque<>();
  private long count;
  private int droppedSince;
  private boolean ended;
  private long endedNanos;

  WebhookDelivery(
      Webhooks hooks, String session, Webhooks.Target target, InstantSource clock, int retries) {
    this.hooks = hooks;
    this.session = session;
    this.target = target;
    this.clock = clock;
    this.retries = retries;
    thread = Thread.ofVirtual().name("webhook-" + session).unstarted(this::deliver);
  }

  void start() {
    thread.start();
  }

  /** Waits until all is sent, but no longer. */
  void await(Duration patience) {
    try {
      var _ = thread.join(patience.isPositive() ? patience : Duration.ZERO);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sends nothing more. */
  void stop() {
    thread.interrupt();
  }

  @Override
  public synchronized void accept(SessionEvent event) {
    boolean last = event instanceof SessionEvent.Ended;
    if (ended) {
      return;
    }
    if (target.wants(EventText.of(event).path("type").asText())) {
      long number = count++;
      if (waiting.size() >= MAX_WAITING && !last) {
        droppedSince++;
        hooks.dropped(1);
      } else {
        waiting.add(new Letter(number, droppedSince, clock.instant(), event));
        droppedSince = 0;
      }
    }
    if (last) {
      ended = true;
      endedNanos = System.nanoTime();
    }
    notifyAll();
  }

  private synchronized @Nullable Letter next() throws InterruptedException {
    while (waiting.isEmpty() && !ended) {
      wait();
    }
    return isTooLate() ? null : waiting.poll();
  }

  private synchronized boolean isTooLate() {
    return ended && System.nanoTime() - endedNanos > AFTERWARDS.toNanos();
  }

  private void deliver() {
    boolean there = true;
    try {
      for (Letter letter = next(); letter != null; letter = next()) {
        there = send(letter, there);
      }
    } catch (InterruptedException e) {
      // The server stops.
    } finally {
      leave();
    }
  }

  private void leave() {
    int left;
    synchronized (this) {
      ended = true;
      left = waiting.size();
      waiting.clear();
    }
    if (left > 0) {
      hooks.dropped(left);
      LOG.warn("session {}: {} events were not sent to {}", session, left, target.shown());
    }
    hooks.over(this);
  }

  /** Returns whether the receiver was there, whatever it said. */
  private boolean send(Letter letter, boolean wasThere) throws InterruptedException {
    String body = body(letter);
    Duration wait = FIRST_BACKOFF;
    for (int attempt = 0; ; attempt++) {
      switch (hooks.post(target, body)) {
        case Answer.Taken taken -> {
          hooks.taken();
          return true;
        }
        case Answer.Never never -> {
          hooks.notTaken();
          LOG.warn(
              "session {}: {} does not take event {}: {}",
              session,
              target.shown(),
              letter.number(),
              never.why());
          return true;
        }
        case Answer.Later later -> {
          if (attempt >= (wasThere ? retries : 0) || isTooLate()) {
            hooks.notTaken();
            if (wasThere) {
              LOG.warn("session {}: {} is away: {}", session, target.shown(), later.why());
            }
            return false;
          }
        }
      }
      Thread.sleep(wait);
      wait = wait.multipliedBy(2);
      wait = wait.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : wait;
    }
  }

  private String body(Letter letter) {
    ObjectNode body =
        Json.object()
            .put("session", session)
            .put("number", letter.number())
            .put("at", letter.at().toString());
    if (letter.droppedBefore() > 0) {
      body.put("droppedBefore", letter.droppedBefore());
    }
    body.setAll(EventText.of(letter.event()));
    return Json.write(body);
  }
}
