package io.lipstream.inference.client;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.lipstream.inference.PictureTensor.Values;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.DeviceStatus;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.ModelStatistics;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.Models;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.lipsync.VisualsSum;
import io.lipstream.media.picture.Rect;
import io.lipstream.media.wire.batch.InferenceServiceGrpc;
import io.lipstream.media.wire.batch.LoadModelRequest;
import io.lipstream.media.wire.batch.LoadModelResponse;
import io.lipstream.media.wire.batch.ModelInfo;
import io.lipstream.media.wire.batch.UnloadModelRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Several inference servers as one engine of mouths: each session is drawn by the one with the
 * least to do, and by another when that goes away.
 *
 * <p>Where no server answers, streams are opened all the same: their frames end as late, so that
 * whoever shows them holds the pose, and are drawn again once a server is back. One thread, {@code
 * inference-fleet}, keeps deadlines and watches the servers.
 */
public final class FleetEngine implements Engine {
  private static final long TICK_MILLIS = 5;
  private static final Duration LOADING = Duration.ofMinutes(5);

  private final FleetSettings settings;
  private final EngineEvents events;
  private final LongSupplier nanoClock;
  private final List<FleetServer> servers = new ArrayList<>();
  private final Set<FleetStream> streams = ConcurrentHashMap.newKeySet();
  private final Map<String, FleetStream.Visuals> prepared = new ConcurrentHashMap<>();
  private final Map<ReferenceCrops, ByteString> sums = new WeakHashMap<>();
  private final Models models = new Catalogue();
  private final Thread watch;
  private volatile boolean closed;

  /**
   * Begins to look for the servers.
   *
   * @param nanoClock on which deadlines are meant, System::nanoTime
   */
  public FleetEngine(FleetSettings settings, EngineEvents events, LongSupplier nanoClock) {
    this.settings = settings;
    this.events = events;
    this.nanoClock = nanoClock;
    for (int i = 0; i < settings.servers().size(); i++) {
      servers.add(new FleetServer(i, settings, now(), this::serversChanged));
    }
    watch = Thread.ofPlatform().daemon().name("inference-fleet").start(this::watch);
  }

  private void watch() {
    try {
      while (!closed) {
        long now = now();
        servers.forEach(server -> server.tick(System.nanoTime()));
        streams.forEach(stream -> stream.tick(now));
        Thread.sleep(TICK_MILLIS);
      }
    } catch (InterruptedException e) {
      // close() says when to end.
    }
  }

  private void serversChanged() {
    for (FleetServer server : servers) {
      if (!server.isPresent()) {
        streams.forEach(stream -> stream.leave(server));
      }
    }
    streams.forEach(FleetStream::connectIfNeeded);
  }

  @Override
  public void prepare(String modelId, ReferenceCrops crops, Rect mask) {
    FleetStream.Visuals visuals = new FleetStream.Visuals(crops, mask, Values.UINT8);
    prepared.put(modelId, visuals);
    Thread.ofVirtual().name("fleet-visuals").start(() -> sumOf(visuals));
  }

  @Override
  public Admission open(StreamRequest request) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    boolean known = servers.stream().anyMatch(server -> server.mayHave(request.modelId()));
    if (!known) {
      return new Admission.Unknown(request.modelId());
    }
    FleetStream stream = new FleetStream(this, request, prepared.get(request.modelId()));
    streams.add(stream);
    stream.connectIfNeeded();
    return new Admission.Admitted(stream);
  }

  void forget(FleetStream stream) {
    streams.remove(stream);
  }

  long now() {
    return nanoClock.getAsLong();
  }

  FleetSettings settings() {
    return settings;
  }

  EngineEvents events() {
    return events;
  }

  /** The SHA-256 of an avatar's pictures; the first call looks at all of them. */
  ByteString sumOf(FleetStream.Visuals visuals) {
    synchronized (sums) {
      return sums.computeIfAbsent(
          visuals.crops(), crops -> ByteString.copyFrom(VisualsSum.of(crops, visuals.mask())));
    }
  }

  List<FleetServer> presentServers() {
    return servers.stream().filter(FleetServer::isPresent).toList();
  }

  /** The server with the least to do of those that answer and have the model, if there is one. */
  @Nullable FleetServer choose(String modelId, Predicate<FleetServer> shunned) {
    return servers.stream()
        .filter(server -> server.isPresent() && server.mayHave(modelId) && !shunned.test(server))
        .min(
            Comparator.comparing((FleetServer server) -> !server.wasSeen())
                .thenComparingInt(FleetServer::load))
        .orElse(null);
  }

  /** Servers that answer at this moment, for health checks and metrics. */
  public int serversPresent() {
    return (int) servers.stream().filter(each -> each.isPresent() && each.wasSeen()).count();
  }

  @Override
  public Models models() {
    return models;
  }

  @Override
  public void close() {
    closed = true;
    watch.interrupt();
    List.copyOf(streams).forEach(FleetStream::close);
    servers.forEach(FleetServer::close);
    try {
      watch.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What all servers have, and what is asked of all of them. */
  private final class Catalogue implements Models {
    @Override
    public List<ModelStatus> list() {
      Map<String, List<ModelInfo>> byId = new TreeMap<>();
      Map<String, List<String>> where = new TreeMap<>();
      for (FleetServer server : servers) {
        for (ModelInfo model : server.models()) {
          byId.computeIfAbsent(model.getModelId(), id -> new ArrayList<>()).add(model);
          if (model.getLoaded() && server.isPresent()) {
            where
                .computeIfAbsent(model.getModelId(), id -> new ArrayList<>())
                .add(server.address());
          }
        }
      }
      List<ModelStatus> statuses = new ArrayList<>();
      byId.forEach(
          (id, infos) -> statuses.add(status(id, infos, where.getOrDefault(id, List.of()))));
      return statuses;
    }

    private ModelStatus status(String id, List<ModelInfo> infos, List<String> loadedAt) {
      long frames = infos.stream().mapToLong(each -> each.getStats().getUsageCount()).sum();
      double millis =
          infos.stream().mapToDouble(each -> each.getStats().getTotalInferenceTimeMs()).sum();
      return new ModelStatus(
          id,
          loadedAt.isEmpty() ? ModelStatus.State.UNLOADED : ModelStatus.State.READY,
          loadedAt.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", loadedAt)),
          Optional.empty(),
          infos.stream().mapToLong(each -> each.getStats().getMemoryBytes()).sum(),
          (int) streams.stream().filter(stream -> stream.isFor(id)).count(),
          "",
          new ModelStatistics(frames, 0, 0, 0, 0, 0, 0, Math.round(millis * 1e6), Long.MIN_VALUE));
    }

    @Override
    public Optional<ModelStatus> find(String modelId) {
      return list().stream().filter(model -> model.id().equals(modelId)).findFirst();
    }

    @Override
    public ModelStatus load(String modelId, boolean force) {
      List<String> failures = new ArrayList<>();
      int loaded = 0;
      for (FleetServer server : presentServers()) {
        String failure = load(server, modelId, force);
        if (failure.isEmpty()) {
          loaded++;
        } else {
          failures.add(server.address() + ": " + failure);
        }
        server.refresh();
      }
      if (loaded == 0) {
        throw new LipstreamException(
            LipstreamException.Kind.ENVIRONMENT,
            "model '"
                + modelId
                + "' was loaded by no inference server"
                + (failures.isEmpty() ? ": none answers" : ": " + String.join("; ", failures)),
            "look at their logs, and at their lists of models");
      }
      return find(modelId).orElseGet(() -> status(modelId, List.of(), List.of()));
    }

    private String load(FleetServer server, String modelId, boolean force) {
      try {
        LoadModelResponse answer =
            InferenceServiceGrpc.newBlockingStub(server.channel())
                .withDeadlineAfter(LOADING.toSeconds(), TimeUnit.SECONDS)
                .loadModel(
                    LoadModelRequest.newBuilder()
                        .setModelId(modelId)
                        .setForceReload(force)
                        .build());
        return answer.getSuccess() ? "" : answer.getError();
      } catch (StatusRuntimeException e) {
        return e.getStatus().toString();
      }
    }

    @Override
    public boolean unload(String modelId) {
      boolean unloaded = false;
      for (FleetServer server : presentServers()) {
        try {
          unloaded |=
              InferenceServiceGrpc.newBlockingStub(server.channel())
                  .withDeadlineAfter(LOADING.toSeconds(), TimeUnit.SECONDS)
                  .unloadModel(UnloadModelRequest.newBuilder().setModelId(modelId).build())
                  .getSuccess();
        } catch (StatusRuntimeException e) {
          throw new LipstreamException(
              LipstreamException.Kind.ENVIRONMENT,
              "model '"
                  + modelId
                  + "' was not unloaded at "
                  + server.address()
                  + ": "
                  + e.getStatus(),
              "try again, or unload it there",
              e);
        }
        server.refresh();
      }
      return unloaded;
    }

    @Override
    public List<DeviceStatus> devices() {
      return servers.stream().map(FleetServer::status).toList();
    }
  }
}
