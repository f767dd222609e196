package io.lipstream.speech;

import static io.lipstream.speech.http.LoopbackServer.await;
import static io.lipstream.speech.http.LoopbackServer.status;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.speech.http.ApiService;
import io.lipstream.speech.http.LoopbackServer;
import io.lipstream.speech.http.LoopbackServer.Reply;
import java.io.IOException;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiVoiceTest extends SpeechSynthesizerContract {
  private LoopbackServer server;
  private OpenAiVoice voice;

  @BeforeEach
  void start() {
    server = new LoopbackServer();
    voice = voice("wav", 2);
  }

  @AfterEach
  void stop() {
    voice.close();
    server.close();
  }

  @Override
  SpeechSynthesizer speaker() {
    server.will(ok(WavBytes.pcm16(16_000, 1, 3_000, -20_000, 100)));
    return voice;
  }

  @Test
  void hearsAWavAtItsOwnRate() {
    server.will(ok(WavBytes.pcm16(22_050, 1, 0, 16_384, -32_768)));
    try (PcmSource source = voice.speak("Hello.", "nova")) {
      assertThat(source.format()).isEqualTo(new PcmFormat(22_050, 1));
      float[] sound = MaryVoiceTest.readAll(source);
      assertThat(Arrays.copyOf(sound, 3)).containsExactly(0f, 0.5f, -1f);
      assertThat(source.expectedFrames()).hasValue(sound.length);
    }
    JsonNode request = server.requests().getFirst().json();
    assertThat(request.path("input").asText()).isEqualTo("Hello.");
    assertThat(request.path("voice").asText()).isEqualTo("nova");
    assertThat(request.path("model").asText()).isEqualTo("some-model");
    assertThat(request.path("response_format").asText()).isEqualTo("wav");
    assertThat(server.requests().getFirst().authorization())
        .isEqualTo("Bearer " + LoopbackServer.KEY);
  }

  @Test
  void hearsBarePcm() {
    voice = voice("pcm", 0);
    server.will(ok(new byte[] {0, 0x40, 0, (byte) 0xC0, 7}));
    try (PcmSource source = voice.speak("Hello.", "")) {
      assertThat(source.format()).isEqualTo(new PcmFormat(24_000, 1));
      assertThat(Arrays.copyOf(MaryVoiceTest.readAll(source), 2)).containsExactly(0.5f, -0.5f);
    }
    assertThat(server.requests().getFirst().json().path("voice").asText()).isEqualTo("alloy");
  }

  @Test
  void hearsTheBeginningBeforeTheServerHasFinished() {
    CountDownLatch heard = new CountDownLatch(1);
    byte[] wav = WavBytes.streamed(24_000, 1_000, 2_000, 3_000, 4_000);
    server.will(
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
      server.will(ok(WavBytes.pcm16(24_000, 1, i)));
    }
    String text = "This sentence has exactly fifty characters, I hope. ".repeat(100);
    try (PcmSource source = voice.speak(text, "")) {
      MaryVoiceTest.readAll(source);
    }
    assertThat(server.requests()).hasSizeBetween(3, 6);
    assertThat(server.requests())
        .allSatisfy(
            r -> assertThat(r.json().path("input").asText().length()).isLessThanOrEqualTo(4_096));
    String all =
        String.join(
            " ", server.requests().stream().map(r -> r.json().path("input").asText()).toList());
    assertThat(all).isEqualTo(text.strip());
  }

  @Test
  void triesAgainAfterTooManyRequestsAndServerErrors() {
    server.will(header("Retry-After", "0", status(429, "slow down")));
    server.will(status(503, "starting"));
    server.will(ok(WavBytes.pcm16(24_000, 1, 5)));
    assertThat(say()).startsWith(5 / 32_768f);
    assertThat(server.requests()).hasSize(3);
  }

  @Test
  void doesNotWaitAsLongAsAServerMightAsk() {
    server.will(
        header("Retry-After", "86400", status(429, "{\"error\":{\"message\":\"quota used up\"}}")));
    assertThat(failure()).hasMessageContaining("429").hasMessageContaining("quota used up");
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void namesTheServerAndItsMessageButNotTheKey() {
    String long401 =
        "{\"error\":{\"message\":\"bad key "
            + LoopbackServer.KEY
            + " \\n "
            + "x".repeat(900)
            + "\"}}";
    server.will(status(401, long401));
    LipstreamException failure = failure();
    assertThat(failure.kind()).isEqualTo(LipstreamException.Kind.ENVIRONMENT);
    assertThat(failure)
        .hasMessageContaining("127.0.0.1:" + server.port() + "/v1/audio/speech")
        .hasMessageContaining("401: bad key *** x")
        .message()
        .doesNotContain(LoopbackServer.KEY)
        .hasSizeLessThan(350);
    assertThat(failure.hint()).contains("LIPSTREAM_TTS_KEY");
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void givesUpOnAServerThatKeepsFailing() {
    for (int i = 0; i < 3; i++) {
      server.will(status(500, "boom"));
    }
    assertThat(failure()).hasMessageContaining("500: boom");
    assertThat(server.requests()).hasSize(3);
  }

  @Test
  void doesNotFollowARedirect() {
    server.will(header("Location", "http://elsewhere.example/v1", status(307, "")));
    assertThat(failure()).hasMessageContaining("307").hasMessageContaining("elsewhere.example");
  }

  @Test
  void saysSoWhenTheServerIsNotThere() throws IOException {
    try (Socket taken = LoopbackServer.deafPort()) {
      int port = taken.getLocalPort();
      voice = new OpenAiVoice(LoopbackServer.at(ApiService.SPEECH, port, 1), "alloy", "wav");
      LipstreamException failure = failure();
      assertThat(failure).hasMessageContaining("http://127.0.0.1:" + port + "/v1/audio/speech");
      assertThat(failure.hint()).contains("is it running");
      assertThat(failure.kind()).isEqualTo(LipstreamException.Kind.ENVIRONMENT);
    }
  }

  @Test
  void saysSoWhenTheAnswerBreaksOffAndKeepsWhatWasHeard() {
    byte[] wav = WavBytes.streamed(24_000, 7, 8, 9);
    server.will(LoopbackServer.cutOff("audio/wav", wav));
    try (PcmSource source = voice.speak("Hello.", "")) {
      float[] sound = new float[10];
      assertThat(source.read(sound, 10)).isEqualTo(3);
      assertThatThrownBy(() -> source.read(sound, 10))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("broke off");
    }
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void givesUpWhenTheServerPausesTooLong() {
    voice = new OpenAiVoice(server.impatient(ApiService.SPEECH), "alloy", "wav");
    byte[] wav = WavBytes.streamed(24_000, 7);
    server.will(server.stall(wav));
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
    voice = new OpenAiVoice(server.hasty(ApiService.SPEECH), "alloy", "wav");
    server.will(server.hang());
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
    server.will(ok(body.getBytes(UTF_8)));
    assertThat(failure().getMessage()).containsAnyOf("cannot be read", "broke off");
  }

  @Test
  void refusesAWavWithoutSound() {
    server.will(ok(WavBytes.pcm16(24_000, 1)));
    assertThat(failure()).hasMessageContaining("no sound");
  }

  @Test
  void closingEarlyEndsTheRequestAndTheThread() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    server.will(LoopbackServer.endless(WavBytes.streamed(24_000, 7), new byte[64 * 1_024], gone));
    PcmSource source = voice.speak("Hello.", "");
    source.read(new float[10], 10);
    List<Thread> speaking =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("speech-"))
            .toList();
    source.close();
    for (Thread thread : speaking) {
      thread.join(60_000);
      assertThat(thread.isAlive()).isFalse();
    }
    await(gone);
  }

  @Test
  void refusesATextWithoutAWordBeforeAskingTheServer() {
    assertThatThrownBy(() -> voice.speak("...", "")).isInstanceOf(LipstreamException.class);
    assertThat(server.requests()).isEmpty();
  }

  private float[] say() {
    try (PcmSource source = voice.speak("Hello.", "")) {
      return MaryVoiceTest.readAll(source);
    }
  }

  private LipstreamException failure() {
    return catchThrowableOfType(LipstreamException.class, this::say);
  }

  private OpenAiVoice voice(String responseFormat, int retries) {
    return new OpenAiVoice(server.at(ApiService.SPEECH, retries), "alloy", responseFormat);
  }

  private static Reply ok(byte[] body) {
    return LoopbackServer.ok("audio/wav", body);
  }

  private static Reply header(String name, String value, Reply reply) {
    return exchange -> {
      exchange.getResponseHeaders().add(name, value);
      reply.to(exchange);
    };
  }
}
