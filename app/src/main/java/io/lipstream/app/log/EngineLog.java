package io.lipstream.app.log;

import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.Frame.Outcome;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs what an engine does; faults of single frames at most once a second, with their number. */
public final class EngineLog implements EngineEvents {
  private static final Logger LOG = LoggerFactory.getLogger("io.lipstream.engine");
  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final boolean times;
  private final LongSupplier clock;
  private final Map<Outcome, Fault> faults = new EnumMap<>(Outcome.class);

  /**
   * A log of an engine.
   *
   * @param times whether each call of a network is logged
   * @param clock nanoseconds
   */
  public EngineLog(boolean times, LongSupplier clock) {
    this.times = times;
    this.clock = clock;
    for (Outcome outcome : Outcome.values()) {
      faults.put(outcome, new Fault(clock.getAsLong() - QUIET_NANOS));
    }
  }

  private static final class Fault {
    private final AtomicLong unsaid = new AtomicLong();
    private final AtomicLong saidNanos;

    Fault(long saidNanos) {
      this.saidNanos = new AtomicLong(saidNanos);
    }

    /** How many there were since somebody last said it, or 0 if it is too early to say it again. */
    long due(long now) {
      unsaid.incrementAndGet();
      long said = saidNanos.get();
      return now - said >= QUIET_NANOS && saidNanos.compareAndSet(said, now)
          ? unsaid.getAndSet(0)
          : 0;
    }
  }

  @Override
  public void batchComputed(String modelId, String device, int frames, long serviceNanos) {
    if (times) {
      LOG.info(
          "computed {} frames of {} on {} in {} ms",
          frames,
          modelId,
          device,
          String.format(Locale.ROOT, "%.2f", serviceNanos / 1e6));
    }
  }

  @Override
  public void frameEnded(String modelId, Outcome outcome, long queueNanos) {
    switch (outcome) {
      case COMPUTED, FLUSHED -> {}
      case LATE, NOT_A_NUMBER, FAILED -> {
        long count = Objects.requireNonNull(faults.get(outcome)).due(clock.getAsLong());
        if (count > 0) {
          LOG.warn("{} frames ended as {}, the last one of {}", count, outcome, modelId);
        }
      }
    }
  }

  @Override
  public void modelLoaded(String modelId, String device, long bytes, long loadNanos) {
    LOG.info(
        "loaded {} on {}: {} MB in {} ms",
        modelId,
        device,
        bytes >> 20,
        TimeUnit.NANOSECONDS.toMillis(loadNanos));
  }

  @Override
  public void modelUnloaded(String modelId, String device, boolean evicted) {
    LOG.info("{} {} from {}", evicted ? "evicted" : "unloaded", modelId, device);
  }

  @Override
  public void loadFailed(String modelId, String reason) {
    LOG.warn("{} cannot be loaded: {}", modelId, reason);
  }

  @Override
  public void streamRefused(String modelId, String reason) {
    LOG.info("refused a stream to {}: {}", modelId, reason);
  }
}
