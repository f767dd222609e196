package io.lipstream.inference.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.lipstream.inference.engine.DeviceStatus;
import io.lipstream.media.wire.batch.HealthRequest;
import io.lipstream.media.wire.batch.HealthResponse;
import io.lipstream.media.wire.batch.InferenceServiceGrpc;
import io.lipstream.media.wire.batch.ListModelsRequest;
import io.lipstream.media.wire.batch.ModelInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One inference server of a fleet: its connections, whether it answers, what it has, and how much
 * it was asked for.
 *
 * <p>A server that cannot be reached, or is silent twice, is away: nothing is sent to it but
 * probes, first soon and then ever later up to a bound, until one is answered. Thread-safe.
 */
final class FleetServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FleetServer.class);
  private static final long FIRST_BACK_OFF_NANOS = 100_000_000;
  private static final long CATALOGUE_PERIOD_NANOS = 5_000_000_000L;

  /** Silences in a row after which a server counts as away. */
  private static final int SILENCES = 2;

  private final int number;
  private final FleetSettings settings;
  private final String address;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final AtomicInteger nextChannel = new AtomicInteger();
  private final AtomicInteger streams = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();
  private final Runnable changed;

  /** How often an avatar's pictures were sent. */
  private final Map<ByteString, AtomicInteger> uploads = new HashMap<>();

  // Guarded by this.
  private boolean present = true;
  private boolean everSeen;
  private int silences;
  private boolean probing;
  private long nextProbeNanos;
  private long nextListNanos;
  private long backOffNanos = FIRST_BACK_OFF_NANOS;
  private String reason = "it was not asked yet";
  private HealthResponse health = HealthResponse.getDefaultInstance();
  private List<ModelInfo> models = List.of();

  /** How often it was asked for its models, and which time the list above answers. */
  private long listsAsked;

  private long listKnown;

  /**
   * A server that is not asked for anything yet.
   *
   * @param number its place among the servers, from 0
   * @param changed told when it comes or goes
   */
  FleetServer(int number, FleetSettings settings, long nowNanos, Runnable changed) {
    this.number = number;
    this.settings = settings;
    this.changed = changed;
    InferenceTarget target = settings.servers().get(number);
    address = target.host() + ":" + target.port();
    for (int i = 0; i < settings.connections(); i++) {
      channels.add(target.open());
    }
    nextProbeNanos = nowNanos;
    nextListNanos = nowNanos;
  }

  String address() {
    return address;
  }

  /** One of its connections. */
  ManagedChannel channel() {
    return channels.get(Math.floorMod(nextChannel.getAndIncrement(), channels.size()));
  }

  synchronized boolean isPresent() {
    return present;
  }

  /** Whether it has answered since the start. */
  synchronized boolean wasSeen() {
    return everSeen;
  }

  synchronized String reason() {
    return reason;
  }

  /** Streams and frames that it has to do with at this moment. */
  int load() {
    return streams.get() + unanswered.get();
  }

  AtomicInteger streams() {
    return streams;
  }

  AtomicInteger unanswered() {
    return unanswered;
  }

  /** Asks how it is, if it is time. */
  void tick(long nowNanos) {
    boolean list;
    synchronized (this) {
      if (probing || nowNanos - nextProbeNanos < 0) {
        return;
      }
      probing = true;
      list = nowNanos - nextListNanos >= 0;
      if (list) {
        nextListNanos = nowNanos + CATALOGUE_PERIOD_NANOS;
      }
    }
    ManagedChannel channel = channels.getFirst();
    channel.resetConnectBackoff();
    stub(channel).health(HealthRequest.getDefaultInstance(), observer(this::healthy, true));
    if (list) {
      list(channel);
    }
  }

  private InferenceServiceGrpc.InferenceServiceStub stub(ManagedChannel channel) {
    return InferenceServiceGrpc.newStub(channel)
        .withDeadlineAfter(settings.probeTimeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  private void list(ManagedChannel channel) {
    long number = nextList();
    stub(channel)
        .listModels(
            ListModelsRequest.getDefaultInstance(),
            observer(answer -> known(answer.getModelsList(), number), false));
  }

  private synchronized long nextList() {
    return ++listsAsked;
  }

  /** Looks at its models again, and waits for them. */
  void refresh() {
    long number = nextList();
    try {
      known(
          InferenceServiceGrpc.newBlockingStub(channel())
              .withDeadlineAfter(settings.probeTimeout().toMillis(), TimeUnit.MILLISECONDS)
              .listModels(ListModelsRequest.getDefaultInstance())
              .getModelsList(),
          number);
    } catch (StatusRuntimeException e) {
      LOG.debug("{} does not list its models: {}", address, e.getStatus());
    }
  }

  /** An answer that was overtaken by a later one tells nothing any more. */
  private synchronized void known(List<ModelInfo> list, long number) {
    if (number > listKnown) {
      listKnown = number;
      models = List.copyOf(list);
    }
  }

  private <T extends MessageLite> StreamObserver<T> observer(Consumer<T> heard, boolean probe) {
    return new StreamObserver<>() {
      @Override
      public void onNext(T message) {
        heard.accept(message);
      }

      @Override
      public void onError(Throwable failure) {
        if (probe) {
          Status status = Status.fromThrowable(failure);
          if (status.getCode() == Status.Code.UNAVAILABLE
              || status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
            missed(status, true);
          } else {
            // It lives, though it does not tell.
            healthy(HealthResponse.getDefaultInstance());
          }
        }
      }

      @Override
      public void onCompleted() {}
    };
  }

  private void healthy(HealthResponse answer) {
    boolean came;
    boolean first;
    synchronized (this) {
      health = answer;
      probing = false;
      came = !present || !everSeen;
      first = !everSeen;
      present = true;
      everSeen = true;
      silences = 0;
      backOffNanos = FIRST_BACK_OFF_NANOS;
      nextProbeNanos = System.nanoTime() + settings.probePeriod().toNanos();
    }
    if (came) {
      LOG.info("inference server {} {}", address, first ? "answers" : "is back");
      list(channels.getFirst());
      changed.run();
    }
  }

  /** It was heard of, so it is there. */
  synchronized void answered() {
    silences = 0;
  }

  /** A connection was lost or could not be made. */
  void missed(Status status) {
    missed(status, false);
  }

  private void missed(Status status, boolean probe) {
    boolean went;
    synchronized (this) {
      if (probe) {
        probing = false;
      }
      boolean silent = status.getCode() == Status.Code.DEADLINE_EXCEEDED;
      silences++;
      reason = status.getDescription() == null ? status.getCode().name() : status.getDescription();
      boolean away = !silent || silences >= SILENCES;
      went = present && away;
      if (went) {
        present = false;
      }
      long now = System.nanoTime();
      // Not all of those who lost it come back at the same moment.
      nextProbeNanos = now + ThreadLocalRandom.current().nextLong(backOffNanos / 2, backOffNanos);
      if (probe && !present) {
        backOffNanos = Math.min(2 * backOffNanos, settings.longestBackOff().toNanos());
      }
    }
    if (went) {
      LOG.warn("inference server {} is away: {}", address, reason());
      changed.run();
    }
  }

  /** Whether it may have a model; unknown counts as yes. */
  synchronized boolean mayHave(String modelId) {
    return models.isEmpty() || models.stream().anyMatch(each -> each.getModelId().equals(modelId));
  }

  synchronized List<ModelInfo> models() {
    return models;
  }

  /** It as a device; its memory is that of all its devices together. */
  synchronized DeviceStatus status() {
    long budget = 0;
    long used = 0;
    for (var gpu : health.getGpusList()) {
      budget += gpu.getTotalMemoryBytes();
      used += gpu.getUsedMemoryBytes();
    }
    return new DeviceStatus(
        address,
        number,
        channels.size(),
        budget,
        used,
        present ? health.getLoadedModels() : 0,
        0,
        unanswered.get(),
        Optional.empty());
  }

  /** How often it was sent the pictures of this sum. */
  int timesSent(ByteString sum) {
    synchronized (uploads) {
      return uploads.computeIfAbsent(sum, key -> new AtomicInteger()).get();
    }
  }

  /** Sends an avatar's pictures, unless another stream has since it was found to lack them. */
  void send(FleetStream.Visuals visuals, ByteString sum, int missedAfter) {
    AtomicInteger times;
    synchronized (uploads) {
      times = uploads.computeIfAbsent(sum, key -> new AtomicInteger());
    }
    synchronized (times) {
      if (times.get() == missedAfter) {
        AvatarPictures.send(channel(), visuals.crops(), visuals.mask(), sum);
        times.incrementAndGet();
      }
    }
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
  }
}
