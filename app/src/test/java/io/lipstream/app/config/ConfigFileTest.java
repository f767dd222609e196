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
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The configuration file of {@code lipstream inference}: defaults, mapping, refusals. */
final class ConfigFileTest {
  private static final Path REFERENCE = Path.of("../config/inference.yaml");
  private static final Path PAGE = Path.of("../docs/config.md");

  private static InferenceConfig parse(String yaml) {
    return ConfigFile.parse(yaml, "test.yaml", InferenceConfig.DEFAULT);
  }

  private static LipstreamException refusal(String yaml) {
    LipstreamException refused = catchThrowableOfType(LipstreamException.class, () -> parse(yaml));
    assertThat(refused).as(yaml).isNotNull();
    assertThat(refused.kind()).isEqualTo(LipstreamException.Kind.CONFIGURATION);
    return refused;
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# nothing", "server:", "server: {}\nmodels:\n", "---\n"})
  void anEmptyFileMeansTheDefaults(String yaml) {
    assertThat(parse(yaml)).isEqualTo(InferenceConfig.DEFAULT);
  }

  @Test
  void everyDefaultIsWhatTheDocumentsPromise() {
    InferenceConfig config = InferenceConfig.DEFAULT;

    assertThat(config.server())
        .isEqualTo(new ServerConfig("127.0.0.1", 50_051, 128, 0, 64, 2000, 30));
    assertThat(config.tls()).isEqualTo(new TlsConfig("", "", ""));
    assertThat(config.auth()).isEqualTo(new AuthConfig(new Secret(""), "", "management"));
    assertThat(config.engine()).isEqualTo(EngineConfig.of("local", ""));
    assertThat(config.gpus())
        .isEqualTo(new GpusConfig(false, "cuda", true, 1, 8.0, "least-loaded", false));
    assertThat(config.cpus()).isEqualTo(new CpusConfig(1, 4.0));
    assertThat(config.onnx()).isEqualTo(new OnnxConfig(1, 1, 1, 1024));
    assertThat(config.modelsRoot()).isEmpty();
    assertThat(config.models()).isEmpty();
    assertThat(config.capacity()).isEqualTo(new CapacityConfig(10_000, 0, "lru", 30, 0.5));
    assertThat(config.batching()).isEqualTo(new BatchingConfig(8, List.of(), 30));
    assertThat(config.logging()).isEqualTo(new LoggingConfig("auto", "info", false, true, false));
    assertThat(config.metrics()).isEqualTo(new MetricsConfig(true, "127.0.0.1", 9464));
    assertThat(config.tracing())
        .isEqualTo(new TracingConfig("none", "http://localhost:4318/v1/traces", 1));
  }

  @Test
  void everyKeyReachesItsRecord() {
    InferenceConfig config =
        parse(
            """
            server: {address: 0.0.0.0, port: 1, max_message_size_mb: 2, worker_count_per_gpu: 3, queue_size: 4,
              max_concurrent_requests: 5, drain_timeout_seconds: 6}
            tls: {certificate: a.pem, private_key: b.pem, client_ca: c.pem}
            auth: {token: 0123456789abcdef, scope: all}
            gpus: {enabled: true, provider: tensorrt, float16: false, count: 7, memory_gb_per_gpu: 8.5, assignment_strategy: round-robin,
              allow_multi_gpu_models: false}
            cpus: {count: 9, memory_gb_per_cpu: 1.5}
            onnx: {cuda_streams_per_worker: 1, intra_op_threads: 10, inter_op_threads: 11, max_model_mb: 12}
            models_root: /models
            models:
              may.v2: {model_path: may/v2.onnx, preload: true, preferred_gpu: 2, batching: {max_delay_ms: 3}}
              june: {}
            capacity: {max_models: 13, max_memory_gb: 14, eviction_policy: lfu, idle_timeout_minutes: 15, visuals_memory_gb: 16}
            batching: {max_frames: 16, preferred_sizes: [4, 16], max_delay_ms: 17.5}
            logging: {format: json, level: debug, log_inference_times: true, buffered_logging: false,
              save_debug_files: false}
            metrics: {enabled: false, address: '::1', port: 19}
            tracing: {exporter: otlp, endpoint: 'https://far/v1/traces', sample_ratio: 0.5}
            """);

    assertThat(config.server()).isEqualTo(new ServerConfig("0.0.0.0", 1, 2, 3, 4, 5, 6));
    assertThat(config.tls()).isEqualTo(new TlsConfig("a.pem", "b.pem", "c.pem"));
    assertThat(config.auth()).isEqualTo(new AuthConfig(new Secret("0123456789abcdef"), "", "all"));
    assertThat(parse("engine: {kind: oip, url: 'far:8001'}").engine())
        .isEqualTo(EngineConfig.of("oip", "far:8001"));
    assertThat(config.gpus())
        .isEqualTo(new GpusConfig(true, "tensorrt", false, 7, 8.5, "round-robin", false));
    assertThat(config.cpus()).isEqualTo(new CpusConfig(9, 1.5));
    assertThat(config.onnx()).isEqualTo(new OnnxConfig(1, 10, 11, 12));
    assertThat(config.modelsRoot()).isEqualTo("/models");
    assertThat(config.models())
        .isEqualTo(
            Map.of(
                "may.v2",
                new ModelConfig("may/v2.onnx", true, 2, new BatchingConfig(16, List.of(4, 16), 3)),
                "june",
                new ModelConfig("", false, -1, new BatchingConfig(16, List.of(4, 16), 17.5))));
    assertThat(config.capacity()).isEqualTo(new CapacityConfig(13, 14, "lfu", 15, 16));
    assertThat(config.batching()).isEqualTo(new BatchingConfig(16, List.of(4, 16), 17.5));
    assertThat(config.logging()).isEqualTo(new LoggingConfig("json", "debug", true, false, false));
    assertThat(config.metrics()).isEqualTo(new MetricsConfig(false, "::1", 19));
    assertThat(config.tracing()).isEqualTo(new TracingConfig("otlp", "https://far/v1/traces", 0.5));
    assertThat(parse("auth: {token_file: t.txt}").auth().tokenFile()).isEqualTo("t.txt");
  }

  @Test
  void theReferenceFileHoldsEveryKeyAtItsDefault() throws IOException {
    String reference = Files.readString(REFERENCE);

    assertThat(parse(reference)).isEqualTo(InferenceConfig.DEFAULT);
    for (String key : ConfigFile.keys(InferenceConfig.DEFAULT).keySet()) {
      String last = key.substring(key.lastIndexOf('.') + 1);
      assertThat(Pattern.compile("(?m)^[# ]*" + last + ":").matcher(reference).find())
          .as(key + " in " + REFERENCE)
          .isTrue();
    }
  }

  @Test
  void thePageListsEveryKeyWithItsDefaultAndEveryRefusal() throws IOException {
    String both = Files.readString(PAGE);
    String page = both.substring(0, both.indexOf("\n# Configuration of `lipstream serve`"));
    Set<String> listed = new TreeSet<>();
    Pattern row = Pattern.compile("(?m)^\\| `([a-z0-9_.*]+)` \\| ");
    row.matcher(page).results().forEach(found -> listed.add(found.group(1)));
    Set<String> expected = new TreeSet<>(ConfigFile.keys(InferenceConfig.DEFAULT).keySet());
    expected.addAll(RefusedKeys.all(InferenceConfig.DEFAULT).keySet());

    assertThat(listed).isEqualTo(expected);
    ConfigFile.keys(InferenceConfig.DEFAULT)
        .forEach(
            (key, value) ->
                assertThat(page)
                    .contains("| `" + key + "` | `" + value.replace("\"\"", "empty") + "` |"));
  }

  @Test
  void namesTheNearestKeyAndTheLineOfAnUnknownOne() {
    LipstreamException refused = refusal("# first\nserver:\n  prot: 1\n");

    assertThat(refused).hasMessage("test.yaml:3: unknown key server.prot");
    assertThat(refused.hint()).isEqualTo("did you mean server.port?");
    assertThat(refusal("models:\n  a:\n    prelod: true\n"))
        .hasMessage("test.yaml:3: unknown key models.a.prelod");
    assertThat(refusal("zzzzzzzz: 1").hint()).startsWith("known here: server, tls");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "output.format",
        "output.jpeg_quality",
        "capacity.background_cache_frames",
        "models.a.background_dir",
        "models.a.crop_rects_path",
        "audio.encoder_pool_size",
        "audio.stft_workers",
        "audio.mel_workers"
      })
  void saysWhyAKeyOfOtherServersIsNotHonoured(String path) {
    String[] parts = path.split("\\.", -1);
    StringBuilder yaml = new StringBuilder();
    for (int i = 0; i < parts.length; i++) {
      yaml.append(" ".repeat(i)).append(parts[i]).append(i < parts.length - 1 ? ":\n" : ": 1\n");
    }

    LipstreamException refused = refusal(yaml.toString());

    assertThat(refused.getMessage()).containsPattern("^test.yaml:\\d: " + parts[0]);
    assertThat(refused.getMessage()).containsAnyOf("belongs to the compositing", "is not needed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "server: {port: 70000} | :1: server.port must be from 0 to 65535, not 70000",
        "server: {port: http} | :1: server.port does not hold what belongs there",
        "server: {port: 1.5} | :1: server.port does not hold what belongs there",
        "server: 1 | :1: server must hold keys and values",
        "server: {queue_size: 0} | :1: server.queue_size must be from 1",
        "gpus: {memory_gb_per_gpu: 0} | :1: gpus.memory_gb_per_gpu must be from",
        "gpus: {assignment_strategy: best} | :1: gpus.assignment_strategy must be one of round-robin",
        "gpus: {allow_multi_gpu_models: true} | :1: gpus.allow_multi_gpu_models cannot be true",
        "capacity: {eviction_policy: fifo} | :1: capacity.eviction_policy must be one of lru, lfu",
        "onnx: {cuda_streams_per_worker: 2} | :1: onnx.cuda_streams_per_worker must be 1, not 2",
        "batching: {preferred_sizes: [9]} | :1: batching.preferred_sizes must be from 1 to 8",
        "logging: {save_debug_files: true} | :1: logging.save_debug_files cannot be true",
        "tls: {certificate: a.pem} | :1: tls.certificate is set alone",
        "tls: {client_ca: a.pem} | :1: tls.client_ca needs",
        "auth: {token: short} | :1: auth.token must have at least 16",
        "engine: {url: 'a:1'} | :1: engine.url is for engine.kind: grpc or oip",
        "engine: {kind: oip} | engine.url is missing",
        "models: {a: {preferred_gpu: -2}} | :1: models.a.preferred_gpu must be from -1 to 63",
        "metrics: {port: 50051} | :1: metrics.port is the server's own port",
        "tracing: {endpoint: collector} | :1: tracing.endpoint must be an http",
        "'server: {port: 1, port: 2}' | :1: not valid YAML: Duplicate field",
        "'server: [' | not valid YAML",
        "- a | the file must hold keys and values",
      })
  void refusesAValueWithItsLineAndReason(String yaml, String reason) {
    assertThat(refusal(yaml.strip()).getMessage()).startsWith("test.yaml").contains(reason);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cpus: {count: 2}",
        "gpus: {enabled: true}",
        "onnx: {intra_op_threads: 2}",
        "models_root: here",
        "models: {a: {preload: true}}",
        "capacity: {max_models: 2}",
        "batching: {max_delay_ms: 2}"
      })
  void refusesWhatAnotherServerDecides(String yaml) {
    String oip = "engine: {kind: oip, url: 'a:1'}\n";
    assertThat(refusal(oip + yaml).getMessage())
        .startsWith("test.yaml:2: " + yaml.substring(0, yaml.indexOf(':')))
        .contains("is for engine.kind: local");
    assertThat(parse(oip + "models: {a: {}, b: {}}\nbatching: {max_frames: 4}").models())
        .containsOnlyKeys("a", "b");
  }

  @Test
  void namesAFileThatIsNotThere() {
    LipstreamException refused =
        catchThrowableOfType(
            LipstreamException.class,
            () -> ConfigFile.read(Path.of("nowhere.yaml"), InferenceConfig.DEFAULT));

    assertThat(refused).hasMessage("there is no configuration file nowhere.yaml");
  }

  @Test
  void whatIsPrintedReadsBackWithoutTheSecret() {
    InferenceConfig config =
        parse("server: {port: 7}\nmodels: {a: {preload: true}}\nauth: {token: 0123456789abcdef}");

    String printed = ConfigFile.print(config);

    assertThat(printed).contains("(hidden)").doesNotContain("0123456789abcdef");
    assertThat(config.toString()).doesNotContain("0123456789abcdef");
    InferenceConfig again = parse(printed.replace("(hidden)", "0123456789abcdef"));
    assertThat(again).isEqualTo(config);
  }
}
