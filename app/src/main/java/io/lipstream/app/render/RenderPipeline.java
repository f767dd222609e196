package io.lipstream.app.render;

import io.lipstream.app.render.StageTimes.Stage;
import io.lipstream.compositing.Compositor;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.lipsync.MediaSink;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.picture.I420Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Renders one sound into one sink: the live pipeline with a free-running clock.
 *
 * <p>The calling thread plans; generator workers and a writer run beside it. Segments circulate:
 *
 * <pre>
 *   free ──planner fills──┬─> toDraw ──a worker draws──> drawn
 *    ^                    └─> toWrite ──writer, in order, awaits drawn, pastes, encodes──┐
 *    └───────────────────────────────────────────────────────────────────────────────────┘
 * </pre>
 *
 * Every queue has room for all segments and there is a fixed number of them, so nothing here grows
 * with the length of the sound: a slow encoder makes the planner wait. The first failure of any
 * thread stops all of them and is rethrown by {@link #run}.
 */
public final class RenderPipeline {
  private static final int READ_FRAMES = 4096;
  private static final long POLL_MILLIS = 100;

  /** What speaks: the networks and pictures of one avatar. */
  public record Cast(
      AudioEncoder audioEncoder,
      MouthGenerator generator,
      AvatarFrames frames,
      AvatarManifest manifest,
      PasteEdge edge) {}

  /** Hears how many frames are done, and how many there will be, 0 while nobody knows. */
  @FunctionalInterface
  public interface FrameCount {
    void frames(long done, long expectedFrames);
  }

  private final Cast cast;
  private final int outputFps;
  private final int workers;
  private final FrameCount progress;
  private final StageTimes stages = new StageTimes();

  private final BlockingQueue<Segment> free;
  private final BlockingQueue<Segment> toDraw;
  private final BlockingQueue<Segment> toWrite;
  private final AtomicReference<RuntimeException> failure = new AtomicReference<>();
  private volatile long expectedFrames;
  private volatile boolean planned;

  // The planner's alone.
  private long waitedNanos;

  // The writer's alone until it has ended.
  private long framesWritten;
  private long avatarFramesWritten;
  private long framesDrawn;

  /**
   * Prepares a render.
   *
   * @param outputFps frames a second of the result; where it differs from the avatar's, frames are
   *     repeated or left out
   * @param workers threads that run the generator
   */
  public RenderPipeline(Cast cast, int outputFps, int workers, FrameCount progress) {
    this.cast = cast;
    this.outputFps = outputFps;
    this.workers = workers;
    this.progress = progress;
    // One segment in each worker's hands and one waiting for it, and the same again being written.
    int segments = 2 * workers + 4;
    free = new ArrayBlockingQueue<>(segments);
    toDraw = new ArrayBlockingQueue<>(segments);
    toWrite = new ArrayBlockingQueue<>(segments);
    for (int i = 0; i < segments; i++) {
      free.add(new Segment(cast.generator().roiPx()));
    }
  }

  /**
   * Runs to the end of the sound. The sink is not finished here: what it holds is complete when
   * this returns, and worthless when this throws.
   *
   * @throws CancellationException after {@link #cancel()}
   */
  public RenderReport run(PcmSource source, MediaSink sink) {
    long start = System.nanoTime();
    List<Thread> drawing = new ArrayList<>();
    for (int i = 0; i < workers; i++) {
      drawing.add(Thread.ofPlatform().name("generator-" + i).daemon().start(this::drawAll));
    }
    Thread writer = Thread.ofPlatform().name("writer").daemon().start(() -> writeAll(sink));
    double soundSeconds = 0;
    Segments segments = new Segments(source.format().channels());
    try (FramePlan plan =
        new FramePlan(cast.audioEncoder(), cast.manifest(), source.format(), segments)) {
      soundSeconds = plan(source, plan);
      planned = true;
    } catch (RuntimeException e) {
      fail(e);
    } finally {
      end(writer);
      drawing.forEach(Thread::interrupt);
      drawing.forEach(RenderPipeline::end);
    }
    rethrowFailure();
    double wallSeconds = (System.nanoTime() - start) / 1e9;
    return new RenderReport(framesWritten, framesDrawn, soundSeconds, wallSeconds, stages);
  }

  /** Stops a running render soon, from any thread. */
  public void cancel() {
    fail(new CancellationException("the render was interrupted"));
  }

  /** Reads the sound and plans frames; returns the seconds read. */
  private double plan(PcmSource source, FramePlan plan) {
    float[] block = new float[READ_FRAMES * source.format().channels()];
    int rateHz = source.format().sampleRateHz();
    long frames = 0;
    long mark = System.nanoTime();
    while (true) {
      int count = source.read(block, READ_FRAMES);
      mark = stages.add(Stage.SOUND, mark);
      rethrowFailure();
      if (count < 0) {
        break;
      }
      frames += count;
      source
          .expectedFrames()
          .ifPresent(expected -> expectedFrames = Math.max(1, expected * outputFps / rateHz));
      plan.add(block, count);
      mark = stages.add(Stage.FEATURES, mark + waited());
    }
    plan.finish();
    expectedFrames = Math.max(1, Math.round((double) frames * outputFps / rateHz));
    stages.add(Stage.FEATURES, mark + waited());
    return (double) frames / rateHz;
  }

  /** The time spent waiting for free segments since the last call: no work of any stage. */
  private long waited() {
    long nanos = waitedNanos;
    waitedNanos = 0;
    return nanos;
  }

  private Segment takeFree() {
    long start = System.nanoTime();
    try {
      while (true) {
        rethrowFailure();
        Segment segment = free.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
        if (segment != null) {
          segment.clear();
          waitedNanos += System.nanoTime() - start;
          return segment;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("the render was interrupted");
    }
  }

  private void dispatch(Segment segment) {
    toDraw.add(segment);
    toWrite.add(segment);
  }

  /** Gathers planned frames; the planner's alone. */
  private final class Segments implements FramePlan.Target {
    private final int channels;
    private Segment segment = takeFree();

    Segments(int channels) {
      this.channels = channels;
    }

    @Override
    public void frame(
        long number,
        float mouthWeight,
        float @Nullable [] window,
        float[] sound,
        int soundOffset,
        int soundFrames) {
      AvatarManifest manifest = cast.manifest();
      int avatarFrame = manifest.idleFrame(number);
      segment.add(avatarFrame, mouthWeight, window);
      segment.addSound(sound, soundOffset, soundFrames, channels);
      if (segment.full()) {
        dispatch(segment);
        segment = takeFree();
      }
    }

    @Override
    public void end(float[] sound, int soundOffset, int soundFrames) {
      segment.addSound(sound, soundOffset, soundFrames, channels);
      if (segment.frameCount > 0 || segment.soundFrames > 0) {
        dispatch(segment);
      }
    }
  }

  private void drawAll() {
    try {
      while (true) {
        Segment segment = toDraw.take();
        long mark = System.nanoTime();
        try {
          if (segment.mouthCount > 0) {
            cast.generator()
                .generate(
                    segment.mouthCount, segment.drawnFrames, segment.audioWindows, segment.mouths);
          }
        } catch (RuntimeException e) {
          segment.failure = e;
        } catch (Error e) {
          segment.failure = new IllegalStateException("the generator's thread broke down", e);
        }
        stages.add(Stage.GENERATE, mark);
        segment.drawn();
      }
    } catch (InterruptedException e) {
      // The render has ended.
    }
  }

  private void writeAll(MediaSink sink) {
    AvatarManifest.Frames size = cast.manifest().frames();
    I420Frame frame = new I420Frame(size.widthPx(), size.heightPx());
    Compositor compositor = new Compositor(cast.manifest().geometry(), cast.edge());
    try {
      while (failure.get() == null) {
        Segment segment = toWrite.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
        if (segment != null) {
          segment.awaitDrawn();
          write(segment, compositor, frame, sink);
          free.add(segment);
        } else if (planned && toWrite.isEmpty()) {
          return;
        }
      }
    } catch (RuntimeException e) {
      fail(e);
    } catch (InterruptedException e) {
      fail(new CancellationException("the render was interrupted"));
    }
  }

  private void write(Segment segment, Compositor compositor, I420Frame frame, MediaSink sink) {
    long mark = System.nanoTime();
    if (segment.soundFrames > 0) {
      sink.audio(segment.sound, segment.soundFrames);
      mark = stages.add(Stage.ENCODE, mark);
    }
    int mouthBytes = 3 * cast.generator().roiPx() * cast.generator().roiPx();
    for (int i = 0; i < segment.frameCount; i++) {
      long dueFrames = Math.max(1, (++avatarFramesWritten * outputFps) / cast.manifest().fps());
      if (dueFrames > framesWritten) {
        int slot = segment.mouthSlots[i];
        AvatarFrame under = cast.frames().frame(segment.avatarFrames[i]);
        compositor.paste(
            under.picture(),
            under.rect(),
            segment.mouths,
            Math.max(0, slot) * mouthBytes,
            slot < 0 ? 0 : segment.mouthWeights[i],
            frame);
        mark = stages.add(Stage.PASTE, mark);
        byte[] alpha = under.alpha();
        for (; framesWritten < dueFrames; framesWritten++) {
          if (alpha == null) {
            sink.video(frame);
          } else {
            sink.video(frame, alpha);
          }
        }
      }
      mark = stages.add(Stage.ENCODE, mark);
    }
    framesDrawn += segment.mouthCount;
    progress.frames(framesWritten, expectedFrames);
  }

  private void fail(RuntimeException e) {
    failure.compareAndSet(null, e);
  }

  private void rethrowFailure() {
    RuntimeException first = failure.get();
    if (first != null) {
      throw first;
    }
  }

  private static void end(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
