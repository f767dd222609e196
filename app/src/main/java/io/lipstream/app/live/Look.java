package io.lipstream.app.live;

import io.lipstream.media.avatar.Background;
import org.jspecify.annotations.Nullable;

/**
 * Whom a session shows, and before what. Sessions of equal looks share frames and idle encoders.
 *
 * @param avatar a name of the catalogue
 * @param background what takes the place of the avatar's own; null for none
 */
public record Look(String avatar, @Nullable Background background) {
  public Look {
    if (avatar.isBlank()) {
      throw new IllegalArgumentException("a session needs an avatar");
    }
  }
}
