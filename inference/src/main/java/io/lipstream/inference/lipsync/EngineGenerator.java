package io.lipstream.inference.lipsync;

import io.lipstream.inference.CallPool;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.PictureTensor.Values;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.lipsync.ReferenceCrops;
import java.util.ArrayList;
import java.util.List;

/**
 * An avatar's generator on an engine, for callers that wait for what they asked for.
 *
 * <p>As many calls are in the engine at once as callers were announced, each on its own stream;
 * more wait. Close waits for them.
 */
public final class EngineGenerator implements MouthGenerator {
  private static final String ONLY_MODEL = "generator";

  private final GeneratorSpec spec;
  private final ReferenceCrops references;
  private final int maxBatch;
  private final Runnable onClose;
  private final CallPool<Call> calls;

  /**
   * Opens the streams, which loads the model if need be.
   *
   * @param modelId the model's id in the engine, whose layout is that of spec
   * @param references the avatar's pictures; stays the caller's and must outlive this
   * @param callers threads that will call at once
   * @param maxBatch frames of one call
   * @throws LipstreamException if the engine has no such model, no room for it, or its file is at
   *     fault
   */
  public EngineGenerator(
      Engine engine,
      String modelId,
      GeneratorSpec spec,
      ReferenceCrops references,
      Priority priority,
      int callers,
      int maxBatch) {
    this(engine, () -> {}, modelId, spec, references, priority, callers, maxBatch);
  }

  private EngineGenerator(
      Engine engine,
      Runnable onClose,
      String modelId,
      GeneratorSpec spec,
      ReferenceCrops references,
      Priority priority,
      int callers,
      int maxBatch) {
    if (references.roiPx() != spec.roiPx()) {
      throw new IllegalArgumentException(
          "references of " + references.roiPx() + " pixels for a network of " + spec.roiPx());
    }
    this.spec = spec;
    this.references = references;
    this.maxBatch = maxBatch;
    this.onClose = onClose;
    StreamRequest request = new StreamRequest(modelId, spec.avatar(), priority, 0, maxBatch);
    calls =
        new CallPool<>(
            "the generator of avatar " + spec.avatar(),
            callers,
            () -> new Call(open(engine, request)));
    // So that a model that cannot be loaded is known here and not at the first frame.
    calls.giveBack(calls.take());
  }

  /**
   * A generator with an engine of its own, which is closed with it; for one avatar in one process.
   *
   * @param options of the one network; as many callers as it has concurrent calls
   */
  public static EngineGenerator alone(
      GeneratorSpec spec, ReferenceCrops references, EngineOptions options) {
    Catalogue catalogue = Catalogue.empty();
    catalogue.add(ONLY_MODEL, spec);
    LocalEngine engine =
        LocalEngine.start(
            EngineSettings.of(ONLY_MODEL, options), catalogue, EngineEvents.NONE, System::nanoTime);
    try {
      return new EngineGenerator(
          engine,
          engine::close,
          ONLY_MODEL,
          spec,
          references,
          Priority.BULK,
          options.concurrentCalls(),
          options.maxBatch());
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  private static FrameStream open(Engine engine, StreamRequest request) {
    return switch (engine.open(request)) {
      case Admission.Admitted admitted -> admitted.stream();
      case Admission.Unknown unknown ->
          throw new LipstreamException(
              LipstreamException.Kind.AVATAR,
              "the engine has no model " + unknown.modelId(),
              "`lipstream models list` shows what it has");
      case Admission.Refused refused ->
          throw new LipstreamException(
              LipstreamException.Kind.ENVIRONMENT,
              "the engine refused the generator of avatar "
                  + request.session()
                  + ": "
                  + refused.reason(),
              "try again in " + refused.retryAfter().toSeconds() + " s, or give it more devices");
    };
  }

  @Override
  public int maxBatch() {
    return maxBatch;
  }

  @Override
  public int roiPx() {
    return spec.roiPx();
  }

  @Override
  public void generate(int count, int[] frameIndices, float[] audioWindows, byte[] mouths) {
    if (count < 0 || count > maxBatch) {
      throw new IllegalArgumentException(count + " frames for batches of at most " + maxBatch);
    }
    requireLength("frameIndices", frameIndices.length, count);
    requireLength("audioWindows", audioWindows.length, count * AUDIO_WINDOW_FLOATS);
    requireLength("mouths", mouths.length, count * mouthBytes());
    for (int i = 0; i < count; i++) {
      if (frameIndices[i] < 0 || frameIndices[i] >= references.frameCount()) {
        throw new IllegalArgumentException(
            "frame " + frameIndices[i] + " of an avatar of " + references.frameCount());
      }
    }
    Call call = calls.take();
    try {
      call.generate(count, frameIndices, audioWindows, mouths);
    } finally {
      calls.giveBack(call);
    }
  }

  @Override
  public void close() {
    calls.close(onClose);
  }

  private int mouthBytes() {
    return 3 * spec.roiPx() * spec.roiPx();
  }

  private static void requireLength(String name, int length, int needed) {
    if (length < needed) {
      throw new IllegalArgumentException(name + " holds " + length + ", needed " + needed);
    }
  }

  /** A stream and the frames that one caller waits for. */
  private final class Call implements AutoCloseable {
    private final FrameStream stream;
    private final List<MouthFrame> frames = new ArrayList<>();
    private int unfinished;
    private int failedFrame;
    private Outcome worst = Outcome.COMPUTED;

    Call(FrameStream stream) {
      this.stream = stream;
      for (int i = 0; i < maxBatch; i++) {
        frames.add(new MouthFrame(spec, Values.UINT8, this::ended));
      }
    }

    void generate(int count, int[] frameIndices, float[] audioWindows, byte[] mouths) {
      for (int i = 0; i < count; i++) {
        MouthFrame frame = frames.get(i);
        frame.show(references, frameIndices[i]);
        frame.hear(audioWindows, i * AUDIO_WINDOW_FLOATS);
        frame.draw(mouths, i * mouthBytes());
      }
      begin(count);
      int submitted = stream.submit(frames, count, Long.MAX_VALUE);
      awaitEnd(count - submitted);
      if (submitted < count) {
        throw new IllegalStateException("the engine is closed");
      }
    }

    private synchronized void begin(int count) {
      unfinished = count;
      worst = Outcome.COMPUTED;
    }

    private synchronized void ended(
        MouthFrame frame, Outcome outcome, long queueNanos, long serviceNanos, int batch) {
      if (outcome != Outcome.COMPUTED && worst == Outcome.COMPUTED) {
        worst = outcome;
        failedFrame = frame.frameIndex();
      }
      unfinished--;
      if (unfinished == 0) {
        notifyAll();
      }
    }

    /** Waits for the others too if one was refused: their arrays are the caller's. */
    private synchronized void awaitEnd(int refused) {
      unfinished -= refused;
      boolean interrupted = false;
      while (unfinished > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      switch (worst) {
        case COMPUTED -> {}
        case NOT_A_NUMBER ->
            throw failure(
                "returned a value that is not a number at frame " + failedFrame,
                "Its weights or its float16 range are at fault: export "
                    + spec.file()
                    + " again, in float32");
        case FAILED ->
            throw failure(
                "failed at frame " + failedFrame, "The log has the cause; is memory short?");
        case LATE, FLUSHED -> throw new IllegalStateException("the engine was closed");
      }
    }

    private LipstreamException failure(String whatIsWrong, String hint) {
      return new LipstreamException(
          LipstreamException.Kind.AVATAR,
          "the generator of avatar " + spec.avatar() + " " + whatIsWrong,
          hint);
    }

    @Override
    public void close() {
      stream.close();
    }
  }
}
