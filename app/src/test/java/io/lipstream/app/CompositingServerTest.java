package io.lipstream.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.lipstream.app.render.Progress;
import io.lipstream.app.render.RenderPipeline;
import io.lipstream.app.server.CompositingRole;
import io.lipstream.app.server.InferenceRole;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.inference.client.InferenceTarget;
import io.lipstream.media.lipsync.MediaSink;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.wire.batch.GetModelStatsRequest;
import io.lipstream.media.wire.batch.GetModelStatsResponse;
import io.lipstream.media.wire.batch.HealthRequest;
import io.lipstream.media.wire.batch.ListModelsRequest;
import io.lipstream.media.wire.batch.LoadModelRequest;
import io.lipstream.media.wire.batch.ModelInfo;
import io.lipstream.media.wire.batch.UnloadModelRequest;
import io.lipstream.media.wire.composite.CompositeBatchRequest;
import io.lipstream.media.wire.composite.CompositeBatchResponse;
import io.lipstream.media.wire.composite.CompositingServiceGrpc;
import io.lipstream.media.wire.compositing.CompositeFrame;
import io.lipstream.media.wire.compositing.OpenComposite;
import io.lipstream.media.wire.compositing.Output;
import io.lipstream.media.wire.compositing.Pace;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A compositing server with the tiny avatar, and programs that speak to it. */
final class CompositingServerTest {
  private static final String AVATAR = "tiny";
  private static final int SAMPLES_PER_FRAME = 640;

  /** What the generator hears after a frame's time, in frames, with some to spare. */
  private static final int FRAMES_AHEAD = 14;

  /** How far the colours at the mouth's edge, which follow slowly, may be from frame to frame. */
  private static final int SEAM_LEVELS = 15;

  @TempDir Path folder;
  private CompositingRole role;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    role = CompositingServers.compositing(folder, "output: {format: png}");
    channel = InferenceTarget.parse("127.0.0.1:" + role.port()).open();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    role.close();
  }

  private static OpenComposite.Builder opening(Output output) {
    return OpenComposite.newBuilder().setAvatar(AVATAR).setOutput(output).setSession("test");
  }

  /** Keeps what a file would show and let hear. */
  private static final class KeepingSink implements MediaSink {
    final List<byte[]> frames = new ArrayList<>();

    @Override
    public void video(I420Frame frame) {
      frames.add(frame.data().clone());
    }

    @Override
    public void audio(float[] interleaved, int frameCount) {}

    @Override
    public void finish() {}

    @Override
    public void close() {}
  }

  private static List<byte[]> rendered(float[] sound) {
    KeepingSink sink = new KeepingSink();
    Progress silent =
        new Progress(Progress.Style.NONE, new PrintWriter(Writer.nullWriter()), System::nanoTime);
    String tiny = CompositingServers.HOME.resolve("avatars/tiny").toString();
    try (RenderCast cast = new RenderCast(tiny, PasteEdge.FEATHERED, 2)) {
      new RenderPipeline(cast.cast(), 25, 2, silent)
          .run(new SampleSource(CompositingServers.RATE_HZ, sound), sink);
    }
    return sink.frames;
  }

  private static void assertSamePictures(List<CompositeFrame> found, List<byte[]> expected) {
    assertThat(found).hasSameSizeAs(expected);
    int worst = 0;
    for (int i = 0; i < found.size(); i++) {
      byte[] picture = found.get(i).getPicture().toByteArray();
      assertThat(picture).hasSameSizeAs(expected.get(i));
      for (int at = 0; at < picture.length; at++) {
        worst = Math.max(worst, Math.abs((picture[at] & 0xff) - (expected.get(i)[at] & 0xff)));
      }
    }
    assertThat(worst).as("grey levels apart").isLessThanOrEqualTo(1);
  }

  private static void assertSound(List<CompositeFrame> frames, byte[] pcm) {
    ByteString heard = ByteString.EMPTY;
    for (CompositeFrame frame : frames) {
      heard = heard.concat(frame.getSound());
    }
    assertThat(heard.toByteArray()).isEqualTo(pcm);
  }

  private static void assertNumbered(List<CompositeFrame> frames) {
    for (int i = 0; i < frames.size(); i++) {
      assertThat(frames.get(i).getIndex()).isEqualTo(i);
      assertThat(frames.get(i).getPresentationUs()).isEqualTo(40_000L * i);
    }
  }

  @Test
  void framesAreThoseOfARenderOfTheSameSound() {
    byte[] pcm = CompositingServers.pcm(CompositingServers.speech(2.03));
    CompositeClient client = CompositeClient.open(channel, opening(Output.I420));
    assertThat(client.opened().getFramesPerSecond()).isEqualTo(25);
    client.sound(pcm).halfClose();
    assertThat(client.end()).isEqualTo(Status.OK);
    assertSamePictures(client.frames, rendered(CompositingServers.heard(pcm)));
    assertSound(client.frames, pcm);
    assertNumbered(client.frames);
    int last = client.opened().getAvatarFrames() - 1;
    for (CompositeFrame frame : client.frames) {
      long place = (frame.getIndex() + 1) % (2L * last);
      assertThat(frame.getAvatarFrame()).isEqualTo(last - Math.abs(last - place));
    }
    assertThat(client.frames).anyMatch(frame -> frame.getFeaturesUs() > 0);
    assertThat(client.frames).anyMatch(frame -> frame.getInferenceWaitUs() > 0);
    assertThat(client.utterances).containsExactly((long) client.frames.size());
    assertThat(client.frames)
        .anyMatch(
            frame -> frame.getMouth() == CompositeFrame.Mouth.DRAWN && frame.getPasteUs() > 0);
  }

  @Test
  void framesComeSoonerWithLessLookAhead() {
    byte[] pcm = CompositingServers.pcm(CompositingServers.speech(1.2));
    CompositeClient soon = CompositeClient.open(channel, opening(Output.I420).setLookAheadMs(120));
    assertThat(soon.opened().getLookAheadMs()).isEqualTo(120);
    CompositeClient exact = CompositeClient.open(channel, opening(Output.I420).setLookAheadMs(450));
    assertThat(exact.opened().getLookAheadMs()).isEqualTo(450);
    int second = CompositingServers.RATE_HZ * Short.BYTES;
    exact.sound(pcm, 0, second);
    soon.sound(pcm, 0, second);
    // A second less 120 ms are 22 frames; the exact window lets 14 go.
    soon.awaitFrames(21);
    assertThat(soon.frames).hasSizeBetween(21, 23);
    exact.awaitFrames(12);
    assertThat(exact.frames).hasSizeBetween(12, 15);
    for (CompositeClient each : List.of(soon, exact)) {
      each.sound(pcm, second, pcm.length).halfClose();
      assertThat(each.end()).isEqualTo(Status.OK);
      assertThat(each.frames).hasSize(30);
      assertNumbered(each.frames);
      assertSound(each.frames, pcm);
    }
    assertSamePictures(exact.frames, rendered(CompositingServers.heard(pcm)));
    assertThat(soon.frames)
        .extracting(CompositeFrame::getPicture)
        .as("what was not heard is guessed")
        .isNotEqualTo(exact.frames.stream().map(CompositeFrame::getPicture).toList());
  }

  @Test
  void realTimeShowsTheSameFramesWhenMouthsComeInTime() {
    byte[] pcm = CompositingServers.pcm(CompositingServers.speech(2));
    CompositeClient client =
        CompositeClient.open(channel, opening(Output.I420).setPace(Pace.REAL_TIME));
    // So that the model is loaded.
    client.sound(pcm).endOfSound();
    CompositeClient.await(() -> client.utterances.size() == 1);
    int first = client.frames.size();
    for (int at = 0; at < pcm.length; at += 3_000) {
      client.sound(pcm, at, Math.min(pcm.length, at + 3_000));
    }
    client.halfClose();
    assertThat(client.end()).isEqualTo(Status.OK);
    assertNumbered(client.frames);
    List<CompositeFrame> second = client.frames.subList(first, client.frames.size());
    assertThat(second).hasSize(50);
    assertSound(second, pcm);
    if (second.stream().noneMatch(each -> each.getMouth() == CompositeFrame.Mouth.HELD)
        && first % (2 * client.opened().getAvatarFrames() - 2) == 0) {
      assertSamePictures(second, rendered(CompositingServers.heard(pcm)));
    }
  }

  @Test
  void picturesComeAsTheyWereAskedFor() throws IOException {
    byte[] pcm = CompositingServers.pcm(CompositingServers.speech(0.8));
    for (Output output : new Output[] {Output.JPEG, Output.PNG}) {
      CompositeClient client = CompositeClient.open(channel, opening(output));
      client.sound(pcm).halfClose();
      assertThat(client.end()).isEqualTo(Status.OK);
      assertThat(client.frames).hasSize(20);
      for (CompositeFrame frame : client.frames) {
        BufferedImage picture =
            ImageIO.read(new ByteArrayInputStream(frame.getPicture().toByteArray()));
        assertThat(picture.getWidth()).isEqualTo(client.opened().getWidthPx());
        assertThat(picture.getHeight()).isEqualTo(client.opened().getHeightPx());
      }
    }
    CompositeClient video = CompositeClient.open(channel, opening(Output.H264));
    video.sound(pcm).halfClose();
    assertThat(video.end()).isEqualTo(Status.OK);
    assertThat(video.frames.getFirst().getKeyFrame()).isTrue();
    assertThat(video.frames).allMatch(frame -> startsWithNal(frame.getPicture()));
  }

  private static boolean startsWithNal(ByteString unit) {
    return unit.size() > 4 && unit.byteAt(0) == 0 && unit.byteAt(1) == 0;
  }

  @Test
  void otherRatesAndStereoComeBackAsTheyWent() {
    byte[] stereo = new byte[4 * 44_100];
    for (int i = 0; i < stereo.length; i++) {
      stereo[i] = (byte) (i * 7);
    }
    CompositeClient client =
        CompositeClient.open(channel, opening(Output.I420).setSampleRateHz(44_100).setChannels(2));
    client.sound(stereo).halfClose();
    assertThat(client.end()).isEqualTo(Status.OK);
    assertThat(client.frames).hasSize(25);
    assertSound(client.frames, stereo);
  }

  @Test
  void aFlushDropsWhatWaitsAndTheStreamGoesOn() {
    byte[] pcm = CompositingServers.pcm(CompositingServers.speech(9));
    CompositeClient client =
        CompositeClient.open(
            channel, opening(Output.JPEG).setPace(Pace.REAL_TIME).setIdleFrames(true));
    // For as long as a busy machine may take until mouths come in time.
    client.sound(pcm).sound(pcm).sound(pcm).sound(pcm);
    CompositeClient.await(
        () ->
            List.copyOf(client.frames).stream()
                .anyMatch(frame -> frame.getMouth() == CompositeFrame.Mouth.DRAWN));
    client.flush();
    CompositeClient.await(() -> client.flushes.size() == 1);
    int before = client.frames.size();
    assertThat(client.flushes.getFirst()).isPositive();
    client.awaitFrames(before + 10);
    assertThat(List.copyOf(client.frames).subList(before + 1, before + 10))
        .allMatch(frame -> frame.getSound().isEmpty());
    byte[] again = CompositingServers.pcm(CompositingServers.speech(0.4));
    client.sound(again).endOfSound();
    CompositeClient.await(() -> client.utterances.size() == 1);
    assertThat(client.utterances).containsExactly(10L);
    assertNumbered(client.frames);
    client.halfClose();
    assertThat(client.end()).isEqualTo(Status.OK);
  }

  @Test
  void aClientThatNeverReadsIsCutOffAndOthersDoNotNotice() throws IOException {
    role.close();
    channel.shutdownNow();
    role = CompositingServers.compositing(folder, "sessions: {stalled_seconds: 8}");
    channel = InferenceTarget.parse("127.0.0.1:" + role.port()).open();
    byte[] pcm = CompositingServers.pcm(CompositingServers.speech(9));
    CompositeClient deaf = CompositeClient.open(channel, opening(Output.I420), false);
    deaf.opened();
    for (int i = 0; i < 12; i++) {
      deaf.sound(pcm);
    }
    CompositeClient other = CompositeClient.open(channel, opening(Output.I420));
    other.sound(pcm).halfClose();
    assertThat(other.end()).isEqualTo(Status.OK);
    assertThat(other.frames).hasSize(225);
    assertThat(deaf.frames).isEmpty();
    // Its end lies behind the pictures that it does not take.
    CompositeClient.await(() -> openStreams() == 0);
  }

  private double openStreams() {
    return role.openStreams();
  }

  @Test
  void picturesGetSmallerAsConfiguredWhenMoreSpeak() throws IOException {
    role.close();
    channel.shutdownNow();
    String level = "{speakers: %d, batch_frames: 8, still_quality: %d, bitrate_percent: 100,";
    role =
        CompositingServers.compositing(
            folder,
            "quality:\n  late_percent: 100\n  levels:\n    - "
                + level.formatted(1, 85)
                + " picture_interval: 1}\n    - "
                + level.formatted(9, 5)
                + " picture_interval: 1}");
    channel = InferenceTarget.parse("127.0.0.1:" + role.port()).open();
    byte[] pcm = CompositingServers.pcm(CompositingServers.speech(9));
    CompositeClient one =
        CompositeClient.open(channel, opening(Output.JPEG).setPace(Pace.REAL_TIME));
    // For as long as the other one may take to begin.
    one.sound(pcm).sound(pcm).sound(pcm).sound(pcm);
    one.awaitFrames(5);
    int before = one.frames.getFirst().getPicture().size();
    CompositeClient other =
        CompositeClient.open(channel, opening(Output.JPEG).setPace(Pace.REAL_TIME));
    other.sound(pcm).sound(pcm);
    CompositeClient.await(() -> one.frames.getLast().getPicture().size() < before / 2);
    one.call().cancel("enough", null);
    other.call().cancel("enough", null);
  }

  @Test
  void aCancelledStreamIsFreed() {
    CompositeClient client =
        CompositeClient.open(
            channel, opening(Output.JPEG).setPace(Pace.REAL_TIME).setIdleFrames(true));
    client.awaitFrames(3);
    client.call().cancel("enough", null);
    CompositeClient.await(() -> openStreams() == 0);
  }

  @Test
  void mistakesAreExplained() {
    assertRefused(opening(Output.JPEG).setAvatar("tinny"), Status.Code.INVALID_ARGUMENT, "tinny");
    assertRefused(
        opening(Output.JPEG).setAvatar("../avatars/tiny"), Status.Code.INVALID_ARGUMENT, "..");
    assertRefused(opening(Output.JPEG).setQuality(101), Status.Code.INVALID_ARGUMENT, "quality");
    assertRefused(
        opening(Output.JPEG).setSampleRateHz(1), Status.Code.INVALID_ARGUMENT, "sample_rate_hz");
    assertRefused(
        opening(Output.JPEG).setIdleFrames(true), Status.Code.INVALID_ARGUMENT, "REAL_TIME");
    assertRefused(
        opening(Output.JPEG).setLookAheadMs(119), Status.Code.INVALID_ARGUMENT, "look_ahead_ms");
    assertRefused(
        opening(Output.JPEG).setLookAheadMs(0), Status.Code.INVALID_ARGUMENT, "120 to 450");
    assertRefused(opening(Output.JPEG).setLookAhead(2), Status.Code.INVALID_ARGUMENT, "_ms");
    assertRefused(opening(Output.JPEG).setOutputValue(9), Status.Code.INVALID_ARGUMENT, "output");
    CompositeClient odd = CompositeClient.open(channel, opening(Output.JPEG));
    odd.sound(new byte[3]);
    assertThat(odd.end().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(odd.end().getDescription()).contains("sound", "3");
    CompositeClient twice = CompositeClient.open(channel, opening(Output.JPEG));
    twice.say(
        io.lipstream.media.wire.compositing.CompositeRequest.newBuilder()
            .setOpen(opening(Output.JPEG)));
    assertThat(twice.end().getDescription()).contains("open", "twice");
  }

  private void assertRefused(OpenComposite.Builder open, Status.Code code, String text) {
    CompositeClient client = CompositeClient.open(channel, open);
    assertThat(client.end().getCode()).isEqualTo(code);
    assertThat(client.end().getDescription()).contains(text);
  }

  // The batch service.

  private CompositingServiceGrpc.CompositingServiceBlockingStub batches(String session) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("lipstream-session", Metadata.ASCII_STRING_MARSHALLER), session);
    return CompositingServiceGrpc.newBlockingStub(channel)
        .withMaxInboundMessageSize(64 << 20)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static ByteString floats(float[] sound, int from, int to) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * (to - from)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(sound, from, to - from);
    return ByteString.copyFrom(bytes);
  }

  private static CompositeBatchRequest.Builder batch(int start, int count) {
    return CompositeBatchRequest.newBuilder()
        .setModelId(AVATAR)
        .setStartFrameIdx(start)
        .setBatchSize(count);
  }

  private static List<ByteString> pictures(CompositeBatchResponse answer) {
    assertThat(answer.getError()).isEmpty();
    assertThat(answer.getSuccess()).isTrue();
    return answer.getCompositedFramesList();
  }

  @Test
  void batchesMeetWithoutASeam() {
    float[] sound = CompositingServers.speech(3);
    int frames = 48;
    List<ByteString> whole =
        pictures(
            batches("whole")
                .inferBatchComposite(
                    batch(5, frames).setRawAudio(floats(sound, 0, sound.length)).build()));
    List<ByteString> parts = new ArrayList<>();
    int sent = 0;
    for (int start = 0; start < frames; start += 12) {
      int until = Math.min(sound.length, (start + 12 + FRAMES_AHEAD) * SAMPLES_PER_FRAME);
      parts.addAll(
          pictures(
              batches("parts")
                  .inferBatchComposite(
                      batch(5 + start, 12).setRawAudio(floats(sound, sent, until)).build())));
      sent = until;
    }
    assertThat(parts).hasSameSizeAs(whole);
    for (int i = 0; i < frames; i++) {
      assertThat(distance(parts.get(i), whole.get(i))).as("frame " + i).isLessThanOrEqualTo(2);
    }
  }

  /** Largest difference of two PNGs' channels. */
  private static int distance(ByteString one, ByteString other) {
    try {
      BufferedImage a = ImageIO.read(new ByteArrayInputStream(one.toByteArray()));
      BufferedImage b = ImageIO.read(new ByteArrayInputStream(other.toByteArray()));
      int worst = 0;
      for (int y = 0; y < a.getHeight(); y++) {
        for (int x = 0; x < a.getWidth(); x++) {
          int p = a.getRGB(x, y);
          int q = b.getRGB(x, y);
          for (int shift = 0; shift < 24; shift += 8) {
            worst = Math.max(worst, Math.abs((p >> shift & 0xff) - (q >> shift & 0xff)));
          }
        }
      }
      return worst;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16_000, 44_100, 48_000})
  void soundThatComesWithItsFramesAloneHasNoGapEither(int rateHz) {
    float[] sound = CompositingServers.speech(2, rateHz);
    int samplesPerFrame = rateHz / 25;
    List<ByteString> whole =
        pictures(
            batches("whole")
                .inferBatchComposite(
                    batch(0, 48)
                        .setSampleRate(rateHz)
                        .setRawAudio(floats(sound, 0, 48 * samplesPerFrame))
                        .build()));
    for (int start = 0; start < 48; start += 24) {
      CompositeBatchResponse answer =
          batches("close")
              .inferBatchComposite(
                  batch(start, 24)
                      .setSampleRate(rateHz)
                      .setRawAudio(
                          floats(sound, start * samplesPerFrame, (start + 24) * samplesPerFrame))
                      .build());
      List<ByteString> part = pictures(answer);
      assertThat(part).hasSize(24);
      // The last frames hear what had not come yet.
      for (int i = 0; i < 24 - FRAMES_AHEAD; i++) {
        assertThat(distance(part.get(i), whole.get(start + i))).as("frame " + i).isLessThan(3);
      }
    }
  }

  @Test
  void anAnswerSaysWhatItTook() {
    CompositeBatchResponse first =
        batches("times")
            .inferBatchComposite(
                batch(0, 4).setRawAudio(floats(CompositingServers.speech(1), 0, 16_000)).build());
    assertThat(first.getSuccess()).isTrue();
    assertThat(first.getModelLoaded()).isTrue();
    assertThat(first.getModelLoadTimeMs()).isPositive();
    assertThat(first.getAudioProcessingMs()).isPositive();
    assertThat(first.getInferenceTimeMs()).isPositive();
    assertThat(first.getCompositeTimeMs()).isPositive();
    assertThat(first.getTotalTimeMs())
        .isGreaterThan(
            first.getModelLoadTimeMs()
                + first.getAudioProcessingMs()
                + first.getInferenceTimeMs()
                + first.getCompositeTimeMs());
    assertThat(first.getGpuId()).isZero();
    CompositeBatchResponse second =
        batches("times")
            .inferBatchComposite(
                batch(4, 4).setRawAudio(floats(CompositingServers.speech(1), 0, 4_000)).build());
    assertThat(second.getModelLoaded()).isFalse();
    assertThat(second.getModelLoadTimeMs()).isZero();
  }

  @Test
  void framesPastTheLastRunBackwardsToTheFirst() {
    int frames = 10;
    ByteString features = floats(new float[8192], 0, 8192);
    List<ByteString> there =
        pictures(
            batches("there")
                .inferBatchComposite(batch(0, 3 * frames).setAudioFeatures(features).build()));
    // Frame 0 shows picture 1.
    int end = frames - 2;
    for (int i = 1; i <= end; i++) {
      assertThat(distance(there.get(end + i), there.get(end - i)))
          .as("frame " + (end + i))
          .isLessThan(SEAM_LEVELS);
    }
    int period = 2 * frames - 2;
    assertThat(distance(there.get(period + 3), there.get(3))).isLessThan(SEAM_LEVELS);
    assertThat(distance(there.get(3), there.get(0))).isGreaterThan(30);
    ByteString far =
        pictures(
                batches("far")
                    .inferBatchComposite(
                        batch(1_000_000 * period + 3, 1).setAudioFeatures(features).build()))
            .getFirst();
    assertThat(distance(far, there.get(3))).isLessThan(SEAM_LEVELS);
  }

  @Test
  void aCallerWhoCountsPlacesOfTheLoopIsUnderstoodToo() {
    float[] sound = CompositingServers.speech(2);
    int period = 18;
    List<ByteString> whole =
        pictures(
            batches("whole")
                .inferBatchComposite(
                    batch(0, 2 * period).setRawAudio(floats(sound, 0, sound.length)).build()));
    int cut = (period + FRAMES_AHEAD) * SAMPLES_PER_FRAME;
    batches("again")
        .inferBatchComposite(batch(0, period).setRawAudio(floats(sound, 0, cut)).build());
    List<ByteString> second =
        pictures(
            batches("again")
                .inferBatchComposite(
                    batch(0, period).setRawAudio(floats(sound, cut, sound.length)).build()));
    for (int i = 0; i < period; i++) {
      assertThat(distance(second.get(i), whole.get(period + i))).as("frame " + i).isLessThan(3);
    }
  }

  @Test
  void featuresAndPicturesOfTheCallersOwnAreTaken() {
    float[] window = new float[8192];
    Arrays.fill(window, 0.3f);
    ByteString features = floats(window, 0, window.length);
    List<ByteString> own =
        pictures(
            batches("features")
                .inferBatchComposite(batch(0, 2).setAudioFeatures(features).build()));
    ByteString black = ByteString.copyFrom(new byte[2 * 6 * 320 * 320 * Float.BYTES]);
    List<ByteString> given =
        pictures(
            batches("given")
                .inferBatchComposite(
                    batch(0, 2).setAudioFeatures(features).setVisualFrames(black).build()));
    assertThat(own).hasSize(2);
    assertThat(given.getFirst()).isNotEqualTo(own.getFirst());
  }

  @Test
  void batchesThatCannotBeAreRefusedWithAText() {
    var stub = batches("wrong");
    assertThat(stub.inferBatchComposite(batch(0, 0).build()).getError()).contains("batch_size");
    assertThat(stub.inferBatchComposite(batch(-1, 1).build()).getError())
        .contains("start_frame_idx");
    assertThat(stub.inferBatchComposite(batch(0, 1).build()).getError()).contains("raw_audio");
    assertThat(
            stub.inferBatchComposite(
                    batch(0, 1).setRawAudio(ByteString.copyFrom(new byte[5])).build())
                .getError())
        .contains("raw_audio", "5 bytes");
    CompositeBatchResponse unknown =
        stub.inferBatchComposite(
            batch(0, 1).setModelId("tinny").setRawAudio(ByteString.copyFrom(new byte[4])).build());
    assertThat(unknown.getSuccess()).isFalse();
    assertThat(unknown.getError()).contains("tinny");
  }

  @Test
  void modelsAreManagedOnTheInferenceServers() throws IOException {
    role.close();
    channel.shutdownNow();
    try (InferenceRole one = CompositingServers.inference(folder, 0);
        InferenceRole other = CompositingServers.inference(folder, 0)) {
      role =
          CompositingServers.compositing(
              folder,
              CompositingServers.fleetEngine(
                  List.of(CompositingServers.at(one), CompositingServers.at(other))));
      channel = InferenceTarget.parse("127.0.0.1:" + role.port()).open();
      var stub = batches("manage");
      CompositeClient.await(() -> stub.health(HealthRequest.getDefaultInstance()).getHealthy());
      CompositeClient.await(() -> models(stub).contains(AVATAR));
      assertThat(
              stub.loadModel(LoadModelRequest.newBuilder().setModelId(AVATAR).build()).getSuccess())
          .isTrue();
      for (InferenceRole server : List.of(one, other)) {
        assertThat(server.engine().models().find(AVATAR).orElseThrow().device()).isPresent();
      }
      List<ByteString> drawn =
          pictures(
              stub.inferBatchComposite(
                  batch(0, 5)
                      .setRawAudio(floats(CompositingServers.speech(1), 0, 16_000))
                      .build()));
      assertThat(drawn).hasSize(5);
      GetModelStatsResponse stats =
          stub.getModelStats(GetModelStatsRequest.newBuilder().setModelId(AVATAR).build());
      assertThat(stats.toString()).contains(AVATAR);
      assertThat(
              stub.unloadModel(UnloadModelRequest.newBuilder().setModelId(AVATAR).build())
                  .getSuccess())
          .isTrue();
      CompositeClient.await(
          () -> one.engine().models().find(AVATAR).orElseThrow().device().isEmpty());
    }
    CompositeClient.await(
        () -> !batches("manage").health(HealthRequest.getDefaultInstance()).getHealthy());
  }

  private static List<String> models(CompositingServiceGrpc.CompositingServiceBlockingStub stub) {
    return stub.listModels(ListModelsRequest.getDefaultInstance()).getModelsList().stream()
        .map(ModelInfo::getModelId)
        .toList();
  }
}
