package io.lipstream.inference;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.GeneratorFamily;
import io.lipstream.media.picture.Rect;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

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

  /** The generator of a package, in the precision that the options ask for. */
  public static GeneratorSpec of(AvatarPackage avatar, EngineOptions options) {
    AvatarManifest manifest = avatar.manifest();
    AvatarManifest.Generator tensors = manifest.generator();
    return new GeneratorSpec(
        manifest.name(),
        file(avatar, options),
        manifest.family(),
        manifest.mask(),
        ChannelOrder.BGR,
        ValueRange.UNIT,
        tensors.visualName().orElse(""),
        tensors.audioName().orElse(""),
        tensors.outputName().orElse(""));
  }

  private static Path file(AvatarPackage avatar, EngineOptions options) {
    return switch (options.precision()) {
      case FP32 -> avatar.generatorFile();
      case FP16 -> avatar.fp16GeneratorFile().orElseThrow(() -> without("fp16", avatar));
      case INT8 -> avatar.int8GeneratorFile().orElseThrow(() -> without("int8", avatar));
      // Processors have no 16 bits to compute in: there that file is only slower.
      case AUTO ->
          (options.provider() == Provider.CPU
                  ? avatar.int8GeneratorFile()
                  : avatar.fp16GeneratorFile())
              .orElse(avatar.generatorFile());
    };
  }

  private static LipstreamException without(String precision, AvatarPackage avatar) {
    return new LipstreamException(
        LipstreamException.Kind.AVATAR,
        "avatar " + avatar.manifest().name() + " has no generator in " + precision,
        "leave --precision out, or name one as generator." + precision + " in its avatar.yaml");
  }

  /** The family whose generators look like this, if there is one and no doubt. */
  static Optional<GeneratorFamily> familyOf(
      List<TensorDescription> inputs, List<TensorDescription> outputs) {
    for (GeneratorFamily family : GeneratorFamily.values()) {
      GeneratorSpec spec = of("", family, Path.of(""));
      boolean fits =
          inputs.size() == 2
              && outputs.size() == 1
              && outputs.getFirst().agreesWith(spec.outputRole().frameShape())
              && spec.inputRoles().stream().allMatch(role -> fitsOne(role, inputs));
      if (fits) {
        return Optional.of(family);
      }
    }
    return Optional.empty();
  }

  private static boolean fitsOne(TensorRole role, List<TensorDescription> tensors) {
    return tensors.stream().filter(tensor -> tensor.agreesWith(role.frameShape())).count() == 1;
  }

  /** The inputs in the order in which callers number them: the picture, the sound. */
  List<TensorRole> inputRoles() {
    return List.of(
        new TensorRole("visual", visualTensor, picture(6)),
        new TensorRole(
            "audio", audioTensor, family.audioShape().stream().map(Integer::longValue).toList()));
  }

  TensorRole outputRole() {
    return new TensorRole("output", outputTensor, picture(3));
  }

  private List<Long> picture(long planes) {
    return List.of(planes, (long) roiPx(), (long) roiPx());
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
