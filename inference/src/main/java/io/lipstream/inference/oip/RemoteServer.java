package io.lipstream.inference.oip;

import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.lipstream.inference.TensorDescription;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.wire.oip.GRPCInferenceServiceGrpc;
import io.lipstream.media.wire.oip.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import io.lipstream.media.wire.oip.ModelConfigRequest;
import io.lipstream.media.wire.oip.ModelInferRequest;
import io.lipstream.media.wire.oip.ModelInferResponse;
import io.lipstream.media.wire.oip.ModelMetadataRequest;
import io.lipstream.media.wire.oip.ModelMetadataResponse;
import io.lipstream.media.wire.oip.ModelMetadataResponse.TensorMetadata;
import io.lipstream.media.wire.oip.ModelReadyRequest;
import io.lipstream.media.wire.oip.RepositoryIndexRequest;
import io.lipstream.media.wire.oip.RepositoryIndexResponse.ModelIndex;
import io.lipstream.media.wire.oip.RepositoryModelLoadRequest;
import io.lipstream.media.wire.oip.RepositoryModelUnloadRequest;
import io.lipstream.media.wire.oip.ServerLiveRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls to another server, with what differs from server to server kept in here: Triton,
 * OpenVINO and MLServer each lack some extension or word their answers in another way.
 *
 * <p>Thread-safe; calls wait.
 */
final class RemoteServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteServer.class);
  private static final Duration LIVE_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration QUESTION_TIMEOUT = Duration.ofSeconds(10);
  // Some servers load a model to describe it.
  private static final Duration METADATA_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration LOAD_TIMEOUT = Duration.ofMinutes(5);
  private static final Duration PROBE_TIMEOUT = Duration.ofMillis(250);

  private final OipSettings settings;
  private final LongSupplier nanoClock;
  private final ManagedChannel channel;
  private final GRPCInferenceServiceBlockingStub stub;

  RemoteServer(OipSettings settings, LongSupplier nanoClock) {
    this.settings = settings;
    this.nanoClock = nanoClock;
    channel =
        ((NettyChannelBuilder)
                Grpc.newChannelBuilderForAddress(
                    settings.host(),
                    settings.port(),
                    settings.tls()
                        ? TlsChannelCredentials.create()
                        : InsecureChannelCredentials.create()))
            .maxInboundMessageSize(settings.maxMessageBytes())
            // Its buffer would keep every request until the answer; infer tries again by itself.
            .disableRetry()
            .build();
    stub = GRPCInferenceServiceGrpc.newBlockingStub(channel);
  }

  /** For messages: host:port. */
  String address() {
    return settings.address();
  }

  /** Whether the last attempt to connect failed. */
  boolean isAway() {
    return channel.getState(true) == ConnectivityState.TRANSIENT_FAILURE;
  }

  /** Whether it answers now. */
  boolean isLive() {
    try {
      channel.resetConnectBackoff();
      return asking(LIVE_TIMEOUT).serverLive(ServerLiveRequest.getDefaultInstance()).getLive();
    } catch (StatusRuntimeException e) {
      return false;
    }
  }

  /**
   * Computes a batch; once more if the server went away or was too busy and there is time left.
   *
   * @param deadlineNanos when the answer is of no more use
   */
  ModelInferResponse infer(ModelInferRequest request, long deadlineNanos) {
    try {
      return tryInfer(request, deadlineNanos);
    } catch (StatusRuntimeException e) {
      if (!mayTryAgain(e, deadlineNanos)) {
        throw e;
      }
      return tryInfer(request, deadlineNanos);
    }
  }

  private ModelInferResponse tryInfer(ModelInferRequest request, long deadlineNanos) {
    long leftNanos =
        deadlineNanos == Long.MAX_VALUE
            ? Long.MAX_VALUE
            : Math.max(0, deadlineNanos - nanoClock.getAsLong());
    return stub.withDeadlineAfter(
            Math.min(leftNanos, settings.callTimeout().toNanos()), TimeUnit.NANOSECONDS)
        .modelInfer(request);
  }

  private boolean mayTryAgain(StatusRuntimeException failure, long deadlineNanos) {
    Status.Code code = failure.getStatus().getCode();
    if (code != Status.Code.UNAVAILABLE && code != Status.Code.RESOURCE_EXHAUSTED) {
      return false;
    }
    long limitNanos = nanoClock.getAsLong() + settings.reconnectTimeout().toNanos();
    limitNanos = Math.min(limitNanos, deadlineNanos);
    do {
      LockSupport.parkNanos(PROBE_TIMEOUT.toNanos() / 5);
      // Left alone, the channel would wait longer and longer between attempts, up to two minutes.
      channel.resetConnectBackoff();
      try {
        return asking(PROBE_TIMEOUT)
            .withWaitForReady()
            .serverLive(ServerLiveRequest.getDefaultInstance())
            .getLive();
      } catch (StatusRuntimeException e) {
        LOG.debug("{} does not answer yet: {}", address(), e.getStatus());
      }
    } while (nanoClock.getAsLong() < limitNanos && !channel.isShutdown());
    return false;
  }

  /**
   * A model's tensors, loading the model if need be; empty if there is no such model.
   *
   * @throws StatusRuntimeException if the server does not answer or fails to load it
   * @throws LipstreamException if its tensors are not such that frames fit them
   */
  Optional<RemoteModel.RemoteShape> describe(String modelId) {
    ModelMetadataRequest request = ModelMetadataRequest.newBuilder().setName(modelId).build();
    try {
      return Optional.of(shapeOf(modelId, asking(METADATA_TIMEOUT).modelMetadata(request)));
    } catch (StatusRuntimeException e) {
      if (!isLive()) {
        throw e;
      }
    }
    // Not loaded, or not there: servers do not agree on how to say which.
    try {
      load(modelId);
    } catch (StatusRuntimeException e) {
      boolean listed = index().stream().flatMap(List::stream).anyMatch(m -> isNamed(m, modelId));
      if (listed) {
        throw e;
      }
      return Optional.empty();
    }
    return Optional.of(shapeOf(modelId, asking(METADATA_TIMEOUT).modelMetadata(request)));
  }

  private static boolean isNamed(ModelIndex model, String modelId) {
    return model.getName().equals(modelId);
  }

  private RemoteModel.RemoteShape shapeOf(String modelId, ModelMetadataResponse metadata) {
    // Some servers list them by name; whoever fills frames for a generator has the picture first.
    List<TensorDescription> inputs =
        descriptions(modelId, metadata.getInputsList()).stream()
            .sorted(Comparator.comparingInt(InferTensors::frameFloats).reversed())
            .toList();
    List<TensorDescription> outputs = descriptions(modelId, metadata.getOutputsList());
    if (inputs.isEmpty() || outputs.isEmpty()) {
      throw unusable(modelId, "does not say what its tensors are");
    }
    long rows = inputs.getFirst().shape().getFirst();
    for (TensorDescription tensor : inputs) {
      if (tensor.shape().getFirst() != rows) {
        throw unusable(modelId, "has inputs with different numbers of rows: " + inputs);
      }
    }
    int fixedRows = rows > 0 ? Math.toIntExact(rows) : 0;
    int maxFrames = fixedRows > 0 ? fixedRows : Math.min(settings.maxFrames(), maxRows(modelId));
    return new RemoteModel.RemoteShape(
        new ModelShape(inputs, outputs), Math.min(maxFrames, settings.maxFrames()), fixedRows);
  }

  private int maxRows(String modelId) {
    try {
      int rows =
          asking(QUESTION_TIMEOUT)
              .modelConfig(ModelConfigRequest.newBuilder().setName(modelId).build())
              .getConfig()
              .getMaxBatchSize();
      return rows > 0 ? rows : Integer.MAX_VALUE;
    } catch (StatusRuntimeException e) {
      // An extension that not every server has.
      return Integer.MAX_VALUE;
    }
  }

  private List<TensorDescription> descriptions(String modelId, List<TensorMetadata> tensors) {
    List<TensorDescription> descriptions = new ArrayList<>();
    for (TensorMetadata tensor : tensors) {
      Datatype datatype = Datatype.named(tensor.getDatatype()).orElse(null);
      List<Long> shape = tensor.getShapeList();
      boolean sized = shape.size() > 1 && shape.stream().skip(1).allMatch(size -> size > 0);
      if (datatype == null || !sized) {
        throw unusable(
            modelId,
            "has the tensor "
                + tensor.getName()
                + " "
                + tensor.getDatatype()
                + " "
                + shape
                + "; Lipstream needs FP32 or FP16 with rows as first axis and fixed sizes after"
                + " it");
      }
      List<String> axes = new ArrayList<>();
      shape.forEach(size -> axes.add(size > 0 ? Long.toString(size) : "N"));
      descriptions.add(
          new TensorDescription(
              tensor.getName(), datatype.elementType(), List.copyOf(shape), List.copyOf(axes)));
    }
    return descriptions;
  }

  private LipstreamException unusable(String modelId, String why) {
    return new LipstreamException(
        LipstreamException.Kind.AVATAR,
        "model " + modelId + " at " + address() + " " + why,
        "Export it in that form, or take another model");
  }

  boolean isReady(String modelId) {
    try {
      return asking(QUESTION_TIMEOUT)
          .modelReady(ModelReadyRequest.newBuilder().setName(modelId).build())
          .getReady();
    } catch (StatusRuntimeException e) {
      return false;
    }
  }

  /** All models that the server lists; empty if it does not tell. */
  Optional<List<ModelIndex>> index() {
    try {
      return Optional.of(
          asking(QUESTION_TIMEOUT)
              .repositoryIndex(RepositoryIndexRequest.getDefaultInstance())
              .getModelsList());
    } catch (StatusRuntimeException e) {
      return Optional.empty();
    }
  }

  void load(String modelId) {
    asking(LOAD_TIMEOUT)
        .repositoryModelLoad(RepositoryModelLoadRequest.newBuilder().setModelName(modelId).build());
  }

  void unload(String modelId) {
    asking(LOAD_TIMEOUT)
        .repositoryModelUnload(
            RepositoryModelUnloadRequest.newBuilder().setModelName(modelId).build());
  }

  private GRPCInferenceServiceBlockingStub asking(Duration timeout) {
    return stub.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
