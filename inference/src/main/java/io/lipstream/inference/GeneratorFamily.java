package io.lipstream.inference;

import java.util.List;

/**
 * The published network contracts that Lipstream speaks: what a generator's two inputs hold.
 *
 * <p>A further family is a further constant here, with its picture written by {@link VisualTensor}
 * and its sound by {@link GeneratorCall}. Two are known: wav2lip256 takes six planes of 256x256
 * with the masked picture first, its lower half blanked, and one mel window [1, 80, 16] in the
 * place of features; Ultralight takes 160x160 as SyncTalk_2D does, and HuBERT features.
 */
public enum GeneratorFamily {
  /** The ROI, then the ROI with its mask box blanked; 16 features of 512 as 32x16x16. */
  SYNCTALK_2D(32, 16, 16);

  private final long audioPlanes;
  private final long audioRows;
  private final long audioColumns;

  GeneratorFamily(long audioPlanes, long audioRows, long audioColumns) {
    this.audioPlanes = audioPlanes;
    this.audioRows = audioRows;
    this.audioColumns = audioColumns;
  }

  /** Six planes: two pictures of three channels. */
  List<Long> visualShape(int roiPx) {
    return List.of(6L, (long) roiPx, (long) roiPx);
  }

  List<Long> audioShape() {
    return List.of(audioPlanes, audioRows, audioColumns);
  }

  List<Long> outputShape(int roiPx) {
    return List.of(3L, (long) roiPx, (long) roiPx);
  }
}
