package io.lipstream.inference.oip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.lipstream.media.wire.oip.GRPCInferenceServiceGrpc;
import io.lipstream.media.wire.oip.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import io.lipstream.media.wire.oip.InferParameter;
import io.lipstream.media.wire.oip.InferTensorContents;
import io.lipstream.media.wire.oip.ModelConfigRequest;
import io.lipstream.media.wire.oip.ModelInferRequest;
import io.lipstream.media.wire.oip.ModelInferRequest.InferInputTensor;
import io.lipstream.media.wire.oip.ModelInferRequest.InferRequestedOutputTensor;
import io.lipstream.media.wire.oip.ModelInferResponse;
import io.lipstream.media.wire.oip.ModelMetadataRequest;
import io.lipstream.media.wire.oip.ModelReadyRequest;
import io.lipstream.media.wire.oip.ModelStatisticsRequest;
import io.lipstream.media.wire.oip.RepositoryIndexRequest;
import io.lipstream.media.wire.oip.RepositoryModelLoadRequest;
import io.lipstream.media.wire.oip.RepositoryModelUnloadRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What callers of the protocol meet, right and wrong. */
@Timeout(60)
@TestInstance(Lifecycle.PER_CLASS)
class OipServiceTest {
  private static final Path NETWORKS = Path.of("..", "avatars", "tiny", "models");
  private static final int WINDOW = 80 * 16;

  private LoopbackServer server;
  private ManagedChannel channel;
  private GRPCInferenceServiceBlockingStub stub;

  OipServiceTest(@TempDir Path models) throws IOException {
    Files.copy(NETWORKS.resolve("audio_encoder.onnx"), models.resolve("voice.onnx"));
    Files.writeString(models.resolve("broken.onnx"), "this is no network");
    server = LoopbackServer.start(models, 0);
    channel =
        Grpc.newChannelBuilder(
                "127.0.0.1:" + server.server().port(), InsecureChannelCredentials.create())
            .build();
    stub = GRPCInferenceServiceGrpc.newBlockingStub(channel);
  }

  @BeforeAll
  void load() {
    stub.repositoryModelLoad(RepositoryModelLoadRequest.newBuilder().setModelName("voice").build());
  }

  @AfterAll
  void close() {
    channel.shutdownNow();
    server.close();
  }

  @Test
  void takesValuesAsBytesAndAsLists() {
    ModelInferResponse bytes = stub.modelInfer(request(3));
    ModelInferRequest.Builder lists = request(3).toBuilder().clearRawInputContents();
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    for (int i = 0; i < 3 * WINDOW; i++) {
      contents.addFp32Contents(value(i));
    }
    lists.getInputsBuilder(0).setContents(contents);
    ModelInferResponse typed = stub.modelInfer(lists.build());
    assertThat(typed.getRawOutputContents(0)).isEqualTo(bytes.getRawOutputContents(0));
    assertThat(bytes.getRawOutputContents(0).size()).isEqualTo(3 * 512 * Float.BYTES);
    assertThat(bytes.getOutputs(0).getShapeList()).containsExactly(3L, 512L);
    assertThat(bytes.getOutputs(0).getDatatype()).isEqualTo("FP32");
  }

  @Test
  void takesAndSendsHalves() {
    ByteBuffer full = stub.modelInfer(request(2)).getRawOutputContents(0).asReadOnlyByteBuffer();
    full.order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer halves = ByteBuffer.allocate(2 * WINDOW * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 2 * WINDOW; i++) {
      halves.putShort(Float.floatToFloat16(value(i)));
    }
    ModelInferRequest.Builder request =
        request(2).toBuilder()
            .setRawInputContents(0, ByteString.copyFrom(halves.flip()))
            .addOutputs(
                InferRequestedOutputTensor.newBuilder()
                    .setName(outputName())
                    .putParameters(
                        "datatype", InferParameter.newBuilder().setStringParam("FP16").build()));
    request.getInputsBuilder(0).setDatatype("FP16");
    ModelInferResponse response = stub.modelInfer(request.build());
    assertThat(response.getOutputs(0).getDatatype()).isEqualTo("FP16");
    ByteBuffer output = response.getRawOutputContents(0).asReadOnlyByteBuffer();
    output.order(ByteOrder.LITTLE_ENDIAN);
    assertThat(output.remaining()).isEqualTo(2 * 512 * Short.BYTES);
    for (int i = 0; i < 2 * 512; i++) {
      float expected = full.getFloat(i * Float.BYTES);
      float got = Float.float16ToFloat(output.getShort(i * Short.BYTES));
      assertThat(got).isCloseTo(expected, Offset.offset(0.01f + Math.abs(expected) / 256));
    }
  }

  @Test
  void bringsBackIdAndParameters() {
    InferParameter note = InferParameter.newBuilder().setStringParam("kept").build();
    ModelInferResponse response =
        stub.modelInfer(request(1).toBuilder().setId("42").putParameters("note", note).build());
    assertThat(response.getId()).isEqualTo("42");
    assertThat(response.getModelName()).isEqualTo("voice");
    assertThat(response.getModelVersion()).isEqualTo("1");
    assertThat(response.getParametersMap()).containsEntry("note", note);
  }

  @Test
  void computesMoreRowsThanItsQueueHolds() {
    ModelInferResponse response = stub.modelInfer(request(1000));
    assertThat(response.getOutputs(0).getShape(0)).isEqualTo(1000);
    assertThat(response.getRawOutputContents(0).size()).isEqualTo(1000 * 512 * Float.BYTES);
  }

  @Test
  void namesTheTensorThatIsWrong() {
    refuses(r -> r.getInputsBuilder(0).setDatatype("INT64"), "input", "INT64", "FP32", "80");
    refuses(r -> r.getInputsBuilder(0).setShape(2, 81), "[1, 1, 81, 16]", "80");
    refuses(r -> r.getInputsBuilder(0).clearShape(), "input", "80");
    refuses(r -> r.getInputsBuilder(0).setShape(0, 0), "[0, 1, 80, 16]");
    refuses(r -> r.getInputsBuilder(0).setShape(0, -1), "[-1, 1, 80, 16]");
    refuses(r -> r.getInputsBuilder(0).setShape(0, Long.MAX_VALUE), "80");
    refuses(r -> r.getInputsBuilder(0).setShape(0, Integer.MAX_VALUE), "bytes");
    refuses(r -> r.getInputsBuilder(0).setName("sound"), inputName(), "missing");
    refuses(r -> r.addInputs(r.getInputs(0)).addRawInputContents(ByteString.EMPTY), "twice");
    refuses(r -> r.clearInputs().clearRawInputContents(), inputName(), "missing");
    refuses(r -> r.setRawInputContents(0, ByteString.copyFrom(new byte[3])), "3 bytes", "5120");
    refuses(r -> r.addRawInputContents(ByteString.EMPTY), "raw_input_contents", "2 entries");
    refuses(r -> r.clearRawInputContents(), "brings 0 bytes");
    refuses(
        r -> r.clearRawInputContents().getInputsBuilder(0).setDatatype("FP16"),
        "only raw_input_contents");
    refuses(
        r -> r.addOutputs(InferRequestedOutputTensor.newBuilder().setName("video")),
        "video",
        outputName());
    refuses(
        r -> r.putParameters("timeout", InferParameter.newBuilder().setStringParam("soon").build()),
        "timeout");
    refuses(
        r -> r.putParameters("priority", InferParameter.newBuilder().setInt64Param(-1).build()),
        "priority");
  }

  private void refuses(Consumer<ModelInferRequest.Builder> mistake, String... parts) {
    ModelInferRequest.Builder request = request(1).toBuilder();
    mistake.accept(request);
    assertThatThrownBy(() -> stub.modelInfer(request.build()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
              assertThat(e.getStatus().getDescription()).contains(parts);
            });
  }

  @Test
  void dropsRowsThatCannotBeComputedInTime() {
    InferParameter timeout = InferParameter.newBuilder().setInt64Param(1).build();
    assertThat(
            codeOf(
                () ->
                    stub.modelInfer(
                        request(500).toBuilder().putParameters("timeout", timeout).build())))
        .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
  }

  @Test
  void knowsWhatIsNotThere() {
    ModelInferRequest nobody = request(1).toBuilder().setModelName("nobody").build();
    ModelInferRequest old = request(1).toBuilder().setModelVersion("2").build();
    assertThat(codeOf(() -> stub.modelInfer(nobody))).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(codeOf(() -> stub.modelInfer(old))).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(
            codeOf(
                () ->
                    stub.modelMetadata(
                        ModelMetadataRequest.newBuilder().setName("nobody").build())))
        .isEqualTo(Status.Code.NOT_FOUND);
    assertThat(
            codeOf(
                () ->
                    stub.repositoryModelUnload(
                        RepositoryModelUnloadRequest.newBuilder()
                            .setModelName("../voice")
                            .build())))
        .isEqualTo(Status.Code.NOT_FOUND);
    assertThat(isReady("nobody")).isFalse();
  }

  @Test
  void saysWhatIsWrongWithAModelAndGoesOn() {
    ModelInferRequest broken = request(1).toBuilder().setModelName("broken").build();
    assertThatThrownBy(() -> stub.modelInfer(broken))
        .hasMessageContaining("FAILED_PRECONDITION")
        .hasMessageContaining("broken");
    assertThat(stub.modelInfer(request(1)).getOutputsCount()).isEqualTo(1);
    assertThat(stub.repositoryIndex(RepositoryIndexRequest.getDefaultInstance()).getModelsList())
        .filteredOn(model -> model.getName().equals("broken"))
        .singleElement()
        .satisfies(
            model -> {
              assertThat(model.getState()).isEqualTo("UNAVAILABLE");
              assertThat(model.getReason()).isNotEmpty();
            });
  }

  @Test
  void describesItsModels() {
    var metadata = stub.modelMetadata(ModelMetadataRequest.newBuilder().setName("voice").build());
    assertThat(metadata.getVersionsList()).containsExactly("1");
    assertThat(metadata.getInputs(0).getShapeList()).containsExactly(-1L, 1L, 80L, 16L);
    assertThat(metadata.getInputs(0).getDatatype()).isEqualTo("FP32");
    assertThat(metadata.getOutputs(0).getShapeList()).containsExactly(-1L, 512L);
    var config =
        stub.modelConfig(ModelConfigRequest.newBuilder().setName("voice").build()).getConfig();
    assertThat(config.getInput(0).getDimsList()).containsExactly(1L, 80L, 16L);
    assertThat(config.getMaxBatchSize()).isPositive();
    stub.modelInfer(request(2));
    var counts =
        stub.modelStatistics(ModelStatisticsRequest.newBuilder().setName("voice").build())
            .getModelStats(0);
    assertThat(counts.getInferenceCount()).isGreaterThanOrEqualTo(2);
    assertThat(counts.getInferenceStats().getSuccess().getCount()).isPositive();
  }

  @Test
  void unloadsBetweenCallsAndLoadsOnUse() {
    stub.modelInfer(request(1));
    stub.repositoryModelUnload(
        RepositoryModelUnloadRequest.newBuilder().setModelName("voice").build());
    // No call is running, so nothing holds it.
    assertThat(isReady("voice")).isFalse();
    stub.modelInfer(request(1));
    assertThat(isReady("voice")).isTrue();
  }

  private boolean isReady(String model) {
    return stub.modelReady(ModelReadyRequest.newBuilder().setName(model).build()).getReady();
  }

  private static Status.Code codeOf(Runnable call) {
    try {
      call.run();
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  private String inputName() {
    return metadataNames().getFirst();
  }

  private String outputName() {
    return metadataNames().getLast();
  }

  private List<String> metadataNames() {
    var metadata = stub.modelMetadata(ModelMetadataRequest.newBuilder().setName("voice").build());
    return List.of(metadata.getInputs(0).getName(), metadata.getOutputs(0).getName());
  }

  private ModelInferRequest request(int rows) {
    ByteBuffer values =
        ByteBuffer.allocate(rows * WINDOW * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < rows * WINDOW; i++) {
      values.putFloat(value(i));
    }
    return ModelInferRequest.newBuilder()
        .setModelName("voice")
        .addInputs(
            InferInputTensor.newBuilder()
                .setName(inputName())
                .setDatatype("FP32")
                .addAllShape(List.of((long) rows, 1L, 80L, 16L)))
        .addRawInputContents(ByteString.copyFrom(values.flip()))
        .build();
  }

  /** A value that FP16 holds exactly. */
  private static float value(int index) {
    return (index * 37 % 65 - 32) / 8f;
  }
}
