package io.lipstream.inference.server;

import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.AudioEncoder;
import java.util.concurrent.CountDownLatch;

/**
 * An audio encoder of the catalogue, run by the engine like any other model. Callers wait for their
 * features.
 */
final class EngineEncoder implements AudioEncoder {
  private final String modelId;
  private final FrameStream stream;

  /** Takes the stream over. */
  EngineEncoder(String modelId, FrameStream stream) {
    this.modelId = modelId;
    this.stream = stream;
  }

  @Override
  public void encode(int count, float[] melWindows, float[] features) {
    CountDownLatch left = new CountDownLatch(count);
    Window[] windows = new Window[count];
    for (int i = 0; i < count; i++) {
      windows[i] = new Window(i, melWindows, features, left);
      if (!stream.submit(windows[i], Long.MAX_VALUE)) {
        windows[i].done(Frame.Outcome.FAILED, 0, 0, 0);
      }
    }
    try {
      left.await();
    } catch (InterruptedException e) {
      stream.flush();
      Thread.currentThread().interrupt();
      throw failure("was interrupted");
    }
    for (Window window : windows) {
      if (window.outcome != Frame.Outcome.COMPUTED) {
        throw failure("ended as " + window.outcome);
      }
    }
  }

  private LipstreamException failure(String what) {
    return new LipstreamException(
        LipstreamException.Kind.AVATAR,
        "the audio encoder '" + modelId + "' " + what,
        "the server's log says why");
  }

  @Override
  public void close() {
    stream.close();
  }

  /** One mel window on its way. */
  private static final class Window implements Frame {
    private final int number;
    private final float[] melWindows;
    private final float[] features;
    private final CountDownLatch left;
    private volatile Outcome outcome = Outcome.FAILED;

    Window(int number, float[] melWindows, float[] features, CountDownLatch left) {
      this.number = number;
      this.melWindows = melWindows;
      this.features = features;
      this.left = left;
    }

    @Override
    public void write(int input, TensorSlot slot) {
      slot.put(0, melWindows, number * WINDOW_FLOATS, WINDOW_FLOATS);
    }

    @Override
    public boolean read(int output, TensorSlot slot) {
      slot.get(0, features, number * FEATURE_FLOATS, FEATURE_FLOATS);
      for (int i = 0; i < FEATURE_FLOATS; i++) {
        if (!Float.isFinite(features[number * FEATURE_FLOATS + i])) {
          return false;
        }
      }
      return true;
    }

    @Override
    public void done(Outcome how, long queueNanos, long serviceNanos, int batch) {
      outcome = how;
      left.countDown();
    }
  }
}
