package io.lipstream.app;

import io.lipstream.inference.ChannelOrder;
import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.ValueRange;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarPackage;

/** What an avatar's manifest means for the engine. */
final class Networks {
  private Networks() {}

  static EncoderSpec encoder(AvatarPackage avatar) {
    return EncoderSpec.of(avatar.manifest().name(), avatar.audioEncoderFile());
  }

  static GeneratorSpec generator(AvatarPackage avatar) {
    AvatarManifest manifest = avatar.manifest();
    AvatarManifest.Generator tensors = manifest.generator();
    return new GeneratorSpec(
        manifest.name(),
        avatar.generatorFile(),
        manifest.family(),
        manifest.mask(),
        ChannelOrder.BGR,
        ValueRange.UNIT,
        tensors.visualName().orElse(""),
        tensors.audioName().orElse(""),
        tensors.outputName().orElse(""));
  }
}
