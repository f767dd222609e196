package io.lipstream.speech.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads the data of server-sent events as they come.
 *
 * <p>Lines may end with CR, LF or both; comments and other fields are passed over; an event that
 * the end of the stream cuts off counts, because some servers leave its last line break out. One
 * owner.
 */
public final class EventStream {
  /** Far above any event of a language model, far below what hurts. */
  private static final int MAX_EVENT_BYTES = 1 << 20;

  private static final int END = -1;

  private final InputStream in;
  private final byte[] buffer = new byte[8_192];
  private int position;
  private int limit;
  private boolean skipLineFeed;
  private boolean started;

  public EventStream(InputStream in) {
    this.in = in;
  }

  /**
   * Waits for the next event with data.
   *
   * @return its data, lines joined by line feeds; null at the end
   * @throws IOException if the connection breaks or an event is larger than a megabyte
   */
  public @Nullable String next() throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    boolean hasData = false;
    while (true) {
      boolean more = readLine(line);
      if (line.size() == 0) {
        if (hasData) {
          return text(data);
        }
        if (!more) {
          return null;
        }
        continue;
      }
      byte[] bytes = line.toByteArray();
      int value = dataStart(bytes);
      if (value >= 0) {
        if (hasData) {
          data.write('\n');
        }
        hasData = true;
        data.write(bytes, value, bytes.length - value);
        requireBounded(data.size());
      }
      if (!more && hasData) {
        return text(data);
      }
      if (!more) {
        return null;
      }
    }
  }

  /** Where the value of a data line begins; -1 in other lines. */
  private static int dataStart(byte[] line) {
    byte[] name = {'d', 'a', 't', 'a'};
    if (line.length < name.length) {
      return -1;
    }
    for (int i = 0; i < name.length; i++) {
      if (line[i] != name[i]) {
        return -1;
      }
    }
    if (line.length == name.length) {
      return name.length;
    }
    if (line[name.length] != ':') {
      return -1;
    }
    int after = name.length + 1;
    return after < line.length && line[after] == ' ' ? after + 1 : after;
  }

  /** Reads a line without its end; false when the stream ended with it. */
  private boolean readLine(ByteArrayOutputStream line) throws IOException {
    line.reset();
    while (true) {
      int each = read();
      if (each == '\n' && skipLineFeed) {
        skipLineFeed = false;
        continue;
      }
      skipLineFeed = each == '\r';
      if (each == '\n' || each == '\r') {
        return true;
      }
      if (each == END) {
        return false;
      }
      line.write(each);
      requireBounded(line.size());
    }
  }

  private int read() throws IOException {
    if (!started) {
      started = true;
      fill();
      skipByteOrderMark();
    }
    if (position == limit) {
      fill();
    }
    return limit == END ? END : buffer[position++] & 0xFF;
  }

  private void skipByteOrderMark() throws IOException {
    byte[] mark = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    for (int i = 0; i < mark.length && limit > i && buffer[i] == mark[i]; i++) {
      if (i == mark.length - 1) {
        position = mark.length;
      } else if (limit == i + 1) {
        int more = in.read(buffer, limit, buffer.length - limit);
        limit = Math.max(limit, limit + more);
      }
    }
  }

  private void fill() throws IOException {
    position = 0;
    limit = in.read(buffer, 0, buffer.length);
    if (limit == END) {
      position = END;
    }
  }

  private static void requireBounded(int bytes) throws IOException {
    if (bytes > MAX_EVENT_BYTES) {
      throw new IOException("an event is larger than " + MAX_EVENT_BYTES + " bytes");
    }
  }

  private static String text(ByteArrayOutputStream data) {
    return data.toString(StandardCharsets.UTF_8);
  }
}
