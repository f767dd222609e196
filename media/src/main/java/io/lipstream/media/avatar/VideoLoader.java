package io.lipstream.media.avatar;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.jspecify.annotations.Nullable;

/**
 * Decodes a video from its start up to what is wanted, a little ahead of it, and keeps every frame:
 * going back in a video means decoding it again from a keyframe, so all must fit.
 */
final class VideoLoader implements FrameLoader {
  private final AvatarPackage avatar;
  private final FrameSource.Video video;
  private final BackgroundChange.@Nullable Plan change;
  private final HeldFiles held;
  private final @Nullable VideoDecoder read;
  private final List<FrameSlot> slots;
  private final Thread worker;

  /** Guards the fields below. */
  private final Object lock = new Object();

  private int wanted = FrameLoader.AHEAD;
  private boolean closed;

  /**
   * Starts to decode.
   *
   * @param change what is put behind the frames; null leaves them as they are
   * @param held where the matte's files may be in memory
   * @param atOnce whether to read the whole video now, so that no disk is waited for later
   */
  VideoLoader(
      AvatarPackage avatar,
      FrameSource.Video video,
      BackgroundChange.@Nullable Plan change,
      HeldFiles held,
      boolean atOnce) {
    this.avatar = avatar;
    this.video = video;
    this.change = change;
    this.held = held;
    read = atOnce ? open() : null;
    slots =
        IntStream.range(0, avatar.manifest().frames().count()).mapToObj(FrameSlot::new).toList();
    worker = Thread.ofPlatform().daemon().name("avatar-frames-video").start(this::decodeAll);
  }

  @Override
  public AvatarFrame frame(int index) {
    synchronized (lock) {
      if (closed) {
        throw new IllegalStateException("the frames of " + avatar.location() + " are closed");
      }
      if (index + FrameLoader.AHEAD > wanted) {
        wanted = index + FrameLoader.AHEAD;
        lock.notifyAll();
      }
    }
    return slots.get(index).await();
  }

  private VideoDecoder open() {
    VideoDecoder decoder = video.open(avatar.folder());
    decoder.readAll();
    return decoder;
  }

  private void decodeAll() {
    try (VideoDecoder decoder = read == null ? video.open(avatar.folder()) : read;
        FrameConverter converter =
            new FrameConverter(
                avatar.manifest().geometry(), change == null ? null : change.begin(held))) {
      for (FrameSlot slot : slots) {
        if (!awaitWanted(slot.index())) {
          break;
        }
        slot.complete(
            converter.convert(
                slot.index(), next(decoder, slot.index()), avatar.rectangles().get(slot.index())));
      }
      failRest(new IllegalStateException("the frames were closed"));
    } catch (RuntimeException | Error e) {
      failRest(e);
    }
  }

  /** Frames that are complete keep their pictures. */
  private void failRest(Throwable cause) {
    slots.forEach(slot -> slot.fail(cause));
  }

  private AVFrame next(VideoDecoder decoder, int index) {
    try {
      AVFrame frame = decoder.next();
      if (frame != null) {
        FrameSource.requireSize(
            frame.width(),
            frame.height(),
            "frame " + index,
            avatar.manifest().frames(),
            avatar.folder());
        return frame;
      }
      throw avatar
          .folder()
          .failure(
              "its video ends after "
                  + index
                  + " frames, but there are "
                  + slots.size()
                  + " rectangles",
              "correct frames.count and the rectangles, or replace the video");
    } catch (IOException e) {
      throw avatar
          .folder()
          .failure(
              "frame " + index + " of its video cannot be decoded: " + e.getMessage(),
              "replace the video",
              e);
    }
  }

  /** Waits until somebody comes near this frame; false once closed. */
  private boolean awaitWanted(int index) {
    synchronized (lock) {
      while (index > wanted && !closed) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          return false;
        }
      }
      return !closed;
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
    try {
      worker.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
