package io.lipstream.app;

import io.lipstream.app.config.ServeConfig;
import io.lipstream.app.server.ServeRole;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lipstream serve}: a page on which one talks with an avatar, all in one process. */
@Command(
    name = "serve",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = "Opens a page on which you talk with an avatar: type or speak, it answers.",
    footer = {
      "",
      "SIGTERM and Ctrl-C drain: no new sessions, avatars finish what they say; twice ends at once.",
      "config/serve.yaml is the reference of the configuration file.",
      "",
      "Examples:",
      "  lipstream serve",
      "  lipstream serve --avatar sam --port 9000",
      "  lipstream serve --config config/serve.yaml"
    })
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class ServeCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Mixin ConfigOptions options;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Where the page is, instead of server.port (8080); 0 takes any free one.")
  @Nullable Integer port;

  @Option(
      names = "--avatar",
      paramLabel = "NAME",
      description = "The avatar to begin with, instead of live.avatar (ada).")
  @Nullable String avatar;

  @Override
  public Integer call() throws InterruptedException {
    ServeConfig config = config();
    if (options.printed(config)) {
      return CommandLine.ExitCode.OK;
    }
    // Names are checked before anything is opened, so that a slip is told at once.
    Avatars.store().open(config.live().avatar()).close();
    Path base = options.base();
    try (var _ = ServerRun.log(config.logging());
        ServeRole role =
            ServeRole.start(
                new ServeRole.Setting(
                    config,
                    base,
                    ModelCatalogue.of(config.computing(), base),
                    Avatars.store(),
                    System.getenv()))) {
      return ServerRun.untilStopped(
          role, new ServeBanner(config, role)::print, spec.commandLine().getOut());
    }
  }

  private ServeConfig config() {
    ServeConfig config = options.read(ServeConfig.DEFAULT);
    if (port != null) {
      config = config.withPort(options.checkedPort(port));
    }
    return avatar == null ? config : config.withAvatar(avatar);
  }
}
