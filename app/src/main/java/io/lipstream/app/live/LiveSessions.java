package io.lipstream.app.live;

import io.lipstream.app.quality.QualityLevel;
import io.lipstream.media.LipstreamException;
import io.lipstream.streaming.live.FeedStatistics;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The live sessions of this process. Thread-safe.
 *
 * <p>An avatar is loaded for its first session, shared by all, and kept for a while after the last,
 * so that who reloads a page does not wait.
 */
public final class LiveSessions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LiveSessions.class);
  private static final int ID_BYTES = 12;

  private final LiveParts parts;
  private final LiveSettings settings;
  private final Beat beat;
  private final Workload workload;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, LiveSession> sessions = new ConcurrentHashMap<>();
  private final ScheduledExecutorService housekeeping =
      Executors.newSingleThreadScheduledExecutor(
          work -> Thread.ofPlatform().daemon().name("housekeeping").unstarted(work));

  private final Stages stages;

  // Guarded by this.
  private int reserved;
  private boolean closed;

  private LiveSessions(LiveParts parts, LiveSettings settings, LongSupplier clock) {
    this.parts = parts;
    this.settings = settings;
    beat = Beat.start(clock);
    stages = new Stages(parts, settings, beat);
    workload = new Workload(settings.quality(), parts.engine(), parts.events(), sessions::values);
    workload.start();
    long periodMillis = Math.clamp(settings.idleTimeout().toMillis() / 4, 10, 1_000);
    var _ =
        housekeeping.scheduleWithFixedDelay(
            this::tidy, periodMillis, periodMillis, TimeUnit.MILLISECONDS);
    Thread.ofVirtual().name("voice-warm-up").start(this::warmUpVoice);
  }

  /**
   * Opens without a session; no avatar is loaded before the first.
   *
   * @param clock nanoseconds, on which pictures and sound are stamped; {@code System::nanoTime}
   */
  public static LiveSessions open(LiveParts parts, LiveSettings settings, LongSupplier clock) {
    return new LiveSessions(parts, settings, clock);
  }

  private void warmUpVoice() {
    try {
      parts.voice().warmUp();
    } catch (RuntimeException e) {
      LOG.warn("the voice cannot be made ready: {}", e.getMessage());
    }
  }

  /**
   * Begins a session; waits until its avatar is loaded, the first time seconds.
   *
   * @throws LipstreamException if there is no such avatar or voice, or no room
   */
  public LiveSession create(SessionRequest request) {
    return create(request, newId());
  }

  /**
   * The same under an id that nobody can guess and no session has.
   *
   * @throws LipstreamException if there is no such avatar or voice, or no room
   */
  public LiveSession create(SessionRequest request, String id) {
    requireVoice(request.voice());
    reserve();
    LiveSession session;
    try {
      session = new LiveSession(id, request, parts, settings, beat, workload, stages, this::ended);
    } catch (RuntimeException | Error e) {
      release();
      throw e;
    }
    sessions.put(session.id(), session);
    boolean late;
    synchronized (this) {
      late = closed;
    }
    if (late) {
      session.close();
      throw closedNow();
    }
    return session;
  }

  private void requireVoice(String voice) {
    List<String> known = parts.voice().voices();
    if (!voice.isEmpty() && !known.isEmpty() && !known.contains(voice)) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "there is no voice \"" + voice + "\"",
          "use one of " + String.join(", ", known));
    }
  }

  private static LipstreamException closedNow() {
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT, "the server is shutting down", "try again later");
  }

  private synchronized void reserve() {
    if (closed) {
      throw closedNow();
    }
    if (reserved >= settings.maxSessions()) {
      parts.events().refused(LiveEvents.Refusal.FULL);
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "all " + settings.maxSessions() + " sessions are taken",
          "wait until one ends, or allow more");
    }
    workload.requireRoom(reserved);
    reserved++;
  }

  private String newId() {
    byte[] bytes = new byte[ID_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private void ended(LiveSession session) {
    sessions.remove(session.id());
    release();
  }

  private synchronized void release() {
    reserved--;
  }

  /** Ends sessions that nobody uses and frees avatars that no session is on. */
  private void tidy() {
    try {
      long timeoutNanos = settings.idleTimeout().toNanos();
      for (LiveSession session : sessions.values()) {
        session.tellDropped();
        if (session.unusedNanos() > timeoutNanos) {
          session.close("nobody watched it for " + settings.idleTimeout().toSeconds() + " s");
        }
      }
      stages.tidy();
    } catch (RuntimeException e) {
      LOG.warn("tidying up failed", e);
    }
  }

  /** Somebody else than we did not let somebody in. */
  public void refused(LiveEvents.Refusal reason) {
    parts.events().refused(reason);
  }

  /**
   * Lets go of an avatar whose files are about to change or to go.
   *
   * @return false if a session is on it
   */
  public boolean forget(String avatar) {
    if (!stages.forget(avatar)) {
      return false;
    }
    parts.engine().models().unload(avatar);
    return true;
  }

  /** What avatars' frames take in memory. */
  public long frameBytes() {
    return stages.frameBytes();
  }

  /** At which quality pictures are made now. */
  public QualityLevel quality() {
    return workload.level();
  }

  /** What pictures and sound are timed by. */
  Beat beat() {
    return beat;
  }

  /** What the sessions stand on. */
  Stages stages() {
    return stages;
  }

  public Optional<LiveSession> find(String id) {
    return Optional.ofNullable(sessions.get(id));
  }

  public List<LiveSession> all() {
    return List.copyOf(sessions.values());
  }

  /** All open encoders: of the loops of avatars at rest and of sessions that speak. */
  public List<FeedStatistics> encoders() {
    List<FeedStatistics> open = new ArrayList<>(stages.encoders());
    sessions.values().forEach(session -> open.addAll(session.encoders()));
    return open;
  }

  /** Ends all sessions and frees the avatars. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    housekeeping.shutdownNow();
    workload.close();
    all().forEach(session -> session.close("the server is shutting down"));
    stages.close();
    beat.close();
  }
}
