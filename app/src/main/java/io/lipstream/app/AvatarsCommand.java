package io.lipstream.app;

import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarStore;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lipstream avatars}: what can be rendered by name. */
@Command(
    name = "avatars",
    mixinStandardHelpOptions = true,
    description = "Lists the avatars that can be called by name.",
    footer = {
      "",
      "Your own avatars live in $XDG_DATA_HOME/lipstream/avatars (~/.local/share/lipstream/avatars)"
          + " and come before the built-in ones."
    })
final class AvatarsCommand implements Runnable {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli fills it in
  CommandSpec spec;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    List<AvatarStore.Entry> entries = Avatars.store().list();
    if (entries.isEmpty()) {
      out.println("There are no avatars; lipstream avatar import FOLDER makes one.");
      return;
    }
    int width =
        Math.max(4, entries.stream().mapToInt(entry -> entry.name().length()).max().orElse(0));
    out.println(row(width, "NAME", "FRAMES", "SIZE", "LICENCE", "TITLE"));
    for (AvatarStore.Entry entry : entries) {
      switch (entry) {
        case AvatarStore.Entry.Usable usable -> out.println(row(width, usable.manifest()));
        case AvatarStore.Entry.Broken broken -> {
          out.println(row(width, broken.name(), "", "", "", "broken: " + broken.reason()));
          out.println(row(width, "", "", "", "", "  hint: " + broken.hint()));
        }
      }
    }
  }

  private static String row(int width, AvatarManifest manifest) {
    AvatarManifest.Frames frames = manifest.frames();
    return row(
        width,
        manifest.name(),
        Integer.toString(frames.count()),
        frames.widthPx() + "x" + frames.heightPx(),
        manifest.licence(),
        manifest.title());
  }

  private static String row(
      int width, String name, String frames, String size, String licence, String title) {
    return String.format(
            Locale.ROOT,
            "%-" + width + "s  %6s  %-9s  %-11s  %s",
            name,
            frames,
            size,
            licence,
            title)
        .stripTrailing();
  }
}
