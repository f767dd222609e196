package io.lipstream.app.web;

import com.linecorp.armeria.common.Cookie;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.lipstream.app.config.ApiConfig;
import io.lipstream.app.config.ApiKeyConfig;
import io.lipstream.app.config.Secret;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Knows callers by what they bring.
 *
 * <p>A key, as {@code Authorization: Bearer}. A session's token, the same way or, where a browser
 * cannot set headers, as {@code ?token=}; it is the signature of the session's id, so that none has
 * to be kept. A cookie, which says who opened the page and is signed too: by it a browser of this
 * machine needs no key. Signatures are made with the server's own key and outlive a restart.
 */
final class Credentials {
  /** A WebSocket of HTTP/2 is connected. */
  private static final Set<HttpMethod> READING = Set.of(HttpMethod.GET, HttpMethod.CONNECT);

  private static final String SCHEME = "Bearer ";
  private static final int SECRET_BYTES = 32;
  private static final String LOCAL = "local";
  private static final String VISITOR = "visitor";
  private static final String OF_KEY = "key-";
  private static final Duration COOKIE_LIFE = Duration.ofDays(30);

  private final ApiConfig config;
  private final byte[] secret;
  private final List<ApiKeyConfig> keys = new ArrayList<>();

  /**
   * What is accepted.
   *
   * @param own the server's own key, which may do everything; unused where callers need none
   */
  Credentials(ApiConfig config, String own) {
    this.config = config;
    if (config.auth()) {
      secret = own.getBytes(StandardCharsets.UTF_8);
      keys.add(new ApiKeyConfig("own", new Secret(own), ApiKeyConfig.SCOPES));
      keys.addAll(config.keys());
    } else {
      secret = new byte[SECRET_BYTES];
      new SecureRandom().nextBytes(secret);
    }
  }

  /** Who calls; empty for nobody who is known. */
  Optional<Caller> caller(ServiceRequestContext ctx, RequestHeaders headers) {
    if (!config.auth()) {
      return Optional.of(Caller.anybody(address(ctx)));
    }
    String sessionId = String.valueOf(ctx.pathParam("id"));
    @Nullable String header = headers.get(HttpHeaderNames.AUTHORIZATION);
    if (header != null) {
      // Whoever brings one means it: a wrong one is not made good by a cookie.
      return header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
          ? bearer(header.substring(SCHEME.length()).strip(), sessionId)
          : Optional.empty();
    }
    @Nullable String parameter = ctx.queryParam("token");
    if (parameter != null && READING.contains(headers.method())) {
      return ofSession(parameter, sessionId);
    }
    return headers.cookies().stream()
        .filter(each -> each.name().equals(cookieName(ctx)))
        .findFirst()
        .flatMap(each -> pass(each.value()));
  }

  private Optional<Caller> bearer(String given, String sessionId) {
    @Nullable ApiKeyConfig found = null;
    for (ApiKeyConfig each : keys) { // all of them, so that time tells nothing
      if (same(each.key().value(), given)) {
        found = each;
      }
    }
    return found == null ? ofSession(given, sessionId) : Optional.of(of(found));
  }

  private static Caller of(ApiKeyConfig key) {
    return new Caller("key " + key.name(), Set.copyOf(key.scopes()), "");
  }

  private Optional<Caller> ofSession(String given, String sessionId) {
    return same(sessionToken(sessionId), given)
        ? Optional.of(new Caller("session " + sessionId, Set.of(), sessionId))
        : Optional.empty();
  }

  /** What a browser needs for one session and for nothing else. */
  String sessionToken(String sessionId) {
    return sign("session " + sessionId);
  }

  private Optional<Caller> pass(String value) {
    int dot = value.lastIndexOf('.');
    if (dot < 0 || !same(sign("pass " + value.substring(0, dot)), value.substring(dot + 1))) {
      return Optional.empty();
    }
    String who = value.substring(0, dot);
    return switch (who) {
      case LOCAL ->
          config.page().equals(LOCAL)
              ? Optional.of(new Caller("this machine", Set.copyOf(ApiKeyConfig.SCOPES), ""))
              : Optional.empty();
      case VISITOR ->
          config.page().equals("anyone")
              ? Optional.of(new Caller(Caller.VISITORS, Set.of(Access.CREATE.scope()), ""))
              : Optional.empty();
      default ->
          keys.stream()
              .filter(each -> who.equals(OF_KEY + each.name()))
              .findFirst()
              .map(Credentials::of);
    };
  }

  /** The cookie for who opens the page; empty where they must bring a key. */
  Optional<Cookie> forPage(ServiceRequestContext ctx, RequestHeaders headers) {
    if (!config.auth()) {
      return Optional.empty();
    }
    return switch (config.page()) {
      case "anyone" -> Optional.of(cookie(ctx, VISITOR));
      case "local" -> isLocal(ctx, headers) ? Optional.of(cookie(ctx, LOCAL)) : Optional.empty();
      default -> Optional.empty();
    };
  }

  /** The cookie for the holder of a key, so that a page need not keep it. */
  Optional<Cookie> forKey(ServiceRequestContext ctx, Caller caller) {
    return caller.name().startsWith("key ")
        ? Optional.of(cookie(ctx, OF_KEY + caller.name().substring("key ".length())))
        : Optional.empty();
  }

  private Cookie cookie(ServiceRequestContext ctx, String who) {
    return Cookie.secureBuilder(cookieName(ctx), who + "." + sign("pass " + who))
        .secure(ctx.sessionProtocol().isTls())
        .httpOnly(true)
        .sameSite("Strict")
        .path("/")
        .maxAge(COOKIE_LIFE.toSeconds())
        .build();
  }

  /** Cookies are shared by all ports of a host; each server has its own. */
  private static String cookieName(ServiceRequestContext ctx) {
    return "lipstream-" + ctx.localAddress().getPort();
  }

  /** Whether a browser of this machine calls, not a proxy for somebody else's. */
  private static boolean isLocal(ServiceRequestContext ctx, RequestHeaders headers) {
    InetAddress from = ctx.remoteAddress().getAddress();
    String host = String.valueOf(headers.authority()).replaceFirst(":\\d*$", "");
    return from.isLoopbackAddress()
        && (host.equals("localhost") || host.equals("127.0.0.1") || host.equals("[::1]"))
        && headers.names().stream()
            .map(Object::toString)
            .noneMatch(
                each ->
                    each.startsWith("x-forwarded")
                        || each.equals("forwarded")
                        || each.equals("via"));
  }

  static String address(ServiceRequestContext ctx) {
    return ctx.remoteAddress().getAddress().getHostAddress();
  }

  private String sign(String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }

  /** Takes as long for a near miss as for a far one. */
  private static boolean same(String expected, String given) {
    return MessageDigest.isEqual(
        expected.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
  }
}
