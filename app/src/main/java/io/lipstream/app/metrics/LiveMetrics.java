package io.lipstream.app.metrics;

import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.app.live.SessionState;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import io.lipstream.streaming.webrtc.WebRtcStatistics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/** Live sessions and their connections, as meters. */
public final class LiveMetrics {
  private LiveMetrics() {}

  /** Adds them; they read sessions and endpoint when the page is asked for. */
  public static void bind(MeterRegistry registry, LiveSessions sessions, WebRtcEndpoint endpoint) {
    state(registry, sessions, "idle", SessionState.Idle.class::isInstance);
    state(registry, sessions, "listening", SessionState.Listening.class::isInstance);
    state(registry, sessions, "thinking", SessionState.Thinking.class::isInstance);
    state(registry, sessions, "speaking", SessionState.Speaking.class::isInstance);
    Gauge.builder("lipstream.viewers", endpoint, each -> each.statistics().connections())
        .description("Connections of browsers, connected or connecting")
        .strongReference(true)
        .register(registry);
    counter(
        registry,
        endpoint,
        "lipstream.viewers.connected",
        "Connections that got as far as media",
        WebRtcStatistics::connected);
    counter(
        registry,
        endpoint,
        "lipstream.webrtc.failed.handshakes",
        "Handshakes that failed",
        WebRtcStatistics::failedHandshakes);
    counter(
        registry,
        endpoint,
        "lipstream.webrtc.refused.packets",
        "Media that was forged or repeated",
        WebRtcStatistics::refusedPackets);
    counter(
        registry,
        endpoint,
        "lipstream.webrtc.dropped.packets",
        "Packets that the network had no room for",
        WebRtcStatistics::droppedPackets);
  }

  private static void state(
      MeterRegistry registry, LiveSessions sessions, String name, Predicate<SessionState> is) {
    Gauge.builder(
            "lipstream.sessions",
            sessions,
            each -> each.all().stream().map(LiveSession::state).filter(is).count())
        .description("Live sessions by what they do")
        .tag("state", name)
        .strongReference(true)
        .register(registry);
  }

  private static void counter(
      MeterRegistry registry,
      WebRtcEndpoint endpoint,
      String name,
      String description,
      ToLongFunction<WebRtcStatistics> value) {
    FunctionCounter.builder(name, endpoint, each -> value.applyAsLong(each.statistics()))
        .description(description)
        .register(registry);
  }
}
