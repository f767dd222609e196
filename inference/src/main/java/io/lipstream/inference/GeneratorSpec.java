package io.lipstream.inference;

import io.lipstream.media.avatar.GeneratorFamily;
import io.lipstream.media.picture.Rect;
import java.nio.file.Path;

/**
 * What an avatar's manifest says of its generator; checked against the file when it is opened.
 *
 * @param avatar the avatar's name, for messages
 * @param file the ONNX file, on any file system
 * @param maskBox the part blanked in the masked copy, in ROI pixels
 * @param visualTensor name of the picture input, or empty to find it by its shape
 * @param audioTensor name of the sound input, or empty to find it by its shape
 * @param outputTensor name of the picture output, or empty to find it by its shape
 */
public record GeneratorSpec(
    String avatar,
    Path file,
    GeneratorFamily family,
    Rect maskBox,
    ChannelOrder channelOrder,
    ValueRange valueRange,
    String visualTensor,
    String audioTensor,
    String outputTensor) {

  public GeneratorSpec {
    if (!maskBox.fitsIn(family.roiPx(), family.roiPx())) {
      throw new IllegalArgumentException(
          maskBox + " leaves the ROI of " + family.roiPx() + " pixels");
    }
  }

  /** Side of the square picture. */
  public int roiPx() {
    return family.roiPx();
  }

  /** A network in its family's published form. */
  public static GeneratorSpec of(String avatar, GeneratorFamily family, Path file) {
    return new GeneratorSpec(
        avatar, file, family, family.defaultMask(), ChannelOrder.BGR, ValueRange.UNIT, "", "", "");
  }
}
