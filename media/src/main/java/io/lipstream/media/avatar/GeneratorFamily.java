package io.lipstream.media.avatar;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.lipstream.media.picture.CropGeometry;
import io.lipstream.media.picture.Rect;
import java.util.List;

/**
 * What the networks of one family agree on beyond their tensor shapes: how the crop is cut, which
 * part of it is drawn, how the picture tensor is laid out.
 *
 * <p>A further family is a further constant here and, where its layout differs in kind (masked
 * picture first, another audio tensor), a further case where these values are read.
 */
// The list is unmodifiable and the rectangle a record; the checker cannot know.
@SuppressWarnings("ImmutableEnumChecker")
public enum GeneratorFamily {
  /**
   * SyncTalk_2D with 328 pixel crops: six planes, real B, G, R and then masked B, G, R, and an
   * audio tensor of 16 features of 512 read as 32x16x16.
   */
  @JsonProperty("synctalk2d-328")
  SYNCTALK2D_328(320, 4, List.of(32, 16, 16), new Rect(5, 5, 315, 310));

  private final int roiPx;
  private final int borderPx;
  private final List<Integer> audioShape;
  private final Rect defaultMask;

  GeneratorFamily(int roiPx, int borderPx, List<Integer> audioShape, Rect defaultMask) {
    this.roiPx = roiPx;
    this.borderPx = borderPx;
    this.audioShape = audioShape;
    this.defaultMask = defaultMask;
  }

  /** Side of the square region of interest (ROI) that the network sees and draws. */
  public int roiPx() {
    return roiPx;
  }

  /** How the ROI is cut out of a frame. */
  public CropGeometry geometry(Rect mask) {
    return new CropGeometry(roiPx, borderPx, mask);
  }

  /** Shape of the audio tensor without its batch axis. */
  public List<Integer> audioShape() {
    return audioShape;
  }

  /** The box of the ROI that is blanked when a manifest names none. */
  public Rect defaultMask() {
    return defaultMask;
  }
}
