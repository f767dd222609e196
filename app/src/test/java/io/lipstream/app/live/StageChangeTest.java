package io.lipstream.app.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.app.live.SessionState.Idle;
import io.lipstream.app.live.SessionState.Speaking;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.avatar.Background;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.live.LiveVideoCodec;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions whose background, avatar or gesture changes while they are watched. */
final class StageChangeTest {
  private static final Path AVATARS = Path.of("../avatars").toAbsolutePath();
  private static final SessionRequest TINY = new SessionRequest("tiny", "");
  private static final Background NAVY = new Background.Colour(0x1d, 0x35, 0x57);
  private static final int NAVY_LUMA = 60;
  private static final int FRAMES = 10;
  private static final int PADDING_PX = 64;

  /** Where tiny's mouth is in the middle of its loop. */
  private static final int MOUTH_X = 115;

  private static final int MOUTH_Y = 142;
  private static final long PICTURE_NANOS = 40_000_000;

  @TempDir Path folder;

  private final ToneVoice voice = new ToneVoice();
  private final Catalogue catalogue = Catalogue.empty();
  private final LocalEngine engine =
      LocalEngine.start(EngineSettings.cpu(), catalogue, EngineEvents.NONE, System::nanoTime);
  private LiveSessions sessions = open(List.of(AVATARS));

  private LiveSessions open(List<Path> avatars) {
    return LiveSessions.open(
        new LiveParts(
            new AvatarStore(avatars),
            engine,
            catalogue,
            voice,
            new Talk.FixedModel("Yes."),
            new Talk.FixedRecognizer("no"),
            new Talk.LoudnessActivity()),
        LiveSettings.DEFAULT,
        System::nanoTime);
  }

  @BeforeEach
  void openWithOurAvatars() throws IOException {
    sessions.close();
    wideTiny(folder.resolve("wide"));
    wavingTiny(folder.resolve("waving"));
    sessions = open(List.of(AVATARS, folder));
  }

  @AfterEach
  void close() {
    sessions.close();
    engine.close();
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

  private static void awaitPictures(RecordingViewer viewer, int more) {
    int seen = viewer.pictures().size();
    await("pictures", () -> viewer.pictures().size() >= seen + more);
  }

  private static List<I420Frame> decode(RecordingViewer viewer) {
    return decode(viewer.pictures(), viewer.codec());
  }

  private static List<I420Frame> decode(List<RecordingViewer.Sent> pictures, LiveVideoCodec codec) {
    List<I420Frame> decoded = new ArrayList<>();
    try (DecodedPictures decoder = new DecodedPictures(codec)) {
      pictures.forEach(sent -> decoded.add(decoder.decode(sent.data())));
    }
    return decoded;
  }

  private static int luma(I420Frame picture, int x, int y) {
    return picture.data()[y * picture.widthPx() + x] & 0xff;
  }

  /** What two viewers saw at the same moment. */
  private record Both(I420Frame one, I420Frame other) {}

  /**
   * What they saw at the last moment of which both got a picture: a busy machine leaves some out.
   */
  private static Both together(RecordingViewer viewer, RecordingViewer other) {
    int from = viewer.pictures().size() - 1;
    await("a moment of both", () -> lastCommon(viewer.pictures(), other.pictures()) >= from);
    List<RecordingViewer.Sent> ofOne = viewer.pictures();
    List<RecordingViewer.Sent> ofOther = other.pictures();
    int at = lastCommon(ofOne, ofOther);
    long ptsNanos = ofOne.get(at).ptsNanos();
    int same = 0;
    while (ofOther.get(same).ptsNanos() < ptsNanos) {
      same++;
    }
    return new Both(
        decode(ofOne, viewer.codec()).get(at), decode(ofOther, other.codec()).get(same));
  }

  /** The place of the last picture whose moment is in the other list, too; -1 if there is none. */
  private static int lastCommon(
      List<RecordingViewer.Sent> pictures, List<RecordingViewer.Sent> others) {
    Set<Long> moments =
        others.stream().map(RecordingViewer.Sent::ptsNanos).collect(Collectors.toSet());
    int at = pictures.size() - 1;
    while (at >= 0 && !moments.contains(pictures.get(at).ptsNanos())) {
      at--;
    }
    return at;
  }

  /** The mean difference of luma in a square. */
  private static double difference(I420Frame one, I420Frame other, int left, int top, int sidePx) {
    long sum = 0;
    for (int y = top; y < top + sidePx; y++) {
      for (int x = left; x < left + sidePx; x++) {
        sum += Math.abs(luma(one, x, y) - luma(other, x, y));
      }
    }
    return (double) sum / (sidePx * sidePx);
  }

  @Test
  void anotherBackgroundIsSeenBehindTheFaceAndNotInIt() {
    LiveSession session = sessions.create(TINY);
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    LiveSession plain = sessions.create(TINY);
    RecordingViewer other = RecordingViewer.watch(plain, LiveVideoCodec.VP8);
    awaitPictures(viewer, 10);
    int before = viewer.pictures().size();
    session.showBackground(NAVY);
    awaitPictures(viewer, 40);

    List<I420Frame> seen = decode(viewer.pictures(), LiveVideoCodec.VP8);
    Both both = together(viewer, other);
    I420Frame last = both.one();
    assertThat(luma(seen.get(before - 1), 4, 4)).isGreaterThan(NAVY_LUMA + 20);
    assertThat(luma(last, 4, 4)).isBetween(NAVY_LUMA - 12, NAVY_LUMA + 12);
    // The other session shows the same frame of the loop at the same moment, before its own.
    I420Frame unchanged = both.other();
    assertThat(luma(unchanged, 4, 4)).isGreaterThan(NAVY_LUMA + 20);
    assertThat(difference(last, unchanged, 90, 90, 70)).as("difference in the face").isLessThan(4);
    assertNoGap(viewer);
  }

  @Test
  void sessionsBeforeTheSameBackgroundShareTheirFrames() throws IOException {
    Background picture = Background.sent(png(Color.GREEN));
    LiveSession one = sessions.create(new SessionRequest(new Look("tiny", picture), ""));
    LiveSession two = sessions.create(TINY);
    assertThat(sessions.stages().count()).isEqualTo(2);
    two.showBackground(Background.sent(png(Color.GREEN)));
    assertThat(sessions.stages().take(one.look())).isSameAs(sessions.stages().take(two.look()));
    sessions.stages().giveBack(one.look());
    sessions.stages().giveBack(one.look());
    one.close();
    two.showBackground(null);
    await("the background to be freed", () -> sessions.stages().count() == 1);
  }

  private static byte[] png(Color colour) throws IOException {
    BufferedImage image = new BufferedImage(300, 200, BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D pen = image.createGraphics();
    pen.setColor(colour);
    pen.fillRect(0, 0, 300, 200);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }

  @Test
  void aBackgroundThatIsNoPictureOrTooLargeIsRefused() throws IOException {
    byte[] cut = Arrays.copyOf(png(Color.RED), 60);
    assertThatThrownBy(() -> Background.sent(cut)).isInstanceOf(LipstreamException.class);
    BufferedImage huge = new BufferedImage(8000, 4000, BufferedImage.TYPE_BYTE_BINARY);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(huge, "png", bytes);
    assertThatThrownBy(() -> Background.sent(bytes.toByteArray()))
        .isInstanceOf(LipstreamException.class);
    assertThatThrownBy(() -> Background.colour("../../etc/passwd"))
        .isInstanceOf(LipstreamException.class)
        .hasMessageContaining("no colour");
  }

  @Test
  void anotherAvatarSpeaksOnWithoutAGapForTwoViewers() {
    LiveSession session = sessions.create(TINY);
    RecordingViewer vp8 = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    RecordingViewer h264 = RecordingViewer.watch(session, LiveVideoCodec.H264);
    awaitPictures(vp8, 5);
    awaitPictures(h264, 5);
    session.say("440 Hz for 4000 ms");
    await("speech", () -> session.state() instanceof Speaking);
    awaitPictures(vp8, 20);
    session.showAvatar("wide");
    await("rest", () -> session.state() instanceof Idle);
    awaitPictures(vp8, 20);
    awaitPictures(h264, 20);
    Map<RecordingViewer, Integer> places =
        Map.of(vp8, vp8.pictures().size(), h264, h264.pictures().size());
    session.say("0 Hz for 800 ms");
    await("rest", () -> session.state() instanceof Idle);
    awaitPictures(vp8, 15);
    awaitPictures(h264, 15);

    for (RecordingViewer viewer : List.of(vp8, h264)) {
      int again = Objects.requireNonNull(places.get(viewer));
      assertNoGap(viewer);
      List<I420Frame> seen = decode(viewer);
      int change = 0;
      while (seen.get(change).widthPx() == 256) {
        change++;
      }
      assertThat(viewer.pictures().get(change).keyFrame()).isTrue();
      assertThat(seen.subList(change, seen.size()))
          .allSatisfy(picture -> assertThat(picture.widthPx()).isEqualTo(256 + 2 * PADDING_PX));
      assertThat(mouthMovement(seen.subList(again, seen.size())))
          .as(
              "the new avatar's mouth, which at rest moves by %s",
              mouthMovement(seen.subList(again - 12, again)))
          .isGreaterThan(mouthMovement(seen.subList(again - 12, again)) + 5);
    }
    RecordingViewer.Track track = vp8.track();
    int silent = 0;
    int first = 0;
    while (track.amplitude(440, first) < 0.1) {
      first += 960;
    }
    // The tone swells four times a second.
    for (int at = first; at < first + 48 * 3_700; at += 48 * 250) {
      double loudest = 0;
      for (int part = 0; part < 48 * 250; part += 960) {
        loudest = Math.max(loudest, track.amplitude(440, at + part));
      }
      silent += loudest < 0.1 ? 1 : 0;
    }
    // The voice of a busy machine may stall, and its sounds come too late; a change never silences
    // more than that.
    long lost = session.statistics().soundsMissing() + sessions.beat().sounds().skippedFrames();
    assertThat((long) silent).isLessThanOrEqualTo(lost);
  }

  /** How much the region of the wide avatar's mouth changes at most between two pictures. */
  private static double mouthMovement(List<I420Frame> pictures) {
    double most = 0;
    for (int i = 1; i < pictures.size(); i++) {
      most =
          Math.max(
              most,
              difference(pictures.get(i - 1), pictures.get(i), PADDING_PX + MOUTH_X, MOUTH_Y, 24));
    }
    return most;
  }

  /** Ticks that a busy machine skips are no gap; more than the time between keyframes is. */
  private void assertNoGap(RecordingViewer viewer) {
    List<RecordingViewer.Sent> pictures = viewer.pictures();
    long skipped = sessions.beat().pictures().skippedFrames();
    long skippedSounds = sessions.beat().sounds().skippedFrames();
    for (int i = 1; i < pictures.size(); i++) {
      long gap = pictures.get(i).ptsNanos() - pictures.get(i - 1).ptsNanos();
      assertThat(gap).isBetween(PICTURE_NANOS / 2, (8 + skipped) * PICTURE_NANOS);
    }
    List<RecordingViewer.Sent> sounds = viewer.sounds();
    for (int i = 1; i < sounds.size(); i++) {
      long gap = sounds.get(i).ptsNanos() - sounds.get(i - 1).ptsNanos();
      assertThat(gap).isLessThanOrEqualTo(20_000_000 * (11 + skippedSounds));
    }
  }

  @Test
  void aGestureBeginsAndEndsWithoutAJump() {
    LiveSession session = sessions.create(new SessionRequest("waving", ""));
    LiveSession resting = sessions.create(new SessionRequest("waving", ""));
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    RecordingViewer other = RecordingViewer.watch(resting, LiveVideoCodec.VP8);
    awaitPictures(viewer, 40);
    int before = viewer.pictures().size();
    session.act("wave", 1);
    awaitPictures(viewer, 10);
    session.say("440 Hz for 600 ms");
    session.act("shake", 2);
    await("rest", () -> session.state() instanceof Idle);
    awaitPictures(viewer, 80);

    List<RecordingViewer.Sent> sent = viewer.pictures();
    List<I420Frame> seen = decode(sent, LiveVideoCodec.VP8);
    double usual = widestStep(sent, seen, 5, before);
    assertThat(widestStep(sent, seen, before - 1, seen.size()))
        .as("the widest step of a gesture, beside %s of the idle loop", usual)
        .isLessThan(3 * usual + 1);
    assertThat(seen.subList(before, seen.size()))
        .as("the hand that only the clip's frames show")
        .anyMatch(picture -> luma(picture, 14, 236) > 200);
    assertThat(luma(seen.get(before - 1), 14, 236)).isLessThan(180);

    Both both = together(viewer, other);
    assertThat(difference(both.one(), both.other(), 40, 40, 176))
        .as("difference from the loop that all share")
        .isLessThan(1.5);
    assertNoGap(viewer);
    assertThatThrownBy(() -> session.act("fly", 1)).hasMessageContaining("fly");
  }

  @Test
  void whatIsSaidDuringAGestureIsSeenOnItsOwnFrames() {
    LiveSession session = sessions.create(new SessionRequest("waving", ""));
    RecordingViewer viewer = RecordingViewer.watch(session, LiveVideoCodec.VP8);
    awaitPictures(viewer, 5);
    // The first time, the model is being loaded.
    session.say("440 Hz for 800 ms");
    await("rest", () -> session.state() instanceof Idle);
    session.act("wave", 20);
    session.say("0 Hz for 1500 ms");
    await("rest", () -> session.state() instanceof Idle);
    List<I420Frame> seen = decode(viewer);
    double moved = 0;
    for (int i = 1; i < seen.size(); i++) {
      if (luma(seen.get(i), 14, 236) > 200 && luma(seen.get(i - 1), 14, 236) > 200) {
        moved = Math.max(moved, difference(seen.get(i - 1), seen.get(i), MOUTH_X, MOUTH_Y, 24));
      }
    }
    assertThat(moved).as("the mouth's movement while the hand is up").isGreaterThan(3);
  }

  private static double widestStep(
      List<RecordingViewer.Sent> sent, List<I420Frame> pictures, int from, int to) {
    double widest = 0;
    for (int i = from + 1; i < to; i++) {
      // Where a busy machine left pictures out, the next one is further away.
      if (sent.get(i).ptsNanos() - sent.get(i - 1).ptsNanos() < 2 * PICTURE_NANOS) {
        // The face's upper half: the mouth may move as it likes.
        widest = Math.max(widest, difference(pictures.get(i - 1), pictures.get(i), 70, 40, 80));
      }
    }
    return widest;
  }

  /** Tiny on wider frames. */
  private static void wideTiny(Path target) throws IOException {
    copy(AVATARS.resolve("tiny"), target);
    for (String each : List.of("frames", "matte")) {
      for (Path file : pictures(target.resolve(each))) {
        pad(file);
      }
    }
    pad(target.resolve("background.png"));
    Path yaml = target.resolve("avatar.yaml");
    Files.writeString(
        yaml,
        Files.readString(yaml)
            .replace("name: tiny", "name: wide")
            .replace("widthPx: 256", "widthPx: " + (256 + 2 * PADDING_PX)));
    Path rectangles = target.resolve("rectangles.json");
    StringBuilder moved = new StringBuilder("[");
    for (int[] rect : rectangles(rectangles)) {
      moved
          .append(moved.length() > 1 ? "," : "")
          .append(
              "[%d,%d,%d,%d]"
                  .formatted(rect[0] + PADDING_PX, rect[1], rect[2] + PADDING_PX, rect[3]));
    }
    Files.writeString(rectangles, moved + "]");
  }

  /** Tiny with a clip of its own frames, in which it shows a white hand. */
  private static void wavingTiny(Path target) throws IOException {
    copy(AVATARS.resolve("tiny"), target);
    int resting = 4;
    StringBuilder all = new StringBuilder("[");
    List<int[]> rects = rectangles(target.resolve("rectangles.json"));
    for (int i = 0; i < FRAMES + 3; i++) {
      int[] rect = rects.get(i < FRAMES ? i : resting);
      all.append(i == 0 ? "" : ",")
          .append("[%d,%d,%d,%d]".formatted(rect[0], rect[1], rect[2], rect[3]));
    }
    Files.writeString(target.resolve("rectangles.json"), all + "]");
    for (String each : List.of("frames", "matte")) {
      List<Path> files = pictures(target.resolve(each));
      String name = files.getFirst().getFileName().toString();
      for (int i = 0; i < 3; i++) {
        BufferedImage image = ImageIO.read(files.get(resting).toFile());
        Graphics2D pen = image.createGraphics();
        pen.setColor(Color.WHITE);
        pen.fillRect(8, 230, 8 + 4 * i, 12);
        ImageIO.write(
            image,
            "png",
            target
                .resolve(each)
                .resolve(name.replaceAll("\\d+", "%06d".formatted(FRAMES + i)))
                .toFile());
      }
    }
    Path yaml = target.resolve("avatar.yaml");
    Files.writeString(
        yaml,
        Files.readString(yaml)
            .replace("name: tiny", "name: waving")
            .replace("count: 10,", "count: 13, loop: 10,")
            .replace("clips:\n", "clips:\n  wave: {frames: [10, 12, 10], at: 4}\n"));
  }

  private static List<int[]> rectangles(Path file) throws IOException {
    List<int[]> rects = new ArrayList<>();
    for (String one : Files.readString(file).replaceAll("\\s", "").split("],\\[", -1)) {
      rects.add(
          Stream.of(one.replaceAll("[\\[\\]]", "").split(",", -1))
              .mapToInt(Integer::parseInt)
              .toArray());
    }
    return rects;
  }

  private static List<Path> pictures(Path source) throws IOException {
    try (Stream<Path> files = Files.list(source)) {
      return files.sorted().toList();
    }
  }

  private static void pad(Path file) throws IOException {
    BufferedImage image = ImageIO.read(file.toFile());
    BufferedImage wide =
        new BufferedImage(image.getWidth() + 2 * PADDING_PX, image.getHeight(), image.getType());
    wide.getRaster().setRect(PADDING_PX, 0, image.getRaster());
    ImageIO.write(wide, "png", file.toFile());
  }

  private static void copy(Path source, Path target) throws IOException {
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(source.relativize(file).toString()));
      }
    }
  }
}
