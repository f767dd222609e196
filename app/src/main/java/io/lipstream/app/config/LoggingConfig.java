package io.lipstream.app.config;

import java.util.List;

/**
 * What the server writes about its work.
 *
 * @param format json, text, or auto for text on a terminal and JSON elsewhere
 * @param logInferenceTimes whether every call is logged with its times
 * @param bufferedLogging whether a thread of its own writes the lines
 */
public record LoggingConfig(
    String format,
    String level,
    boolean logInferenceTimes,
    boolean bufferedLogging,
    boolean saveDebugFiles) {
  static final LoggingConfig DEFAULT = new LoggingConfig("auto", "info", false, true, false);

  public LoggingConfig {
    Check.oneOf("logging.format", format, List.of("auto", "json", "text"));
    Check.oneOf("logging.level", level, List.of("debug", "info", "warning", "error"));
    Check.that(
        !saveDebugFiles,
        "logging.save_debug_files",
        "cannot be true: pictures of people are not written to disk by a server; lipstream render"
            + " and lipstream features show what a model draws and hears");
  }
}
