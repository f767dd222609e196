package io.lipstream.app.log;

import io.lipstream.app.config.LoggingConfig;
import java.io.OutputStream;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Sends everything that is logged in this process to one stream; close gives back what was. */
public final class ServerLog implements AutoCloseable {
  private static final Logger ROOT = Logger.getLogger("");
  // The levels of a logger that nobody holds are forgotten.
  private static final Logger OURS = Logger.getLogger("io.lipstream");

  private final Handler[] before = ROOT.getHandlers();
  private final LogWriter writer;

  private ServerLog(LogWriter writer) {
    this.writer = writer;
  }

  /**
   * Starts to write.
   *
   * @param terminal whether a person reads along
   */
  public static ServerLog start(LoggingConfig config, OutputStream out, boolean terminal) {
    boolean json = config.format().equals("json") || (config.format().equals("auto") && !terminal);
    ServerLog log = new ServerLog(new LogWriter(out, new LogLine(json), config.bufferedLogging()));
    for (Handler handler : log.before) {
      ROOT.removeHandler(handler);
    }
    log.writer.setLevel(Level.ALL);
    ROOT.addHandler(log.writer);
    Level level =
        switch (config.level()) {
          case "debug" -> Level.FINE;
          case "warning" -> Level.WARNING;
          case "error" -> Level.SEVERE;
          default -> Level.INFO;
        };
    OURS.setLevel(level);
    // Libraries say at info what only their makers want to know.
    ROOT.setLevel(level.intValue() < Level.WARNING.intValue() ? Level.WARNING : level);
    return log;
  }

  @Override
  public void close() {
    ROOT.removeHandler(writer);
    for (Handler handler : before) {
      ROOT.addHandler(handler);
    }
    OURS.setLevel(null);
    writer.close();
  }
}
