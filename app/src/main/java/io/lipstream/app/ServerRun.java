package io.lipstream.app;

import io.lipstream.app.config.LoggingConfig;
import io.lipstream.app.log.ServerLog;
import io.lipstream.app.render.Progress;
import io.lipstream.app.server.Role;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import picocli.CommandLine;

/**
 * What every server's command does between start and close.
 *
 * <p>Commands keep roles in local variables alone, and pass method references: picocli reads the
 * signatures of their methods, lambdas included, at every start of the program, and roles know all
 * of gRPC and the metrics.
 */
final class ServerRun {
  private ServerRun() {}

  /** Sends what is logged to the process's standard error. */
  static ServerLog log(LoggingConfig config) {
    // Not System.err, which libraries may replace.
    return ServerLog.start(config, new FileOutputStream(FileDescriptor.err), Progress.onTerminal());
  }

  /** Greets, waits for a signal to stop, and drains; returns the exit code. */
  static int untilStopped(Role role, Consumer<PrintWriter> greeting, PrintWriter out)
      throws InterruptedException {
    CountDownLatch stop = new CountDownLatch(1);
    try (var _ = new StopSignals(stop::countDown)) {
      greeting.accept(out);
      stop.await();
      role.drain();
    }
    return CommandLine.ExitCode.OK;
  }
}
