package io.lipstream.app;

import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.media.avatar.AvatarPackage;

/** What an avatar's manifest means for the engine. */
final class Networks {
  private Networks() {}

  static EncoderSpec encoder(AvatarPackage avatar) {
    return EncoderSpec.of(avatar.manifest().name(), avatar.audioEncoderFile());
  }

  /** The generator in the precision that the options ask for. */
  static GeneratorSpec generator(AvatarPackage avatar, EngineOptions options) {
    return GeneratorSpec.of(avatar, options);
  }
}
