package io.lipstream.app.compositing;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.avatar.FrameMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The avatars that are loaded, each once however many show it. Thread-safe. */
final class Actors implements AutoCloseable {
  private final AvatarStore avatars;
  private final Engine engine;
  private final Catalogue catalogue;
  private final long keepNanos;
  private final FrameMemory memory;

  /** Guarded by this. */
  private final Map<String, Shared> shared = new HashMap<>();

  private boolean closed;

  /** An avatar and how many use it; it is loaded under its own lock. */
  private static final class Shared {
    private int users;
    private long unusedSinceNanos = System.nanoTime();
    private @Nullable Actor actor;
  }

  /** An avatar in use; close says that it is no longer. */
  final class Use implements AutoCloseable {
    private final Shared used;
    private final Actor actor;
    private final boolean loaded;
    private boolean over;

    private Use(Shared used, Actor actor, boolean loaded) {
      this.used = used;
      this.actor = actor;
      this.loaded = loaded;
    }

    Actor actor() {
      return actor;
    }

    /** Whether it had to be loaded for this use. */
    boolean loaded() {
      return loaded;
    }

    @Override
    public void close() {
      synchronized (Actors.this) {
        if (!over) {
          over = true;
          used.users--;
          used.unusedSinceNanos = System.nanoTime();
        }
      }
    }
  }

  /**
   * Begins without any.
   *
   * @param catalogue of the engine, to which avatars are added as they are wanted
   * @param settings how long an avatar that nobody uses stays, and how much memory all may take
   */
  Actors(AvatarStore avatars, Engine engine, Catalogue catalogue, CompositingSettings settings) {
    this.avatars = avatars;
    this.engine = engine;
    this.catalogue = catalogue;
    keepNanos = settings.keepAvatars().toNanos();
    memory = new FrameMemory(settings.frames());
  }

  /**
   * An avatar by its name, which the first time takes seconds.
   *
   * @throws LipstreamException if there is none of that name or it is broken
   */
  Use use(String name) {
    if (!avatars.holds(name)) {
      // The store also opens paths, which are no caller's business.
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "there is no avatar named '" + clip(name) + "'",
          "ListModels names those there are");
    }
    Shared known;
    synchronized (this) {
      if (closed) {
        throw new LipstreamException(
            LipstreamException.Kind.ENVIRONMENT, "the server is stopping", "try again later");
      }
      known = shared.computeIfAbsent(name, key -> new Shared());
      known.users++;
    }
    try {
      synchronized (known) {
        Actor actor = known.actor;
        boolean load = actor == null;
        if (actor == null) {
          actor = load(name);
          known.actor = actor;
        }
        return new Use(known, actor, load);
      }
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        known.users--;
      }
      throw e;
    }
  }

  private static String clip(String name) {
    return name.length() <= 130 ? name : name.substring(0, 130) + "...";
  }

  private Actor load(String name) {
    Actor actor = new Actor(name, avatars, EngineOptions.cpu(), memory);
    String modelId = actor.manifest().name();
    if (!catalogue.contains(modelId)) {
      catalogue.add(modelId, actor.spec());
    }
    engine.prepare(modelId, actor.frames(), actor.spec().maskBox());
    return actor;
  }

  /** Frees what nobody has used for a while. */
  void tidy() {
    List<Actor> unused = new ArrayList<>();
    synchronized (this) {
      long now = System.nanoTime();
      for (Iterator<Shared> each = shared.values().iterator(); each.hasNext(); ) {
        Shared one = each.next();
        if (one.users == 0 && now - one.unusedSinceNanos > keepNanos) {
          each.remove();
          if (one.actor != null) {
            unused.add(one.actor);
          }
        }
      }
    }
    unused.forEach(Actor::close);
  }

  /** Frees the avatars; nobody uses them any more. */
  @Override
  public void close() {
    List<Shared> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(shared.values());
      shared.clear();
    }
    for (Shared one : left) {
      synchronized (one) {
        if (one.actor != null) {
          one.actor.close();
        }
      }
    }
  }
}
