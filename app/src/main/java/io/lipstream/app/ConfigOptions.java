package io.lipstream.app;

import io.lipstream.app.config.ConfigFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where a server's configuration comes from. */
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class ConfigOptions {
  @Spec(Spec.Target.MIXEE)
  CommandSpec command;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration, YAML (default: what config/${COMMAND-NAME}.yaml shows).")
  @Nullable Path file;

  @Option(
      names = "--print-config",
      description = "Print what is in effect, secrets masked, and end.")
  boolean print;

  <C extends Record> C read(C byDefault) {
    return file == null ? byDefault : ConfigFile.read(file, byDefault);
  }

  /** Where relative paths of the configuration start. */
  Path base() {
    return file == null ? Path.of("") : file.toAbsolutePath().normalize().resolveSibling("");
  }

  /** Prints what is in effect where this is asked for, and says whether it was. */
  boolean printed(Record config) {
    if (print) {
      PrintWriter out = command.commandLine().getOut();
      out.print(ConfigFile.print(config));
      out.flush();
    }
    return print;
  }

  /** The value of a --port. */
  int checkedPort(int port) {
    if (port < 0 || port > 65_535) {
      throw new ParameterException(
          command.commandLine(), "--port must be from 0 to 65535, not " + port);
    }
    return port;
  }
}
