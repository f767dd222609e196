package io.lipstream.inference.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.PictureTensor.Values;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.inference.lipsync.MouthFrame;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.FeatureWindows;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.lipsync.MouthGenerator;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The tiny avatar drawn by several servers on loopback, which come and go. */
final class FleetEngineTest {
  private static final int MOUTH_BYTES = 3 * 320 * 320;
  private static final long FRAME_NANOS = 40_000_000;

  /** From its submission until a frame is of no use any more. */
  private static final long USE_NANOS = 400_000_000;

  /** A busy machine may be slow to answer; nothing here is silent but where a test wants it. */
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(20);

  /** Frames within which a server that is back must draw again: two seconds. */
  private static final int BACK_WITHIN_FRAMES = 50;

  /** A minute's frames. */
  private static final int MAX_FRAMES = 1500;

  private final AvatarPackage avatar = AvatarPackage.open(TinyServer.TINY);
  private final AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.defaultMaxBytes());
  private final GeneratorSpec spec = GeneratorSpec.of(avatar, EngineOptions.cpu());
  private final List<TinyServer> servers = new ArrayList<>();

  @AfterEach
  void close() {
    servers.forEach(TinyServer::kill);
    frames.close();
    avatar.close();
  }

  private TinyServer server(int port) {
    TinyServer server = new TinyServer(port);
    servers.add(server);
    return server;
  }

  private void kill(TinyServer server) {
    servers.remove(server);
    server.kill();
  }

  private FleetEngine fleet(InferenceTarget... targets) {
    FleetSettings usual = FleetSettings.of(List.of(targets));
    return fleet(
        new FleetSettings(
            usual.servers(),
            usual.connections(),
            usual.probePeriod(),
            PROBE_TIMEOUT,
            usual.longestBackOff(),
            usual.giveUpAfter()));
  }

  private FleetEngine fleet(FleetSettings settings) {
    FleetEngine fleet = new FleetEngine(settings, EngineEvents.NONE, System::nanoTime);
    fleet.prepare(TinyServer.MODEL, frames, spec.maskBox());
    return fleet;
  }

  private static FrameStream open(FleetEngine fleet, String session) {
    Admission admission =
        fleet.open(new StreamRequest(TinyServer.MODEL, session, Priority.LIVE, 25, 16));
    assertThat(admission).isInstanceOf(Admission.Admitted.class);
    return ((Admission.Admitted) admission).stream();
  }

  /** Waits until something is so, a minute at most. */
  private static void await(BooleanSupplier condition) {
    for (long start = System.nanoTime(); !condition.getAsBoolean(); ) {
      assertThat(System.nanoTime() - start).isLessThan(Duration.ofMinutes(1).toNanos());
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** A session at 25 frames a second, and how its frames ended. */
  private final class Speaker {
    private final FrameStream stream;
    private final List<Integer> order = new CopyOnWriteArrayList<>();
    private final List<Outcome> outcomes = new CopyOnWriteArrayList<>();
    private final List<Long> endedNanos = new CopyOnWriteArrayList<>();
    private int submitted;

    Speaker(FrameStream stream) {
      this.stream = stream;
    }

    void speak(int count) {
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        int number = submitted++;
        float[] window = new float[FeatureWindows.WINDOW_FLOATS];
        Arrays.fill(window, number % 5 / 5f);
        MouthFrame frame =
            new MouthFrame(
                spec,
                Values.UINT8,
                (done, outcome, queue, service, batch) -> {
                  order.add(number);
                  endedNanos.add(System.nanoTime());
                  outcomes.add(outcome);
                });
        frame.show(frames, number % frames.frameCount());
        frame.hear(window, 0);
        frame.draw(new byte[MOUTH_BYTES], 0);
        // Where those that are late were not told yet, the queue may be full.
        FleetEngineTest.await(() -> stream.submit(frame, System.nanoTime() + USE_NANOS));
        LockSupport.parkNanos(start + (i + 1) * FRAME_NANOS - System.nanoTime());
      }
    }

    void awaitAll() {
      await(() -> outcomes.size() == submitted);
      for (int i = 0; i < submitted; i++) {
        assertThat(order.get(i)).isEqualTo(i);
      }
    }

    private boolean lastWereDrawn(int count) {
      List<Outcome> all = List.copyOf(outcomes);
      return all.size() >= count
          && all.subList(all.size() - count, all.size()).stream()
              .allMatch(Outcome.COMPUTED::equals);
    }

    /** Speaks on until so many of its further frames in a row were drawn. */
    void speakUntilDrawn(int count) {
      int before = submitted;
      while (outcomes.size() < before + count || !lastWereDrawn(count)) {
        speak(1);
        assertThat(submitted - before).as("frames").isLessThan(MAX_FRAMES);
      }
    }
  }

  @Test
  void drawsWhatAnEngineOfThisProcessDoes() {
    TinyServer server = server(0);
    try (FleetEngine fleet = fleet(server.target());
        MouthGenerator there =
            new EngineGenerator(fleet, TinyServer.MODEL, spec, frames, Priority.NORMAL, 1, 8);
        MouthGenerator here = EngineGenerator.alone(spec, frames, EngineOptions.cpu())) {
      int count = 8;
      int[] indices = new int[count];
      float[] windows = new float[count * FeatureWindows.WINDOW_FLOATS];
      for (int i = 0; i < count; i++) {
        indices[i] = i % frames.frameCount();
        Arrays.fill(
            windows,
            i * FeatureWindows.WINDOW_FLOATS,
            (i + 1) * FeatureWindows.WINDOW_FLOATS,
            i / 8f);
      }
      byte[] remote = new byte[count * MOUTH_BYTES];
      byte[] local = new byte[count * MOUTH_BYTES];
      there.generate(count, indices, windows, remote);
      for (int i = 0; i < count; i++) {
        float[] window =
            Arrays.copyOfRange(
                windows, i * FeatureWindows.WINDOW_FLOATS, (i + 1) * FeatureWindows.WINDOW_FLOATS);
        byte[] mouth = new byte[MOUTH_BYTES];
        here.generate(1, new int[] {indices[i]}, window, mouth);
        System.arraycopy(mouth, 0, local, i * MOUTH_BYTES, MOUTH_BYTES);
      }
      for (int i = 0; i < local.length; i++) {
        if (Math.abs((local[i] & 0xff) - (remote[i] & 0xff)) > 1) {
          throw new AssertionError("byte " + i + " of " + local[i] + " is " + remote[i]);
        }
      }
    }
  }

  @Test
  void sessionsAreSpreadOverTheServers() {
    TinyServer one = server(0);
    TinyServer other = server(0);
    try (FleetEngine fleet = fleet(one.target(), other.target())) {
      await(() -> fleet.serversPresent() == 2);
      List<FrameStream> streams = new ArrayList<>();
      for (int i = 1; i <= 6; i++) {
        int opened = i;
        streams.add(open(fleet, "session " + i));
        await(() -> one.streams() + other.streams() == opened);
      }
      assertThat(one.streams()).isEqualTo(3);
      streams.forEach(FrameStream::close);
      await(() -> one.streams() + other.streams() == 0);
    }
  }

  @Test
  void theOtherServerTakesOverFromOneThatIsKilled() {
    TinyServer one = server(0);
    TinyServer other = server(0);
    try (FleetEngine fleet = fleet(one.target(), other.target());
        FrameStream first = open(fleet, "first")) {
      await(() -> one.streams() + other.streams() == 1);
      Speaker speaker = new Speaker(first);
      speaker.speakUntilDrawn(1);
      kill(one.streams() == 1 ? one : other);
      speaker.speakUntilDrawn(10);
      speaker.awaitAll();
    }
  }

  @Test
  void whileNoServerAnswersFramesEndAsLateAndAfterwardsTheyAreDrawn() throws IOException {
    int port = freePort();
    TinyServer server = server(port);
    try (FleetEngine fleet = fleet(server.target());
        FrameStream stream = open(fleet, "first")) {
      Speaker speaker = new Speaker(stream);
      speaker.speakUntilDrawn(1);
      int framesUntilBack = Integer.MAX_VALUE;
      // The limit is the fleet's: what else this machine does must not decide, so the best counts.
      for (int i = 0; i < 12 && framesUntilBack > BACK_WITHIN_FRAMES; i++) {
        speaker.awaitAll();
        kill(server);
        int killed = speaker.submitted;
        speaker.speak(25);
        speaker.awaitAll();
        assertThat(speaker.outcomes.subList(killed, killed + 25)).containsOnly(Outcome.LATE);
        server = server(port);
        int back = speaker.submitted;
        speaker.speakUntilDrawn(1);
        List<Outcome> all = List.copyOf(speaker.outcomes);
        framesUntilBack = all.subList(back, all.size()).indexOf(Outcome.COMPUTED);
      }
      assertThat(framesUntilBack).isLessThanOrEqualTo(BACK_WITHIN_FRAMES);
      speaker.speakUntilDrawn(10);
      speaker.awaitAll();
      TinyServer back = server;
      await(() -> back.streams() == 1);
    }
  }

  /**
   * Below those that the system gives to connections, so that none takes it between two servers.
   */
  private static int freePort() throws IOException {
    for (int port = ThreadLocalRandom.current().nextInt(20_000, 30_000); ; port++) {
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (BindException e) {
        assertThat(port).isLessThan(32_000);
      }
    }
  }

  @Test
  void aServerThatIsSilentIsLeftForOneThatAnswers() throws IOException {
    TinyServer server = server(0);
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        FleetEngine fleet =
            fleet(
                FleetSettings.of(
                    List.of(
                        InferenceTarget.parse("127.0.0.1:" + silent.getLocalPort()),
                        server.target())))) {
      try (FrameStream stream = open(fleet, "first")) {
        Speaker speaker = new Speaker(stream);
        speaker.speakUntilDrawn(1);
        await(() -> fleet.serversPresent() == 1);
      }
    }
  }

  @Test
  void aFlushEndsWhatWaitsAndTheStreamGoesOn() {
    TinyServer server = server(0);
    try (FleetEngine fleet = fleet(server.target());
        FrameStream stream = open(fleet, "first")) {
      Speaker speaker = new Speaker(stream);
      await(() -> server.streams() == 1);
      speaker.speak(3);
      stream.flush();
      await(() -> speaker.outcomes.size() == 3);
      speaker.speakUntilDrawn(10);
      speaker.awaitAll();
    }
  }

  @Test
  void modelsAreLoadedAndFreedOnEveryServer() {
    TinyServer one = server(0);
    TinyServer other = server(0);
    try (FleetEngine fleet = fleet(one.target(), other.target())) {
      await(() -> fleet.serversPresent() == 2 && !fleet.models().list().isEmpty());
      fleet.models().load(TinyServer.MODEL, false);
      assertThat(one.isLoaded()).isTrue();
      assertThat(other.isLoaded()).isTrue();
      await(() -> fleet.models().find(TinyServer.MODEL).orElseThrow().device().isPresent());
      assertThat(fleet.models().unload(TinyServer.MODEL)).isTrue();
      await(() -> !one.isLoaded() && !other.isLoaded());
      assertThatThrownBy(() -> fleet.models().load("nobody", false))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("nobody");
      assertThat(fleet.open(new StreamRequest("nobody", "test", Priority.LIVE, 25, 4)))
          .isEqualTo(new Admission.Unknown("nobody"));
    }
  }

  @Test
  void framesWithoutADeadlineFailWhenNoServerComes() {
    TinyServer gone = server(0);
    InferenceTarget target = gone.target();
    kill(gone);
    FleetSettings settings =
        FleetSettings.of(List.of(target)).withGiveUpAfter(Duration.ofMillis(300));
    try (FleetEngine fleet = new FleetEngine(settings, EngineEvents.NONE, System::nanoTime);
        MouthGenerator there =
            new EngineGenerator(fleet, TinyServer.MODEL, spec, frames, Priority.BULK, 1, 4)) {
      byte[] mouth = new byte[MOUTH_BYTES];
      float[] window = new float[FeatureWindows.WINDOW_FLOATS];
      assertThatThrownBy(() -> there.generate(1, new int[] {0}, window, mouth))
          .isInstanceOf(LipstreamException.class);
    }
  }
}
