package io.lipstream.inference.engine;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.Network;
import io.lipstream.inference.NetworkFile;
import io.lipstream.media.avatar.AvatarPackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a model comes from. Nothing of it is read before it is opened. */
sealed interface ModelSource {
  /** Loads it; throws LipstreamException if it cannot be. */
  Network open(long maxFileBytes, EngineOptions options);

  /** A first guess at its memory: its file. */
  Path file();

  default long fileBytes() {
    try {
      return Files.size(file());
    } catch (IOException e) {
      return 0;
    }
  }

  /** A network file of any kind. */
  record Plain(String id, Path file) implements ModelSource {
    @Override
    public Network open(long maxFileBytes, EngineOptions options) {
      return Network.open(new NetworkFile("model " + id, file), maxFileBytes, options);
    }
  }

  /** The generator of a package, whose manifest says what its tensors are. */
  record Packaged(Path file) implements ModelSource {
    @Override
    public Network open(long maxFileBytes, EngineOptions options) {
      try (AvatarPackage avatar = AvatarPackage.open(file)) {
        return Network.open(GeneratorSpec.of(avatar, options), maxFileBytes, options);
      }
    }

    @Override
    public long fileBytes() {
      // Of a folder the size says nothing; a zip is mostly pictures.
      return 0;
    }
  }

  /** A generator that somebody else found. */
  record Known(GeneratorSpec spec) implements ModelSource {
    @Override
    public Network open(long maxFileBytes, EngineOptions options) {
      return Network.open(spec, maxFileBytes, options);
    }

    @Override
    public Path file() {
      return spec.file();
    }
  }
}
