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
import org.jspecify.annotations.Nullable;

/**
 * The tensors of one call at a time: filled by the caller, computed in place, read by the caller.
 *
 * <p>One thread at a time. All memory of values is taken when it is made and given back by close().
 */
public final class NetworkRun implements AutoCloseable {
  private final NetworkFile file;
  private final OrtSession session;
  private final Arena arena = Arena.ofShared();
  private final List<TensorBuffer> inputs;
  private final List<TensorBuffer> outputs;

  /** By number of frames; made when a batch of that size first comes. */
  private final @Nullable Binding[] bindings;

  /** The tensors over the first frames of the buffers, by name. */
  private record Binding(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs) {}

  NetworkRun(
      NetworkFile file,
      OrtSession session,
      List<BoundTensor> inputs,
      List<BoundTensor> outputs,
      int maxFrames) {
    this.file = file;
    this.session = session;
    this.inputs = buffers(inputs, maxFrames);
    this.outputs = buffers(outputs, maxFrames);
    bindings = new @Nullable Binding[maxFrames + 1];
  }

  private List<TensorBuffer> buffers(List<BoundTensor> tensors, int frames) {
    List<TensorBuffer> buffers = new ArrayList<>();
    for (BoundTensor tensor : tensors) {
      buffers.add(new TensorBuffer(arena, tensor, frames));
    }
    return List.copyOf(buffers);
  }

  private Binding binding(int frames) throws OrtException {
    Binding binding = bindings[frames];
    if (binding == null) {
      binding = new Binding(tensors(inputs, frames), tensors(outputs, frames));
      bindings[frames] = binding;
    }
    return binding;
  }

  private static Map<String, OnnxTensor> tensors(List<TensorBuffer> buffers, int frames)
      throws OrtException {
    Map<String, OnnxTensor> byName = new HashMap<>();
    for (TensorBuffer buffer : buffers) {
      byName.put(buffer.name(), buffer.tensorOf(frames));
    }
    return byName;
  }

  public int maxFrames() {
    return bindings.length - 1;
  }

  TensorBuffer input(int index) {
    return inputs.get(index);
  }

  TensorBuffer output() {
    return outputs.getFirst();
  }

  /** A frame's place in one of the inputs. */
  public TensorSlot input(int index, int frame) {
    return inputs.get(index).slot(frame);
  }

  /** A frame's place in one of the outputs. */
  public TensorSlot output(int index, int frame) {
    return outputs.get(index).slot(frame);
  }

  /**
   * Computes the first frames of the input buffers into the output buffers.
   *
   * @throws io.lipstream.media.LipstreamException if the network or the device fails
   */
  public void run(int frames) {
    try {
      Binding binding = binding(frames);
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
      if (binding != null) {
        binding.inputs().values().forEach(OnnxTensor::close);
        binding.outputs().values().forEach(OnnxTensor::close);
      }
    }
    arena.close();
  }
}
