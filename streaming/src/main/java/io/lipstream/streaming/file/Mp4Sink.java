package io.lipstream.streaming.file;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.MediaSink;
import io.lipstream.media.picture.I420Frame;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes an mp4 of H.264 and AAC, or a WebM of VP9 with transparency and Opus, to a file or into a
 * pipe.
 *
 * <p>A file is written beside its target and takes the target's name in {@link #finish()}; until
 * then the target stays as it was. Pictures and sound are encoded as they come. Every picture
 * becomes exactly one frame; sound that ends before the pictures is followed by silence up to their
 * end.
 *
 * <p>Called by one thread, except {@link #close()}, which any thread may call at any time, a
 * shutdown hook above all: it lets a call in progress end, for two seconds at most, and then
 * removes the unfinished file; later calls throw {@link CancellationException}. Failed writes throw
 * {@link LipstreamException} of kind OUTPUT and leave nothing behind but close().
 */
public final class Mp4Sink implements MediaSink {
  private static final long CLOSE_WAIT_SECONDS = 2;

  private final String target;
  private final Mp4Format format;
  private final @Nullable PartFile part;
  private final Mp4Muxer muxer;
  private final PictureEncoder pictures;
  private final SoundEncoder sound;

  /** Held during every call into native code, so that memory is never freed under one. */
  private final ReentrantLock nativeCalls = new ReentrantLock();

  private volatile boolean closed;
  private boolean finished;
  private boolean freed;

  /**
   * Opens a file.
   *
   * @throws LipstreamException if it cannot be written or this machine has no such encoder
   */
  public static Mp4Sink toFile(Path target, Mp4Format format) {
    Ffmpeg.load();
    PartFile part = PartFile.create(target);
    try {
      Mp4Muxer muxer = Mp4Muxer.toFile(target.toString(), part.path(), format.codec());
      return new Mp4Sink(target.toString(), format, part, muxer);
    } catch (RuntimeException e) {
      part.delete();
      throw e;
    }
  }

  /**
   * Opens a fragmented mp4 that is written front to back, playable while it grows.
   *
   * @param target what to call the stream in messages
   * @param stream flushed by finish(), never closed here
   */
  public static Mp4Sink toStream(String target, OutputStream stream, Mp4Format format) {
    Ffmpeg.load();
    return new Mp4Sink(target, format, null, Mp4Muxer.toStream(target, stream, format.codec()));
  }

  private Mp4Sink(String target, Mp4Format format, @Nullable PartFile part, Mp4Muxer muxer) {
    this.target = target;
    this.format = format;
    this.part = part;
    this.muxer = muxer;
    PictureEncoder openedPictures = null;
    SoundEncoder openedSound = null;
    try {
      openedPictures = new PictureEncoder(muxer, format);
      openedSound = new SoundEncoder(muxer, format.sound(), format.codec().soundEncoderName());
      muxer.start();
      openedPictures.started();
      openedSound.started();
    } catch (RuntimeException e) {
      if (openedSound != null) {
        openedSound.close();
      }
      if (openedPictures != null) {
        openedPictures.close();
      }
      muxer.close();
      throw e;
    }
    pictures = openedPictures;
    sound = openedSound;
  }

  @Override
  public void video(I420Frame frame) {
    enter();
    try {
      pictures.encode(frame);
    } finally {
      leave();
    }
  }

  @Override
  public void video(I420Frame frame, byte[] alpha) {
    enter();
    try {
      pictures.encode(frame, alpha);
    } finally {
      leave();
    }
  }

  @Override
  public void audio(float[] interleaved, int frameCount) {
    if (frameCount < 0 || (long) frameCount * format.sound().channels() > interleaved.length) {
      throw new IllegalArgumentException(
          frameCount + " frames of " + format.sound() + " in " + interleaved.length + " floats");
    }
    enter();
    try {
      sound.encode(interleaved, frameCount);
    } finally {
      leave();
    }
  }

  /**
   * Completes the video.
   *
   * @throws LipstreamException OUTPUT if no picture was given, so that nobody is left with an empty
   *     video, or if the last writes fail
   */
  @Override
  public void finish() {
    enter();
    try {
      if (pictures.frameCount() == 0) {
        throw new LipstreamException(
            LipstreamException.Kind.OUTPUT,
            "no picture was made, so there is no video to write to " + target,
            "give some speech longer than one frame");
      }
      pictures.finish();
      sound.finish(pictures.frameCount() / format.frameRate().perSecond());
      muxer.finish();
      if (part != null) {
        part.commit();
      }
      finished = true;
    } finally {
      leave();
    }
  }

  private void enter() {
    nativeCalls.lock();
    if (closed || finished) {
      nativeCalls.unlock();
      throw closed
          ? new CancellationException("the video " + target + " was closed")
          : new IllegalStateException("the video " + target + " is already finished");
    }
  }

  /** A close() that gave up waiting for the call that ends here left the freeing to it. */
  private void leave() {
    nativeCalls.unlock();
    if (closed && nativeCalls.tryLock()) {
      try {
        free();
      } finally {
        nativeCalls.unlock();
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    if (waitForCall()) {
      try {
        free();
      } finally {
        nativeCalls.unlock();
      }
    } else if (part != null) {
      part.delete();
    }
  }

  private boolean waitForCall() {
    try {
      return nativeCalls.tryLock(CLOSE_WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void free() {
    if (freed) {
      return;
    }
    freed = true;
    sound.close();
    pictures.close();
    muxer.close();
    if (part != null && !finished) {
      part.delete();
    }
  }
}
