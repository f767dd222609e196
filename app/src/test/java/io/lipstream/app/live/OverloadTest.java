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
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
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

  private final List<Double> scores = new CopyOnWriteArrayList<>();
  private final List<LiveEvents.Refusal> refusals = new CopyOnWriteArrayList<>();

  /** Done by whoever tells that all is at its best again. */
  private volatile Runnable whenBest = () -> {};

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
                if (score == 100) {
                  whenBest.run();
                }
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
    LiveSession session = created(importance);
    RecordingViewer.watch(session, LiveVideoCodec.VP8);
    return session;
  }

  private LiveSession created(Importance importance) {
    return sessions.create(new SessionRequest(new Look("tiny", null), "", importance));
  }

  /** Waits until a quality holds and was told. */
  private void awaitScore(double score) {
    await(
        "quality " + score, () -> sessions.quality().score() == score && scores.getLast() == score);
  }

  @Test
  void qualityStepsWithThoseWhoSpeakAndComesBack() {
    List<SessionEvent> events = new CopyOnWriteArrayList<>();
    List<LiveSession> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      all.add(watched(Importance.NORMAL));
    }
    all.getFirst().events(events::add);
    assertThat(scores).containsExactly(100.0);

    all.forEach(session -> session.say("440 Hz for 60000 ms"));
    awaitScore(25);
    all.forEach(LiveSession::interrupt);
    awaitScore(100);
    await("the best to be told", () -> events.contains(new SessionEvent.QualityChanged(100, 1)));

    assertThat(scores).contains(25.0).endsWith(80.0, 100.0);
    List<SessionEvent> told =
        events.stream().filter(SessionEvent.QualityChanged.class::isInstance).toList();
    assertThat(told)
        .contains(new SessionEvent.QualityChanged(25, 2))
        .endsWith(new SessionEvent.QualityChanged(80, 1), new SessionEvent.QualityChanged(100, 1));
  }

  @Test
  void theLessImportantLosePicturesFirst() {
    List<LiveSession> three = new ArrayList<>();
    List<RecordingViewer> viewers = new ArrayList<>();
    for (Importance each : List.of(Importance.HIGH, Importance.LOW, Importance.NORMAL)) {
      three.add(created(each));
      viewers.add(RecordingViewer.watch(three.getLast(), LiveVideoCodec.VP8));
    }

    three.forEach(session -> session.say("440 Hz for 60000 ms"));
    awaitScore(80);
    // Told by which pictures there are, not by how many: the machine may leave out others.
    List<Integer> before = viewers.stream().map(viewer -> viewer.pictures().size() + 2).toList();
    for (int i = 0; i < viewers.size(); i++) {
      RecordingViewer viewer = viewers.get(i);
      int enough = before.get(i) + 30;
      await("pictures", () -> viewer.pictures().size() > enough);
    }

    assertThat(oddPictures(viewers.get(0), before.get(0))).isGreaterThan(5);
    assertThat(oddPictures(viewers.get(1), before.get(1))).isZero();
    assertThat(oddPictures(viewers.get(2), before.get(2))).isGreaterThan(5);
  }

  /** Those that are left out where only every second one is shown. */
  private long oddPictures(RecordingViewer viewer, int from) {
    List<RecordingViewer.Sent> pictures = viewer.pictures();
    return pictures.subList(from, pictures.size()).stream()
        .filter(sent -> sessions.beat().pictures().frameAt(sent.ptsNanos()) % 2 != 0)
        .count();
  }

  @Test
  void nobodyNewIsLetInAtTheLastResortAndThenAgain() {
    List<LiveSession> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      all.add(watched(Importance.NORMAL));
      all.getLast().say("440 Hz for 60000 ms");
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
    served.say("440 Hz for 60000 ms");
    await("mouths", () -> served.statistics().mouthsDrawn() > 10);
    try (FrameStream rest = promiseTheRest()) {
      assertThat(rest.shape()).isNotNull();
      LiveSession spike = watched(Importance.NORMAL);
      spike.say("440 Hz for 60000 ms");
      assertInTime(served);
      await("what is left", () -> spike.statistics().mouthsDrawn() > 0);
    }
  }

  /**
   * Not so much as one mouth of ten is late. The best of some stretches of two seconds counts: this
   * machine may have other things to do, but what comes late for a reason does so all the time.
   */
  private static void assertInTime(LiveSession session) {
    for (int left = 9; ; left--) {
      SessionStatistics before = session.statistics();
      await("mouths", () -> session.statistics().mouthsDrawn() > before.mouthsDrawn() + 50);
      SessionStatistics after = session.statistics();
      long late = after.mouthsLate() - before.mouthsLate();
      if (late < (after.mouthsDrawn() - before.mouthsDrawn()) / 10) {
        return;
      }
      assertThat(left).as(late + " mouths late").isPositive();
    }
  }

  @Test
  void aSpikeIsOverSoonAfterItEnds() {
    // Told by pictures of which there are 25 a second at most; the best of some spikes counts, for
    // this machine may have other things to do just when one ends.
    long pictures = Long.MAX_VALUE;
    for (int i = 0; i < 10 && pictures > 2 * 25; i++) {
      sessions.close();
      // One speaker; so late that nothing but the stall can be the reason.
      sessions =
          open(
              new QualitySettings(
                  TWO_SPEAKERS.levels(),
                  0.5,
                  QualitySettings.DEFAULT.stepBack(),
                  TWO_SPEAKERS.headroomPercent()));
      pictures = picturesUntilASpikeIsOver();
    }
    assertThat(pictures).isLessThanOrEqualTo(2 * 25);
  }

  private long picturesUntilASpikeIsOver() {
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

    AtomicLong atBest = new AtomicLong();
    whenBest = () -> atBest.compareAndSet(0, session.statistics().picturesShown());
    long ended = session.statistics().picturesShown();
    stalling.stall(false);
    await("the best", () -> atBest.get() > 0);
    assertInTime(session);
    assertThat(session.state()).isInstanceOf(SessionState.Speaking.class);
    return atBest.get() - ended;
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
