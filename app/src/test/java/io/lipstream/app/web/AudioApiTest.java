package io.lipstream.app.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.app.config.ServeConfigs;
import io.lipstream.app.server.ServeRole;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.media.avatar.AvatarStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Live sound over a WebSocket, with real sessions of the avatar Tiny. */
final class AudioApiTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String START =
      "{\"type\": \"start\", \"format\": \"pcm16\", \"sampleRate\": 8000}";
  private static final int MESSAGE_BYTES = 320;

  private static ServeRole role;
  private static HttpClient client;

  private String session = "";

  @BeforeAll
  static void start() {
    role =
        ServeRole.start(
            new ServeRole.Setting(
                ServeConfigs.parse(
                    """
                    server: {port: 0, drain_timeout_seconds: 0}
                    api: {auth: false}
                    live: {avatar: tiny, max_sessions: 3, idle_timeout_seconds: 600}
                    metrics: {enabled: false}
                    """),
                Path.of(""),
                Catalogue.empty(),
                new AvatarStore(List.of(Path.of("../avatars"))),
                Map.of()));
    client = HttpClient.newHttpClient();
  }

  @AfterAll
  static void stop() {
    client.close();
    role.close();
  }

  @BeforeEach
  void begin() throws Exception {
    HttpRequest create =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + role.port() + "/v1/sessions"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{}"))
            .build();
    session =
        client.send(create, BodyHandlers.ofString()).headers().firstValue("location").orElseThrow();
  }

  @AfterEach
  void end() throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + role.port() + session);
    client.send(HttpRequest.newBuilder(uri).DELETE().build(), BodyHandlers.discarding());
  }

  /** A client of live sound, which remembers what it is told. */
  private static final class Sender implements WebSocket.Listener {
    private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final WebSocket socket;

    Sender(String session) {
      socket =
          client
              .newWebSocketBuilder()
              .buildAsync(URI.create("ws://127.0.0.1:" + role.port() + session + "/audio"), this)
              .join();
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
      messages.add(text.toString());
      return WebSocket.Listener.super.onText(from, text, last);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      closed.complete(code);
      return WebSocket.Listener.super.onClose(from, code, reason);
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      closed.complete(-1);
    }

    void send(String text) {
      socket.sendText(text, true).join();
    }

    void send(byte[] sound) {
      socket.sendBinary(ByteBuffer.wrap(sound), true).join();
    }

    JsonNode next() throws Exception {
      String message = messages.poll(60, TimeUnit.SECONDS);
      assertThat(message).as("a message").isNotNull();
      return MAPPER.readTree(message);
    }

    JsonNode next(String type) throws Exception {
      JsonNode message = next();
      while (!message.path("type").asText().equals(type)) {
        message = next();
      }
      return message;
    }

    /** Sends a buzz at the pace at which it sounds. */
    void buzz(int millis) throws InterruptedException {
      byte[] message = new byte[MESSAGE_BYTES];
      long begun = System.nanoTime();
      for (int sent = 0; sent < millis; sent += 20) {
        for (int i = 0; i < MESSAGE_BYTES; i += 2) {
          message[i + 1] = (byte) ((sent * 8 + i / 2) % 60 < 30 ? 30 : -30);
        }
        send(message);
        long ahead = begun + (sent + 20) * 1_000_000L - System.nanoTime();
        Thread.sleep(Math.max(0, ahead / 1_000_000));
      }
    }
  }

  @Test
  void soundIsSpokenAndTheSenderIsToldWhatWasHeard() throws Exception {
    // Sound comes at the pace of the clock: where this thread or the one that plays it is held up,
    // a
    // pause ends what is said, and what comes then is new. So it may be tried again.
    Sender sender = spoken(4);
    for (int left = 4; ; left--) {
      sender.buzz(600);
      sender.next("started");
      sender.send("{\"type\": \"clear\"}");
      if (sender.next("finished").path("interrupted").asBoolean()) {
        break;
      }
      assertThat(left).as("attempts to interrupt it").isPositive();
    }

    end();
    assertThat(sender.closed.get(60, TimeUnit.SECONDS)).isEqualTo(1000);
  }

  private Sender spoken(int moreAttempts) throws Exception {
    Sender sender = new Sender(session);
    sender.send(START);
    assertThat(sender.next().path("type").asText()).isEqualTo("ready");
    sender.buzz(600);
    sender.send("{\"type\": \"end\"}");
    assertThat(sender.next("started")).isNotNull();
    JsonNode finished = sender.next("finished");
    try {
      assertThat(finished.path("heardMillis").asInt()).isBetween(500, 900);
      assertThat(finished.path("interrupted").asBoolean()).isFalse();
      assertThat(finished.path("packets").asInt()).isEqualTo(30);
      return sender;
    } catch (AssertionError e) {
      if (moreAttempts == 0) {
        throw e;
      }
    }
    sender.socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
    sender.closed.get(60, TimeUnit.SECONDS);
    return spoken(moreAttempts - 1);
  }

  @Test
  void aMessageMayComeInPieces() throws Exception {
    Sender sender = new Sender(session);
    sender.socket.sendText("{\"type\":", false).join();
    sender.socket.sendText(" \"start\"}", true).join();
    assertThat(sender.next().path("type").asText()).isEqualTo("ready");
    sender.socket.sendBinary(ByteBuffer.allocate(3), false).join();
    sender.socket.sendBinary(ByteBuffer.allocate(3), true).join();
    sender.send("{\"type\": \"ends\"}");
    assertThat(sender.next().path("message").asText()).contains("ends");
    assertThat(sender.closed.get(60, TimeUnit.SECONDS)).isEqualTo(1008);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "no JSON | not valid JSON",
        "[] | JSON object",
        "{\"type\": \"end\"} | first message",
        "{\"type\": \"start\", \"format\": \"mp3\"} | pcm16 or opus",
        "{\"type\": \"start\", \"sampleRate\": 11025} | 11025",
        "{\"type\": \"start\", \"sampleRate\": \"16000\"} | whole number",
        "{\"type\": \"start\", \"sampleRate\": 1e99} | whole number",
        "{\"type\": \"start\", \"channels\": 3} | 3",
        "{\"type\": \"start\", \"header\": \"x\"} | none or rtp",
        "{\"type\": \"start\", \"lookAheadMillis\": 10} | 120 to 450",
        "{\"type\": \"start\", \"sample_rate\": 16000} | unknown key sample_rate",
        "{\"type\": \"start\", \"format\": \"opus\", \"sampleRate\": 16000} | 48000",
      })
  void saysWhatIsWrongAndCloses(String message, String reason) throws Exception {
    Sender sender = new Sender(session);
    sender.send(message);
    JsonNode failed = sender.next();
    assertThat(failed.path("type").asText()).isEqualTo("failed");
    assertThat(failed.path("message").asText()).contains(reason);
    assertThat(failed.path("hint").asText()).isNotEmpty();
    assertThat(sender.closed.get(60, TimeUnit.SECONDS)).isEqualTo(1008);
  }

  @Test
  void soundBeforeTheStartAndASecondSenderAreRefused() throws Exception {
    Sender early = new Sender(session);
    early.send(new byte[320]);
    assertThat(early.next().path("message").asText()).contains("start");
    Sender one = new Sender(session);
    one.send(START);
    one.next("ready");
    Sender two = new Sender(session);
    two.send(START);
    assertThat(two.next().path("message").asText()).contains("somebody else");
    one.socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
    one.closed.get(60, TimeUnit.SECONDS);
    Sender three = new Sender(session);
    three.send(START);
    assertThat(three.next().path("type").asText()).isEqualTo("ready");
    three.socket.abort();
  }

  @Test
  void aSessionThatIsNotThereIsRefused() {
    assertThat(
            catchThrowableOfType(CompletionException.class, () -> new Sender("/v1/sessions/none")))
        .isNotNull();
  }

  @Test
  void anyMessagesLeaveTheServerServing() throws Exception {
    throwMessages(1_000);
  }

  @Tag("slow")
  @Test
  void aHundredThousandMessagesLeaveTheServerServing() throws Exception {
    throwMessages(100_000);
  }

  private void throwMessages(int count) throws Exception {
    Random random = new Random(8);
    String[] starts = {
      START,
      "{\"type\": \"start\", \"format\": \"opus\"}",
      "{\"type\": \"start\", \"format\": \"opus\", \"header\": \"rtp\"}",
      "{\"type\": \"start\", \"channels\": 2, \"header\": \"rtp\", \"lookAheadMillis\": 120}",
    };
    Sender sender = null;
    for (int i = 0; i < count; i++) {
      if (sender == null || sender.closed.isDone()) {
        sender = new Sender(session);
        sender.send(starts[random.nextInt(starts.length)]);
      }
      try {
        throwOne(sender, random);
      } catch (CompletionException | ExecutionException e) {
        sender.socket.abort();
        sender = null;
      }
    }
    if (sender != null) {
      sender.socket.abort();
    }
    soundIsSpokenAfterAll();
  }

  private static void throwOne(Sender sender, Random random) throws Exception {
    byte[] bytes = new byte[random.nextInt(random.nextInt(50) == 0 ? 70_000 : 700) & ~3];
    random.nextBytes(bytes);
    if (bytes.length > 12 && random.nextBoolean()) {
      bytes[0] = (byte) 0x80;
      bytes[2] = 0;
      bytes[4] = 0;
      bytes[5] = 0;
    }
    switch (random.nextInt(40)) {
      case 0 -> sender.socket.sendText("{\"type\": \"clear\"}", true).get(60, TimeUnit.SECONDS);
      case 1 -> sender.socket.sendText("{\"type\": \"end\"}", true).get(60, TimeUnit.SECONDS);
      case 2 -> {
        String text = "{\"type\": " + random.nextInt() + ", \"x\": [" + "[".repeat(bytes.length);
        sender.socket.sendText(text, true).get(60, TimeUnit.SECONDS);
      }
      case 3 -> sender.socket.sendPing(ByteBuffer.wrap(new byte[5])).get(60, TimeUnit.SECONDS);
      default -> sender.socket.sendBinary(ByteBuffer.wrap(bytes), true).get(60, TimeUnit.SECONDS);
    }
  }

  private void soundIsSpokenAfterAll() throws Exception {
    long end = System.nanoTime() + 60_000_000_000L;
    while (true) {
      Sender sender = new Sender(session);
      sender.send(START);
      if (sender.next().path("type").asText().equals("ready")) {
        sender.buzz(400);
        sender.send("{\"type\": \"end\"}");
        sender.next("finished");
        sender.socket.abort();
        return;
      }
      // The connection before is only being let go.
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(50);
    }
  }
}
