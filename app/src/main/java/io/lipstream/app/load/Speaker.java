package io.lipstream.app.load;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.stream.DoubleStream;

/**
 * Lets one session speak for a share of the time: after each sentence it is silent for as long as
 * what was heard of it demands.
 */
final class Speaker {
  /** When the speech was asked for, first heard and last heard. */
  record Turn(long askedNanos, long firstNanos, long lastNanos) {}

  /** What is thought to have been said where nothing was heard. */
  private static final double SENTENCE_SECONDS = 5;

  /** Speech has ended when nothing was heard for so long. */
  private static final long PAUSE_NANOS = 700_000_000L;

  private static final long FIRST_SOUND_LIMIT_NANOS = 15_000_000_000L;
  private static final long LOOK_MILLIS = 20;

  private final ServerCalls calls;
  private final String session;
  private final SessionViewer viewer;
  private final Sentences sentences;
  private final Turns planned;
  private final BooleanSupplier stopped;
  private final List<Turn> turns = new CopyOnWriteArrayList<>();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private volatile long speakingSinceNanos = Long.MIN_VALUE;
  private volatile long askedNanos;
  private volatile boolean inTurn;

  Speaker(
      ServerCalls calls,
      String session,
      SessionViewer viewer,
      Sentences sentences,
      Turns planned,
      BooleanSupplier stopped) {
    this.calls = calls;
    this.session = session;
    this.viewer = viewer;
    this.sentences = sentences;
    this.planned = planned;
    this.stopped = stopped;
  }

  /** Speaks and rests in turns until stopped. */
  void run() {
    try {
      pause(planned.firstRestSeconds());
      while (!stopped.getAsBoolean()) {
        inTurn = true;
        double heardSeconds = turn();
        inTurn = false;
        pause(planned.restSeconds(heardSeconds) - PAUSE_NANOS / 1e9);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private double turn() throws InterruptedException {
    askedNanos = System.nanoTime();
    try {
      say(planned.sentence());
    } catch (ServerCalls.RefusedException | RuntimeException e) {
      fail(String.valueOf(e.getMessage()));
      return SENTENCE_SECONDS;
    }
    long until = askedNanos + FIRST_SOUND_LIMIT_NANOS;
    while (viewer.lastAudibleNanos() < askedNanos) {
      if (stopped.getAsBoolean()) {
        return 0;
      }
      if (System.nanoTime() > until) {
        fail("nothing was heard within 15 s of the request to speak");
        return SENTENCE_SECONDS;
      }
      Thread.sleep(LOOK_MILLIS);
    }
    Optional<Long> first = viewer.audibleAfter(askedNanos);
    speakingSinceNanos = first.orElse(askedNanos);
    while (!stopped.getAsBoolean() && System.nanoTime() - viewer.lastAudibleNanos() < PAUSE_NANOS) {
      Thread.sleep(LOOK_MILLIS);
    }
    Turn turn = new Turn(askedNanos, speakingSinceNanos, viewer.lastAudibleNanos());
    turns.add(turn);
    speakingSinceNanos = Long.MIN_VALUE;
    return (turn.lastNanos() - turn.firstNanos()) / 1e9;
  }

  private void say(int sentence) throws InterruptedException, ServerCalls.RefusedException {
    if (sentences.areTexts()) {
      calls.say(session, Sentences.text(sentence));
    } else {
      calls.speak(session, sentences.wav(sentence, viewer.tone()));
    }
  }

  private void fail(String what) {
    if (!stopped.getAsBoolean()) {
      failures.add(what);
    }
  }

  private void pause(double seconds) throws InterruptedException {
    long until = System.nanoTime() + (long) (seconds * 1e9);
    while (!stopped.getAsBoolean() && System.nanoTime() < until) {
      Thread.sleep(Math.min(200, 1 + Math.max(0, (until - System.nanoTime()) / 1_000_000)));
    }
  }

  boolean isSpeaking() {
    return speakingSinceNanos != Long.MIN_VALUE;
  }

  /** How long it spoke between two moments. */
  double spokenSeconds(long fromNanos, long toNanos) {
    long since = speakingSinceNanos;
    long spoken = since == Long.MIN_VALUE ? 0 : overlap(since, toNanos, fromNanos, toNanos);
    for (Turn turn : turns) {
      spoken += overlap(turn.firstNanos(), turn.lastNanos(), fromNanos, toNanos);
    }
    return spoken / 1e9;
  }

  private static long overlap(long from, long to, long otherFrom, long otherTo) {
    return Math.max(0, Math.min(to, otherTo) - Math.max(from, otherFrom));
  }

  /** Milliseconds from the requests made since then to their first sounds. */
  DoubleStream answerMillis(long sinceNanos) {
    return turns.stream()
        .filter(turn -> turn.askedNanos() >= sinceNanos)
        .mapToDouble(turn -> (turn.firstNanos() - turn.askedNanos()) / 1e6);
  }

  /** Requests that were refused or of which nothing was heard. */
  List<String> failures() {
    return List.copyOf(failures);
  }

  /** Sounds heard while this session had nothing to say: another's, or noise. */
  int strangeSounds(Arrivals noted, long fromNanos) {
    int strange = 0;
    List<Turn> mine = turns;
    for (long moment : noted.audibleNanos()) {
      boolean own = inTurn && moment >= askedNanos;
      for (Turn turn : mine) {
        own |= moment >= turn.askedNanos() && moment <= turn.lastNanos();
      }
      strange += own || moment < fromNanos ? 0 : 1;
    }
    return strange;
  }
}
