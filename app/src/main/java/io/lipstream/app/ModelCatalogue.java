package io.lipstream.app;

import io.lipstream.app.config.InferenceConfig;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.AvatarStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The models a server offers: those of its folder, or the avatars that can be called by name. */
final class ModelCatalogue {
  private static final Logger LOG = LoggerFactory.getLogger(ModelCatalogue.class);

  private ModelCatalogue() {}

  static Catalogue of(InferenceConfig config, Path base) {
    Map<String, Path> paths = new TreeMap<>();
    config
        .models()
        .forEach(
            (id, model) -> {
              if (!model.modelPath().isEmpty()) {
                paths.put(id, Path.of(model.modelPath()));
              }
            });
    if (!config.modelsRoot().isEmpty()) {
      return Catalogue.below(base.resolve(config.modelsRoot()), paths);
    }
    Path builtIn = Avatars.builtIn();
    Catalogue catalogue =
        Files.isDirectory(builtIn) ? Catalogue.below(builtIn, paths) : Catalogue.empty();
    AvatarStore own = new AvatarStore(List.of(Avatars.userFolder()));
    for (AvatarStore.Entry entry : own.list()) {
      if (entry instanceof AvatarStore.Entry.Usable usable) {
        add(catalogue, usable);
      }
    }
    return catalogue;
  }

  private static void add(Catalogue catalogue, AvatarStore.Entry.Usable avatar) {
    if (!Files.isDirectory(avatar.location())) {
      LOG.warn(
          "{} is an archive and is not offered: unpack it, or set models_root to its folder",
          avatar.location());
      return;
    }
    try (AvatarPackage opened = AvatarPackage.open(avatar.location())) {
      catalogue.add(avatar.name(), Networks.generator(opened, EngineOptions.cpu()));
    } catch (LipstreamException e) {
      LOG.warn("avatar {} is not offered: {}", avatar.name(), e.getMessage());
    }
  }

  /** The avatars whose pictures a client need not send. */
  static AvatarStore avatars(InferenceConfig config, Path base) {
    return config.modelsRoot().isEmpty()
        ? Avatars.store()
        : new AvatarStore(List.of(base.resolve(config.modelsRoot())));
  }
}
