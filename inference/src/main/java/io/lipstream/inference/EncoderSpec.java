package io.lipstream.inference;

import java.nio.file.Path;

/**
 * What an avatar's manifest says of its audio encoder; checked against the file when it is opened.
 *
 * @param avatar the avatar's name, for messages
 * @param file the ONNX file, on any file system
 * @param melTensor name of the input, or empty to find it by its shape
 * @param featureTensor name of the output, or empty to find it by its shape
 */
public record EncoderSpec(String avatar, Path file, String melTensor, String featureTensor) {

  /** An encoder whose tensors are known by their shapes. */
  public static EncoderSpec of(String avatar, Path file) {
    return new EncoderSpec(avatar, file, "", "");
  }
}
