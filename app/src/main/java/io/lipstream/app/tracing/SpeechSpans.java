package io.lipstream.app.tracing;

import io.lipstream.app.live.LiveEvents;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Gives each utterance a span, below that of the call which asked for it, from the asking until its
 * first packet leaves, and one for each part of that way.
 */
public final class SpeechSpans {
  private final Tracer tracer;

  public SpeechSpans(Tracer tracer) {
    this.tracer = tracer;
  }

  /** An utterance was asked for, on this thread. */
  public LiveEvents.Opening open() {
    Span whole = tracer.spanBuilder("speak").startSpan();
    return whole.isRecording() ? new Traced(whole) : LiveEvents.Opening.NONE;
  }

  private static long nanos(Instant moment) {
    return TimeUnit.SECONDS.toNanos(moment.getEpochSecond()) + moment.getNano();
  }

  /** Each part begins where the one before ended, whichever that was. */
  private final class Traced implements LiveEvents.Opening {
    private final Span whole;
    private final Context below;
    private final Set<LiveEvents.Point> reached = EnumSet.noneOf(LiveEvents.Point.class);
    private long lastNanos = nanos(Instant.now());
    private volatile boolean ended;

    Traced(Span whole) {
      this.whole = whole;
      below = Context.root().with(whole);
    }

    @Override
    public void reached(LiveEvents.Point point) {
      if (!ended) {
        add(point);
      }
    }

    private synchronized void add(LiveEvents.Point point) {
      if (ended || !reached.add(point)) {
        return;
      }
      long nowNanos = nanos(Instant.now());
      tracer
          .spanBuilder(name(point))
          .setParent(below)
          .setStartTimestamp(lastNanos, TimeUnit.NANOSECONDS)
          .startSpan()
          .end(nowNanos, TimeUnit.NANOSECONDS);
      lastNanos = nowNanos;
      if (point == LiveEvents.Point.PACKET) {
        over();
      }
    }

    @Override
    public synchronized void over() {
      if (!ended) {
        ended = true;
        whole.end();
      }
    }

    private static String name(LiveEvents.Point point) {
      return switch (point) {
        case SOUND -> "first sound";
        case FEATURES -> "features";
        case MOUTH -> "inference";
        case PICTURE -> "first picture";
        case PACKET -> "first packet";
      };
    }
  }
}
