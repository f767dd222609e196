package io.lipstream.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.app.live.Recordings;
import io.lipstream.app.quality.QualitySettings;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.FrameBounds;
import io.lipstream.media.talk.TurnSettings;
import io.lipstream.streaming.rtp.PlayoutSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The configuration file of {@code lipstream serve}: defaults, mapping, refusals. */
final class ServeConfigTest {
  private static final Path REFERENCE = Path.of("../config/serve.yaml");
  private static final Path PAGE = Path.of("../docs/config.md");

  private static ServeConfig parse(String yaml) {
    return ConfigFile.parse(yaml, "test.yaml", ServeConfig.DEFAULT);
  }

  private static LipstreamException refusal(String yaml) {
    LipstreamException refused = catchThrowableOfType(LipstreamException.class, () -> parse(yaml));
    assertThat(refused).as(yaml).isNotNull();
    assertThat(refused.kind()).isEqualTo(LipstreamException.Kind.CONFIGURATION);
    return refused;
  }

  @Test
  void anEmptyFileMeansTheDefaults() {
    assertThat(parse("")).isEqualTo(ServeConfig.DEFAULT);
  }

  @Test
  void everyDefaultIsWhatTheDocumentsPromise() {
    ServeConfig config = ServeConfig.DEFAULT;

    assertThat(config.server())
        .isEqualTo(new WebConfig("127.0.0.1", 8080, List.of(), List.of(), 0, 0, 10, false));
    assertThat(config.api()).isEqualTo(new ApiConfig(true, "local", List.of(), 50, 2048, ""));
    assertThat(config.liveAudio().playout()).isEqualTo(PlayoutSettings.DEFAULT);
    assertThat(config.liveAudio().lookAheadMs()).isEqualTo(450);
    assertThat(config.avatars()).isEqualTo(new AvatarsConfig(1500, 0));
    assertThat(config.avatars().bounds()).isEqualTo(FrameBounds.byDefault());
    assertThat(config.live())
        .isEqualTo(new LiveConfig("ada", List.of("tiny"), 64, 30, 2500, QualityConfig.DEFAULT));
    assertThat(config.recordings()).isEqualTo(new RecordingsConfig(60, 4, 7, 10));
    assertThat(config.webhooks())
        .isEqualTo(new WebhooksConfig("", List.of(), Secret.NONE, false, 5, 4));
    assertThat(config.voice()).isEqualTo(VoiceConfig.DEFAULT);
    assertThat(config.languageModel()).isEqualTo(LanguageModelConfig.DEFAULT);
    assertThat(config.recognizer()).isEqualTo(RecognizerConfig.DEFAULT);
    assertThat(config.turnTaking().settings()).isEqualTo(TurnSettings.DEFAULT);
    assertThat(config.webrtc()).isEqualTo(new WebRtcConfig("", 0, true, List.of(), List.of()));
    assertThat(config.computing()).isEqualTo(InferenceConfig.DEFAULT);
    assertThat(config.live().quality().settings()).isEqualTo(QualitySettings.DEFAULT);
    assertThat(config.metrics()).isEqualTo(MetricsConfig.DEFAULT);
  }

  @Test
  void everyKeyReachesItsRecord() {
    ServeConfig config =
        parse(
            """
            server: {address: 0.0.0.0, port: 1, allowed_hosts: [a.b], allowed_origins: ['https://c.d'], worker_count_per_gpu: 2,
              drain_sessions_seconds: 4, drain_timeout_seconds: 3, livetalking_api: true}
            api: {auth: false, page: anyone, requests_per_second: 4, max_upload_mb: 5, data_folder: f,
              keys: [{name: n, key: 0123456789abcdef, scopes: [create, ops]}]}
            tls: {certificate: a.pem, private_key: b.pem, client_ca: c.pem}
            live: {avatar: sam, hidden_avatars: [], max_sessions: 4, idle_timeout_seconds: 5, bitrate_kbps: 600,
              quality: {levels: [{speakers: 3, batch_frames: 4, still_quality: 50, bitrate_percent: 60, picture_interval: 2}],
                late_percent: 7.5, step_back_ms: 800, headroom_percent: 9}}
            avatars: {background_cache_frames: 9, background_cache_mb: 10}
            live_audio: {target_ms: 200, start_ms: 100, play_from_ms: 60, ceiling_ms: 300, refill_percent: 50, look_ahead_ms: 200}
            recordings: {max_minutes: 7, at_once: 8, keep_days: 0.5, keep_gb: 2}
            webhooks: {url: 'https://e.f/g', events: [ended], secret: 0123456789abcdef, private_addresses: true, timeout_seconds: 6, retries: 7}
            voice: {engine: openai, name: n}
            language_model: {engine: openai, server: {model: o}, instructions: p}
            recognizer: {engine: openai, language: de}
            turn_taking: {speech_probability: 0.1, barge_in_probability: 0.2, minimum_speech_ms: 3, barge_in_speech_ms: 4,
              end_silence_ms: 500, pre_roll_ms: 6, longest_turn_seconds: 7, echo_guard: false}
            webrtc: {address: '::1', port: 9, tcp: false, advertised_addresses: [192.0.2.7],
              ice_servers: [{url: 'stun:s:1'}, {url: 'turn:t:2', username: u, credential: w}]}
            onnx: {intra_op_threads: 2}
            metrics: {port: 19}
            """);

    assertThat(config.server())
        .isEqualTo(
            new WebConfig("0.0.0.0", 1, List.of("a.b"), List.of("https://c.d"), 2, 4, 3, true));
    assertThat(config.tls()).isEqualTo(new TlsConfig("a.pem", "b.pem", "c.pem"));
    assertThat(config.api())
        .isEqualTo(
            new ApiConfig(
                false,
                "anyone",
                List.of(
                    new ApiKeyConfig(
                        "n", new Secret("0123456789abcdef"), List.of("create", "ops"))),
                4,
                5,
                "f"));
    assertThat(config.liveAudio()).isEqualTo(new LiveAudioConfig(200, 100, 60, 300, 50, 200));
    assertThat(config.avatars().bounds()).isEqualTo(new FrameBounds(9, 10 << 20));
    assertThat(config.live())
        .isEqualTo(
            new LiveConfig(
                "sam",
                List.of(),
                4,
                5,
                600,
                new QualityConfig(List.of(new QualityConfig.Level(3, 4, 50, 60, 2)), 7.5, 800, 9)));
    assertThat(config.recordings()).isEqualTo(new RecordingsConfig(7, 8, 0.5, 2));
    assertThat(config.recordings().limits())
        .isEqualTo(new Recordings.Limits(Duration.ofMinutes(7), 8, Duration.ofHours(12), 2L << 30));
    assertThat(config.webhooks())
        .isEqualTo(
            new WebhooksConfig(
                "https://e.f/g", List.of("ended"), new Secret("0123456789abcdef"), true, 6, 7));
    assertThat(config.voice().name()).isEqualTo("n");
    assertThat(config.languageModel().server().model()).isEqualTo("o");
    assertThat(config.recognizer().language()).isEqualTo("de");
    assertThat(config.turnTaking())
        .isEqualTo(new TurnTakingConfig(0.1, 0.2, 3, 4, 500, 6, 7, false));
    assertThat(config.webrtc())
        .isEqualTo(
            new WebRtcConfig(
                "::1",
                9,
                false,
                List.of("192.0.2.7"),
                List.of(
                    new IceServerConfig("stun:s:1", "", Secret.NONE),
                    new IceServerConfig("turn:t:2", "u", new Secret("w")))));
    assertThat(config.computing().server().workerCountPerGpu()).isEqualTo(2);
    assertThat(config.computing().onnx()).isEqualTo(new OnnxConfig(1, 2, 1, 1024));
    assertThat(config.metrics().port()).isEqualTo(19);
    assertThat(ConfigFile.print(config)).doesNotContain("credential: w").contains("(hidden)");
  }

  @Test
  void theReferenceFileHoldsEveryKeyAtItsDefault() throws IOException {
    String reference = Files.readString(REFERENCE);

    assertThat(parse(reference)).isEqualTo(ServeConfig.DEFAULT);
    for (String key : ConfigFile.keys(ServeConfig.DEFAULT).keySet()) {
      String last = key.substring(key.lastIndexOf('.') + 1);
      assertThat(
              Pattern.compile("(?m)^[# ].*\\b" + last + ":|^" + last + ":")
                  .matcher(reference)
                  .find())
          .as(key + " in " + REFERENCE)
          .isTrue();
    }
  }

  @Test
  void thePageListsEveryKeyOfItsOwnWithItsDefault() throws IOException {
    String page = Files.readString(PAGE);
    page =
        page.substring(
            page.indexOf("\n# Configuration of `lipstream serve`"),
            page.indexOf("\n# Configuration of `lipstream compositing`"));
    Set<String> listed = new TreeSet<>();
    Pattern row = Pattern.compile("(?m)^\\| `([a-z0-9_.*]+)` \\| ");
    row.matcher(page).results().forEach(found -> listed.add(found.group(1)));
    Set<String> expected = new TreeSet<>(ConfigFile.keys(ServeConfig.DEFAULT).keySet());
    expected.removeAll(ConfigFile.keys(ServeConfig.DEFAULT.computing()).keySet());
    expected.addAll(List.of("server.address", "server.port", "server.worker_count_per_gpu"));
    expected.add("server.drain_timeout_seconds");
    expected.addAll(RefusedKeys.all(ServeConfig.DEFAULT).keySet());

    assertThat(listed).isEqualTo(expected);
    String text = page;
    ConfigFile.keys(ServeConfig.DEFAULT)
        .forEach(
            (key, value) -> {
              if (expected.contains(key) && value.length() < 60) {
                assertThat(text)
                    .contains("| `" + key + "` | `" + value.replace("\"\"", "empty") + "` |");
              }
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "server: {prot: 1} | :1: unknown key server.prot",
        "server: {queue_size: 1} | :1: server.queue_size belongs to lipstream inference",
        "server: {allowed_hosts: ['a/b']} | :1: server.allowed_hosts must hold names",
        "server: {allowed_origins: [a.b]} | :1: server.allowed_origins must hold origins",
        "api: {page: all} | :1: api.page must be one of local, anyone, nobody",
        "api: {keys: [{name: a, key: short, scopes: [ops]}]} | api.keys must have keys of at least",
        "api: {keys: [{name: a, key: 0123456789abcdef, scopes: [all]}]} | must have scopes out of",
        "webhooks: {url: 'https://a.b'} | webhooks.secret is missing",
        "webhooks: {url: 'ftp://a.b'} | webhooks.url must be such as https://",
        "webhooks: {secret: short} | webhooks.secret must have at least 16 characters",
        "webhooks: {events: [speech]} | webhooks.events must be out of state",
        "recordings: {keep_days: -1} | :1: recordings.keep_days must be from 0",
        "live: {idle_timeout_seconds: 1} | :1: live.idle_timeout_seconds must be from 5",
        "live_audio: {start_ms: 200} | :1: live_audio.start_ms must be from 20 to 160",
        "live_audio: {look_ahead_ms: 100} | :1: live_audio.look_ahead_ms must be from 120",
        "avatars: {background_cache_frames: 7} | :1: avatars.background_cache_frames must be from 8",
        "capacity: {background_cache_frames: 9} | is avatars.background_cache_frames here",
        "live: {quality: {levels: []}} | live.quality.levels must have at least one level",
        "live: {quality: {levels: [{speakers: 0, batch_frames: 4, still_quality: 50, bitrate_percent: 60, picture_interval: 1}]}} | live.quality.levels.speakers must be from 1",
        "live: {quality: {headroom_percent: 95}} | live.quality.headroom_percent must be from 0",
        "voice: {server: {model: m}} | :1: voice.server is for voice.engine: openai",
        "turn_taking: {speech_probability: 1} | :1: turn_taking.speech_probability must be from",
        "webrtc: {ice_servers: [{url: 'http://a'}]} | webrtc.ice_servers must have urls",
        "webrtc: {port: 8080} | :1: webrtc.port is the server's own port",
        "capacity: {visuals_memory_gb: 1} | :1: capacity.visuals_memory_gb belongs to",
        "metrics: {port: 8080} | :1: metrics.port is the server's own port",
        "output: {format: jpeg} | :1: output is not needed",
      })
  void refusesAValueWithItsLineAndReason(String yaml, String reason) {
    assertThat(refusal(yaml.strip()).getMessage()).startsWith("test.yaml").contains(reason);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 9000})
  void theCommandLinesPortGoesBeforeTheFiles(int port) {
    assertThat(parse("server: {port: 1}").withPort(port).server().port()).isEqualTo(port);
  }
}
