package io.lipstream.inference;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A tensor as its file declares it.
 *
 * @param elementType such as float32, or the kind of value where it is no tensor
 * @param shape sizes; -1 where the size is free
 * @param axes the same as text: sizes, and names of the free ones
 */
public record TensorDescription(
    String name, String elementType, List<Long> shape, List<String> axes) {

  static TensorDescription of(NodeInfo node) {
    if (!(node.getInfo() instanceof TensorInfo tensor)) {
      String kind = node.getInfo().getClass().getSimpleName().replace("Info", "");
      return new TensorDescription(
          node.getName(), kind.toLowerCase(Locale.ROOT), List.of(), List.of());
    }
    List<Long> shape = new ArrayList<>();
    List<String> axes = new ArrayList<>();
    long[] sizes = tensor.getShape();
    String[] names = tensor.getDimensionNames();
    for (int axis = 0; axis < sizes.length; axis++) {
      shape.add(sizes[axis]);
      axes.add(
          sizes[axis] >= 0
              ? Long.toString(sizes[axis])
              : names[axis].isEmpty() ? "?" : names[axis]);
    }
    return new TensorDescription(
        node.getName(), typeName(tensor.type), List.copyOf(shape), List.copyOf(axes));
  }

  /** The same tensor with sizes that are known from elsewhere. */
  TensorDescription withShape(List<Long> known) {
    List<String> knownAxes = new ArrayList<>();
    for (int axis = 0; axis < known.size(); axis++) {
      long size = known.get(axis);
      boolean named = size < 0 && axis < axes.size();
      knownAxes.add(size >= 0 ? Long.toString(size) : named ? axes.get(axis) : "?");
    }
    return new TensorDescription(name, elementType, List.copyOf(known), List.copyOf(knownAxes));
  }

  /** Whether every size that the file fixes, after the batch axis, is the wanted one. */
  boolean agreesWith(List<Long> frameShape) {
    if (shape.size() != frameShape.size() + 1) {
      return false;
    }
    for (int axis = 0; axis < frameShape.size(); axis++) {
      long size = shape.get(axis + 1);
      if (size >= 0 && size != frameShape.get(axis)) {
        return false;
      }
    }
    return true;
  }

  boolean isFloat() {
    return elementType.equals("float32") || isHalf();
  }

  boolean isHalf() {
    return elementType.equals("float16");
  }

  /** For example: visual float32 [N, 6, 320, 320]. */
  @Override
  public String toString() {
    return name + " " + elementType + " " + axes;
  }

  private static String typeName(OnnxJavaType type) {
    return switch (type) {
      case FLOAT -> "float32";
      case DOUBLE -> "float64";
      default -> type.name().toLowerCase(Locale.ROOT);
    };
  }
}
