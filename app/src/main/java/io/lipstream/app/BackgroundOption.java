package io.lipstream.app;

import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.Background;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is shown behind an avatar. */
final class BackgroundOption {
  @Option(
      names = "--background",
      paramLabel = "COLOUR|FILE",
      description =
          "What to show behind the avatar: a colour (white, greenscreen, '#1d3557') or a picture"
              + " that covers the frame (default: what the avatar says).")
  @Nullable String background;

  /** Whether the avatar is cut out, with nothing behind it. */
  boolean transparent;

  /** Loads an avatar's frames before this background. */
  AvatarFrames load(AvatarPackage avatar) {
    if (transparent) {
      return AvatarFrames.loadCutOut(avatar, AvatarFrames.defaultMaxBytes());
    }
    return AvatarFrames.load(avatar, AvatarFrames.defaultMaxBytes(), chosen(avatar).orElse(null));
  }

  /**
   * The background of the command line or else of the manifest; empty for the frames as they are.
   */
  Optional<Background> chosen(AvatarPackage avatar) {
    return background == null
        ? Optional.ofNullable(avatar.background())
        : Optional.of(Background.of(background));
  }
}
