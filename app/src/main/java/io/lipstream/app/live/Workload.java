package io.lipstream.app.live;

import com.sun.management.OperatingSystemMXBean;
import io.lipstream.app.quality.Headroom;
import io.lipstream.app.quality.Importance;
import io.lipstream.app.quality.QualityLadder;
import io.lipstream.app.quality.QualityLevel;
import io.lipstream.app.quality.QualitySettings;
import io.lipstream.inference.engine.Engine;
import io.lipstream.media.LipstreamException;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches how many speak and whether their mouths come in time, ten times a second, and from that
 * says at which quality pictures are made and whether there is room for more. Thread-safe.
 */
final class Workload implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Workload.class);
  private static final long PERIOD_MILLIS = 100;

  private final QualityLadder ladder;
  private final Headroom headroom;
  private final int lastLevel;
  private final Engine engine;
  private final LiveEvents events;
  private final Supplier<Collection<LiveSession>> sessions;
  private final ScheduledExecutorService watching;

  /** The watching thread's own. */
  private long drawn;

  private long late;

  /**
   * Watches nothing before it is started.
   *
   * @param sessions all there are
   */
  Workload(
      QualitySettings settings,
      Engine engine,
      LiveEvents events,
      Supplier<Collection<LiveSession>> sessions) {
    this.engine = engine;
    this.events = events;
    this.sessions = sessions;
    ladder =
        new QualityLadder(settings.levels(), settings.lateShare(), settings.stepBack().toNanos());
    headroom = new Headroom(Runtime.getRuntime().availableProcessors(), settings.headroomPercent());
    lastLevel = settings.levels().size() - 1;
    watching =
        Executors.newSingleThreadScheduledExecutor(
            work -> Thread.ofPlatform().daemon().name("workload").unstarted(work));
  }

  void start() {
    tell(ladder.level());
    var _ =
        watching.scheduleWithFixedDelay(
            this::watch, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void watch() {
    try {
      long drawnNow = 0;
      long lateNow = 0;
      int count = 0;
      int speakers = 0;
      for (LiveSession session : sessions.get()) {
        count++;
        speakers += session.state() instanceof SessionState.Speaking ? 1 : 0;
        drawnNow += session.mouthsDrawn();
        lateNow += session.mouthsLate();
      }
      long now = System.nanoTime();
      headroom.observe(now, cpuNanos(), count, speakers);
      // Sessions that ended took their sums with them.
      long newlyDrawn = Math.max(0, drawnNow - drawn);
      long newlyLate = Math.max(0, lateNow - late);
      drawn = drawnNow;
      late = lateNow;
      int before = ladder.index();
      if (ladder.observe(now, speakers, newlyDrawn, newlyLate)) {
        changed(before, speakers, newlyLate);
      }
    } catch (RuntimeException e) {
      LOG.warn("the workload cannot be watched", e);
    }
  }

  /** Without the compiler's, which is busy for a while after the start and then never again. */
  private static long cpuNanos() {
    long compiling = ManagementFactory.getCompilationMXBean().getTotalCompilationTime();
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getProcessCpuTime() - TimeUnit.MILLISECONDS.toNanos(compiling)
        : 0;
  }

  private void changed(int before, int speakers, long newlyLate) {
    QualityLevel level = ladder.level();
    LOG.info(
        "quality level {} of {} after {}: {} speakers, {} late mouths in the last {} ms",
        ladder.index() + 1,
        lastLevel + 1,
        before + 1,
        speakers,
        newlyLate,
        PERIOD_MILLIS);
    tell(level);
    sessions.get().forEach(session -> session.quality(level));
  }

  private void tell(QualityLevel level) {
    engine.limitBatch(level.batchFrames());
    events.quality(level.score());
  }

  /** The level that holds for most. */
  QualityLevel level() {
    return ladder.level();
  }

  /**
   * How well an utterance is shown. As long as all is well it is the same for everybody; then the
   * less important go first, and those whose mouths the engine promised nothing. Who was promised
   * them keeps all pictures, unless they count for less than others.
   */
  QualityLevel level(Importance importance, boolean promised) {
    if (ladder.index() == 0) {
      return ladder.level();
    }
    int worse =
        switch (importance) {
          case HIGH -> -1;
          case NORMAL -> 0;
          case LOW -> 1;
        };
    int places = promised ? worse : worse + 1;
    QualityLevel level = ladder.level(places);
    boolean allPictures = promised && importance != Importance.LOW;
    while (allPictures && level.pictureInterval() > 1 && ladder.index() + places > 0) {
      places--;
      level = ladder.level(places);
    }
    return level;
  }

  /** Whether one more can be promised to be served in time. What is held back is for some. */
  boolean hasRoomFor(Importance importance) {
    return importance == Importance.HIGH || headroom.canSpeak();
  }

  /**
   * Admits one session more, or not.
   *
   * @param present sessions there are
   * @throws LipstreamException if those would suffer
   */
  void requireRoom(int present) {
    String reason = headroom.refusal(present).orElse("");
    if (lastLevel > 0 && ladder.index() == lastLevel) {
      reason = "those who are served already come late";
    }
    if (!reason.isEmpty()) {
      events.refused(LiveEvents.Refusal.BUSY);
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the server has no room for another session: " + reason,
          "try again in some seconds, or give the server more cores");
    }
  }

  @Override
  public void close() {
    watching.shutdownNow();
  }
}
