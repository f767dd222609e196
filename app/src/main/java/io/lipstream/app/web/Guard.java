package io.lipstream.app.web;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.SimpleDecoratingHttpService;
import io.lipstream.app.live.LiveEvents;
import io.netty.util.AttributeKey;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** Lets in, to one route, who may use it and does not use it too often. */
final class Guard extends SimpleDecoratingHttpService {
  private static final AttributeKey<Caller> CALLER = AttributeKey.valueOf(Guard.class, "CALLER");

  private final Access access;
  private final Credentials credentials;
  private final RequestRate rate;
  private final Consumer<LiveEvents.Refusal> refused;

  Guard(
      HttpService delegate,
      Access access,
      Credentials credentials,
      RequestRate rate,
      Consumer<LiveEvents.Refusal> refused) {
    super(delegate);
    this.access = access;
    this.credentials = credentials;
    this.rate = rate;
    this.refused = refused;
  }

  /** Who makes a request that was let in. */
  static Caller caller(ServiceRequestContext ctx) {
    return Objects.requireNonNull(ctx.attr(CALLER), "the route has no guard");
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest req) throws Exception {
    Optional<Caller> known = credentials.caller(ctx, req.headers());
    String counted = known.map(Caller::name).orElse("address " + Credentials.address(ctx));
    Duration wait = rate.take(counted);
    if (!wait.isZero()) {
      refused.accept(LiveEvents.Refusal.RATE);
      return new Problem(
              HttpStatus.TOO_MANY_REQUESTS,
              "too many requests",
              "send fewer, or raise api.requests_per_second")
          .unread(ctx, req, HttpHeaderNames.RETRY_AFTER, String.valueOf(wait.toSeconds() + 1));
    }
    if (known.isEmpty() && access != Access.OPEN) {
      refused.accept(LiveEvents.Refusal.KEY);
      return new Problem(
              HttpStatus.UNAUTHORIZED,
              "no valid key or token came with the request",
              "send Authorization: Bearer KEY; lipstream serve tells where its own key is")
          .unread(ctx, req, HttpHeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"lipstream\"");
    }
    if (known.isPresent()) {
      Caller caller = known.get();
      if (!caller.may(access, String.valueOf(ctx.pathParam("id")))) {
        refused.accept(LiveEvents.Refusal.KEY);
        return new Problem(
                HttpStatus.FORBIDDEN,
                "this " + (caller.session().isEmpty() ? "key" : "token") + " is not good for that",
                "use a key with the scope " + access.scope())
            .unread(ctx, req);
      }
      ctx.setAttr(CALLER, caller);
    }
    return unwrap().serve(ctx, req);
  }
}
