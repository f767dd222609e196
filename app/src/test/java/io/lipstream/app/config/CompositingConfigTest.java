package io.lipstream.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The configuration file of {@code lipstream compositing}: defaults, mapping, refusals. */
final class CompositingConfigTest {
  private static final Path REFERENCE = Path.of("../config/compositing.yaml");
  private static final Path PAGE = Path.of("../docs/config.md");

  private static CompositingConfig parse(String yaml) {
    return ConfigFile.parse(yaml, "test.yaml", CompositingConfig.DEFAULT);
  }

  @Test
  void everyDefaultIsWhatTheDocumentsPromise() {
    CompositingConfig config = parse("");

    assertThat(config).isEqualTo(CompositingConfig.DEFAULT);
    assertThat(config.server().port()).isEqualTo(50_052);
    assertThat(config.metrics()).isEqualTo(new MetricsConfig(true, "127.0.0.1", 9465));
    assertThat(config.sessions()).isEqualTo(new SessionsConfig(256, 30, 600, List.of()));
    assertThat(config.output()).isEqualTo(new OutputConfig("jpeg", 85, 2500));
    assertThat(config.engine()).isEqualTo(EngineConfig.of("local", ""));
    assertThat(config.quality())
        .isEqualTo(
            new QualityConfig(
                List.of(
                    new QualityConfig.Level(10, 10, 85, 100, 1),
                    new QualityConfig.Level(15, 15, 75, 80, 1),
                    new QualityConfig.Level(10_000, 25, 70, 60, 1),
                    new QualityConfig.Level(10_000, 25, 70, 40, 1)),
                5,
                400,
                0));
  }

  @Test
  void everyKeyReachesItsRecord() {
    CompositingConfig config =
        parse(
            """
            sessions: {max_streams: 1, stalled_seconds: 2, avatar_timeout_seconds: 3, preload: [ada]}
            output: {format: png, quality: 4, bitrate_kbps: 500}
            quality: {levels: [{speakers: 3, batch_frames: 4, still_quality: 50, bitrate_percent: 60, picture_interval: 1}],
              late_percent: 7.5, step_back_ms: 800}
            engine: {kind: grpc, url: 'a:1, b:2', token: 0123456789abcdef, tls: true, tls_ca: c.pem, connections: 6}
            """);

    assertThat(config.sessions()).isEqualTo(new SessionsConfig(1, 2, 3, List.of("ada")));
    assertThat(config.output()).isEqualTo(new OutputConfig("png", 4, 500));
    assertThat(config.quality())
        .isEqualTo(
            new QualityConfig(List.of(new QualityConfig.Level(3, 4, 50, 60, 1)), 7.5, 800, 0));
    assertThat(config.engine())
        .isEqualTo(
            new EngineConfig(
                "grpc", "a:1, b:2", new Secret("0123456789abcdef"), "", true, "c.pem", 6));
    assertThat(config.computing().engine().urls()).containsExactly("a:1", "b:2");
    assertThat(parse("engine: {kind: grpc, url: 'a:1', token_file: t}").engine().tokenFile())
        .isEqualTo("t");
    assertThat(parse("").withInference("c:3").engine()).isEqualTo(EngineConfig.of("grpc", "c:3"));
    assertThat(parse("").withPort(7).server().port()).isEqualTo(7);
  }

  @Test
  void theReferenceFileHoldsEveryKeyAtItsDefault() throws IOException {
    String reference = Files.readString(REFERENCE);

    assertThat(parse(reference)).isEqualTo(CompositingConfig.DEFAULT);
    for (String key : ConfigFile.keys(CompositingConfig.DEFAULT).keySet()) {
      String last = key.substring(key.lastIndexOf('.') + 1);
      assertThat(Pattern.compile("(?m)^[# ]*" + last + ":").matcher(reference).find())
          .as(key + " in " + REFERENCE)
          .isTrue();
    }
  }

  /** The page says that all others are those of lipstream inference. */
  @Test
  void thePageListsEveryKeyThatDiffersAndEveryRefusal() throws IOException {
    String all = Files.readString(PAGE);
    String page = all.substring(all.indexOf("\n# Configuration of `lipstream compositing`"));
    Map<String, String> different = new TreeMap<>(ConfigFile.keys(CompositingConfig.DEFAULT));
    different.entrySet().removeAll(ConfigFile.keys(InferenceConfig.DEFAULT).entrySet());
    for (Map.Entry<String, String> key : different.entrySet()) {
      if (key.getValue().length() < 60) {
        assertThat(page).contains("| `" + key.getKey() + "` | `" + key.getValue() + "` |");
      }
    }
    Set<String> listed = new TreeSet<>();
    Pattern row = Pattern.compile("(?m)^\\| `([a-z0-9_.*]+)` \\| ");
    row.matcher(page).results().forEach(found -> listed.add(found.group(1)));
    assertThat(listed)
        .containsAll(different.keySet())
        .containsAll(RefusedKeys.all(CompositingConfig.DEFAULT).keySet());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "output: {format: gif} | output.format",
        "output: {quality: 0} | output.quality",
        "output: {bitrate_kbps: 1} | output.bitrate_kbps",
        "sessions: {max_streams: 0} | sessions.max_streams",
        "sessions: {stalled_seconds: 0} | sessions.stalled_seconds",
        "sessions: {avatar_timeout_seconds: 0} | sessions.avatar_timeout_seconds",
        "engine: {kind: grpc} | engine.url is missing",
        "engine: {token: 0123456789abcdef} | engine.token is for engine.kind: grpc",
        "engine: {tls: true} | engine.tls is for engine.kind: grpc",
        "engine: {kind: grpc, url: 'a:1', connections: 0} | engine.connections",
        "engine: {kind: grpc, url: 'a:1', token: 0123456789abcdef, token_file: t} | engine.token_file",
        "quality: {levels: []} | :1: quality.levels must have at least one level",
        "quality: {levels: [{speakers: 0, batch_frames: 4, still_quality: 50, bitrate_percent: 60, picture_interval: 1}]} | quality.levels.speakers must be from 1",
        "quality: {levels: [{speakers: 1, batch_frames: 4, still_quality: 50, bitrate_percent: 60, picture_interval: 2}]} | quality.levels must have picture_interval: 1",
        "quality: {late_percent: 0} | :1: quality.late_percent must be from 0.1",
        "quality: {headroom_percent: 20} | quality.headroom_percent belongs to lipstream serve",
        "server: {queue_size: 4} | server.queue_size belongs to lipstream inference",
        "metrics: {port: 50052} | metrics.port is the server's own port",
      })
  void refusesAValueWithItsReason(String yaml, String reason) {
    LipstreamException refused = catchThrowableOfType(LipstreamException.class, () -> parse(yaml));

    assertThat(refused).as(yaml).isNotNull();
    assertThat(refused.kind()).isEqualTo(LipstreamException.Kind.CONFIGURATION);
    assertThat(refused).hasMessageContaining(reason.strip());
  }
}
