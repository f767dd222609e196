package io.lipstream.app;

import io.lipstream.media.LipstreamException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The program: parses the command line, runs one subcommand and turns failures into exit codes. */
@Command(
    name = "lipstream",
    description = "Text or speech in, a lip-synced talking face out.",
    versionProvider = Lipstream.Version.class,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    subcommands = {
      ServeCommand.class,
      RenderCommand.class,
      AvatarsCommand.class,
      AvatarCommand.class,
      FeaturesCommand.class,
      InferenceCommand.class,
      CompositingCommand.class,
      ModelsCommand.class,
      LoadCommand.class,
      DoctorCommand.class,
      WarmUpCommand.class,
      AutoComplete.GenerateCompletion.class,
      HelpCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:success",
      "1:an error inside Lipstream; --debug shows where",
      "2:the command line or the configuration file is wrong",
      "3:the text or audio is missing, empty or unreadable",
      "4:an avatar or one of its networks is unknown, inconsistent or misbehaves",
      "5:the result cannot be written",
      "6:this machine or another server lacks something that is needed",
      "7:a server did not keep the service level that lipstream load was given",
      "130:interrupted"
    },
    footer = {
      "",
      "Examples:",
      "  lipstream serve",
      "  lipstream render --text \"Hello, I am Ada.\" --out hello.mp4",
      "",
      "Completion for bash and zsh: source <(lipstream generate-completion)"
    })
public final class Lipstream implements Runnable {
  /** Exit code after Ctrl-C, as shells expect it: 128 + SIGINT. */
  static final int INTERRUPTED = 130;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli fills it in
  private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show stack traces and the log of the libraries.")
  void setDebug(boolean on) {
    Logger.getLogger("").setLevel(on ? Level.INFO : Level.WARNING);
    debug = on;
  }

  private boolean debug;

  public static void main(String[] args) {
    System.exit(run(args, writer(System.out), writer(System.err)));
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(stream, true, stream.charset());
  }

  /**
   * Runs one command line in this process.
   *
   * @return the exit code
   */
  static int run(String[] args, PrintWriter out, PrintWriter err) {
    Logger.getLogger("").setLevel(Level.WARNING);
    Lipstream program = new Lipstream();
    CommandLine commandLine =
        new CommandLine(program)
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setUsageHelpAutoWidth(true)
            .setAbbreviatedOptionsAllowed(false)
            .setParameterExceptionHandler(Lipstream::explainUsage);
    commandLine.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          if (program.debug) {
            failure.printStackTrace(command.getErr());
          }
          return explain(failure, command.getErr(), program.debug);
        });
    return commandLine.execute(args);
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  private static int explain(Exception failure, PrintWriter err, boolean debug) {
    if (failure instanceof LipstreamException known) {
      err.println("lipstream: " + known.getMessage());
      if (!known.hint().isEmpty()) {
        err.println("  hint: " + known.hint());
      }
      return known.kind().exitCode();
    }
    err.println("lipstream: an error inside Lipstream: " + failure);
    if (!debug) {
      err.println("  hint: run the same command with --debug and report what it prints");
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static int explainUsage(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("lipstream: " + failure.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
    err.println(
        "  hint: " + command.getCommandSpec().qualifiedName() + " --help shows what it takes");
    return CommandLine.ExitCode.USAGE;
  }

  /** The version that the build wrote into the jar. */
  static final class Version implements CommandLine.IVersionProvider {
    static String number() {
      @Nullable String version = Lipstream.class.getPackage().getImplementationVersion();
      return version == null ? "(not packaged)" : version;
    }

    @Override
    public String[] getVersion() {
      return new String[] {"lipstream " + number()};
    }
  }
}
