package io.lipstream.speech;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The voice of a server with {@code POST /v1/audio/speech}, heard while it is made.
 *
 * <p>Thread-safe. Redirects are not followed: the text and the key go to the address given and
 * nowhere else.
 */
public final class OpenAiVoice implements SpeechSynthesizer {
  /** The first request is short so that its sound comes early. */
  private static final int FIRST_REQUEST_CHARS = 300;

  /** Well under the protocol's 4096. */
  private static final int REQUEST_CHARS = 2_000;

  private static final int PIECES_AHEAD = 64;
  private static final int BARE_RATE_HZ = 24_000;
  private static final int MAX_ERROR_BYTES = 8_192;
  private static final int MAX_ERROR_CHARS = 200;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SpeechServer server;
  private final HttpClient client;

  public OpenAiVoice(SpeechServer server) {
    this.server = server;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(server.connectTimeout())
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  /** Empty: the protocol has no way to ask. */
  @Override
  public List<String> voices() {
    return List.of();
  }

  @Override
  public PcmSource speak(String text, String voice) {
    List<Sentence> requests = requests(Sentences.of(text));
    String name = voice.isEmpty() ? server.voice() : voice;
    return new NarratedSource(listener -> new Telling(name, listener).tell(requests), PIECES_AHEAD);
  }

  /** Joins sentences into the texts of requests, each with the pause after its last sentence. */
  static List<Sentence> requests(List<Sentence> sentences) {
    List<Sentence> requests = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    int pauseMillis = 0;
    for (Sentence sentence : sentences) {
      int limit = requests.isEmpty() ? FIRST_REQUEST_CHARS : REQUEST_CHARS;
      if (!text.isEmpty() && text.length() + 2 + sentence.text().length() > limit) {
        requests.add(new Sentence(text.toString(), pauseMillis));
        text.setLength(0);
      }
      boolean newParagraph = pauseMillis == Sentences.PARAGRAPH_PAUSE_MILLIS;
      text.append(text.isEmpty() ? "" : newParagraph ? "\n\n" : " ").append(sentence.text());
      pauseMillis = sentence.pauseAfterMillis();
    }
    requests.add(new Sentence(text.toString(), pauseMillis));
    return requests;
  }

  /** Ends the connections of sounds still being made. */
  @Override
  public void close() {
    client.shutdownNow();
  }

  /** One text being spoken; lives on its narrator's thread. */
  private final class Telling {
    private final String voice;
    private final Narration.Listener listener;
    private int sampleRateHz;

    Telling(String voice, Narration.Listener listener) {
      this.voice = voice;
      this.listener = listener;
    }

    void tell(List<Sentence> requests) throws InterruptedException {
      for (Sentence request : requests) {
        try (InputStream body = answer(request.text())) {
          pass(body);
        } catch (InterruptedIOException e) {
          InterruptedException interrupted = new InterruptedException("closed");
          interrupted.initCause(e);
          throw interrupted;
        } catch (IOException e) {
          throw brokenOff(e);
        }
        listener.sound(new float[sampleRateHz * request.pauseAfterMillis() / 1_000]);
      }
    }

    private void pass(InputStream body) throws IOException, InterruptedException {
      WavStream sound =
          server.responseFormat().equals("wav")
              ? WavStream.open(body)
              : WavStream.bare(body, BARE_RATE_HZ);
      if (sampleRateHz == 0) {
        sampleRateHz = sound.sampleRateHz();
        listener.format(new PcmFormat(sampleRateHz, 1));
      } else if (sampleRateHz != sound.sampleRateHz()) {
        throw new WavStream.FormatException(
            "its sample rate changed from %d to %d Hz"
                .formatted(sampleRateHz, sound.sampleRateHz()));
      }
      float[] piece = sound.next();
      if (piece.length == 0) {
        throw new WavStream.FormatException("it holds no sound");
      }
      while (piece.length > 0) {
        listener.sound(piece);
        piece = sound.next();
      }
    }

    /** The body of a good answer; tries again while nothing was heard of this text yet. */
    private InputStream answer(String text) throws InterruptedException {
      HttpRequest request = request(text);
      for (int attempt = 0; ; attempt++) {
        boolean lastAttempt = attempt == server.retries();
        Duration wait = server.firstBackoff().multipliedBy(1L << Math.min(attempt, 10));
        try {
          HttpResponse<InputStream> response =
              client.send(request, info -> new ResponseBody(server.idleTimeout()));
          if (response.statusCode() / 100 == 2) {
            return response.body();
          }
          boolean worthRetrying = response.statusCode() == 429 || response.statusCode() >= 500;
          Duration asked = retryAfter(response).orElse(wait);
          if (lastAttempt || !worthRetrying || asked.compareTo(LONGEST_WAIT) > 0) {
            throw refused(response);
          }
          response.body().close();
          wait = asked;
        } catch (HttpTimeoutException e) {
          if (lastAttempt) {
            throw noAnswer("does not answer in time", e);
          }
        } catch (IOException e) {
          if (lastAttempt) {
            throw noAnswer("cannot be reached", e);
          }
        }
        Thread.sleep(wait);
      }
    }

    private HttpRequest request(String text) {
      Map<String, String> content =
          Map.of(
              "model",
              server.model(),
              "input",
              text,
              "voice",
              voice,
              "response_format",
              server.responseFormat());
      try {
        HttpRequest.Builder request =
            HttpRequest.newBuilder(server.endpoint())
                .timeout(server.answerTimeout())
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(content)));
        if (!server.apiKey().isEmpty()) {
          request.header("Authorization", "Bearer " + server.apiKey());
        }
        return request.build();
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("strings are always JSON", e);
      }
    }
  }

  private static Optional<Duration> retryAfter(HttpResponse<?> response) {
    return response.headers().firstValue("Retry-After").flatMap(OpenAiVoice::duration);
  }

  private static Optional<Duration> duration(String retryAfter) {
    if (retryAfter.matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(retryAfter)));
    }
    try {
      ZonedDateTime when = ZonedDateTime.parse(retryAfter, DateTimeFormatter.RFC_1123_DATE_TIME);
      Duration wait = Duration.between(ZonedDateTime.now(when.getZone()), when);
      return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private LipstreamException refused(HttpResponse<InputStream> response) {
    int status = response.statusCode();
    String location =
        response.headers().firstValue("Location").map(to -> " (moved to " + to + ")").orElse("");
    String hint =
        switch (status) {
          case 401, 403 ->
              "set LIPSTREAM_TTS_KEY (or OPENAI_API_KEY for https) to a key this server accepts";
          case 404, 405 ->
              "check the address, the model and the voice; it must offer /v1/audio/speech";
          case 400, 422 ->
              "check that the server has the model \"" + server.model() + "\" and the voice";
          case 429 -> "wait a while or raise the server's limits";
          default ->
              status / 100 == 3 ? "give the address it moved to" : "look at the server's log";
        };
    String said = said(response.body());
    return environment(
        "the speech server "
            + server.endpoint()
            + " answered "
            + status
            + location
            + (said.isEmpty() ? "" : ": " + said),
        hint,
        null);
  }

  /** The server's own words: its JSON error message or the text as it came, without the key. */
  private String said(InputStream body) {
    String text;
    try (body) {
      text = new String(body.readNBytes(MAX_ERROR_BYTES), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
    try {
      JsonNode json = JSON.readTree(text);
      JsonNode message = json.path("error").path("message");
      if (!message.isTextual()) {
        message = json.path("detail");
      }
      text = message.isTextual() ? message.asText() : text;
    } catch (JsonProcessingException e) {
      // Not JSON: the text speaks for itself.
    }
    if (!server.apiKey().isEmpty()) {
      text = text.replace(server.apiKey(), "***");
    }
    text = text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    return text.length() <= MAX_ERROR_CHARS ? text : text.substring(0, MAX_ERROR_CHARS) + "...";
  }

  private LipstreamException noAnswer(String what, IOException cause) {
    return environment(
        "the speech server " + server.endpoint() + " " + what + reason(cause),
        "is it running, and is the address right?",
        cause);
  }

  private LipstreamException brokenOff(IOException cause) {
    if (cause instanceof WavStream.FormatException) {
      return environment(
          "the speech server "
              + server.endpoint()
              + " sent sound that cannot be read: "
              + cause.getMessage(),
          "it must answer response_format \"" + server.responseFormat() + "\"",
          cause);
    }
    return environment(
        "the speech server "
            + server.endpoint()
            + " broke off in the middle of its answer"
            + reason(cause),
        "try again; look at the server's log if it happens again",
        cause);
  }

  private static String reason(IOException cause) {
    return cause.getMessage() == null ? "" : ": " + cause.getMessage();
  }

  private static LipstreamException environment(
      String message, String hint, @Nullable Throwable cause) {
    return cause == null
        ? new LipstreamException(LipstreamException.Kind.ENVIRONMENT, message, hint)
        : new LipstreamException(LipstreamException.Kind.ENVIRONMENT, message, hint, cause);
  }
}
