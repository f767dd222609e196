package io.lipstream.app.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.app.FreePort;
import io.lipstream.app.config.ServeConfigs;
import io.lipstream.app.server.ServeRole;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.webrtc.WatchSettings;
import io.lipstream.streaming.webrtc.WatchingPeer;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import io.lipstream.streaming.webrtc.WebRtcSettings;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole server meets what goes wrong outside of it. */
@SuppressWarnings("NullAway.Init") // each test starts what it needs
final class FaultsTest {
  private static final int ROOM = 200;
  private static final int PATIENCE_SECONDS = 60;
  private static final Path AVATARS = Path.of("../avatars").toAbsolutePath().normalize();
  private static final String LONG =
      "Whoever reads this aloud has time for it, and for more: first comes the harbour, then the"
          + " market with its fish, and behind it the road that leads over the hill to the sea.";

  private ServeRole role;
  private ServerCalls calls;
  private WebRtcEndpoint endpoint;

  private void serve(String more) {
    String config =
        """
        server: {port: 0, drain_timeout_seconds: 0}
        live: {avatar: tiny, max_sessions: %d}
        metrics: {enabled: false}
        api: {auth: false, requests_per_second: 0}
        """
            .formatted(ROOM);
    role =
        ServeRole.start(
            new ServeRole.Setting(
                ServeConfigs.parse(config + more),
                Path.of(""),
                Catalogue.empty(),
                new AvatarStore(List.of(AVATARS)),
                Map.of()));
    calls = new ServerCalls(URI.create("http://localhost:" + role.port()), "");
    endpoint = open();
  }

  private static WebRtcEndpoint open() {
    return WebRtcEndpoint.open(
        WebRtcSettings.onPort(0).withBindAddress(InetAddress.getLoopbackAddress()).withTcp(false),
        System::nanoTime);
  }

  @AfterEach
  void stop() {
    endpoint.close();
    role.close();
  }

  private static void await(String what, BooleanSupplier happened) throws InterruptedException {
    long until = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000L;
    while (!happened.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(until);
      Thread.sleep(20);
    }
  }

  private SessionViewer watch(String session, int port) throws Exception {
    SessionViewer viewer = new SessionViewer(endpoint, SessionViewer.ANY_TONE);
    String answer = calls.watch(session, viewer.offer());
    viewer.accept(answer.replace(" " + role.webRtcPort() + " typ", " " + port + " typ"));
    assertThat(viewer.awaitPicture(PATIENCE_SECONDS)).isPresent();
    return viewer;
  }

  private static void goesOn(SessionViewer viewer) throws InterruptedException {
    int seen = viewer.pictureCount();
    await("two more seconds of pictures", () -> viewer.pictureCount() >= seen + 50);
  }

  @Test
  void fiveHundredSessionsAskedForAtOnceAreMadeOrRefused() throws Exception {
    serve("");
    Queue<String> made = new ConcurrentLinkedQueue<>();
    Queue<String> others = new ConcurrentLinkedQueue<>();
    AtomicInteger refused = new AtomicInteger();
    CountDownLatch together = new CountDownLatch(1);
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      callers.add(
          Thread.startVirtualThread(
              () -> {
                try {
                  together.await();
                  made.add(calls.create("tiny"));
                } catch (ServerCalls.RefusedException e) {
                  refused.incrementAndGet();
                } catch (InterruptedException | RuntimeException e) {
                  others.add(e.toString());
                }
              }));
    }
    together.countDown();
    for (Thread each : callers) {
      each.join();
    }

    assertThat(others).isEmpty();
    assertThat(made).doesNotHaveDuplicates().isNotEmpty().hasSizeLessThanOrEqualTo(ROOM);
    assertThat(refused.get()).isEqualTo(500 - made.size());
    for (String session : made) {
      calls.end(session);
    }
    goesOn(watch(calls.create("tiny"), role.webRtcPort()));
  }

  @Test
  void aViewerBehindALineThatLosesPacketsSeesAndHears() throws Exception {
    serve("");
    try (LossyLine line = new LossyLine(role.webRtcPort(), 0.05, 11)) {
      String session = calls.create("tiny");
      SessionViewer viewer = watch(session, line.port());
      long asked = System.nanoTime();
      calls.say(session, "A line that loses one packet in twenty carries every word of this.");
      await("speech", () -> viewer.lastAudibleNanos() > asked);
      goesOn(viewer);

      assertThat(line.lost.get()).isPositive();
      Watched watched = new Watched(viewer.noted(), asked, System.nanoTime());
      assertThat(watched.doubled()).isZero();
      assertThat(viewer.end()).isEmpty();
    }
  }

  @Test
  void aViewerThatStopsReadingHoldsNobodyUp() throws Exception {
    serve("");
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    String session = calls.create("tiny");
    WebRtcEndpoint itsOwn = open();
    try {
      WatchingPeer reader =
          itsOwn.watch(
              WatchSettings.DEFAULT.withCodecs(LiveVideoCodec.VP8).overTcp(),
              new Blocked(stuck, free));
      reader.accept(calls.watch(session, reader.offer()));
      assertThat(stuck.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();

      String another = calls.create("tiny");
      SessionViewer viewer = watch(another, role.webRtcPort());
      long asked = System.nanoTime();
      calls.say(session, "Nobody hears this.");
      calls.say(another, "Somebody else does not read, and that does not matter here.");
      await("speech", () -> viewer.lastAudibleNanos() > asked);
      goesOn(viewer);
      assertThat(viewer.end()).isEmpty();
      calls.end(session); // It can be ended although its viewer takes no farewell.
    } finally {
      free.countDown();
      itsOwn.close();
    }
  }

  @Test
  void anInferenceServerThatIsKilledAndStartedAgainTakesNobodyWithIt(@TempDir Path folder)
      throws Exception {
    int port = FreePort.find();
    Path config = folder.resolve("inference.yaml");
    Files.writeString(
        config,
        """
        server: {port: %d}
        metrics: {enabled: false}
        models_root: %s
        """
            .formatted(port, AVATARS));
    List<String> sessions = new ArrayList<>();
    List<SessionViewer> viewers = new ArrayList<>();
    try (Inference server = new Inference(config, folder.resolve("first.log"))) {
      serve("engine: {kind: grpc, url: 'localhost:%d'}".formatted(port));
      for (int i = 0; i < 8; i++) {
        sessions.add(calls.create("tiny"));
        viewers.add(watch(sessions.getLast(), role.webRtcPort()));
      }
      drawsFor(sessions);
      server.process.destroyForcibly().waitFor();
    }
    for (SessionViewer viewer : viewers) {
      goesOn(viewer);
    }
    try (Inference _ = new Inference(config, folder.resolve("second.log"))) {
      drawsFor(sessions);
    }
    for (SessionViewer viewer : viewers) {
      assertThat(viewer.end()).isEmpty();
      assertThat(new Watched(viewer.noted(), Long.MIN_VALUE / 2, System.nanoTime()).doubled())
          .isZero();
    }
  }

  /** All speak at the same time, and each gets mouths for a second. */
  private void drawsFor(List<String> sessions) throws Exception {
    List<Long> before = new ArrayList<>();
    for (String session : sessions) {
      before.add(calls.counted(session).mouthsDrawn());
      calls.say(session, LONG);
    }
    for (int i = 0; i < sessions.size(); i++) {
      String session = sessions.get(i);
      long enough = before.get(i) + 25;
      long begun = System.nanoTime();
      for (int said = 1; calls.counted(session).mouthsDrawn() < enough; ) {
        double seconds = (System.nanoTime() - begun) / 1e9;
        assertThat(seconds).as("mouths of session " + i).isLessThan(2 * PATIENCE_SECONDS);
        if (seconds > 10 * said) {
          // On a busy machine the words may be over before their mouths come in time.
          calls.say(session, LONG);
          said++;
        }
        Thread.sleep(100);
      }
    }
  }

  /** {@code lipstream inference} in a process of its own, that can be killed. */
  private static final class Inference implements AutoCloseable {
    private final Process process;

    Inference(Path config, Path log) throws IOException, InterruptedException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-cp",
                  System.getProperty("java.class.path"),
                  "io.lipstream.app.Lipstream",
                  "inference",
                  "--config",
                  config.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      try {
        await(
            "an inference server that is ready",
            () -> !process.isAlive() || said(log).contains("\nready"));
        assertThat(process.isAlive()).as(said(log)).isTrue();
      } catch (AssertionError e) {
        close();
        throw e;
      }
    }

    private static String said(Path log) {
      try {
        return Files.readString(log);
      } catch (IOException e) {
        return e.toString();
      }
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  /** Takes the first picture and never comes back for more. */
  private record Blocked(CountDownLatch stuck, CountDownLatch free)
      implements WatchingPeer.Listener {
    @Override
    public void connected() {}

    @Override
    public void picture(byte[] data, int length, boolean keyFrame, long presentationNanos) {
      stuck.countDown();
      try {
        free.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void sound(byte[] data, int offset, int length, long presentationNanos) {}

    @Override
    public void ended() {}

    @Override
    public void closed(String reason) {}
  }

  /** Between one viewer and the server; loses packets in both directions, by a seed. */
  private static final class LossyLine implements AutoCloseable {
    private final AtomicInteger lost = new AtomicInteger();
    private final double loss;
    private final SocketAddress server;
    private final DatagramSocket inside = socket();
    private final DatagramSocket outside = socket();
    private volatile SocketAddress viewer = new InetSocketAddress(0);

    LossyLine(int serverPort, double loss, long seed) throws IOException {
      this.loss = loss;
      server = new InetSocketAddress(InetAddress.getLoopbackAddress(), serverPort);
      Random up = new Random(seed);
      Random down = new Random(seed + 1);
      Thread.ofVirtual().start(() -> carry(inside, outside, up, true));
      Thread.ofVirtual().start(() -> carry(outside, inside, down, false));
    }

    private static DatagramSocket socket() throws IOException {
      return new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    int port() {
      return inside.getLocalPort();
    }

    private void carry(DatagramSocket from, DatagramSocket to, Random random, boolean upwards) {
      DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
      try {
        while (!from.isClosed()) {
          packet.setLength(2048);
          from.receive(packet);
          if (upwards) {
            viewer = packet.getSocketAddress();
          }
          packet.setSocketAddress(upwards ? server : viewer);
          if (random.nextDouble() < loss) {
            lost.incrementAndGet();
          } else {
            to.send(packet);
          }
        }
      } catch (IOException e) {
        // It was closed.
      }
    }

    @Override
    public void close() {
      inside.close();
      outside.close();
    }
  }
}
