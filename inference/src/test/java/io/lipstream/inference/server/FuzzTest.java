package io.lipstream.inference.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.lipstream.media.wire.batch.InferBatchRequest;
import io.lipstream.media.wire.batch.InferenceServiceGrpc;
import io.lipstream.media.wire.batch.LoadModelRequest;
import io.lipstream.media.wire.lipsync.EndOfUtterance;
import io.lipstream.media.wire.lipsync.Flush;
import io.lipstream.media.wire.lipsync.Frame;
import io.lipstream.media.wire.lipsync.InferenceGrpc;
import io.lipstream.media.wire.lipsync.LipsyncRequest;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsRequest;
import io.lipstream.media.wire.lipsync.Resume;
import io.lipstream.media.wire.lipsync.Sound;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Sends messages in which fields hold what nobody would send, whole and cut, to every method. Each
 * call must end with a status, the server must go on, and nothing may be left behind.
 */
final class FuzzTest {
  private static final int CALLS_AT_ONCE = 32;
  private static final long SEED = Long.getLong("lipstream.fuzz.seed", 20261121);

  @Test
  void strangeMessagesEndWithAStatus() {
    fuzz(4_000);
  }

  @Test
  @Tag("slow")
  void aHundredThousandStrangeMessagesEndWithAStatus() {
    fuzz(100_000);
  }

  private static void fuzz(int inputs) {
    Map<Status.Code, Integer> ends = new EnumMap<>(Status.Code.class);
    try (MirrorEngine engine = new MirrorEngine();
        Serving serving = new Serving(engine).withAvatar()) {
      Semaphore room = new Semaphore(CALLS_AT_ONCE);
      Random random = new Random(SEED);
      List<CompletableFuture<Status>> calls = new ArrayList<>();
      for (int i = 0; i < inputs; ) {
        List<byte[]> messages = new ArrayList<>();
        MethodDescriptor<?, ?> method = inventCall(random, messages);
        i += messages.size();
        room.acquireUninterruptibly();
        CompletableFuture<Status> end = call(serving, method, messages, random.nextInt(20) == 0);
        calls.add(end.whenComplete((status, failure) -> room.release()));
      }
      for (CompletableFuture<Status> call : calls) {
        ends.merge(call.orTimeout(60, TimeUnit.SECONDS).join().getCode(), 1, Integer::sum);
      }
      Serving.awaitNot(() -> engine.openStreams.get() > 0 || serving.lipsync.openStreams() > 0);
      assertThat(serving.lipsync.visualsBytes()).isLessThanOrEqualTo(16 << 20);
      // Announcements of other pictures may rightly have pushed these out, and those whose client
      // has just hung up may hold their room for a moment.
      Serving.awaitNot(() -> !isTaken(serving));
      Talk talk = Talk.start(serving.channel).open(Serving.opening().build());
      assertThat(talk.next().hasOpened()).as("the server goes on").isTrue();
    }
    System.out.println("fuzz: seed " + SEED + ", " + inputs + " messages, calls ended " + ends);
    assertThat(ends).containsKeys(Status.Code.OK, Status.Code.INVALID_ARGUMENT);
    assertThat(ends.getOrDefault(Status.Code.INTERNAL, 0)).as("faults of the server").isZero();
  }

  private static boolean isTaken(Serving serving) {
    try {
      Uploads.put(serving.channel, Serving.CROPS, Serving.SUM);
      return true;
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      return false;
    }
  }

  private static MethodDescriptor<?, ?> inventCall(Random random, List<byte[]> messages) {
    return switch (random.nextInt(4)) {
      case 0 -> {
        messages.add(strange(goodBatch(random), random));
        yield InferenceServiceGrpc.getInferBatchMethod();
      }
      case 1 -> {
        messages.add(strange(LoadModelRequest.newBuilder().setModelId("face").build(), random));
        yield List.of(
                InferenceServiceGrpc.getLoadModelMethod(),
                InferenceServiceGrpc.getUnloadModelMethod(),
                InferenceServiceGrpc.getGetModelStatsMethod(),
                InferenceServiceGrpc.getHealthMethod(),
                InferenceServiceGrpc.getListModelsMethod())
            .get(random.nextInt(5));
      }
      case 2 -> {
        messages.add(strange(Serving.announcement(Serving.CROPS, randomSum(random)), random));
        for (int i = random.nextInt(3); i > 0; i--) {
          messages.add(
              strange(
                  PutAvatarVisualsRequest.newBuilder().setPictures(bytes(random, 5000)).build(),
                  random));
        }
        yield InferenceGrpc.getPutAvatarVisualsMethod();
      }
      default -> {
        LipsyncRequest open =
            LipsyncRequest.newBuilder()
                .setOpen(
                    Serving.opening()
                        .setAudioEncoderId(MirrorEngine.EARS)
                        .setResume(Resume.newBuilder().setNextIndex(random.nextInt(3))))
                .build();
        messages.add(random.nextInt(4) == 0 ? strange(open, random) : open.toByteArray());
        for (int i = random.nextInt(8); i > 0; i--) {
          messages.add(strange(goodMessage(random, 10 - i), random));
        }
        yield InferenceGrpc.getLipsyncMethod();
      }
    };
  }

  private static ByteString randomSum(Random random) {
    return random.nextBoolean() ? Serving.SUM : bytes(random, 32);
  }

  private static Message goodBatch(Random random) {
    return InferBatchRequest.newBuilder()
        .setModelId(MirrorEngine.FACE)
        .setBatchSize(1)
        .setVisualFrames(
            ByteString.copyFrom(new byte[random.nextInt(8) == 0 ? 6 * 320 * 320 * 4 : 64]))
        .setAudioFeatures(ByteString.copyFrom(new byte[8192 * 4]))
        .build();
  }

  private static Message goodMessage(Random random, long index) {
    LipsyncRequest.Builder message = LipsyncRequest.newBuilder();
    Frame.Builder frame = Frame.newBuilder().setIndex(index).setAvatarFrame(random.nextInt(3));
    switch (random.nextInt(8)) {
      case 0 -> message.setFlush(Flush.getDefaultInstance());
      case 1 -> message.setEndOfUtterance(EndOfUtterance.getDefaultInstance());
      case 2 -> message.setSound(Sound.newBuilder().setFeature(bytes(random, 2048)));
      case 3 -> message.setFrame(frame.setPcm(bytes(random, 1280)));
      case 4 -> message.setFrame(frame.setWindow(bytes(random, 32768)));
      case 5 -> message.setFrame(frame.setNextRow(bytes(random, 2048)));
      default -> message.setFrame(frame.setFeature(bytes(random, 2048)));
    }
    return message.build();
  }

  private static ByteString bytes(Random random, int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }

  /** A message with one field changed, or, now and then, with its bytes cut or changed. */
  private static byte[] strange(Message message, Random random) {
    byte[] bytes = mutate(message, random).toByteArray();
    return switch (random.nextInt(10)) {
      case 0 -> java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
      case 1 -> {
        if (bytes.length > 0) {
          bytes[random.nextInt(Math.min(64, bytes.length))] ^= (byte) (1 << random.nextInt(8));
        }
        yield bytes;
      }
      default -> bytes;
    };
  }

  private static Message mutate(Message message, Random random) {
    List<FieldDescriptor> fields = message.getDescriptorForType().getFields();
    if (fields.isEmpty() || random.nextInt(6) == 0) {
      return message;
    }
    FieldDescriptor field = fields.get(random.nextInt(fields.size()));
    Message.Builder changed = message.toBuilder();
    if (field.isRepeated()) {
      return message;
    }
    if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
      Message inner = (Message) message.getField(field);
      return message.hasField(field) || random.nextInt(5) == 0
          ? changed.setField(field, mutate(inner, random)).build()
          : mutateSetField(message, random);
    }
    return changed.setField(field, value(field, random)).build();
  }

  private static Message mutateSetField(Message message, Random random) {
    for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
      if (entry.getValue() instanceof Message inner) {
        return message.toBuilder().setField(entry.getKey(), mutate(inner, random)).build();
      }
    }
    return message;
  }

  private static Object value(FieldDescriptor field, Random random) {
    long[] numbers = {
      0,
      1,
      -1,
      7,
      8,
      320,
      1 << 20,
      Integer.MAX_VALUE,
      Integer.MIN_VALUE,
      Long.MAX_VALUE,
      Long.MIN_VALUE
    };
    long number =
        random.nextBoolean() ? numbers[random.nextInt(numbers.length)] : random.nextLong();
    double[] doubles = {0, -0.0, Double.NaN, Double.POSITIVE_INFINITY, -1, 1e308, 25};
    return switch (field.getJavaType()) {
      case INT -> (int) number;
      case LONG -> number;
      case FLOAT -> (float) doubles[random.nextInt(doubles.length)];
      case DOUBLE -> doubles[random.nextInt(doubles.length)];
      case BOOLEAN -> random.nextBoolean();
      case STRING ->
          List.of(
                  "",
                  "face",
                  "ears",
                  "busy",
                  "broken",
                  "../../etc/passwd",
                  "x".repeat(5000),
                  "\u0000\uD83D\uDE00")
              .get(random.nextInt(8));
      case BYTE_STRING ->
          bytes(
              random,
              List.of(0, 1, 3, 31, 32, 33, 2047, 2048, 2049, 32768, 40000).get(random.nextInt(11)));
      case ENUM -> field.getEnumType().findValueByNumberCreatingIfUnknown(random.nextInt(12) - 2);
      case MESSAGE -> throw new IllegalStateException("messages have fields of their own");
    };
  }

  /** Sends raw bytes as the messages of a call; with hang-up the client vanishes in its middle. */
  private static CompletableFuture<Status> call(
      Serving serving, MethodDescriptor<?, ?> method, List<byte[]> messages, boolean hangUp) {
    MethodDescriptor<byte[], byte[]> raw =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(method.getType())
            .setFullMethodName(method.getFullMethodName())
            .setRequestMarshaller(new Raw())
            .setResponseMarshaller(new Raw())
            .build();
    CompletableFuture<Status> end = new CompletableFuture<>();
    StreamObserver<byte[]> response =
        new StreamObserver<>() {
          @Override
          public void onNext(byte[] message) {
            // Only how the call ends is of interest.
          }

          @Override
          public void onError(Throwable failure) {
            end.complete(Status.fromThrowable(failure));
          }

          @Override
          public void onCompleted() {
            end.complete(Status.OK);
          }
        };
    var call = serving.channel.newCall(raw, CallOptions.DEFAULT);
    if (method.getType() == MethodDescriptor.MethodType.UNARY) {
      ClientCalls.asyncUnaryCall(call, messages.getFirst(), response);
      return end;
    }
    StreamObserver<byte[]> request =
        method.getType() == MethodDescriptor.MethodType.BIDI_STREAMING
            ? ClientCalls.asyncBidiStreamingCall(call, response)
            : ClientCalls.asyncClientStreamingCall(call, response);
    messages.forEach(request::onNext);
    if (hangUp) {
      call.cancel("hung up", null);
    } else {
      request.onCompleted();
    }
    return end;
  }

  /** Bytes as they are. */
  private static final class Raw implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
