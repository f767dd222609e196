package io.lipstream.speech;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.speech.http.ApiClient;
import io.lipstream.speech.http.ApiServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The voice of a server with {@code POST /v1/audio/speech}, heard while it is made.
 *
 * <p>Thread-safe.
 */
public final class OpenAiVoice implements SpeechSynthesizer {
  /** The first request is short so that its sound comes early. */
  private static final int FIRST_REQUEST_CHARS = 300;

  /** Well under the protocol's 4096. */
  private static final int REQUEST_CHARS = 2_000;

  private static final int PIECES_AHEAD = 64;
  private static final int BARE_RATE_HZ = 24_000;
  private static final List<String> FORMATS = List.of("wav", "pcm");

  private final ApiClient client;
  private final String defaultVoice;
  private final String responseFormat;

  /**
   * A voice on a server.
   *
   * @param defaultVoice spoken with when the caller names none
   * @param responseFormat wav (any rate) or pcm (24 kHz, 16 bit, mono)
   */
  public OpenAiVoice(ApiServer server, String defaultVoice, String responseFormat) {
    if (!FORMATS.contains(responseFormat)) {
      throw new IllegalArgumentException("responseFormat must be wav or pcm: " + responseFormat);
    }
    this.client = new ApiClient(server);
    this.defaultVoice = defaultVoice;
    this.responseFormat = responseFormat;
  }

  /** Empty: the protocol has no way to ask. */
  @Override
  public List<String> voices() {
    return List.of();
  }

  @Override
  public PcmSource speak(String text, String voice) {
    List<Sentence> requests = requests(Sentences.of(text));
    String name = voice.isEmpty() ? defaultVoice : voice;
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
    client.close();
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
        try (InputStream body = client.postJson(content(request.text())).body()) {
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
          responseFormat.equals("wav") ? WavStream.open(body) : WavStream.bare(body, BARE_RATE_HZ);
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

    private Map<String, String> content(String text) {
      return Map.of(
          "model",
          client.server().model(),
          "input",
          text,
          "voice",
          voice,
          "response_format",
          responseFormat);
    }
  }

  private LipstreamException brokenOff(IOException cause) {
    if (cause instanceof WavStream.FormatException) {
      return client.unreadable(
          "sent sound that cannot be read: " + cause.getMessage(),
          "it must answer response_format \"" + responseFormat + "\"",
          cause);
    }
    return client.brokenOff(cause);
  }
}
