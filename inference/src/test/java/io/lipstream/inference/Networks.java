package io.lipstream.inference;

import static io.lipstream.media.lipsync.MouthGenerator.AUDIO_WINDOW_FLOATS;

import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.avatar.GeneratorFamily;
import io.lipstream.media.lipsync.ReferenceCrops;
import java.nio.file.Path;
import java.util.Arrays;

/** The small networks that the tests load, and pictures and sounds for them. */
public final class Networks {
  public static final int ROI_PX = 320;
  public static final int MOUTH_BYTES = 3 * ROI_PX * ROI_PX;

  private static final Path TINY_AVATAR = Path.of("..", "avatars", "tiny", "models");
  private static final Path FIXTURES = Path.of("src", "test", "resources", "networks");

  private Networks() {}

  public static Path tinyGenerator() {
    return TINY_AVATAR.resolve("generator.onnx");
  }

  public static Path tinyFp16Generator() {
    return TINY_AVATAR.resolve("generator.fp16.onnx");
  }

  public static Path tinyEncoder() {
    return TINY_AVATAR.resolve("audio_encoder.onnx");
  }

  public static Path fixture(String name) {
    return FIXTURES.resolve(name + ".onnx");
  }

  public static EngineGenerator open(Path file) {
    return open(file, EngineOptions.cpu());
  }

  public static EngineGenerator open(Path file, EngineOptions options) {
    return EngineGenerator.alone(
        GeneratorSpec.of("test", GeneratorFamily.SYNCTALK2D_328, file), new Patterns(), options);
  }

  /** Windows in which every feature is the frame's loudness. */
  public static float[] windows(float... loudness) {
    float[] windows = new float[loudness.length * AUDIO_WINDOW_FLOATS];
    for (int i = 0; i < loudness.length; i++) {
      Arrays.fill(windows, i * AUDIO_WINDOW_FLOATS, (i + 1) * AUDIO_WINDOW_FLOATS, loudness[i]);
    }
    return windows;
  }

  public static byte[] generate(EngineGenerator generator, int[] frames, float... loudness) {
    byte[] mouths = new byte[frames.length * MOUTH_BYTES];
    generator.generate(frames.length, frames, windows(loudness), mouths);
    return mouths;
  }

  public static byte[] pictureOf(byte[] mouths, int index) {
    return Arrays.copyOfRange(mouths, index * MOUTH_BYTES, (index + 1) * MOUTH_BYTES);
  }

  /** Eight frames, each with its own pattern that uses every byte value in every channel. */
  public static final class Patterns implements ReferenceCrops {
    @Override
    public int frameCount() {
      return 8;
    }

    @Override
    public int roiPx() {
      return ROI_PX;
    }

    @Override
    public void copyRoi(int frameIndex, byte[] bgr) {
      for (int i = 0; i < bgr.length; i++) {
        bgr[i] = value(frameIndex, i / 3 / ROI_PX, i / 3 % ROI_PX, i % 3);
      }
    }

    public static byte value(int frame, int y, int x, int channel) {
      return (byte) (x + 3 * y + 85 * channel + 31 * frame);
    }

    /** The same picture as planes B, G, R. */
    public static byte[] planar(int frame) {
      byte[] planes = new byte[MOUTH_BYTES];
      for (int i = 0; i < planes.length; i++) {
        int pixel = i % (ROI_PX * ROI_PX);
        planes[i] = value(frame, pixel / ROI_PX, pixel % ROI_PX, i / (ROI_PX * ROI_PX));
      }
      return planes;
    }
  }
}
