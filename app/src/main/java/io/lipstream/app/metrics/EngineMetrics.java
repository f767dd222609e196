package io.lipstream.app.metrics;

import io.lipstream.inference.engine.DeviceStatus;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.Models;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * What an engine does, as meters.
 *
 * <p>Labels are devices and outcomes, of which there are few; models are not, for a catalogue has
 * thousands: {@code lipstream models stats} tells of single ones.
 */
public final class EngineMetrics implements EngineEvents {
  private static final Duration[] QUEUE = millis(1, 2, 5, 10, 20, 30, 50, 100, 250, 1000);
  private static final Duration[] SERVICE = millis(1, 2, 5, 10, 20, 50, 100, 200, 500, 2000);

  private final MeterRegistry registry;
  private final Timer queue;
  private final Map<Outcome, Counter> frames = new EnumMap<>(Outcome.class);
  private final Counter misses;
  private final Counter loads;
  private final Timer loading;
  private final Counter loadFailures;
  private final Counter refusals;
  private final Map<String, PerDevice> devices = new ConcurrentHashMap<>();

  private record PerDevice(
      Timer service, DistributionSummary batch, Counter evictions, Counter unloads) {}

  public EngineMetrics(MeterRegistry registry) {
    this.registry = registry;
    queue =
        Timer.builder("lipstream.queue")
            .description("Time that computed frames waited")
            .serviceLevelObjectives(QUEUE)
            .register(registry);
    for (Outcome outcome : Outcome.values()) {
      frames.put(
          outcome,
          Counter.builder("lipstream.frames")
              .description("Frames by how they ended")
              .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    misses = counter("lipstream.deadline.misses", "Frames dropped because they would be late");
    loads = counter("lipstream.model.loads", "Models loaded");
    loading =
        Timer.builder("lipstream.model.load")
            .description("Time to load a model")
            .register(registry);
    loadFailures = counter("lipstream.model.load.failures", "Models that could not be loaded");
    refusals = counter("lipstream.streams.refused", "Streams that were not admitted");
  }

  /** Events for both. */
  public EngineEvents and(EngineEvents other) {
    return new BothEvents(this, other);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }

  private static Duration[] millis(long... values) {
    Duration[] bounds = new Duration[values.length];
    for (int i = 0; i < values.length; i++) {
      bounds[i] = Duration.ofMillis(values[i]);
    }
    return bounds;
  }

  /** Adds gauges of the engine's devices and streams. */
  public void watch(Models models) {
    Snapshot snapshot = new Snapshot(models);
    for (DeviceStatus device : models.devices()) {
      perDevice(device.name());
      gauge(snapshot, device, "lipstream.loaded.models", "Models loaded", DeviceStatus::models);
      gauge(snapshot, device, "lipstream.model.bytes", "Memory models take", d -> d.usedBytes());
      gauge(
          snapshot,
          device,
          "lipstream.budget.bytes",
          "Memory models may take",
          d -> d.budgetBytes());
      gauge(
          snapshot,
          device,
          "lipstream.queued.frames",
          "Frames that wait",
          DeviceStatus::queuedFrames);
      gauge(
          snapshot,
          device,
          "lipstream.busy.ratio",
          "Share of the workers' time spent computing",
          DeviceStatus::utilization);
      gauge(
          snapshot,
          device,
          "gpu.utilization.percent",
          "The driver's figure; on a CPU device 100 times its busy ratio",
          d -> d.gpu().map(gpu -> (double) gpu.utilizationPercent()).orElse(100 * d.utilization()));
      gauge(
          snapshot,
          device,
          "gpu.memory.used.bytes",
          "The driver's figure; on a CPU device what models take",
          d -> d.gpu().map(gpu -> (double) gpu.memoryUsedBytes()).orElse((double) d.usedBytes()));
    }
    Gauge.builder("lipstream.streams", snapshot, Snapshot::streams)
        .description("Open streams")
        .strongReference(true)
        .register(registry);
    Gauge.builder("lipstream.catalogue.models", snapshot, s -> s.models.list().size())
        .description("Models that can be asked for")
        .strongReference(true)
        .register(registry);
  }

  private void gauge(
      Snapshot snapshot,
      DeviceStatus device,
      String name,
      String description,
      ToDoubleFunction<DeviceStatus> value) {
    int index = device.index();
    Gauge.builder(name, snapshot, s -> s.of(index, value))
        .description(description)
        .tag("device", device.name())
        .strongReference(true)
        .register(registry);
  }

  private PerDevice perDevice(String device) {
    PerDevice known = devices.get(device);
    return known != null ? known : devices.computeIfAbsent(device, this::register);
  }

  private PerDevice register(String device) {
    return new PerDevice(
        Timer.builder("lipstream.service")
            .description("Time of one call of a network")
            .tag("device", device)
            .serviceLevelObjectives(SERVICE)
            .register(registry),
        DistributionSummary.builder("lipstream.batch.frames")
            .description("Frames computed by one call of a network")
            .tag("device", device)
            .serviceLevelObjectives(1, 2, 4, 8, 16, 32)
            .register(registry),
        Counter.builder("lipstream.evictions")
            .description("Models freed to make room or for being idle")
            .tag("device", device)
            .register(registry),
        Counter.builder("lipstream.unloads")
            .description("Models freed because somebody asked")
            .tag("device", device)
            .register(registry));
  }

  @Override
  public void batchComputed(String modelId, String device, int count, long serviceNanos) {
    PerDevice meters = perDevice(device);
    meters.service().record(serviceNanos, TimeUnit.NANOSECONDS);
    meters.batch().record(count);
  }

  @Override
  public void frameEnded(String modelId, Outcome outcome, long queueNanos) {
    Objects.requireNonNull(frames.get(outcome)).increment();
    switch (outcome) {
      case COMPUTED -> queue.record(queueNanos, TimeUnit.NANOSECONDS);
      case LATE -> misses.increment();
      case FLUSHED, NOT_A_NUMBER, FAILED -> {}
    }
  }

  @Override
  public void modelLoaded(String modelId, String device, long bytes, long loadNanos) {
    loads.increment();
    loading.record(loadNanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void modelUnloaded(String modelId, String device, boolean evicted) {
    PerDevice meters = perDevice(device);
    (evicted ? meters.evictions() : meters.unloads()).increment();
  }

  @Override
  public void loadFailed(String modelId, String reason) {
    loadFailures.increment();
  }

  @Override
  public void streamRefused(String modelId, String reason) {
    refusals.increment();
  }

  /** One look at the devices serves all gauges of a scrape. */
  private static final class Snapshot {
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final Models models;
    private List<DeviceStatus> devices = List.of();
    private int streams;
    private long takenNanos;

    Snapshot(Models models) {
      this.models = models;
      takenNanos = System.nanoTime() - 2 * FRESH_NANOS;
    }

    private synchronized void refresh() {
      if (System.nanoTime() - takenNanos > FRESH_NANOS) {
        devices = models.devices();
        streams = models.list().stream().mapToInt(ModelStatus::streams).sum();
        takenNanos = System.nanoTime();
      }
    }

    synchronized double of(int index, ToDoubleFunction<DeviceStatus> value) {
      refresh();
      return index < devices.size() ? value.applyAsDouble(devices.get(index)) : Double.NaN;
    }

    synchronized double streams() {
      refresh();
      return streams;
    }
  }
}
