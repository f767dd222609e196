package io.lipstream.app;

import io.lipstream.media.avatar.AvatarStore;
import java.nio.file.Path;
import java.util.List;

/** Where this installation keeps its avatars. */
final class Avatars {
  private Avatars() {}

  /** The user's own avatars before those that came with the program. */
  static AvatarStore store() {
    return new AvatarStore(List.of(userFolder(), builtIn()));
  }

  static Path userFolder() {
    return AvatarStore.userFolder(System.getenv(), Path.of(System.getProperty("user.home")));
  }

  static Path builtIn() {
    return Path.of(System.getProperty("lipstream.home", ".")).resolve("avatars");
  }
}
