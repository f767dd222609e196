package io.lipstream.app.compositing;

import io.lipstream.inference.PictureTensor.Values;
import io.lipstream.inference.client.FleetEngine;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.lipsync.MouthFrame;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.lipsync.ReferenceCrops;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The mouths of one batch. All are asked for at once, so that the engine may draw them together;
 * where no inference server is there to do it, the batch goes without them after a while.
 */
final class BatchMouths {
  private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** How long servers may be away before a batch goes without them. */
  private static final long NOBODY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int LOOK_AGAIN_MILLIS = 20;

  private final Engine engine;
  private final String modelId;
  private final List<MouthFrame> frames;
  private final List<byte[]> mouths;
  private final AtomicReferenceArray<@Nullable Outcome> outcomes;
  private final CountDownLatch left;
  private final long begunNanos = System.nanoTime();
  private long somebodyNanos = begunNanos;

  /**
   * Mouths still to be drawn.
   *
   * @param pictures what the generator sees of the face
   * @param pictureOf which of them belongs to a frame of the batch
   * @param windows what it hears in each frame, side by side
   */
  BatchMouths(
      Engine engine,
      Actor actor,
      int count,
      ReferenceCrops pictures,
      IntUnaryOperator pictureOf,
      float[] windows) {
    this.engine = engine;
    modelId = actor.manifest().name();
    frames = new ArrayList<>(count);
    mouths = new ArrayList<>(count);
    outcomes = new AtomicReferenceArray<>(count);
    left = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      int number = i;
      MouthFrame frame =
          new MouthFrame(
              actor.spec(),
              Values.UINT8,
              (done, outcome, queueNanos, nanos, together) -> {
                outcomes.set(number, outcome);
                left.countDown();
              });
      byte[] mouth = new byte[frame.mouthBytes()];
      frame.show(pictures, pictureOf.applyAsInt(i));
      frame.hear(windows, i * MouthGenerator.AUDIO_WINDOW_FLOATS);
      frame.draw(mouth, 0);
      frames.add(frame);
      mouths.add(mouth);
    }
  }

  /**
   * Waits for them.
   *
   * @throws LipstreamException ENVIRONMENT if one cannot be drawn although somebody tried
   */
  void draw() throws InterruptedException {
    boolean wanted = true;
    try (FrameStream stream =
        CompositingService.openEngine(engine, modelId, "InferBatchComposite", false)) {
      int submitted = 0;
      while (wanted && submitted < frames.size()) {
        // The queue may be shorter than the batch.
        List<MouthFrame> rest = frames.subList(submitted, frames.size());
        submitted += stream.submit(rest, rest.size(), Long.MAX_VALUE);
        if (submitted < frames.size()) {
          Thread.sleep(1);
          wanted = isWorthWaiting();
        }
      }
      while (wanted && !left.await(LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS)) {
        wanted = isWorthWaiting();
      }
    }
    for (int i = 0; wanted && i < frames.size(); i++) {
      if (outcomes.get(i) != Outcome.COMPUTED) {
        throw failed("a mouth was not drawn: " + outcomes.get(i));
      }
    }
  }

  private boolean isWorthWaiting() {
    long now = System.nanoTime();
    if (now - begunNanos > LONGEST_WAIT_NANOS) {
      throw failed(
          "the mouths were not drawn within "
              + TimeUnit.NANOSECONDS.toSeconds(LONGEST_WAIT_NANOS)
              + " s");
    }
    if (!(engine instanceof FleetEngine fleet) || fleet.serversPresent() > 0) {
      somebodyNanos = now;
    }
    return now - somebodyNanos < NOBODY_NANOS;
  }

  private static LipstreamException failed(String what) {
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT,
        what,
        "do the inference servers answer? their logs say more");
  }

  /** A frame's mouth, planes B, G, R; null if nobody was there to draw it. */
  byte @Nullable [] mouth(int number) {
    return outcomes.get(number) == Outcome.COMPUTED ? mouths.get(number) : null;
  }
}
