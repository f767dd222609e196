package io.lipstream.inference.server;

import io.lipstream.inference.TensorDescription;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.DeviceStatus;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.inference.engine.ModelStatistics;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.Models;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.media.LipstreamException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Draws what it was given, so that a test sees what reached the network: the first 8192 values of a
 * mouth are the window, the others the picture's. The encoder's features are the first 512 levels
 * of their mel windows.
 *
 * <p>One worker, which a test can stop and let go.
 */
final class MirrorEngine implements Engine {
  static final String FACE = "face";
  static final String EARS = "ears";
  static final String BUSY = "busy";
  static final String BROKEN = "broken";
  private static final Set<String> IDS = new TreeSet<>(List.of(FACE, EARS, BUSY, BROKEN));

  final AtomicInteger openStreams = new AtomicInteger();
  private final LinkedBlockingDeque<Job> queue = new LinkedBlockingDeque<>();
  private final Object gate = new Object();
  private boolean stopped;
  private volatile boolean holds;
  private volatile boolean closed;
  private final Thread worker = Thread.ofPlatform().daemon().name("mirror").start(this::work);

  private record Job(Stream stream, Frame frame, long deadlineNanos) {}

  /** Keeps the worker from taking the next frame. */
  void stop() {
    synchronized (gate) {
      stopped = true;
    }
  }

  void letGo() {
    synchronized (gate) {
      stopped = false;
      gate.notifyAll();
    }
  }

  /** Whether the worker has a frame in its hands that it may not draw yet. */
  boolean holds() {
    return holds;
  }

  private void work() {
    float[] visual = new float[6 * 320 * 320];
    float[] audio = new float[8192];
    float[] picture = new float[3 * 320 * 320];
    try {
      while (!closed) {
        Job job = queue.take();
        synchronized (gate) {
          while (stopped) {
            holds = true;
            gate.wait();
          }
          holds = false;
        }
        synchronized (job.stream) {
          if (job.stream.closed) {
            job.frame.done(Outcome.FLUSHED, 0, 0, 0);
          } else if (job.deadlineNanos < System.nanoTime()) {
            job.frame.done(Outcome.LATE, 1000, 0, 0);
          } else {
            job.frame.done(
                compute(job, visual, audio, picture) ? Outcome.COMPUTED : Outcome.NOT_A_NUMBER,
                1000,
                2000,
                1);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean compute(Job job, float[] visual, float[] audio, float[] picture) {
    if (job.stream.modelId.equals(EARS)) {
      float[] mel = new float[1280];
      job.frame.write(0, new ArraySlot(mel));
      return job.frame.read(0, new ArraySlot(java.util.Arrays.copyOf(mel, 512)));
    }
    job.frame.write(0, new ArraySlot(visual));
    job.frame.write(1, new ArraySlot(audio));
    System.arraycopy(visual, 0, picture, 0, picture.length);
    System.arraycopy(audio, 0, picture, 0, audio.length);
    return job.frame.read(0, new ArraySlot(picture));
  }

  @Override
  public Admission open(StreamRequest request) {
    return switch (request.modelId()) {
      case FACE, EARS -> {
        openStreams.incrementAndGet();
        yield new Admission.Admitted(new Stream(request.modelId(), request.queueFrames()));
      }
      case BUSY ->
          new Admission.Refused(
              "its frames could not meet their deadlines", Duration.ofMillis(700));
      case BROKEN ->
          throw new LipstreamException(
              LipstreamException.Kind.AVATAR, "model broken is no ONNX file", "export it again");
      default -> new Admission.Unknown(request.modelId());
    };
  }

  private static TensorDescription tensor(long... sizes) {
    List<Long> shape = new ArrayList<>(List.of(-1L));
    List<String> axes = new ArrayList<>(List.of("N"));
    for (long size : sizes) {
      shape.add(size);
      axes.add(Long.toString(size));
    }
    return new TensorDescription("t", "float32", shape, axes);
  }

  private final class Stream implements FrameStream {
    private final String modelId;
    private final int queueFrames;
    private final AtomicInteger waiting = new AtomicInteger();
    private boolean closed;

    Stream(String modelId, int queueFrames) {
      this.modelId = modelId;
      this.queueFrames = queueFrames;
    }

    @Override
    public ModelShape shape() {
      return modelId.equals(EARS)
          ? new ModelShape(List.of(tensor(1, 80, 16)), List.of(tensor(512)))
          : new ModelShape(
              List.of(tensor(6, 320, 320), tensor(32, 16, 16)), List.of(tensor(3, 320, 320)));
    }

    @Override
    public boolean submit(Frame frame, long deadlineNanos) {
      if (closed || queue.stream().filter(job -> job.stream == this).count() >= queueFrames) {
        return false;
      }
      waiting.incrementAndGet();
      return queue.offer(new Job(this, frame, deadlineNanos));
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
      for (Job job : List.copyOf(queue)) {
        if (job.stream == this && queue.remove(job)) {
          job.frame.done(Outcome.FLUSHED, 0, 0, 0);
        }
      }
    }

    @Override
    public void close() {
      flush();
      synchronized (this) {
        if (!closed) {
          closed = true;
          openStreams.decrementAndGet();
        }
      }
    }
  }

  @Override
  public Models models() {
    return new Models() {
      @Override
      public List<ModelStatus> list() {
        return IDS.stream().map(MirrorEngine::status).toList();
      }

      @Override
      public Optional<ModelStatus> find(String modelId) {
        return IDS.contains(modelId) ? Optional.of(status(modelId)) : Optional.empty();
      }

      @Override
      public ModelStatus load(String modelId, boolean force) {
        if (modelId.equals(BROKEN)) {
          throw new LipstreamException(
              LipstreamException.Kind.AVATAR, "model broken is no ONNX file", "export it again");
        }
        return status(modelId);
      }

      @Override
      public boolean unload(String modelId) {
        return modelId.equals(FACE);
      }

      @Override
      public List<DeviceStatus> devices() {
        return List.of(
            new DeviceStatus(
                "cpu0", 0, 1, 1L << 30, 1 << 20, 1, 0.5, queue.size(), Optional.empty()));
      }
    };
  }

  private static ModelStatus status(String id) {
    return new ModelStatus(
        id,
        id.equals(FACE) ? ModelStatus.State.READY : ModelStatus.State.UNLOADED,
        Optional.of("cpu0"),
        Optional.empty(),
        1 << 20,
        0,
        "",
        new ModelStatistics(7, 3, 0, 0, 1, 0, 9_000_000, 12_000_000, Long.MIN_VALUE));
  }

  @Override
  public void close() {
    closed = true;
    worker.interrupt();
  }
}
