package io.lipstream.inference;

import io.lipstream.media.audio.AudioEncoder;
import java.util.List;

/**
 * An avatar's audio encoder network, run by ONNX Runtime.
 *
 * <p>As many calls compute at once as the options allow; more wait. Close waits for them.
 */
public final class OnnxEncoder implements AudioEncoder {
  private static final List<Long> WINDOW_SHAPE = List.of(1L, 80L, 16L);
  private static final List<Long> FEATURE_SHAPE = List.of((long) FEATURE_FLOATS);

  private final Network network;
  private final CallPool<NetworkRun> calls;

  /**
   * Loads the network, checks it against what the manifest says and computes one batch of silence.
   *
   * @throws io.lipstream.media.LipstreamException if the file is missing, is no such network, or
   *     the provider is not there
   */
  public OnnxEncoder(EncoderSpec spec, EngineOptions options) {
    network =
        Network.open(
            new NetworkFile("the audio encoder of avatar " + spec.avatar(), spec.file()),
            options,
            List.of(new TensorRole("mel", spec.melTensor(), WINDOW_SHAPE)),
            new TensorRole("feature", spec.featureTensor(), FEATURE_SHAPE));
    calls = new CallPool<>(network.file().owner(), options.concurrentCalls(), network::newRun);
    warmUp();
  }

  private void warmUp() {
    int windows = network.framesPerRun();
    try {
      encode(windows, new float[windows * WINDOW_FLOATS], new float[windows * FEATURE_FLOATS]);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** What the file is, for people to read. */
  public NetworkDescription describe() {
    return network.description();
  }

  @Override
  public void encode(int count, float[] melWindows, float[] features) {
    if (melWindows.length < count * WINDOW_FLOATS || features.length < count * FEATURE_FLOATS) {
      throw new IllegalArgumentException(
          count + " windows do not fit " + melWindows.length + " and " + features.length);
    }
    NetworkRun call = calls.take();
    try {
      for (int from = 0; from < count; from += call.maxFrames()) {
        int windows = Math.min(call.maxFrames(), count - from);
        call.input(0).put(0, melWindows, from * WINDOW_FLOATS, windows * WINDOW_FLOATS);
        call.run(windows);
        call.output().get(0, features, from * FEATURE_FLOATS, windows * FEATURE_FLOATS);
      }
    } finally {
      calls.giveBack(call);
    }
    requireFinite(count, features);
  }

  private void requireFinite(int count, float[] features) {
    for (int i = 0; i < count * FEATURE_FLOATS; i++) {
      if (!Float.isFinite(features[i])) {
        throw network
            .file()
            .failure(
                "returned a value that is not a number for window " + i / FEATURE_FLOATS,
                "Its weights or its float16 range are at fault: export "
                    + network.file().path()
                    + " again, in float32");
      }
    }
  }

  @Override
  public void close() {
    calls.close(network::close);
  }
}
