package io.lipstream.app.web;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.Cookie;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.util.Optional;

/** Lets browsers in by a cookie, which reaches pictures and events where no header does. */
final class PassApi {
  private final Credentials credentials;

  PassApi(Credentials credentials) {
    this.credentials = credentials;
  }

  /** A key for a cookie. */
  HttpResponse exchange(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(HttpStatus.NO_CONTENT)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    credentials
        .forKey(ctx, Guard.caller(ctx))
        .ifPresent(cookie -> headers.add(HttpHeaderNames.SET_COOKIE, cookie.toSetCookieHeader()));
    return HttpResponse.of(headers.build());
  }

  /** The same files, with the cookie for whoever may open the page without a key. */
  HttpService with(HttpService page) {
    return page.decorate(
        (files, ctx, req) -> {
          Optional<Cookie> cookie = credentials.forPage(ctx, req.headers());
          HttpResponse response = files.serve(ctx, req);
          return cookie.isEmpty() || credentials.caller(ctx, req.headers()).isPresent()
              ? response
              : response.mapHeaders(
                  headers ->
                      headers.toBuilder()
                          .add(HttpHeaderNames.SET_COOKIE, cookie.get().toSetCookieHeader())
                          .build());
        });
  }
}
