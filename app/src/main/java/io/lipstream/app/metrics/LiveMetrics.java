package io.lipstream.app.metrics;

import io.lipstream.app.live.LiveEvents;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.app.live.Recordings;
import io.lipstream.app.live.SessionState;
import io.lipstream.streaming.live.FeedStatistics;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import io.lipstream.streaming.webrtc.WebRtcStatistics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * Live sessions and their connections, as meters; none has a label that names a session or an
 * avatar.
 */
public final class LiveMetrics implements LiveEvents {
  private static final Duration[] STEPS = millis(1, 2, 3, 5, 8, 12, 20, 30, 40, 60, 100, 250);
  private static final Duration[] WAITS =
      millis(20, 50, 80, 120, 160, 200, 250, 300, 400, 500, 700, 1000, 2000, 5000);
  private static final Duration[] SKEWS = millis(2, 5, 10, 20, 30, 40, 60, 80, 120, 200);

  private final MeterRegistry registry;
  private final Supplier<Opening> openings;
  private final Map<Step, Timer> steps = new EnumMap<>(Step.class);
  private final Map<Refusal, Counter> refusals = new EnumMap<>(Refusal.class);
  private final Timer firstPicture;
  private final Timer bargeIn;
  private final Timer connection;
  private final Timer skew;
  private final Counter late;
  private final Counter dropped;
  private final Counter missing;
  private final Counter underruns;
  private volatile double quality = 100;

  /** Meters of sessions that nobody traces. */
  public LiveMetrics(MeterRegistry registry) {
    this(registry, () -> Opening.NONE);
  }

  /**
   * Meters.
   *
   * @param openings asked for one when an avatar is to say something
   */
  public LiveMetrics(MeterRegistry registry, Supplier<Opening> openings) {
    this.registry = registry;
    this.openings = openings;
    for (Step step : Step.values()) {
      steps.put(
          step,
          Timer.builder("frame.processing.latency")
              .description("Time of one step of a picture of speech")
              .tag("stage", name(step))
              .serviceLevelObjectives(STEPS)
              .register(registry));
    }
    for (Refusal reason : Refusal.values()) {
      refusals.put(
          reason,
          Counter.builder("lipstream.refusals")
              .description("Calls that were refused, by why")
              .tag("reason", name(reason))
              .register(registry));
    }
    firstPicture =
        timer(
            "lipstream.first.picture.latency",
            "From the first sound of an utterance being there to its first picture",
            WAITS);
    bargeIn =
        timer(
            "lipstream.barge.in.latency",
            "From an interruption to the last packet of what was interrupted",
            WAITS);
    connection = timer("lipstream.connection", "From a viewer's offer until media flows", WAITS);
    skew =
        timer(
            "lipstream.av.skew",
            "How far apart picture and sound of speech are when they are handed to the network",
            SKEWS);
    late = counter("lipstream.late.frames", "Pictures of speech whose mouth was not there in time");
    dropped =
        counter("lipstream.dropped.frames", "Pictures that a viewer's connection had no room for");
    missing =
        counter("lipstream.missing.sounds", "Pictures' times that passed waiting for the voice");
    underruns = counter("audio.buffer.underruns", "Sound from outside that did not come in time");
    Gauge.builder("video.quality.score", this, each -> each.quality)
        .description("Quality at which pictures are made; 100 is the best")
        .strongReference(true)
        .register(registry);
  }

  private static Duration[] millis(long... values) {
    Duration[] bounds = new Duration[values.length];
    for (int i = 0; i < values.length; i++) {
      bounds[i] = Duration.ofMillis(values[i]);
    }
    return bounds;
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private Timer timer(String name, String description, Duration[] bounds) {
    return Timer.builder(name)
        .description(description)
        .serviceLevelObjectives(bounds)
        .register(registry);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }

  @Override
  public Opening asked() {
    return openings.get();
  }

  @Override
  public void took(Step step, long nanos) {
    Objects.requireNonNull(steps.get(step)).record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void firstPicture(long nanos) {
    firstPicture.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void interrupted(long nanos) {
    bargeIn.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void connected(long nanos) {
    connection.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void skewed(long nanos) {
    skew.record(Math.abs(nanos), TimeUnit.NANOSECONDS);
  }

  @Override
  public void frameLate() {
    late.increment();
  }

  @Override
  public void framesDropped(long count) {
    dropped.increment((double) count);
  }

  @Override
  public void soundMissing(int count) {
    missing.increment(count);
  }

  @Override
  public void bufferUnderrun() {
    underruns.increment();
  }

  @Override
  public void quality(double score) {
    quality = score;
  }

  @Override
  public void refused(Refusal reason) {
    Objects.requireNonNull(refusals.get(reason)).increment();
  }

  /** Adds what is read from sessions and endpoint when the page is asked for. */
  public void watch(LiveSessions sessions, WebRtcEndpoint endpoint) {
    state(sessions, "idle", SessionState.Idle.class::isInstance);
    state(sessions, "listening", SessionState.Listening.class::isInstance);
    state(sessions, "thinking", SessionState.Thinking.class::isInstance);
    state(sessions, "speaking", SessionState.Speaking.class::isInstance);
    gauge(
        sessions,
        "concurrent.streams",
        "Sessions that somebody watches",
        all -> all.all().stream().filter(LiveSession::isWatched).count());
    gauge(
        sessions,
        "active.speakers",
        "Sessions whose avatar speaks",
        all -> all.all().stream().filter(LiveMetrics::speaks).count());
    gauge(
        sessions,
        "lipstream.encoders",
        "Encoders that somebody is served by",
        all -> encoders(all).count());
    gauge(
        sessions,
        "lipstream.encoder.bitrate.bps",
        "What these encoders aim at together",
        all -> encoders(all).mapToInt(FeedStatistics::bitrateBps).sum());
    Gauge.builder("lipstream.avatar.frames", sessions, LiveSessions::frameBytes)
        .description("What avatars' frames take in memory")
        .baseUnit("bytes")
        .strongReference(true)
        .register(registry);
    Gauge.builder("lipstream.viewers", endpoint, each -> each.statistics().connections())
        .description("Connections of browsers, connected or connecting")
        .strongReference(true)
        .register(registry);
    counter(
        endpoint,
        "lipstream.viewers.connected",
        "Connections that got as far as media",
        WebRtcStatistics::connected);
    counter(
        endpoint,
        "lipstream.webrtc.failed.handshakes",
        "Handshakes that failed",
        WebRtcStatistics::failedHandshakes);
    counter(
        endpoint,
        "lipstream.webrtc.refused.packets",
        "Media that was forged or repeated",
        WebRtcStatistics::refusedPackets);
    counter(
        endpoint,
        "lipstream.webrtc.dropped.packets",
        "Packets that the network had no room for",
        WebRtcStatistics::droppedPackets);
  }

  /** Adds what is read from the recordings when the page is asked for. */
  public void watch(Recordings recordings) {
    Gauge.builder("lipstream.recordings", recordings, Recordings::bytes)
        .description("What recordings take on the disk")
        .baseUnit("bytes")
        .strongReference(true)
        .register(registry);
    FunctionCounter.builder("lipstream.recordings.deleted", recordings, Recordings::deletedCount)
        .description("Recordings that were deleted because they were too old or too many")
        .register(registry);
  }

  /** Adds what became of events that servers of others were to be told. */
  public void watch(LongSupplier delivered, LongSupplier failed, LongSupplier dropped) {
    webhookEvents("delivered", delivered);
    webhookEvents("failed", failed);
    webhookEvents("dropped", dropped);
  }

  private void webhookEvents(String outcome, LongSupplier count) {
    FunctionCounter.builder("lipstream.webhook.events", count, each -> each.getAsLong())
        .description("Events of sessions for webhooks, by what became of them")
        .tag("outcome", outcome)
        .register(registry);
  }

  private static boolean speaks(LiveSession session) {
    return session.state() instanceof SessionState.Speaking;
  }

  private static Stream<FeedStatistics> encoders(LiveSessions sessions) {
    return sessions.encoders().stream().filter(encoder -> encoder.viewers() > 0);
  }

  private void state(LiveSessions sessions, String name, Predicate<SessionState> is) {
    Gauge.builder(
            "lipstream.sessions",
            sessions,
            each -> each.all().stream().map(LiveSession::state).filter(is).count())
        .description("Live sessions by what they do")
        .tag("state", name)
        .strongReference(true)
        .register(registry);
  }

  private void gauge(
      LiveSessions sessions,
      String name,
      String description,
      ToDoubleFunction<LiveSessions> value) {
    Gauge.builder(name, sessions, value)
        .description(description)
        .strongReference(true)
        .register(registry);
  }

  private void counter(
      WebRtcEndpoint endpoint,
      String name,
      String description,
      ToLongFunction<WebRtcStatistics> value) {
    FunctionCounter.builder(name, endpoint, each -> value.applyAsLong(each.statistics()))
        .description(description)
        .register(registry);
  }
}
