package io.lipstream.inference.oip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Another server that goes away, comes back or was never there. */
@Timeout(60)
class OipEngineFaultTest {
  @TempDir Path models;

  @BeforeEach
  void provideModel() throws IOException {
    Files.copy(
        Path.of("..", "avatars", "tiny", "models", "audio_encoder.onnx"),
        models.resolve("voice.onnx"));
  }

  @Test
  void refusesStreamsWhileNobodyAnswersAndSaysWho() throws IOException {
    try (Socket taken = deafPort();
        OipEngine engine = engine(taken.getLocalPort())) {
      String address = "127.0.0.1:" + taken.getLocalPort();
      assertThat(engine.open(request()))
          .isInstanceOfSatisfying(
              Admission.Refused.class,
              refused -> assertThat(refused.reason()).contains(address, "does not answer"));
      assertThat(engine.models().list()).isEmpty();
    }
  }

  @Test
  void offersConfiguredModelsOfAServerThatIsAwayAsFailed() throws IOException {
    try (Socket taken = deafPort();
        OipEngine engine =
            new OipEngine(
                OipSettings.of("127.0.0.1:" + taken.getLocalPort()).withModels(List.of("voice")),
                EngineEvents.NONE,
                System::nanoTime)) {
      assertThat(engine.models().list())
          .singleElement()
          .satisfies(
              model -> {
                assertThat(model.id()).isEqualTo("voice");
                assertThat(model.state()).isEqualTo(ModelStatus.State.FAILED);
                assertThat(model.failure()).contains("does not answer");
              });
    }
  }

  @Test
  void streamGoesOnWhenItsServerIsRestarted() throws Exception {
    LoopbackServer first = LoopbackServer.start(models, 0);
    int port = first.server().port();
    OipSettings usual = OipSettings.of("grpc://127.0.0.1:" + port);
    OipSettings patient =
        new OipSettings(
            usual.host(),
            port,
            false,
            List.of(),
            usual.maxFrames(),
            usual.concurrentCalls(),
            usual.callTimeout(),
            Duration.ofMinutes(1),
            usual.maxMessageBytes());
    try (OipEngine engine = new OipEngine(patient, EngineEvents.NONE, System::nanoTime)) {
      FrameStream stream = ((Admission.Admitted) engine.open(request())).stream();
      assertThat(compute(stream, Long.MAX_VALUE)).isEqualTo(Frame.Outcome.COMPUTED);
      first.abort();
      CompletableFuture<Frame.Outcome> waiting = submit(stream, Long.MAX_VALUE);
      LoopbackServer second = LoopbackServer.start(models, port);
      // Retried within its time, or failed and the next one is computed: none is left hanging.
      assertThat(waiting.get()).isIn(Frame.Outcome.COMPUTED, Frame.Outcome.FAILED);
      assertThat(compute(stream, Long.MAX_VALUE)).isEqualTo(Frame.Outcome.COMPUTED);
      stream.close();
      second.close();
    }
  }

  @Test
  void framesFailOrAreLateWhileTheServerIsAway() throws Exception {
    LoopbackServer server = LoopbackServer.start(models, 0);
    try (OipEngine engine = engine(server.server().port())) {
      FrameStream stream = ((Admission.Admitted) engine.open(request())).stream();
      assertThat(compute(stream, Long.MAX_VALUE)).isEqualTo(Frame.Outcome.COMPUTED);
      server.abort();
      assertThat(compute(stream, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(300)))
          .isEqualTo(Frame.Outcome.LATE);
      assertThat(compute(stream, Long.MAX_VALUE)).isEqualTo(Frame.Outcome.FAILED);
      stream.close();
    }
  }

  @Test
  void sessionsWithAPaceAreRefusedWhileFramesAreLate() throws Exception {
    LoopbackServer server = LoopbackServer.start(models, 0);
    AtomicLong nowNanos = new AtomicLong(1_000_000_000_000L);
    try (OipEngine engine =
        new OipEngine(OipSettings.of(server.url()), EngineEvents.NONE, nowNanos::get)) {
      FrameStream stream = ((Admission.Admitted) engine.open(request())).stream();
      assertThat(compute(stream, nowNanos.get() - 1)).isEqualTo(Frame.Outcome.LATE);
      stream.close();
      StreamRequest live = new StreamRequest("voice", "live", Priority.LIVE, 25, 8);
      assertThat(engine.open(live)).isInstanceOf(Admission.Refused.class);
      nowNanos.addAndGet(TimeUnit.SECONDS.toNanos(2));
      assertThat(engine.open(live)).isInstanceOf(Admission.Admitted.class);
    }
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "triton", "http://a:1", "grpc://a", "a:b", "a:70000", "grpc://:1"})
  void saysWhatIsNoAddress(String url) {
    assertThatThrownBy(() -> OipSettings.of(url))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("\"" + url + "\"");
  }

  @Test
  void readsAddresses() {
    assertThat(OipSettings.of("grpcs://gpu.example:8001").tls()).isTrue();
    assertThat(OipSettings.of("grpc://[::1]:8001").host()).isEqualTo("[::1]");
    assertThat(OipSettings.of("localhost:8001").port()).isEqualTo(8001);
  }

  private static OipEngine engine(int port) {
    return new OipEngine(
        OipSettings.of("grpc://127.0.0.1:" + port), EngineEvents.NONE, System::nanoTime);
  }

  private static StreamRequest request() {
    return new StreamRequest("voice", "test", Priority.NORMAL, 0, 8);
  }

  private static Frame.Outcome compute(FrameStream stream, long deadlineNanos) throws Exception {
    return submit(stream, deadlineNanos).get();
  }

  private static CompletableFuture<Frame.Outcome> submit(FrameStream stream, long deadlineNanos) {
    CompletableFuture<Frame.Outcome> outcome = new CompletableFuture<>();
    Frame frame =
        new Frame() {
          @Override
          public void write(int input, TensorSlot slot) {
            slot.put(0, new float[slot.floats()], 0, slot.floats());
          }

          @Override
          public boolean read(int output, TensorSlot slot) {
            return true;
          }

          @Override
          public void done(Outcome how, long queueNanos, long serviceNanos, int batch) {
            outcome.complete(how);
          }
        };
    assertThat(stream.submit(frame, deadlineNanos)).isTrue();
    return outcome;
  }

  /** A port that is nobody else's and at which nobody listens. */
  private static Socket deafPort() throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return socket;
  }
}
