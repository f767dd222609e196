package io.lipstream.app.server;

import io.lipstream.app.config.ServeConfig;
import io.lipstream.app.config.WebRtcConfig;
import io.lipstream.app.live.LiveParts;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.app.live.LiveSettings;
import io.lipstream.app.live.Recordings;
import io.lipstream.app.live.SessionRequest;
import io.lipstream.app.live.SessionState;
import io.lipstream.app.livetalking.LiveTalkingApi;
import io.lipstream.app.metrics.LiveMetrics;
import io.lipstream.app.render.Clips;
import io.lipstream.app.tracing.SpeechSpans;
import io.lipstream.app.tracing.Tracing;
import io.lipstream.app.web.LocalKey;
import io.lipstream.app.web.WebPort;
import io.lipstream.app.web.Webhooks;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import io.lipstream.streaming.webrtc.WebRtcSettings;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything in one process: the page and its interface, live sessions, WebRTC, the engine.
 *
 * <p>Owns all of them. {@link #drain()} refuses new sessions and lets avatars finish what they say;
 * close frees everything, the port of HTTP first and the engine last.
 */
public final class ServeRole implements Role {
  private static final Logger LOG = LoggerFactory.getLogger(ServeRole.class);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final Opened opened = new Opened();
  private final ServeConfig config;
  private final Engine engine;
  private final LiveSessions sessions;
  private final WebRtcEndpoint endpoint;
  private final WebPort web;
  private final Optional<LocalKey> key;
  private final OptionalInt metricsPort;
  private volatile boolean draining;

  /**
   * What is served.
   *
   * @param base where relative paths of the configuration start
   * @param catalogue the models of the engine of this process
   * @param environment where keys of other servers are looked up, usually System.getenv()
   */
  public record Setting(
      ServeConfig config,
      Path base,
      Catalogue catalogue,
      AvatarStore avatars,
      Map<String, String> environment) {}

  private ServeRole(Setting setting) {
    config = setting.config();
    Path data = data(setting);
    AvatarStore avatars = setting.avatars().with(data.resolve("avatars"));
    key = config.api().auth() ? Optional.of(LocalKey.in(data)) : Optional.empty();
    try {
      MeteredEngine metered =
          MeteredEngine.start(
              config.computing(), config.logging(), setting.base(), setting.catalogue(), opened);
      engine = metered.engine();
      endpoint = opened.keep(WebRtcEndpoint.open(webRtc(config), System::nanoTime));
      Tracing tracing = opened.keep(Tracing.of(config.tracing(), "lipstream-serve"));
      LiveMetrics liveMeters =
          new LiveMetrics(metered.registry(), new SpeechSpans(tracing.tracer())::open);
      TalkParts talk = opened.keep(TalkParts.open(config, setting.environment()));
      Webhooks webhooks = opened.keep(new Webhooks(config.webhooks(), InstantSource.system()));
      liveMeters.watch(webhooks::deliveredCount, webhooks::failedCount, webhooks::droppedCount);
      sessions =
          opened.keep(
              LiveSessions.open(
                  new LiveParts(
                      avatars,
                      engine,
                      setting.catalogue(),
                      talk.voice(),
                      talk.languageModel(),
                      talk.recognizer(),
                      talk.voiceActivity(),
                      liveMeters),
                  live(config),
                  System::nanoTime));
      liveMeters.watch(sessions, endpoint);
      Clips clips = opened.keep(Clips.open(avatars, talk.voice(), engine, setting.catalogue()));
      metricsPort = metered.openPort(config.metrics(), () -> !draining, opened);
      Recordings recordings =
          opened.keep(
              new Recordings(
                  data.resolve("recordings"),
                  config.recordings().limits(),
                  InstantSource.system()));
      liveMeters.watch(recordings);
      web =
          opened.keep(
              WebPort.open(
                  config,
                  setting.base(),
                  new WebPort.Offer(
                      avatars,
                      config.live().avatar(),
                      config.live().hiddenAvatars(),
                      talk.voice()::voices,
                      config.voice().name(),
                      sessions,
                      endpoint,
                      config.webrtc().iceServers(),
                      config.liveAudio().lookAheadMs(),
                      () -> draining,
                      data.resolve("avatars"),
                      key,
                      recordings,
                      webhooks,
                      liveTalking(avatars, recordings, webhooks),
                      metered.registry()::scrape,
                      clips,
                      tracing.tracer())));
      Thread.ofVirtual().name("warm-up").start(this::warmUp);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /**
   * Starts to serve.
   *
   * @throws LipstreamException if a port is taken, a file is wrong or something is not there
   */
  public static ServeRole start(Setting setting) {
    return new ServeRole(setting);
  }

  /** Where the server keeps what it must keep. */
  private static Path data(Setting setting) {
    String named = setting.config().api().dataFolder();
    return named.isEmpty()
        ? AvatarStore.userFolder(setting.environment(), Path.of(System.getProperty("user.home")))
            .resolveSibling("")
        : setting.base().resolve(named).toAbsolutePath().normalize();
  }

  private Optional<LiveTalkingApi> liveTalking(
      AvatarStore avatars, Recordings recordings, Webhooks webhooks) {
    return config.server().livetalkingApi()
        ? Optional.of(
            new LiveTalkingApi(
                sessions,
                recordings,
                endpoint,
                avatars,
                new LiveTalkingApi.Defaults(
                    config.live().avatar(), config.voice().name(), () -> draining),
                webhooks::follow))
        : Optional.empty();
  }

  private static LiveSettings live(ServeConfig config) {
    return new LiveSettings(
        config.live().maxSessions(),
        Duration.ofSeconds(config.live().idleTimeoutSeconds()),
        config.live().bitrateKbps() * 1000,
        "", // the language model has its own
        config.turnTaking().settings(),
        config.liveAudio().playout(),
        EngineOptions.cpu(),
        config.live().quality().settings(),
        config.avatars().bounds());
  }

  /** Where browsers come: all or, where nobody else is expected, those of this machine. */
  static WebRtcSettings webRtc(ServeConfig config) {
    WebRtcConfig webrtc = config.webrtc();
    List<InetAddress> advertised =
        webrtc.advertisedAddresses().stream()
            .map(each -> address("webrtc.advertised_addresses", each))
            .toList();
    WebRtcSettings settings =
        WebRtcSettings.onPort(webrtc.port()).withTcp(webrtc.tcp()).withAdvertised(advertised);
    if (!webrtc.address().isEmpty()) {
      return settings.withBindAddress(address("webrtc.address", webrtc.address()));
    }
    InetAddress address = address("server.address", config.server().address());
    if (!address.isLoopbackAddress()) {
      return settings.withBindAddress(address);
    }
    // Addresses that others see are told for others: the page reaches them through a proxy here.
    return advertised.isEmpty() ? settings.onlyThisMachine() : settings;
  }

  private static InetAddress address(String key, String name) {
    try {
      return InetAddress.getByName(name);
    } catch (UnknownHostException e) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          key + ": there is no address " + name,
          "name an address such as 192.0.2.7",
          e);
    }
  }

  /** So that the first visitor need not wait for files and classes. */
  private void warmUp() {
    long begun = System.nanoTime();
    try {
      sessions.create(new SessionRequest(config.live().avatar(), config.voice().name())).close();
      LOG.info("{} is ready after {} ms", config.live().avatar(), millisSince(begun));
    } catch (RuntimeException e) {
      LOG.warn("{} is not ready: {}", config.live().avatar(), e.getMessage());
    }
  }

  private static long millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1_000_000;
  }

  public Engine engine() {
    return engine;
  }

  /** What can be called over HTTP, besides files: methods and paths. */
  public List<String> calls() {
    return web.calls();
  }

  /** The port of HTTP. */
  public int port() {
    return web.port();
  }

  /** The server's own key, where callers need one. */
  public Optional<LocalKey> key() {
    return key;
  }

  /** The port of pictures and sound. */
  public int webRtcPort() {
    return endpoint.port();
  }

  /** The port of the metrics, where they are on. */
  public OptionalInt metricsPort() {
    return metricsPort;
  }

  /**
   * Refuses new sessions; lets running ones go on, then those finish in which somebody is being
   * answered, each as long as configured.
   */
  @Override
  public void drain() throws InterruptedException {
    draining = true;
    LOG.info("draining: no new sessions, running ones may finish");
    await(() -> !sessions.all().isEmpty(), config.server().drainSessionsSeconds());
    await(this::busy, config.server().drainTimeoutSeconds());
    sessions.all().forEach(LiveSession::close);
    LOG.info("drained");
  }

  private static void await(BooleanSupplier going, int seconds) throws InterruptedException {
    long until = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    while (going.getAsBoolean() && System.nanoTime() - until < 0) {
      Thread.sleep(LOOK_AGAIN);
    }
  }

  private boolean busy() {
    return sessions.all().stream()
        .map(LiveSession::state)
        .anyMatch(
            state ->
                state instanceof SessionState.Speaking || state instanceof SessionState.Thinking);
  }

  @Override
  public void close() {
    draining = true;
    opened.close();
    LOG.info("stopped");
  }
}
