package io.lipstream.inference.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.lipstream.media.wire.batch.GetModelStatsRequest;
import io.lipstream.media.wire.batch.GetModelStatsResponse;
import io.lipstream.media.wire.batch.HealthRequest;
import io.lipstream.media.wire.batch.HealthResponse;
import io.lipstream.media.wire.batch.InferBatchRequest;
import io.lipstream.media.wire.batch.InferBatchResponse;
import io.lipstream.media.wire.batch.InferenceServiceGrpc;
import io.lipstream.media.wire.batch.ListModelsRequest;
import io.lipstream.media.wire.batch.LoadModelRequest;
import io.lipstream.media.wire.batch.ModelInfo;
import io.lipstream.media.wire.batch.UnloadModelRequest;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BatchServiceTest {
  private static final int VISUAL = 6 * 320 * 320;
  private static final int AUDIO = 8192;

  private final MirrorEngine engine = new MirrorEngine();
  private final Serving serving = new Serving(engine);
  private final InferenceServiceGrpc.InferenceServiceBlockingStub stub =
      InferenceServiceGrpc.newBlockingStub(serving.channel);

  @AfterEach
  void close() {
    serving.close();
    engine.close();
  }

  private static float[] ramp(int count, float start) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = start + i % 1000;
    }
    return values;
  }

  private static InferBatchRequest.Builder request(int batch, int windows) {
    float[] audio = new float[windows * AUDIO];
    for (int i = 0; i < windows; i++) {
      Arrays.fill(audio, i * AUDIO, (i + 1) * AUDIO, i + 1);
    }
    return InferBatchRequest.newBuilder()
        .setModelId(MirrorEngine.FACE)
        .setVisualFrames(Talk.bytes(ramp(batch * VISUAL, 0.5f)))
        .setAudioFeatures(Talk.bytes(audio))
        .setBatchSize(batch);
  }

  @Test
  void everyFrameGetsItsPictureAndItsWindow() {
    InferBatchResponse response = stub.inferBatch(request(3, 3).build());
    assertThat(response.getError()).isEmpty();
    assertThat(response.getSuccess()).isTrue();
    assertThat(response.getOutputsCount()).isEqualTo(3);
    float[] all = ramp(3 * VISUAL, 0.5f);
    for (int i = 0; i < 3; i++) {
      float[] picture = Talk.floats(response.getOutputs(i).getData(), VISUAL / 2);
      assertThat(picture[0]).isEqualTo(i + 1);
      assertThat(picture[AUDIO - 1]).isEqualTo(i + 1);
      assertThat(Arrays.copyOfRange(picture, AUDIO, picture.length))
          .isEqualTo(Arrays.copyOfRange(all, i * VISUAL + AUDIO, i * VISUAL + VISUAL / 2));
    }
    assertThat(response.getInferenceTimeMs()).isEqualTo(0.006f);
    assertThat(engine.openStreams.get()).isZero();
  }

  @Test
  void oneWindowServesTheWholeBatch() {
    InferBatchResponse response = stub.inferBatch(request(2, 1).build());
    assertThat(response.getSuccess()).isTrue();
    assertThat(Talk.floats(response.getOutputs(1).getData(), 1)[0]).isEqualTo(1);
  }

  @Test
  void answersAreOnesOwnThoughTheirBytesAreUsedAgain() {
    InferBatchResponse first = stub.inferBatch(request(2, 2).build());
    ByteString kept = ByteString.copyFrom(first.getOutputs(1).getData().toByteArray());
    for (int i = 0; i < 5; i++) {
      stub.inferBatch(request(1, 1).build());
    }
    assertThat(first.getOutputs(1).getData()).isEqualTo(kept);
  }

  @Test
  void everyMistakeIsSaidInTheAnswer() {
    assertThat(error(request(1, 1).setBatchSize(0))).contains("from 1 to 1024");
    assertThat(error(request(1, 1).setBatchSize(Integer.MAX_VALUE))).contains("from 1 to 1024");
    assertThat(error(request(2, 1).setBatchSize(3)))
        .contains("visual_frames holds 4915200 bytes")
        .contains("7372800");
    assertThat(error(request(3, 2))).contains("audio_features holds 65536").contains("98304");
    assertThat(error(request(1, 1).setModelId("fase"))).contains("did you mean face?");
    assertThat(error(request(1, 1).setModelId(MirrorEngine.BUSY))).contains("try again in 700 ms");
    assertThat(error(request(1, 1).setModelId(MirrorEngine.BROKEN))).contains("no ONNX file");
    assertThat(error(request(1, 1).setModelId(MirrorEngine.EARS))).contains("InferBatch is for");
    assertThat(
            error(
                request(1, 1).setAudioFeatures(Talk.bytes(filled(AUDIO, Float.POSITIVE_INFINITY)))))
        .contains("not a number");
    assertThat(engine.openStreams.get()).isZero();
  }

  private static float[] filled(int count, float value) {
    float[] values = new float[count];
    Arrays.fill(values, value);
    return values;
  }

  private String error(InferBatchRequest.Builder request) {
    InferBatchResponse response = stub.inferBatch(request.build());
    assertThat(response.getSuccess()).isFalse();
    assertThat(response.getOutputsCount()).isZero();
    return response.getError();
  }

  @Test
  void modelsAreListedLoadedAndUnloaded() {
    assertThat(stub.listModels(ListModelsRequest.getDefaultInstance()).getModelsList())
        .extracting(ModelInfo::getModelId)
        .containsExactly("broken", "busy", "ears", "face");
    assertThat(load("ears")).isEmpty();
    assertThat(load("broken")).contains("no ONNX file");
    assertThat(load("eers")).contains("did you mean ears?");
    assertThat(unload("face")).isEmpty();
    assertThat(unload("ears")).contains("not loaded");
    assertThat(unload("nobody-at-all")).contains("there is no model");
  }

  private String load(String id) {
    var response = stub.loadModel(LoadModelRequest.newBuilder().setModelId(id).build());
    assertThat(response.getSuccess()).isEqualTo(response.getError().isEmpty());
    return response.getError();
  }

  private String unload(String id) {
    var response = stub.unloadModel(UnloadModelRequest.newBuilder().setModelId(id).build());
    assertThat(response.getSuccess()).isEqualTo(response.getError().isEmpty());
    return response.getError();
  }

  @Test
  void statisticsAreThoseOfTheEngine() {
    GetModelStatsResponse all = stub.getModelStats(GetModelStatsRequest.getDefaultInstance());
    assertThat(all.getModelsList()).extracting(ModelInfo::getModelId).containsExactly("face");
    assertThat(all.getModels(0).getStats().getUsageCount()).isEqualTo(7);
    assertThat(all.getModels(0).getStats().getTotalInferenceTimeMs()).isEqualTo(12);
    assertThat(all.getMaxModels()).isEqualTo(12);
    assertThat(all.getLoadedModels()).isEqualTo(1);
    assertThat(all.getMaxMemoryBytes()).isEqualTo(1L << 30);
    assertThatThrownBy(
            () -> stub.getModelStats(GetModelStatsRequest.newBuilder().setModelId("fase").build()))
        .hasMessageContaining("NOT_FOUND")
        .hasMessageContaining("did you mean face?");
  }

  @Test
  void healthNamesTheDevices() {
    HealthResponse health = stub.health(HealthRequest.getDefaultInstance());
    assertThat(health.getHealthy()).isTrue();
    assertThat(health.getCudaAvailable()).isFalse();
    assertThat(health.getGpuCount()).isEqualTo(1);
    assertThat(health.getGpus(0).getName()).isEqualTo("cpu0");
    assertThat(health.getVersion()).isEqualTo("test");
  }
}
