package io.lipstream.app.server;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.net.SocketAddress;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Gives each call an id, the caller's own where it brings one: it comes back in the answer's
 * headers and stands in every log line that is written while the call is handled. Logs calls when
 * they end.
 */
final class RequestIds implements ServerInterceptor {
  static final Metadata.Key<String> HEADER =
      Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

  private static final Logger LOG = LoggerFactory.getLogger("io.lipstream.call");
  private static final String MDC_KEY = "request";
  // Whatever else a caller sends could forge log lines.
  private static final Pattern USABLE = Pattern.compile("[A-Za-z0-9._:-]{1,64}");
  private static final int RANDOM_BYTES = 8;

  private final boolean times;
  private final LongSupplier clock;

  /**
   * Ids for a server.
   *
   * @param times whether calls that computed are logged too, not only those that failed or changed
   *     something
   * @param clock nanoseconds
   */
  RequestIds(boolean times, LongSupplier clock) {
    this.times = times;
    this.clock = clock;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String id = idOf(headers);
    long start = clock.getAsLong();
    AtomicBoolean ended = new AtomicBoolean();
    ServerCall<Q, R> answering =
        new SimpleForwardingServerCall<>(call) {
          private boolean headersSent;

          @Override
          public void sendHeaders(Metadata answer) {
            headersSent = true;
            answer.put(HEADER, id);
            super.sendHeaders(answer);
          }

          @Override
          public void close(Status status, Metadata trailers) {
            // A refusal has no headers of its own.
            if (!headersSent) {
              trailers.put(HEADER, id);
            }
            if (!ended.getAndSet(true)) {
              ended(call, id, status, clock.getAsLong() - start);
            }
            super.close(status, trailers);
          }
        };
    MDC.put(MDC_KEY, id);
    try {
      return new Tagged<>(
          next.startCall(answering, headers),
          id,
          () -> {
            if (!ended.getAndSet(true)) {
              ended(call, id, Status.CANCELLED, clock.getAsLong() - start);
            }
          });
    } finally {
      MDC.remove(MDC_KEY);
    }
  }

  private static String idOf(Metadata headers) {
    @Nullable String given = headers.get(HEADER);
    if (given != null && USABLE.matcher(given).matches()) {
      return given;
    }
    byte[] random = new byte[RANDOM_BYTES];
    ThreadLocalRandom.current().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  private void ended(ServerCall<?, ?> call, String id, Status status, long nanos) {
    String method = call.getMethodDescriptor().getFullMethodName();
    boolean management = TokenCheck.isManagement(method);
    boolean worthALine = !status.isOk() && status.getCode() != Status.Code.CANCELLED;
    if (!(times || management || worthALine || LOG.isDebugEnabled())) {
      return;
    }
    @Nullable SocketAddress peer = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    MDC.put(MDC_KEY, id);
    try {
      LOG.info(
          "{} {} in {} ms from {}{}",
          method,
          status.getCode(),
          String.format(Locale.ROOT, "%.1f", (double) nanos / TimeUnit.MILLISECONDS.toNanos(1)),
          peer,
          status.getDescription() == null ? "" : ": " + status.getDescription());
    } finally {
      MDC.remove(MDC_KEY);
    }
  }

  /** Handles a call's events with its id in the log's context. */
  private static final class Tagged<Q> extends ServerCall.Listener<Q> {
    private final ServerCall.Listener<Q> next;
    private final String id;
    private final Runnable cancelled;

    Tagged(ServerCall.Listener<Q> next, String id, Runnable cancelled) {
      this.next = next;
      this.id = id;
      this.cancelled = cancelled;
    }

    private void tagged(Runnable event) {
      MDC.put(MDC_KEY, id);
      try {
        event.run();
      } finally {
        MDC.remove(MDC_KEY);
      }
    }

    @Override
    public void onMessage(Q message) {
      MDC.put(MDC_KEY, id);
      try {
        next.onMessage(message);
      } finally {
        MDC.remove(MDC_KEY);
      }
    }

    @Override
    public void onHalfClose() {
      tagged(next::onHalfClose);
    }

    @Override
    public void onCancel() {
      cancelled.run();
      tagged(next::onCancel);
    }

    @Override
    public void onComplete() {
      tagged(next::onComplete);
    }

    @Override
    public void onReady() {
      tagged(next::onReady);
    }
  }
}
