package io.lipstream.inference.lipsync;

import com.google.protobuf.ByteString;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.PictureTensor;
import io.lipstream.inference.PictureTensor.Values;
import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.VisualTensor;
import io.lipstream.inference.engine.Frame;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.picture.Rect;

/**
 * One mouth to be drawn: a frame of an avatar and what is heard, and the place for the picture.
 *
 * <p>Its owner sets it up, submits it, and touches it and its arrays again only when it is done. It
 * may be used again and again, for other avatars of the same layout too.
 */
public final class MouthFrame implements Frame {
  private static final int VISUAL = 0;
  private static final ThreadLocal<Desk> DESK = ThreadLocal.withInitial(Desk::new);

  private final VisualTensor visualTensor;
  private final PictureTensor pictureTensor;
  private final Values values;
  private final int roiPx;
  private final Rect mask;
  private final Done listener;

  private ReferenceCrops references = NOBODY;
  private int frameIndex;
  private float[] windows = {};
  private int windowOffset;
  private byte[] mouths = {};
  private int mouthOffset;

  /** Hears how a frame ended, as {@link Frame#done}. */
  public interface Done {
    void done(MouthFrame frame, Outcome outcome, long queueNanos, long serviceNanos, int batch);
  }

  /** What a worker needs to convert pictures; one for each thread. */
  private static final class Desk {
    private final PictureTensor.Piece piece = new PictureTensor.Piece();
    private byte[] roi = {};
    private float[][] row = {};

    void fit(int roiPx, VisualTensor tensor) {
      if (roi.length != 3 * roiPx * roiPx) {
        roi = new byte[3 * roiPx * roiPx];
        row = tensor.newRow();
      }
    }
  }

  private static final ReferenceCrops NOBODY =
      new ReferenceCrops() {
        @Override
        public int frameCount() {
          return 0;
        }

        @Override
        public int roiPx() {
          return 0;
        }

        @Override
        public void copyRoi(int frameIndex, byte[] bgr) {
          throw new IllegalStateException("the frame shows nobody");
        }
      };

  /**
   * A frame of a layout.
   *
   * @param spec how the network sees and draws pictures
   * @param values how the picture is written
   */
  public MouthFrame(GeneratorSpec spec, Values values, Done listener) {
    // Here another family brings its own layout: wav2lip256 wants the masked picture first and a
    // mel window in place of features, Ultralight 160 the same pictures smaller and HuBERT
    // features.
    visualTensor =
        switch (spec.family()) {
          case SYNCTALK2D_328 -> new VisualTensor(spec);
        };
    pictureTensor = new PictureTensor(spec);
    this.values = values;
    this.listener = listener;
    roiPx = spec.roiPx();
    mask = spec.maskBox();
  }

  /** Bytes of the picture: [3][roi][roi] values, planes B, G, R. */
  public int mouthBytes() {
    return 3 * roiPx * roiPx * values.bytes();
  }

  /** Whose mouth is drawn, at which of their frames. */
  public void show(ReferenceCrops newReferences, int newFrameIndex) {
    if (newReferences.roiPx() != roiPx) {
      throw new IllegalArgumentException(
          "references of " + newReferences.roiPx() + " pixels for a network of " + roiPx);
    }
    if (newFrameIndex < 0 || newFrameIndex >= newReferences.frameCount()) {
      throw new IllegalArgumentException(
          "frame " + newFrameIndex + " of an avatar of " + newReferences.frameCount());
    }
    references = newReferences;
    frameIndex = newFrameIndex;
  }

  /** Where the audio window is: [16][512] floats from an offset on. */
  public void hear(float[] newWindows, int offset) {
    requireRoom("audio windows", newWindows.length, offset, MouthGenerator.AUDIO_WINDOW_FLOATS);
    windows = newWindows;
    windowOffset = offset;
  }

  /** Where the picture goes. */
  public void draw(byte[] newMouths, int offset) {
    requireRoom("mouths", newMouths.length, offset, mouthBytes());
    mouths = newMouths;
    mouthOffset = offset;
  }

  public int frameIndex() {
    return frameIndex;
  }

  /** Whose mouth it is, for engines that draw elsewhere. */
  public ReferenceCrops references() {
    return references;
  }

  /** The box of the pictures that the network does not get to see. */
  public Rect mask() {
    return mask;
  }

  public Values values() {
    return values;
  }

  /** Holds the audio window from {@link #windowOffset()} on. */
  public float[] windows() {
    return windows;
  }

  public int windowOffset() {
    return windowOffset;
  }

  /**
   * Takes a picture that was drawn elsewhere.
   *
   * @return whether it has as many bytes as it must
   */
  public boolean take(ByteString picture) {
    if (picture.size() != mouthBytes()) {
      return false;
    }
    picture.copyTo(mouths, mouthOffset);
    return true;
  }

  @Override
  public void write(int input, TensorSlot slot) {
    if (input != VISUAL) {
      slot.put(0, windows, windowOffset, MouthGenerator.AUDIO_WINDOW_FLOATS);
      return;
    }
    Desk desk = DESK.get();
    desk.fit(roiPx, visualTensor);
    references.copyRoi(frameIndex, desk.roi);
    visualTensor.write(desk.roi, slot, desk.row);
  }

  @Override
  public boolean read(int output, TensorSlot slot) {
    return pictureTensor.read(slot, values, mouths, mouthOffset, DESK.get().piece);
  }

  @Override
  public void done(Outcome outcome, long queueNanos, long serviceNanos, int batch) {
    listener.done(this, outcome, queueNanos, serviceNanos, batch);
  }

  private static void requireRoom(String name, int length, int offset, int needed) {
    if (offset < 0 || offset > length - needed) {
      throw new IllegalArgumentException(
          name + " holds " + length + ", needed " + needed + " from " + offset);
    }
  }
}
