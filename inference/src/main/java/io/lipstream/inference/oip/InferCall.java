package io.lipstream.inference.oip;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.server.Refusal;
import io.lipstream.media.wire.oip.ModelInferRequest;
import io.lipstream.media.wire.oip.ModelInferResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One ModelInfer call: each row of its tensors is a frame of its own, so that the engine can batch
 * it with rows of other calls.
 *
 * <p>Belongs to the thread that handles the call and waits in it.
 */
final class InferCall {
  private static final Duration QUEUE_FULL_RETRY = Duration.ofMillis(100);

  private final ClientStreams.Lease lease;
  private final InferTensors tensors;
  private final Thread waiting = Thread.currentThread();
  private final AtomicInteger ended = new AtomicInteger();
  private volatile Frame.@Nullable Outcome failure;
  private volatile int failedRow;

  InferCall(ClientStreams.Lease lease, ModelInferRequest request) {
    this.lease = lease;
    tensors = InferTensors.of(request, lease.shape());
  }

  /**
   * Computes all rows and adds the outputs to the answer.
   *
   * @param deadlineNanos on the engine's clock
   * @throws StatusRuntimeException if a row was not computed
   */
  void computeInto(ModelInferResponse.Builder response, long deadlineNanos) {
    List<FrameStream> streams = lease.streams();
    List<List<Row>> shares = shares(streams.size());
    int rows = tensors.rows();
    int submitted = 0;
    StatusRuntimeException refused = null;
    while (submitted < rows && failure == null) {
      int endedBefore = ended.get();
      int submittedBefore = submitted;
      for (int i = 0; i < shares.size(); i++) {
        List<Row> share = shares.get(i);
        int queued = streams.get(i).submit(share, share.size(), deadlineNanos);
        shares.set(i, share.subList(queued, share.size()));
        submitted += queued;
      }
      if (submitted == submittedBefore && endedBefore == submitted) {
        refused =
            Refusal.exhausted(
                "calls of this client that wait for the model fill its queue", QUEUE_FULL_RETRY);
        break;
      }
      if (submitted < rows) {
        awaitEnded(endedBefore + 1);
      }
    }
    awaitEnded(submitted);
    if (refused != null) {
      throw refused;
    }
    Frame.Outcome outcome = failure;
    if (outcome != null) {
      throw failureOf(outcome);
    }
    tensors.addTo(response);
  }

  /** Equal shares for the streams: neighbours stay together. */
  private List<List<Row>> shares(int streams) {
    List<List<Row>> shares = new ArrayList<>();
    int row = 0;
    for (int i = 1; i <= streams; i++) {
      List<Row> share = new ArrayList<>();
      for (int end = (int) ((long) tensors.rows() * i / streams); row < end; row++) {
        share.add(new Row(row));
      }
      shares.add(share);
    }
    return shares;
  }

  private void awaitEnded(int frames) {
    while (ended.get() < frames) {
      LockSupport.park(this);
    }
  }

  private StatusRuntimeException failureOf(Frame.Outcome outcome) {
    Status status =
        switch (outcome) {
          case LATE ->
              Status.DEADLINE_EXCEEDED.withDescription(
                  "row " + failedRow + " could not be computed before the call's deadline");
          case FLUSHED ->
              Status.UNAVAILABLE.withDescription(
                  "row " + failedRow + " was dropped: the call was cancelled or the server stops");
          case NOT_A_NUMBER, FAILED, COMPUTED ->
              Status.INTERNAL.withDescription(
                  "the network failed on row " + failedRow + "; the server's log says why");
        };
    return status.asRuntimeException();
  }

  /** One row on its way through the engine. */
  private final class Row implements Frame {
    private final int row;

    Row(int row) {
      this.row = row;
    }

    @Override
    public void write(int input, TensorSlot slot) {
      tensors.input(input).copyTo(slot, row);
    }

    /** Values go out as the network drew them, numbers or not: what they mean is the caller's. */
    @Override
    public boolean read(int output, TensorSlot slot) {
      WireTensor target = tensors.output(output);
      if (target != null) {
        target.copyFrom(slot, row);
      }
      return true;
    }

    @Override
    public void done(Outcome outcome, long queueNanos, long serviceNanos, int batch) {
      if (outcome != Outcome.COMPUTED) {
        failedRow = row;
        failure = outcome;
      }
      ended.incrementAndGet();
      LockSupport.unpark(waiting);
    }
  }
}
