package io.lipstream.inference;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.GeneratorFamily;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * A loaded network whose tensors were found to be what the manifest says, or what the file itself
 * says where there is no manifest.
 *
 * <p>Thread-safe. Close it only when no {@link NetworkRun} of it computes.
 */
public final class Network implements AutoCloseable {
  private final NetworkFile file;
  private final OrtSession session;
  private final NetworkDescription description;
  private final List<BoundTensor> inputs;
  private final List<BoundTensor> outputs;

  /** A tensor of the file in its role. */
  record BoundTensor(TensorRole role, TensorDescription tensor) {
    long frameBytes() {
      return (long) role.frameFloats() * (tensor.isHalf() ? Short.BYTES : Float.BYTES);
    }
  }

  /** What of a file's tensors is what. */
  record Binding(List<BoundTensor> inputs, List<BoundTensor> outputs) {}

  /** Finds out what of a file's tensors is what. */
  private interface Binder {
    Binding bind(
        OrtSession session, List<TensorDescription> inputs, List<TensorDescription> outputs)
        throws OrtException;
  }

  /**
   * Loads a network of known tensors.
   *
   * @param inputRoles every input, in the order in which callers number them
   * @throws LipstreamException if the file is not such a network
   */
  static Network open(
      NetworkFile file, EngineOptions options, List<TensorRole> inputRoles, TensorRole outputRole) {
    return open(
        file,
        NetworkFile.MAX_BYTES,
        options,
        (session, inputs, outputs) -> bindRoles(file, inputs, outputs, inputRoles, outputRole));
  }

  /**
   * Loads an avatar's generator: input 0 is the picture, input 1 the sound.
   *
   * @param maxFileBytes a larger file is refused
   * @throws LipstreamException if the file is missing, is no such network, or the provider is not
   *     there
   */
  public static Network open(GeneratorSpec spec, long maxFileBytes, EngineOptions options) {
    NetworkFile file = new NetworkFile("the generator of avatar " + spec.avatar(), spec.file());
    return open(
        file,
        maxFileBytes,
        options,
        (session, inputs, outputs) ->
            bindRoles(file, inputs, outputs, spec.inputRoles(), spec.outputRole()));
  }

  /**
   * Loads any network of floats whose tensors have a frame for each step of their first axis. A
   * generator of the family is known by its shapes and numbered as one; others are numbered as
   * their file has them.
   *
   * @throws LipstreamException if the file is missing, is no such network, or the provider is not
   *     there
   */
  public static Network open(NetworkFile file, long maxFileBytes, EngineOptions options) {
    return open(
        file,
        maxFileBytes,
        options,
        (session, inputs, outputs) -> bindAny(file, session, inputs, outputs));
  }

  private static Network open(
      NetworkFile file, long maxFileBytes, EngineOptions options, Binder binder) {
    long sizeBytes;
    OnnxFacts facts;
    OrtSession session;
    try (Arena arena = Arena.ofConfined()) {
      ByteBuffer model = file.read(arena, Math.min(maxFileBytes, NetworkFile.MAX_BYTES));
      sizeBytes = model.remaining();
      facts = file.facts(model);
      session = openSession(file, model, options);
    }
    try {
      return new Network(file, sizeBytes, facts, options, session, binder);
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
      Binder binder)
      throws OrtException {
    this.file = file;
    this.session = session;
    List<TensorDescription> fileInputs =
        session.getInputInfo().values().stream().map(TensorDescription::of).toList();
    List<TensorDescription> fileOutputs =
        session.getOutputInfo().values().stream().map(TensorDescription::of).toList();
    Binding binding = binder.bind(session, fileInputs, fileOutputs);
    inputs = List.copyOf(binding.inputs());
    outputs = List.copyOf(binding.outputs());
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

  private static Binding bindRoles(
      NetworkFile file,
      List<TensorDescription> fileInputs,
      List<TensorDescription> fileOutputs,
      List<TensorRole> inputRoles,
      TensorRole outputRole) {
    String hint = hint(fileInputs, fileOutputs);
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
    return new Binding(
        bound, List.of(new BoundTensor(outputRole, outputRole.find(file, fileOutputs, hint))));
  }

  private static Binding bindAny(
      NetworkFile file,
      OrtSession session,
      List<TensorDescription> fileInputs,
      List<TensorDescription> fileOutputs)
      throws OrtException {
    Optional<GeneratorFamily> family = GeneratorSpec.familyOf(fileInputs, fileOutputs);
    if (family.isPresent()) {
      GeneratorSpec spec = GeneratorSpec.of(file.owner(), family.get(), file.path());
      return bindRoles(file, fileInputs, fileOutputs, spec.inputRoles(), spec.outputRole());
    }
    String hint = hint(fileInputs, fileOutputs);
    List<BoundTensor> inputs = new ArrayList<>();
    for (TensorDescription tensor : fileInputs) {
      inputs.add(new BoundTensor(TensorRole.asDeclared(file, tensor, hint), tensor));
    }
    return new Binding(inputs, outputs(file, session, inputs, fileOutputs, hint));
  }

  /** Exporters often leave an output's sizes free: one frame of zeros then shows them. */
  private static List<BoundTensor> outputs(
      NetworkFile file,
      OrtSession session,
      List<BoundTensor> inputs,
      List<TensorDescription> fileOutputs,
      String hint)
      throws OrtException {
    List<BoundTensor> outputs = new ArrayList<>();
    boolean known =
        fileOutputs.stream()
            .allMatch(output -> output.shape().stream().skip(1).allMatch(size -> size >= 0));
    Map<String, List<Long>> seen = known ? Map.of() : shapesOfOneFrame(session, inputs);
    for (TensorDescription output : fileOutputs) {
      List<Long> shape = seen.getOrDefault(output.name(), output.shape());
      TensorRole role = TensorRole.asDeclared(file, output.withShape(shape), hint);
      outputs.add(new BoundTensor(role, output));
    }
    return outputs;
  }

  private static Map<String, List<Long>> shapesOfOneFrame(
      OrtSession session, List<BoundTensor> inputs) throws OrtException {
    Map<String, OnnxTensor> zeros = new HashMap<>();
    try (Arena arena = Arena.ofShared()) {
      for (BoundTensor input : inputs) {
        zeros.put(input.tensor().name(), new TensorBuffer(arena, input, 1).tensorOf(1));
      }
      Map<String, List<Long>> shapes = new HashMap<>();
      try (OrtSession.Result result = session.run(zeros)) {
        for (Map.Entry<String, OnnxValue> output : result) {
          if (output.getValue().getInfo() instanceof TensorInfo tensor) {
            shapes.put(output.getKey(), LongStream.of(tensor.getShape()).boxed().toList());
          }
        }
      } finally {
        zeros.values().forEach(OnnxTensor::close);
      }
      return shapes;
    }
  }

  private static String hint(List<TensorDescription> inputs, List<TensorDescription> outputs) {
    return "The file's inputs are " + inputs + ", its outputs " + outputs;
  }

  public NetworkDescription description() {
    return description;
  }

  NetworkFile file() {
    return file;
  }

  int framesPerRun() {
    return description.framesPerRun();
  }

  /** The inputs as callers number them, with the sizes that are used where the file leaves them. */
  public List<TensorDescription> inputs() {
    return inputs.stream().map(Network::asUsed).toList();
  }

  /** The outputs likewise. */
  public List<TensorDescription> outputs() {
    return outputs.stream().map(Network::asUsed).toList();
  }

  private static TensorDescription asUsed(BoundTensor bound) {
    List<Long> shape = new ArrayList<>();
    shape.add(bound.tensor().shape().getFirst());
    shape.addAll(bound.role().frameShape());
    return bound.tensor().withShape(shape);
  }

  /** Memory that the buffers of one {@link NetworkRun} take. */
  public long runBytes() {
    long frame = 0;
    for (BoundTensor tensor : inputs) {
      frame += tensor.frameBytes();
    }
    for (BoundTensor tensor : outputs) {
      frame += tensor.frameBytes();
    }
    return frame * framesPerRun();
  }

  /** New buffers for one call at a time. */
  public NetworkRun newRun() {
    return new NetworkRun(file, session, inputs, outputs, framesPerRun());
  }

  private boolean hasFreeBatch() {
    return inputs.stream().allMatch(Network::hasFreeBatch)
        && outputs.stream().allMatch(Network::hasFreeBatch);
  }

  private static boolean hasFreeBatch(BoundTensor bound) {
    return bound.tensor().shape().getFirst() < 0;
  }

  private static OrtSession openSession(NetworkFile file, ByteBuffer model, EngineOptions options) {
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
