package io.lipstream.app.compositing;

import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.media.avatar.AvatarStore;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** What both services are made of: avatars, an engine, settings. Close it after the services. */
public final class CompositingParts implements AutoCloseable {
  private final Engine engine;
  private final CompositingSettings settings;
  private final Actors actors;
  private final ScheduledExecutorService housekeeping =
      Executors.newSingleThreadScheduledExecutor(
          work -> Thread.ofPlatform().daemon().name("compositing-tidy").unstarted(work));

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
    every(1, actors::tidy);
  }

  /** Does something again and again until this is closed. */
  void every(int seconds, Runnable work) {
    var _ = housekeeping.scheduleWithFixedDelay(work, seconds, seconds, TimeUnit.SECONDS);
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

  /** Loads an avatar, so that its first session need not wait. */
  public void warmUp(String avatar) {
    actors.use(avatar).close();
  }

  @Override
  public void close() {
    housekeeping.shutdownNow();
    actors.close();
  }
}
