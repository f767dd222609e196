package io.lipstream.app.web;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.util.Exceptions;
import io.lipstream.app.config.WebhooksConfig;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.SessionEvent;
import io.lipstream.media.LipstreamException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.LongAdder;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tells servers of others what happens in sessions; docs/api.md has the messages. Thread-safe.
 *
 * <p>A server that a session names must not be one that only we can reach. Its name is looked up
 * for each request, and the request goes to the very address that was judged, so that a name which
 * points elsewhere a moment later leads nowhere. Redirects are not followed.
 */
public final class Webhooks implements AutoCloseable {
  static final String SIGNATURE = "lipstream-signature";
  private static final int MAX_URL_CHARS = 2_048;
  private static final int MAX_ANSWER_BYTES = 64 << 10;

  /** What waits when the server stops has so long to be sent. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(3);

  private final WebhooksConfig config;
  private final InstantSource clock;
  private final Names names;
  private final Optional<Target> everybody;
  private final ClientFactory clients;
  private final Set<WebhookDelivery> running = ConcurrentHashMap.newKeySet();
  private final LongAdder delivered = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder dropped = new LongAdder();

  /** Finds a host's addresses. */
  interface Names {
    InetAddress[] of(String host) throws UnknownHostException;
  }

  /**
   * Who is told.
   *
   * @param events what; empty for everything
   * @param trusted whether it may be anywhere
   */
  record Target(URI url, Set<String> events, boolean trusted) {
    Target {
      events = Set.copyOf(events);
    }

    boolean wants(String type) {
      return events.isEmpty() || events.contains(type);
    }

    /** For the log: what follows may be secret. */
    String shown() {
      return url.getScheme() + "://" + url.getRawAuthority();
    }
  }

  /** What became of a request. */
  sealed interface Answer {
    record Taken() implements Answer {}

    /** It may be taken another time. */
    record Later(String why) implements Answer {}

    record Never(String why) implements Answer {}
  }

  /** Whoever is configured; nobody has been told anything. */
  public Webhooks(WebhooksConfig config, InstantSource clock) {
    this(config, clock, InetAddress::getAllByName);
  }

  Webhooks(WebhooksConfig config, InstantSource clock, Names names) {
    this.config = config;
    this.clock = clock;
    this.names = names;
    everybody =
        config.url().isEmpty()
            ? Optional.empty()
            : Optional.of(new Target(URI.create(config.url()), Set.copyOf(config.events()), true));
    clients =
        ClientFactory.builder()
            .workerGroup(1)
            .connectTimeout(Duration.ofSeconds(config.timeoutSeconds()))
            .build();
  }

  /**
   * Whom the creator of a session wants told; looks its name up.
   *
   * @param events what; empty for everything
   * @throws LipstreamException if nobody can be told there
   */
  Target named(String url, List<String> events) {
    if (!config.secret().isPresent()) {
      throw refused(
          "this server calls no webhooks",
          "set webhooks.secret in its configuration, or leave webhook out");
    }
    if (url.length() > MAX_URL_CHARS || !WebhooksConfig.isUrl(url)) {
      throw refused(
          "the webhook's url is none that can be called",
          "name one such as https://example.org/lipstream, without user, password or fragment");
    }
    if (!WebhooksConfig.EVENTS.containsAll(events)) {
      throw refused(
          "the webhook's events hold what there is not",
          "choose out of " + String.join(", ", WebhooksConfig.EVENTS));
    }
    Target target = new Target(URI.create(url), Set.copyOf(events), config.privateAddresses());
    try {
      if (address(target).isEmpty()) {
        throw refused(
            "the webhook's url leads into a private network",
            "name a server of the internet, or have webhooks.private_addresses allowed");
      }
    } catch (UnknownHostException e) {
      throw refused("the webhook's host is not known", "check its name");
    }
    return target;
  }

  private static LipstreamException refused(String message, String hint) {
    return new LipstreamException(LipstreamException.Kind.INPUT, message, hint);
  }

  /** Empty for one that must not be called. */
  private Optional<InetAddress> address(Target target) throws UnknownHostException {
    InetAddress[] all = names.of(target.url().getHost());
    if (!target.trusted()) {
      for (InetAddress each : all) {
        if (!PublicAddresses.contains(each)) {
          return Optional.empty();
        }
      }
    }
    return Optional.of(all[0]);
  }

  /** Tells whom the configuration names what happens in a session, from its state of the moment. */
  public void follow(LiveSession session) {
    everybody.ifPresent(target -> follow(session, target));
  }

  void follow(LiveSession session, Target target) {
    WebhookDelivery delivery = begin(session.id(), target);
    delivery.accept(new SessionEvent.StateChanged(session.state()));
    session.events(delivery); // which ends with the session
  }

  WebhookDelivery begin(String session, Target target) {
    WebhookDelivery delivery = new WebhookDelivery(this, session, target, clock, config.retries());
    running.add(delivery);
    delivery.start();
    return delivery;
  }

  void taken() {
    delivered.increment();
  }

  void notTaken() {
    failed.increment();
  }

  void dropped(int count) {
    dropped.add(count);
  }

  void over(WebhookDelivery delivery) {
    running.remove(delivery);
  }

  /** Events that were taken, for metrics. */
  public long deliveredCount() {
    return delivered.sum();
  }

  /** Events that were not, though they were sent again and again. */
  public long failedCount() {
    return failed.sum();
  }

  /** Events that had no room or no time. */
  public long droppedCount() {
    return dropped.sum();
  }

  /** Sends something and waits for the answer. */
  Answer post(Target target, String body) throws InterruptedException {
    Optional<InetAddress> address;
    try {
      address = address(target);
    } catch (UnknownHostException e) {
      return new Answer.Later("its host is not known");
    }
    if (address.isEmpty()) {
      return new Answer.Never("it leads into a private network");
    }
    URI url = target.url();
    boolean tls = url.getScheme().toLowerCase(Locale.ROOT).equals("https");
    WebClient client =
        WebClient.builder(
                tls ? SessionProtocol.H1 : SessionProtocol.H1C,
                endpoint(url, tls, address.get().getHostAddress()))
            .factory(clients)
            .responseTimeout(Duration.ofSeconds(config.timeoutSeconds()))
            .maxResponseLength(MAX_ANSWER_BYTES)
            .build();
    RequestHeaders headers =
        RequestHeaders.builder(HttpMethod.POST, path(url))
            .contentType(MediaType.JSON)
            .set(HttpHeaderNames.USER_AGENT, "lipstream")
            .set(SIGNATURE, sign(clock.instant().getEpochSecond(), body))
            .build();
    try {
      return answer(client.execute(headers, HttpData.ofUtf8(body)).aggregate().get().status());
    } catch (ExecutionException e) {
      Throwable cause = Exceptions.peel(e);
      return cause instanceof ContentTooLargeException
          ? new Answer.Never("it answers with more than " + MAX_ANSWER_BYTES + " bytes")
          : new Answer.Later(cause.toString());
    }
  }

  private static Answer answer(HttpStatus status) {
    if (status.isSuccess()) {
      return new Answer.Taken();
    }
    boolean passing =
        status.isServerError()
            || status.equals(HttpStatus.REQUEST_TIMEOUT)
            || status.equals(HttpStatus.TOO_MANY_REQUESTS);
    String why = "it answers " + status.codeAsText();
    return passing ? new Answer.Later(why) : new Answer.Never(why);
  }

  private static Endpoint endpoint(URI url, boolean tls, String address) {
    int standard = tls ? 443 : 80;
    int port = url.getPort() < 0 ? standard : url.getPort();
    String host = url.getHost().replace("[", "").replace("]", "");
    Endpoint named = Endpoint.of(host, port);
    // The name stays that of the certificate and of the header.
    String plain = address.replaceFirst("%.*", "");
    return named.hasIpAddr() ? Endpoint.of(plain, port) : named.withIpAddr(plain);
  }

  private static String path(URI url) {
    String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
    return url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
  }

  private String sign(long epochSeconds, String body) {
    return signature(config.secret().value(), epochSeconds, body);
  }

  /** The header by which a receiver knows us; docs/api.md says how it is verified. */
  static String signature(String secret, long epochSeconds, String body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      mac.update((epochSeconds + ".").getBytes(StandardCharsets.UTF_8));
      byte[] sum = mac.doFinal(body.getBytes(StandardCharsets.UTF_8));
      return "t=" + epochSeconds + ",v1=" + HexFormat.of().formatHex(sum);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }

  /** Waits a moment for what is to be sent yet; close it after the sessions. */
  @Override
  public void close() {
    long until = System.nanoTime() + LAST_WORDS.toNanos();
    for (WebhookDelivery each : running) {
      each.await(Duration.ofNanos(until - System.nanoTime()));
    }
    running.forEach(WebhookDelivery::stop);
    var _ = clients.closeAsync(); // which waits for connections that nobody needs
  }
}
