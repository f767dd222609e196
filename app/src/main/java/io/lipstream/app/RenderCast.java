package io.lipstream.app;

import io.lipstream.app.render.RenderPipeline;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.lipsync.MouthGenerator;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * An avatar made ready to speak: its package open, its networks loaded, its frames being decoded.
 *
 * <p>Owns all of them; closing frees them.
 */
final class RenderCast implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final AvatarManifest manifest;
  private final RenderPipeline.Cast cast;

  /** Who draws an avatar's mouths. */
  @FunctionalInterface
  interface Mouths {
    /** This process. */
    Mouths HERE =
        (avatar, frames, options) ->
            EngineGenerator.alone(Networks.generator(avatar, options), frames, options);

    MouthGenerator open(AvatarPackage avatar, AvatarFrames frames, EngineOptions options);
  }

  /**
   * Opens an avatar.
   *
   * @param nameOrPath a name from the catalogue, a folder or a .zip
   * @param workers threads that will call the generator
   */
  RenderCast(String nameOrPath, PasteEdge edge, int workers) {
    this(
        nameOrPath, edge, new BackgroundOption(), EngineOptions.cpu().withConcurrentCalls(workers));
  }

  /** As the other, with another background and other options; this process draws. */
  RenderCast(
      String nameOrPath, PasteEdge edge, BackgroundOption background, EngineOptions options) {
    this(nameOrPath, edge, background, options, Mouths.HERE);
  }

  /**
   * As the other, with all that can be chosen.
   *
   * @param background what is shown behind the avatar
   * @param options how the networks are run
   * @param mouths who draws
   */
  RenderCast(
      String nameOrPath,
      PasteEdge edge,
      BackgroundOption background,
      EngineOptions options,
      Mouths mouths) {
    try {
      AvatarPackage avatar = keep(Avatars.store().open(nameOrPath));
      manifest = avatar.manifest();
      AvatarFrames frames = keep(background.load(avatar));
      cast =
          new RenderPipeline.Cast(
              keep(new OnnxEncoder(Networks.encoder(avatar), options)),
              keep(mouths.open(avatar, frames, options)),
              frames,
              manifest,
              edge);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T keep(T resource) {
    open.push(resource);
    return resource;
  }

  AvatarManifest manifest() {
    return manifest;
  }

  RenderPipeline.Cast cast() {
    return cast;
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("closing an avatar failed", e);
      }
    }
  }
}
