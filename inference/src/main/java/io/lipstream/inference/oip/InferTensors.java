package io.lipstream.inference.oip;

import static io.lipstream.inference.server.Refusal.invalid;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.lipstream.inference.TensorDescription;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.media.wire.oip.InferTensorContents;
import io.lipstream.media.wire.oip.ModelInferRequest;
import io.lipstream.media.wire.oip.ModelInferRequest.InferInputTensor;
import io.lipstream.media.wire.oip.ModelInferRequest.InferRequestedOutputTensor;
import io.lipstream.media.wire.oip.ModelInferResponse;
import io.lipstream.media.wire.oip.ModelInferResponse.InferOutputTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request's tensors matched with those of the model, and memory for the answer's.
 *
 * <p>Inputs stay where the request brought them; outputs are written into the arrays that the
 * answer sends.
 */
final class InferTensors {
  private final List<WireTensor> inputs;
  private final List<@Nullable Output> outputs;
  private final int rows;

  private InferTensors(List<WireTensor> inputs, List<@Nullable Output> outputs, int rows) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.rows = rows;
  }

  /**
   * Matches them.
   *
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT, naming the tensor and what was
   *     expected
   */
  static InferTensors of(ModelInferRequest request, ModelShape shape) {
    Map<String, Integer> sent = indicesByName(request);
    boolean raw = request.getRawInputContentsCount() > 0;
    if (raw && request.getRawInputContentsCount() != request.getInputsCount()) {
      throw invalid(
          "raw_input_contents",
          "has "
              + request.getRawInputContentsCount()
              + " entries for "
              + request.getInputsCount()
              + " inputs; send one for each");
    }
    int rows = -1;
    List<WireTensor> inputs = new ArrayList<>();
    for (TensorDescription expected : shape.inputs()) {
      Integer index = sent.remove(expected.name());
      if (index == null) {
        throw invalid(nameOf(expected), "is missing; expected " + wanted(expected));
      }
      InferInputTensor tensor = request.getInputs(index);
      Datatype datatype = checked(tensor, expected);
      int tensorRows = Math.toIntExact(tensor.getShape(0));
      if (rows >= 0 && rows != tensorRows) {
        throw invalid(
            nameOf(expected),
            "has "
                + tensorRows
                + " rows, the inputs before it "
                + rows
                + "; all inputs of a request must have the same number");
      }
      rows = tensorRows;
      ByteBuffer bytes =
          raw
              ? request.getRawInputContents(index).asReadOnlyByteBuffer()
              : typed(tensor, datatype, expected);
      int rowFloats = frameFloats(expected);
      long expectedBytes = (long) rows * rowFloats * datatype.bytes();
      if (bytes.remaining() != expectedBytes) {
        throw invalid(
            nameOf(expected),
            "brings "
                + bytes.remaining()
                + " bytes; "
                + datatype
                + " "
                + tensor.getShapeList()
                + " takes "
                + expectedBytes);
      }
      inputs.add(new WireTensor(bytes, datatype, rowFloats));
    }
    if (!sent.isEmpty()) {
      throw invalid(
          "inputs", "have " + sent.keySet() + "; the model has only " + wanted(shape.inputs()));
    }
    return new InferTensors(inputs, outputsOf(request, shape, rows), rows);
  }

  int rows() {
    return rows;
  }

  WireTensor input(int index) {
    return inputs.get(index);
  }

  /** Null if the caller does not want it. */
  @Nullable WireTensor output(int index) {
    Output output = outputs.get(index);
    return output == null ? null : output.values;
  }

  /** Adds the outputs to the answer, without copying them. */
  void addTo(ModelInferResponse.Builder response) {
    for (Output output : outputs) {
      if (output != null) {
        response.addOutputs(output.description);
        response.addRawOutputContents(output.bytes);
      }
    }
  }

  /** Values of one frame. */
  static int frameFloats(TensorDescription tensor) {
    long floats = 1;
    for (long size : tensor.shape().subList(1, tensor.shape().size())) {
      floats *= size;
    }
    return Math.toIntExact(floats);
  }

  private static Map<String, Integer> indicesByName(ModelInferRequest request) {
    Map<String, Integer> indices = new HashMap<>();
    for (int i = 0; i < request.getInputsCount(); i++) {
      if (indices.put(request.getInputs(i).getName(), i) != null) {
        throw invalid("inputs", "have " + request.getInputs(i).getName() + " twice");
      }
    }
    return indices;
  }

  private static Datatype checked(InferInputTensor tensor, TensorDescription expected) {
    List<Long> shape = tensor.getShapeList();
    List<Long> frameShape = expected.shape().subList(1, expected.shape().size());
    boolean fits =
        shape.size() == frameShape.size() + 1
            && shape.getFirst() >= 1
            && shape.getFirst() <= Integer.MAX_VALUE
            && shape.subList(1, shape.size()).equals(frameShape);
    Datatype datatype = Datatype.named(tensor.getDatatype()).orElse(null);
    if (!fits || datatype == null) {
      throw invalid(
          nameOf(expected),
          "is " + tensor.getDatatype() + " " + shape + "; expected " + wanted(expected));
    }
    return datatype;
  }

  private static ByteBuffer typed(
      InferInputTensor tensor, Datatype datatype, TensorDescription expected) {
    if (datatype == Datatype.FP16) {
      throw invalid(nameOf(expected), "is FP16, which only raw_input_contents can bring");
    }
    InferTensorContents contents = tensor.getContents();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(contents.getFp32ContentsCount(), Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < contents.getFp32ContentsCount(); i++) {
      bytes.putFloat(contents.getFp32Contents(i));
    }
    return bytes.flip();
  }

  private static List<@Nullable Output> outputsOf(
      ModelInferRequest request, ModelShape shape, int rows) {
    Map<String, InferRequestedOutputTensor> requested = new HashMap<>();
    request.getOutputsList().forEach(output -> requested.put(output.getName(), output));
    Set<String> unknown = new HashSet<>(requested.keySet());
    List<@Nullable Output> outputs = new ArrayList<>();
    for (TensorDescription tensor : shape.outputs()) {
      unknown.remove(tensor.name());
      InferRequestedOutputTensor wish = requested.get(tensor.name());
      boolean wanted = requested.isEmpty() || wish != null;
      outputs.add(wanted ? new Output(tensor, datatypeOf(tensor, wish), rows) : null);
    }
    if (!unknown.isEmpty()) {
      throw invalid(
          "outputs", "have " + unknown + "; the model has only " + wanted(shape.outputs()));
    }
    return outputs;
  }

  /** The model's own unless the caller asks for another one, say to halve what is sent. */
  private static Datatype datatypeOf(
      TensorDescription tensor, @Nullable InferRequestedOutputTensor wish) {
    if (wish == null || !wish.containsParameters("datatype")) {
      return Datatype.of(tensor);
    }
    String name = wish.getParametersOrThrow("datatype").getStringParam();
    return Datatype.named(name)
        .orElseThrow(
            () ->
                invalid(
                    "output " + tensor.name(),
                    "has the parameter datatype \"" + name + "\"; expected FP32 or FP16"));
  }

  private static String nameOf(TensorDescription input) {
    return "input " + input.name();
  }

  private static String wanted(List<TensorDescription> tensors) {
    return String.join(", ", tensors.stream().map(TensorDescription::name).toList());
  }

  private static String wanted(TensorDescription tensor) {
    return "FP32 or FP16 " + tensor.axes();
  }

  /** Memory that the answer sends. */
  private static final class Output {
    final InferOutputTensor description;
    final ByteString bytes;
    final WireTensor values;

    Output(TensorDescription tensor, Datatype datatype, int rows) {
      int rowFloats = frameFloats(tensor);
      long size = (long) rows * rowFloats * datatype.bytes();
      if (size > Integer.MAX_VALUE - Long.BYTES) {
        throw invalid(
            "inputs",
            "have " + rows + " rows, an answer of " + size + " bytes; send fewer at once");
      }
      byte[] memory = new byte[(int) size];
      bytes = UnsafeByteOperations.unsafeWrap(memory);
      values = new WireTensor(ByteBuffer.wrap(memory), datatype, rowFloats);
      InferOutputTensor.Builder builder =
          InferOutputTensor.newBuilder()
              .setName(tensor.name())
              .setDatatype(datatype.name())
              .addShape(rows);
      tensor.shape().stream().skip(1).forEach(builder::addShape);
      description = builder.build();
    }
  }
}
