package io.lipstream.app.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.app.config.MetricsConfig;
import io.lipstream.app.live.LiveEvents;
import io.lipstream.inference.engine.DeviceStatus;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.ModelStatistics;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.Models;
import io.lipstream.media.LipstreamException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What Prometheus reads. */
final class MetricsTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** A CPU device and a GPU, two models of which one has three streams. */
  private static final class TwoDevices implements Models {
    @Override
    public List<ModelStatus> list() {
      return List.of(status("ada", 3), status("sam", 0));
    }

    private static ModelStatus status(String id, int streams) {
      return new ModelStatus(
          id,
          ModelStatus.State.READY,
          Optional.of("cpu0"),
          Optional.empty(),
          5,
          streams,
          "",
          new ModelStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0));
    }

    @Override
    public Optional<ModelStatus> find(String modelId) {
      return Optional.empty();
    }

    @Override
    public ModelStatus load(String modelId, boolean force) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean unload(String modelId) {
      return false;
    }

    @Override
    public List<DeviceStatus> devices() {
      return List.of(
          new DeviceStatus("cpu0", 0, 2, 1000, 300, 2, 0.5, 7, Optional.empty()),
          new DeviceStatus(
              "cuda1",
              1,
              1,
              2000,
              400,
              0,
              0.25,
              0,
              Optional.of(new DeviceStatus.GpuReading("H", 81, 900, 4000))));
    }
  }

  @Test
  void tellsWhatTheEngineDoesWithoutALabelForModels() {
    EngineMetrics metrics = new EngineMetrics(registry);
    metrics.watch(new TwoDevices());
    metrics.batchComputed("ada", "cpu0", 4, 12_000_000);
    metrics.frameEnded("ada", Outcome.COMPUTED, 3_000_000);
    metrics.frameEnded("ada", Outcome.LATE, 3_000_000);
    metrics.modelLoaded("ada", "cpu0", 300, 1_000_000);
    metrics.modelUnloaded("sam", "cpu0", true);
    metrics.modelUnloaded("sam", "cpu0", false);
    metrics.loadFailed("bad", "no");
    metrics.streamRefused("ada", "full");
    // Gauges that hold their objects weakly are lost by now.
    System.gc();

    String page = registry.scrape();

    assertThat(page.lines())
        .contains(
            "lipstream_queue_seconds_count 1",
            "lipstream_queue_seconds_bucket{le=\"0.005\"} 1",
            "lipstream_queue_seconds_bucket{le=\"0.002\"} 0",
            "lipstream_service_seconds_bucket{device=\"cpu0\",le=\"0.02\"} 1",
            "lipstream_batch_frames_sum{device=\"cpu0\"} 4.0",
            "lipstream_frames_total{outcome=\"computed\"} 1.0",
            "lipstream_frames_total{outcome=\"late\"} 1.0",
            "lipstream_deadline_misses_total 1.0",
            "lipstream_evictions_total{device=\"cpu0\"} 1.0",
            "lipstream_unloads_total{device=\"cpu0\"} 1.0",
            "lipstream_model_loads_total 1.0",
            "lipstream_model_load_failures_total 1.0",
            "lipstream_streams_refused_total 1.0",
            "lipstream_streams 3.0",
            "lipstream_catalogue_models 2.0",
            "lipstream_loaded_models{device=\"cpu0\"} 2.0",
            "lipstream_model_bytes{device=\"cuda1\"} 400.0",
            "lipstream_budget_bytes{device=\"cpu0\"} 1000.0",
            "lipstream_queued_frames{device=\"cpu0\"} 7.0",
            "gpu_utilization_percent{device=\"cpu0\"} 50.0",
            "gpu_utilization_percent{device=\"cuda1\"} 81.0",
            "gpu_memory_used_bytes{device=\"cpu0\"} 300.0",
            "gpu_memory_used_bytes{device=\"cuda1\"} 900.0");
    assertThat(page).doesNotContain("ada", "sam", "NaN");
  }

  @Test
  void tellsWhatLiveSessionsDoWithoutALabelForThem() {
    LiveMetrics metrics = new LiveMetrics(registry);
    metrics.took(LiveEvents.Step.PASTE, 4_000_000);
    metrics.firstPicture(180_000_000);
    metrics.interrupted(30_000_000);
    metrics.connected(90_000_000);
    metrics.skewed(-25_000_000);
    metrics.frameLate();
    metrics.framesDropped(3);
    metrics.soundMissing(2);
    metrics.bufferUnderrun();
    metrics.quality(75);
    metrics.refused(LiveEvents.Refusal.FULL);
    metrics.watch(() -> 5, () -> 6, () -> 7);
    System.gc();

    assertThat(registry.scrape().lines())
        .contains(
            "frame_processing_latency_seconds_bucket{stage=\"paste\",le=\"0.005\"} 1",
            "frame_processing_latency_seconds_bucket{stage=\"paste\",le=\"0.003\"} 0",
            "frame_processing_latency_seconds_count{stage=\"encode\"} 0",
            "lipstream_first_picture_latency_seconds_bucket{le=\"0.2\"} 1",
            "lipstream_barge_in_latency_seconds_bucket{le=\"0.05\"} 1",
            "lipstream_connection_seconds_bucket{le=\"0.12\"} 1",
            "lipstream_av_skew_seconds_bucket{le=\"0.03\"} 1",
            "lipstream_late_frames_total 1.0",
            "lipstream_dropped_frames_total 3.0",
            "lipstream_missing_sounds_total 2.0",
            "audio_buffer_underruns_total 1.0",
            "video_quality_score 75.0",
            "lipstream_webhook_events_total{outcome=\"delivered\"} 5.0",
            "lipstream_webhook_events_total{outcome=\"failed\"} 6.0",
            "lipstream_webhook_events_total{outcome=\"dropped\"} 7.0",
            "lipstream_refusals_total{reason=\"full\"} 1.0",
            "lipstream_refusals_total{reason=\"draining\"} 0.0");
  }

  @Test
  void answersWatchersAndSaysWhenItDrains() throws Exception {
    AtomicBoolean ready = new AtomicBoolean(true);
    MetricsConfig config = new MetricsConfig(true, "127.0.0.1", 0);
    new EngineMetrics(registry);
    try (MetricsPort port = new MetricsPort(config, registry, ready::get);
        HttpClient client = HttpClient.newHttpClient()) {
      assertThat(get(client, port, "/metrics").body()).contains("lipstream_streams_refused_total");
      assertThat(get(client, port, "/metrics").headers().firstValue("content-type"))
          .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
      assertThat(get(client, port, "/readyz").statusCode()).isEqualTo(200);
      ready.set(false);
      assertThat(get(client, port, "/readyz").statusCode()).isEqualTo(503);
      assertThat(get(client, port, "/livez").statusCode()).isEqualTo(200);
      assertThat(get(client, port, "/healthz").statusCode()).isEqualTo(200);
      assertThat(get(client, port, "/metricsandmore").statusCode()).isEqualTo(404);

      LipstreamException taken =
          catchThrowableOfType(
              LipstreamException.class,
              () ->
                  new MetricsPort(
                      new MetricsConfig(true, "127.0.0.1", port.port()), registry, () -> true));
      assertThat(taken).hasMessageContaining(port.port() + " cannot be opened: it is taken");
    }
  }

  private static HttpResponse<String> get(HttpClient client, MetricsPort port, String path)
      throws IOException, InterruptedException {
    URI page = URI.create("http://127.0.0.1:" + port.port() + path);
    return client.send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString());
  }
}
