package io.lipstream.app.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.avatar.Background;
import io.lipstream.media.avatar.FrameBounds;
import io.lipstream.streaming.live.LiveVideoCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the frames of sessions' avatars are while sessions run. */
final class AvatarMemoryTest {
  private static final Path TINY = Path.of("../avatars/tiny").toAbsolutePath();

  @TempDir Path folder;

  private final Catalogue catalogue = Catalogue.empty();
  private final LocalEngine engine =
      LocalEngine.start(EngineSettings.cpu(), catalogue, EngineEvents.NONE, System::nanoTime);

  @AfterEach
  void close() {
    engine.close();
  }

  private LiveSessions open(FrameBounds bounds) {
    return LiveSessions.open(
        new LiveParts(
            new AvatarStore(List.of(folder)),
            engine,
            catalogue,
            new ToneVoice(),
            new Talk.FixedModel("Yes."),
            new Talk.FixedRecognizer("no"),
            new Talk.LoudnessActivity()),
        new LiveSettings(
            64,
            LiveSettings.DEFAULT.idleTimeout(),
            500_000,
            "",
            LiveSettings.DEFAULT.turns(),
            LiveSettings.DEFAULT.playout(),
            LiveSettings.DEFAULT.options(),
            LiveSettings.DEFAULT.quality(),
            bounds),
        System::nanoTime);
  }

  private static void await(String what, BooleanSupplier reached) {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting for " + what).isLessThan(end);
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void copyTiny(String name) throws IOException {
    try (Stream<Path> files = Files.walk(TINY)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(name).resolve(TINY.relativize(file).toString()));
      }
    }
    Path manifest = folder.resolve(name).resolve("avatar.yaml");
    Files.writeString(manifest, Files.readString(manifest).replace("name: tiny", "name: " + name));
  }

  private static void delete(Path pictures) throws IOException {
    try (Stream<Path> files = Files.list(pictures)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(pictures);
  }

  /** Eight frames of ten have to be decoded again and again, before another background at that. */
  @ParameterizedTest
  @ValueSource(ints = {8, 1500})
  void sessionsTouchNoFileOfTheirAvatar(int framesOfOne) throws IOException {
    copyTiny("tiny");
    List<SessionEvent> events = new CopyOnWriteArrayList<>();
    try (LiveSessions sessions = open(new FrameBounds(framesOfOne, 1 << 30))) {
      LiveSession own = sessions.create(new SessionRequest("tiny", ""));
      LiveSession navy =
          sessions.create(new SessionRequest(new Look("tiny", Background.colour("navy")), ""));
      delete(folder.resolve("tiny/frames"));
      delete(folder.resolve("tiny/matte"));
      for (LiveSession session : List.of(own, navy)) {
        session.events(events::add);
        RecordingViewer.watch(session, LiveVideoCodec.VP8);
        session.say("440 Hz for 60000 ms");
      }
      for (LiveSession session : List.of(own, navy)) {
        await(
            "three rounds of the loop",
            () ->
                session.statistics().picturesShown() > 3 * 18
                    && session.statistics().mouthsDrawn() > 2 * 18);
      }
      assertThat(events).noneMatch(SessionEvent.Failed.class::isInstance);
      assertThat(sessions.frameBytes()).isPositive();
    }
  }

  @Test
  void anAvatarThatNobodyUsesMakesRoomAndOneInUseDoesNot() throws IOException {
    copyTiny("one");
    copyTiny("two");
    long bytes;
    try (AvatarPackage avatar = AvatarPackage.open(TINY)) {
      bytes = avatar.manifest().frames().count() * AvatarFrames.bytesPerFrame(avatar);
    }
    try (LiveSessions sessions = open(new FrameBounds(1500, bytes + bytes / 2))) {
      LiveSession one = sessions.create(new SessionRequest("one", ""));
      assertThatThrownBy(() -> sessions.create(new SessionRequest("two", "")))
          .isInstanceOfSatisfying(
              LipstreamException.class,
              refusal -> assertThat(refusal.kind()).isEqualTo(LipstreamException.Kind.ENVIRONMENT))
          .hasMessageContaining("no memory left for avatar");
      one.close();
      sessions.create(new SessionRequest("two", "")).close();
      assertThat(sessions.frameBytes()).isEqualTo(bytes);
    }
  }
}
