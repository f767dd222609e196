package io.lipstream.inference.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.rpc.BadRequest;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.SpeechFeatures;
import io.lipstream.media.wire.lipsync.Frame;
import io.lipstream.media.wire.lipsync.LipsyncRequest;
import io.lipstream.media.wire.lipsync.LipsyncResponse;
import io.lipstream.media.wire.lipsync.Mouth;
import io.lipstream.media.wire.lipsync.PictureType;
import io.lipstream.media.wire.lipsync.Priority;
import io.lipstream.media.wire.lipsync.Resume;
import io.lipstream.media.wire.lipsync.Sound;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class LipsyncStreamTest {
  private static final int WINDOW = 8192;

  private final MirrorEngine engine = new MirrorEngine();
  private final Serving serving = new Serving(engine);

  @AfterEach
  void close() {
    engine.letGo();
    serving.close();
    engine.close();
  }

  private Talk opened() {
    serving.withAvatar();
    Talk talk = Talk.start(serving.channel).open(Serving.opening().build());
    assertThat(talk.next().getOpened().getSidePx()).isEqualTo(320);
    return talk;
  }

  private static float[] window(Mouth mouth) {
    assertThat(mouth.getOutcome()).isEqualTo(Mouth.Outcome.COMPUTED);
    return Talk.floats(mouth.getPicture(), WINDOW);
  }

  @Test
  void framesSeeTheWindowsOfTheWholeUtterance() {
    Talk talk = opened();
    List<float[]> expected = FeatureRowsTest.windows(20);
    for (int i = 0; i < 22; i++) {
      if (i < 20) {
        talk.frame(i, FeatureRowsTest.feature(i));
      } else {
        talk.frame(i);
      }
    }
    talk.halfClose();
    for (int i = 0; i < 22; i++) {
      Mouth mouth = talk.mouth();
      assertThat(mouth.getIndex()).isEqualTo(i);
      assertThat(window(mouth)).isEqualTo(expected.get(i));
    }
    talk.expectEnd();
  }

  @Test
  void framesSeeTheAvatarsPictureUnderThem() {
    Talk talk = opened();
    talk.frame(
        Frame.newBuilder()
            .setIndex(4)
            .setAvatarFrame(2)
            .setPresentationUs(123_456)
            .setFeature(Talk.bytes(FeatureRowsTest.feature(0))));
    talk.halfClose();
    Mouth mouth = talk.mouth();
    float[] values = Talk.floats(mouth.getPicture(), 3 * 320 * 320);
    assertThat(values[WINDOW]).isEqualTo(153 / 255f);
    assertThat(values[values.length - 1]).isEqualTo(153 / 255f);
    assertThat(mouth.getPresentationUs()).isEqualTo(123_456);
    assertThat(mouth.getQueueUs()).isEqualTo(1);
    assertThat(mouth.getServiceUs()).isEqualTo(2);
    assertThat(mouth.getBatch()).isEqualTo(1);
  }

  @Test
  void picturesComeInTheTypeAskedFor() {
    serving.withAvatar();
    for (PictureType type : List.of(PictureType.UINT8, PictureType.FLOAT16, PictureType.FLOAT32)) {
      Talk talk = Talk.start(serving.channel).open(Serving.opening().setPictureType(type).build());
      talk.next();
      talk.frame(Frame.newBuilder().setIndex(0).setWindow(Talk.bytes(new float[WINDOW])));
      ByteString picture = talk.mouth().getPicture();
      ByteBuffer bytes = picture.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      int values = 3 * 320 * 320;
      switch (type) {
        case UINT8 -> {
          assertThat(picture.size()).isEqualTo(values);
          assertThat(bytes.get(values - 1)).isEqualTo((byte) 51);
        }
        case FLOAT16 -> {
          assertThat(picture.size()).isEqualTo(2 * values);
          assertThat(Float.float16ToFloat(bytes.getShort(2 * values - 2)))
              .isCloseTo(0.2f, org.assertj.core.data.Offset.offset(0.001f));
        }
        default -> assertThat(bytes.getFloat(4 * values - 4)).isEqualTo(0.2f);
      }
      talk.halfClose().expectEnd();
    }
  }

  @Test
  void soundAfterAnEndIsAnotherUtterance() {
    Talk talk = opened();
    talk.frame(0, FeatureRowsTest.feature(0)).frame(1).frame(2).end();
    talk.frame(10, FeatureRowsTest.feature(0)).frame(11, FeatureRowsTest.feature(1)).halfClose();
    List<float[]> first = FeatureRowsTest.windows(1);
    List<float[]> second = FeatureRowsTest.windows(2);
    for (int i = 0; i < 3; i++) {
      assertThat(window(talk.mouth())).isEqualTo(first.get(i));
    }
    for (int i = 0; i < 2; i++) {
      Mouth mouth = talk.mouth();
      assertThat(mouth.getIndex()).isEqualTo(10 + i);
      assertThat(window(mouth)).isEqualTo(second.get(i));
    }
    talk.expectEnd();
  }

  @Test
  void aRowContinuesTheWindowBefore() {
    Talk talk = opened();
    List<float[]> windows = FeatureRowsTest.windows(12);
    talk.frame(Frame.newBuilder().setIndex(0).setWindow(Talk.bytes(windows.get(0))));
    for (int i = 1; i < windows.size(); i++) {
      float[] row = java.util.Arrays.copyOfRange(windows.get(i), WINDOW - 512, WINDOW);
      talk.frame(Frame.newBuilder().setIndex(i).setNextRow(Talk.bytes(row)));
    }
    for (float[] window : windows) {
      assertThat(window(talk.mouth())).isEqualTo(window);
    }
  }

  @Test
  void pcmIsHeardAsTheWholeSoundAtOnce() {
    serving.withAvatar();
    short[] samples = new short[16_000];
    Random random = new Random(5);
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (short) (random.nextGaussian() * 3000);
    }
    List<float[]> expected = new ArrayList<>();
    float[] floats = new float[samples.length];
    for (int i = 0; i < samples.length; i++) {
      floats[i] = samples[i] / 32768f;
    }
    SpeechFeatures whole =
        new SpeechFeatures(new FirstLevels(), 32, (index, w) -> expected.add(w.clone()));
    whole.push(floats, floats.length);
    whole.finish();

    Talk talk =
        Talk.start(serving.channel)
            .open(Serving.opening().setAudioEncoderId(MirrorEngine.EARS).build());
    talk.next();
    int messages = samples.length / 640;
    assertThat(messages).isGreaterThan(expected.size());
    for (int i = 0; i < messages; i++) {
      ByteBuffer bytes = ByteBuffer.allocate(1280).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asShortBuffer().put(samples, i * 640, 640);
      ByteString pcm = ByteString.copyFrom(bytes);
      if (i < expected.size()) {
        talk.frame(Frame.newBuilder().setIndex(i).setPcm(pcm));
      } else {
        talk.say(LipsyncRequest.newBuilder().setSound(Sound.newBuilder().setPcm(pcm)).build());
      }
    }
    talk.halfClose();
    for (float[] window : expected) {
      assertThat(window(talk.mouth())).isEqualTo(window);
    }
    talk.expectEnd();
  }

  /** As the engine's encoder. */
  private static final class FirstLevels implements AudioEncoder {
    @Override
    public void encode(int count, float[] melWindows, float[] features) {
      for (int i = 0; i < count; i++) {
        System.arraycopy(
            melWindows, i * WINDOW_FLOATS, features, i * FEATURE_FLOATS, FEATURE_FLOATS);
      }
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }

  @Test
  void aFlushDropsWhatIsQueuedAndIsConfirmedAfterIt() {
    Talk talk = opened();
    engine.stop();
    for (int i = 0; i < 12; i++) {
      talk.frame(i, FeatureRowsTest.feature(i));
    }
    Serving.awaitNot(() -> !engine.holds());
    talk.flush().frame(20, FeatureRowsTest.feature(0)).end();
    int dropped = 0;
    LipsyncResponse next = talk.next();
    // One frame is in the worker's hands, and is let go once the flush is seen to work.
    for (; next.hasMouth() && dropped < 11; next = dropped < 11 ? talk.next() : next) {
      assertThat(next.getMouth().getOutcome()).isEqualTo(Mouth.Outcome.FLUSHED);
      assertThat(next.getMouth().getPicture().isEmpty()).isTrue();
      dropped++;
    }
    assertThat(dropped).isEqualTo(11);
    engine.letGo();
    assertThat(talk.mouth().getOutcome()).isEqualTo(Mouth.Outcome.FLUSHED);
    assertThat(talk.next().hasFlushed()).isTrue();
    Mouth after = talk.mouth();
    assertThat(after.getIndex()).isEqualTo(20);
    assertThat(window(after)).isEqualTo(FeatureRowsTest.windows(1).getFirst());
  }

  @Test
  void aFrameOfNoUseAnyMoreIsDroppedAsLate() {
    Talk talk = opened();
    engine.stop();
    talk.frame(
        Frame.newBuilder().setIndex(0).setDeadlineUs(1).setWindow(Talk.bytes(new float[WINDOW])));
    Serving.awaitNot(() -> !engine.holds());
    engine.letGo();
    assertThat(talk.mouth().getOutcome()).isEqualTo(Mouth.Outcome.LATE);
  }

  @Test
  void aSessionGoesOnWhereAnotherStreamEnded() {
    serving.withAvatar();
    List<float[]> expected = FeatureRowsTest.windows(40);
    int next = 23;
    Talk talk =
        Talk.start(serving.channel)
            .open(
                Serving.opening()
                    .setResume(
                        Resume.newBuilder()
                            .setUtteranceStart(100)
                            .setNextIndex(100 + next)
                            .setFirstFeature(next - 9))
                    .build());
    talk.next();
    for (int i = next - 9; i < 40; i++) {
      talk.sound(FeatureRowsTest.feature(i));
    }
    for (int i = next; i < 42; i++) {
      talk.frame(100 + i);
    }
    talk.halfClose();
    for (int i = next; i < 42; i++) {
      Mouth mouth = talk.mouth();
      assertThat(mouth.getIndex()).isEqualTo(100 + i);
      assertThat(window(mouth)).isEqualTo(expected.get(i));
    }
    talk.expectEnd();
  }

  @Test
  void aClientThatReadsNothingLosesItsStreamAtItsBound() {
    serving.withAvatar();
    Talk talk = Talk.start(serving.channel, false).open(Serving.opening().build());
    talk.next();
    // 128 pictures of 1.2 MB neither fit the windows of the connection nor the bound of 64.
    for (int i = 0; i < 128; i++) {
      talk.frame(Frame.newBuilder().setIndex(i).setWindow(Talk.bytes(new float[WINDOW])));
    }
    Serving.awaitNot(() -> serving.lipsync.openStreams() > 0);
    talk.call().request(1000);
    StatusRuntimeException failure = talk.failure();
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(failure.getStatus().getDescription()).contains("64 frames are unanswered");
    assertThat(detail(failure, RetryInfo.class)).isTrue();
    awaitNoStreams();
  }

  @Test
  void aClientThatStopsReadingLosesItsStreamAfterAWhile() {
    try (Serving impatient =
        new Serving(
            engine,
            Serving.settings().withStalledAfter(Duration.ofMillis(200)),
            InferenceServer.Options.loopback())) {
      impatient.withAvatar();
      Talk talk = Talk.start(impatient.channel, false).open(Serving.opening().build());
      talk.next();
      for (int i = 0; i < 60; i++) {
        talk.frame(Frame.newBuilder().setIndex(i).setWindow(Talk.bytes(new float[WINDOW])));
      }
      Serving.awaitNot(() -> impatient.lipsync.openStreams() > 0);
      talk.call().request(1000);
      StatusRuntimeException failure = talk.failure();
      assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(failure.getStatus().getDescription()).contains("has read nothing");
    }
  }

  @Test
  void aClientThatVanishesLeavesNothingBehind() {
    Talk talk = opened();
    engine.stop();
    for (int i = 0; i < 30; i++) {
      talk.frame(i, FeatureRowsTest.feature(i));
    }
    serving.channel.shutdownNow();
    Serving.awaitNot(() -> serving.lipsync.openStreams() > 0);
    engine.letGo();
    awaitNoStreams();
  }

  @Test
  void aCancelledStreamGivesItsPlaceBack() {
    Talk talk = opened();
    assertThat(engine.openStreams.get()).isEqualTo(1);
    talk.call().cancel("enough", null);
    awaitNoStreams();
    assertThat(talk.failure().getStatus().getCode()).isEqualTo(Status.Code.CANCELLED);
  }

  private void awaitNoStreams() {
    Serving.awaitNot(() -> engine.openStreams.get() > 0);
  }

  @Test
  void anAvatarThatIsNotThereIsAskedFor() {
    Talk talk = Talk.start(serving.channel).open(Serving.opening().build());
    StatusRuntimeException failure = talk.failure();
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(failure.getStatus().getDescription()).contains("PutAvatarVisuals");
    assertThat(detail(failure, PreconditionFailure.class)).isTrue();
  }

  @Test
  void aModelThatIsNotThereIsNotFoundWithANearName() {
    serving.withAvatar();
    Talk talk = Talk.start(serving.channel).open(Serving.opening().setModelId("fase").build());
    StatusRuntimeException failure = talk.failure();
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(failure.getStatus().getDescription()).contains("did you mean face?");
  }

  @Test
  void anEngineWithoutRoomSaysWhenToComeBack() {
    serving.withAvatar();
    Talk talk =
        Talk.start(serving.channel).open(Serving.opening().setModelId(MirrorEngine.BUSY).build());
    StatusRuntimeException failure = talk.failure();
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(detail(failure, RetryInfo.class)).isTrue();
  }

  @Test
  void aModelOfTheWrongKindOrABrokenOneIsAFailedPrecondition() {
    serving.withAvatar();
    for (String id : List.of(MirrorEngine.EARS, MirrorEngine.BROKEN)) {
      Talk talk = Talk.start(serving.channel).open(Serving.opening().setModelId(id).build());
      assertThat(talk.failure().getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    }
    awaitNoStreams();
  }

  @Test
  void whatComesBeforeOpenIsAFailedPrecondition() {
    Talk talk = Talk.start(serving.channel).frame(0);
    assertThat(talk.failure().getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
  }

  @Test
  void pcmWithoutAnEncoderIsAFailedPrecondition() {
    Talk talk = opened();
    talk.frame(Frame.newBuilder().setIndex(0).setPcm(ByteString.copyFrom(new byte[4])));
    assertThat(talk.failure().getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
  }

  @Test
  void everyWrongFieldIsNamedWithWhatWasExpected() {
    serving.withAvatar();
    refused(Serving.opening().setAvatar(ByteString.EMPTY).build(), "open.avatar", "32 bytes");
    refused(Serving.opening().setLookAhead(8).build(), "open.look_ahead", "0 to 7");
    refused(Serving.opening().setPictureTypeValue(9).build(), "open.picture_type", "it is 9");
    refused(Serving.opening().setPriorityValue(9).build(), "open.priority", "it is 9");
    refused(
        Serving.opening().setFramesPerSecond(Double.NaN).build(), "open.frames_per_second", "NaN");
    refused(
        Serving.opening().setResume(Resume.newBuilder().setNextIndex(-1)).build(),
        "open.resume.next_index",
        "-1");
    refused(frame().setAvatarFrame(3), "frame.avatar_frame", "less than 3");
    refused(frame().setIndex(-1), "frame.index", "it is -1");
    refused(frame().setDeadlineUs(-1), "frame.deadline_us", "it is -1");
    refused(frame().setFeature(ByteString.copyFrom(new byte[2047])), "frame.feature", "2048 bytes");
    refused(frame().setWindow(ByteString.copyFrom(new byte[2048])), "frame.window", "32768 bytes");
    refused(frame().setPcm(ByteString.copyFrom(new byte[3])), "frame.pcm", "16-bit");
    refused(
        frame().setNextRow(ByteString.copyFrom(new byte[2048])), "frame.next_row", "window before");
  }

  private static Frame.Builder frame() {
    return Frame.newBuilder().setIndex(0);
  }

  private void refused(io.lipstream.media.wire.lipsync.Open open, String field, String text) {
    refused(Talk.start(serving.channel).open(open), field, text);
  }

  private void refused(Frame.Builder frame, String field, String text) {
    refused(
        Talk.start(serving.channel)
            .open(Serving.opening().setPriority(Priority.LIVE).build())
            .frame(frame),
        field,
        text);
  }

  private static void refused(Talk talk, String field, String text) {
    StatusRuntimeException failure = talk.failure();
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(failure.getStatus().getDescription()).startsWith(field).contains(text);
    assertThat(detail(failure, BadRequest.class)).isTrue();
  }

  private static boolean detail(
      StatusRuntimeException failure, Class<? extends com.google.protobuf.Message> type) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    return status != null && status.getDetailsList().stream().anyMatch(any -> any.is(type));
  }

  @Test
  void anEmptyMessageIsRefused() {
    Talk talk = opened().say(LipsyncRequest.getDefaultInstance());
    assertThat(talk.failure().getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
  }
}
