package io.lipstream.inference.engine;

import io.lipstream.inference.Network;
import io.lipstream.inference.NetworkRun;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A network in memory with buffers for each worker, and what it takes.
 *
 * <p>Made by the loader and warmed up there: a batch of the largest size, then single frames, so
 * that the runtime's memory has grown as far as it will and the first estimate of the service time
 * is a measured one. Its memory is
 *
 * <ul>
 *   <li>what the process's allocator handed out while the network was opened, at least the size of
 *       its file, once;
 *   <li>what it handed out during the first batch, which the runtime keeps for later ones, once for
 *       each worker, as so many batches can be computed at once;
 *   <li>the buffers of inputs and outputs, whose size is known, once for each worker.
 * </ul>
 *
 * <p>A GPU's memory is asked of its driver instead, where the first load also pays for what the
 * libraries take once.
 *
 * <p>Loads run one after the other, so that one's memory is not counted as another's; what the rest
 * of the process allocates meanwhile is an error of this measure, usually below a megabyte. Where
 * the allocator cannot be asked, the network counts as twice its file.
 *
 * <p>The count of batches is guarded by its device; a worker's buffers belong to that worker.
 */
final class LoadedModel implements AutoCloseable {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final long LONG_ENOUGH_NANOS = 20_000_000;

  private final Network network;
  private final ModelShape shape;
  private final @Nullable NetworkRun[] runs;
  private final long bytes;
  private final long oneFrameNanos;
  private final long maxFramesNanos;

  /** Batches that are being computed. */
  int batches;

  /** Replaced or unloaded: to be closed as soon as no batch uses it. */
  boolean retired;

  private LoadedModel(
      Network network,
      NetworkRun firstRun,
      int workers,
      long bytes,
      long oneFrameNanos,
      long maxFramesNanos) {
    this.network = network;
    shape = new ModelShape(network.inputs(), network.outputs());
    runs = new @Nullable NetworkRun[workers];
    runs[0] = firstRun;
    this.bytes = bytes;
    this.oneFrameNanos = oneFrameNanos;
    this.maxFramesNanos = maxFramesNanos;
  }

  /** Opens a network, warms it up and measures it; what was taken is given back on failure. */
  static LoadedModel load(ModelSource source, DeviceOptions options) {
    Device device = options.device();
    long before = device.inUseBytes();
    Network network = source.open(options.maxFileBytes(), options.engine());
    try {
      long opened = device.inUseBytes();
      NetworkRun run = network.newRun();
      try {
        long ready = device.inUseBytes();
        boolean onThisThread = options.computesOnOneThread();
        long maxFramesNanos = time(run, run.maxFrames(), onThisThread);
        long oneFrameNanos = run.maxFrames() == 1 ? maxFramesNanos : time(run, 1, onThisThread);
        long warm = device.inUseBytes();
        long fileBytes = network.description().sizeBytes();
        long once = ready == 0 ? 2 * fileBytes : Math.max(fileBytes, opened - before);
        long perWorker = Math.max(0, warm - ready) + network.runBytes();
        return new LoadedModel(
            network,
            run,
            device.workers(),
            once + perWorker * device.workers(),
            oneFrameNanos,
            maxFramesNanos);
      } catch (RuntimeException | Error e) {
        run.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  /**
   * The better of two, the first of which may have had to fetch its memory; one if it is long.
   *
   * @param onThisThread whether all is computed on this thread: its own time then counts, as it has
   *     to wait for all others
   */
  private static long time(NetworkRun run, int frames, boolean onThisThread) {
    long first = timeOnce(run, frames, onThisThread);
    return first > LONG_ENOUGH_NANOS ? first : Math.min(first, timeOnce(run, frames, onThisThread));
  }

  private static long timeOnce(NetworkRun run, int frames, boolean onThisThread) {
    long start = onThisThread ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
    run.run(frames);
    return (onThisThread ? THREADS.getCurrentThreadCpuTime() : System.nanoTime()) - start;
  }

  ModelShape shape() {
    return shape;
  }

  long bytes() {
    return bytes;
  }

  int maxFrames() {
    return network.description().framesPerRun();
  }

  ServiceTimes newServiceTimes() {
    return new ServiceTimes(maxFrames(), oneFrameNanos, maxFramesNanos);
  }

  /** The worker's own buffers, made when it first computes this model. */
  NetworkRun run(int worker) {
    NetworkRun run = runs[worker];
    if (run == null) {
      run = network.newRun();
      runs[worker] = run;
    }
    return run;
  }

  /** Only when no batch uses it. */
  @Override
  public void close() {
    List<NetworkRun> made = new ArrayList<>();
    for (NetworkRun run : runs) {
      if (run != null) {
        made.add(run);
      }
    }
    made.forEach(NetworkRun::close);
    network.close();
  }
}
