package io.lipstream.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lipstream avatar}: one avatar at a time. */
@Command(
    name = "avatar",
    mixinStandardHelpOptions = true,
    description = "Imports or inspects an avatar.",
    subcommands = {AvatarImportCommand.class, AvatarInspectCommand.class})
final class AvatarCommand implements Runnable {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli fills it in
  CommandSpec spec;

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
