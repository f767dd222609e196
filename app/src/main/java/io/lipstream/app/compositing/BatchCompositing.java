package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.lipstream.inference.client.FleetEngine;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.server.BatchService;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.wire.batch.GetModelStatsRequest;
import io.lipstream.media.wire.batch.GetModelStatsResponse;
import io.lipstream.media.wire.batch.HealthRequest;
import io.lipstream.media.wire.batch.HealthResponse;
import io.lipstream.media.wire.batch.ListModelsRequest;
import io.lipstream.media.wire.batch.ListModelsResponse;
import io.lipstream.media.wire.batch.LoadModelRequest;
import io.lipstream.media.wire.batch.LoadModelResponse;
import io.lipstream.media.wire.batch.UnloadModelRequest;
import io.lipstream.media.wire.batch.UnloadModelResponse;
import io.lipstream.media.wire.composite.CompositeBatchRequest;
import io.lipstream.media.wire.composite.CompositeBatchResponse;
import io.lipstream.media.wire.composite.CompositingServiceGrpc;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The compositing service as it was published: one call for each batch, refusals as success=false
 * with a text.
 *
 * <p>A caller is known by the session in its metadata or by its connection; what it said is
 * remembered from batch to batch.
 */
public final class BatchCompositing extends CompositingServiceGrpc.CompositingServiceImplBase
    implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BatchCompositing.class);
  private static final int MAX_BATCH = 256;
  private static final int MAX_SESSIONS = 256;
  private static final int MAX_SOUND_SECONDS = 60;
  private static final int ROI_PX = 320;
  private static final int PLANE_FLOATS = ROI_PX * ROI_PX;
  private static final int VISUAL_BYTES = 6 * PLANE_FLOATS * Float.BYTES;
  private static final int WINDOW_BYTES = MouthGenerator.AUDIO_WINDOW_FLOATS * Float.BYTES;

  private final CompositingParts parts;
  private final BatchService models;

  /** By caller and avatar, the longest unused first; guarded by itself. */
  private final Map<String, BatchSession> sessions = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Offers avatars; the parts stay the caller's to close, after this.
   *
   * @param maxModels as the engine was set up, told to those who ask
   */
  public BatchCompositing(CompositingParts parts, int maxModels) {
    this.parts = parts;
    models = new BatchService(parts.engine(), maxModels, parts.settings().version());
    parts.every(5, this::tidy);
  }

  /** The service, which must know who calls. */
  public ServerServiceDefinition definition() {
    return ServerInterceptors.intercept(super.bindService(), new CallerOf());
  }

  @Override
  public void inferBatchComposite(
      CompositeBatchRequest request, StreamObserver<CompositeBatchResponse> response) {
    CompositeBatchResponse.Builder answer = CompositeBatchResponse.newBuilder();
    long begun = System.nanoTime();
    try {
      check(request);
      composite(request, answer);
      answer.setSuccess(true);
    } catch (LipstreamException e) {
      answer
          .clear()
          .setError(e.hint().isEmpty() ? e.getMessage() : e.getMessage() + "; " + e.hint());
    } catch (StatusRuntimeException e) {
      String told = e.getStatus().getDescription();
      answer.clear().setError(told == null ? e.getStatus().getCode().name() : told);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      answer.clear().setError("the call was interrupted");
    } catch (RuntimeException e) {
      LOG.error("a batch could not be composited", e);
      answer.clear().setError("the batch broke down: " + e);
    }
    response.onNext(answer.setTotalTimeMs(millisSince(begun)).build());
    response.onCompleted();
  }

  private static void check(CompositeBatchRequest request) {
    int batch = request.getBatchSize();
    require(
        batch >= 1 && batch <= MAX_BATCH,
        "batch_size must be from 1 to " + MAX_BATCH + "; it is " + batch);
    require(
        request.getStartFrameIdx() >= 0,
        "start_frame_idx must not be negative; it is " + request.getStartFrameIdx());
    int rateHz = rateOf(request);
    require(
        rateHz >= 8_000 && rateHz <= 96_000,
        "sample_rate must be from 8000 to 96000; it is " + rateHz);
    long visuals = request.getVisualFrames().size();
    require(
        visuals == 0 || visuals == (long) batch * VISUAL_BYTES,
        "visual_frames must be empty or hold "
            + (long) batch * VISUAL_BYTES
            + " bytes, [batch_size][6][320][320] float32; it holds "
            + visuals);
    int features = request.getAudioFeatures().size();
    require(
        features == 0 || features == WINDOW_BYTES || features == (long) batch * WINDOW_BYTES,
        "audio_features must hold "
            + WINDOW_BYTES
            + " bytes, [32][16][16] float32, or as many for each frame; it holds "
            + features);
    int sound = request.getRawAudio().size();
    require(
        sound % Float.BYTES == 0 && sound / Float.BYTES <= MAX_SOUND_SECONDS * rateHz,
        "raw_audio must hold float32 samples, at most "
            + MAX_SOUND_SECONDS
            + " s of them; it holds "
            + sound
            + " bytes");
    require(sound > 0 || features > 0, "raw_audio or audio_features must be there");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new LipstreamException(LipstreamException.Kind.INPUT, otherwise, "");
    }
  }

  private static int rateOf(CompositeBatchRequest request) {
    return request.getSampleRate() == 0 ? 16_000 : request.getSampleRate();
  }

  private void composite(CompositeBatchRequest request, CompositeBatchResponse.Builder answer)
      throws InterruptedException {
    long begun = System.nanoTime();
    BatchSession session = session(request.getModelId(), answer);
    if (answer.getModelLoaded()) {
      answer.setModelLoadTimeMs(millisSince(begun));
    }
    synchronized (session) {
      require(!session.isClosed(), "the session ended meanwhile; call again");
      session.touch();
      long mark = System.nanoTime();
      float[] windows = windows(request, session);
      answer.setAudioProcessingMs(millisSince(mark));
      mark = System.nanoTime();
      BatchMouths mouths = mouths(request, session.actor(), windows);
      mouths.draw();
      answer.setInferenceTimeMs(millisSince(mark));
      mark = System.nanoTime();
      answer.setError(show(request, session, mouths, answer));
      answer.setCompositeTimeMs(millisSince(mark));
      session.touch();
    }
    answer.setGpuId(deviceOf(session.actor().manifest().name()));
  }

  private int deviceOf(String modelId) {
    String where = parts.engine().models().find(modelId).flatMap(ModelStatus::device).orElse("");
    return parts.engine().models().devices().stream()
        .filter(device -> where.startsWith(device.name()))
        .findFirst()
        .map(device -> device.index())
        .orElse(0);
  }

  private BatchSession session(String avatar, CompositeBatchResponse.Builder answer) {
    String key = CallerOf.current() + "\n" + avatar;
    synchronized (sessions) {
      BatchSession known = sessions.get(key);
      if (known != null) {
        return known;
      }
    }
    // Loading takes long; others need not wait for it.
    Actors.Use use = parts.actors().use(avatar);
    answer.setModelLoaded(use.loaded());
    BatchSession made = new BatchSession(use, parts.settings().still());
    List<BatchSession> over = new ArrayList<>();
    BatchSession kept;
    synchronized (sessions) {
      BatchSession other = sessions.putIfAbsent(key, made);
      kept = other == null ? made : other;
      if (other != null) {
        over.add(made);
      }
      var oldest = sessions.values().iterator();
      while (sessions.size() > MAX_SESSIONS && oldest.hasNext()) {
        over.add(oldest.next());
        oldest.remove();
      }
    }
    over.forEach(BatchCompositing::end);
    return kept;
  }

  private static void end(BatchSession session) {
    synchronized (session) {
      session.close();
    }
  }

  /** Forgets callers who have been silent for long. */
  private void tidy() {
    List<BatchSession> over = new ArrayList<>();
    long longest = parts.settings().keepSessions().toNanos();
    synchronized (sessions) {
      sessions.values().removeIf(session -> session.unusedNanos() > longest && over.add(session));
    }
    over.forEach(BatchCompositing::end);
  }

  /** What the generator hears in each frame. */
  private static float[] windows(CompositeBatchRequest request, BatchSession session) {
    int batch = request.getBatchSize();
    ByteString given = request.getAudioFeatures();
    if (request.getRawAudio().isEmpty()) {
      float[] floats = floats(given);
      if (given.size() == WINDOW_BYTES) {
        float[] each = new float[batch * floats.length];
        for (int i = 0; i < batch; i++) {
          System.arraycopy(floats, 0, each, i * floats.length, floats.length);
        }
        return each;
      }
      return floats;
    }
    session.begin(request.getStartFrameIdx(), rateOf(request));
    session.hear(request.getRawAudio());
    require(!session.isOverflown(), "raw_audio runs more than a minute ahead of the frames");
    float[] windows = session.windows(batch);
    session.advance(batch);
    return windows;
  }

  private static float[] floats(ByteString bytes) {
    FloatBuffer buffer =
        bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[] floats = new float[buffer.remaining()];
    buffer.get(floats);
    return floats;
  }

  private BatchMouths mouths(CompositeBatchRequest request, Actor actor, float[] windows) {
    int batch = request.getBatchSize();
    if (request.getVisualFrames().isEmpty()) {
      long start = request.getStartFrameIdx();
      return new BatchMouths(
          parts.engine(),
          actor,
          batch,
          actor.frames(),
          frame -> actor.frameIndex(start + frame),
          windows);
    }
    ReferenceCrops given = new GivenPictures(request, batch);
    return new BatchMouths(parts.engine(), actor, batch, given, frame -> frame, windows);
  }

  /** Adds the pictures; says how many hold the pose, if any do. */
  private String show(
      CompositeBatchRequest request,
      BatchSession session,
      BatchMouths mouths,
      CompositeBatchResponse.Builder answer) {
    int batch = request.getBatchSize();
    int held = 0;
    for (int i = 0; i < batch; i++) {
      byte[] mouth = mouths.mouth(i);
      if (mouth != null) {
        session.hold(mouth);
      } else {
        held++;
      }
      int avatarFrame = session.actor().frameIndex((long) request.getStartFrameIdx() + i);
      answer.addCompositedFrames(session.draw(avatarFrame, parts.quality().still()));
      parts.sent(mouth == null);
    }
    return held == 0
        ? ""
        : held + " of " + batch + " frames hold the pose: no inference server answers";
  }

  /** The pictures that a caller brings: the first three planes, B, G, R. */
  private static final class GivenPictures implements ReferenceCrops {
    private final FloatBuffer floats;
    private final int frames;

    GivenPictures(CompositeBatchRequest request, int frames) {
      floats =
          request
              .getVisualFrames()
              .asReadOnlyByteBuffer()
              .order(ByteOrder.LITTLE_ENDIAN)
              .asFloatBuffer();
      this.frames = frames;
    }

    @Override
    public int frameCount() {
      return frames;
    }

    @Override
    public int roiPx() {
      return ROI_PX;
    }

    @Override
    public void copyRoi(int frameIndex, byte[] bgr) {
      int from = 6 * PLANE_FLOATS * frameIndex;
      for (int i = 0; i < PLANE_FLOATS; i++) {
        for (int channel = 0; channel < 3; channel++) {
          float value = floats.get(from + channel * PLANE_FLOATS + i);
          bgr[3 * i + channel] = (byte) Math.clamp(Math.round(255 * value), 0, 255);
        }
      }
    }
  }

  private static float millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e6f;
  }

  // Models: the engine's, which passes on what inference servers must do.

  @Override
  public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> response) {
    models.listModels(request, response);
  }

  @Override
  public void loadModel(LoadModelRequest request, StreamObserver<LoadModelResponse> response) {
    models.loadModel(request, response);
  }

  @Override
  public void unloadModel(
      UnloadModelRequest request, StreamObserver<UnloadModelResponse> response) {
    models.unloadModel(request, response);
  }

  @Override
  public void getModelStats(
      GetModelStatsRequest request, StreamObserver<GetModelStatsResponse> response) {
    models.getModelStats(request, response);
  }

  @Override
  public void health(HealthRequest request, StreamObserver<HealthResponse> response) {
    boolean reachable =
        !(parts.engine() instanceof FleetEngine fleet) || fleet.serversPresent() > 0;
    models.health(
        request,
        new StreamObserver<>() {
          @Override
          public void onNext(HealthResponse health) {
            response.onNext(health.toBuilder().setHealthy(reachable).build());
          }

          @Override
          public void onError(Throwable failure) {
            response.onError(failure);
          }

          @Override
          public void onCompleted() {
            response.onCompleted();
          }
        });
  }

  @Override
  public void close() {
    List<BatchSession> all;
    synchronized (sessions) {
      all = List.copyOf(sessions.values());
      sessions.clear();
    }
    all.forEach(BatchCompositing::end);
  }
}
