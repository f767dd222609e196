package io.lipstream.inference.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device: its workers, the frames that wait for them, and the order in which they are served.
 *
 * <p>Everything about waiting frames is guarded by this object's monitor, which is never held while
 * something is loaded, computed or told. A monitor and not a lock of java.util.concurrent, because
 * waiting on it allocates nothing.
 */
final class Device {
  private static final Logger log = LoggerFactory.getLogger(Device.class);
  private static final long WARN_EVERY_NANOS = 1_000_000_000;
  private static final double BUSY = 0.5;
  private static final double NANOS_PER_SECOND = 1e9;

  /** Beyond this share of promised time, queues grow faster than they drain. */
  private static final double FULL = 0.9;

  private final String name;
  private final int index;
  private final int workers;
  private final long budgetBytes;
  private final LongSupplier clock;
  private final Consumer<LoadedModel> closer;
  private final Optional<Nvml.Gpu> gpu;
  private final List<ModelQueue> queues = new ArrayList<>();
  private final List<ModelQueue> pending = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  /** The present round of each priority. */
  private final long[] rounds = new long[StreamRequest.Priority.values().length];

  private final BusyMeter busy;
  private volatile int batchLimit = Integer.MAX_VALUE;
  private int idle;
  private boolean closed;
  private long lastWarningNanos = System.nanoTime() - WARN_EVERY_NANOS;

  /**
   * A device without models.
   *
   * @param closer closes a model that was retired while a batch used it
   */
  Device(
      String name,
      int index,
      int workers,
      long budgetBytes,
      LongSupplier clock,
      Consumer<LoadedModel> closer,
      Optional<Nvml.Gpu> gpu) {
    this.name = name;
    this.index = index;
    this.workers = workers;
    this.budgetBytes = budgetBytes;
    this.clock = clock;
    this.closer = closer;
    this.gpu = gpu;
    busy = new BusyMeter(workers);
  }

  void start(int maxBatchFrames) {
    for (int worker = 0; worker < workers; worker++) {
      Batch batch = new Batch(worker, maxBatchFrames);
      Thread thread =
          Thread.ofPlatform()
              .name("inference-" + name + "-" + worker)
              .daemon(true)
              .start(() -> work(batch));
      threads.add(thread);
    }
  }

  private void work(Batch batch) {
    while (take(batch)) {
      long serviceNanos = 0;
      try {
        serviceNanos = batch.compute();
      } catch (RuntimeException | Error e) {
        // The worker serves others too.
        warn("a batch of model " + batch.queue().modelId + " broke down", e);
      }
      finished(batch, serviceNanos);
    }
  }

  /** The most frames of one call, besides what settings and model allow. */
  int batchLimit() {
    return batchLimit;
  }

  void limitBatch(int frames) {
    batchLimit = Math.max(1, frames);
  }

  private synchronized boolean take(Batch batch) {
    while (!closed) {
      long now = nowNanos();
      ModelQueue best = null;
      LocalStream bestNext = null;
      long wait = Long.MAX_VALUE;
      for (int i = 0; i < pending.size(); i++) {
        ModelQueue queue = pending.get(i);
        LocalStream next = queue.next();
        if (next == null) {
          continue;
        }
        long worthWaiting = queue.worthWaitingNanos(next, now);
        if (worthWaiting > 0) {
          wait = Math.min(wait, worthWaiting);
        } else if (bestNext == null || before(next, bestNext)) {
          best = queue;
          bestNext = next;
        }
      }
      if (best != null) {
        best.fill(batch, now);
        if (!pending.isEmpty()) {
          wakeOne();
        }
        return true;
      }
      idle++;
      try {
        // 0 waits until there is something to do.
        wait(wait == Long.MAX_VALUE ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(wait)));
      } catch (InterruptedException e) {
        // Nobody interrupts a worker; close() says when to end.
      } finally {
        idle--;
      }
    }
    return false;
  }

  private void finished(Batch batch, long serviceNanos) {
    LoadedModel model = batch.model();
    boolean free;
    synchronized (this) {
      busy.add(System.nanoTime(), serviceNanos);
      batch.queue().finished(batch, serviceNanos);
      model.batches--;
      free = model.retired && model.batches == 0;
      if (!pending.isEmpty()) {
        wakeOne();
      }
    }
    if (free) {
      closer.accept(model);
    }
    for (int i = 0; i < batch.streamCount(); i++) {
      if (batch.stream(i).isAwaited()) {
        batch.stream(i).batchEnded();
      }
    }
  }

  void wakeOne() {
    if (idle > 0) {
      notify();
    }
  }

  void pending(ModelQueue queue) {
    if (queue.pendingIndex < 0) {
      queue.pendingIndex = pending.size();
      pending.add(queue);
    }
  }

  void notPending(ModelQueue queue) {
    if (queue.pendingIndex < 0) {
      return;
    }
    ModelQueue last = pending.removeLast();
    if (last != queue) {
      pending.set(queue.pendingIndex, last);
      last.pendingIndex = queue.pendingIndex;
    }
    queue.pendingIndex = -1;
  }

  /** Whose turn comes first; see {@link ModelQueue}. */
  boolean before(LocalStream one, LocalStream other) {
    int priority = one.request.priority().compareTo(other.request.priority());
    if (priority != 0) {
      return priority < 0;
    }
    long present = rounds[one.request.priority().rank()];
    long oneRound = Math.max(one.round, present);
    long otherRound = Math.max(other.round, present);
    if (oneRound != otherRound) {
      return oneRound < otherRound;
    }
    if (one.deadlineNanos() != other.deadlineNanos()) {
      return one.deadlineNanos() < other.deadlineNanos();
    }
    return one.submittedNanos() < other.submittedNanos();
  }

  /** A stream has its turn. */
  void turn(LocalStream stream) {
    int priority = stream.request.priority().rank();
    rounds[priority] = Math.max(rounds[priority], stream.round);
    stream.round = rounds[priority] + 1;
  }

  /** Whether its workers had little time to spare of late. */
  boolean isBusy() {
    return busy.share(System.nanoTime()) > BUSY;
  }

  long nowNanos() {
    return clock.getAsLong();
  }

  String name() {
    return name;
  }

  int index() {
    return index;
  }

  long budgetBytes() {
    return budgetBytes;
  }

  /** Bytes in use where its models are: on the GPU, or in this process. */
  long inUseBytes() {
    return gpu.flatMap(Nvml.Gpu::read)
        .map(DeviceStatus.GpuReading::memoryUsedBytes)
        .orElseGet(NativeMemory::inUseBytes);
  }

  int workers() {
    return workers;
  }

  synchronized void add(ModelQueue queue) {
    queues.add(queue);
  }

  /** Takes a queue without streams from the device; its model is closed when no batch uses it. */
  synchronized void remove(ModelQueue queue) {
    queues.remove(queue);
  }

  /** Puts another network of the same shape in a queue's model's place. */
  void swap(ModelQueue queue, LoadedModel next) {
    LoadedModel old;
    synchronized (this) {
      old = queue.model();
      queue.swap(next);
    }
    retire(old);
  }

  void retire(LoadedModel model) {
    boolean free;
    synchronized (this) {
      model.retired = true;
      free = model.batches == 0;
    }
    if (free) {
      closer.accept(model);
    }
  }

  /** Share of its workers' time that is promised or was lately used, whichever is more. */
  synchronized double load() {
    return Math.max(promised(null, 0), busy.share(System.nanoTime()));
  }

  /** Share of its workers' time that the paces of its streams take, with one more stream. */
  synchronized double promised(@Nullable ModelQueue more, double framesPerSecond) {
    double wanted = 0;
    for (ModelQueue queue : queues) {
      wanted += queue.workersWanted(queue == more ? framesPerSecond : 0);
    }
    return wanted / workers;
  }

  /** Why a stream cannot be admitted, from what its frames were measured to take. */
  synchronized Optional<String> refusal(ModelQueue queue, StreamRequest request) {
    double pace = request.framesPerSecond();
    if (pace == 0) {
      return Optional.empty();
    }
    double promised = promised(queue, pace);
    if (queue.streams().isEmpty()) {
      // As long as nobody is admitted, nothing is measured: see ServiceTimes.
      queue.service().doubt();
    }
    if (promised > FULL) {
      return Optional.of(
          String.format(
              Locale.ROOT,
              "%s would be promised to %.0f %%: a frame of %s takes %.1f ms",
              name,
              100 * promised,
              queue.modelId,
              queue.service().of(1) / 1e6));
    }
    if (pace * queue.service().of(1) > NANOS_PER_SECOND) {
      return Optional.of(
          String.format(
              Locale.ROOT,
              "a frame of %s takes %.1f ms on %s, too long for %.1f a second",
              queue.modelId,
              queue.service().of(1) / 1e6,
              name,
              pace));
    }
    return Optional.empty();
  }

  synchronized DeviceStatus status(long usedBytes) {
    int queued = 0;
    for (ModelQueue queue : queues) {
      queued += queue.waiting();
    }
    return new DeviceStatus(
        name,
        index,
        workers,
        budgetBytes,
        usedBytes,
        queues.size(),
        busy.share(System.nanoTime()),
        queued,
        gpu.flatMap(Nvml.Gpu::read));
  }

  /** At most once a second, with the last cause. */
  void warn(String what, Throwable cause) {
    long now = System.nanoTime();
    synchronized (this) {
      if (now - lastWarningNanos < WARN_EVERY_NANOS) {
        return;
      }
      lastWarningNanos = now;
    }
    log.warn("{} on {}: {}", what, name, cause.toString());
  }

  /** Gives back what waits and ends the workers. */
  void close() {
    List<LocalStream> open = new ArrayList<>();
    synchronized (this) {
      queues.forEach(queue -> open.addAll(queue.streams()));
    }
    open.forEach(LocalStream::close);
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    for (Thread thread : threads) {
      boolean interrupted = false;
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
