package io.lipstream.app.web;

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
import io.lipstream.app.config.TlsConfig;
import io.lipstream.app.config.WebConfig;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.avatar.Background;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import io.netty.handler.ssl.ClientAuth;
import java.io.File;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The port of HTTP: the page, and what it calls. */
public final class WebPort implements AutoCloseable {
  /** Offers of browsers have 5 to 10 kB. */
  private static final int MAX_BODY_BYTES = 64 << 10;

  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration QUIET = Duration.ofMillis(100);
  private static final int CALLS_AT_ONCE = 64;

  /** The page uses its own files and nothing else. */
  private static final String CONTENT_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
          + " connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'; require-trusted-types-for 'script'";

  private final Server server;

  /**
   * What the port offers.
   *
   * @param avatar the avatar that is shown first
   * @param hiddenAvatars avatars that the page does not offer
   * @param voice the voice that is chosen first; empty for the engine's own
   * @param voices asked for their names
   * @param lookAheadMillis of live sound, where its sender says nothing
   * @param draining whether new sessions are refused
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
      BooleanSupplier draining) {}

  private WebPort(Server server) {
    this.server = server;
  }

  /**
   * Opens the port.
   *
   * @param base where relative paths of the configuration start
   * @throws LipstreamException ENVIRONMENT if it is taken, CONFIGURATION if a file of TLS is wrong
   */
  public static WebPort open(WebConfig config, TlsConfig tls, Path base, Offer offer) {
    ServerBuilder builder = Server.builder();
    InetSocketAddress address = new InetSocketAddress(config.address(), config.port());
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
        .maxRequestLength(MAX_BODY_BYTES)
        .requestTimeout(REQUEST_TIMEOUT)
        .gracefulShutdownTimeout(QUIET, Duration.ofSeconds(1))
        .disableServerHeader()
        .errorHandler(new Errors());
    if (!config.allowedOrigins().isEmpty()) {
      builder.decorator(cors(config.allowedOrigins()));
    }
    routes(builder, offer);
    builder.decorator(
        service -> new SameSite(service, config.allowedHosts(), config.allowedOrigins()));
    Server server = builder.build();
    try {
      server.start().join();
    } catch (CompletionException e) {
      server.close();
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "the port "
              + config.address()
              + ":"
              + config.port()
              + " cannot be opened: "
              + (cause(e) instanceof BindException ? "it is taken" : cause(e).toString()),
          "choose another with --port or server.port, or stop the program that has it",
          e);
    }
    return new WebPort(server);
  }

  private static Throwable cause(Throwable failure) {
    return failure.getCause() == null ? failure : cause(failure.getCause());
  }

  private static void routes(ServerBuilder builder, Offer offer) {
    CatalogueApi.Offer first =
        new CatalogueApi.Offer(offer.avatar(), offer.hiddenAvatars(), offer.voice());
    CatalogueApi catalogue = new CatalogueApi(offer.avatars(), offer.voices(), first);
    SessionsApi sessions =
        new SessionsApi(offer.sessions(), first, offer.iceServers(), offer.draining());
    WhepApi whep = new WhepApi(sessions, offer.endpoint(), offer.iceServers());

    route(builder, HttpMethod.GET, "/v1/avatars", catalogue::avatars);
    route(builder, HttpMethod.GET, "/v1/avatars/{name}/picture", catalogue::picture);
    route(builder, HttpMethod.GET, "/v1/voices", catalogue::voices);
    route(builder, HttpMethod.POST, "/v1/sessions", sessions::create);
    route(builder, HttpMethod.GET, "/v1/sessions/{id}", sessions::get);
    route(builder, HttpMethod.DELETE, "/v1/sessions/{id}", sessions::delete);
    route(builder, HttpMethod.POST, "/v1/sessions/{id}/say", sessions::say);
    route(builder, HttpMethod.POST, "/v1/sessions/{id}/chat", sessions::chat);
    route(builder, HttpMethod.POST, "/v1/sessions/{id}/interrupt", sessions::interrupt);
    route(builder, HttpMethod.POST, "/v1/sessions/{id}/end-turn", sessions::endTurn);
    StageApi stage = new StageApi(sessions, offer.avatars());
    route(builder, HttpMethod.POST, "/v1/sessions/{id}/avatar", stage::avatar);
    route(builder, HttpMethod.POST, "/v1/sessions/{id}/action", stage::action);
    builder
        .route()
        .post("/v1/sessions/{id}/background")
        .maxRequestLength(Background.MAX_SENT_BYTES)
        .build(new Blocking(stage::background));
    route(builder, HttpMethod.DELETE, "/v1/sessions/{id}/background", stage::ownBackground);
    builder.service("/v1/sessions/{id}/events", new EventsApi(sessions).service());
    builder.service(
        "/v1/sessions/{id}/audio", new AudioApi(sessions, offer.lookAheadMillis()).service());
    route(builder, HttpMethod.POST, "/v1/sessions/{id}/whep", whep::offer);
    route(builder, HttpMethod.OPTIONS, "/v1/sessions/{id}/whep", whep::options);
    route(builder, HttpMethod.PATCH, "/v1/sessions/{id}/whep/{viewer}", whep::trickle);
    route(builder, HttpMethod.DELETE, "/v1/sessions/{id}/whep/{viewer}", whep::delete);
    builder.serviceUnder("/", page());
  }

  private static void route(
      ServerBuilder builder, HttpMethod method, String path, Blocking.Handler handler) {
    builder.route().methods(method).path(path).build(new Blocking(handler));
  }

  private static HttpService page() {
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
                                    ? Errors.plain(req.headers(), found.status()).response()
                                    : found.toHttpResponse())));
  }

  private static Function<? super HttpService, CorsService> cors(List<String> origins) {
    return CorsService.builder(origins)
        .allowRequestMethods(HttpMethod.GET, HttpMethod.POST, HttpMethod.PATCH, HttpMethod.DELETE)
        .allowRequestHeaders(HttpHeaderNames.CONTENT_TYPE, HttpHeaderNames.IF_MATCH)
        .exposeHeaders(HttpHeaderNames.LOCATION, HttpHeaderNames.LINK, HttpHeaderNames.ETAG)
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
  private static final class Errors implements ServerErrorHandler {
    @Override
    public @Nullable HttpResponse onServiceException(ServiceRequestContext ctx, Throwable failure) {
      return switch (failure) {
        case Problem.Refusal refusal -> Problem.of(refusal).response();
        case LipstreamException known -> Problem.of(known).response();
        case HttpStatusException plain ->
            plain(ctx.request().headers(), plain.httpStatus()).response();
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
      return plain(headers, status).response().aggregate().join();
    }

    private static Problem plain(@Nullable RequestHeaders headers, HttpStatus status) {
      String path = headers == null ? "" : ": " + headers.method() + " " + headers.path();
      return new Problem(
          status,
          status.reasonPhrase().toLowerCase(Locale.ROOT) + path,
          "docs/api.md lists what there is");
    }
  }
}
