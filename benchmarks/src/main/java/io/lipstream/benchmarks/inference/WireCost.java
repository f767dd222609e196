package io.lipstream.benchmarks.inference;

import com.google.protobuf.ByteString;
import com.sun.management.OperatingSystemMXBean;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.lipstream.inference.client.InferenceTarget;
import io.lipstream.inference.server.BatchService;
import io.lipstream.inference.server.InferenceServer;
import io.lipstream.inference.server.LipsyncService;
import io.lipstream.media.lipsync.VisualsSum;
import io.lipstream.media.picture.Rect;
import io.lipstream.media.wire.batch.InferBatchRequest;
import io.lipstream.media.wire.batch.InferBatchResponse;
import io.lipstream.media.wire.batch.InferenceServiceGrpc;
import io.lipstream.media.wire.batch.RawMouthRegion;
import io.lipstream.media.wire.lipsync.Box;
import io.lipstream.media.wire.lipsync.Frame;
import io.lipstream.media.wire.lipsync.InferenceGrpc;
import io.lipstream.media.wire.lipsync.LipsyncRequest;
import io.lipstream.media.wire.lipsync.LipsyncResponse;
import io.lipstream.media.wire.lipsync.Open;
import io.lipstream.media.wire.lipsync.PictureType;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsRequest;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsResponse;
import io.lipstream.media.wire.lipsync.Visuals;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/**
 * What does a batch of 24 frames cost on its way to a model and back, over loopback: as a bare echo
 * of the same bytes, through the batch service, and through a stream?
 *
 * <p>Client and server are one process, whose CPU time is counted, client's and server's together.
 * The ways take turns, so that whatever else runs on the machine disturbs all alike. Run:
 *
 * <pre>
 *   mvn -q -DskipTests -pl benchmarks -am package
 *   java -Xmx3g -cp benchmarks/target/classes:$(cat benchmarks/target/classpath) \
 *     io.lipstream.benchmarks.inference.WireCost [rounds]
 * </pre>
 */
public final class WireCost {
  private static final int BATCH = 24;
  private static final int VISUAL_BYTES = 6 * 320 * 320 * Float.BYTES;
  private static final int WINDOW_BYTES = 8192 * Float.BYTES;
  private static final int PICTURE_BYTES = 3 * 320 * 320 * Float.BYTES;
  private static final Rect MASK = new Rect(5, 5, 315, 310);

  private WireCost() {}

  /** One way of drawing a batch. */
  @FunctionalInterface
  private interface Way {
    void batch() throws InterruptedException;
  }

  public static void main(String[] arguments) throws InterruptedException {
    Locale.setDefault(Locale.ROOT);
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 30;
    Map<String, Way> ways = new LinkedHashMap<>();
    ways.put("bare echo of the v1 messages", echo());
    for (boolean fill : new boolean[] {false, true}) {
      NoModel engine = new NoModel(fill);
      LipsyncService service =
          new LipsyncService(engine, LipsyncService.Settings.of("benchmark"), System::nanoTime);
      InferenceServer server =
          InferenceServer.start(
              InferenceServer.Options.loopback(),
              List.of(new BatchService(engine, 1, "benchmark"), service));
      ManagedChannel channel = InferenceTarget.parse("127.0.0.1:" + server.port()).open();
      String how = fill ? ", tensors filled" : ", wire alone";
      ways.put("v1 float32" + how, batches(channel));
      ways.put("stream uint8" + how, stream(channel, PictureType.UINT8));
      ways.put("stream float32" + how, stream(channel, PictureType.FLOAT32));
    }
    measure(ways, rounds);
    System.exit(0);
  }

  private static void measure(Map<String, Way> ways, int rounds) throws InterruptedException {
    OperatingSystemMXBean process =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    Map<String, double[]> wallMillis = new LinkedHashMap<>();
    Map<String, double[]> cpuMillis = new LinkedHashMap<>();
    for (int round = -rounds / 2; round < rounds; round++) {
      for (Map.Entry<String, Way> way : ways.entrySet()) {
        long cpu = process.getProcessCpuTime();
        long start = System.nanoTime();
        int batches = 3;
        for (int i = 0; i < batches; i++) {
          way.getValue().batch();
        }
        double wall = (System.nanoTime() - start) / 1e6 / batches;
        double spent = (process.getProcessCpuTime() - cpu) / 1e6 / batches;
        if (round >= 0) {
          wallMillis.computeIfAbsent(way.getKey(), key -> new double[rounds])[round] = wall;
          cpuMillis.computeIfAbsent(way.getKey(), key -> new double[rounds])[round] = spent;
        }
      }
    }
    System.out.printf(
        "%-34s %14s %14s %14s%n", "a batch of 24", "wall ms p50", "wall ms best", "CPU ms p50");
    for (String way : ways.keySet()) {
      double[] wall = wallMillis.getOrDefault(way, new double[1]);
      double[] cpu = cpuMillis.getOrDefault(way, new double[1]);
      Arrays.sort(wall);
      Arrays.sort(cpu);
      System.out.printf(
          "%-34s %14.1f %14.1f %14.1f%n", way, wall[wall.length / 2], wall[0], cpu[cpu.length / 2]);
    }
  }

  private static ByteString noise(int bytes) {
    byte[] noise = new byte[bytes];
    Random random = new Random(1);
    for (int i = 0; i < bytes; i += Float.BYTES) {
      int bits = Float.floatToIntBits(random.nextFloat());
      noise[i] = (byte) bits;
      noise[i + 1] = (byte) (bits >> 8);
      noise[i + 2] = (byte) (bits >> 16);
      noise[i + 3] = (byte) (bits >> 24);
    }
    return ByteString.copyFrom(noise);
  }

  private static InferBatchRequest request() {
    return InferBatchRequest.newBuilder()
        .setModelId("none")
        .setVisualFrames(noise(BATCH * VISUAL_BYTES))
        .setAudioFeatures(noise(BATCH * WINDOW_BYTES))
        .setBatchSize(BATCH)
        .build();
  }

  /** The same bytes both ways, by gRPC and protobuf as they are, on the same server settings. */
  private static Way echo() {
    InferBatchResponse.Builder answer = InferBatchResponse.newBuilder().setSuccess(true);
    for (int i = 0; i < BATCH; i++) {
      answer.addOutputs(RawMouthRegion.newBuilder().setData(noise(PICTURE_BYTES)));
    }
    InferBatchResponse same = answer.build();
    InferenceServer server =
        InferenceServer.start(
            InferenceServer.Options.loopback(),
            List.of(
                new InferenceServiceGrpc.InferenceServiceImplBase() {
                  @Override
                  public void inferBatch(
                      InferBatchRequest request, StreamObserver<InferBatchResponse> response) {
                    response.onNext(same);
                    response.onCompleted();
                  }
                }));
    return batches(InferenceTarget.parse("127.0.0.1:" + server.port()).open());
  }

  private static Way batches(ManagedChannel channel) {
    InferBatchRequest request = request();
    InferenceServiceGrpc.InferenceServiceBlockingStub stub =
        InferenceServiceGrpc.newBlockingStub(channel);
    return () -> {
      InferBatchResponse response = stub.inferBatch(request);
      if (!response.getSuccess() || response.getOutputsCount() != BATCH) {
        throw new IllegalStateException(response.getError());
      }
    };
  }

  private static Way stream(ManagedChannel channel, PictureType type) throws InterruptedException {
    NoiseCrops crops = new NoiseCrops();
    ByteString sum = ByteString.copyFrom(VisualsSum.of(crops, MASK));
    upload(channel, crops, sum);
    CountDownLatch opened = new CountDownLatch(1);
    Semaphore drawn = new Semaphore(0);
    StreamObserver<LipsyncRequest> stream =
        InferenceGrpc.newStub(channel)
            .lipsync(
                new StreamObserver<>() {
                  @Override
                  public void onNext(LipsyncResponse message) {
                    if (message.hasOpened()) {
                      opened.countDown();
                    } else if (!message.getMouth().getPicture().isEmpty()) {
                      drawn.release();
                    }
                  }

                  @Override
                  public void onError(Throwable failure) {
                    throw new IllegalStateException(failure);
                  }

                  @Override
                  public void onCompleted() {
                    // The stream stays open until the end.
                  }
                });
    stream.onNext(
        LipsyncRequest.newBuilder()
            .setOpen(
                Open.newBuilder()
                    .setModelId("none")
                    .setAvatar(sum)
                    .setPictureType(type)
                    .setLookAhead(0))
            .build());
    opened.await();
    ByteString feature = noise(512 * Float.BYTES);
    long[] index = {0};
    return () -> {
      for (int i = 0; i < BATCH; i++) {
        stream.onNext(
            LipsyncRequest.newBuilder()
                .setFrame(
                    Frame.newBuilder()
                        .setIndex(index[0])
                        .setAvatarFrame((int) (index[0] % crops.frameCount()))
                        .setFeature(feature))
                .build());
        index[0]++;
      }
      drawn.acquire(BATCH);
    };
  }

  private static void upload(ManagedChannel channel, NoiseCrops crops, ByteString sum)
      throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    StreamObserver<PutAvatarVisualsRequest> call =
        InferenceGrpc.newStub(channel)
            .putAvatarVisuals(
                new StreamObserver<>() {
                  @Override
                  public void onNext(PutAvatarVisualsResponse message) {
                    done.countDown();
                  }

                  @Override
                  public void onError(Throwable failure) {
                    throw new IllegalStateException(failure);
                  }

                  @Override
                  public void onCompleted() {
                    // The answer came before.
                  }
                });
    call.onNext(
        PutAvatarVisualsRequest.newBuilder()
            .setVisuals(
                Visuals.newBuilder()
                    .setSha256(sum)
                    .setFrameCount(crops.frameCount())
                    .setSidePx(crops.roiPx())
                    .setMask(Box.newBuilder().setX1(5).setY1(5).setX2(315).setY2(310)))
            .build());
    byte[] roi = new byte[3 * crops.roiPx() * crops.roiPx()];
    for (int frame = 0; frame < crops.frameCount(); frame++) {
      crops.copyRoi(frame, roi);
      call.onNext(
          PutAvatarVisualsRequest.newBuilder().setPictures(ByteString.copyFrom(roi)).build());
    }
    call.onCompleted();
    done.await();
  }
}
