package io.lipstream.benchmarks.inference;

import io.lipstream.inference.TensorDescription;
import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.DeviceStatus;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.Models;
import io.lipstream.inference.engine.StreamRequest;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * An engine whose model computes nothing, so that what is left is the way there and back. Tensors
 * are filled and read as by a real engine, or, to see the wire alone, not even that.
 */
final class NoModel implements Engine {
  private final boolean fill;
  private final LinkedBlockingQueue<Frame> queue = new LinkedBlockingQueue<>();
  private final Thread worker = Thread.ofPlatform().daemon().name("no-model").start(this::work);

  NoModel(boolean fill) {
    this.fill = fill;
  }

  private void work() {
    TensorSlot visual = new Slot(new float[6 * 320 * 320], fill);
    TensorSlot audio = new Slot(new float[8192], fill);
    TensorSlot picture = new Slot(new float[3 * 320 * 320], fill);
    try {
      while (true) {
        Frame frame = queue.take();
        if (fill) {
          frame.write(0, visual);
          frame.write(1, audio);
        }
        frame.done(frame.read(0, picture) ? Outcome.COMPUTED : Outcome.NOT_A_NUMBER, 0, 0, 1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public Admission open(StreamRequest request) {
    ModelShape shape =
        new ModelShape(
            List.of(tensor(6, 320, 320), tensor(32, 16, 16)), List.of(tensor(3, 320, 320)));
    return new Admission.Admitted(
        new FrameStream() {
          @Override
          public ModelShape shape() {
            return shape;
          }

          @Override
          public boolean submit(Frame frame, long deadlineNanos) {
            return queue.offer(frame);
          }

          @Override
          public int submit(List<? extends Frame> frames, int count, long deadlineNanos) {
            int queued = 0;
            while (queued < count && submit(frames.get(queued), deadlineNanos)) {
              queued++;
            }
            return queued;
          }

          @Override
          public void flush() {
            // Frames never wait for long.
          }

          @Override
          public void close() {
            // Nothing is held.
          }
        });
  }

  private static TensorDescription tensor(long... sizes) {
    List<Long> shape = new ArrayList<>(List.of(-1L));
    List<String> axes = new ArrayList<>(List.of("N"));
    for (long size : sizes) {
      shape.add(size);
      axes.add(Long.toString(size));
    }
    return new TensorDescription("tensor", "float32", shape, axes);
  }

  @Override
  public Models models() {
    return new Models() {
      @Override
      public List<ModelStatus> list() {
        return List.of();
      }

      @Override
      public Optional<ModelStatus> find(String modelId) {
        return Optional.empty();
      }

      @Override
      public ModelStatus load(String modelId, boolean force) {
        throw new UnsupportedOperationException();
      }

      @Override
      public boolean unload(String modelId) {
        return false;
      }

      @Override
      public List<DeviceStatus> devices() {
        return List.of();
      }
    };
  }

  @Override
  public void close() {
    worker.interrupt();
  }

  /** A frame's floats, or nothing. */
  private static final class Slot implements TensorSlot {
    private final float[] values;
    private final boolean real;

    Slot(float[] values, boolean real) {
      this.values = values;
      this.real = real;
    }

    @Override
    public int floats() {
      return values.length;
    }

    @Override
    public void put(int offset, float[] source, int from, int count) {
      if (real) {
        System.arraycopy(source, from, values, offset, count);
      }
    }

    @Override
    public void put(int offset, FloatBuffer source, int count) {
      if (real) {
        source.get(source.position(), values, offset, count);
      }
    }

    @Override
    public void get(int offset, float[] target, int from, int count) {
      if (real) {
        System.arraycopy(values, offset, target, from, count);
      }
    }

    @Override
    public void get(int offset, FloatBuffer target, int count) {
      if (real) {
        target.put(target.position(), values, offset, count);
      }
    }
  }
}
