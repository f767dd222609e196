package io.lipstream.speech;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiVoiceTest {
  private static final String KEY = "sk-secret-123";

  /** What the server does with one request. */
  private interface Reply {
    void to(HttpExchange exchange) throws IOException;
  }

  private final List<JsonNode> requests = Collections.synchronizedList(new ArrayList<>());
  private final List<String> authorizations = Collections.synchronizedList(new ArrayList<>());
  private final Queue<Reply> replies = new ArrayDeque<>();
  private final CountDownLatch testEnded = new CountDownLatch(1);
  private final ExecutorService handlers = Executors.newCachedThreadPool();
  private HttpServer server;
  private OpenAiVoice voice;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(handlers);
    server.createContext("/v1/audio/speech", this::serve);
    server.start();
    voice = new OpenAiVoice(server("wav", 2));
  }

  @AfterEach
  void stop() {
    testEnded.countDown();
    voice.close();
    server.stop(0);
    handlers.shutdownNow();
  }

  @Test
  void hearsAWavAtItsOwnRate() {
    replies.add(ok(WavBytes.pcm16(22_050, 1, 0, 16_384, -32_768)));
    try (PcmSource source = voice.speak("Hello.", "nova")) {
      assertThat(source.format()).isEqualTo(new PcmFormat(22_050, 1));
      float[] sound = MaryVoiceTest.readAll(source);
      assertThat(Arrays.copyOf(sound, 3)).containsExactly(0f, 0.5f, -1f);
      assertThat(source.expectedFrames()).hasValue(sound.length);
    }
    JsonNode request = requests.getFirst();
    assertThat(request.path("input").asText()).isEqualTo("Hello.");
    assertThat(request.path("voice").asText()).isEqualTo("nova");
    assertThat(request.path("model").asText()).isEqualTo("tts-1");
    assertThat(request.path("response_format").asText()).isEqualTo("wav");
    assertThat(authorizations).containsExactly("Bearer " + KEY);
  }

  @Test
  void hearsBarePcm() {
    voice = new OpenAiVoice(server("pcm", 0));
    replies.add(ok(new byte[] {0, 0x40, 0, (byte) 0xC0, 7}));
    try (PcmSource source = voice.speak("Hello.", "")) {
      assertThat(source.format()).isEqualTo(new PcmFormat(24_000, 1));
      assertThat(Arrays.copyOf(MaryVoiceTest.readAll(source), 2)).containsExactly(0.5f, -0.5f);
    }
    assertThat(requests.getFirst().path("voice").asText()).isEqualTo("alloy");
  }

  @Test
  void hearsTheBeginningBeforeTheServerHasFinished() {
    CountDownLatch heard = new CountDownLatch(1);
    byte[] wav = WavBytes.streamed(24_000, 1_000, 2_000, 3_000, 4_000);
    replies.add(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(wav, 0, wav.length - 4);
          exchange.getResponseBody().flush();
          await(heard);
          exchange.getResponseBody().write(wav, wav.length - 4, 4);
          exchange.close();
        });
    try (PcmSource source = voice.speak("Hello.", "")) {
      float[] sound = new float[10];
      assertThat(source.read(sound, 2)).isEqualTo(2);
      assertThat(source.expectedFrames()).isEmpty();
      heard.countDown();
      assertThat(source.read(sound, 10)).isEqualTo(2);
      assertThat(sound[1]).isEqualTo(4_000 / 32_768f);
    }
  }

  @Test
  void sendsALongTextInSeveralRequests() {
    for (int i = 0; i < 20; i++) {
      replies.add(ok(WavBytes.pcm16(24_000, 1, i)));
    }
    String text = "This sentence has exactly fifty characters, I hope. ".repeat(100);
    try (PcmSource source = voice.speak(text, "")) {
      MaryVoiceTest.readAll(source);
    }
    assertThat(requests).hasSizeBetween(3, 6);
    assertThat(requests)
        .allSatisfy(r -> assertThat(r.path("input").asText().length()).isLessThanOrEqualTo(4_096));
    String all = String.join(" ", requests.stream().map(r -> r.path("input").asText()).toList());
    assertThat(all).isEqualTo(text.strip());
  }

  @Test
  void triesAgainAfterTooManyRequestsAndServerErrors() {
    replies.add(
        exchange -> {
          exchange.getResponseHeaders().add("Retry-After", "0");
          answer(exchange, 429, "slow down".getBytes(UTF_8));
        });
    replies.add(exchange -> answer(exchange, 503, "starting".getBytes(UTF_8)));
    replies.add(ok(WavBytes.pcm16(24_000, 1, 5)));
    assertThat(say()).startsWith(5 / 32_768f);
    assertThat(requests).hasSize(3);
  }

  @Test
  void doesNotWaitAsLongAsAServerMightAsk() {
    replies.add(
        exchange -> {
          exchange.getResponseHeaders().add("Retry-After", "86400");
          answer(exchange, 429, "{\"error\":{\"message\":\"quota used up\"}}".getBytes(UTF_8));
        });
    assertThat(failure()).hasMessageContaining("429").hasMessageContaining("quota used up");
    assertThat(requests).hasSize(1);
  }

  @Test
  void namesTheServerAndItsMessageButNotTheKey() {
    String long401 =
        "{\"error\":{\"message\":\"bad key " + KEY + " \\n " + "x".repeat(900) + "\"}}";
    replies.add(exchange -> answer(exchange, 401, long401.getBytes(UTF_8)));
    LipstreamException failure = failure();
    assertThat(failure.kind()).isEqualTo(LipstreamException.Kind.ENVIRONMENT);
    assertThat(failure)
        .hasMessageContaining("127.0.0.1:" + server.getAddress().getPort() + "/v1/audio/speech")
        .hasMessageContaining("401: bad key *** x")
        .message()
        .doesNotContain(KEY)
        .hasSizeLessThan(350);
    assertThat(failure.hint()).contains("LIPSTREAM_TTS_KEY");
    assertThat(requests).hasSize(1);
  }

  @Test
  void givesUpOnAServerThatKeepsFailing() {
    for (int i = 0; i < 3; i++) {
      replies.add(exchange -> answer(exchange, 500, "boom".getBytes(UTF_8)));
    }
    assertThat(failure()).hasMessageContaining("500: boom");
    assertThat(requests).hasSize(3);
  }

  @Test
  void doesNotFollowARedirect() {
    replies.add(
        exchange -> {
          exchange.getResponseHeaders().add("Location", "http://elsewhere.example/v1");
          answer(exchange, 307, new byte[0]);
        });
    assertThat(failure()).hasMessageContaining("307").hasMessageContaining("elsewhere.example");
  }

  @Test
  void saysSoWhenTheServerIsNotThere() throws IOException {
    int port;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
    }
    voice = new OpenAiVoice(settings("http://127.0.0.1:" + port, "wav", 1));
    LipstreamException failure = failure();
    assertThat(failure).hasMessageContaining("http://127.0.0.1:" + port + "/v1/audio/speech");
    assertThat(failure.hint()).contains("is it running");
    assertThat(failure.kind()).isEqualTo(LipstreamException.Kind.ENVIRONMENT);
  }

  @Test
  void saysSoWhenTheAnswerBreaksOffAndKeepsWhatWasHeard() {
    byte[] wav = WavBytes.streamed(24_000, 7, 8, 9);
    replies.add(
        exchange -> {
          exchange.sendResponseHeaders(200, wav.length + 1_000);
          exchange.getResponseBody().write(wav);
          exchange.getResponseBody().flush();
          exchange.close();
        });
    try (PcmSource source = voice.speak("Hello.", "")) {
      float[] sound = new float[10];
      assertThat(source.read(sound, 10)).isEqualTo(3);
      assertThatThrownBy(() -> source.read(sound, 10))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("broke off");
    }
    assertThat(requests).hasSize(1);
  }

  @Test
  void givesUpWhenTheServerPausesTooLong() {
    voice = new OpenAiVoice(impatient());
    byte[] wav = WavBytes.streamed(24_000, 7);
    replies.add(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(wav);
          exchange.getResponseBody().flush();
          await(testEnded);
        });
    try (PcmSource source = voice.speak("Hello.", "")) {
      float[] sound = new float[10];
      assertThat(source.read(sound, 10)).isEqualTo(1);
      assertThatThrownBy(() -> source.read(sound, 10))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("broke off")
          .hasMessageContaining("nothing came for");
    }
  }

  @Test
  void givesUpWhenNoAnswerComes() {
    voice = new OpenAiVoice(impatient());
    replies.add(exchange -> await(testEnded));
    assertThat(failure()).hasMessageContaining("does not answer in time");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ID3 and so on, an mp3",
        "<html>welcome to the wrong port</html>",
        "RIFF1234WAVE",
        "RIFF"
      })
  void refusesWhatIsNotSound(String body) {
    replies.add(ok(body.getBytes(UTF_8)));
    assertThat(failure().getMessage()).containsAnyOf("cannot be read", "broke off");
  }

  @Test
  void refusesAWavWithoutSound() {
    replies.add(ok(WavBytes.pcm16(24_000, 1)));
    assertThat(failure()).hasMessageContaining("no sound");
  }

  @Test
  void closingEarlyEndsTheRequestAndTheThread() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    byte[] silence = new byte[64 * 1_024];
    replies.add(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          try {
            exchange.getResponseBody().write(WavBytes.streamed(24_000, 7));
            while (true) {
              exchange.getResponseBody().write(silence);
              exchange.getResponseBody().flush();
            }
          } catch (IOException closedByTheReader) {
            gone.countDown();
          }
        });
    PcmSource source = voice.speak("Hello.", "");
    source.read(new float[10], 10);
    List<Thread> speaking =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("speech-"))
            .toList();
    source.close();
    for (Thread thread : speaking) {
      thread.join(20_000);
      assertThat(thread.isAlive()).isFalse();
    }
    await(gone);
  }

  @Test
  void refusesATextWithoutAWordBeforeAskingTheServer() {
    assertThatThrownBy(() -> voice.speak("...", "")).isInstanceOf(LipstreamException.class);
    assertThat(requests).isEmpty();
  }

  private float[] say() {
    try (PcmSource source = voice.speak("Hello.", "")) {
      return MaryVoiceTest.readAll(source);
    }
  }

  private LipstreamException failure() {
    return catchThrowableOfType(LipstreamException.class, this::say);
  }

  private SpeechServer server(String responseFormat, int retries) {
    return settings(
        "http://127.0.0.1:" + server.getAddress().getPort() + "/v1/", responseFormat, retries);
  }

  /** Gives up after two seconds of silence: long enough for a busy machine to answer. */
  private SpeechServer impatient() {
    SpeechServer patient = server("wav", 0);
    return new SpeechServer(
        patient.baseUrl(),
        patient.model(),
        patient.voice(),
        patient.responseFormat(),
        patient.apiKey(),
        patient.connectTimeout(),
        Duration.ofSeconds(2),
        Duration.ofSeconds(2),
        0,
        patient.firstBackoff());
  }

  private static SpeechServer settings(String url, String responseFormat, int retries) {
    return new SpeechServer(
        URI.create(url),
        "tts-1",
        "alloy",
        responseFormat,
        KEY,
        Duration.ofSeconds(60),
        Duration.ofSeconds(60),
        Duration.ofSeconds(60),
        retries,
        Duration.ofMillis(1));
  }

  private void serve(HttpExchange exchange) throws IOException {
    requests.add(new ObjectMapper().readTree(exchange.getRequestBody()));
    authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
    Reply reply;
    synchronized (replies) {
      reply = replies.remove();
    }
    reply.to(exchange);
  }

  private static Reply ok(byte[] body) {
    return exchange -> answer(exchange, 200, body);
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
