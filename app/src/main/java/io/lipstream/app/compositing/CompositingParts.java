package io.lipstream.app.compositing;

import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.media.avatar.AvatarStore;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** What both services are made of: avatars, an engine, settings. Close it after the services. */
public final class CompositingParts implements AutoCloseable {
  private static final int WATCH_MILLIS = 100;

  private final Engine engine;
  private final CompositingSettings settings;
  private final Actors actors;
  private final OutputQuality quality;
  private final LongAdder framesSent = new LongAdder();
  private final LongAdder framesHeld = new LongAdder();
  private final ScheduledExecutorService housekeeping =
      Executors.newSingleThreadScheduledExecutor(
          work -> Thread.ofPlatform().daemon().name("compositing-tidy").unstarted(work));

  /** By itself, because freeing an avatar may take a while. */
  private final ScheduledExecutorService watching =
      Executors.newSingleThreadScheduledExecutor(
          work -> Thread.ofPlatform().daemon().name("compositing-watch").unstarted(work));

  /**
   * No avatar is loaded before it is wanted.
   *
   * @param engine draws the mouths; stays the caller's
   * @param catalogue the engine's
   */
  public CompositingParts(
      AvatarStore avatars, Engine engine, Catalogue catalogue, CompositingSettings settings) {
    this.engine = engine;
    this.settings = settings;
    actors = new Actors(avatars, engine, catalogue, settings);
    quality = new OutputQuality(settings.quality(), engine, settings.still().quality());
    every(1, actors::tidy);
  }

  /** Does something again and again until this is closed. */
  void every(int seconds, Runnable work) {
    var _ = housekeeping.scheduleWithFixedDelay(work, seconds, seconds, TimeUnit.SECONDS);
  }

  /** Looks some times a second how much there is to do. */
  void watch(Runnable work) {
    var _ =
        watching.scheduleWithFixedDelay(work, WATCH_MILLIS, WATCH_MILLIS, TimeUnit.MILLISECONDS);
  }

  OutputQuality quality() {
    return quality;
  }

  /** At which quality pictures are written, for metrics; 100 is the best. */
  public double qualityScore() {
    return quality.score();
  }

  Engine engine() {
    return engine;
  }

  CompositingSettings settings() {
    return settings;
  }

  Actors actors() {
    return actors;
  }

  void sent(boolean held) {
    framesSent.increment();
    if (held) {
      framesHeld.increment();
    }
  }

  /** Frames that were sent, for metrics. */
  public long framesSent() {
    return framesSent.sum();
  }

  /** Frames whose mouth was late, for metrics. */
  public long framesHeld() {
    return framesHeld.sum();
  }

  /** Loads an avatar, so that its first session need not wait. */
  public void warmUp(String avatar) {
    actors.use(avatar).close();
  }

  @Override
  public void close() {
    watching.shutdownNow();
    housekeeping.shutdownNow();
    actors.close();
  }
}
