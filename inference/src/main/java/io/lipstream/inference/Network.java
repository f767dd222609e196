package io.lipstream.inference;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.lipstream.media.LipstreamException;
import java.util.ArrayList;
import java.util.List;

/**
 * A loaded network whose tensors were found to be what the manifest says.
 *
 * <p>Thread-safe. Close it only when no {@link NetworkRun} of it computes.
 */
final class Network implements AutoCloseable {
  private final NetworkFile file;
  private final OrtSession session;
  private final NetworkDescription description;
  private final List<BoundTensor> inputs;
  private final BoundTensor output;

  /** A tensor of the file in its role. */
  record BoundTensor(TensorRole role, TensorDescription tensor) {}

  /**
   * Loads a network.
   *
   * @param inputRoles every input, in the order in which callers number them
   * @throws LipstreamException if the file is not such a network
   */
  static Network open(
      NetworkFile file, EngineOptions options, List<TensorRole> inputRoles, TensorRole outputRole) {
    byte[] model = file.read(NetworkFile.MAX_BYTES);
    OnnxFacts facts = file.facts(model);
    OrtSession session = openSession(file, model, options);
    try {
      return new Network(file, model.length, facts, options, session, inputRoles, outputRole);
    } catch (OrtException e) {
      closeSession(session);
      throw file.failure("cannot be inspected: " + e.getMessage(), "", e);
    } catch (RuntimeException e) {
      closeSession(session);
      throw e;
    }
  }

  private Network(
      NetworkFile file,
      long sizeBytes,
      OnnxFacts facts,
      EngineOptions options,
      OrtSession session,
      List<TensorRole> inputRoles,
      TensorRole outputRole)
      throws OrtException {
    this.file = file;
    this.session = session;
    List<TensorDescription> fileInputs =
        session.getInputInfo().values().stream().map(TensorDescription::of).toList();
    List<TensorDescription> fileOutputs =
        session.getOutputInfo().values().stream().map(TensorDescription::of).toList();
    String hint = "The file's inputs are " + fileInputs + ", its outputs " + fileOutputs;

    List<TensorDescription> unclaimed = new ArrayList<>(fileInputs);
    List<BoundTensor> bound = new ArrayList<>();
    for (TensorRole role : inputRoles) {
      TensorDescription tensor = role.find(file, unclaimed, hint);
      unclaimed.remove(tensor);
      bound.add(new BoundTensor(role, tensor));
    }
    if (!unclaimed.isEmpty()) {
      throw file.failure(
          "wants an input that Lipstream does not know in "
              + file.path()
              + ": "
              + unclaimed.getFirst(),
          hint);
    }
    inputs = List.copyOf(bound);
    output = new BoundTensor(outputRole, outputRole.find(file, fileOutputs, hint));
    description =
        new NetworkDescription(
            file.path(),
            sizeBytes,
            facts.producer(),
            facts.irVersion(),
            facts.opsets(),
            options.provider(),
            hasFreeBatch() ? options.maxBatch() : 1,
            fileInputs,
            fileOutputs);
  }

  NetworkDescription description() {
    return description;
  }

  NetworkFile file() {
    return file;
  }

  int framesPerRun() {
    return description.framesPerRun();
  }

  /** New buffers for one call at a time. */
  NetworkRun newRun() {
    return new NetworkRun(file, session, inputs, output, framesPerRun());
  }

  private boolean hasFreeBatch() {
    return output.tensor().shape().getFirst() < 0
        && inputs.stream().allMatch(input -> input.tensor().shape().getFirst() < 0);
  }

  private static OrtSession openSession(NetworkFile file, byte[] model, EngineOptions options) {
    try {
      return OnnxRuntime.open(model, options);
    } catch (OrtException e) {
      throw file.failure(
          "cannot be loaded from " + file.path() + ": " + e.getMessage(),
          "Export it with standard ONNX operators: no custom operator library is ever loaded",
          e);
    }
  }

  private static void closeSession(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime did not close a session", e);
    }
  }

  @Override
  public void close() {
    closeSession(session);
  }
}
