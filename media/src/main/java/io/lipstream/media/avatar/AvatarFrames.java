package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
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
 * others again; a video must fit as a whole. What is held for sessions has its files in memory as
 * well, unless not even those fit. Thread-safe. The package must stay open as long as its frames.
 */
public final class AvatarFrames implements ReferenceCrops, AutoCloseable {
  /** The bound for machines with memory to spare. */
  public static final long DEFAULT_MAX_BYTES = 1L << 30;

  private final AvatarPackage avatar;
  private final FrameMemory memory;
  private final Share share;
  private final int roiPx;
  private final int borderPx;
  private final FrameLoader loader;

  private boolean closed;

  private AvatarFrames(AvatarPackage avatar, FrameMemory memory, Share share, FrameLoader loader) {
    this.avatar = avatar;
    this.memory = memory;
    this.share = share;
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
    return load(avatar, alone(maxBytes), bytesPerFrame(avatar), change(avatar, background), false);
  }

  /**
   * For sessions: the avatar's files are read before this returns, and as long as they fit into the
   * memory, no disk is touched later.
   *
   * @param memory that all avatars share
   * @param background what is shown behind the avatar; null leaves the frames as they are
   * @throws io.lipstream.media.LipstreamException AVATAR as for the others, ENVIRONMENT if other
   *     avatars have the memory
   */
  public static AvatarFrames hold(
      AvatarPackage avatar, FrameMemory memory, @Nullable Background background) {
    return load(avatar, memory, bytesPerFrame(avatar), change(avatar, background), true);
  }

  private static FrameMemory alone(long maxBytes) {
    return new FrameMemory(new FrameBounds(Integer.MAX_VALUE, maxBytes));
  }

  private static BackgroundChange.@Nullable Plan change(
      AvatarPackage avatar, @Nullable Background background) {
    return background == null
        ? null
        : BackgroundChange.Plan.of(avatar, requireMatte(avatar), background);
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
        alone(maxBytes),
        bytesPerFrame(avatar) + (long) frames.widthPx() * frames.heightPx(),
        BackgroundChange.Plan.of(avatar, requireMatte(avatar), null),
        false);
  }

  /**
   * What an avatar was given of the memory.
   *
   * @param frames that stay decoded
   * @param filesHeld whether its files are in memory, so that no frame needs the disk
   */
  private record Share(long bytes, int frames, boolean filesHeld) {}

  private static AvatarFrames load(
      AvatarPackage avatar,
      FrameMemory memory,
      long frameBytes,
      BackgroundChange.@Nullable Plan change,
      boolean hold) {
    Share share = take(avatar, memory, frameBytes, change, hold);
    try {
      HeldFiles held = new HeldFiles();
      if (share.filesHeld() && change != null) {
        change.matte().pictures().forEach(held::hold);
      }
      FrameLoader loader =
          switch (avatar.frames()) {
            case FrameSource.Pictures pictures -> {
              if (share.filesHeld()) {
                pictures.files().forEach(held::hold);
              }
              yield new PictureLoader(avatar, pictures, change, held, share.frames());
            }
            case FrameSource.Video video ->
                new VideoLoader(avatar, video, change, held, share.filesHeld());
          };
      return new AvatarFrames(avatar, memory, share, loader);
    } catch (RuntimeException | Error e) {
      memory.giveBack(share.bytes());
      throw e;
    }
  }

  /** All of an avatar's frames if they fit; else its files and some; else some. */
  private static Share take(
      AvatarPackage avatar,
      FrameMemory memory,
      long frameBytes,
      BackgroundChange.@Nullable Plan change,
      boolean hold) {
    int count = avatar.manifest().frames().count();
    int most = Math.min(count, memory.bounds().framesOfOne());
    if (most == count && memory.take(frameBytes * count, frameBytes * count) > 0) {
      return new Share(frameBytes * count, count, hold);
    }
    if (!(avatar.frames() instanceof FrameSource.Pictures pictures)) {
      throw noRoom(
          avatar, memory, frameBytes * count, ", or turn the video into a folder of pictures");
    }
    int least = Math.min(count, FrameBounds.LEAST_FRAMES);
    if (hold) {
      long files =
          HeldFiles.byteCount(pictures.files())
              + (change == null ? 0 : HeldFiles.byteCount(change.matte().pictures()));
      long bytes = memory.take(files + frameBytes * least, files + frameBytes * most);
      if (bytes > 0) {
        return new Share(bytes, (int) ((bytes - files) / frameBytes), true);
      }
    }
    long bytes = memory.take(frameBytes * least, frameBytes * most);
    if (bytes == 0) {
      throw noRoom(avatar, memory, frameBytes * least, "");
    }
    return new Share(bytes, (int) (bytes / frameBytes), false);
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

  private static LipstreamException noRoom(
      AvatarPackage avatar, FrameMemory memory, long wantedBytes, String otherwise) {
    FrameBounds bounds = memory.bounds();
    int count = avatar.manifest().frames().count();
    if (count > bounds.framesOfOne() && avatar.frames() instanceof FrameSource.Video) {
      return avatar
          .folder()
          .failure(
              "its video has " + count + " frames, the bound is " + bounds.framesOfOne(),
              "raise the bound of frames" + otherwise);
    }
    String need = "its frames need " + mib(wantedBytes) + " MiB of memory, ";
    if (wantedBytes > bounds.bytes()) {
      return avatar
          .folder()
          .failure(
              need + "the bound is " + (bounds.bytes() >> 20) + " MiB",
              "raise the bound of the frame cache (and Java's heap to about twice that)"
                  + otherwise);
    }
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT,
        "there is no memory left for avatar "
            + avatar.manifest().name()
            + (": " + need + "other avatars have " + mib(memory.takenBytes()))
            + (" of the " + (bounds.bytes() >> 20) + " MiB that all may take"),
        "try again when nobody uses the others, or raise the bound of the frame cache");
  }

  private static long mib(long bytes) {
    return (bytes >> 20) + 1;
  }

  /** What they may take in memory. */
  public long byteCount() {
    return share.bytes();
  }

  /** Whether showing them never reads a file. */
  public boolean inMemory() {
    return share.filesHeld();
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
    synchronized (this) {
      if (!closed) {
        closed = true;
        memory.giveBack(share.bytes());
      }
    }
  }
}
