package io.lipstream.app.web;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.SimpleDecoratingHttpService;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Lets in only who came by this server's own address, so that another site cannot drive a server
 * that runs on its visitor's machine.
 *
 * <p>A site may point its name at 127.0.0.1 and have its pages call us (DNS rebinding): then the
 * Host header has its name, which is not ours. It may send its visitors' requests here directly:
 * then the Origin header has its name. Plain addresses are no names and cannot be rebound.
 */
final class SameSite extends SimpleDecoratingHttpService {
  private static final Pattern ADDRESS =
      Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+]");

  private final List<String> hosts;
  private final List<String> origins;

  /**
   * Guards a service.
   *
   * @param hosts names that are ours besides localhost
   * @param origins other sites that may call
   */
  SameSite(HttpService delegate, List<String> hosts, List<String> origins) {
    super(delegate);
    this.hosts = hosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
    this.origins = List.copyOf(origins);
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest req) throws Exception {
    RequestHeaders headers = req.headers();
    String authority = String.valueOf(headers.authority()).toLowerCase(Locale.ROOT);
    String host = authority.replaceFirst(":\\d*$", "");
    if (!isOurs(host)) {
      return refuse(
          HttpStatus.MISDIRECTED_REQUEST,
          "this server is not known as " + host,
          "add the name to server.allowed_hosts");
    }
    String origin = headers.get(HttpHeaderNames.ORIGIN);
    if (origin != null && !isOurs(origin, authority) && !origins.contains(origin)) {
      return refuse(
          HttpStatus.FORBIDDEN,
          "pages of " + origin + " may not use this server",
          "add the site to server.allowed_origins");
    }
    return unwrap().serve(ctx, req);
  }

  private boolean isOurs(String host) {
    return host.equals("localhost")
        || host.endsWith(".localhost")
        || ADDRESS.matcher(host).matches()
        || hosts.contains(host);
  }

  /** Behind a proxy that ends TLS the page's scheme is not ours. */
  private static boolean isOurs(String origin, String authority) {
    return origin.equalsIgnoreCase("http://" + authority)
        || origin.equalsIgnoreCase("https://" + authority);
  }

  private static HttpResponse refuse(HttpStatus status, String detail, String hint) {
    return new Problem(status, detail, hint).response();
  }
}
