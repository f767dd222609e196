package io.lipstream.inference.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.FeatureWindows;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.wire.lipsync.Mouth;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The tiny avatar over the wire, on a real engine. */
final class LipsyncClientTest {
  private static final Path TINY = Path.of("..", "avatars", "tiny");
  private static final int CALLERS = 2;
  private static final int MOUTH_BYTES = 3 * 320 * 320;

  /** How long a client waits for a server that is back soon. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Rounds after which callers must have met. */
  private static final int MAX_ROUNDS = 500;

  private final AvatarPackage avatar = AvatarPackage.open(TINY);
  private final AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.defaultMaxBytes());
  private final MouthGenerator local =
      EngineGenerator.alone(
          GeneratorSpec.of(avatar, EngineOptions.cpu()), frames, EngineOptions.cpu());
  private TinyServer server = new TinyServer(0);
  private final ManagedChannel channel = InferenceTarget.parse("127.0.0.1:" + server.port()).open();

  @AfterEach
  void close() {
    channel.shutdownNow();
    server.kill();
    local.close();
    frames.close();
    avatar.close();
  }

  private void restart() {
    int port = server.port();
    server.kill();
    server = new TinyServer(port);
  }

  private RemoteGenerator remote(Duration giveUpAfter) {
    return new RemoteGenerator(
        channel,
        LipsyncClient.Session.bulk("generator", "test"),
        frames,
        avatar.manifest().mask(),
        CALLERS,
        giveUpAfter);
  }

  private static float[] feature(int number) {
    float[] feature = new float[512];
    Arrays.fill(feature, Math.abs(number % 7 - 3) / 3f);
    return feature;
  }

  private static List<float[]> windows(int features) {
    List<float[]> windows = new ArrayList<>();
    FeatureWindows whole = new FeatureWindows((index, window) -> windows.add(window.clone()));
    for (int i = 0; i < features; i++) {
      whole.accept(i, feature(i));
    }
    whole.finish();
    return windows;
  }

  private byte[] drawnHere(int avatarFrame, float[] window) {
    byte[] mouth = new byte[MOUTH_BYTES];
    local.generate(1, new int[] {avatarFrame}, window, mouth);
    return mouth;
  }

  private static void assertWithinOneLevel(byte[] found, byte[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      int difference = Math.abs((found[i] & 0xff) - (expected[i] & 0xff));
      if (difference > 1) {
        throw new AssertionError("byte " + i + " differs by " + difference);
      }
    }
  }

  @Test
  void aRemoteGeneratorDrawsWhatALocalOneDoes() {
    try (RemoteGenerator remote = remote(PATIENCE)) {
      List<float[]> windows = windows(10);
      drawAndCompare(remote, windows, 0, 4);
      drawAndCompare(remote, windows, 4, 8);
      drawAndCompare(remote, windows, 2, 5);
    }
  }

  @Test
  void callersThatAskAtOnceAreServedSideBySide() throws Exception {
    List<float[]> windows = windows(10);
    try (RemoteGenerator remote = remote(PATIENCE);
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
      // On a busy machine one caller may be through before the other begins: then they try again.
      AtomicInteger rounds = new AtomicInteger();
      AtomicBoolean over = new AtomicBoolean();
      CyclicBarrier together =
          new CyclicBarrier(
              CALLERS,
              () -> {
                int done = rounds.getAndIncrement();
                over.set(done >= MAX_ROUNDS || (done >= 4 && server.streams() == CALLERS));
              });
      List<Future<?>> calls = new ArrayList<>();
      for (int caller = 0; caller < CALLERS; caller++) {
        int first = 4 * caller;
        calls.add(
            callers.submit(
                () -> {
                  together.await();
                  while (!over.get()) {
                    drawAndCompare(remote, windows, first, first + 4);
                    together.await();
                  }
                  return true;
                }));
      }
      for (Future<?> call : calls) {
        call.get();
      }
      assertThat(server.streams()).isEqualTo(CALLERS);
    }
  }

  @Test
  void aRemoteGeneratorOutlivesItsServer() {
    try (RemoteGenerator remote = remote(PATIENCE)) {
      List<float[]> windows = windows(10);
      drawAndCompare(remote, windows, 0, 3);
      restart();
      drawAndCompare(remote, windows, 3, 7);
      drawAndCompare(remote, windows, 7, 10);
    }
  }

  private void drawAndCompare(MouthGenerator remote, List<float[]> windows, int from, int to) {
    int count = to - from;
    int[] avatarFrames = new int[count];
    float[] wanted = new float[count * FeatureWindows.WINDOW_FLOATS];
    for (int i = 0; i < count; i++) {
      avatarFrames[i] = (from + i) % frames.frameCount();
      System.arraycopy(
          windows.get(from + i),
          0,
          wanted,
          i * FeatureWindows.WINDOW_FLOATS,
          FeatureWindows.WINDOW_FLOATS);
    }
    byte[] mouths = new byte[count * MOUTH_BYTES];
    remote.generate(count, avatarFrames, wanted, mouths);
    for (int i = 0; i < count; i++) {
      assertWithinOneLevel(
          Arrays.copyOfRange(mouths, i * MOUTH_BYTES, (i + 1) * MOUTH_BYTES),
          drawnHere(avatarFrames[i], windows.get(from + i)));
    }
  }

  @Test
  void aSessionResumesAfterARestartWithoutAFrameLostOrTwice() {
    int features = 60;
    List<float[]> windows = windows(features);
    List<Long> indices = new CopyOnWriteArrayList<>();
    Map<Long, byte[]> pictures = new ConcurrentHashMap<>();
    List<LipstreamException> failures = new CopyOnWriteArrayList<>();
    LipsyncClient.Answer answer =
        new LipsyncClient.Answer() {
          @Override
          public void mouth(Mouth mouth) {
            indices.add(mouth.getIndex());
            pictures.put(mouth.getIndex(), mouth.getPicture().toByteArray());
          }

          @Override
          public void failed(LipstreamException why) {
            failures.add(why);
          }
        };
    try (LipsyncClient client =
        new LipsyncClient(
            channel,
            LipsyncClient.Session.bulk("generator", "test"),
            new AvatarPictures(frames, avatar.manifest().mask()),
            PATIENCE)) {
      for (int i = 0; i < features + 2; i++) {
        if (i == 25 || i == 45) {
          restart();
        }
        float[] feature = i < features ? feature(i) : null;
        client.ask(i % frames.frameCount(), i * 40_000L, Duration.ZERO, feature, answer);
      }
      client.endUtterance();
      client.awaitAnswers();
    }
    assertThat(failures).isEmpty();
    assertThat(indices).hasSize(features + 2).doesNotHaveDuplicates();
    for (int i = 0; i < features + 2; i++) {
      assertWithinOneLevel(
          Objects.requireNonNull(pictures.get((long) i)),
          drawnHere(i % frames.frameCount(), windows.get(i)));
    }
  }

  @Test
  void aServerThatStaysAwayIsSaid() {
    server.kill();
    try (RemoteGenerator remote = remote(Duration.ofMillis(300))) {
      byte[] mouths = new byte[MOUTH_BYTES];
      float[] window = new float[FeatureWindows.WINDOW_FLOATS];
      assertThatThrownBy(() -> remote.generate(1, new int[] {0}, window, mouths))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("server " + channel.authority());
    }
  }

  @Test
  void aModelThatTheServerLacksIsSaidAtOnce() {
    try (RemoteGenerator remote =
        new RemoteGenerator(
            channel,
            LipsyncClient.Session.bulk("generater", "test"),
            frames,
            avatar.manifest().mask(),
            1,
            Duration.ofSeconds(30))) {
      byte[] mouths = new byte[MOUTH_BYTES];
      float[] window = new float[FeatureWindows.WINDOW_FLOATS];
      assertThatThrownBy(() -> remote.generate(1, new int[] {0}, window, mouths))
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("did you mean generator?");
    }
  }
}
