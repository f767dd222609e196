package io.lipstream.inference.engine;

import io.lipstream.inference.TensorSlot;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A frame of four numbers; done once. */
class Numbers implements Frame {
  final float[] out = new float[4];
  final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  final float[] in;
  int batch;
  long queueNanos;
  long serviceNanos;
  volatile @Nullable Thread worker;
  private volatile @Nullable Runnable onDone;

  Numbers(float... in) {
    this.in = in;
  }

  static Numbers of(float value) {
    return new Numbers(value, value + 0.25f, value + 0.5f, value + 0.75f);
  }

  Numbers onDone(Runnable action) {
    onDone = action;
    return this;
  }

  @Override
  public void write(int input, TensorSlot slot) {
    worker = Thread.currentThread();
    slot.put(0, in, 0, in.length);
  }

  @Override
  public boolean read(int output, TensorSlot slot) {
    slot.get(0, out, 0, out.length);
    boolean finite = true;
    for (float value : out) {
      finite &= Float.isFinite(value);
    }
    return finite;
  }

  @Override
  public void done(Outcome ended, long waitedNanos, long computedNanos, int frames) {
    queueNanos = waitedNanos;
    serviceNanos = computedNanos;
    batch = frames;
    Runnable action = onDone;
    if (action != null) {
      action.run();
    }
    if (!outcome.complete(ended)) {
      throw new IllegalStateException("told twice");
    }
  }

  Outcome await() throws Exception {
    return outcome.get(60, TimeUnit.SECONDS);
  }
}
