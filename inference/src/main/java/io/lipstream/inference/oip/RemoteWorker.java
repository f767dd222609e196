package io.lipstream.inference.oip;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.lipstream.inference.TensorDescription;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.media.wire.oip.ModelInferRequest;
import io.lipstream.media.wire.oip.ModelInferRequest.InferInputTensor;
import io.lipstream.media.wire.oip.ModelInferResponse;
import io.lipstream.media.wire.oip.ModelInferResponse.InferOutputTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call at a time to another server: takes frames, sends them as rows of a batch, hands out the
 * answer.
 *
 * <p>Inputs are written into arrays that are sent as they are and used again for the next call.
 */
final class RemoteWorker implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteWorker.class);
  private static final long LOG_INTERVAL_NANOS = 1_000_000_000;

  private final RemoteQueue queue;
  private final RemoteServer server;
  private final EngineEvents events;
  private final LongSupplier nanoClock;
  private final LongAdder busyNanos;
  private final RemoteBatch batch;
  private byte[][] inputs = new byte[0][];
  private long lastLogNanos;
  private int unlogged;

  RemoteWorker(
      RemoteQueue queue,
      RemoteServer server,
      int maxFrames,
      EngineEvents events,
      LongSupplier nanoClock,
      LongAdder busyNanos) {
    this.queue = queue;
    this.server = server;
    this.events = events;
    this.nanoClock = nanoClock;
    this.busyNanos = busyNanos;
    batch = new RemoteBatch(maxFrames);
    lastLogNanos = nanoClock.getAsLong() - LOG_INTERVAL_NANOS;
  }

  @Override
  public void run() {
    try {
      while (queue.take(batch)) {
        compute();
      }
    } catch (InterruptedException e) {
      // Nobody interrupts but the engine's close.
      Thread.currentThread().interrupt();
    }
  }

  private void compute() {
    int sent = 0;
    List<WireTensor> outputs = List.of();
    try {
      ModelInferRequest request = request();
      sent = batch.open();
      if (sent > 0) {
        outputs = outputs(call(request));
      }
    } catch (StatusRuntimeException e) {
      log("model " + batch.model().id + " failed at " + server.address(), e);
      batch.fail(nanoClock.getAsLong());
    } catch (RuntimeException e) {
      log("an answer of " + server.address() + " cannot be used", e);
      batch.fail(nanoClock.getAsLong());
    }
    queue.awaitTurn(batch);
    try {
      read(outputs);
      batch.tell(sent);
    } finally {
      queue.ended(batch);
      tellEvents(sent);
    }
  }

  private ModelInferResponse call(ModelInferRequest request) {
    long startNanos = nanoClock.getAsLong();
    try {
      return server.infer(request, batch.lastDeadlineNanos());
    } finally {
      batch.serviceNanos = nanoClock.getAsLong() - startNanos;
      busyNanos.add(batch.serviceNanos);
    }
  }

  private ModelInferRequest request() {
    List<TensorDescription> tensors = batch.shape().tensors().inputs();
    int fixedRows = batch.shape().fixedRows();
    int rows = fixedRows > 0 ? fixedRows : batch.size();
    if (inputs.length < tensors.size()) {
      inputs = Arrays.copyOf(inputs, tensors.size());
    }
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder().setModelName(batch.model().id);
    for (int i = 0; i < tensors.size(); i++) {
      TensorDescription tensor = tensors.get(i);
      Datatype datatype = Datatype.of(tensor);
      int rowFloats = InferTensors.frameFloats(tensor);
      int bytes = Math.multiplyExact(rows, rowFloats * datatype.bytes());
      if (inputs[i] == null || inputs[i].length < bytes) {
        inputs[i] = new byte[bytes];
      }
      WireTensor values = new WireTensor(ByteBuffer.wrap(inputs[i], 0, bytes), datatype, rowFloats);
      write(i, values);
      InferInputTensor.Builder description =
          InferInputTensor.newBuilder()
              .setName(tensor.name())
              .setDatatype(datatype.name())
              .addShape(rows);
      tensor.shape().stream().skip(1).forEach(description::addShape);
      request.addInputs(description);
      request.addRawInputContents(UnsafeByteOperations.unsafeWrap(inputs[i], 0, bytes));
    }
    batch.shape().tensors().outputs().forEach(o -> request.addOutputsBuilder().setName(o.name()));
    return request.build();
  }

  /** Rows of frames that are not computed keep what was there before: nobody reads the result. */
  private void write(int input, WireTensor values) {
    for (int row = 0; row < batch.size(); row++) {
      if (batch.isOpen(row)) {
        try {
          batch.frame(row).write(input, values.slot(row));
        } catch (RuntimeException e) {
          log("a frame could not be written", e);
          batch.end(row, Outcome.FAILED);
        }
      }
    }
  }

  /** The answer's tensors in the order of the model's outputs. */
  private List<WireTensor> outputs(ModelInferResponse response) {
    List<WireTensor> outputs = new ArrayList<>();
    for (TensorDescription tensor : batch.shape().tensors().outputs()) {
      outputs.add(output(response, tensor));
    }
    return outputs;
  }

  private WireTensor output(ModelInferResponse response, TensorDescription expected) {
    for (int i = 0; i < response.getOutputsCount(); i++) {
      InferOutputTensor tensor = response.getOutputs(i);
      if (!tensor.getName().equals(expected.name())) {
        continue;
      }
      Datatype datatype =
          Datatype.named(tensor.getDatatype())
              .orElseThrow(() -> unusable(tensor, "expected FP32 or FP16"));
      ByteBuffer bytes =
          response.getRawOutputContentsCount() > 0
              ? rawContents(response, i, tensor)
              : typedContents(tensor);
      int rowFloats = InferTensors.frameFloats(expected);
      long expectedBytes = (long) batch.size() * rowFloats * datatype.bytes();
      if (bytes.remaining() < expectedBytes) {
        throw unusable(
            tensor, "brings " + bytes.remaining() + " bytes instead of " + expectedBytes);
      }
      return new WireTensor(bytes, datatype, rowFloats);
    }
    throw Status.INTERNAL
        .withDescription("the answer lacks output " + expected.name())
        .asRuntimeException();
  }

  private static ByteBuffer rawContents(
      ModelInferResponse response, int index, InferOutputTensor tensor) {
    if (index >= response.getRawOutputContentsCount()) {
      throw unusable(tensor, "has no raw_output_contents");
    }
    ByteString bytes = response.getRawOutputContents(index);
    return bytes.asReadOnlyByteBuffer();
  }

  private static ByteBuffer typedContents(InferOutputTensor tensor) {
    List<Float> floats = tensor.getContents().getFp32ContentsList();
    ByteBuffer bytes =
        ByteBuffer.allocate(floats.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    floats.forEach(bytes::putFloat);
    return bytes.flip();
  }

  private static StatusRuntimeException unusable(InferOutputTensor tensor, String why) {
    return Status.INTERNAL
        .withDescription(
            "output "
                + tensor.getName()
                + " is "
                + tensor.getDatatype()
                + " "
                + tensor.getShapeList()
                + ": "
                + why)
        .asRuntimeException();
  }

  private void read(List<WireTensor> outputs) {
    for (int row = 0; row < batch.size(); row++) {
      if (batch.isOpen(row)) {
        batch.end(row, read(outputs, row));
      }
    }
  }

  private Outcome read(List<WireTensor> outputs, int row) {
    try {
      boolean numbers = true;
      for (int i = 0; i < outputs.size(); i++) {
        numbers &= batch.frame(row).read(i, outputs.get(i).slot(row));
      }
      return numbers ? Outcome.COMPUTED : Outcome.NOT_A_NUMBER;
    } catch (RuntimeException e) {
      log("a frame could not be read", e);
      return Outcome.FAILED;
    }
  }

  private void tellEvents(int sent) {
    if (batch.computed > 0) {
      events.batchComputed(batch.model().id, server.address(), sent, batch.serviceNanos);
    }
    batch.forEach(
        (outcome, waitedNanos) -> events.frameEnded(batch.model().id, outcome, waitedNanos));
  }

  private void log(String what, RuntimeException cause) {
    long nowNanos = nanoClock.getAsLong();
    if (nowNanos - lastLogNanos < LOG_INTERVAL_NANOS) {
      unlogged++;
      return;
    }
    LOG.warn("{} ({} like it since the last line): {}", what, unlogged, cause.toString());
    lastLogNanos = nowNanos;
    unlogged = 0;
  }
}
