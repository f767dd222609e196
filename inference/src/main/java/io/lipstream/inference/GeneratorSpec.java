package io.lipstream.inference;

import io.lipstream.media.picture.Rect;
import java.nio.file.Path;

/**
 * What an avatar's manifest says of its generator; checked against the file when it is opened.
 *
 * @param avatar the avatar's name, for messages
 * @param file the ONNX file, on any file system
 * @param roiPx side of the picture
 * @param maskBox the part blanked in the masked copy, in ROI pixels
 * @param visualTensor name of the picture input, or empty to find it by its shape
 * @param audioTensor name of the sound input, or empty to find it by its shape
 * @param outputTensor name of the picture output, or empty to find it by its shape
 */
public record GeneratorSpec(
    String avatar,
    Path file,
    GeneratorFamily family,
    int roiPx,
    Rect maskBox,
    ChannelOrder channelOrder,
    ValueRange valueRange,
    String visualTensor,
    String audioTensor,
    String outputTensor) {

  public GeneratorSpec {
    if (roiPx < 1) {
      throw new IllegalArgumentException("roiPx must be at least 1: " + roiPx);
    }
    if (!maskBox.fitsIn(roiPx, roiPx)) {
      throw new IllegalArgumentException(maskBox + " leaves the ROI of " + roiPx + " pixels");
    }
  }

  /** A network of the family's published form, with the mask box of its training code. */
  public static GeneratorSpec syncTalk2d(String avatar, Path file) {
    return new GeneratorSpec(
        avatar,
        file,
        GeneratorFamily.SYNCTALK_2D,
        320,
        new Rect(5, 5, 315, 310),
        ChannelOrder.BGR,
        ValueRange.UNIT,
        "",
        "",
        "");
  }
}
