package io.lipstream.app.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.app.live.SessionState.Idle;
import io.lipstream.app.quality.Importance;
import io.lipstream.app.quality.QualityLevel;
import io.lipstream.app.quality.QualitySettings;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.streaming.live.LiveVideoCodec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** More speakers than a server is at its best with: the tiny avatar, real engine and encoders. */
final class OverloadTest {
  private static final Path AVATARS = Path.of("../avatars").toAbsolutePath();

  /** The best for two, then every second picture. Lateness plays no part: the machine is shared. */
  private static final QualitySettings TWO_SPEAKERS =
      new QualitySettings(
          List.of(
              new QualityLevel(2, 8, 85, 100, 1),
              new QualityLevel(4, 8, 75, 80, 1),
              new QualityLevel(1000, 8, 70, 50, 2)),
          1,
          Duration.ofMillis(400),
          0);

  private final List<Double> scores = Collections.synchronizedList(new ArrayList<>());
  private final List<LiveEvents.Refusal> refusals = Collections.synchronizedList(new ArrayList<>());
  private final Catalogue catalogue = Catalogue.empty();
  private final LocalEngine engine =
      LocalEngine.start(EngineSettings.cpu(), catalogue, EngineEvents.NONE, System::nanoTime);
  private final StallingEngine stalling = new StallingEngine(engine);
  private LiveSessions sessions = open(TWO_SPEAKERS);

  private LiveSessions open(QualitySettings quality) {
    return LiveSessions.open(
        new LiveParts(
            new AvatarStore(List.of(AVATARS)),
            stalling,
            catalogue,
            new ToneVoice(),
            new Talk.FixedModel("No."),
            new Talk.FixedRecognizer("what"),
            new Talk.LoudnessActivity(),
            new LiveEvents() {
              @Override
              public void quality(double score) {
                scores.add(score);
              }

              @Override
              public void refused(Refusal reason) {
                refusals.add(reason);
              }
            }),
        new LiveSettings(
            64,
            Duration.ofSeconds(30),
            500_000,
            "",
            LiveSettings.DEFAULT.turns(),
            LiveSettings.DEFAULT.playout(),
            LiveSettings.DEFAULT.options(),
            quality,
            LiveSettings.DEFAULT.frames()),
        System::nanoTime);
  }

  @AfterEach
  void close() {
    sessions.close();
    engine.close();
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

  private LiveSession watched(Importance importance) {
    LiveSession session =
        sessions.create(new SessionRequest(new Look("tiny", null), "", importance));
    RecordingViewer.watch(session, LiveVideoCodec.VP8);
    return session;
  }

  private void awaitScore(double score) {
    await("quality " + score, () -> sessions.quality().score() == score);
  }

  @Test
  void qualityStepsWithThoseWhoSpeakAndComesBack() {
    List<SessionEvent> events = Collections.synchronizedList(new ArrayList<>());
    List<LiveSession> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      all.add(watched(Importance.NORMAL));
    }
    all.getFirst().events(events::add);
    assertThat(scores).containsExactly(100.0);

    all.forEach(session -> session.say("440 Hz for 20000 ms"));
    awaitScore(25);
    all.forEach(LiveSession::interrupt);
    awaitScore(100);

    assertThat(scores).contains(25.0).endsWith(80.0, 100.0);
    List<SessionEvent> told =
        events.stream().filter(SessionEvent.QualityChanged.class::isInstance).toList();
    assertThat(told)
        .contains(new SessionEvent.QualityChanged(25, 2))
        .endsWith(new SessionEvent.QualityChanged(80, 1), new SessionEvent.QualityChanged(100, 1));
  }

  @Test
  void theLessImportantLosePicturesFirst() {
    LiveSession high = watched(Importance.HIGH);
    LiveSession low = watched(Importance.LOW);
    LiveSession normal = watched(Importance.NORMAL);
    List<LiveSession> three = List.of(high, low, normal);

    three.forEach(session -> session.say("440 Hz for 20000 ms"));
    awaitScore(80);
    List<Long> before = shown(three);
    await("pictures", () -> high.statistics().picturesShown() > before.getFirst() + 50);
    List<Long> after = shown(three);

    long ofHigh = after.get(0) - before.get(0);
    assertThat(after.get(1) - before.get(1)).isBetween(ofHigh / 2 - 6, ofHigh / 2 + 6);
    assertThat(after.get(2) - before.get(2)).isBetween(ofHigh - 6, ofHigh + 6);
  }

  private static List<Long> shown(List<LiveSession> all) {
    return all.stream().map(session -> session.statistics().picturesShown()).toList();
  }

  @Test
  void nobodyNewIsLetInAtTheLastResortAndThenAgain() {
    List<LiveSession> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      all.add(watched(Importance.NORMAL));
      all.getLast().say("440 Hz for 20000 ms");
    }
    awaitScore(25);

    assertThatThrownBy(() -> sessions.create(new SessionRequest("tiny", "")))
        .isInstanceOfSatisfying(
            LipstreamException.class,
            refusal -> {
              assertThat(refusal.kind()).isEqualTo(LipstreamException.Kind.ENVIRONMENT);
              assertThat(refusal).hasMessageContaining("no room for another session");
            });
    assertThat(refusals).containsExactly(LiveEvents.Refusal.BUSY);
    assertThat(sessions.all()).hasSize(5).noneMatch(session -> session.state() instanceof Idle);

    all.forEach(LiveSession::close);
    awaitScore(100);
    sessions.create(new SessionRequest("tiny", "")).close();
  }

  @Test
  void whoComesWhenTheEngineIsPromisedTakesNothingFromThoseBefore() {
    LiveSession served = watched(Importance.NORMAL);
    served.say("440 Hz for 20000 ms");
    await("mouths", () -> served.statistics().mouthsDrawn() > 10);
    try (FrameStream rest = promiseTheRest()) {
      assertThat(rest.shape()).isNotNull();
      LiveSession spike = watched(Importance.NORMAL);
      spike.say("440 Hz for 20000 ms");
      SessionStatistics before = served.statistics();
      await("mouths", () -> served.statistics().mouthsDrawn() > before.mouthsDrawn() + 50);
      SessionStatistics after = served.statistics();

      // Not so much as one of ten late, though this machine may have other things to do.
      assertThat(after.mouthsLate() - before.mouthsLate())
          .isLessThan((after.mouthsDrawn() - before.mouthsDrawn()) / 10);
      await("what is left", () -> spike.statistics().mouthsDrawn() > 0);
    }
  }

  @Test
  void aSpikeIsOverSoonAfterItEnds() {
    sessions.close();
    // One speaker; so late that nothing but the stall can be the reason.
    sessions =
        open(
            new QualitySettings(
                TWO_SPEAKERS.levels(),
                0.5,
                QualitySettings.DEFAULT.stepBack(),
                TWO_SPEAKERS.headroomPercent()));
    LiveSession session = watched(Importance.NORMAL);
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    session.say("440 Hz for 60000 ms");
    await("mouths", () -> session.statistics().mouthsDrawn() > 10);
    stalling.stall(true);
    awaitScore(25);
    int seen = viewer.pictures().size();
    await("pictures", () -> viewer.pictures().size() > seen + 12);
    // The pose is held, but no picture is left out for one who was promised mouths.
    List<RecordingViewer.Sent> during = viewer.pictures().subList(seen, seen + 12);
    assertThat(IntStream.range(1, during.size()))
        .anyMatch(i -> during.get(i).ptsNanos() - during.get(i - 1).ptsNanos() == 40_000_000);

    stalling.stall(false);
    SessionStatistics ended = session.statistics();
    awaitScore(100);
    SessionStatistics back = session.statistics();
    // Counted, not timed: 25 pictures a second at most, and what is late takes its time, too.
    assertThat(back.picturesShown() - ended.picturesShown()).isLessThanOrEqualTo(2 * 25);
    await("mouths", () -> session.statistics().mouthsDrawn() > back.mouthsDrawn() + 50);
    SessionStatistics later = session.statistics();
    assertThat(later.mouthsLate() - back.mouthsLate())
        .isLessThan((later.mouthsDrawn() - back.mouthsDrawn()) / 10);
    assertThat(session.state()).isInstanceOf(SessionState.Speaking.class);
  }

  /** All of the engine's time that it still gives away. */
  private FrameStream promiseTheRest() {
    for (double pace = 100_000; pace > 1; pace *= 0.9) {
      if (engine.open(new StreamRequest("tiny", "rest", Priority.LIVE, pace, 1))
          instanceof Admission.Admitted admitted) {
        return admitted.stream();
      }
    }
    throw new AssertionError("the engine has nothing left to promise");
  }
}
