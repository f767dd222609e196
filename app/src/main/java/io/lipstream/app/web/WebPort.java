package io.lipstream.app.web;

import static com.linecorp.armeria.common.HttpMethod.DELETE;
import static com.linecorp.armeria.common.HttpMethod.GET;
import static com.linecorp.armeria.common.HttpMethod.OPTIONS;
import static com.linecorp.armeria.common.HttpMethod.PATCH;
import static com.linecorp.armeria.common.HttpMethod.POST;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ServerCacheControl;
import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.HttpStatusException;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.cors.CorsService;
import com.linecorp.armeria.server.file.FileService;
import io.lipstream.app.config.IceServerConfig;
import io.lipstream.app.config.ServeConfig;
import io.lipstream.app.config.TlsConfig;
import io.lipstream.app.config.WebConfig;
import io.lipstream.app.live.LiveEvents;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.app.live.Recordings;
import io.lipstream.app.livetalking.LiveTalkingApi;
import io.lipstream.app.render.Clips;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.avatar.Background;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import io.netty.handler.ssl.ClientAuth;
import io.opentelemetry.api.trace.Tracer;
import java.io.File;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The port of HTTP: the page, and what it calls. */
public final class WebPort implements AutoCloseable {
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);

  /** Who is still sending what was refused hears why before the stream is reset. */
  private static final Duration REFUSAL_HEARD = Duration.ofSeconds(1);

  private static final Duration QUIET = Duration.ofMillis(100);
  private static final int CALLS_AT_ONCE = 64;
  private static final int IMPORTS_AT_ONCE = 2;
  private static final int MAX_REMEMBERED_ANSWERS = 1_000;

  /** The page uses its own files and nothing else. */
  private static final String CONTENT_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
          + " connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'; require-trusted-types-for 'script'";

  private final Server server;
  private final Routes routes;

  /**
   * What the port offers.
   *
   * @param avatar the avatar that is shown first
   * @param hiddenAvatars avatars that the page does not offer
   * @param voice the voice that is chosen first; empty for the engine's own
   * @param voices asked for their names
   * @param lookAheadMillis of live sound, where its sender says nothing
   * @param draining whether new sessions are refused
   * @param folder of the avatars, in which those that are imported are kept
   * @param key the server's own; empty where callers need none
   * @param liveTalking answers front ends of LiveTalking, where they are served
   * @param metrics as Prometheus reads them
   * @param clips rendered for who asks
   * @param tracer of what is called
   */
  public record Offer(
      AvatarStore avatars,
      String avatar,
      List<String> hiddenAvatars,
      Supplier<List<String>> voices,
      String voice,
      LiveSessions sessions,
      WebRtcEndpoint endpoint,
      List<IceServerConfig> iceServers,
      int lookAheadMillis,
      BooleanSupplier draining,
      Path folder,
      Optional<LocalKey> key,
      Recordings recordings,
      Webhooks webhooks,
      Optional<LiveTalkingApi> liveTalking,
      Supplier<String> metrics,
      Clips clips,
      Tracer tracer) {}

  private WebPort(Server server, Routes routes) {
    this.server = server;
    this.routes = routes;
  }

  /**
   * Opens the port.
   *
   * @param base where relative paths of the configuration start
   * @throws LipstreamException ENVIRONMENT if it is taken, CONFIGURATION if a file of TLS is wrong
   */
  public static WebPort open(ServeConfig config, Path base, Offer offer) {
    WebConfig web = config.server();
    TlsConfig tls = config.tls();
    ServerBuilder builder = Server.builder();
    InetSocketAddress address = new InetSocketAddress(web.address(), web.port());
    if (tls.enabled()) {
      builder.https(address);
      encrypt(builder, tls, base);
    } else {
      builder.http(address);
    }
    ScheduledExecutorService calls =
        Executors.newScheduledThreadPool(
            CALLS_AT_ONCE, Thread.ofVirtual().name("http-call-", 0).factory());
    builder
        .blockingTaskExecutor(calls, true)
        .maxRequestLength(Routes.MAX_BODY_BYTES)
        .requestTimeout(REQUEST_TIMEOUT)
        .requestAutoAbortDelay(REFUSAL_HEARD)
        .gracefulShutdownTimeout(QUIET, Duration.ofSeconds(1))
        .disableServerHeader();
    if (!web.allowedOrigins().isEmpty()) {
      builder.decorator(cors(web.allowedOrigins()));
    }
    Credentials credentials =
        new Credentials(config.api(), offer.key().map(LocalKey::value).orElse(""));
    RequestRate rate = new RequestRate(config.api().requestsPerSecond(), System::nanoTime);
    Consumer<LiveEvents.Refusal> refused = offer.sessions()::refused;
    Routes routes = routes(config, offer, credentials);
    Errors errors = new Errors(routes);
    builder.errorHandler(errors);
    offer.liveTalking().ifPresent(api -> api.bind(builder));
    routes.bind(builder, credentials, rate, refused);
    for (String board : List.of("/ops", "/studio")) {
      builder.route().get(board).build((ctx, req) -> HttpResponse.ofRedirect(board + "/"));
    }
    builder.serviceUnder("/", new PassApi(credentials).with(page(errors)));
    builder.decorator(service -> new HttpSpans(service, offer.tracer()));
    builder.decorator(service -> new SameSite(service, web.allowedHosts(), web.allowedOrigins()));
    Server server = builder.build();
    try {
      server.start().join();
    } catch (CompletionException e) {
      server.close();
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the port "
              + web.address()
              + ":"
              + web.port()
              + " cannot be opened: "
              + (cause(e) instanceof BindException ? "it is taken" : cause(e).toString()),
          "choose another with --port or server.port, or stop the program that has it",
          e);
    }
    return new WebPort(server, routes);
  }

  private static Throwable cause(Throwable failure) {
    return failure.getCause() == null ? failure : cause(failure.getCause());
  }

  private static Routes routes(ServeConfig config, Offer offer, Credentials credentials) {
    CatalogueApi.Offer first =
        new CatalogueApi.Offer(offer.avatar(), offer.hiddenAvatars(), offer.voice());
    CatalogueApi catalogue = new CatalogueApi(offer.avatars(), offer.voices(), first);
    SessionsApi sessions =
        new SessionsApi(
            offer.sessions(),
            first,
            offer.iceServers(),
            offer.draining(),
            credentials,
            offer.webhooks());
    WhepApi whep = new WhepApi(sessions, offer.endpoint(), offer.iceServers());

    AvatarsApi avatars =
        new AvatarsApi(offer.avatars(), offer.sessions(), offer.folder(), catalogue);
    Idempotency idempotency = new Idempotency(MAX_REMEMBERED_ANSWERS, System::nanoTime);
    long maxUploadBytes = (long) config.api().maxUploadMb() << 20;

    Routes to = new Routes();
    ApiDocument document = ApiDocument.read();
    to.add(GET, "/openapi.json", Access.OPEN, document.json());
    to.add(GET, "/openapi.yaml", Access.OPEN, document.yaml());
    to.call(POST, "/v1/pass", Access.KNOWN, new PassApi(credentials)::exchange);
    to.call(GET, "/v1/avatars", Access.KNOWN, catalogue::avatars);
    to.call(GET, "/v1/avatars/{name}", Access.KNOWN, catalogue::avatar);
    to.call(GET, "/v1/avatars/{name}/picture", Access.KNOWN, catalogue::picture);
    to.call(DELETE, "/v1/avatars/{name}", Access.AVATARS, avatars::delete);
    to.upload(
        POST,
        "/v1/avatars/{name}/import",
        Access.AVATARS,
        new Upload(maxUploadBytes, IMPORTS_AT_ONCE, avatars::mayImport, avatars::imported));
    to.call(GET, "/v1/avatars/{name}/import", Access.AVATARS, avatars::progress);
    to.call(GET, "/v1/voices", Access.KNOWN, catalogue::voices);
    to.call(POST, "/v1/sessions", Access.CREATE, idempotency.mind(sessions::create));
    to.call(GET, "/v1/sessions", Access.SESSIONS, sessions::list);
    to.call(GET, "/v1/sessions/{id}", Access.SESSIONS, sessions::get);
    to.call(DELETE, "/v1/sessions/{id}", Access.SESSIONS, sessions::delete);
    to.call(GET, "/v1/sessions/{id}/state", Access.SESSIONS, sessions::state);
    to.upload(POST, "/v1/sessions/{id}/speak", Access.SPEAK, sessions.speak());
    to.call(POST, "/v1/sessions/{id}/say", Access.SPEAK, sessions::say);
    to.call(POST, "/v1/sessions/{id}/chat", Access.SPEAK, sessions::chat);
    to.call(POST, "/v1/sessions/{id}/interrupt", Access.SESSIONS, sessions::interrupt);
    to.call(POST, "/v1/sessions/{id}/end-turn", Access.SESSIONS, sessions::endTurn);
    RecordingsApi recordings = new RecordingsApi(sessions, offer.recordings());
    String ofSession = "/v1/sessions/{id}/recordings";
    String recording = ofSession + "/{recording}";
    to.call(GET, "/v1/recordings", Access.SESSIONS, recordings::all);
    to.call(POST, ofSession, Access.SESSIONS, idempotency.mind(recordings::start));
    to.call(GET, ofSession, Access.SESSIONS, recordings::ofSession);
    to.call(GET, recording, Access.SESSIONS, recordings::get);
    to.call(DELETE, recording, Access.SESSIONS, recordings::delete);
    to.call(POST, recording + "/stop", Access.SESSIONS, recordings::stop);
    to.add(GET, recording + "/video", Access.SESSIONS, recordings::video);
    StageApi stage = new StageApi(sessions, offer.avatars());
    to.call(POST, "/v1/sessions/{id}/avatar", Access.SESSIONS, stage::avatar);
    to.call(POST, "/v1/sessions/{id}/action", Access.SESSIONS, stage::action);
    to.large(
        POST,
        "/v1/sessions/{id}/background",
        Access.SESSIONS,
        Background.MAX_SENT_BYTES,
        new Blocking(stage::background));
    to.call(DELETE, "/v1/sessions/{id}/background", Access.SESSIONS, stage::ownBackground);
    to.socket("/v1/sessions/{id}/events", Access.SESSIONS, new EventsApi(sessions).service());
    AudioApi audio = new AudioApi(sessions, offer.lookAheadMillis());
    to.socket("/v1/sessions/{id}/audio", Access.SPEAK, audio.service());
    to.call(POST, "/v1/sessions/{id}/whep", Access.SESSIONS, whep::offer);
    to.call(OPTIONS, "/v1/sessions/{id}/whep", Access.SESSIONS, whep::options);
    to.call(PATCH, "/v1/sessions/{id}/whep/{viewer}", Access.SESSIONS, whep::trickle);
    to.call(DELETE, "/v1/sessions/{id}/whep/{viewer}", Access.SESSIONS, whep::delete);
    ClipsApi clips = new ClipsApi(offer.clips(), first);
    to.call(POST, "/v1/clips", Access.CREATE, idempotency.mind(clips::create));
    to.call(GET, "/v1/clips/{id}", Access.CREATE, clips::get);
    to.call(DELETE, "/v1/clips/{id}", Access.CREATE, clips::delete);
    to.add(GET, "/v1/clips/{id}/video", Access.CREATE, clips::video);
    OpsApi ops =
        new OpsApi(
            offer.sessions(), config.live().maxSessions(), offer.metrics(), offer.draining());
    to.add(GET, "/v1/ops", Access.OPS, ops);
    return to;
  }

  private static HttpService page(Errors errors) {
    return FileService.builder(WebPort.class.getClassLoader(), "io/lipstream/app/web/page")
        .cacheControl(ServerCacheControl.REVALIDATED)
        .addHeader(HttpHeaderNames.CONTENT_SECURITY_POLICY, CONTENT_POLICY)
        .addHeader(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
        .addHeader(HttpHeaderNames.REFERRER_POLICY, "no-referrer")
        .addHeader(HttpHeaderNames.CROSS_ORIGIN_OPENER_POLICY, "same-origin")
        .addHeader(HttpHeaderNames.CROSS_ORIGIN_RESOURCE_POLICY, "same-origin")
        .addHeader("permissions-policy", "microphone=(self), camera=(), geolocation=()")
        .build()
        .decorate(
            (files, ctx, req) ->
                HttpResponse.of(
                    files
                        .serve(ctx, req)
                        .aggregate()
                        .thenApply(
                            found ->
                                found.status().isClientError()
                                    ? errors.plain(req.headers(), found.status()).toHttpResponse()
                                    : found.toHttpResponse())));
  }

  private static Function<? super HttpService, CorsService> cors(List<String> origins) {
    return CorsService.builder(origins)
        .allowRequestMethods(GET, POST, PATCH, DELETE)
        .allowRequestHeaders(
            HttpHeaderNames.AUTHORIZATION,
            HttpHeaderNames.CONTENT_TYPE,
            HttpHeaderNames.IF_MATCH,
            Idempotency.HEADER)
        .exposeHeaders(
            HttpHeaderNames.LOCATION,
            HttpHeaderNames.LINK,
            HttpHeaderNames.ETAG,
            HttpHeaderNames.RETRY_AFTER)
        .newDecorator();
  }

  private static void encrypt(ServerBuilder builder, TlsConfig tls, Path base) {
    File certificate = file("tls.certificate", tls.certificate(), base);
    File key = file("tls.private_key", tls.privateKey(), base);
    try {
      builder.tls(TlsKeyPair.of(key, certificate));
    } catch (RuntimeException e) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          "tls cannot be set up from " + certificate + " and " + key + ": " + e.getMessage(),
          "the certificate must be PEM, the key PEM in PKCS #8 without a password:"
              + " openssl pkcs8 -topk8 -nocrypt",
          e);
    }
    if (!tls.clientCa().isEmpty()) {
      File authority = file("tls.client_ca", tls.clientCa(), base);
      builder.tlsCustomizer(
          context -> context.trustManager(authority).clientAuth(ClientAuth.REQUIRE));
    }
  }

  private static File file(String key, String path, Path base) {
    Path file = base.resolve(path);
    if (!Files.isReadable(file)) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          key + ": " + file + " cannot be read",
          "name a PEM file; relative paths start at the configuration file");
    }
    return file.toFile();
  }

  /** What can be called, besides files: methods and paths. */
  public List<String> calls() {
    return routes.all().stream().map(each -> each.method() + " " + each.path()).toList();
  }

  /** The port that was opened. */
  public int port() {
    return server.activeLocalPort();
  }

  /** Takes no new calls, lets running ones end for a second, and closes. */
  @Override
  public void close() {
    server.close();
  }

  /** Says what a route does not. */
  private record Errors(Routes routes) implements ServerErrorHandler {
    @Override
    public @Nullable HttpResponse onServiceException(ServiceRequestContext ctx, Throwable failure) {
      return switch (failure) {
        case Problem.Refusal refusal -> Problem.of(refusal).response();
        case LipstreamException known -> Problem.of(known).response();
        case HttpStatusException plain ->
            plain(ctx.request().headers(), plain.httpStatus()).toHttpResponse();
        default -> null;
      };
    }

    @Override
    public @Nullable AggregatedHttpResponse renderStatus(
        @Nullable ServiceRequestContext ctx,
        ServiceConfig config,
        @Nullable RequestHeaders headers,
        HttpStatus status,
        @Nullable String description,
        @Nullable Throwable cause) {
      return plain(headers, status);
    }

    private AggregatedHttpResponse plain(@Nullable RequestHeaders headers, HttpStatus status) {
      if (headers == null) {
        return problem(status, "").whole();
      }
      String call = ": " + headers.method() + " " + headers.path();
      Set<HttpMethod> allowed = routes.allowed(headers.path().replaceFirst("[?].*", ""));
      boolean otherMethod =
          status.equals(HttpStatus.METHOD_NOT_ALLOWED)
              // what no route takes is looked for among the files
              || (status.equals(HttpStatus.NOT_FOUND)
                  && !allowed.isEmpty()
                  && !allowed.contains(headers.method()));
      if (!otherMethod) {
        return problem(status, call).whole();
      }
      String methods =
          allowed.isEmpty()
              ? "GET, HEAD"
              : allowed.stream().map(HttpMethod::name).collect(Collectors.joining(", "));
      return problem(HttpStatus.METHOD_NOT_ALLOWED, call).whole(HttpHeaderNames.ALLOW, methods);
    }

    private static Problem problem(HttpStatus status, String call) {
      return new Problem(
          status,
          status.reasonPhrase().toLowerCase(Locale.ROOT) + call,
          "docs/api.md lists what there is");
    }
  }
}
