package io.lipstream.inference.oip;

import static io.lipstream.inference.server.Refusal.invalid;

import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Deadline;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.lipstream.inference.TensorDescription;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.inference.engine.ModelStatistics;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.inference.server.Refusal;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.wire.oip.DataType;
import io.lipstream.media.wire.oip.GRPCInferenceServiceGrpc;
import io.lipstream.media.wire.oip.InferParameter;
import io.lipstream.media.wire.oip.InferStatistics;
import io.lipstream.media.wire.oip.ModelConfig;
import io.lipstream.media.wire.oip.ModelConfigRequest;
import io.lipstream.media.wire.oip.ModelConfigResponse;
import io.lipstream.media.wire.oip.ModelDynamicBatching;
import io.lipstream.media.wire.oip.ModelInferRequest;
import io.lipstream.media.wire.oip.ModelInferResponse;
import io.lipstream.media.wire.oip.ModelInput;
import io.lipstream.media.wire.oip.ModelMetadataRequest;
import io.lipstream.media.wire.oip.ModelMetadataResponse;
import io.lipstream.media.wire.oip.ModelOutput;
import io.lipstream.media.wire.oip.ModelReadyRequest;
import io.lipstream.media.wire.oip.ModelReadyResponse;
import io.lipstream.media.wire.oip.ModelStatisticsRequest;
import io.lipstream.media.wire.oip.ModelStatisticsResponse;
import io.lipstream.media.wire.oip.RepositoryIndexRequest;
import io.lipstream.media.wire.oip.RepositoryIndexResponse;
import io.lipstream.media.wire.oip.RepositoryModelLoadRequest;
import io.lipstream.media.wire.oip.RepositoryModelLoadResponse;
import io.lipstream.media.wire.oip.RepositoryModelUnloadRequest;
import io.lipstream.media.wire.oip.RepositoryModelUnloadResponse;
import io.lipstream.media.wire.oip.ServerLiveRequest;
import io.lipstream.media.wire.oip.ServerLiveResponse;
import io.lipstream.media.wire.oip.ServerMetadataRequest;
import io.lipstream.media.wire.oip.ServerMetadataResponse;
import io.lipstream.media.wire.oip.ServerReadyRequest;
import io.lipstream.media.wire.oip.ServerReadyResponse;
import io.lipstream.media.wire.oip.StatisticDuration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The engine as a server of the Open Inference Protocol, version 2, with its model repository,
 * model configuration and statistics extensions.
 *
 * <p>Calls wait in the thread that handles them: give the server threads that may wait.
 */
public final class OipService implements BindableService {
  /** Files have no versions; this is what clients are told that want one. */
  private static final String VERSION = "1";

  /** Rows of one client that may wait for one worker: 2.5 s at 25 frames a second. */
  private static final int QUEUE_FRAMES = 64;

  private static final String PLATFORM = "onnxruntime_onnx";

  private static final Context.Key<String> CONNECTION = Context.key("oip-connection");

  private final Engine engine;
  private final String version;
  private final BooleanSupplier ready;
  private final LongSupplier nanoClock;
  private final ClientStreams streams;

  /**
   * The service on an engine that outlives it.
   *
   * @param version Lipstream's own
   * @param ready whether new work is welcome
   * @param nanoClock the engine's
   */
  public OipService(Engine engine, String version, BooleanSupplier ready, LongSupplier nanoClock) {
    this.engine = engine;
    this.version = version;
    this.ready = ready;
    this.nanoClock = nanoClock;
    streams = new ClientStreams(engine, QUEUE_FRAMES);
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerInterceptors.intercept(
        GRPCInferenceServiceGrpc.bindService(new Calls()), new ConnectionNames());
  }

  private ModelStatus find(String modelId, String version) {
    if (!version.isEmpty() && !version.equals(VERSION)) {
      throw Status.NOT_FOUND
          .withDescription(
              "model " + modelId + " has no version " + version + "; leave it empty or send 1")
          .asRuntimeException();
    }
    return engine.models().find(modelId).orElseThrow(() -> unknown(engine, modelId));
  }

  static StatusRuntimeException unknown(Engine engine, String modelId) {
    return Refusal.noSuchModel(
        modelId, engine.models().list().stream().map(ModelStatus::id).toList());
  }

  /** A model's tensors, which only loading it tells. */
  private ModelShape shapeOf(String modelId, String version) {
    return find(modelId, version)
        .shape()
        .or(() -> engine.models().load(modelId, false).shape())
        .orElseThrow(
            () ->
                Status.UNAVAILABLE
                    .withDescription("model " + modelId + " was unloaded just now; try again")
                    .asRuntimeException());
  }

  private ModelMetadataResponse metadata(ModelMetadataRequest request) {
    ModelShape shape = shapeOf(request.getName(), request.getVersion());
    ModelMetadataResponse.Builder metadata =
        ModelMetadataResponse.newBuilder()
            .setName(request.getName())
            .addVersions(VERSION)
            .setPlatform(PLATFORM);
    shape.inputs().forEach(tensor -> metadata.addInputs(metadataOf(tensor)));
    shape.outputs().forEach(tensor -> metadata.addOutputs(metadataOf(tensor)));
    return metadata.build();
  }

  /** The first axis is free whatever the file says: rows are computed one by one if need be. */
  private static ModelMetadataResponse.TensorMetadata metadataOf(TensorDescription tensor) {
    ModelMetadataResponse.TensorMetadata.Builder metadata =
        ModelMetadataResponse.TensorMetadata.newBuilder()
            .setName(tensor.name())
            .setDatatype(Datatype.of(tensor).name())
            .addShape(-1);
    frameShape(tensor).forEach(metadata::addShape);
    return metadata.build();
  }

  private static List<Long> frameShape(TensorDescription tensor) {
    return tensor.shape().subList(1, tensor.shape().size());
  }

  private ModelConfigResponse config(ModelConfigRequest request) {
    ModelShape shape = shapeOf(request.getName(), request.getVersion());
    ModelConfig.Builder config =
        ModelConfig.newBuilder()
            .setName(request.getName())
            .setPlatform(PLATFORM)
            .setBackend("onnxruntime")
            .setMaxBatchSize(QUEUE_FRAMES)
            .setDynamicBatching(ModelDynamicBatching.getDefaultInstance());
    for (TensorDescription tensor : shape.inputs()) {
      config.addInput(
          ModelInput.newBuilder()
              .setName(tensor.name())
              .setDataType(dataType(tensor))
              .addAllDims(frameShape(tensor)));
    }
    for (TensorDescription tensor : shape.outputs()) {
      config.addOutput(
          ModelOutput.newBuilder()
              .setName(tensor.name())
              .setDataType(dataType(tensor))
              .addAllDims(frameShape(tensor)));
    }
    return ModelConfigResponse.newBuilder().setConfig(config).build();
  }

  private static DataType dataType(TensorDescription tensor) {
    return switch (Datatype.of(tensor)) {
      case FP32 -> DataType.TYPE_FP32;
      case FP16 -> DataType.TYPE_FP16;
    };
  }

  private ModelStatisticsResponse statistics(ModelStatisticsRequest request) {
    List<ModelStatus> models =
        request.getName().isEmpty()
            ? engine.models().list().stream().filter(OipService::isReady).toList()
            : List.of(find(request.getName(), request.getVersion()));
    ModelStatisticsResponse.Builder response = ModelStatisticsResponse.newBuilder();
    models.forEach(model -> response.addModelStats(statisticsOf(model)));
    return response.build();
  }

  /** Counted are rows: a request of eight is eight successes. */
  private static io.lipstream.media.wire.oip.ModelStatistics statisticsOf(ModelStatus model) {
    ModelStatistics counts = model.statistics();
    return io.lipstream.media.wire.oip.ModelStatistics.newBuilder()
        .setName(model.id())
        .setVersion(VERSION)
        .setInferenceCount(counts.frames())
        .setExecutionCount(counts.batches())
        .setInferenceStats(
            InferStatistics.newBuilder()
                .setSuccess(duration(counts.frames(), counts.queueNanos() + counts.serviceNanos()))
                .setFail(duration(counts.failed() + counts.late(), 0))
                .setQueue(duration(counts.frames(), counts.queueNanos()))
                .setComputeInfer(duration(counts.batches(), counts.serviceNanos())))
        .build();
  }

  private static StatisticDuration duration(long count, long nanos) {
    return StatisticDuration.newBuilder().setCount(count).setNs(nanos).build();
  }

  private static boolean isReady(ModelStatus model) {
    return model.state() == ModelStatus.State.READY;
  }

  private RepositoryIndexResponse index(RepositoryIndexRequest request) {
    RepositoryIndexResponse.Builder index = RepositoryIndexResponse.newBuilder();
    for (ModelStatus model : engine.models().list()) {
      if (request.getReady() && !isReady(model)) {
        continue;
      }
      index.addModels(
          RepositoryIndexResponse.ModelIndex.newBuilder()
              .setName(model.id())
              .setVersion(VERSION)
              .setState(
                  switch (model.state()) {
                    case READY -> "READY";
                    case LOADING -> "LOADING";
                    case UNLOADING -> "UNLOADING";
                    case UNLOADED, FAILED -> "UNAVAILABLE";
                  })
              .setReason(model.failure()));
    }
    return index.build();
  }

  /** Loads a model; one that is loaded is read again and swapped in without losing a row. */
  private RepositoryModelLoadResponse load(RepositoryModelLoadRequest request) {
    for (String parameter : request.getParametersMap().keySet()) {
      throw invalid(
          "parameters",
          "have "
              + parameter
              + ", which is not supported: models are loaded as they lie in the catalogue");
    }
    engine.models().load(request.getModelName(), isReady(find(request.getModelName(), "")));
    return RepositoryModelLoadResponse.getDefaultInstance();
  }

  private RepositoryModelUnloadResponse unload(RepositoryModelUnloadRequest request) {
    find(request.getModelName(), "");
    engine.models().unload(request.getModelName());
    return RepositoryModelUnloadResponse.getDefaultInstance();
  }

  private ModelInferResponse infer(ModelInferRequest request) {
    long deadlineNanos = deadlineOf(request);
    if (!request.getModelVersion().isEmpty()) {
      find(request.getModelName(), request.getModelVersion());
    }
    ClientStreams.Key key =
        new ClientStreams.Key(
            Objects.requireNonNullElse(CONNECTION.get(), "in-process"),
            request.getModelName(),
            priorityOf(request));
    try (ClientStreams.Lease lease = streams.lease(key)) {
      ModelInferResponse.Builder response =
          ModelInferResponse.newBuilder()
              .setModelName(request.getModelName())
              .setModelVersion(VERSION)
              .setId(request.getId())
              .putAllParameters(request.getParametersMap());
      Context.CancellationListener cancel = context -> lease.cancel();
      Context context = Context.current();
      InferCall call = new InferCall(lease, request);
      context.addListener(cancel, Runnable::run);
      try {
        call.computeInto(response, deadlineNanos);
      } finally {
        context.removeListener(cancel);
      }
      return response.build();
    }
  }

  /** The earlier one of the call's deadline and the parameter timeout, which is microseconds. */
  private long deadlineOf(ModelInferRequest request) {
    long left = Long.MAX_VALUE;
    Deadline deadline = Context.current().getDeadline();
    if (deadline != null) {
      left = deadline.timeRemaining(TimeUnit.NANOSECONDS);
    }
    long timeoutMicros = integer(request, "timeout");
    if (timeoutMicros > 0) {
      left = Math.min(left, TimeUnit.MICROSECONDS.toNanos(timeoutMicros));
    }
    long nowNanos = nanoClock.getAsLong();
    long at = nowNanos + left;
    return left == Long.MAX_VALUE || (left > 0 && at < nowNanos) ? Long.MAX_VALUE : at;
  }

  /** 0 is the default, 1 the highest, more is less urgent. */
  private static Priority priorityOf(ModelInferRequest request) {
    long priority = integer(request, "priority");
    if (priority == 0 || priority == 2) {
      return Priority.NORMAL;
    }
    return priority == 1 ? Priority.LIVE : Priority.BULK;
  }

  private static long integer(ModelInferRequest request, String parameter) {
    InferParameter value =
        request.getParametersOrDefault(
            parameter, InferParameter.newBuilder().setInt64Param(0).build());
    long number =
        switch (value.getParameterChoiceCase()) {
          case INT64_PARAM -> value.getInt64Param();
          case UINT64_PARAM -> value.getUint64Param();
          case BOOL_PARAM, STRING_PARAM, DOUBLE_PARAM, PARAMETERCHOICE_NOT_SET -> -1;
        };
    if (number < 0) {
      throw invalid("parameters", "have " + parameter + ", which must be an integer of 0 or more");
    }
    return number;
  }

  /** Answers a call, or tells why not. */
  private static <T> void answer(StreamObserver<T> observer, Supplier<T> response) {
    T message;
    try {
      message = response.get();
    } catch (LipstreamException e) {
      observer.onError(Refusal.of(e));
      return;
    } catch (StatusRuntimeException e) {
      observer.onError(e);
      return;
    }
    observer.onNext(message);
    observer.onCompleted();
  }

  /** Each call of the protocol. */
  private final class Calls implements GRPCInferenceServiceGrpc.AsyncService {
    @Override
    public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> observer) {
      answer(observer, () -> ServerLiveResponse.newBuilder().setLive(true).build());
    }

    @Override
    public void serverReady(
        ServerReadyRequest request, StreamObserver<ServerReadyResponse> observer) {
      answer(
          observer, () -> ServerReadyResponse.newBuilder().setReady(ready.getAsBoolean()).build());
    }

    /** Whether the model is loaded; a call to one that is not waits until it is. */
    @Override
    public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> observer) {
      boolean versioned = request.getVersion().isEmpty() || request.getVersion().equals(VERSION);
      answer(
          observer,
          () ->
              ModelReadyResponse.newBuilder()
                  .setReady(
                      versioned
                          && engine
                              .models()
                              .find(request.getName())
                              .filter(OipService::isReady)
                              .isPresent())
                  .build());
    }

    @Override
    public void serverMetadata(
        ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> observer) {
      answer(
          observer,
          () ->
              ServerMetadataResponse.newBuilder()
                  .setName("lipstream")
                  .setVersion(version)
                  .addAllExtensions(
                      List.of(
                          "model_repository",
                          "model_configuration",
                          "statistics",
                          "schedule_policy",
                          "parameters",
                          "binary_tensor_data"))
                  .build());
    }

    @Override
    public void modelMetadata(
        ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
      answer(observer, () -> metadata(request));
    }

    @Override
    public void modelConfig(
        ModelConfigRequest request, StreamObserver<ModelConfigResponse> observer) {
      answer(observer, () -> config(request));
    }

    @Override
    public void modelStatistics(
        ModelStatisticsRequest request, StreamObserver<ModelStatisticsResponse> observer) {
      answer(observer, () -> statistics(request));
    }

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
      answer(observer, () -> infer(request));
    }

    @Override
    public void repositoryIndex(
        RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> observer) {
      answer(observer, () -> index(request));
    }

    @Override
    public void repositoryModelLoad(
        RepositoryModelLoadRequest request, StreamObserver<RepositoryModelLoadResponse> observer) {
      answer(observer, () -> load(request));
    }

    @Override
    public void repositoryModelUnload(
        RepositoryModelUnloadRequest request,
        StreamObserver<RepositoryModelUnloadResponse> observer) {
      answer(observer, () -> unload(request));
    }
  }

  /** Tells calls of one connection from those of others. */
  private static final class ConnectionNames implements ServerInterceptor {
    @Override
    public <T, R> ServerCall.Listener<T> interceptCall(
        ServerCall<T, R> call, Metadata headers, ServerCallHandler<T, R> next) {
      Object remote = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
      String connection = remote == null ? "in-process" : remote.toString();
      return Contexts.interceptCall(
          Context.current().withValue(CONNECTION, connection), call, headers, next);
    }
  }
}
