package io.lipstream.inference.engine;

import io.lipstream.inference.NetworkRun;
import io.lipstream.inference.engine.Frame.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * The frames that one worker computes together, and those it found to be late.
 *
 * <p>Filled under the device's lock, computed outside it by the worker that owns it.
 */
final class Batch {
  private static final int MAX_LATE = 64;

  private final int worker;
  private final @Nullable Frame[] frames;
  private final long[] waitedNanos;
  private final Outcome[] outcomes;
  private final @Nullable Frame[] late;
  private final long[] lateNanos;
  private final LocalStream[] streams;
  private int size;
  private int lateCount;
  private int streamCount;
  private boolean failed;
  private @Nullable ModelQueue queue;
  private @Nullable LoadedModel model;

  Batch(int worker, int maxFrames) {
    this.worker = worker;
    frames = new @Nullable Frame[maxFrames];
    waitedNanos = new long[maxFrames];
    outcomes = new Outcome[maxFrames];
    late = new @Nullable Frame[MAX_LATE];
    lateNanos = new long[MAX_LATE];
    streams = new LocalStream[maxFrames + MAX_LATE];
  }

  void begin(ModelQueue newQueue, LoadedModel newModel) {
    queue = newQueue;
    model = newModel;
    size = 0;
    lateCount = 0;
    streamCount = 0;
    failed = false;
  }

  void add(LocalStream stream, long nowNanos) {
    involve(stream);
    waitedNanos[size] = stream.waitedNanos(nowNanos);
    frames[size++] = stream.poll();
  }

  void addLate(LocalStream stream, long nowNanos) {
    involve(stream);
    lateNanos[lateCount] = stream.waitedNanos(nowNanos);
    late[lateCount++] = stream.poll();
    stream.taken--;
  }

  private void involve(LocalStream stream) {
    if (stream.worker == null) {
      stream.worker = Thread.currentThread();
      streams[streamCount++] = stream;
    }
    stream.taken++;
  }

  ModelQueue queue() {
    return present(queue);
  }

  LoadedModel model() {
    return present(model);
  }

  int size() {
    return size;
  }

  boolean isFullOfLate() {
    return lateCount == MAX_LATE;
  }

  boolean hadFailure() {
    return failed;
  }

  int streamCount() {
    return streamCount;
  }

  LocalStream stream(int index) {
    return streams[index];
  }

  /**
   * Computes the frames and tells each of them, the late ones first.
   *
   * @return time that the network took
   */
  long compute() {
    for (int i = 0; i < lateCount; i++) {
      queue().ended(present(late[i]), Outcome.LATE, lateNanos[i], 0, 0);
      late[i] = null;
    }
    if (size == 0) {
      return 0;
    }
    long serviceNanos;
    try {
      serviceNanos = run(model().run(worker));
    } catch (RuntimeException | Error e) {
      // Even memory that ran out for the buffers is no reason to end the worker.
      fail(0, size);
      queue().device.warn("a batch of model " + queue().modelId + " failed", e);
      serviceNanos = 0;
    }
    queue().computed(size, serviceNanos, queue().device.nowNanos());
    for (int i = 0; i < size; i++) {
      queue().ended(present(frames[i]), outcomes[i], waitedNanos[i], serviceNanos, size);
      frames[i] = null;
    }
    return serviceNanos;
  }

  private long run(NetworkRun run) {
    int slots = 0;
    for (int i = 0; i < size; i++) {
      outcomes[i] = write(run, i, slots);
      if (outcomes[i] == Outcome.COMPUTED) {
        slots++;
      }
    }
    if (slots == 0) {
      return 0;
    }
    long start = System.nanoTime();
    try {
      run.run(slots);
    } catch (RuntimeException e) {
      failed = true;
      oneByOne(run, e);
      return System.nanoTime() - start;
    }
    long serviceNanos = System.nanoTime() - start;
    int slot = 0;
    for (int i = 0; i < size; i++) {
      if (outcomes[i] == Outcome.COMPUTED) {
        outcomes[i] = read(run, i, slot++);
      }
    }
    return serviceNanos;
  }

  /** So that only the frame fails that made the call fail. */
  private void oneByOne(NetworkRun run, RuntimeException cause) {
    queue().device.warn("a batch of model " + queue().modelId + " failed", cause);
    for (int i = 0; i < size; i++) {
      if (outcomes[i] == Outcome.COMPUTED) {
        outcomes[i] = size == 1 ? Outcome.FAILED : alone(run, i);
      }
    }
  }

  private Outcome alone(NetworkRun run, int index) {
    Outcome written = write(run, index, 0);
    if (written != Outcome.COMPUTED) {
      return written;
    }
    try {
      run.run(1);
    } catch (RuntimeException e) {
      return Outcome.FAILED;
    }
    return read(run, index, 0);
  }

  private Outcome write(NetworkRun run, int index, int slot) {
    try {
      int inputs = model().shape().inputs().size();
      for (int input = 0; input < inputs; input++) {
        present(frames[index]).write(input, run.input(input, slot));
      }
      return Outcome.COMPUTED;
    } catch (RuntimeException e) {
      queue().device.warn("a frame for model " + queue().modelId + " could not be written", e);
      failed = true;
      return Outcome.FAILED;
    }
  }

  private Outcome read(NetworkRun run, int index, int slot) {
    try {
      int outputs = model().shape().outputs().size();
      for (int output = 0; output < outputs; output++) {
        if (!present(frames[index]).read(output, run.output(output, slot))) {
          return Outcome.NOT_A_NUMBER;
        }
      }
      return Outcome.COMPUTED;
    } catch (RuntimeException e) {
      queue().device.warn("a frame of model " + queue().modelId + " could not be read", e);
      return Outcome.FAILED;
    }
  }

  private void fail(int from, int to) {
    failed = true;
    for (int i = from; i < to; i++) {
      outcomes[i] = Outcome.FAILED;
    }
  }

  private static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("an empty batch");
    }
    return value;
  }
}
