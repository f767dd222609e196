package io.lipstream.inference.server;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.lipstream.inference.TensorDescription;
import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.media.wire.batch.InferBatchRequest;
import io.lipstream.media.wire.batch.InferBatchResponse;
import io.lipstream.media.wire.batch.RawMouthRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;

/**
 * One InferBatch on its way through the engine.
 *
 * <p>The engine's workers copy tensors from and to the messages' own bytes; who is told last of its
 * frames has a thread of its own send the answer.
 */
final class BatchCall {
  private static final ValueLayout.OfFloat LITTLE_ENDIAN_FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bits of a float without its sign from which on it is infinite or not a number. */
  private static final int NOT_FINITE = 0x7f800000;

  private static final int CHUNK = 2048;

  private final StreamObserver<InferBatchResponse> response;
  private final List<FrameStream> streams;
  private final PictureArrays arrays;
  private final IntSupplier device;
  private final int visualFloats;
  private final int audioFloats;
  private final FloatBytes visual;
  private final FloatBytes audio;
  private final List<OneFrame> frames;
  private final AtomicInteger unfinished;

  /** Each frame's share of its batches' time. */
  private final LongAdder serviceNanos = new LongAdder();

  private BatchCall(
      InferBatchRequest request,
      StreamObserver<InferBatchResponse> response,
      List<FrameStream> streams,
      PictureArrays arrays,
      IntSupplier device) {
    this.response = response;
    this.streams = streams;
    this.arrays = arrays;
    this.device = device;
    ModelShape shape = streams.getFirst().shape();
    visualFloats = floats(shape.inputs().get(0));
    audioFloats = floats(shape.inputs().get(1));
    visual = new FloatBytes(request.getVisualFrames());
    audio = new FloatBytes(request.getAudioFeatures());
    frames = new ArrayList<>(request.getBatchSize());
    for (int i = 0; i < request.getBatchSize(); i++) {
      frames.add(new OneFrame(i));
    }
    unfinished = new AtomicInteger(frames.size());
  }

  /**
   * Checks a request and gives its frames to the engine, to each stream about as many; owns the
   * streams from now on.
   */
  static void start(
      InferBatchRequest request,
      StreamObserver<InferBatchResponse> response,
      List<FrameStream> streams,
      PictureArrays arrays,
      IntSupplier device) {
    String problem = problem(request, streams.getFirst().shape());
    if (!problem.isEmpty()) {
      streams.forEach(FrameStream::close);
      response.onNext(InferBatchResponse.newBuilder().setError(problem).build());
      response.onCompleted();
      return;
    }
    if (response instanceof ServerCallStreamObserver<InferBatchResponse> call) {
      call.setOnCancelHandler(() -> streams.forEach(FrameStream::flush));
    }
    new BatchCall(request, response, streams, arrays, device).submit();
  }

  /** What is wrong with a request's sizes; empty if nothing. */
  private static String problem(InferBatchRequest request, ModelShape shape) {
    if (shape.inputs().size() != 2 || shape.outputs().size() != 1) {
      return "model '"
          + request.getModelId()
          + "' has "
          + shape.inputs().size()
          + " inputs and "
          + shape.outputs().size()
          + " outputs; InferBatch is for models of a picture and a sound that draw one picture";
    }
    long batch = request.getBatchSize();
    long visualBytes = batch * floats(shape.inputs().get(0)) * Float.BYTES;
    if (request.getVisualFrames().size() != visualBytes) {
      return "visual_frames holds "
          + request.getVisualFrames().size()
          + " bytes; "
          + batch
          + " frames of "
          + shape.inputs().get(0).axes()
          + " float32 need "
          + visualBytes;
    }
    long windowBytes = (long) floats(shape.inputs().get(1)) * Float.BYTES;
    long audioBytes = request.getAudioFeatures().size();
    if (audioBytes != windowBytes && audioBytes != batch * windowBytes) {
      return "audio_features holds "
          + audioBytes
          + " bytes; one window for the batch needs "
          + windowBytes
          + ", one for each of "
          + batch
          + " frames "
          + batch * windowBytes;
    }
    return "";
  }

  private static int floats(TensorDescription tensor) {
    return Math.toIntExact(tensor.shape().stream().skip(1).reduce(1L, Math::multiplyExact));
  }

  private void submit() {
    int first = 0;
    for (int i = 0; i < streams.size(); i++) {
      int end = frames.size() * (i + 1) / streams.size();
      List<OneFrame> share = frames.subList(first, end);
      int queued = streams.get(i).submit(share, share.size(), Long.MAX_VALUE);
      for (OneFrame frame : share.subList(queued, share.size())) {
        frame.done(Frame.Outcome.FAILED, 0, 0, 0);
      }
      first = end;
    }
  }

  private void answer() {
    InferBatchResponse.Builder result = InferBatchResponse.newBuilder();
    String error =
        frames.stream().map(OneFrame::error).filter(text -> !text.isEmpty()).findFirst().orElse("");
    if (error.isEmpty()) {
      frames.forEach(
          frame ->
              result.addOutputs(
                  RawMouthRegion.newBuilder()
                      .setData(UnsafeByteOperations.unsafeWrap(frame.picture))));
    }
    result
        .setSuccess(error.isEmpty())
        .setError(error)
        .setInferenceTimeMs(serviceNanos.sum() / 1e6f)
        .setGpuId(device.getAsInt());
    streams.forEach(FrameStream::close);
    // Netty's transport has copied the pictures when onNext returns.
    response.onNext(result.build());
    frames.forEach(OneFrame::giveBack);
    response.onCompleted();
  }

  /** One frame of the batch. */
  private final class OneFrame implements Frame {
    private final int number;
    private byte[] picture = {};
    private Outcome outcome = Outcome.FAILED;

    OneFrame(int number) {
      this.number = number;
    }

    @Override
    public void write(int input, TensorSlot slot) {
      if (input == 0) {
        visual.copyTo(slot, number * visualFloats, visualFloats);
      } else {
        boolean own = audio.floats() > audioFloats;
        audio.copyTo(slot, own ? number * audioFloats : 0, audioFloats);
      }
    }

    @Override
    public boolean read(int output, TensorSlot slot) {
      picture = arrays.take(slot.floats() * Float.BYTES);
      MemorySegment target = MemorySegment.ofArray(picture);
      float[] chunk = new float[CHUNK];
      boolean finite = true;
      for (int done = 0; done < slot.floats(); done += CHUNK) {
        int count = Math.min(CHUNK, slot.floats() - done);
        slot.get(done, chunk, 0, count);
        finite &= allFinite(chunk, count);
        MemorySegment.copy(chunk, 0, target, LITTLE_ENDIAN_FLOAT, (long) done * Float.BYTES, count);
      }
      return finite;
    }

    private static boolean allFinite(float[] values, int count) {
      int largest = 0;
      for (int i = 0; i < count; i++) {
        largest = Math.max(largest, Float.floatToRawIntBits(values[i]) & Integer.MAX_VALUE);
      }
      return largest < NOT_FINITE;
    }

    @Override
    public void done(Outcome how, long queueNanos, long batchNanos, int batch) {
      outcome = how;
      serviceNanos.add(batchNanos / Math.max(1, batch));
      if (unfinished.decrementAndGet() == 0) {
        Thread.ofVirtual().name("grpc-answer").start(BatchCall.this::answer);
      }
    }

    String error() {
      return switch (outcome) {
        case COMPUTED -> "";
        case LATE -> "frame " + number + " came too late to be computed";
        case FLUSHED -> "the call was cancelled, or the server is stopping";
        case NOT_A_NUMBER -> "frame " + number + ": the network drew a value that is not a number";
        case FAILED -> "frame " + number + " could not be computed; the server's log says why";
      };
    }

    void giveBack() {
      if (picture.length > 0) {
        arrays.giveBack(picture);
      }
    }
  }
}
