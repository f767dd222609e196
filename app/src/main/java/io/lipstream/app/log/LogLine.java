package io.lipstream.app.log;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * One record as one line, with what the calling thread's context says of the request.
 *
 * <p>Called on the thread that logs: another one would not know its context.
 */
final class LogLine extends Formatter {
  private static final JsonFactory JSON = new JsonFactory();

  private final boolean asJson;

  LogLine(boolean asJson) {
    this.asJson = asJson;
  }

  @Override
  public String format(LogRecord line) {
    @Nullable Map<String, String> context = MDC.getCopyOfContextMap();
    Map<String, String> sorted = context == null ? Map.of() : new TreeMap<>(context);
    return asJson ? json(line, sorted) : text(line, sorted);
  }

  private String text(LogRecord line, Map<String, String> context) {
    StringBuilder text = new StringBuilder();
    text.append(time(line)).append(' ').append(level(line.getLevel())).append("  ");
    text.append(shortName(line)).append("  ").append(formatMessage(line));
    context.forEach((key, value) -> text.append(' ').append(key).append('=').append(value));
    text.append('\n');
    if (line.getThrown() != null) {
      text.append(trace(line.getThrown()));
    }
    return text.toString();
  }

  private String json(LogRecord line, Map<String, String> context) {
    StringWriter written = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(written)) {
      json.writeStartObject();
      json.writeStringField("time", time(line));
      json.writeStringField("level", level(line.getLevel()).strip());
      json.writeStringField("logger", Objects.requireNonNullElse(line.getLoggerName(), ""));
      json.writeStringField("thread", Thread.currentThread().getName());
      json.writeStringField("message", formatMessage(line));
      for (Map.Entry<String, String> entry : context.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      if (line.getThrown() != null) {
        json.writeStringField("error", trace(line.getThrown()));
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing into memory", e);
    }
    return written.append('\n').toString();
  }

  private static String time(LogRecord line) {
    Instant instant = line.getInstant().truncatedTo(ChronoUnit.MILLIS);
    String text = instant.toString();
    // A full second is printed without its fraction, which breaks columns.
    return text.length() == 20 ? text.substring(0, 19) + ".000Z" : text;
  }

  private static String level(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "ERROR";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "WARN ";
    }
    return level.intValue() >= Level.INFO.intValue() ? "INFO " : "DEBUG";
  }

  private static String shortName(LogRecord line) {
    String name = Objects.requireNonNullElse(line.getLoggerName(), "");
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String trace(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
