package io.lipstream.app.web;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServerBuilder;
import java.util.ArrayList;
import java.util.List;

/** What can be called, and what a caller must be allowed to for it. */
final class Routes {
  private final List<Route> all = new ArrayList<>();

  /** One of them; parameters of the path stand in braces. */
  record Route(HttpMethod method, String path, Access access, HttpService service) {}

  void add(HttpMethod method, String path, Access access, HttpService service) {
    all.add(new Route(method, path, access, service));
  }

  /** One whose handler may wait and wants the whole request. */
  void call(HttpMethod method, String path, Access access, Blocking.Handler handler) {
    add(method, path, access, new Blocking(handler));
  }

  List<Route> all() {
    return List.copyOf(all);
  }

  void bind(ServerBuilder builder, Credentials credentials, RequestRate rate) {
    for (Route each : all) {
      builder
          .route()
          .methods(each.method())
          .path(each.path())
          .build(new Guard(each.service(), each.access(), credentials, rate));
    }
  }
}
