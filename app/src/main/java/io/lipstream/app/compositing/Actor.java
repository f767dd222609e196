package io.lipstream.app.compositing;

import io.lipstream.compositing.Compositor;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.avatar.FrameMemory;
import io.lipstream.media.avatar.RestingMouth;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.still.BackgroundStills;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * An avatar made ready to speak, but for its mouths: its frames and what listens. Thread-safe;
 * shared by all who show it.
 */
final class Actor implements AutoCloseable {
  /** Of its frames as JPEG and PNG: more than enough for a minute of the one at 720p. */
  private static final long MAX_STILL_BYTES = 64 << 20;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final AvatarManifest manifest;
  private final AvatarFrames frames;
  private final AudioEncoder audioEncoder;
  private final GeneratorSpec spec;
  private final BackgroundStills stills;

  /**
   * Loads an avatar, which takes a second or more.
   *
   * @throws io.lipstream.media.LipstreamException if there is none of that name or it is broken
   */
  Actor(String name, AvatarStore avatars, EngineOptions options, FrameMemory memory) {
    try {
      AvatarPackage avatar = keep(avatars.open(name));
      manifest = avatar.manifest();
      frames = keep(AvatarFrames.hold(avatar, memory, avatar.background()));
      audioEncoder =
          keep(
              new OnnxEncoder(EncoderSpec.of(manifest.name(), avatar.audioEncoderFile()), options));
      spec = GeneratorSpec.of(avatar, options);
      stills = new BackgroundStills(frames.frameCount(), MAX_STILL_BYTES);
    } catch (RuntimeException | Error e) {
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

  AvatarFrames frames() {
    return frames;
  }

  AudioEncoder audioEncoder() {
    return audioEncoder;
  }

  GeneratorSpec spec() {
    return spec;
  }

  /** The avatar's frame in a place of its loop, which runs forwards and backwards in turn. */
  int frameIndex(long number) {
    return manifest.idleFrame(number);
  }

  /** Its frames as they are sent, once they were. */
  BackgroundStills stills() {
    return stills;
  }

  AvatarFrame frame(int index) {
    return frames.frame(index);
  }

  /** Whether the frames themselves rest, so that a mouth can fade into them. */
  boolean framesRest() {
    return manifest.restingMouth() == RestingMouth.FRAMES;
  }

  Compositor newCompositor() {
    return new Compositor(manifest.geometry(), PasteEdge.FEATHERED);
  }

  I420Frame newPicture() {
    return new I420Frame(manifest.frames().widthPx(), manifest.frames().heightPx());
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
