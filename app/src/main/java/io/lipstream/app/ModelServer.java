package io.lipstream.app;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.wire.batch.GetModelStatsRequest;
import io.lipstream.media.wire.batch.GetModelStatsResponse;
import io.lipstream.media.wire.batch.HealthRequest;
import io.lipstream.media.wire.batch.HealthResponse;
import io.lipstream.media.wire.batch.InferenceServiceGrpc;
import io.lipstream.media.wire.batch.InferenceServiceGrpc.InferenceServiceBlockingStub;
import io.lipstream.media.wire.batch.ListModelsRequest;
import io.lipstream.media.wire.batch.LoadModelRequest;
import io.lipstream.media.wire.batch.LoadModelResponse;
import io.lipstream.media.wire.batch.ModelInfo;
import io.lipstream.media.wire.batch.UnloadModelRequest;
import io.lipstream.media.wire.batch.UnloadModelResponse;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A server's management calls, with failures told as a person can use them.
 *
 * <p>Gives plain records, so that the commands, which every start of the program looks at, know no
 * wire message.
 */
final class ModelServer implements AutoCloseable {
  /** One model of the server; device is -1 where it is not loaded. */
  record Model(
      String id,
      boolean loaded,
      int device,
      long memoryBytes,
      long frames,
      double deviceMillis,
      long lastUsedUnixMillis) {}

  /** One device of the server. */
  record Device(int index, String name, int models, long usedBytes, long totalBytes) {}

  /** What is loaded, and where. */
  record Stats(
      List<Device> devices,
      List<Model> models,
      int loadedModels,
      long memoryBytes,
      long maxMemoryBytes) {}

  /** A model that was loaded. */
  record Loaded(Model model, double millis) {}

  private static final int QUICK_SECONDS = 10;

  /** TensorRT compiles for minutes. */
  private static final int LOAD_SECONDS = 900;

  private final String name;
  private final InferenceConnection connection;
  private final ManagedChannel channel;

  ModelServer(ServerOptions options) {
    name = options.server;
    connection = new InferenceConnection(options.server, options.connection);
    channel = connection.target().open();
  }

  List<Model> list() {
    return ask(QUICK_SECONDS, stub -> stub.listModels(ListModelsRequest.getDefaultInstance()))
        .getModelsList()
        .stream()
        .map(ModelServer::model)
        .toList();
  }

  /** Of one model, or of all that are loaded if it is empty. */
  Stats stats(String modelId) {
    GetModelStatsResponse stats =
        ask(
            QUICK_SECONDS,
            stub ->
                stub.getModelStats(GetModelStatsRequest.newBuilder().setModelId(modelId).build()));
    HealthResponse health =
        ask(QUICK_SECONDS, stub -> stub.health(HealthRequest.getDefaultInstance()));
    return new Stats(
        health.getGpusList().stream()
            .map(
                device ->
                    new Device(
                        device.getGpuId(),
                        device.getName(),
                        device.getLoadedModels(),
                        device.getUsedMemoryBytes(),
                        device.getTotalMemoryBytes()))
            .toList(),
        stats.getModelsList().stream().map(ModelServer::model).toList(),
        stats.getLoadedModels(),
        stats.getTotalMemoryBytes(),
        stats.getMaxMemoryBytes());
  }

  private static Model model(ModelInfo model) {
    return new Model(
        model.getModelId(),
        model.getLoaded(),
        model.getLoaded() ? model.getGpuId() : -1,
        model.getStats().getMemoryBytes(),
        model.getStats().getUsageCount(),
        model.getStats().getTotalInferenceTimeMs(),
        model.getStats().getLastUsedUnixMs());
  }

  Loaded load(String modelId, boolean force) {
    LoadModelResponse answer =
        ask(
            LOAD_SECONDS,
            stub ->
                stub.loadModel(
                    LoadModelRequest.newBuilder()
                        .setModelId(modelId)
                        .setForceReload(force)
                        .build()));
    requireSuccess(answer.getSuccess(), answer.getError());
    Model loaded =
        list().stream()
            .filter(model -> model.id().equals(modelId))
            .findFirst()
            .orElseGet(() -> new Model(modelId, true, 0, 0, 0, 0, 0));
    return new Loaded(loaded, answer.getLoadTimeMs());
  }

  void unload(String modelId) {
    UnloadModelResponse answer =
        ask(
            QUICK_SECONDS,
            stub -> stub.unloadModel(UnloadModelRequest.newBuilder().setModelId(modelId).build()));
    requireSuccess(answer.getSuccess(), answer.getError());
  }

  private void requireSuccess(boolean success, String error) {
    if (!success) {
      throw new LipstreamException(
          LipstreamException.Kind.AVATAR,
          name + ": " + error,
          "lipstream models list shows what there is; the server's log says more");
    }
  }

  private <T> T ask(int seconds, Function<InferenceServiceBlockingStub, T> call) {
    try {
      return call.apply(
          InferenceServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(seconds, TimeUnit.SECONDS));
    } catch (StatusRuntimeException e) {
      throw explain(e);
    }
  }

  private LipstreamException explain(StatusRuntimeException e) {
    Status status = e.getStatus();
    String text = Objects.requireNonNullElse(status.getDescription(), status.getCode().name());
    String why = status.getCause() == null ? text : text + " (" + rootOf(status.getCause()) + ")";
    return switch (status.getCode()) {
      case UNAVAILABLE ->
          failure(
              LipstreamException.Kind.ENVIRONMENT,
              "the inference server " + name + " does not answer: " + why,
              "is it running? lipstream inference starts one; a server with TLS wants --tls-ca",
              e);
      case DEADLINE_EXCEEDED ->
          failure(
              LipstreamException.Kind.ENVIRONMENT,
              "the inference server " + name + " did not answer in time: " + why,
              "its /metrics and its log say what it does",
              e);
      case UNAUTHENTICATED ->
          failure(
              LipstreamException.Kind.ENVIRONMENT,
              name + ": " + why,
              "--token-file names a file with the server's token",
              e);
      case NOT_FOUND ->
          failure(
              LipstreamException.Kind.AVATAR,
              name + ": " + why,
              "lipstream models list shows what there is",
              e);
      default ->
          failure(
              LipstreamException.Kind.ENVIRONMENT,
              name + ": " + status.getCode() + ": " + why,
              "the server's log says more",
              e);
    };
  }

  private static LipstreamException failure(
      LipstreamException.Kind kind, String message, String hint, Throwable cause) {
    return new LipstreamException(kind, message, hint, cause);
  }

  private static String rootOf(Throwable failure) {
    Throwable root = failure;
    for (Throwable next = root.getCause(); next != null; next = root.getCause()) {
      root = next;
    }
    return Objects.requireNonNullElse(root.getMessage(), root.toString());
  }

  @Override
  public void close() {
    channel.shutdownNow();
    connection.close();
  }
}
