package io.lipstream.inference;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.talk.VoiceActivity;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Silero's voice activity network, version 6, which is part of this module.
 *
 * <p>The network sees 64 samples before each window and carries a state from window to window; both
 * belong to a stream. All streams share one session, which computes on its callers' threads. A
 * window allocates nothing of ours.
 */
public final class SileroActivity implements VoiceActivity {
  private static final String RESOURCE = "silero_vad_v6.onnx";
  private static final long RATE_HZ = 16_000;
  private static final int CONTEXT_SAMPLES = 64;
  private static final int INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES;
  private static final int STATE_FLOATS = 2 * 128;

  private final OrtSession session;

  /**
   * Loads the network, 2.3 MB.
   *
   * @throws LipstreamException if ONNX Runtime does not work on this machine
   */
  public SileroActivity() {
    try (InputStream in =
            Objects.requireNonNull(SileroActivity.class.getResourceAsStream(RESOURCE), RESOURCE);
        Arena arena = Arena.ofConfined()) {
      byte[] bytes = in.readAllBytes();
      MemorySegment model = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      session = OnnxRuntime.open(model.asByteBuffer(), EngineOptions.cpu());
    } catch (IOException | OrtException e) {
      throw failure("does not load", e);
    }
  }

  private static LipstreamException failure(String what, Exception cause) {
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT,
        "the voice activity network " + what + ": " + cause.getMessage(),
        "reinstall Lipstream; `lipstream doctor` shows whether ONNX Runtime works here",
        cause);
  }

  @Override
  public Stream open() {
    try {
      return new Heard();
    } catch (OrtException e) {
      throw failure("does not start", e);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw failure("does not close", e);
    }
  }

  /** One person's sound; the state goes to and fro between two tensors. */
  private final class Heard implements Stream {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment input = floats(INPUT_SAMPLES);
    private final MemorySegment[] states = {floats(STATE_FLOATS), floats(STATE_FLOATS)};
    private final MemorySegment output = floats(1);
    private final OnnxTensor[] tensors;

    /** By which state is read. */
    private final Map<String, OnnxTensor>[] inputs = maps();

    private final Map<String, OnnxTensor>[] outputs = maps();
    private int turn;

    Heard() throws OrtException {
      MemorySegment rate = arena.allocate(ValueLayout.JAVA_LONG);
      rate.set(ValueLayout.JAVA_LONG, 0, RATE_HZ);
      OnnxTensor samples = tensor(input, OnnxJavaType.FLOAT, 1, INPUT_SAMPLES);
      OnnxTensor rates = tensor(rate, OnnxJavaType.INT64);
      OnnxTensor probability = tensor(output, OnnxJavaType.FLOAT, 1, 1);
      OnnxTensor one = tensor(states[0], OnnxJavaType.FLOAT, 2, 1, STATE_FLOATS / 2);
      OnnxTensor other = tensor(states[1], OnnxJavaType.FLOAT, 2, 1, STATE_FLOATS / 2);
      tensors = new OnnxTensor[] {samples, rates, probability, one, other};
      for (int i = 0; i < 2; i++) {
        inputs[i].put("input", samples);
        inputs[i].put("sr", rates);
        inputs[i].put("state", i == 0 ? one : other);
        outputs[i].put("output", probability);
        outputs[i].put("stateN", i == 0 ? other : one);
      }
    }

    private MemorySegment floats(int count) {
      return arena.allocate(ValueLayout.JAVA_FLOAT, count);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Map<String, OnnxTensor>[] maps() {
      return new Map[] {new HashMap<String, OnnxTensor>(), new HashMap<String, OnnxTensor>()};
    }

    private static OnnxTensor tensor(MemorySegment memory, OnnxJavaType type, long... shape)
        throws OrtException {
      ByteBuffer bytes = memory.asByteBuffer().order(ByteOrder.nativeOrder());
      return OnnxTensor.createTensor(OnnxRuntime.environment(), bytes, shape, type);
    }

    @Override
    public float probability(float[] mono16k, int offset) {
      MemorySegment.copy(
          input,
          (long) WINDOW_SAMPLES * Float.BYTES,
          input,
          0,
          (long) CONTEXT_SAMPLES * Float.BYTES);
      MemorySegment.copy(
          mono16k,
          offset,
          input,
          ValueLayout.JAVA_FLOAT,
          (long) CONTEXT_SAMPLES * Float.BYTES,
          WINDOW_SAMPLES);
      try {
        session.run(inputs[turn], outputs[turn]).close();
      } catch (OrtException e) {
        throw failure("failed", e);
      }
      turn = 1 - turn;
      return output.get(ValueLayout.JAVA_FLOAT, 0);
    }

    @Override
    public void reset() {
      input.fill((byte) 0);
      states[0].fill((byte) 0);
      states[1].fill((byte) 0);
    }

    @Override
    public void close() {
      if (arena.scope().isAlive()) {
        for (OnnxTensor tensor : tensors) {
          tensor.close();
        }
        arena.close();
      }
    }
  }
}
