package io.lipstream.inference.server;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.lipstream.inference.client.InferenceTarget;
import io.lipstream.inference.engine.Engine;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.lipsync.VisualsSum;
import io.lipstream.media.picture.Rect;
import io.lipstream.media.wire.lipsync.Box;
import io.lipstream.media.wire.lipsync.Open;
import io.lipstream.media.wire.lipsync.PictureType;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsRequest;
import io.lipstream.media.wire.lipsync.Visuals;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A server on loopback with every service, a channel to it, and an avatar of three frames. */
final class Serving implements AutoCloseable {
  static final Rect MASK = new Rect(5, 5, 315, 310);

  final LipsyncService lipsync;
  final InferenceServer server;
  final ManagedChannel channel;

  Serving(Engine engine, LipsyncService.Settings settings, InferenceServer.Options options) {
    lipsync = new LipsyncService(engine, settings, System::nanoTime);
    server = InferenceServer.start(options, List.of(new BatchService(engine, 12, "test"), lipsync));
    channel = InferenceTarget.parse("127.0.0.1:" + server.port()).open();
  }

  Serving(Engine engine) {
    this(engine, settings(), InferenceServer.Options.loopback());
  }

  static LipsyncService.Settings settings() {
    return LipsyncService.Settings.of("test").withVisualsBytes(16 << 20);
  }

  /** Frames of one colour each. */
  static final class Colours implements ReferenceCrops {
    private final int frames;

    Colours(int frames) {
      this.frames = frames;
    }

    @Override
    public int frameCount() {
      return frames;
    }

    @Override
    public int roiPx() {
      return 320;
    }

    @Override
    public void copyRoi(int frameIndex, byte[] bgr) {
      Arrays.fill(bgr, (byte) (51 * (frameIndex + 1)));
    }
  }

  static final ReferenceCrops CROPS = new Colours(3);
  static final ByteString SUM = ByteString.copyFrom(VisualsSum.of(CROPS, MASK));

  static Open.Builder opening() {
    return Open.newBuilder()
        .setModelId(MirrorEngine.FACE)
        .setAvatar(SUM)
        .setPictureType(PictureType.FLOAT32)
        .setSession("test");
  }

  static PutAvatarVisualsRequest announcement(ReferenceCrops crops, ByteString sum) {
    return PutAvatarVisualsRequest.newBuilder()
        .setVisuals(
            Visuals.newBuilder()
                .setSha256(sum)
                .setFrameCount(crops.frameCount())
                .setSidePx(320)
                .setMask(Box.newBuilder().setX1(5).setY1(5).setX2(315).setY2(310)))
        .build();
  }

  /** Waits until something is so no longer. */
  static void awaitNot(BooleanSupplier condition) {
    long patienceNanos = Duration.ofSeconds(60).toNanos();
    for (long start = System.nanoTime(); condition.getAsBoolean(); ) {
      if (System.nanoTime() - start > patienceNanos) {
        throw new AssertionError("nothing changes");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Puts the avatar there. */
  Serving withAvatar() {
    Uploads.put(channel, CROPS, SUM);
    return this;
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.abort();
    lipsync.close();
  }
}
