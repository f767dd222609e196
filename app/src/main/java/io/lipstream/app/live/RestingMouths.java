package io.lipstream.app.live;

import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.lipsync.MouthGenerator;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The closed mouths of an avatar whose frames show it talking: what the generator draws for
 * silence, drawn once for each frame when the avatar is loaded, so that silence costs no inference
 * later. A frame whose mouth is not drawn yet is shown as it is.
 *
 * <p>Thread-safe; closing stops the drawing.
 */
final class RestingMouths implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RestingMouths.class);
  private static final byte[] NOT_DRAWN = {};
  private static final int BATCH = 4;
  private static final float SILENT_MEL = -4;

  /** About eight hundred frames; the frames of a longer loop after these stay as they are. */
  private static final long MAX_BYTES = 256L << 20;

  /** For frames that rest by themselves. */
  static final RestingMouths NONE = new RestingMouths(0);

  private final byte[][] mouths;
  private volatile boolean closed;
  private volatile boolean complete;
  private volatile @Nullable Thread drawing;

  private RestingMouths(int frames) {
    mouths = new byte[frames][];
    Arrays.fill(mouths, NOT_DRAWN);
    complete = frames == 0;
  }

  /** Begins to draw them in the background, with what others leave of the engine. */
  static RestingMouths drawn(
      Engine engine,
      String modelId,
      GeneratorSpec spec,
      AvatarFrames frames,
      AudioEncoder audioEncoder) {
    int mouthBytes = 3 * spec.roiPx() * spec.roiPx();
    RestingMouths resting =
        new RestingMouths((int) Math.min(frames.frameCount(), MAX_BYTES / mouthBytes));
    float[] silence = windowOfSilence(audioEncoder);
    EngineGenerator generator =
        new EngineGenerator(engine, modelId, spec, frames, Priority.BULK, 1, BATCH);
    resting.drawing =
        Thread.ofPlatform()
            .daemon()
            .name("resting-" + modelId)
            .start(() -> resting.draw(generator, silence, mouthBytes));
    return resting;
  }

  private static float[] windowOfSilence(AudioEncoder encoder) {
    float[] mel = new float[AudioEncoder.WINDOW_FLOATS];
    Arrays.fill(mel, SILENT_MEL);
    float[] feature = new float[AudioEncoder.FEATURE_FLOATS];
    encoder.encode(1, mel, feature);
    float[] windows = new float[BATCH * MouthGenerator.AUDIO_WINDOW_FLOATS];
    for (int i = 0; i < windows.length; i += feature.length) {
      System.arraycopy(feature, 0, windows, i, feature.length);
    }
    return windows;
  }

  private void draw(EngineGenerator generator, float[] silence, int mouthBytes) {
    byte[] drawn = new byte[BATCH * mouthBytes];
    int[] indices = new int[BATCH];
    try (generator) {
      for (int from = 0; from < mouths.length && !closed; from += BATCH) {
        int count = Math.min(BATCH, mouths.length - from);
        for (int i = 0; i < count; i++) {
          indices[i] = from + i;
        }
        generator.generate(count, indices, silence, drawn);
        for (int i = 0; i < count; i++) {
          mouths[from + i] = Arrays.copyOfRange(drawn, i * mouthBytes, (i + 1) * mouthBytes);
        }
      }
    } catch (LipstreamException | IllegalStateException e) {
      if (!closed) {
        LOG.warn("the resting mouths cannot be drawn; the frames are shown as they are", e);
      }
    } finally {
      complete = true;
    }
  }

  /** A mouth as planes B, G, R, or nothing where the frame is to be shown as it is. */
  byte[] of(int frameIndex) {
    return frameIndex < mouths.length ? mouths[frameIndex] : NOT_DRAWN;
  }

  /** Whether what is shown of a frame will not change any more. */
  boolean isComplete() {
    return complete;
  }

  @Override
  public void close() {
    closed = true;
    Thread drawer = drawing;
    try {
      if (drawer != null) {
        drawer.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
