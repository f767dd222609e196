package io.lipstream.inference.oip;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.DeviceStatus;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.Models;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.wire.oip.RepositoryIndexResponse.ModelIndex;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server of the Open Inference Protocol as an engine: Triton, OpenVINO, MLServer or another
 * Lipstream computes, this side batches and keeps deadlines.
 *
 * <p>Frames go out as rows of ModelInfer calls, several of which are under way at once. A server
 * that goes away is waited for as long as the settings say and the frames' deadlines allow; then
 * frames fail, and streams go on working once it is back. Its own memory is its own business:
 * unloading is passed on, eviction is not done from here.
 */
public final class OipEngine implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(OipEngine.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
  private static final long OVERLOAD_NANOS = 1_000_000_000;
  private static final long UTILIZATION_WINDOW_NANOS = 1_000_000_000;

  private final OipSettings settings;
  private final EngineEvents events;
  private final LongSupplier nanoClock;
  private final RemoteServer server;
  private final RemoteQueue queue;
  private final LongAdder busyNanos = new LongAdder();
  private final List<Thread> workers = new ArrayList<>();
  private final Catalogue catalogue;
  private volatile boolean closed;

  /** Connects on first use. */
  public OipEngine(OipSettings settings, EngineEvents events, LongSupplier nanoClock) {
    this.settings = settings;
    this.events = events;
    this.nanoClock = nanoClock;
    server = new RemoteServer(settings, nanoClock);
    queue = new RemoteQueue(nanoClock);
    catalogue = new Catalogue();
    for (int i = 0; i < settings.concurrentCalls(); i++) {
      RemoteWorker worker =
          new RemoteWorker(queue, server, settings.maxFrames(), events, nanoClock, busyNanos);
      workers.add(Thread.ofPlatform().daemon().name("inference-oip-" + i).start(worker));
    }
  }

  @Override
  public Admission open(StreamRequest request) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    Admission admission = admit(request);
    if (admission instanceof Admission.Refused refused) {
      events.streamRefused(request.modelId(), refused.reason());
    }
    return admission;
  }

  private Admission admit(StreamRequest request) {
    RemoteModel model = catalogue.model(request.modelId());
    Optional<RemoteModel.RemoteShape> shape;
    try {
      if (server.isAway() && !server.isLive()) {
        return away();
      }
      shape = catalogue.shapeOf(model);
    } catch (StatusRuntimeException e) {
      if (!server.isLive()) {
        return away();
      }
      throw failure("model " + model.id + " cannot be used", e);
    }
    if (shape.isEmpty()) {
      return new Admission.Unknown(model.id);
    }
    if (request.framesPerSecond() > 0
        && queue.wasLateSince(nanoClock.getAsLong() - OVERLOAD_NANOS)) {
      return new Admission.Refused(
          server.address() + " drops frames of those who are there already", RETRY_AFTER);
    }
    RemoteStream stream = new RemoteStream(queue, this::unused, model, shape.get(), request);
    queue.open(stream);
    return new Admission.Admitted(stream);
  }

  private Admission.Refused away() {
    return new Admission.Refused(
        "the inference server at " + server.address() + " does not answer", RETRY_AFTER);
  }

  /** Passes an unload on that waited for the last stream. */
  private void unused(RemoteModel model) {
    try {
      server.unload(model.id);
    } catch (StatusRuntimeException e) {
      LOG.warn("model {} was not unloaded at {}: {}", model.id, server.address(), e.getStatus());
    }
  }

  private LipstreamException failure(String what, StatusRuntimeException cause) {
    Status status = cause.getStatus();
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT,
        what + ": " + server.address() + " answers " + status.getCode() + ", " + told(status),
        "Look at that server's log, and at its list of models",
        cause);
  }

  private static String told(Status status) {
    String description = status.getDescription();
    return description == null ? "without saying why" : description;
  }

  @Override
  public Models models() {
    return catalogue;
  }

  @Override
  public void close() {
    closed = true;
    queue.close();
    server.close();
    boolean interrupted = false;
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The other server's models, with what this side knows of them. */
  private final class Catalogue implements Models {
    /** Guarded by the queue's lock, as the models in it. */
    private final Map<String, RemoteModel> known = new HashMap<>();

    private long windowStartNanos = nanoClock.getAsLong();
    private long windowBusyNanos;
    private double utilization;

    RemoteModel model(String id) {
      queue.lock().lock();
      try {
        return known.computeIfAbsent(id, RemoteModel::new);
      } finally {
        queue.lock().unlock();
      }
    }

    /** Asks the server on first use. */
    Optional<RemoteModel.RemoteShape> shapeOf(RemoteModel model) {
      queue.lock().lock();
      try {
        if (model.shape != null) {
          return Optional.of(model.shape);
        }
      } finally {
        queue.lock().unlock();
      }
      Optional<RemoteModel.RemoteShape> shape = server.describe(model.id);
      queue.lock().lock();
      try {
        if (shape.isPresent() && model.shape == null) {
          model.shape = shape.get();
          // Somebody wants it again.
          model.unloadWhenUnused = false;
          model.countLoad();
        } else if (shape.isEmpty() && model.streams == 0) {
          known.remove(model.id, model);
        }
      } finally {
        queue.lock().unlock();
      }
      return shape;
    }

    @Override
    public List<ModelStatus> list() {
      Map<String, ModelStatus> models = new TreeMap<>();
      String failure = "";
      Optional<List<ModelIndex>> index = server.index();
      if (index.isPresent()) {
        for (ModelIndex entry : index.get()) {
          models.put(entry.getName(), status(entry.getName(), stateOf(entry), failureOf(entry)));
        }
      } else {
        failure = server.isLive() ? "" : away().reason();
      }
      for (String id : offeredIds()) {
        if (!models.containsKey(id)) {
          models.put(id, asked(id, failure));
        }
      }
      return List.copyOf(models.values());
    }

    /** What the server need not list: what was configured and what has been described. */
    private Set<String> offeredIds() {
      Set<String> ids = new TreeSet<>(settings.models());
      queue.lock().lock();
      try {
        known.values().stream().filter(model -> model.shape != null).forEach(m -> ids.add(m.id));
      } finally {
        queue.lock().unlock();
      }
      return ids;
    }

    @Override
    public Optional<ModelStatus> find(String modelId) {
      if (offeredIds().contains(modelId) || server.isReady(modelId)) {
        return Optional.of(asked(modelId, ""));
      }
      return list().stream().filter(model -> model.id().equals(modelId)).findFirst();
    }

    private ModelStatus asked(String id, String failure) {
      if (!failure.isEmpty()) {
        return status(id, ModelStatus.State.FAILED, failure);
      }
      boolean ready = server.isReady(id);
      return status(id, ready ? ModelStatus.State.READY : ModelStatus.State.UNLOADED, "");
    }

    private ModelStatus status(String id, ModelStatus.State state, String failure) {
      long unknownBytes = 0;
      queue.lock().lock();
      try {
        RemoteModel model = known.getOrDefault(id, new RemoteModel(id));
        boolean ready = state == ModelStatus.State.READY;
        return new ModelStatus(
            id,
            state,
            ready ? Optional.of(server.address()) : Optional.empty(),
            Optional.ofNullable(model.shape).map(RemoteModel.RemoteShape::tensors),
            unknownBytes,
            model.streams,
            failure,
            model.statistics());
      } finally {
        queue.lock().unlock();
      }
    }

    /** Some servers write the name of their own constant, such as State.READY. */
    private static ModelStatus.State stateOf(ModelIndex entry) {
      String state = entry.getState().substring(entry.getState().lastIndexOf('.') + 1);
      return switch (state) {
        case "READY" -> ModelStatus.State.READY;
        case "LOADING" -> ModelStatus.State.LOADING;
        case "UNLOADING" -> ModelStatus.State.UNLOADING;
        default ->
            failureOf(entry).isEmpty() ? ModelStatus.State.UNLOADED : ModelStatus.State.FAILED;
      };
    }

    private static String failureOf(ModelIndex entry) {
      // Triton's word for a model that was unloaded as it was asked to be.
      return entry.getReason().equals("unloaded") ? "" : entry.getReason();
    }

    @Override
    public ModelStatus load(String modelId, boolean force) {
      RemoteModel model = model(modelId);
      try {
        if (force || !server.isReady(modelId)) {
          server.load(modelId);
        }
        forget(model);
        if (shapeOf(model).isEmpty()) {
          throw Status.NOT_FOUND.withDescription("there is no such model").asRuntimeException();
        }
      } catch (StatusRuntimeException e) {
        throw failure("model " + modelId + " was not loaded", e);
      }
      return status(modelId, ModelStatus.State.READY, "");
    }

    /** What its server says of a model may have changed. */
    private void forget(RemoteModel model) {
      queue.lock().lock();
      try {
        model.shape = null;
        model.unloadWhenUnused = false;
      } finally {
        queue.lock().unlock();
      }
    }

    @Override
    public boolean unload(String modelId) {
      if (!server.isReady(modelId)) {
        return false;
      }
      RemoteModel model = model(modelId);
      queue.lock().lock();
      try {
        model.shape = null;
        model.unloadWhenUnused = model.streams > 0;
        if (model.unloadWhenUnused) {
          return true;
        }
      } finally {
        queue.lock().unlock();
      }
      try {
        server.unload(modelId);
      } catch (StatusRuntimeException e) {
        throw failure("model " + modelId + " was not unloaded", e);
      }
      return true;
    }

    /** The other server as one device; what it consists of it does not tell. */
    @Override
    public List<DeviceStatus> devices() {
      long unknownBytes = 0;
      int index = 0;
      return List.of(
          new DeviceStatus(
              server.address(),
              index,
              workers.size(),
              unknownBytes,
              unknownBytes,
              offeredIds().size(),
              utilization(),
              queue.waiting(),
              Optional.empty()));
    }

    private synchronized double utilization() {
      long nowNanos = nanoClock.getAsLong();
      long elapsedNanos = nowNanos - windowStartNanos;
      if (elapsedNanos >= UTILIZATION_WINDOW_NANOS) {
        long busy = busyNanos.sum();
        utilization =
            Math.min(1, (double) (busy - windowBusyNanos) / elapsedNanos / workers.size());
        windowStartNanos = nowNanos;
        windowBusyNanos = busy;
      }
      return utilization;
    }
  }
}
