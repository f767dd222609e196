package io.lipstream.inference.engine;

import io.lipstream.inference.TensorDescription;
import java.util.List;

/** The tensors of a model in the order in which frames number them. */
public record ModelShape(List<TensorDescription> inputs, List<TensorDescription> outputs) {
  public ModelShape {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
