package io.lipstream.app;

import io.lipstream.inference.ChannelOrder;
import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.Provider;
import io.lipstream.inference.ValueRange;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarPackage;
import java.nio.file.Path;

/** What an avatar's manifest means for the engine. */
final class Networks {
  private Networks() {}

  static EncoderSpec encoder(AvatarPackage avatar) {
    return EncoderSpec.of(avatar.manifest().name(), avatar.audioEncoderFile());
  }

  /** The generator in the precision that the options ask for. */
  static GeneratorSpec generator(AvatarPackage avatar, EngineOptions options) {
    AvatarManifest manifest = avatar.manifest();
    AvatarManifest.Generator tensors = manifest.generator();
    return new GeneratorSpec(
        manifest.name(),
        generatorFile(avatar, options),
        manifest.family(),
        manifest.mask(),
        ChannelOrder.BGR,
        ValueRange.UNIT,
        tensors.visualName().orElse(""),
        tensors.audioName().orElse(""),
        tensors.outputName().orElse(""));
  }

  private static Path generatorFile(AvatarPackage avatar, EngineOptions options) {
    return switch (options.precision()) {
      case FP32 -> avatar.generatorFile();
      case FP16 -> avatar.fp16GeneratorFile().orElseThrow(() -> withoutFp16(avatar));
      // Processors compute in 32 bits: there the smaller file is only slower.
      case AUTO ->
          options.provider() == Provider.CPU
              ? avatar.generatorFile()
              : avatar.fp16GeneratorFile().orElse(avatar.generatorFile());
    };
  }

  private static LipstreamException withoutFp16(AvatarPackage avatar) {
    return new LipstreamException(
        LipstreamException.Kind.AVATAR,
        "avatar " + avatar.manifest().name() + " has no generator in fp16",
        "leave --precision out, or name one as generator.fp16 in its avatar.yaml");
  }
}
