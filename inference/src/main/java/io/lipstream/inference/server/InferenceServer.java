package io.lipstream.inference.server;

import io.grpc.BindableService;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.lipstream.media.LipstreamException;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Offers services on one port, with health checks and reflection.
 *
 * <p>Netty's event loops only move bytes: messages are parsed and calls handled on virtual threads.
 * The services and what they work on stay the caller's to close, after this.
 */
public final class InferenceServer implements AutoCloseable {
  /** What a stream or a connection may have on its way before the other side has taken it. */
  private static final int FLOW_WINDOW_BYTES = 8 << 20;

  private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(2);

  private final Server server;
  private final HealthStatusManager health;
  private final ExecutorService calls;
  private final Options options;

  /**
   * How a server is reached and how much it takes in.
   *
   * @param port 0 for any free one
   * @param maxMessageBytes larger messages are refused with RESOURCE_EXHAUSTED
   * @param maxCalls calls and streams that may be open at once; more are refused with
   *     RESOURCE_EXHAUSTED
   * @param drainTimeout how long a stopping server lets running calls finish
   * @param tls how connections are encrypted; empty for not at all
   * @param interceptors seen by every call, health checks and reflection included, the first first
   */
  public record Options(
      String address,
      int port,
      int maxMessageBytes,
      int maxCalls,
      Duration drainTimeout,
      Optional<SslContext> tls,
      List<ServerInterceptor> interceptors) {
    public Options {
      interceptors = List.copyOf(interceptors);
    }

    /** Plain text on this machine alone, on any free port. */
    public static Options loopback() {
      return new Options(
          "127.0.0.1", 0, 128 << 20, 2000, Duration.ofSeconds(30), Optional.empty(), List.of());
    }

    public Options withPort(int newPort) {
      return new Options(
          address, newPort, maxMessageBytes, maxCalls, drainTimeout, tls, interceptors);
    }

    public Options withMaxMessageBytes(int bytes) {
      return new Options(address, port, bytes, maxCalls, drainTimeout, tls, interceptors);
    }

    public Options withMaxCalls(int calls) {
      return new Options(address, port, maxMessageBytes, calls, drainTimeout, tls, interceptors);
    }

    public Options withInterceptors(List<ServerInterceptor> newInterceptors) {
      return new Options(
          address, port, maxMessageBytes, maxCalls, drainTimeout, tls, newInterceptors);
    }
  }

  private InferenceServer(Options options, List<? extends BindableService> services) {
    this.options = options;
    health = new HealthStatusManager();
    calls = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("grpc-call-", 0).factory());
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(options.address(), options.port()))
            .executor(calls)
            .maxInboundMessageSize(options.maxMessageBytes())
            .flowControlWindow(FLOW_WINDOW_BYTES)
            .permitKeepAliveTime(5, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .keepAliveTime(20, TimeUnit.SECONDS)
            .keepAliveTimeout(10, TimeUnit.SECONDS)
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance());
    services.forEach(service -> builder.addService(MalformedMessages.guard(service.bindService())));
    options.tls().ifPresent(builder::sslContext);
    // gRPC asks the last one first.
    builder.intercept(new CallLimit(options.maxCalls()));
    options.interceptors().reversed().forEach(builder::intercept);
    server = builder.build();
  }

  /**
   * Starts to listen.
   *
   * @throws LipstreamException ENVIRONMENT if the address is not to be had
   */
  public static InferenceServer start(Options options, List<? extends BindableService> services) {
    InferenceServer server = new InferenceServer(options, services);
    try {
      server.server.start();
    } catch (IOException e) {
      server.calls.shutdown();
      String cause = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "cannot listen on " + options.address() + ":" + options.port() + ": " + cause,
          "choose another address or port, or end the program that uses it",
          e);
    }
    server.setServing(true);
    return server;
  }

  /** The port it listens on. */
  public int port() {
    return server.getPort();
  }

  /** What health checks are told, for the server as a whole and each of its services. */
  public void setServing(boolean serving) {
    ServingStatus status = serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
    server
        .getServices()
        .forEach(service -> health.setStatus(service.getServiceDescriptor().getName(), status));
  }

  /**
   * Refuses new calls, lets running ones finish for as long as the options say and cuts off the
   * rest.
   */
  @Override
  public void close() {
    setServing(false);
    server.shutdown();
    try {
      if (!server.awaitTermination(options.drainTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
        abort();
      }
    } catch (InterruptedException e) {
      abort();
      Thread.currentThread().interrupt();
    }
    calls.shutdown();
  }

  /** Cuts off every call at once, as a crash would. */
  public void abort() {
    server.shutdownNow();
    try {
      server.awaitTermination();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    calls.shutdown();
  }

  /** Counts open calls and refuses those above a number. */
  private static final class CallLimit implements ServerInterceptor {
    private final int maxCalls;
    private final AtomicInteger open = new AtomicInteger();

    CallLimit(int maxCalls) {
      this.maxCalls = maxCalls;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      if (open.incrementAndGet() > maxCalls) {
        open.decrementAndGet();
        StatusRuntimeException refusal =
            Refusal.exhausted(
                "the server has " + maxCalls + " calls open, as many as it takes", RETRY_WHEN_FULL);
        Metadata details = refusal.getTrailers();
        call.close(refusal.getStatus(), details == null ? new Metadata() : details);
        return new ServerCall.Listener<>() {};
      }
      AtomicBoolean counted = new AtomicBoolean(true);
      // The place is free before the client hears the end: whoever calls one after the other finds
      // it.
      ServerCall<Q, R> counting =
          new SimpleForwardingServerCall<>(call) {
            @Override
            public void close(Status status, Metadata trailers) {
              leave(counted);
              super.close(status, trailers);
            }
          };
      try {
        return new SimpleForwardingServerCallListener<>(next.startCall(counting, headers)) {
          @Override
          public void onCancel() {
            leave(counted);
            super.onCancel();
          }
        };
      } catch (RuntimeException | Error e) {
        leave(counted);
        throw e;
      }
    }

    private void leave(AtomicBoolean counted) {
      if (counted.getAndSet(false)) {
        open.decrementAndGet();
      }
    }
  }
}
