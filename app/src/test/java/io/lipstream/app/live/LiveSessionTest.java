package io.lipstream.app.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LONG;

import io.lipstream.app.live.SessionEvent.Caption;
import io.lipstream.app.live.SessionEvent.Failed;
import io.lipstream.app.live.SessionEvent.Heard;
import io.lipstream.app.live.SessionEvent.Interrupted;
import io.lipstream.app.live.SessionEvent.StateChanged;
import io.lipstream.app.live.SessionState.Idle;
import io.lipstream.app.live.SessionState.Listening;
import io.lipstream.app.live.SessionState.Speaking;
import io.lipstream.app.live.SessionState.Thinking;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.avatar.FrameOrder;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import io.lipstream.media.talk.Message;
import io.lipstream.media.talk.TurnSettings;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole sessions with the tiny avatar, a real engine and real encoders, watched by a recording. */
final class LiveSessionTest {
  private static final Path AVATARS = Path.of("../avatars").toAbsolutePath();
  private static final SessionRequest TINY = new SessionRequest("tiny", "");
  private static final long PICTURE_NANOS = 40_000_000;
  private static final double AUDIBLE = 0.02;

  /** Pixels around the mouth that differ from the resting frame by more than coding makes them. */
  private static final double MOVED_PIXELS = 30;

  private final ToneVoice voice = new ToneVoice();
  private final Talk.FixedModel model = new Talk.FixedModel("Oslo is nice. Go there by train!");
  private final Catalogue catalogue = Catalogue.empty();
  private final LocalEngine engine =
      LocalEngine.start(EngineSettings.cpu(), catalogue, EngineEvents.NONE, System::nanoTime);

  /** Pure tones are nothing that a guard against echoes could judge. */
  private static final LiveSettings SETTINGS = settings(64, LiveSettings.DEFAULT.idleTimeout());

  private final Measured measured = new Measured();

  /** How often the thread that plays a microphone was held up. */
  private long microphonePauses;

  private final LiveSessions sessions = open(SETTINGS);

  /** Counts what it is told, and keeps what took how long. */
  private static final class Measured implements LiveEvents {
    private final Map<String, List<Long>> nanos = new ConcurrentHashMap<>();

    private void note(String what, long value) {
      nanos
          .computeIfAbsent(what, name -> Collections.synchronizedList(new ArrayList<>()))
          .add(value);
    }

    List<Long> of(String what) {
      return List.copyOf(nanos.getOrDefault(what, List.of()));
    }

    @Override
    public void took(Step step, long value) {
      note(step.toString(), value);
    }

    @Override
    public void firstPicture(long value) {
      note("first picture", value);
    }

    @Override
    public void interrupted(long value) {
      note("interrupted", value);
    }

    @Override
    public void connected(long value) {
      note("connected", value);
    }

    @Override
    public void skewed(long value) {
      note("skewed", value);
    }

    @Override
    public void refused(Refusal reason) {
      note(reason.toString(), 0);
    }
  }

  private static LiveSettings settings(int maxSessions, Duration idleTimeout) {
    TurnSettings usual = TurnSettings.DEFAULT;
    TurnSettings turns =
        new TurnSettings(
            usual.speechProbability(),
            usual.bargeInProbability(),
            usual.minimumSpeech(),
            usual.bargeInSpeech(),
            usual.endSilence(),
            usual.preRoll(),
            usual.longestTurn(),
            false);
    return new LiveSettings(
        maxSessions,
        idleTimeout,
        1_000_000,
        "",
        turns,
        LiveSettings.DEFAULT.playout(),
        LiveSettings.DEFAULT.options());
  }

  private LiveSessions open(LiveSettings settings) {
    return open(settings, model);
  }

  private LiveSessions open(LiveSettings settings, Talk.FixedModel answering) {
    return open(settings, answering, System::nanoTime);
  }

  private LiveSessions open(LiveSettings settings, Talk.FixedModel answering, LongSupplier clock) {
    return LiveSessions.open(
        new LiveParts(
            new AvatarStore(List.of(AVATARS)),
            engine,
            catalogue,
            voice,
            answering,
            new Talk.FixedRecognizer("what is Oslo like"),
            new Talk.LoudnessActivity(),
            measured),
        settings,
        clock);
  }

  @BeforeEach
  void warmUp() {
    sessions.create(TINY).close();
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

  /**
   * Waits until all is said. A session that is given something to say thinks at once, so that even
   * words are waited for that are over when somebody looks.
   */
  private static void awaitIdle(LiveSession session) {
    await("rest", () -> session.state() instanceof Idle);
  }

  /** Waits until a session has begun to say what it thinks of. */
  private static void awaitBegun(LiveSession session) {
    await("speech", () -> !(session.state() instanceof Thinking));
  }

  /**
   * Tries again what is told nothing about by a machine that stood still in its middle: pictures
   * and sounds whose time was over meanwhile are left out, as they should be.
   */
  private void undisturbed(Runnable attempt) {
    for (int left = 9; ; left--) {
      long before = disturbances();
      try {
        attempt.run();
        return;
      } catch (AssertionError e) {
        if (left == 0 || disturbances() == before) {
          throw e;
        }
      }
    }
  }

  private long disturbances() {
    return sessions.beat().pictures().skippedFrames()
        + sessions.beat().sounds().skippedFrames()
        + microphonePauses;
  }

  private static List<SessionEvent> record(LiveSession session) {
    // Looked through while more are told.
    List<SessionEvent> events = new CopyOnWriteArrayList<>();
    session.events(events::add);
    return events;
  }

  private long mouthsComputed() {
    return engine.models().find("tiny").orElseThrow().statistics().frames();
  }

  @Test
  void silenceCostsNoInference() {
    LiveSession session = sessions.create(TINY);
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    await("idle pictures", () -> viewer.pictures().size() > 10);
    assertThat(mouthsComputed()).isZero();

    session.say("440 Hz for 500 ms");
    awaitIdle(session);
    long spoken = mouthsComputed();
    assertThat(spoken).isBetween(5L, 25L);
    int seen = viewer.pictures().size();
    await("idle pictures", () -> viewer.pictures().size() > seen + 10);
    assertThat(mouthsComputed()).isEqualTo(spoken);
  }

  @Test
  void speaksOnWhenTheDiskOfItsRecordingIsFull() throws Exception {
    LiveSession session = sessions.create(TINY);
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    OutputStream full =
        new OutputStream() {
          private int written;

          @Override
          public void write(int b) throws IOException {
            if (++written > 20_000) {
              throw new IOException("No space left on device");
            }
          }
        };
    BlockingQueue<Recording.End> ends = new LinkedBlockingQueue<>();
    session.record("r", Duration.ofMinutes(1), full, ends::add);
    session.say("440 Hz for 3000 ms");

    Recording.End end = Objects.requireNonNull(ends.poll(30, TimeUnit.SECONDS));
    assertThat(end.failure()).hasMessageContaining("No space left");
    awaitIdle(session);
    assertThat(likeness(viewer.track(), ToneVoice.tone(440, 3000))).isGreaterThan(0.8);
    session.record("s", Duration.ofMinutes(1), OutputStream.nullOutputStream(), ends::add);
    await("pictures", () -> viewer.pictures().size() > 10);
    session.close();
    end = Objects.requireNonNull(ends.poll(30, TimeUnit.SECONDS));
    assertThat(end.failure()).as("of another recording").isNull();
  }

  @Test
  void aRecordingIsNotDeletedBeforeItHasEnded(@TempDir Path folder) {
    Recordings.Limits nothing =
        new Recordings.Limits(Duration.ofMinutes(1), 1, Duration.ofNanos(1), 1);
    InstantSource tomorrow = () -> Instant.now().plus(Duration.ofDays(1));
    LiveSession session = sessions.create(TINY);
    try (Recordings recordings = new Recordings(folder, nothing, tomorrow)) {
      String id = recordings.start(session).orElseThrow().id();
      await("something recorded", () -> recordings.bytes() > 0);
      recordings.tidy();
      assertThat(recordings.find(session.id(), id)).isPresent();
      assertThat(recordings.start(session)).as("one at a time").isEmpty();

      recordings.stop(session.id(), id);
      recordings.tidy();
      assertThat(recordings.find(session.id(), id)).isEmpty();
    }
  }

  @Test
  void tellsThoseWhoMeasureHowLongThingsTake() {
    LiveSession session = sessions.create(TINY);
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    await("idle pictures", () -> viewer.pictures().size() > 5);
    assertThat(measured.of("connected")).hasSize(1);
    assertThat(session.isWatched()).isTrue();
    assertThat(measured.of("ENCODE")).as("of an avatar at rest").isEmpty();

    session.say("440 Hz for 20000 ms");
    await("speech", () -> measured.of("ENCODE").size() > 5);
    await("a mouth", () -> !measured.of("INFERENCE").isEmpty());
    assertThat(sessions.encoders()).anyMatch(encoder -> encoder.viewers() > 0);
    session.interrupt();
    await("the end of the old", () -> !measured.of("interrupted").isEmpty());
    session.close(); // No picture is on its way any more.

    for (LiveEvents.Step step : LiveEvents.Step.values()) {
      assertThat(measured.of(step.toString())).isNotEmpty().allMatch(nanos -> nanos > 0);
    }
    assertThat(measured.of("first picture")).singleElement().asInstanceOf(LONG).isPositive();
    assertThat(measured.of("interrupted")).hasSize(1);
    assertThat(measured.of("skewed"))
        .hasSameSizeAs(measured.of("PASTE"))
        .allMatch(nanos -> Math.abs(nanos) < 60_000_000_000L);
  }

  @Test
  void tellsThoseWhoMeasureWhoWasRefused() {
    try (LiveSessions one = open(settings(1, Duration.ofSeconds(30)));
        LiveSession only = one.create(TINY)) {
      assertThat(only.isWatched()).isFalse();
      assertThatThrownBy(() -> one.create(TINY)).isInstanceOf(LipstreamException.class);
    }
    assertThat(measured.of("FULL")).hasSize(1);
  }

  @Test
  void mouthAndSoundArePresentedTogether() {
    undisturbed(this::presentMouthAndSound);
  }

  private void presentMouthAndSound() {
    LiveSession session = sessions.create(TINY);
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    await("idle pictures", () -> viewer.pictures().size() > 5);
    session.say("0 Hz for 1200 ms");
    awaitIdle(session);
    int spoken = viewer.pictures().size();
    await("pictures after speech", () -> viewer.pictures().size() > spoken + 15);

    RecordingViewer.Track track = viewer.track();
    assertThat(likeness(track, ToneVoice.tone(0, 1200))).isGreaterThan(0.8);
    int loud = 0;
    while (Math.abs(track.samples()[loud]) < 0.05) {
      loud++;
    }
    long soundStart = track.nanosAt(loud);
    loud = track.samples().length - 1;
    while (Math.abs(track.samples()[loud]) < 0.05) {
      loud--;
    }
    long soundEnd = track.nanosAt(loud);
    List<Long> moving = new ArrayList<>();
    for (Seen seen : decode(viewer)) {
      if (seen.mouthMoved() > MOVED_PIXELS) {
        moving.add(seen.ptsNanos());
      }
    }
    // The lips begin up to 120 ms before the sound and have closed 120 ms after it; a busy machine
    // draws the first ones late.
    long late = session.statistics().mouthsLate() * PICTURE_NANOS;
    assertThat(moving.getFirst() - soundStart)
        .as("nanoseconds from the sound's start to the mouth's")
        .isBetween(-3 * PICTURE_NANOS, 3 * PICTURE_NANOS + late);
    assertThat(moving.getLast() - soundEnd)
        .as("nanoseconds from the sound's end to the mouth's")
        .isBetween(-4 * PICTURE_NANOS - late, 3 * PICTURE_NANOS);
    assertThat(session.statistics().mouthsDrawn()).isGreaterThan(10);
    session.close();
  }

  /**
   * How much of a sound is heard, in order: the mean over its fifths of a second of how well each
   * correlates where it fits best. Between them a busy machine may have waited.
   */
  private static double likeness(RecordingViewer.Track track, float[] sound24k) {
    int piece = ToneVoice.RATE_HZ / 5;
    int near = 0;
    double sum = 0;
    for (int from = 0; from < sound24k.length; from += piece) {
      double best = 0;
      int bestAt = near;
      for (int at = near; at < track.samples().length - 2 * piece; at++) {
        double found = correlation(track, at, sound24k, from, piece);
        if (found > best) {
          best = found;
          bestAt = at;
        }
      }
      sum += best;
      near = bestAt;
    }
    return sum * piece / sound24k.length;
  }

  private static double correlation(
      RecordingViewer.Track track, int at, float[] sound24k, int from, int count) {
    double both = 0;
    double ofSound = 0;
    double ofTrack = 1e-9;
    for (int i = 0; i < count; i += 4) {
      double heard = track.samples()[at + 2 * i];
      double meant = sound24k[from + i];
      both += meant * heard;
      ofSound += meant * meant;
      ofTrack += heard * heard;
    }
    return both / Math.sqrt(ofSound * ofTrack);
  }

  @Test
  void theBackgroundNeitherJumpsNorStopsWhenSpeechBeginsAndEnds() {
    for (LiveVideoCodec codec : LiveVideoCodec.values()) {
      LiveSession session = sessions.create(TINY);
      RecordingViewer viewer = RecordingViewer.watch(session, codec);
      await("idle pictures", () -> viewer.pictures().size() > 20);
      session.say("440 Hz for 600 ms");
      awaitIdle(session);
      // First, to speech, and back where the loop has its next keyframe.
      await("the idle loop after speech", () -> keyFrames(viewer) >= 3);
      int spoken = viewer.pictures().size();
      await("pictures after speech", () -> viewer.pictures().size() > spoken + 20);
      session.close();

      List<Seen> seen = decode(viewer);
      long last = seen.getFirst().tick() - 1;
      for (Seen picture : seen) {
        assertThat(picture.tick()).as(codec + " follows " + last).isGreaterThan(last);
        last = picture.tick();
        assertThat(picture.avatarFrame())
            .as(codec + " at tick " + last)
            .isEqualTo(FrameOrder.PING_PONG.index(last, 10));
      }
      long skipped = sessions.beat().pictures().skippedFrames();
      assertThat(last - seen.getFirst().tick() + 1 - seen.size())
          .as("pictures that are missing")
          .isBetween(0L, skipped);
    }
  }

  private static long keyFrames(RecordingViewer viewer) {
    return viewer.pictures().stream().filter(RecordingViewer.Sent::keyFrame).count();
  }

  /** A decoded picture: which of the avatar's frames it is, and how far the mouth is from it. */
  private record Seen(long ptsNanos, long tick, int avatarFrame, double mouthMoved) {}

  private List<Seen> decode(RecordingViewer viewer) {
    List<Seen> seen = new ArrayList<>();
    try (AvatarPackage avatar = AvatarPackage.open(AVATARS.resolve("tiny"));
        AvatarFrames frames = AvatarFrames.load(avatar, 1L << 28);
        DecodedPictures decoder = new DecodedPictures(viewer.codec())) {
      for (RecordingViewer.Sent picture : viewer.pictures()) {
        I420Frame decoded = decoder.decode(picture.data());
        int best = 0;
        for (int i = 1; i < frames.frameCount(); i++) {
          if (outside(decoded, frames.frame(i)) < outside(decoded, frames.frame(best))) {
            best = i;
          }
        }
        long tick = sessions.beat().pictures().frameAt(picture.ptsNanos());
        assertThat(sessions.beat().pictures().ptsNanos(tick)).isEqualTo(picture.ptsNanos());
        seen.add(new Seen(picture.ptsNanos(), tick, best, inside(decoded, frames.frame(best))));
      }
    }
    return seen;
  }

  private static double outside(I420Frame picture, AvatarFrame frame) {
    Rect rect = frame.rect();
    long sum = 0;
    for (int y = 0; y < picture.heightPx(); y++) {
      for (int x = 0; x < picture.widthPx(); x++) {
        boolean in = x >= rect.x1() && x < rect.x2() && y >= rect.y1() && y < rect.y2();
        sum += in ? 0 : difference(picture, frame, x, y);
      }
    }
    return sum;
  }

  private static double inside(I420Frame picture, AvatarFrame frame) {
    Rect rect = frame.rect();
    long sum = 0;
    for (int y = rect.y1(); y < rect.y2(); y++) {
      for (int x = rect.x1(); x < rect.x2(); x++) {
        sum += difference(picture, frame, x, y) > 20 ? 1 : 0;
      }
    }
    return (double) sum;
  }

  private static int difference(I420Frame picture, AvatarFrame frame, int x, int y) {
    int at = y * picture.widthPx() + x;
    return Math.abs((picture.data()[at] & 0xff) - (frame.picture().data()[at] & 0xff));
  }

  @Test
  void nothingOfTheOldIsHeardAfterAnInterruption() {
    undisturbed(this::interruptAndListen);
  }

  private void interruptAndListen() {
    LiveSession session = sessions.create(TINY);
    List<SessionEvent> events = record(session);
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    session.say("It is 500 Hz for 9000 ms");
    await("words", () -> events.stream().filter(Caption.class::isInstance).count() >= 2);
    session.interrupt();
    long interrupted = System.nanoTime();
    session.say("1300 Hz for 600 ms");
    awaitIdle(session);

    RecordingViewer.Track track = viewer.track();
    int step = EncodedSound.SAMPLES / 2;
    int lastOld = 0;
    int newCount = 0;
    for (int at = 0; at + 2 * EncodedSound.SAMPLES < track.samples().length; at += step) {
      lastOld = track.amplitude(500, at) > AUDIBLE ? at : lastOld;
      newCount += track.amplitude(1300, at) > AUDIBLE ? 1 : 0;
    }
    assertThat(track.amplitude(500, lastOld)).isGreaterThan(AUDIBLE);
    assertThat(track.nanosAt(lastOld + 2 * EncodedSound.SAMPLES) - interrupted)
        .as("nanoseconds from the call to the end of the old sound")
        .isLessThan(200_000_000L);
    assertThat(newCount).as("hundredths of a second of the new").isGreaterThan(50);
    assertThat(events)
        .filteredOn(Interrupted.class::isInstance)
        .singleElement()
        .satisfies(event -> assertThat("It is 500 Hz for 9000 ms").startsWith(text(event)))
        .satisfies(event -> assertThat(text(event)).startsWith("It is"));
    session.close();
    await("the voice's sources to be closed", () -> voice.openSources.get() == 0);
  }

  private static String text(SessionEvent event) {
    return ((Interrupted) event).heard();
  }

  @Test
  void fiftyInterruptionsLeaveTheSessionHealthy() {
    LiveSession session = sessions.create(TINY);
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    for (int i = 0; i < 50; i++) {
      session.say("700 Hz for 3000 ms");
      if (i % 5 == 0) {
        awaitBegun(session);
      }
      session.interrupt();
      assertThat(session.state()).isEqualTo(new Idle());
    }
    undisturbed(
        () -> {
          long before = viewer.sounds().getLast().ptsNanos();
          session.say("900 Hz for 400 ms");
          awaitIdle(session);
          RecordingViewer.Track track = viewer.track();
          int heard = 0;
          for (int at = track.sampleAt(before);
              at + 2 * EncodedSound.SAMPLES < track.samples().length;
              at += EncodedSound.SAMPLES) {
            heard += track.amplitude(900, at) > AUDIBLE ? 1 : 0;
          }
          assertThat(heard).isBetween(15, 24);
        });
    await("the voice's sources to be closed", () -> voice.openSources.get() == 0);
    await("the directors to end", () -> threads("director-") == 0);
  }

  private static long threads(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(name))
        .count();
  }

  @Test
  void noViewerHearsAnother() {
    hearOnlyTheirOwn(3);
  }

  @Tag("slow")
  @Test
  void noViewerHearsAnotherOfSixteen() {
    hearOnlyTheirOwn(16);
  }

  private void hearOnlyTheirOwn(int count) {
    List<LiveSession> all = new ArrayList<>();
    List<RecordingViewer> viewers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(sessions.create(TINY));
      viewers.add(RecordingViewer.watch(all.get(i), LiveVideoCodec.VP8));
    }
    for (int i = 0; i < count; i++) {
      all.get(i).say(hertz(i) + " Hz for 1000 ms");
    }
    all.forEach(LiveSessionTest::awaitIdle);
    for (int i = 0; i < count; i++) {
      RecordingViewer.Track track = viewers.get(i).track();
      double[] loudest = new double[count];
      for (int at = 0;
          at + 2 * EncodedSound.SAMPLES < track.samples().length;
          at += EncodedSound.SAMPLES) {
        for (int other = 0; other < count; other++) {
          loudest[other] = Math.max(loudest[other], track.amplitude(hertz(other), at));
        }
      }
      for (int other = 0; other < count; other++) {
        if (other == i) {
          assertThat(loudest[other]).isGreaterThan(0.2);
        } else {
          assertThat(loudest[other]).as(i + " hears " + other).isLessThan(0.05);
        }
      }
    }
  }

  private static int hertz(int session) {
    return 400 + 200 * session;
  }

  @Test
  void sessionsThatEndLeaveNothingBehind() throws IOException {
    createAndEnd(20);
  }

  @Tag("slow")
  @Test
  void aThousandSessionsThatEndLeaveNothingBehind() throws IOException {
    createAndEnd(500);
    // By now the allocator has all the memory that it keeps for itself.
    long resident = residentBytes();
    createAndEnd(500);
    assertThat(residentBytes()).isLessThan(resident + (60L << 20));
  }

  private void createAndEnd(int count) throws IOException {
    for (int i = 0; i < 5; i++) {
      createSpeakAndEnd(i);
    }
    awaitRest();
    long threads = Thread.getAllStackTraces().size();
    long descriptors = descriptors();
    long heap = heapBytes();
    for (int i = 0; i < count; i++) {
      createSpeakAndEnd(i);
    }
    awaitRest();
    assertThat(sessions.all()).isEmpty();
    await("threads to end", () -> Thread.getAllStackTraces().size() <= threads + 2);
    await("files to be closed", () -> descriptors() <= descriptors + 3);
    await("memory to be freed", () -> heapBytes() < heap + (20L << 20));
  }

  private void createSpeakAndEnd(int number) {
    LiveSession session = sessions.create(TINY);
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    session.say("440 Hz for 2000 ms");
    if (number % 4 == 0) {
      awaitBegun(session);
    }
    session.close();
    assertThat(viewer.isClosed()).isTrue();
    assertThatThrownBy(() -> session.say("more")).isInstanceOf(LipstreamException.class);
  }

  private void awaitRest() {
    await("the voice's sources to be closed", () -> voice.openSources.get() == 0);
    await("the directors to end", () -> threads("director-") == 0);
  }

  private static long descriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the whole process takes, native memory included. */
  private static long residentBytes() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      String line = lines.filter(found -> found.startsWith("VmRSS:")).findFirst().orElseThrow();
      return Long.parseLong(line.replaceAll("\\D", "")) << 10;
    }
  }

  private static long heapBytes() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void aVoiceThatFailsIsReportedAndTheSessionGoesOn() {
    LiveSession session = sessions.create(TINY);
    List<SessionEvent> events = record(session);
    session.say("It is broken.");
    await("the failure", () -> events.contains(new Failed("the voice is broken", "mend it")));
    awaitIdle(session);
    session.say("440 Hz for 300 ms");
    await("speech", () -> events.contains(new StateChanged(new Speaking())));
    awaitIdle(session);
  }

  @Test
  void anAnswerIsSpokenSentenceBySentenceAndRemembered() {
    LiveSession session = sessions.create(TINY);
    List<SessionEvent> events = record(session);
    session.chat("What is Oslo like?");
    await("the answer", () -> events.contains(new StateChanged(new Idle())));
    assertThat(events)
        .filteredOn(StateChanged.class::isInstance)
        .containsExactly(
            new StateChanged(new Thinking()),
            new StateChanged(new Speaking()),
            new StateChanged(new Idle()));
    assertThat(events.stream().limit(3))
        .as("words come once the session has said that it speaks")
        .satisfiesExactly(
            first -> assertThat(first).isEqualTo(new StateChanged(new Thinking())),
            second -> assertThat(second).isEqualTo(new StateChanged(new Speaking())),
            third -> assertThat(third).isInstanceOf(Caption.class));
    List<Caption> words =
        events.stream().filter(Caption.class::isInstance).map(Caption.class::cast).toList();
    assertThat(words)
        .extracting(Caption::text)
        .containsExactly("Oslo", "is", "nice.", "Go", "there", "by", "train!");
    for (int i = 1; i < words.size(); i++) {
      assertThat(words.get(i).startMillis()).isGreaterThanOrEqualTo(words.get(i - 1).startMillis());
    }
    // 300 ms of tone, then the pause; longer only where the voice's thread was held up.
    long second = words.get(3).startMillis();
    assertThat(second).isGreaterThanOrEqualTo(540);
    for (int i = 0; i < 9 && second > 640; i++) {
      second = secondSentenceMillis(session, events);
      assertThat(second).isGreaterThanOrEqualTo(540);
    }
    assertThat(second).isLessThanOrEqualTo(640);

    int asked = model.asked.size();
    session.chat("And in winter?");
    await("the next question", () -> model.asked.size() == asked + 1);
    assertThat(model.asked.getLast())
        .contains(
            Message.user("What is Oslo like?"),
            Message.assistant("Oslo is nice. Go there by train!"),
            Message.user("And in winter?"));
  }

  private static long secondSentenceMillis(LiveSession session, List<SessionEvent> events) {
    events.clear();
    session.chat("Say it again.");
    await("the answer", () -> events.contains(new StateChanged(new Idle())));
    return events.stream()
        .filter(Caption.class::isInstance)
        .map(Caption.class::cast)
        .filter(word -> word.text().equals("Go"))
        .findFirst()
        .orElseThrow()
        .startMillis();
  }

  @Test
  void aLanguageModelThatFailsIsReportedAndTheSessionGoesOn() {
    try (LiveSessions speechless = open(SETTINGS, new Talk.FixedModel(""))) {
      LiveSession session = speechless.create(TINY);
      List<SessionEvent> events = record(session);
      session.chat("What is Oslo like?");
      await("the failure", () -> events.contains(new Failed("no idea", "ask else")));
      await("rest", () -> events.contains(new StateChanged(new Idle())));
      session.say("440 Hz for 300 ms");
      await("speech", () -> events.contains(new StateChanged(new Speaking())));
    }
  }

  @Test
  void aPersonWhoSpeaksInterruptsTheAvatarAndIsAnswered() {
    undisturbed(this::interruptBySpeaking);
  }

  private void interruptBySpeaking() {
    int asked = model.asked.size();
    LiveSession session = sessions.create(TINY);
    List<SessionEvent> events = record(session);
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    session.say("This goes on. It is 500 Hz for 9000 ms");
    await("speech", () -> session.state() instanceof Speaking);
    speak(viewer, 900, 0.5f);
    await("the user to be heard", () -> events.contains(new StateChanged(new Listening())));
    speak(viewer, 1_200, 0);
    await("the answer", () -> events.contains(new Heard("what is Oslo like", true)));
    await("the end of it", () -> events.contains(new StateChanged(new Idle())));
    assertThat(events)
        .filteredOn(StateChanged.class::isInstance)
        .containsExactly(
            new StateChanged(new Thinking()),
            new StateChanged(new Speaking()),
            new StateChanged(new Listening()),
            new StateChanged(new Thinking()),
            new StateChanged(new Speaking()),
            new StateChanged(new Idle()));
    assertThat(events).filteredOn(Interrupted.class::isInstance).hasSize(1);
    assertThat(model.asked).hasSize(asked + 1);
    session.close();
  }

  /** A microphone that hears a tone for a while, at the pace of a microphone. */
  private void speak(RecordingViewer viewer, int millis, float level) {
    float[] block = new float[EncodedSound.SAMPLES];
    long before = System.nanoTime();
    for (int done = 0; done < millis; done += 20) {
      microphonePauses += System.nanoTime() - before > 200_000_000 ? 1 : 0;
      before = System.nanoTime();
      for (int i = 0; i < block.length; i++) {
        double seconds = done / 1e3 + (double) i / EncodedSound.RATE_HZ;
        block[i] = level * (float) Math.sin(2 * Math.PI * 210 * seconds);
      }
      viewer.events.microphone(block, block.length);
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void aSessionThatNobodyWatchesIsClosedAndItsAvatarFreed() {
    AtomicLong aheadNanos = new AtomicLong();
    Duration idle = Duration.ofMinutes(10);
    try (LiveSessions brief =
        open(settings(4, idle), model, () -> System.nanoTime() + aheadNanos.get())) {
      LiveSession session = brief.create(TINY);
      List<SessionEvent> events = record(session);
      RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.H264);
      await("pictures", () -> viewer.pictures().size() > 10);
      assertThat(brief.find(session.id())).contains(session);
      viewer.events.closed("the tab was closed");
      aheadNanos.addAndGet(2 * idle.toNanos());
      await("the end", () -> brief.all().isEmpty());
      await("the event", () -> !events.isEmpty());
      assertThat(events.getLast()).isInstanceOf(SessionEvent.Ended.class);
      aheadNanos.addAndGet(2 * idle.toNanos());
      await(
          "the avatar to be freed",
          () -> engine.models().find("tiny").orElseThrow().streams() == 1);
    }
  }

  @Test
  void anUnknownAvatarOrVoiceIsRefused() {
    assertThatThrownBy(() -> sessions.create(new SessionRequest("nobody", "")))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("nobody");
    assertThatThrownBy(() -> sessions.create(new SessionRequest("tiny", "bass")))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("bass");
    assertThat(sessions.all()).isEmpty();
  }
}
