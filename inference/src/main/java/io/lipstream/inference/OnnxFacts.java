package io.lipstream.inference;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an ONNX file says of itself that ONNX Runtime does not tell, and the weights that it keeps
 * in other files. Field numbers are those of onnx.proto.
 *
 * @param externalTensors names of the weights stored outside the file
 */
record OnnxFacts(
    long irVersion, String producer, Map<String, Long> opsets, List<String> externalTensors) {
  /** Deeper nesting than any real network's, and shallow enough for the stack. */
  private static final int MAX_DEPTH = 64;

  /**
   * Reads a file's bytes.
   *
   * @throws IOException if they are no ONNX model
   */
  static OnnxFacts read(ByteBuffer model) throws IOException {
    long irVersion = 0;
    String producer = "";
    String producerVersion = "";
    boolean hasGraph = false;
    Map<String, Long> opsets = new TreeMap<>();
    List<String> external = new ArrayList<>();
    ProtobufReader fields = new ProtobufReader(model.slice());
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> irVersion = fields.number();
        case 2 -> producer = fields.text();
        case 3 -> producerVersion = fields.text();
        case 7 -> {
          hasGraph = true;
          findInGraph(fields.message(), external, 0);
        }
        case 8 -> readOpset(fields.message(), opsets);
        case 25 -> findInFunction(fields.message(), external);
        default -> {}
      }
    }
    if (!hasGraph) {
      throw new IOException("it holds no graph");
    }
    return new OnnxFacts(
        irVersion, (producer + " " + producerVersion).strip(), opsets, List.copyOf(external));
  }

  private static void readOpset(ProtobufReader fields, Map<String, Long> opsets)
      throws IOException {
    String domain = "";
    long version = 0;
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> domain = fields.text();
        case 2 -> version = fields.number();
        default -> {}
      }
    }
    opsets.put(domain.isEmpty() ? "ai.onnx" : domain, version);
  }

  private static void findInGraph(ProtobufReader fields, List<String> external, int depth)
      throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("its graphs are nested more than " + MAX_DEPTH + " deep");
    }
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> findInNode(fields.message(), external, depth);
        case 5 -> findInTensor(fields.message(), external);
        case 15 -> findInSparseTensor(fields.message(), external);
        default -> {}
      }
    }
  }

  private static void findInFunction(ProtobufReader fields, List<String> external)
      throws IOException {
    while (fields.next()) {
      if (fields.field() == 7) {
        findInNode(fields.message(), external, 0);
      }
    }
  }

  private static void findInNode(ProtobufReader fields, List<String> external, int depth)
      throws IOException {
    while (fields.next()) {
      if (fields.field() == 5) {
        findInAttribute(fields.message(), external, depth);
      }
    }
  }

  private static void findInAttribute(ProtobufReader fields, List<String> external, int depth)
      throws IOException {
    while (fields.next()) {
      switch (fields.field()) {
        case 5, 10 -> findInTensor(fields.message(), external);
        case 6, 11 -> findInGraph(fields.message(), external, depth + 1);
        case 22, 23 -> findInSparseTensor(fields.message(), external);
        default -> {}
      }
    }
  }

  private static void findInSparseTensor(ProtobufReader fields, List<String> external)
      throws IOException {
    while (fields.next()) {
      if (fields.field() == 1 || fields.field() == 2) {
        findInTensor(fields.message(), external);
      }
    }
  }

  private static void findInTensor(ProtobufReader fields, List<String> external)
      throws IOException {
    String name = "(unnamed)";
    boolean outside = false;
    while (fields.next()) {
      switch (fields.field()) {
        case 8 -> name = fields.text();
        case 13 -> outside = true;
        case 14 -> outside |= fields.number() != 0;
        default -> {}
      }
    }
    if (outside) {
      external.add(name);
    }
  }
}
