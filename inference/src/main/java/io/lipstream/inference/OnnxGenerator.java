package io.lipstream.inference;

import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.lipsync.ReferenceCrops;

/**
 * An avatar's generator network, run by ONNX Runtime.
 *
 * <p>As many calls compute at once as the options allow; more wait. Close waits for them.
 */
public final class OnnxGenerator implements MouthGenerator {
  private final GeneratorSpec spec;
  private final EngineOptions options;
  private final Network network;
  private final ReferenceCrops references;
  private final CallPool<GeneratorCall> calls;

  /**
   * Loads the network, checks it against what the manifest says and computes one batch of silence.
   *
   * @param references the avatar's pictures; stays the caller's and must outlive this
   * @throws io.lipstream.media.LipstreamException if the file is missing, is no such network, or
   *     the provider is not there
   */
  public OnnxGenerator(GeneratorSpec spec, ReferenceCrops references, EngineOptions options) {
    if (references.roiPx() != spec.roiPx()) {
      throw new IllegalArgumentException(
          "references of " + references.roiPx() + " pixels for a network of " + spec.roiPx());
    }
    this.spec = spec;
    this.options = options;
    this.references = references;
    network =
        Network.open(
            new NetworkFile("the generator of avatar " + spec.avatar(), spec.file()),
            options,
            spec.inputRoles(),
            spec.outputRole());
    calls =
        new CallPool<>(
            network.file().owner(),
            options.concurrentCalls(),
            () -> new GeneratorCall(network, spec, references));
    warmUp();
  }

  private void warmUp() {
    int frames = network.framesPerRun();
    try {
      generate(
          frames,
          new int[frames],
          new float[frames * AUDIO_WINDOW_FLOATS],
          new byte[frames * mouthBytes()]);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public int maxBatch() {
    return options.maxBatch();
  }

  @Override
  public int roiPx() {
    return spec.roiPx();
  }

  /** What the file is, for people to read. */
  public NetworkDescription describe() {
    return network.description();
  }

  @Override
  public void generate(int count, int[] frameIndices, float[] audioWindows, byte[] mouths) {
    if (count < 0 || count > maxBatch()) {
      throw new IllegalArgumentException(count + " frames for batches of at most " + maxBatch());
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
    GeneratorCall call = calls.take();
    try {
      call.generate(count, frameIndices, audioWindows, mouths);
    } finally {
      calls.giveBack(call);
    }
  }

  @Override
  public void close() {
    calls.close(network::close);
  }

  private int mouthBytes() {
    return 3 * spec.roiPx() * spec.roiPx();
  }

  private static void requireLength(String name, int length, int needed) {
    if (length < needed) {
      throw new IllegalArgumentException(name + " holds " + length + ", needed " + needed);
    }
  }
}
