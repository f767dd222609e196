package io.lipstream.inference.engine;

import io.lipstream.inference.engine.EngineSettings.Batching;
import io.lipstream.inference.engine.Frame.Outcome;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The streams of one loaded model and their waiting frames: who goes into the next batch.
 *
 * <p>The order is: priority first; then rounds, in which each stream with frames has one turn, so
 * that no stream gets a second frame in while another waits for its first; then the earliest
 * deadline; then who waits longest. A stream that comes back after a pause begins in the present
 * round: it has neither saved up turns nor lost any.
 *
 * <p>Guarded by its device, but for {@link #ended}.
 */
final class ModelQueue {
  final String modelId;
  final Device device;

  private final Tally tally;
  private final EngineEvents events;
  private final Batching batching;
  private final List<LocalStream> ready = new ArrayList<>();
  private final List<LocalStream> streams = new ArrayList<>();
  private volatile LoadedModel model;
  private ServiceTimes service;
  private int waiting;

  /** Streams with frames in a batch. */
  private int inBatches;

  private double pacedFramesPerSecond;
  private int pacedStreams;

  /** Its place among the device's queues with ready streams, -1 if it is not there. */
  int pendingIndex = -1;

  ModelQueue(
      String modelId,
      Device device,
      LoadedModel model,
      Batching batching,
      Tally tally,
      EngineEvents events) {
    this.modelId = modelId;
    this.device = device;
    this.model = model;
    this.batching = batching;
    this.tally = tally;
    this.events = events;
    service = model.newServiceTimes();
  }

  ModelShape shape() {
    return model.shape();
  }

  LoadedModel model() {
    return model;
  }

  /** The next batches are computed by another network of the same shape. */
  void swap(LoadedModel next) {
    model = next;
    service = next.newServiceTimes();
  }

  ServiceTimes service() {
    return service;
  }

  int waiting() {
    return waiting;
  }

  List<LocalStream> streams() {
    return streams;
  }

  void opened(LocalStream stream) {
    streams.add(stream);
    if (stream.request.framesPerSecond() > 0) {
      pacedStreams++;
      pacedFramesPerSecond += stream.request.framesPerSecond();
    }
  }

  void closed(LocalStream stream) {
    streams.remove(stream);
    if (stream.request.framesPerSecond() > 0) {
      pacedStreams--;
      pacedFramesPerSecond =
          pacedStreams == 0 ? 0 : pacedFramesPerSecond - stream.request.framesPerSecond();
    }
  }

  /** Share of one worker that the admitted pace takes, with one more stream of that pace. */
  double workersWanted(double moreFramesPerSecond) {
    int together = Math.max(1, pacedStreams + (moreFramesPerSecond > 0 ? 1 : 0));
    return (pacedFramesPerSecond + moreFramesPerSecond)
        * service.perFrame(Math.min(together, batching.maxFrames()))
        / 1e9;
  }

  /** A frame was put into a stream's ring. */
  void added(LocalStream stream) {
    waiting++;
    makeReady(stream);
  }

  /** A frame was taken from a stream's ring by a flush. */
  void removed(LocalStream stream) {
    waiting--;
    if (stream.isEmpty()) {
      unready(stream);
    }
  }

  private void makeReady(LocalStream stream) {
    if (stream.readyIndex < 0 && stream.worker == null && !stream.isEmpty()) {
      stream.readyIndex = ready.size();
      ready.add(stream);
      device.pending(this);
    }
  }

  private void unready(LocalStream stream) {
    if (stream.readyIndex < 0) {
      return;
    }
    LocalStream last = ready.removeLast();
    if (last != stream) {
      ready.set(stream.readyIndex, last);
      last.readyIndex = stream.readyIndex;
    }
    stream.readyIndex = -1;
    if (ready.isEmpty()) {
      device.notPending(this);
    }
  }

  /** The stream whose turn it is; null if none has a frame left. */
  @Nullable LocalStream next() {
    return next(false);
  }

  private @Nullable LocalStream next(boolean ofThisBatch) {
    LocalStream best = null;
    for (int i = 0; i < ready.size(); i++) {
      LocalStream stream = ready.get(i);
      boolean candidate = !stream.isEmpty() && (!ofThisBatch || stream.taken > 0);
      if (candidate && (best == null || device.before(stream, best))) {
        best = stream;
      }
    }
    return best;
  }

  /**
   * How long it is still worth waiting for more frames, 0 to go on now. It is not if a larger batch
   * is no cheaper, if the device has time to spare, if nobody is left who could add a frame, or if
   * somebody's deadline comes near.
   */
  long worthWaitingNanos(LocalStream next, long nowNanos) {
    if (waiting >= enough()
        || ready.size() >= streams.size()
        || !service.batchesPay()
        || !device.isBusy()) {
      return 0;
    }
    long wait = batching.maxDelay().toNanos() - next.waitedNanos(nowNanos);
    if (next.deadlineNanos() != Long.MAX_VALUE) {
      wait = Math.min(wait, next.deadlineNanos() - nowNanos - service.of(maxFrames()));
    }
    return Math.max(0, wait);
  }

  private int enough() {
    return batching.preferredFrames().isEmpty()
        ? maxFrames()
        : Math.min(maxFrames(), batching.preferredFrames().getFirst());
  }

  private int maxFrames() {
    return Math.min(device.batchLimit(), Math.min(batching.maxFrames(), model.maxFrames()));
  }

  /**
   * Fills a batch.
   *
   * <p>A stream's frames are in one batch at a time, so a batch with frames of all streams would
   * leave the other workers without work. Where large batches are no cheaper, it takes only its
   * share of the streams, and more than one frame of each if they have them.
   */
  void fill(Batch batch, long nowNanos) {
    batch.begin(this, model);
    model.batches++;
    int limit = limit();
    int share = service.batchesPay() ? limit : shareOfStreams();
    int sharing = 0;
    // With more waiting than one batch holds, batches stay full: small ones would only make the
    // next ones later. A frame that cannot wait for a full batch is dropped.
    boolean backlog = waiting > limit;
    long needed = service.of(backlog ? limit : 1);
    long earliest = Long.MAX_VALUE;
    while (batch.size() < limit && !batch.isFullOfLate()) {
      LocalStream stream = next(sharing == share);
      if (stream == null) {
        break;
      }
      long deadline = stream.deadlineNanos();
      if (deadline != Long.MAX_VALUE && nowNanos + needed > deadline) {
        if (stream.taken > 0) {
          // Its earlier frame must end before this one does.
          break;
        }
        if (nowNanos < deadline) {
          service.doubt();
        }
        batch.addLate(stream, nowNanos);
        waiting--;
        continue;
      }
      earliest = Math.min(earliest, deadline);
      boolean othersHurry =
          earliest != Long.MAX_VALUE && nowNanos + service.of(batch.size() + 1) > earliest;
      if (!backlog && batch.size() > 0 && othersHurry) {
        break;
      }
      device.turn(stream);
      batch.add(stream, nowNanos);
      sharing += stream.taken == 1 ? 1 : 0;
      waiting--;
    }
    for (int i = 0; i < batch.streamCount(); i++) {
      unready(batch.stream(i));
    }
    inBatches += batch.streamCount();
  }

  /** Of the streams that have frames waiting or computed. */
  private int shareOfStreams() {
    return Math.ceilDiv(ready.size() + inBatches, device.workers());
  }

  private int limit() {
    int frames = Math.min(waiting, maxFrames());
    int limit = frames;
    for (int preferred : batching.preferredFrames()) {
      if (preferred <= frames) {
        limit = preferred;
      }
    }
    return limit;
  }

  /** A batch was computed; its streams may have more. */
  void finished(Batch batch, long serviceNanos) {
    if (batch.size() > 0 && !batch.hadFailure()) {
      service.observe(batch.size(), serviceNanos);
    }
    inBatches -= batch.streamCount();
    for (int i = 0; i < batch.streamCount(); i++) {
      LocalStream stream = batch.stream(i);
      stream.worker = null;
      stream.taken = 0;
      makeReady(stream);
    }
  }

  void computed(int frames, long serviceNanos, long nowNanos) {
    tally.batch(serviceNanos, nowNanos);
    events.batchComputed(modelId, device.name(), frames, serviceNanos);
  }

  /** Tells a frame and whoever counts how it ended. Called without any lock. */
  void ended(Frame frame, Outcome outcome, long waitedNanos, long serviceNanos, int batch) {
    tally.frame(outcome, waitedNanos);
    events.frameEnded(modelId, outcome, waitedNanos);
    try {
      frame.done(outcome, waitedNanos, serviceNanos, batch);
    } catch (RuntimeException e) {
      device.warn("a stream of model " + modelId + " failed to take its frame", e);
    }
  }
}
