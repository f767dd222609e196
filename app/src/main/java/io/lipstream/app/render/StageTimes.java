package io.lipstream.app.render;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** Time spent in each stage of a render, summed over its threads. Thread-safe. */
public final class StageTimes {
  /** The stages in the order of the data flow. */
  public enum Stage {
    /** Waiting for and decoding or synthesising the sound. */
    SOUND,
    /** Resampling, mel spectrogram and audio encoder. */
    FEATURES,
    /** The generator network. */
    GENERATE,
    /** Copy of the background and paste of the mouth. */
    PASTE,
    /** Video and audio encoding and writing. */
    ENCODE
  }

  private final Map<Stage, AtomicLong> nanos = new EnumMap<>(Stage.class);

  public StageTimes() {
    for (Stage stage : Stage.values()) {
      nanos.put(stage, new AtomicLong());
    }
  }

  /** Adds the time since {@code startNanos} to a stage and returns now, the start of the next. */
  long add(Stage stage, long startNanos) {
    long now = System.nanoTime();
    counter(stage).addAndGet(now - startNanos);
    return now;
  }

  /** Milliseconds spent in a stage so far. */
  public double millis(Stage stage) {
    return counter(stage).get() / 1e6;
  }

  private AtomicLong counter(Stage stage) {
    AtomicLong counter = nanos.get(stage);
    if (counter == null) {
      throw new IllegalStateException("no counter for " + stage);
    }
    return counter;
  }

  /** For people: milliseconds a frame in each stage. */
  public String perFrame(long frames) {
    return java.util.Arrays.stream(Stage.values())
        .map(
            stage ->
                String.format(
                    Locale.ROOT,
                    "%s %.1f",
                    stage.name().toLowerCase(Locale.ROOT),
                    millis(stage) / Math.max(1, frames)))
        .collect(Collectors.joining(", ", "ms a frame: ", ""));
  }
}
