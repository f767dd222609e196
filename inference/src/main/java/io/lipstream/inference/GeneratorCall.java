package io.lipstream.inference;

import static io.lipstream.media.lipsync.MouthGenerator.AUDIO_WINDOW_FLOATS;

import io.lipstream.media.lipsync.ReferenceCrops;

/**
 * One call of a generator at a time: its tensors and what it needs to fill and read them.
 *
 * <p>One thread at a time, no allocation but ONNX Runtime's own.
 */
final class GeneratorCall implements AutoCloseable {
  static final int VISUAL = 0;
  static final int AUDIO = 1;

  private final NetworkFile file;
  private final NetworkRun network;
  private final ReferenceCrops references;
  private final VisualTensor visualTensor;
  private final PictureTensor pictureTensor;
  private final PictureTensor.Piece piece = new PictureTensor.Piece();
  private final float[][] row;
  private final byte[] roi;

  GeneratorCall(Network network, GeneratorSpec spec, ReferenceCrops references) {
    file = network.file();
    this.network = network.newRun();
    this.references = references;
    // Here another family brings its own layout: wav2lip256 wants the masked picture first and a
    // mel
    // window in place of features, Ultralight 160 the same pictures smaller and HuBERT features.
    visualTensor =
        switch (spec.family()) {
          case SYNCTALK2D_328 -> new VisualTensor(spec);
        };
    pictureTensor = new PictureTensor(spec);
    row = visualTensor.newRow();
    roi = new byte[3 * spec.roiPx() * spec.roiPx()];
  }

  /** As MouthGenerator.generate. */
  void generate(int count, int[] frameIndices, float[] audioWindows, byte[] mouths) {
    for (int from = 0; from < count; from += network.maxFrames()) {
      int frames = Math.min(network.maxFrames(), count - from);
      for (int i = 0; i < frames; i++) {
        references.copyRoi(frameIndices[from + i], roi);
        visualTensor.write(roi, network.input(VISUAL, i), row);
      }
      network
          .input(AUDIO)
          .put(0, audioWindows, from * AUDIO_WINDOW_FLOATS, frames * AUDIO_WINDOW_FLOATS);
      network.run(frames);
      for (int i = 0; i < frames; i++) {
        if (!pictureTensor.read(
            network.output(0, i),
            PictureTensor.Values.UINT8,
            mouths,
            (from + i) * roi.length,
            piece)) {
          throw file.failure(
              "returned a value that is not a number at frame " + frameIndices[from + i],
              "Its weights or its float16 range are at fault: export "
                  + file.path()
                  + " again, in float32");
        }
      }
    }
  }

  @Override
  public void close() {
    network.close();
  }
}
