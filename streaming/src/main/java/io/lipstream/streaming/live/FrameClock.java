package io.lipstream.streaming.live;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls many at the same moments, frame after frame: all sessions share one phase, so that the same
 * frame of an idle loop is everybody's at the same moment.
 *
 * <p>Few threads share the work; one who is added is always called by the same. A thread that comes
 * late skips the frames that are over, for all it calls, and counts them. What one of them throws
 * is logged, once a second at most, and disturbs nobody else.
 */
public final class FrameClock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FrameClock.class);
  private static final long SECOND_NANOS = 1_000_000_000;

  private final LongSupplier clock;
  private final int framesPerSecond;
  private final long epochNanos;
  private final LongAdder skipped = new LongAdder();
  private final List<Lane> lanes;
  private volatile boolean closed;

  /** One who is called for each frame and must be back before the next. */
  @FunctionalInterface
  public interface Ticked {

    /**
     * Does the work of a frame.
     *
     * @param frameNumber rises, by more than one after a late frame
     * @param ptsNanos the frame's moment on the clock, just past
     */
    void tick(long frameNumber, long ptsNanos);
  }

  /** Ends being called; a call in progress still ends. */
  public interface Registration extends AutoCloseable {
    @Override
    void close();
  }

  FrameClock(String name, int threadCount, int framesPerSecond, LongSupplier clock) {
    if (threadCount < 1 || framesPerSecond < 1) {
      throw new IllegalArgumentException(
          threadCount + " threads for " + framesPerSecond + " frames a second");
    }
    this.framesPerSecond = framesPerSecond;
    this.clock = clock;
    epochNanos = clock.getAsLong();
    lanes = IntStream.range(0, threadCount).mapToObj(i -> new Lane(name + "-" + i)).toList();
  }

  /**
   * Starts its threads, named "name-0" and so on; frame 0 is now.
   *
   * @param clock nanoseconds, as {@code System::nanoTime}
   */
  public static FrameClock start(
      String name, int threadCount, int framesPerSecond, LongSupplier clock) {
    FrameClock started = new FrameClock(name, threadCount, framesPerSecond, clock);
    started.lanes.forEach(lane -> lane.thread.start());
    return started;
  }

  /** The moment of a frame. */
  public long ptsNanos(long frameNumber) {
    return epochNanos + frameNumber * SECOND_NANOS / framesPerSecond;
  }

  /** The last frame whose moment is not after this one. */
  public long frameAt(long nanos) {
    long number = Math.floorDiv((nanos - epochNanos) * framesPerSecond, SECOND_NANOS);
    return ptsNanos(number + 1) <= nanos ? number + 1 : number;
  }

  /** Calls it with every frame from the next on, on the thread that has the fewest to call. */
  public Registration add(Ticked ticked) {
    synchronized (lanes) {
      Lane lane = lanes.stream().min(Comparator.comparingInt(l -> l.called.length)).orElseThrow();
      Ticked[] more = Arrays.copyOf(lane.called, lane.called.length + 1);
      more[lane.called.length] = ticked;
      lane.called = more;
      return () -> remove(lane, ticked);
    }
  }

  private void remove(Lane lane, Ticked ticked) {
    synchronized (lanes) {
      int at = Arrays.asList(lane.called).indexOf(ticked);
      if (at >= 0) {
        Ticked[] fewer = new Ticked[lane.called.length - 1];
        System.arraycopy(lane.called, 0, fewer, 0, at);
        System.arraycopy(lane.called, at + 1, fewer, at, fewer.length - at);
        lane.called = fewer;
      }
    }
  }

  /** Frames that a thread came too late for, of all threads. */
  public long skippedFrames() {
    return skipped.sum();
  }

  /** For tests, which turn the threads' work by hand. */
  Lane lane(int number) {
    return lanes.get(number);
  }

  /** Ends the threads after the call they are in. */
  @Override
  public void close() {
    closed = true;
    lanes.forEach(lane -> LockSupport.unpark(lane.thread));
  }

  /** One thread and those it calls. */
  final class Lane {
    private final Thread thread;
    private volatile Ticked[] called = {};
    private long nextFrame;
    private long lastLogNanos;
    private long failures;

    Lane(String name) {
      thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
      lastLogNanos = epochNanos - SECOND_NANOS;
    }

    private void run() {
      while (!closed) {
        long waitNanos = turn(clock.getAsLong());
        if (waitNanos > 0) {
          LockSupport.parkNanos(waitNanos);
        }
      }
    }

    /** Does what is due; returns the time until the next frame. */
    long turn(long nowNanos) {
      long frame = frameAt(nowNanos);
      if (frame < nextFrame) {
        return ptsNanos(nextFrame) - nowNanos;
      }
      skipped.add(frame - nextFrame);
      nextFrame = frame + 1;
      for (Ticked ticked : called) {
        call(ticked, frame);
      }
      return ptsNanos(nextFrame) - clock.getAsLong();
    }

    private void call(Ticked ticked, long frame) {
      try {
        ticked.tick(frame, ptsNanos(frame));
      } catch (RuntimeException e) {
        failures++;
        if (ptsNanos(frame) - lastLogNanos >= SECOND_NANOS) {
          LOG.warn("{} failures in a frame, the last in frame {}", failures, frame, e);
          lastLogNanos = ptsNanos(frame);
          failures = 0;
        }
      }
    }
  }
}
