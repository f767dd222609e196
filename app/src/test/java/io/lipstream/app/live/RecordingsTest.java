package io.lipstream.app.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.app.metrics.LiveMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which recordings of earlier sessions are kept. */
final class RecordingsTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final int BYTES = 1_000;

  @TempDir private Path folder;

  private Recordings keeping(Duration age, long bytes) {
    Recordings.Limits limits = new Recordings.Limits(Duration.ofMinutes(1), 1, age, bytes);
    return new Recordings(folder, limits, InstantSource.fixed(NOW));
  }

  /** A recording that an earlier server left. */
  private void left(String id, Duration ago) throws IOException {
    Path file = Files.write(folder.resolve("session." + id + ".mp4"), new byte[BYTES]);
    Files.setLastModifiedTime(file, FileTime.from(NOW.minus(ago)));
  }

  private static List<String> ids(Recordings recordings) {
    return recordings.list("").stream().map(Recordings.Description::id).toList();
  }

  @Test
  void whatIsTooOldIsDeletedEvenIfAnEarlierServerLeftIt() throws IOException {
    left("old", Duration.ofDays(8));
    left("young", Duration.ofDays(6));
    Files.writeString(folder.resolve("notes.txt"), "mine");
    Files.setLastModifiedTime(folder.resolve("notes.txt"), FileTime.fromMillis(0));
    try (Recordings recordings = keeping(Duration.ofDays(7), 0)) {
      recordings.tidy();

      assertThat(ids(recordings)).containsExactly("young");
      assertThat(recordings.deletedCount()).isEqualTo(1);
      assertThat(folder.resolve("notes.txt")).as("no recording").exists();
    }
  }

  @Test
  void theOldestGoUntilTheRestIsNotTooMuch() throws IOException {
    left("a", Duration.ofHours(1));
    left("b", Duration.ofHours(3));
    left("c", Duration.ofHours(2));
    left("d", Duration.ofHours(4));
    try (Recordings recordings = keeping(Duration.ZERO, 2 * BYTES)) {
      recordings.tidy();

      assertThat(ids(recordings)).containsExactly("a", "c");
      assertThat(recordings.bytes()).isEqualTo(2 * BYTES);
    }
  }

  @Test
  void everythingIsKeptWithoutBounds() throws IOException {
    left("a", Duration.ofDays(1_000));
    try (Recordings recordings = keeping(Duration.ZERO, 0)) {
      recordings.tidy();

      assertThat(ids(recordings)).containsExactly("a");
    }
  }

  @Test
  void oneThatIsBeingReadIsKeptUntilAllHaveReadIt() throws IOException {
    try (Recordings recordings = keeping(Duration.ofDays(7), 0)) {
      left("a", Duration.ZERO);
      left("b", Duration.ZERO);
      Recordings.Reading first = recordings.read("session", "a").orElseThrow();
      Recordings.Reading second = recordings.read("session", "a").orElseThrow();
      left("a", Duration.ofDays(8));
      left("b", Duration.ofDays(8));

      recordings.tidy();
      assertThat(ids(recordings)).containsExactly("a");
      first.close();
      first.close();
      recordings.tidy();
      assertThat(ids(recordings)).as("one more reads it").containsExactly("a");
      second.close();
      recordings.tidy();
      assertThat(ids(recordings)).isEmpty();
      assertThat(recordings.read("session", "a")).isEmpty();
    }
  }

  @Test
  void whoWatchesTheServerIsTold() throws IOException {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (Recordings recordings = keeping(Duration.ofDays(7), 0)) {
      new LiveMetrics(registry).watch(recordings);
      left("old", Duration.ofDays(8));
      left("young", Duration.ofDays(6));
      recordings.tidy();

      assertThat(registry.scrape().lines())
          .contains("lipstream_recordings_bytes 1000.0", "lipstream_recordings_deleted_total 1.0");
    }
  }
}
