package io.lipstream.inference.server;

import io.grpc.stub.StreamObserver;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.DeviceStatus;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.wire.batch.GPUInfo;
import io.lipstream.media.wire.batch.GetModelStatsRequest;
import io.lipstream.media.wire.batch.GetModelStatsResponse;
import io.lipstream.media.wire.batch.HealthRequest;
import io.lipstream.media.wire.batch.HealthResponse;
import io.lipstream.media.wire.batch.InferBatchRequest;
import io.lipstream.media.wire.batch.InferBatchResponse;
import io.lipstream.media.wire.batch.InferenceServiceGrpc;
import io.lipstream.media.wire.batch.ListModelsRequest;
import io.lipstream.media.wire.batch.ListModelsResponse;
import io.lipstream.media.wire.batch.LoadModelRequest;
import io.lipstream.media.wire.batch.LoadModelResponse;
import io.lipstream.media.wire.batch.ModelInfo;
import io.lipstream.media.wire.batch.ModelStats;
import io.lipstream.media.wire.batch.UnloadModelRequest;
import io.lipstream.media.wire.batch.UnloadModelResponse;
import java.util.ArrayList;
import java.util.List;

/**
 * The batch service as it was published: float32 tensors in, float32 pictures out, and refusals as
 * success=false with a text.
 */
public final class BatchService extends InferenceServiceGrpc.InferenceServiceImplBase {
  private static final int MAX_BATCH = 1024;

  /** Arrays kept for the next answers: two batches of 24 pictures, 59 MB. */
  private static final int KEPT_ARRAYS = 48;

  private final Engine engine;
  private final int maxModels;
  private final String version;
  private final PictureArrays arrays = new PictureArrays(KEPT_ARRAYS);

  /**
   * Offers an engine.
   *
   * @param engine stays the caller's to close
   * @param maxModels as the engine was set up, told to those who ask
   * @param version Lipstream's own
   */
  public BatchService(Engine engine, int maxModels, String version) {
    this.engine = engine;
    this.maxModels = maxModels;
    this.version = version;
  }

  @Override
  public void inferBatch(InferBatchRequest request, StreamObserver<InferBatchResponse> response) {
    if (request.getBatchSize() < 1 || request.getBatchSize() > MAX_BATCH) {
      refuse(
          response,
          "batch_size must be from 1 to " + MAX_BATCH + "; it is " + request.getBatchSize());
      return;
    }
    StreamRequest wanted =
        new StreamRequest(
            request.getModelId(),
            "InferBatch",
            StreamRequest.Priority.NORMAL,
            0,
            request.getBatchSize());
    Admission admission;
    try {
      admission = engine.open(wanted);
    } catch (LipstreamException e) {
      refuse(response, textOf(e));
      return;
    }
    switch (admission) {
      case Admission.Unknown unknown -> refuse(response, unknownText(unknown.modelId()));
      case Admission.Refused refused ->
          refuse(
              response,
              refused.reason() + "; try again in " + refused.retryAfter().toMillis() + " ms");
      case Admission.Admitted admitted ->
          BatchCall.start(
              request,
              response,
              streams(admitted.stream(), wanted),
              arrays,
              () -> deviceOf(request.getModelId()));
    }
  }

  /** A stream for each worker of the model's device, as far as there are frames and room. */
  private List<FrameStream> streams(FrameStream first, StreamRequest wanted) {
    int most = Math.min(workersOf(wanted.modelId()), wanted.queueFrames());
    List<FrameStream> streams = new ArrayList<>(most);
    streams.add(first);
    while (streams.size() < most
        && engine.open(wanted) instanceof Admission.Admitted(FrameStream another)) {
      streams.add(another);
    }
    return streams;
  }

  private int workersOf(String modelId) {
    String name = engine.models().find(modelId).flatMap(ModelStatus::device).orElse("");
    return devices().stream()
        .filter(device -> device.name().equals(name))
        .mapToInt(DeviceStatus::workers)
        .findFirst()
        .orElse(1);
  }

  private static void refuse(StreamObserver<InferBatchResponse> response, String error) {
    answer(response, InferBatchResponse.newBuilder().setError(error).build());
  }

  private int deviceOf(String modelId) {
    return engine.models().find(modelId).map(status -> deviceIndex(status, devices())).orElse(0);
  }

  @Override
  public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> response) {
    List<DeviceStatus> devices = devices();
    ListModelsResponse.Builder models = ListModelsResponse.newBuilder();
    engine.models().list().forEach(status -> models.addModels(info(status, devices)));
    answer(response, models.build());
  }

  @Override
  public void loadModel(LoadModelRequest request, StreamObserver<LoadModelResponse> response) {
    long start = System.nanoTime();
    LoadModelResponse.Builder result = LoadModelResponse.newBuilder();
    String error =
        refusal(
            request.getModelId(),
            () -> {
              ModelStatus status =
                  engine.models().load(request.getModelId(), request.getForceReload());
              result.setStats(stats(status));
            });
    result.setSuccess(error.isEmpty()).setError(error);
    answer(response, result.setLoadTimeMs((System.nanoTime() - start) / 1e6f).build());
  }

  @Override
  public void unloadModel(
      UnloadModelRequest request, StreamObserver<UnloadModelResponse> response) {
    String modelId = request.getModelId();
    String error =
        refusal(
            modelId,
            () -> {
              if (!engine.models().unload(modelId)) {
                throw new LipstreamException(
                    LipstreamException.Kind.INPUT, "model '" + modelId + "' is not loaded", "");
              }
            });
    answer(
        response,
        UnloadModelResponse.newBuilder().setSuccess(error.isEmpty()).setError(error).build());
  }

  /** Why something cannot be done with a model; empty if it was done. */
  private String refusal(String modelId, Runnable action) {
    if (engine.models().find(modelId).isEmpty()) {
      return unknownText(modelId);
    }
    try {
      action.run();
      return "";
    } catch (LipstreamException e) {
      return textOf(e);
    }
  }

  @Override
  public void getModelStats(
      GetModelStatsRequest request, StreamObserver<GetModelStatsResponse> response) {
    List<ModelStatus> asked =
        request.getModelId().isEmpty()
            ? loaded()
            : engine.models().find(request.getModelId()).stream().toList();
    if (asked.isEmpty() && !request.getModelId().isEmpty()) {
      response.onError(Refusal.noSuchModel(request.getModelId(), modelIds()));
      return;
    }
    List<DeviceStatus> devices = devices();
    GetModelStatsResponse.Builder result = GetModelStatsResponse.newBuilder();
    asked.forEach(status -> result.addModels(info(status, devices)));
    answer(
        response,
        result
            .setMaxModels(maxModels)
            .setLoadedModels(loaded().size())
            .setTotalMemoryBytes(devices.stream().mapToLong(DeviceStatus::usedBytes).sum())
            .setMaxMemoryBytes(devices.stream().mapToLong(DeviceStatus::budgetBytes).sum())
            .build());
  }

  @Override
  public void health(HealthRequest request, StreamObserver<HealthResponse> response) {
    List<DeviceStatus> devices = devices();
    HealthResponse.Builder result =
        HealthResponse.newBuilder()
            .setHealthy(true)
            .setCudaAvailable(devices.stream().anyMatch(device -> !device.name().startsWith("cpu")))
            .setLoadedModels(loaded().size())
            .setMaxModels(maxModels)
            .setGpuCount(devices.size())
            .setVersion(version);
    for (DeviceStatus device : devices) {
      result.addGpus(
          GPUInfo.newBuilder()
              .setGpuId(device.index())
              .setName(device.name())
              .setTotalMemoryBytes(device.budgetBytes())
              .setUsedMemoryBytes(device.usedBytes())
              .setLoadedModels(device.models()));
    }
    answer(response, result.build());
  }

  private List<DeviceStatus> devices() {
    return engine.models().devices();
  }

  private List<ModelStatus> loaded() {
    return engine.models().list().stream().filter(BatchService::isLoaded).toList();
  }

  private List<String> modelIds() {
    return engine.models().list().stream().map(ModelStatus::id).toList();
  }

  private String unknownText(String modelId) {
    return Refusal.noSuchModelText(modelId, modelIds());
  }

  private static boolean isLoaded(ModelStatus status) {
    return status.state() == ModelStatus.State.READY;
  }

  private static ModelInfo info(ModelStatus status, List<DeviceStatus> devices) {
    return ModelInfo.newBuilder()
        .setModelId(status.id())
        .setLoaded(isLoaded(status))
        .setStats(stats(status))
        .setGpuId(deviceIndex(status, devices))
        .build();
  }

  private static int deviceIndex(ModelStatus status, List<DeviceStatus> devices) {
    String name = status.device().orElse("");
    return devices.stream()
        .filter(device -> device.name().equals(name))
        .mapToInt(DeviceStatus::index)
        .findFirst()
        .orElse(0);
  }

  private static ModelStats stats(ModelStatus status) {
    long lastUsedNanos = status.statistics().lastUsedNanos();
    long lastUsedUnixMs =
        lastUsedNanos == Long.MIN_VALUE
            ? 0
            : System.currentTimeMillis() - (System.nanoTime() - lastUsedNanos) / 1_000_000;
    return ModelStats.newBuilder()
        .setUsageCount(status.statistics().frames())
        .setLastUsedUnixMs(lastUsedUnixMs)
        .setTotalInferenceTimeMs(status.statistics().serviceNanos() / 1e6)
        .setMemoryBytes(status.bytes())
        .build();
  }

  private static String textOf(LipstreamException e) {
    return e.hint().isEmpty() ? e.getMessage() : e.getMessage() + "; " + e.hint();
  }

  private static <T> void answer(StreamObserver<T> response, T message) {
    response.onNext(message);
    response.onCompleted();
  }
}
