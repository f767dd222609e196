package io.lipstream.app;

import io.lipstream.app.render.Progress;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarImport;
import io.lipstream.media.avatar.AvatarManifest;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lipstream avatar import}: a foreign folder becomes an avatar that has a name here. */
@Command(
    name = "import",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Turns a SyncTalk_2D data set or a video package 2.0 into an avatar. Checkpoints of PyTorch"
            + " are never opened: export the networks to ONNX first.",
    footer = {
      "",
      "Example:",
      "  lipstream avatar import dataset/May --name may --generator may.onnx"
          + " --audio-encoder encoder.onnx"
    })
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class AvatarImportCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "FOLDER", description = "The data set or package to import.")
  Path folder;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What to call the avatar: a-z, 0-9 and hyphens (default: from the folder).")
  @Nullable String name;

  @Option(
      names = "--generator",
      paramLabel = "FILE.onnx",
      description = "The generator, where the folder does not hold it.")
  @Nullable Path generator;

  @Option(
      names = "--audio-encoder",
      paramLabel = "FILE.onnx",
      description = "The audio encoder, where the folder does not hold it.")
  @Nullable Path audioEncoder;

  @Option(
      names = "--licence",
      paramLabel = "TEXT",
      defaultValue = "unknown",
      description = "Under what licence the pictures may be used (default: ${DEFAULT-VALUE}).")
  String licence;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress, nothing but errors.")
  boolean quiet;

  @Override
  public Integer call() {
    String avatar = name == null ? AvatarImport.nameFor(folder) : name;
    if (!AvatarManifest.NAME.matcher(avatar).matches()) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "\"" + avatar + "\" cannot be an avatar's name",
          "use lower-case letters, digits and single hyphens, such as --name my-face");
    }
    Path target = Avatars.userFolder().resolve(avatar);
    Progress progress = Progress.onConsole(quiet, spec.commandLine().getErr());
    AvatarImport.run(
        new AvatarImport.Request(
            folder,
            target,
            Optional.ofNullable(generator),
            Optional.ofNullable(audioEncoder),
            licence),
        progress::frames);
    progress.done("imported " + avatar + " into " + target);
    return CommandLine.ExitCode.OK;
  }
}
