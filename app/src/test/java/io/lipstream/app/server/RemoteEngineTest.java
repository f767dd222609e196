package io.lipstream.app.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.app.config.ConfigFile;
import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.config.ServeConfigs;
import io.lipstream.app.live.LiveParts;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.app.live.LiveSettings;
import io.lipstream.app.live.SessionRequest;
import io.lipstream.app.live.SessionState;
import io.lipstream.inference.SileroActivity;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.SpeechRecognizer;
import io.lipstream.speech.MaryVoice;
import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.Viewer;
import io.lipstream.streaming.live.ViewerEvents;
import io.lipstream.streaming.live.ViewerStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Live sessions whose mouths are drawn by an inference server. */
final class RemoteEngineTest {
  private static final Path AVATARS = Path.of("../avatars").toAbsolutePath();

  @TempDir Path folder;

  /** Somebody who only looks. */
  private static final class Onlooker implements Viewer {
    private final AtomicInteger pictures = new AtomicInteger();
    private final ViewerEvents events;

    Onlooker(ViewerEvents events) {
      this.events = events;
    }

    @Override
    public LiveVideoCodec codec() {
      return LiveVideoCodec.VP8;
    }

    @Override
    public void video(EncodedPicture picture) {
      pictures.incrementAndGet();
    }

    @Override
    public void audio(EncodedSound sound) {}

    @Override
    public ViewerStatistics statistics() {
      return new ViewerStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public void close() {}
  }

  /** Nobody speaks to it here. */
  private static final class NoRecognizer implements SpeechRecognizer {
    @Override
    public Utterance open(Listener listener) {
      throw new IllegalStateException("nobody speaks");
    }

    @Override
    public void close() {}
  }

  private InferenceRole server(String more) throws IOException {
    Path file = folder.resolve("server.yaml");
    Files.writeString(
        file,
        "server: {port: 0, drain_timeout_seconds: 1}\nmetrics: {enabled: false}\nmodels_root: "
            + AVATARS
            + "\n"
            + more);
    InferenceConfig config = ConfigFile.read(file, InferenceConfig.DEFAULT);
    return InferenceRole.start(
        new InferenceRole.Setting(
            config,
            folder,
            Catalogue.below(AVATARS, Map.of()),
            new AvatarStore(List.of(AVATARS)),
            "test"));
  }

  private static void await(String what, BooleanSupplier reached) {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting for " + what).isLessThan(end);
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"grpc", "oip"})
  void mouthsComeFromTheServer(String kind) throws IOException {
    try (InferenceRole server = server("");
        Engine engine =
            EngineChoice.start(
                ServeConfigs.parse(
                        "engine: {kind: " + kind + ", url: '127.0.0.1:" + server.port() + "'}")
                    .computing(),
                folder,
                Catalogue.empty(),
                EngineEvents.NONE);
        MaryVoice voice = new MaryVoice();
        LanguageModel companion = ServeConfigs.parse("").languageModel().open(Map.of());
        SileroActivity activity = new SileroActivity();
        LiveSessions sessions =
            LiveSessions.open(
                new LiveParts(
                    new AvatarStore(List.of(AVATARS)),
                    engine,
                    Catalogue.empty(),
                    voice,
                    companion,
                    new NoRecognizer(),
                    activity),
                LiveSettings.DEFAULT,
                System::nanoTime)) {
      LiveSession session = sessions.create(new SessionRequest("tiny", ""));
      Onlooker onlooker = session.join(Onlooker::new);
      onlooker.events.connected();
      await("pictures", () -> onlooker.pictures.get() > 5);
      // The first words may find the server still learning the avatar's pictures, and more of them
      // this machine doing other things.
      for (int i = 0; i < 20 && session.statistics().mouthsDrawn() <= 10; i++) {
        session.say("We saw a large blue whale near Oslo.");
        await("rest", () -> session.state() instanceof SessionState.Idle);
      }
      assertThat(session.statistics().mouthsDrawn()).isGreaterThan(10);
    }
  }

  @Test
  void anInferenceServerDoesNotAskOthersOfItsKind() {
    assertThatThrownBy(() -> server("engine: {kind: grpc, url: 'localhost:1'}"))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("engine.kind");
  }
}
