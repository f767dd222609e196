package io.lipstream.inference;

import io.lipstream.media.LipstreamException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a tensor is for and what it must look like.
 *
 * @param role how messages and the manifest call it
 * @param name its name in the file, or empty to find it by its shape
 * @param frameShape its shape without the batch axis
 */
record TensorRole(String role, String name, List<Long> frameShape) {

  /**
   * Finds the tensor among a file's inputs or outputs.
   *
   * @throws LipstreamException if there is none, more than one, or it has another type or shape
   */
  TensorDescription find(NetworkFile file, List<TensorDescription> candidates, String hint) {
    TensorDescription found =
        name.isEmpty() ? onlyFitting(file, candidates, hint) : named(file, candidates, hint);
    check(file, found, hint);
    return found;
  }

  /**
   * The role of a tensor that is taken as its file declares it.
   *
   * @throws LipstreamException if it has no floats, no batch axis or free sizes
   */
  static TensorRole asDeclared(NetworkFile file, TensorDescription tensor, String hint) {
    boolean hasFrames = !tensor.shape().isEmpty();
    List<Long> frameShape =
        hasFrames ? tensor.shape().subList(1, tensor.shape().size()) : List.of();
    if (tensor.isFloat() && (!hasFrames || frameShape.stream().anyMatch(size -> size < 1))) {
      throw file.failure(
          "leaves the size of a frame open in "
              + file.path()
              + ": '"
              + tensor.name()
              + "' is "
              + tensor.axes()
              + ", expected fixed sizes after the first axis",
          hint);
    }
    TensorRole role = new TensorRole(tensor.name(), tensor.name(), List.copyOf(frameShape));
    role.check(file, tensor, hint);
    return role;
  }

  private void check(NetworkFile file, TensorDescription found, String hint) {
    if (!found.isFloat()) {
      throw file.failure(
          "declares its "
              + role
              + " tensor with another type in "
              + file.path()
              + ": '"
              + found.name()
              + "' holds "
              + found.elementType()
              + ", expected float32 or float16",
          hint);
    }
    if (!found.agreesWith(frameShape)) {
      throw file.failure(
          "declares its "
              + role
              + " tensor with another shape in "
              + file.path()
              + ": '"
              + found.name()
              + "' is "
              + found.axes()
              + ", expected "
              + expectedShape(),
          hint);
    }
    long batch = found.shape().getFirst();
    if (batch > 1 || batch == 0) {
      throw file.failure(
          "computes a fixed batch in "
              + file.path()
              + ": '"
              + found.name()
              + "' is "
              + found.axes()
              + ", expected a free first axis, or 1",
          hint);
    }
  }

  private TensorDescription named(
      NetworkFile file, List<TensorDescription> candidates, String hint) {
    return candidates.stream()
        .filter(tensor -> tensor.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                file.failure(
                    "has no " + role + " tensor named '" + name + "' in " + file.path(), hint));
  }

  /**
   * The one tensor of this shape, or the one tensor there is: find() says what is wrong with it.
   */
  private TensorDescription onlyFitting(
      NetworkFile file, List<TensorDescription> candidates, String hint) {
    List<TensorDescription> fitting =
        candidates.stream().filter(tensor -> tensor.agreesWith(frameShape)).toList();
    if (fitting.size() == 1) {
      return fitting.getFirst();
    }
    if (fitting.size() > 1) {
      throw file.failure(
          "has several tensors that could be its "
              + role
              + " tensor in "
              + file.path()
              + ": "
              + fitting.stream().map(TensorDescription::name).collect(Collectors.joining(", ")),
          "Name the right one in the avatar's manifest. " + hint);
    }
    if (candidates.size() == 1) {
      return candidates.getFirst();
    }
    throw file.failure(
        "has no "
            + role
            + " tensor in "
            + file.path()
            + ": expected "
            + expectedShape()
            + ", found "
            + candidates.stream()
                .map(tensor -> "'" + tensor.name() + "' " + tensor.axes())
                .collect(Collectors.joining(", ")),
        hint);
  }

  private List<String> expectedShape() {
    return Stream.concat(Stream.of("N"), frameShape.stream().map(String::valueOf)).toList();
  }

  int frameFloats() {
    return Math.toIntExact(frameShape.stream().reduce(1L, Math::multiplyExact));
  }
}
