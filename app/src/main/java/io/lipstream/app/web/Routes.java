package io.lipstream.app.web;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServerBuilder;
import io.lipstream.app.live.LiveEvents;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** What can be called, and what a caller must be allowed to for it. */
final class Routes {
  /** Offers of browsers have 5 to 10 kB. */
  static final int MAX_BODY_BYTES = 64 << 10;

  private static final long ANY_LENGTH = 0;

  private final List<Route> all = new ArrayList<>();

  /** One of them; parameters of the path stand in braces. */
  record Route(HttpMethod method, String path, Access access, long maxBytes, HttpService service) {}

  void add(HttpMethod method, String path, Access access, HttpService service) {
    all.add(new Route(method, path, access, MAX_BODY_BYTES, service));
  }

  /** One that takes in more than others. */
  void upload(HttpMethod method, String path, Access access, Upload service) {
    large(method, path, access, service.maxBytes(), service);
  }

  /** The same for any service. */
  void large(HttpMethod method, String path, Access access, long maxBytes, HttpService service) {
    all.add(new Route(method, path, access, maxBytes, service));
  }

  /** One whose handler may wait and wants the whole request. */
  void call(HttpMethod method, String path, Access access, Blocking.Handler handler) {
    add(method, path, access, new Blocking(handler));
  }

  /** One that WebSockets come to, which HTTP/2 connects instead of getting. */
  void socket(String path, Access access, HttpService service) {
    all.add(new Route(HttpMethod.GET, path, access, ANY_LENGTH, service));
  }

  /**
   * The methods with which a path can be called; GET, for files, where it is none of the routes.
   */
  Set<HttpMethod> allowed(String path) {
    String[] parts = path.split("/", -1);
    Set<HttpMethod> found = new TreeSet<>();
    for (Route each : all) {
      if (fits(each.path().split("/", -1), parts)) {
        found.add(each.method());
      }
    }
    return found;
  }

  private static boolean fits(String[] pattern, String[] parts) {
    if (pattern.length != parts.length) {
      return false;
    }
    for (int i = 0; i < parts.length; i++) {
      if (!pattern[i].startsWith("{") && !pattern[i].equals(parts[i])) {
        return false;
      }
    }
    return true;
  }

  List<Route> all() {
    return List.copyOf(all);
  }

  void bind(
      ServerBuilder builder,
      Credentials credentials,
      RequestRate rate,
      Consumer<LiveEvents.Refusal> refused) {
    for (Route each : all) {
      builder
          .route()
          .methods(methods(each))
          .path(each.path())
          .maxRequestLength(each.maxBytes())
          .build(new Guard(each.service(), each.access(), credentials, rate, refused));
    }
  }

  private static Set<HttpMethod> methods(Route route) {
    return route.maxBytes() == ANY_LENGTH
        ? Set.of(route.method(), HttpMethod.CONNECT)
        : Set.of(route.method());
  }
}
