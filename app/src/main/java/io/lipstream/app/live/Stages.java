package io.lipstream.app.live;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.FrameMemory;
import io.lipstream.streaming.live.FeedStatistics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The stages of a process, one for each look that a session has. Thread-safe.
 *
 * <p>One that nobody uses any more is kept for a while, so that who reloads a page does not wait;
 * one with a background of a caller's choice is not, because there may be any number of them.
 */
final class Stages implements AutoCloseable {
  private final LiveParts parts;
  private final LiveSettings settings;
  private final Beat beat;
  private final FrameMemory memory;
  private final long maxChosenBytes;

  /** Guarded by this. */
  private final Map<Look, Shared> shared = new HashMap<>();

  /** A stage and how many sessions are on it; it is loaded under its lock. */
  private static final class Shared {
    private int sessions;
    private long unusedSinceNanos;
    private volatile @Nullable Stage stage;
  }

  Stages(LiveParts parts, LiveSettings settings, Beat beat) {
    this.parts = parts;
    this.settings = settings;
    this.beat = beat;
    memory = new FrameMemory(settings.frames());
    maxChosenBytes = settings.frames().bytes() / 2;
  }

  /**
   * A stage to be given back; waits until it is loaded, the first time seconds.
   *
   * @throws LipstreamException if there is no such avatar, no other background can be put behind
   *     it, or there is no memory left for backgrounds of callers' choice
   */
  Stage take(Look look) {
    Shared one = reserve(look);
    try {
      synchronized (one) {
        Stage stage = one.stage;
        if (stage == null) {
          stage = load(look);
          one.stage = stage;
        }
        return stage;
      }
    } catch (RuntimeException | Error e) {
      giveBack(look);
      throw e;
    }
  }

  private Stage load(Look look) {
    try {
      return new Stage(look, parts, settings, beat, memory);
    } catch (LipstreamException e) {
      // Memory that those take who may come back is better given to those who are here.
      List<Stage> unused =
          e.kind() == LipstreamException.Kind.ENVIRONMENT ? takeUnused(0) : List.of();
      if (unused.isEmpty()) {
        throw e;
      }
      unused.forEach(Stage::close);
      return new Stage(look, parts, settings, beat, memory);
    }
  }

  private synchronized Shared reserve(Look look) {
    if (look.background() != null && !shared.containsKey(look) && chosenBytes() > maxChosenBytes) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the memory for backgrounds that callers chose is full",
          "use a background that another session has, or wait until one ends");
    }
    Shared one = shared.computeIfAbsent(look, name -> new Shared());
    one.sessions++;
    return one;
  }

  private long chosenBytes() {
    long bytes = 0;
    for (Map.Entry<Look, Shared> entry : shared.entrySet()) {
      Stage stage = entry.getValue().stage;
      bytes +=
          entry.getKey().background() == null || stage == null ? 0 : stage.frames().byteCount();
    }
    return bytes;
  }

  synchronized void giveBack(Look look) {
    Shared one = shared.get(look);
    if (one != null && --one.sessions == 0) {
      one.unusedSinceNanos = beat.now();
    }
  }

  /** Frees stages that nobody came back to. */
  void tidy() {
    takeUnused(settings.idleTimeout().toNanos()).forEach(Stage::close);
  }

  private synchronized List<Stage> takeUnused(long keptNanos) {
    List<Look> unused =
        shared.entrySet().stream()
            .filter(entry -> isUnused(entry.getKey(), entry.getValue(), keptNanos))
            .map(Map.Entry::getKey)
            .toList();
    return unused.stream()
        .map(shared::remove)
        .filter(one -> one.stage != null)
        .map(one -> one.stage)
        .toList();
  }

  private boolean isUnused(Look look, Shared one, long keptNanos) {
    return one.sessions == 0
        && (look.background() != null || beat.now() - one.unusedSinceNanos >= keptNanos);
  }

  /** Frees an avatar's stages; false if a session is on one of them. */
  boolean forget(String avatar) {
    List<Look> of;
    List<Shared> gone;
    synchronized (this) {
      of = shared.keySet().stream().filter(look -> look.avatar().equals(avatar)).toList();
      if (of.stream().anyMatch(look -> sessionsOn(look) > 0)) {
        return false;
      }
      gone = of.stream().map(shared::remove).filter(Objects::nonNull).toList();
    }
    gone.forEach(Stages::free);
    return true;
  }

  private int sessionsOn(Look look) {
    Shared one = shared.get(look);
    return one == null ? 0 : one.sessions;
  }

  private static void free(Shared one) {
    synchronized (one) {
      Stage stage = one.stage;
      if (stage != null) {
        stage.close();
      }
    }
  }

  /** How many are loaded. */
  synchronized int count() {
    return shared.size();
  }

  /** What the frames of all take. */
  long frameBytes() {
    return memory.takenBytes();
  }

  /** All open encoders of loops. */
  synchronized List<FeedStatistics> encoders() {
    List<FeedStatistics> open = new ArrayList<>();
    for (Shared one : shared.values()) {
      Stage stage = one.stage;
      if (stage != null) {
        open.addAll(stage.encoders());
      }
    }
    return open;
  }

  @Override
  public void close() {
    List<Shared> left;
    synchronized (this) {
      left = List.copyOf(shared.values());
      shared.clear();
    }
    left.forEach(Stages::free);
  }
}
