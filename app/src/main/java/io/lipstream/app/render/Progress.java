package io.lipstream.app.render;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Tells a person how far a long work on frames is: a bar that is redrawn on a terminal, else one
 * plain line a second.
 *
 * <p>One thread reports. Costs nothing between two updates.
 */
public final class Progress implements RenderPipeline.FrameCount {
  /** How progress is shown. */
  public enum Style {
    NONE,
    LINES,
    BAR
  }

  private static final int BAR_CELLS = 28;

  private final Style style;
  private final PrintWriter err;
  private final LongSupplier nanoTime;
  private final long updateNanos;
  private final long startNanos;
  private long lastUpdateNanos;
  private int lastLineChars;

  /** Whether a person watches. */
  @SuppressWarnings("SystemConsoleNull")
  public static boolean onTerminal() {
    // Whether there is a console without a terminal differs from one JDK to the next.
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /** A bar where there is a terminal to draw it on, lines elsewhere, nothing if quiet. */
  public static Progress onConsole(boolean quiet, PrintWriter err) {
    Style style = quiet ? Style.NONE : onTerminal() ? Style.BAR : Style.LINES;
    return new Progress(style, err, System::nanoTime);
  }

  public Progress(Style style, PrintWriter err, LongSupplier nanoTime) {
    this.style = style;
    this.err = err;
    this.nanoTime = nanoTime;
    this.updateNanos = style == Style.BAR ? 100_000_000L : 1_000_000_000L;
    this.startNanos = nanoTime.getAsLong();
    this.lastUpdateNanos = startNanos;
  }

  /**
   * Reports frames finished.
   *
   * @param expectedFrames frames in all, or 0 while nobody knows
   */
  @Override
  public void frames(long done, long expectedFrames) {
    if (style == Style.NONE) {
      return;
    }
    long now = nanoTime.getAsLong();
    if (now - lastUpdateNanos < updateNanos) {
      return;
    }
    lastUpdateNanos = now;
    double seconds = (now - startNanos) / 1e9;
    double fps = done / seconds;
    String line =
        expectedFrames > 0
            ? known(done, Math.max(done, expectedFrames), fps)
            : String.format(Locale.ROOT, "%d frames, %.0f fps", done, fps);
    show(line);
  }

  private String known(long done, long expected, double fps) {
    double share = (double) done / expected;
    String left = fps > 0 ? clock((expected - done) / fps) : "--:--";
    String numbers =
        String.format(
            Locale.ROOT,
            "%3.0f %%  %d/%d frames  %.0f fps  %s left",
            100 * share,
            done,
            expected,
            fps,
            left);
    if (style == Style.LINES) {
      return numbers.strip();
    }
    int full = (int) Math.round(share * BAR_CELLS);
    return "[" + "#".repeat(full) + ".".repeat(BAR_CELLS - full) + "] " + numbers;
  }

  /** Replaces the bar by a last line. */
  public void done(String line) {
    if (style == Style.NONE) {
      return;
    }
    show(line);
    if (style == Style.BAR) {
      err.println();
    }
    err.flush();
  }

  /** Wipes an unfinished bar so that an error starts on a clean line. */
  public void clear() {
    if (style == Style.BAR && lastLineChars > 0) {
      err.print("\r" + " ".repeat(lastLineChars) + "\r");
      err.flush();
      lastLineChars = 0;
    }
  }

  private void show(String line) {
    if (style == Style.LINES) {
      err.println(line);
      return;
    }
    err.print("\r" + line + " ".repeat(Math.max(0, lastLineChars - line.length())));
    err.flush();
    lastLineChars = line.length();
  }

  private static String clock(double seconds) {
    long s = Math.round(seconds);
    return s >= 3600
        ? String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60);
  }
}
