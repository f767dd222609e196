package io.lipstream.inference.client;

import io.grpc.ManagedChannel;
import io.lipstream.inference.CallPool;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.picture.Rect;
import io.lipstream.media.wire.lipsync.Mouth;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A generator that runs on an inference server elsewhere. Calls wait while a server that went away
 * comes back, up to half a minute.
 *
 * <p>As many calls are under way at once as callers were announced, each in a session of its own,
 * so that several workers of the server draw; more wait.
 */
public final class RemoteGenerator implements MouthGenerator {
  private static final Duration GIVE_UP_AFTER = Duration.ofSeconds(30);
  private static final int MAX_BATCH = 16;

  private final CallPool<LipsyncClient> sessions;
  private final ReferenceCrops crops;
  private final @Nullable ManagedChannel ownChannel;

  /**
   * A generator of its own connection.
   *
   * @param modelId a model of the server's catalogue
   * @param crops the avatar's pictures, sent if the server lacks them; stay the caller's and must
   *     outlive this
   * @param mask the box of the ROI that the network does not get to see
   * @param callers threads that will call at once
   */
  public static RemoteGenerator open(
      InferenceTarget target, String modelId, ReferenceCrops crops, Rect mask, int callers) {
    ManagedChannel channel = target.open();
    return new RemoteGenerator(
        channel,
        LipsyncClient.Session.bulk(modelId, "render"),
        crops,
        mask,
        callers,
        GIVE_UP_AFTER,
        channel);
  }

  /** As open, over a channel that stays the caller's. */
  public RemoteGenerator(
      ManagedChannel channel,
      LipsyncClient.Session session,
      ReferenceCrops crops,
      Rect mask,
      int callers,
      Duration giveUpAfter) {
    this(channel, session, crops, mask, callers, giveUpAfter, null);
  }

  private RemoteGenerator(
      ManagedChannel channel,
      LipsyncClient.Session session,
      ReferenceCrops crops,
      Rect mask,
      int callers,
      Duration giveUpAfter,
      @Nullable ManagedChannel ownChannel) {
    this.crops = crops;
    this.ownChannel = ownChannel;
    AvatarPictures pictures = new AvatarPictures(crops, mask);
    sessions =
        new CallPool<>(
            "the remote generator",
            callers,
            () -> new LipsyncClient(channel, session, pictures, giveUpAfter));
    // So that the connection is there before the first frame is.
    sessions.giveBack(sessions.take());
  }

  @Override
  public int maxBatch() {
    return MAX_BATCH;
  }

  @Override
  public int roiPx() {
    return crops.roiPx();
  }

  @Override
  public void generate(int count, int[] frameIndices, float[] audioWindows, byte[] mouths) {
    if (count < 0 || count > MAX_BATCH) {
      throw new IllegalArgumentException(count + " frames for batches of at most " + MAX_BATCH);
    }
    for (int i = 0; i < count; i++) {
      if (frameIndices[i] < 0 || frameIndices[i] >= crops.frameCount()) {
        throw new IllegalArgumentException(
            "frame " + frameIndices[i] + " of an avatar of " + crops.frameCount());
      }
    }
    LipsyncClient client = sessions.take();
    try {
      Batch batch = new Batch(count, mouths, 3 * roiPx() * roiPx());
      for (int i = 0; i < count; i++) {
        client.askWindow(frameIndices[i], audioWindows, i * AUDIO_WINDOW_FLOATS, batch.answer(i));
      }
      batch.await();
    } finally {
      sessions.giveBack(client);
    }
  }

  @Override
  public void close() {
    sessions.close(
        () -> {
          if (ownChannel != null) {
            ownChannel.shutdownNow();
          }
        });
  }

  /** The frames of one call. */
  private static final class Batch {
    private final byte[] mouths;
    private final int mouthBytes;
    private final CountDownLatch left;
    private final AtomicReference<@Nullable LipstreamException> failure = new AtomicReference<>();

    Batch(int count, byte[] mouths, int mouthBytes) {
      this.mouths = mouths;
      this.mouthBytes = mouthBytes;
      left = new CountDownLatch(count);
    }

    LipsyncClient.Answer answer(int number) {
      return new LipsyncClient.Answer() {
        @Override
        public void mouth(Mouth mouth) {
          if (mouth.getOutcome() != Mouth.Outcome.COMPUTED) {
            failure.compareAndSet(null, notDrawn(mouth));
          } else if (mouth.getPicture().size() != mouthBytes) {
            failure.compareAndSet(null, wrongSize(mouth));
          } else {
            mouth.getPicture().copyTo(mouths, number * mouthBytes);
          }
          left.countDown();
        }

        @Override
        public void failed(LipstreamException why) {
          failure.compareAndSet(null, why);
          left.countDown();
        }
      };
    }

    private LipstreamException wrongSize(Mouth mouth) {
      return new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the inference server drew a mouth of "
              + mouth.getPicture().size()
              + " bytes instead of "
              + mouthBytes,
          "client and server must be of the same version");
    }

    private static LipstreamException notDrawn(Mouth mouth) {
      return mouth.getOutcome() == Mouth.Outcome.NOT_A_NUMBER
          ? new LipstreamException(
              LipstreamException.Kind.AVATAR,
              "the generator on the inference server returned a value that is not a number",
              "its weights or its float16 range are at fault: export it again, in float32")
          : new LipstreamException(
              LipstreamException.Kind.ENVIRONMENT,
              "the inference server did not draw a mouth: " + mouth.getOutcome(),
              "its log says why");
    }

    void await() {
      try {
        left.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new LipstreamException(
            LipstreamException.Kind.ENVIRONMENT, "the wait for mouths was interrupted", "");
      }
      LipstreamException why = failure.get();
      if (why != null) {
        throw why;
      }
    }
  }
}
