package io.lipstream.app;

import io.lipstream.app.config.ConfigFile;
import io.lipstream.app.config.ServeConfig;
import io.lipstream.app.log.ServerLog;
import io.lipstream.app.render.Progress;
import io.lipstream.app.server.ServeRole;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
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

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration, YAML (default: what config/serve.yaml shows).")
  @Nullable Path file;

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

  @Option(
      names = "--print-config",
      description = "Print what is in effect, secrets masked, and end.")
  boolean printConfig;

  @Override
  public Integer call() throws InterruptedException {
    ServeConfig config = config();
    if (printConfig) {
      spec.commandLine().getOut().print(ConfigFile.print(config));
      spec.commandLine().getOut().flush();
      return CommandLine.ExitCode.OK;
    }
    // Not System.err, which libraries may replace.
    FileOutputStream err = new FileOutputStream(FileDescriptor.err);
    ServerLog log = ServerLog.start(config.logging(), err, Progress.onTerminal());
    try (log;
        ServeRole role = ServeRole.start(setting(config))) {
      CountDownLatch stop = new CountDownLatch(1);
      StopSignals signals = new StopSignals(stop::countDown);
      try (signals) {
        new ServeBanner(role).print(spec.commandLine().getOut());
        stop.await();
        role.drain();
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private ServeConfig config() {
    ServeConfig config =
        file == null ? ServeConfig.DEFAULT : ConfigFile.read(file, ServeConfig.DEFAULT);
    if (port != null) {
      if (port < 0 || port > 65_535) {
        throw new CommandLine.ParameterException(
            spec.commandLine(), "--port must be from 0 to 65535, not " + port);
      }
      config = config.withPort(port);
    }
    return avatar == null ? config : config.withAvatar(avatar);
  }

  private ServeRole.Setting setting(ServeConfig config) {
    Path base = file == null ? Path.of("") : file.toAbsolutePath().normalize().resolveSibling("");
    // Names are checked before anything is opened, so that a slip is told at once.
    Avatars.store().open(config.live().avatar()).close();
    return new ServeRole.Setting(
        config,
        base,
        ModelCatalogue.of(config.computing(), base),
        Avatars.store(),
        System.getenv());
  }
}
