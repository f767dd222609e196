package io.lipstream.media.avatar;

import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import org.jspecify.annotations.Nullable;

/**
 * An avatar's frames in memory: each is decoded once, a little before it is wanted, and a frame
 * that is not there yet is waited for alone.
 *
 * <p>A folder of pictures that does not fit the bound keeps the frames used last and decodes the
 * others again from their files; a video must fit as a whole. Thread-safe. The package must stay
 * open as long as its frames.
 */
public final class AvatarFrames implements ReferenceCrops, AutoCloseable {
  /** The bound for machines with memory to spare. */
  public static final long DEFAULT_MAX_BYTES = 1L << 30;

  private static final int MIN_FRAMES = 8;

  private final AvatarPackage avatar;
  private final int roiPx;
  private final int borderPx;
  private final FrameLoader loader;

  private AvatarFrames(AvatarPackage avatar, FrameLoader loader) {
    this.avatar = avatar;
    this.loader = loader;
    roiPx = avatar.manifest().geometry().roiPx();
    borderPx = avatar.manifest().geometry().borderPx();
  }

  /** {@link #DEFAULT_MAX_BYTES}, or half of the heap where that is less. */
  public static long defaultMaxBytes() {
    return Math.min(DEFAULT_MAX_BYTES, Runtime.getRuntime().maxMemory() / 2);
  }

  /**
   * Starts to decode in the background.
   *
   * @param maxBytes the most that decoded frames may take
   * @throws io.lipstream.media.LipstreamException AVATAR if the bound holds fewer than eight frames
   *     (or all, where there are fewer), or not the whole of a video
   */
  public static AvatarFrames load(AvatarPackage avatar, long maxBytes) {
    return load(avatar, maxBytes, avatar.background());
  }

  /**
   * As the other, with a background of the caller's choice.
   *
   * @param background what is shown behind the avatar; null leaves the frames as they are
   * @throws io.lipstream.media.LipstreamException AVATAR if the package has no matte, or the
   *     background is no picture
   */
  public static AvatarFrames load(
      AvatarPackage avatar, long maxBytes, @Nullable Background background) {
    return load(
        avatar,
        maxBytes,
        bytesPerFrame(avatar),
        background == null
            ? null
            : BackgroundChange.Plan.of(avatar, requireMatte(avatar), background));
  }

  /**
   * Cuts the avatar out: frames hold its colours alone, and how much of each pixel is seen.
   *
   * @throws io.lipstream.media.LipstreamException AVATAR if the package has no matte
   */
  public static AvatarFrames loadCutOut(AvatarPackage avatar, long maxBytes) {
    AvatarManifest.Frames frames = avatar.manifest().frames();
    return load(
        avatar,
        maxBytes,
        bytesPerFrame(avatar) + (long) frames.widthPx() * frames.heightPx(),
        BackgroundChange.Plan.of(avatar, requireMatte(avatar), null));
  }

  private static AvatarFrames load(
      AvatarPackage avatar,
      long maxBytes,
      long frameBytes,
      BackgroundChange.@Nullable Plan change) {
    int count = avatar.manifest().frames().count();
    return switch (avatar.frames()) {
      case FrameSource.Pictures pictures -> {
        requireRoom(avatar, maxBytes, frameBytes * Math.min(count, MIN_FRAMES), "");
        int capacity = (int) Math.min(count, maxBytes / frameBytes);
        yield new AvatarFrames(avatar, new PictureLoader(avatar, pictures, change, capacity));
      }
      case FrameSource.Video video -> {
        requireRoom(
            avatar, maxBytes, frameBytes * count, ", or turn the video into a folder of pictures");
        yield new AvatarFrames(avatar, new VideoLoader(avatar, video, change));
      }
    };
  }

  /** What one decoded frame takes: the frame and its crop. */
  public static long bytesPerFrame(AvatarPackage avatar) {
    AvatarManifest.Frames frames = avatar.manifest().frames();
    long cropPx = avatar.manifest().geometry().cropPx();
    return I420Frame.byteCount(frames.widthPx(), frames.heightPx()) + 3 * cropPx * cropPx;
  }

  private static Matte requireMatte(AvatarPackage avatar) {
    Matte matte = avatar.matte();
    if (matte == null) {
      throw avatar
          .folder()
          .failure(
              "it has no matte, so nobody can tell what of its frames is background",
              "leave the background as it is, or add a matte (docs/avatars.md)");
    }
    return matte;
  }

  private static void requireRoom(
      AvatarPackage avatar, long maxBytes, long wantedBytes, String otherwise) {
    if (wantedBytes > maxBytes) {
      long mib = (wantedBytes >> 20) + 1;
      throw avatar
          .folder()
          .failure(
              "its frames need "
                  + mib
                  + " MiB of memory, the bound is "
                  + (maxBytes >> 20)
                  + " MiB",
              "raise the bound of the frame cache (and Java's heap to about twice that)"
                  + otherwise);
    }
  }

  @Override
  public int frameCount() {
    return avatar.manifest().frames().count();
  }

  @Override
  public int roiPx() {
    return roiPx;
  }

  /**
   * One frame, decoded by now.
   *
   * @throws io.lipstream.media.LipstreamException AVATAR if its picture is damaged or has another
   *     size than the manifest says
   */
  public AvatarFrame frame(int index) {
    if (index < 0 || index >= frameCount()) {
      throw new IndexOutOfBoundsException("frame " + index + " of " + frameCount());
    }
    return loader.frame(index);
  }

  /** The crop rectangle of a frame, known without decoding it. */
  public Rect rect(int index) {
    return avatar.rectangles().get(index);
  }

  @Override
  public void copyRoi(int frameIndex, byte[] bgr) {
    BgrPicture crop = frame(frameIndex).crop();
    int rowBytes = roiPx * 3;
    for (int y = 0; y < roiPx; y++) {
      int from = ((y + borderPx) * crop.widthPx() + borderPx) * 3;
      System.arraycopy(crop.data(), from, bgr, y * rowBytes, rowBytes);
    }
  }

  /** Stops decoding and lets go of every frame; frames handed out stay valid. */
  @Override
  public void close() {
    loader.close();
  }
}
