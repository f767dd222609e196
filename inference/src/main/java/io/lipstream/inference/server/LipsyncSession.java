package io.lipstream.inference.server;

import com.google.protobuf.ByteString;
import io.lipstream.inference.PictureTensor;
import io.lipstream.inference.TensorDescription;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.inference.engine.ModelStatus;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.FeatureWindows;
import io.lipstream.media.wire.lipsync.Open;
import io.lipstream.media.wire.lipsync.Priority;
import java.util.List;

/**
 * What a stream opened: a place in the engine's queue, an avatar's pictures, the form of the
 * answers. Closing gives them back.
 */
final class LipsyncSession implements AutoCloseable {
  private final VisualsCache cache;
  private final ByteString avatar;
  private final Visuals visuals;
  private final FrameStream frames;
  private final PictureTensor picture;
  private final PictureTensor.Values values;

  private LipsyncSession(
      VisualsCache cache,
      ByteString avatar,
      Visuals visuals,
      FrameStream frames,
      PictureTensor.Values values) {
    this.cache = cache;
    this.avatar = avatar;
    this.visuals = visuals;
    this.frames = frames;
    this.values = values;
    picture = new PictureTensor(Visuals.spec(visuals.sidePx()));
  }

  /**
   * Opens what a client asked for.
   *
   * @throws io.grpc.StatusRuntimeException if it cannot be had
   */
  static LipsyncSession open(
      Open open, Engine engine, VisualsCache cache, VisualsSource own, int queueFrames) {
    final PictureTensor.Values values = values(open);
    if (!(open.getFramesPerSecond() >= 0 && open.getFramesPerSecond() <= 1000)) {
      throw Refusal.invalid(
          "open.frames_per_second", "must be from 0 to 1000; it is " + open.getFramesPerSecond());
    }
    StreamRequest request =
        new StreamRequest(
            open.getModelId(),
            open.getSession(),
            priority(open),
            open.getFramesPerSecond(),
            queueFrames);
    VisualsUpload.requireSum("open.avatar", open.getAvatar());
    Visuals visuals = acquire(open, cache, own);
    try {
      FrameStream frames = admit(request, engine);
      try {
        requireMouths(open.getModelId(), frames.shape(), visuals.sidePx());
        return new LipsyncSession(cache, open.getAvatar(), visuals, frames, values);
      } catch (RuntimeException e) {
        frames.close();
        throw e;
      }
    } catch (RuntimeException e) {
      cache.release(open.getAvatar());
      throw e;
    }
  }

  private static Visuals acquire(Open open, VisualsCache cache, VisualsSource own) {
    Visuals visuals = cache.acquire(open.getAvatar());
    if (visuals == null && own.provide(open.getAvatar(), open.getModelId(), cache)) {
      visuals = cache.acquire(open.getAvatar());
    }
    if (visuals == null) {
      String sum = VisualsUpload.hex(open.getAvatar());
      throw Refusal.precondition(
          "AVATAR_VISUALS",
          sum,
          "the pictures of avatar " + sum + " are not here: send them with PutAvatarVisuals first");
    }
    return visuals;
  }

  /**
   * A stream to a model.
   *
   * @throws io.grpc.StatusRuntimeException if the engine does not let it in
   */
  static FrameStream admit(StreamRequest request, Engine engine) {
    Admission admission;
    try {
      admission = engine.open(request);
    } catch (LipstreamException e) {
      throw Refusal.of(e);
    }
    return switch (admission) {
      case Admission.Admitted admitted -> admitted.stream();
      case Admission.Unknown unknown ->
          throw Refusal.noSuchModel(
              unknown.modelId(), engine.models().list().stream().map(ModelStatus::id).toList());
      case Admission.Refused refused ->
          throw Refusal.exhausted(refused.reason(), refused.retryAfter());
    };
  }

  private static void requireMouths(String modelId, ModelShape shape, int sidePx) {
    boolean fits =
        shape.inputs().size() == 2
            && shape.outputs().size() == 1
            && frameShape(shape.inputs().get(0)).equals(List.of(6L, (long) sidePx, (long) sidePx))
            && product(frameShape(shape.inputs().get(1))) == FeatureWindows.WINDOW_FLOATS;
    if (!fits) {
      throw Refusal.precondition(
          "MODEL",
          modelId,
          "model '"
              + modelId
              + "' draws no mouths of "
              + sidePx
              + " pixels: it takes "
              + shape.inputs().stream().map(TensorDescription::axes).toList());
    }
  }

  private static List<Long> frameShape(TensorDescription tensor) {
    return tensor.shape().stream().skip(1).toList();
  }

  private static long product(List<Long> sizes) {
    return sizes.stream().reduce(1L, (a, b) -> a * b);
  }

  private static PictureTensor.Values values(Open open) {
    return switch (open.getPictureType()) {
      case UINT8 -> PictureTensor.Values.UINT8;
      case FLOAT16 -> PictureTensor.Values.FLOAT16;
      case FLOAT32 -> PictureTensor.Values.FLOAT32;
      case UNRECOGNIZED ->
          throw Refusal.invalid(
              "open.picture_type",
              "must be UINT8, FLOAT16 or FLOAT32; it is " + open.getPictureTypeValue());
    };
  }

  private static StreamRequest.Priority priority(Open open) {
    Priority asked = open.getPriority();
    return switch (asked) {
      case NORMAL -> StreamRequest.Priority.NORMAL;
      case LIVE -> StreamRequest.Priority.LIVE;
      case BULK -> StreamRequest.Priority.BULK;
      case UNRECOGNIZED ->
          throw Refusal.invalid(
              "open.priority", "must be NORMAL, LIVE or BULK; it is " + open.getPriorityValue());
    };
  }

  Visuals visuals() {
    return visuals;
  }

  FrameStream frames() {
    return frames;
  }

  PictureTensor picture() {
    return picture;
  }

  PictureTensor.Values values() {
    return values;
  }

  int pictureBytes() {
    return 3 * visuals.sidePx() * visuals.sidePx() * values.bytes();
  }

  @Override
  public void close() {
    frames.close();
    cache.release(avatar);
  }
}
