package io.lipstream.inference.oip;

import io.lipstream.inference.TensorDescription;
import java.util.Optional;

/** The protocol's number types that Lipstream sends and takes. */
enum Datatype {
  FP32("float32", Float.BYTES),
  FP16("float16", Short.BYTES);

  private final String elementType;
  private final int bytes;

  Datatype(String elementType, int bytes) {
    this.elementType = elementType;
    this.bytes = bytes;
  }

  /** As {@link TensorDescription#elementType} spells it. */
  String elementType() {
    return elementType;
  }

  /** Bytes of one value. */
  int bytes() {
    return bytes;
  }

  static Optional<Datatype> named(String name) {
    for (Datatype datatype : values()) {
      if (datatype.name().equals(name)) {
        return Optional.of(datatype);
      }
    }
    return Optional.empty();
  }

  static Datatype of(TensorDescription tensor) {
    return tensor.elementType().equals(FP16.elementType) ? FP16 : FP32;
  }
}
