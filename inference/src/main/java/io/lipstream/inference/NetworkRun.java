package io.lipstream.inference;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.lipstream.inference.Network.BoundTensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of one call at a time: filled by the caller, computed in place, read by the caller.
 *
 * <p>One thread at a time. All memory is taken when it is made and given back by close().
 */
final class NetworkRun implements AutoCloseable {
  private final NetworkFile file;
  private final OrtSession session;
  private final int maxFrames;
  private final Arena arena = Arena.ofShared();
  private final List<TensorBuffer> inputs = new ArrayList<>();
  private final TensorBuffer output;
  private final List<Binding> bindings = new ArrayList<>();

  /** The tensors over the first frames of the buffers, by name. */
  private record Binding(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs) {}

  NetworkRun(
      NetworkFile file,
      OrtSession session,
      List<BoundTensor> inputs,
      BoundTensor output,
      int maxFrames) {
    this.file = file;
    this.session = session;
    this.maxFrames = maxFrames;
    for (BoundTensor input : inputs) {
      this.inputs.add(new TensorBuffer(arena, input, maxFrames));
    }
    this.output = new TensorBuffer(arena, output, maxFrames);
    try {
      for (int frames = 1; frames <= maxFrames; frames++) {
        bindings.add(bind(frames));
      }
    } catch (OrtException e) {
      close();
      throw file.failure("cannot be given its tensors: " + e.getMessage(), "", e);
    }
  }

  private Binding bind(int frames) throws OrtException {
    Map<String, OnnxTensor> byInput = new HashMap<>();
    for (TensorBuffer input : inputs) {
      byInput.put(input.name(), input.tensorOf(frames));
    }
    return new Binding(byInput, Map.of(output.name(), output.tensorOf(frames)));
  }

  int maxFrames() {
    return maxFrames;
  }

  TensorBuffer input(int index) {
    return inputs.get(index);
  }

  TensorBuffer output() {
    return output;
  }

  /** Computes the first frames of the input buffers into the output buffer. */
  void run(int frames) {
    Binding binding = bindings.get(frames - 1);
    try {
      session.run(binding.inputs(), binding.outputs()).close();
    } catch (OrtException e) {
      throw file.failure(
          "failed while it computed "
              + frames
              + " frames from "
              + file.path()
              + ": "
              + e.getMessage(),
          "The network draws another shape than it declares, or memory ran out; export it again",
          e);
    }
  }

  @Override
  public void close() {
    for (Binding binding : bindings) {
      binding.inputs().values().forEach(OnnxTensor::close);
      binding.outputs().values().forEach(OnnxTensor::close);
    }
    arena.close();
  }
}
