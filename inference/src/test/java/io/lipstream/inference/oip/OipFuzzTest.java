package io.lipstream.inference.oip;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.lipstream.media.wire.oip.GRPCInferenceServiceGrpc;
import io.lipstream.media.wire.oip.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import io.lipstream.media.wire.oip.InferParameter;
import io.lipstream.media.wire.oip.ModelConfigRequest;
import io.lipstream.media.wire.oip.ModelInferRequest;
import io.lipstream.media.wire.oip.ModelInferRequest.InferInputTensor;
import io.lipstream.media.wire.oip.ModelInferRequest.InferRequestedOutputTensor;
import io.lipstream.media.wire.oip.ModelMetadataRequest;
import io.lipstream.media.wire.oip.ModelReadyRequest;
import io.lipstream.media.wire.oip.ModelStatisticsRequest;
import io.lipstream.media.wire.oip.RepositoryIndexRequest;
import io.lipstream.media.wire.oip.RepositoryModelLoadRequest;
import io.lipstream.media.wire.oip.RepositoryModelUnloadRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests in which any field holds what nobody would send. Each must end with a status that blames
 * the request, not the server, and the server must go on.
 */
class OipFuzzTest {
  private static final long SEED = Long.getLong("lipstream.fuzz.seed", 20261121);
  private static final Path ENCODER =
      Path.of("..", "avatars", "tiny", "models", "audio_encoder.onnx");

  @TempDir Path models;

  @Test
  void strangeRequestsEndWithAStatus() throws IOException {
    fuzz(2_000);
  }

  @Test
  @Tag("slow")
  void aHundredThousandStrangeRequestsEndWithAStatus() throws IOException {
    fuzz(100_000);
  }

  private void fuzz(int requests) throws IOException {
    Files.copy(ENCODER, models.resolve("voice.onnx"));
    Random random = new Random(SEED);
    Map<Status.Code, Integer> ends = new EnumMap<>(Status.Code.class);
    LoopbackServer server = LoopbackServer.start(models, 0);
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                "127.0.0.1:" + server.server().port(), InsecureChannelCredentials.create())
            .build();
    try {
      GRPCInferenceServiceBlockingStub stub = GRPCInferenceServiceGrpc.newBlockingStub(channel);
      ModelInferRequest good = goodRequest(stub);
      assertThat(stub.modelInfer(good).getOutputsCount()).isEqualTo(1);
      for (int i = 0; i < requests; i++) {
        Message request = random.nextInt(4) > 0 ? good : small(random);
        ends.merge(end(stub, strange(request, random)), 1, Integer::sum);
      }
      assertThat(stub.modelInfer(good).getOutputsCount()).as("the server goes on").isEqualTo(1);
      assertThat(server.engine().models().find("voice").orElseThrow().streams()).isZero();
    } finally {
      channel.shutdownNow();
      server.abort();
    }
    System.out.println("fuzz: seed " + SEED + ", " + requests + " requests ended " + ends);
    assertThat(ends.keySet())
        .contains(Status.Code.OK, Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND)
        .isSubsetOf(
            Status.Code.OK,
            Status.Code.INVALID_ARGUMENT,
            Status.Code.NOT_FOUND,
            Status.Code.DEADLINE_EXCEEDED);
  }

  private static Status.Code end(GRPCInferenceServiceBlockingStub stub, Message request) {
    try {
      send(stub, request);
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  private static void send(GRPCInferenceServiceBlockingStub stub, Message request) {
    switch (request) {
      case ModelInferRequest infer -> stub.modelInfer(infer);
      case ModelReadyRequest ready -> stub.modelReady(ready);
      case ModelMetadataRequest metadata -> stub.modelMetadata(metadata);
      case ModelConfigRequest config -> stub.modelConfig(config);
      case ModelStatisticsRequest statistics -> stub.modelStatistics(statistics);
      case RepositoryIndexRequest index -> stub.repositoryIndex(index);
      case RepositoryModelLoadRequest load -> stub.repositoryModelLoad(load);
      case RepositoryModelUnloadRequest unload -> stub.repositoryModelUnload(unload);
      default -> throw new IllegalArgumentException(request.getClass().getName());
    }
  }

  private static Message small(Random random) {
    List<Message> requests =
        List.of(
            ModelReadyRequest.newBuilder().setName("voice").build(),
            ModelMetadataRequest.newBuilder().setName("voice").build(),
            ModelConfigRequest.newBuilder().setName("voice").build(),
            ModelStatisticsRequest.newBuilder().setName("voice").build(),
            RepositoryIndexRequest.newBuilder().setReady(true).build(),
            RepositoryModelLoadRequest.newBuilder().setModelName("voice").build(),
            RepositoryModelUnloadRequest.newBuilder().setModelName("voice").build());
    return requests.get(random.nextInt(requests.size()));
  }

  private static ModelInferRequest goodRequest(GRPCInferenceServiceBlockingStub stub) {
    var metadata = stub.modelMetadata(ModelMetadataRequest.newBuilder().setName("voice").build());
    return ModelInferRequest.newBuilder()
        .setModelName("voice")
        .setModelVersion("1")
        .setId("7")
        .putParameters("timeout", InferParameter.newBuilder().setInt64Param(9_000_000).build())
        .putParameters("priority", InferParameter.newBuilder().setUint64Param(1).build())
        .addInputs(
            InferInputTensor.newBuilder()
                .setName(metadata.getInputs(0).getName())
                .setDatatype("FP32")
                .addAllShape(List.of(2L, 1L, 80L, 16L)))
        .addOutputs(
            InferRequestedOutputTensor.newBuilder()
                .setName(metadata.getOutputs(0).getName())
                .putParameters(
                    "datatype", InferParameter.newBuilder().setStringParam("FP16").build()))
        .addRawInputContents(ByteString.copyFrom(new byte[2 * 80 * 16 * Float.BYTES]))
        .build();
  }

  /** The message with one to three of its fields, on any level, given another value. */
  private static Message strange(Message message, Random random) {
    Message.Builder builder = message.toBuilder();
    for (int i = random.nextInt(3); i >= 0; i--) {
      change(builder, random);
    }
    return builder.build();
  }

  private static void change(Message.Builder builder, Random random) {
    List<FieldDescriptor> fields = builder.getDescriptorForType().getFields();
    FieldDescriptor field = fields.get(random.nextInt(fields.size()));
    if (field.isRepeated()) {
      changeList(builder, field, random);
    } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
      Message.Builder part = ((Message) builder.getField(field)).toBuilder();
      change(part, random);
      builder.setField(field, part.build());
    } else {
      builder.setField(field, value(field, random));
    }
  }

  private static void changeList(Message.Builder builder, FieldDescriptor field, Random random) {
    int count = builder.getRepeatedFieldCount(field);
    boolean messages = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
    if (count == 0 || random.nextInt(4) == 0) {
      if (random.nextBoolean()) {
        builder.clearField(field);
      } else if (messages) {
        Message.Builder element = builder.newBuilderForField(field);
        change(element, random);
        builder.addRepeatedField(field, element.build());
      } else {
        builder.addRepeatedField(field, value(field, random));
      }
      return;
    }
    int index = random.nextInt(count);
    if (messages) {
      Message.Builder element = ((Message) builder.getRepeatedField(field, index)).toBuilder();
      change(element, random);
      builder.setRepeatedField(field, index, element.build());
    } else {
      builder.setRepeatedField(field, index, value(field, random));
    }
  }

  private static Object value(FieldDescriptor field, Random random) {
    long[] numbers = {0, 1, -1, 2, 3, 80, Integer.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE};
    long number = numbers[random.nextInt(numbers.length)];
    String[] texts = {
      "", "voice", "FP16", "FP32", "BYTES", "timeout", "../voice", "\0", "é".repeat(300)
    };
    return switch (field.getJavaType()) {
      case INT -> (int) number;
      case LONG -> number;
      case FLOAT -> Float.NaN;
      case DOUBLE -> Double.NEGATIVE_INFINITY;
      case BOOLEAN -> random.nextBoolean();
      case STRING -> texts[random.nextInt(texts.length)];
      case BYTE_STRING ->
          ByteString.copyFrom(new byte[random.nextInt(3) * 5120 + random.nextInt(2)]);
      case ENUM, MESSAGE -> throw new IllegalArgumentException(field.getFullName());
    };
  }
}
