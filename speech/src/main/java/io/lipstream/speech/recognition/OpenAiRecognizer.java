package io.lipstream.speech.recognition;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.media.talk.SpeechRecognizer;
import io.lipstream.speech.http.ApiClient;
import io.lipstream.speech.http.ApiServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;

/**
 * The recogniser of a server with {@code POST /v1/audio/transcriptions}: an utterance is sent when
 * it is complete, so there are no partial texts.
 *
 * <p>Thread-safe.
 */
public final class OpenAiRecognizer implements SpeechRecognizer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ThreadFactory THREADS = Thread.ofVirtual().name("recognizer-", 1).factory();
  private static final String BOUNDARY = "lipstream-5f0c6d3e9b1a47";
  private static final int WAV_HEADER_BYTES = 44;
  private static final int MAX_ANSWER_BYTES = 1 << 20;

  private final ApiClient client;
  private final String language;
  private final Set<Recording> recordings = ConcurrentHashMap.newKeySet();

  /**
   * A recogniser on a server.
   *
   * @param language two letters such as en; empty lets the server find out
   */
  public OpenAiRecognizer(ApiServer server, String language) {
    this.client = new ApiClient(server);
    this.language = language;
  }

  @Override
  public Utterance open(Listener listener) {
    Recording recording = new Recording(this::recognise, listener, THREADS, recordings::remove);
    recordings.add(recording);
    return recording.start();
  }

  private String recognise(Recording recording) throws InterruptedException {
    List<short[]> pieces = new ArrayList<>();
    for (Optional<short[]> piece = recording.next(); piece.isPresent(); piece = recording.next()) {
      pieces.add(piece.get());
    }
    if (pieces.isEmpty()) {
      return "";
    }
    ApiClient.Answer answer =
        client.post("multipart/form-data; boundary=" + BOUNDARY, form(wav(pieces)));
    try (InputStream body = answer.body()) {
      return text(new String(body.readNBytes(MAX_ANSWER_BYTES), StandardCharsets.UTF_8));
    } catch (InterruptedIOException e) {
      InterruptedException interrupted = new InterruptedException("closed");
      interrupted.initCause(e);
      throw interrupted;
    } catch (IOException e) {
      throw client.brokenOff(e);
    }
  }

  private String text(String answer) {
    try {
      JsonNode json = JSON.readTree(answer);
      JsonNode error = json.path("error");
      if (!error.isMissingNode() && !error.isNull()) {
        JsonNode message = error.path("message");
        throw client.failed(message.isTextual() ? message.asText() : error.toString());
      }
      if (json.path("text").isTextual()) {
        return json.path("text").asText().strip();
      }
    } catch (JsonProcessingException e) {
      // Told below, with what came.
    }
    throw client.unreadable(
        "answered what is no transcript: " + answer,
        "check that it offers /v1/audio/transcriptions",
        null);
  }

  private byte[] form(byte[] wav) {
    ByteArrayOutputStream form = new ByteArrayOutputStream(wav.length + 1_024);
    field(form, "model", client.server().model());
    field(form, "response_format", "json");
    if (!language.isEmpty()) {
      field(form, "language", language);
    }
    write(
        form,
        "--"
            + BOUNDARY
            + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"utterance.wav\"\r\n"
            + "Content-Type: audio/wav\r\n\r\n");
    form.writeBytes(wav);
    write(form, "\r\n--" + BOUNDARY + "--\r\n");
    return form.toByteArray();
  }

  private static void field(ByteArrayOutputStream form, String name, String value) {
    write(
        form,
        "--"
            + BOUNDARY
            + "\r\nContent-Disposition: form-data; name=\""
            + name
            + "\"\r\n\r\n"
            + value
            + "\r\n");
  }

  private static void write(ByteArrayOutputStream form, String text) {
    form.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] wav(List<short[]> pieces) {
    int bytes = 2 * pieces.stream().mapToInt(piece -> piece.length).sum();
    ByteBuffer wav = ByteBuffer.allocate(WAV_HEADER_BYTES + bytes).order(ByteOrder.LITTLE_ENDIAN);
    wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(WAV_HEADER_BYTES - 8 + bytes);
    wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
    wav.putShort((short) 1).putShort((short) 1);
    wav.putInt(Recording.RATE_HZ).putInt(2 * Recording.RATE_HZ);
    wav.putShort((short) 2).putShort((short) 16);
    wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(bytes);
    for (short[] piece : pieces) {
      for (short sample : piece) {
        wav.putShort(sample);
      }
    }
    return wav.array();
  }

  @Override
  public void close() {
    recordings.forEach(Recording::close);
    client.close();
  }
}
