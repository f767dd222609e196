package io.lipstream.speech.recognition;

import static io.lipstream.speech.http.LoopbackServer.await;
import static io.lipstream.speech.http.LoopbackServer.status;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.talk.SpeechRecognizer;
import io.lipstream.speech.http.ApiService;
import io.lipstream.speech.http.LoopbackServer;
import io.lipstream.speech.http.LoopbackServer.Reply;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CountDownLatch;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiRecognizerTest extends SpeechRecognizerContract {
  private static final String HELLO = "{\"text\":\" Hello. How can I help you today?\"}";

  private final LoopbackServer server = new LoopbackServer();
  private OpenAiRecognizer recognizer =
      new OpenAiRecognizer(server.at(ApiService.RECOGNITION, 2), "en");

  @AfterEach
  void stop() {
    recognizer.close();
    server.close();
  }

  @Override
  SpeechRecognizer ready() {
    server.will(answer(HELLO));
    return recognizer;
  }

  @Test
  void sendsAWavWithWhatItIs()
      throws IOException, UnsupportedAudioFileException, InterruptedException {
    server.will(answer(HELLO));
    assertThat(say(0.5f, -1, 2).text()).isEqualTo("Hello. How can I help you today?");
    LoopbackServer.Request request = server.requests().getFirst();
    assertThat(request.path()).isEqualTo("/v1/audio/transcriptions");
    assertThat(request.authorization()).isEqualTo("Bearer " + LoopbackServer.KEY);
    String boundary = request.contentType().replaceFirst(".*boundary=", "");
    String[] parts =
        request.body().split("\r\n?--" + boundary + "(--)?\r\n|--" + boundary + "\r\n", -1);
    assertThat(request.body())
        .contains("name=\"model\"\r\n\r\nsome-model\r\n")
        .contains("name=\"language\"\r\n\r\nen\r\n")
        .contains("name=\"response_format\"\r\n\r\njson\r\n")
        .endsWith("\r\n--" + boundary + "--\r\n");
    String file = parts[parts.length - 2];
    assertThat(file).contains("filename=\"utterance.wav\"").contains("Content-Type: audio/wav");
    byte[] wav = file.substring(file.indexOf("\r\n\r\n") + 4).getBytes(ISO_8859_1);
    try (AudioInputStream sound = AudioSystem.getAudioInputStream(new ByteArrayInputStream(wav))) {
      assertThat(sound.getFormat().matches(new AudioFormat(16_000, 16, 1, true, false))).isTrue();
      assertThat(sound.readAllBytes()).containsExactly(0, 0x40, 0, (byte) 0x80, (byte) 0xFF, 0x7F);
    }
  }

  @Test
  void triesAgainWhenTheServerIsBusy() throws InterruptedException {
    server.will(status(429, "slow down"));
    server.will(status(500, "boom"));
    server.will(answer(HELLO));
    assertThat(say(0).text()).startsWith("Hello");
    assertThat(server.requests()).hasSize(3);
  }

  @Test
  void saysWhyItWasRefused() throws InterruptedException {
    server.will(status(401, "{\"error\":{\"message\":\"bad key\"}}"));
    LipstreamException failure = say(0).failure();
    assertThat(failure)
        .hasMessageContaining("the speech recognition server")
        .hasMessageContaining("401: bad key");
    assertThat(failure.hint()).contains("LIPSTREAM_STT_KEY");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Hello", "{\"texts\":[]}", "[", "{\"text\":7}", "null"})
  void refusesWhatIsNoTranscript(String body) throws InterruptedException {
    server.will(answer(body));
    assertThat(say(0).failure()).hasMessageContaining("no transcript");
  }

  @Test
  void saysSoWhenTheServerFailsInItsAnswer() throws InterruptedException {
    server.will(answer("{\"error\":\"failed to read WAV\"}"));
    assertThat(say(0).failure()).hasMessageContaining("failed to read WAV");
  }

  @Test
  void saysSoWhenTheAnswerBreaksOff() throws InterruptedException {
    server.will(LoopbackServer.cutOff("application/json", "{\"text\":".getBytes(UTF_8)));
    assertThat(say(0).failure()).hasMessageContaining("broke off");
  }

  @Test
  void givesUpOnAServerThatHangs() throws InterruptedException {
    recognizer = new OpenAiRecognizer(server.hasty(ApiService.RECOGNITION), "");
    server.will(server.hang());
    assertThat(say(0).failure()).hasMessageContaining("does not answer in time");
  }

  @Test
  void givesUpOnAServerThatPausesTooLong() throws InterruptedException {
    recognizer = new OpenAiRecognizer(server.impatient(ApiService.RECOGNITION), "");
    server.will(server.stall("{".getBytes(UTF_8)));
    assertThat(say(0).failure()).hasMessageContaining("nothing came for");
    assertThat(server.requests().getFirst().body()).doesNotContain("language");
  }

  @Test
  void closingAnUtteranceEndsItsRequest() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    CountDownLatch hungUp = new CountDownLatch(1);
    server.will(
        exchange -> {
          asked.countDown();
          exchange.sendResponseHeaders(200, 0);
          OutputStream answer = exchange.getResponseBody();
          answer.write(new byte[1_024]);
          answer.flush();
          await(closed); // A whole answer too long to be one would be told.
          try {
            while (true) {
              answer.write(new byte[1_024]);
              answer.flush();
            }
          } catch (IOException closedByTheReader) {
            hungUp.countDown();
          }
        });
    Transcript transcript = new Transcript();
    SpeechRecognizer.Utterance utterance = recognizer.open(transcript);
    utterance.push(new float[10], 0, 10);
    utterance.finish();
    await(asked);
    utterance.close();
    closed.countDown();
    await(hungUp);
    assertThat(transcript.calls()).isZero();
  }

  private Transcript say(float... samples) {
    Transcript transcript = new Transcript();
    SpeechRecognizer.Utterance utterance = recognizer.open(transcript);
    utterance.push(samples, 0, samples.length);
    utterance.finish();
    return transcript;
  }

  private static Reply answer(String body) {
    return LoopbackServer.ok("application/json", body.getBytes(UTF_8));
  }
}
