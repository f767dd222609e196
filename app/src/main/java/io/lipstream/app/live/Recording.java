package io.lipstream.app.live;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.file.FrameRate;
import io.lipstream.streaming.file.Mp4Format;
import io.lipstream.streaming.file.Mp4Sink;
import io.lipstream.streaming.file.VideoCodec;
import io.lipstream.streaming.live.EncodedSound;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is seen and heard of one session, written as it happens into an mp4 that can be played up to
 * wherever it ends.
 *
 * <p>The media threads leave pictures and sounds in a queue of a second and never wait; a thread of
 * its own, recorder-ID, encodes them. Pictures that the queue has no room for, or that were never
 * shown, are made up for by the one before, and sounds by silence, so that both stay together. When
 * a write fails or there is no time left it ends by itself, and what was written stays.
 */
final class Recording implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Recording.class);
  private static final int MAX_PICTURES_WAITING = Beat.PICTURES_PER_SECOND;
  private static final int SOUNDS_PER_PICTURE = 2;
  private static final int MAX_SOUNDS_WAITING = SOUNDS_PER_PICTURE * MAX_PICTURES_WAITING + 10;

  /** A gap that is longer, as of a machine that slept, is left out. */
  private static final int LONGEST_GAP_PICTURES = 10 * Beat.PICTURES_PER_SECOND;

  /** How it came to an end. */
  record End(long pictures, long picturesDropped, @Nullable LipstreamException failure) {}

  /** A picture or a sound in the queue. */
  private static final class Item {
    private final @Nullable I420Frame picture;
    private final float @Nullable [] sound;
    private long number;

    Item(@Nullable I420Frame picture, float @Nullable [] sound) {
      this.picture = picture;
      this.sound = sound;
    }
  }

  private final String id;
  private final int widthPx;
  private final int heightPx;
  private final long maxPictures;
  private final OutputStream file;
  private final Consumer<End> ended;
  private final Thread thread;

  // Guarded by this.
  private final Deque<Item> waiting = new ArrayDeque<>();
  private final Deque<Item> sparePictures = new ArrayDeque<>();
  private final Deque<Item> spareSounds = new ArrayDeque<>();
  private int pictureItems;
  private int soundItems;
  private boolean stopped;
  private long picturesDropped;
  private boolean otherSize;

  // The recorder's own.
  private long firstTick = Long.MIN_VALUE;
  private long pictures;
  private long sounds;
  private final float[] silence = new float[EncodedSound.SAMPLES];

  /**
   * Begins to record with the next picture.
   *
   * @param file closed at the end
   * @param ended told once, by the recorder's thread
   */
  Recording(
      String id,
      int widthPx,
      int heightPx,
      long maxPictures,
      OutputStream file,
      Consumer<End> ended) {
    this.id = id;
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.maxPictures = maxPictures;
    this.file = file;
    this.ended = ended;
    thread = Thread.ofPlatform().daemon().name("recorder-" + id).start(this::record);
  }

  String id() {
    return id;
  }

  /** What is seen in a tick of the clock; read before this returns. */
  synchronized void picture(long tick, I420Frame shown) {
    if (shown.widthPx() != widthPx || shown.heightPx() != heightPx) {
      otherSize = true; // an mp4 has one size
      stop();
      return;
    }
    Item item = sparePictures.poll();
    if (item == null) {
      if (stopped || pictureItems >= MAX_PICTURES_WAITING) {
        picturesDropped++;
        return;
      }
      item = new Item(new I420Frame(widthPx, heightPx), null);
      pictureItems++;
    }
    if (item.picture != null) {
      System.arraycopy(shown.data(), 0, item.picture.data(), 0, shown.data().length);
    }
    add(item, tick);
  }

  /** What is heard in a stretch of 20 ms; read before this returns. */
  synchronized void sound(long number, float[] samples) {
    Item item = spareSounds.poll();
    if (item == null) {
      if (stopped || soundItems >= MAX_SOUNDS_WAITING) {
        return;
      }
      item = new Item(null, new float[EncodedSound.SAMPLES]);
      soundItems++;
    }
    if (item.sound != null) {
      System.arraycopy(samples, 0, item.sound, 0, EncodedSound.SAMPLES);
    }
    add(item, number);
  }

  private void add(Item item, long number) {
    item.number = number;
    waiting.add(item);
    notifyAll();
  }

  /** Whether some of what was shown still waits; for tests, whose pictures have no pace. */
  synchronized boolean isBehind() {
    return !stopped && !waiting.isEmpty();
  }

  private synchronized @Nullable Item next() throws InterruptedException {
    while (waiting.isEmpty() && !stopped) {
      wait();
    }
    return waiting.poll();
  }

  private synchronized void giveBack(Item item) {
    (item.picture == null ? spareSounds : sparePictures).add(item);
  }

  private void record() {
    LipstreamException failure = null;
    try (OutputStream out = file) {
      Mp4Format format =
          Mp4Format.of(
              widthPx,
              heightPx,
              FrameRate.of(Beat.PICTURES_PER_SECOND),
              new PcmFormat(EncodedSound.RATE_HZ, 1),
              VideoCodec.H264);
      try (Mp4Sink sink = Mp4Sink.toStream("recording " + id, out, format)) {
        write(sink);
        if (pictures > 0) {
          sink.finish();
        }
      }
    } catch (LipstreamException e) {
      failure = e;
    } catch (IOException e) {
      failure =
          new LipstreamException(
              LipstreamException.Kind.OUTPUT,
              "recording " + id + " cannot be written: " + e.getMessage(),
              "the server's data folder needs room",
              e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.error("recording {} failed", id, e);
      failure =
          new LipstreamException(
              LipstreamException.Kind.OUTPUT,
              "recording " + id + " failed: " + e,
              "the log has the cause",
              e);
    }
    long dropped;
    synchronized (this) {
      stopped = true;
      waiting.clear();
      dropped = picturesDropped;
      if (otherSize && failure == null) {
        failure =
            new LipstreamException(
                LipstreamException.Kind.OUTPUT,
                "recording " + id + " ended because the pictures got another size",
                "begin another after a change of avatars");
      }
    }
    ended.accept(new End(pictures, dropped, failure));
  }

  private void write(Mp4Sink sink) throws InterruptedException {
    for (Item item = next(); item != null && pictures < maxPictures; item = next()) {
      if (item.picture != null) {
        picture(sink, item.number, item.picture);
      } else if (item.sound != null) {
        sound(sink, item.number, item.sound);
      }
      giveBack(item);
    }
    // The thread of the sounds may be behind that of the pictures just now.
    for (; sounds < SOUNDS_PER_PICTURE * pictures; sounds++) {
      sink.audio(silence, EncodedSound.SAMPLES);
    }
  }

  private void picture(Mp4Sink sink, long tick, I420Frame shown) {
    if (firstTick == Long.MIN_VALUE || tick - firstTick - pictures > LONGEST_GAP_PICTURES) {
      firstTick = tick - pictures;
      sounds = Math.max(sounds, SOUNDS_PER_PICTURE * pictures);
    }
    long missing = tick - firstTick - pictures;
    for (long i = 0; i <= missing; i++) {
      sink.video(shown);
      pictures++;
    }
  }

  private void sound(Mp4Sink sink, long number, float[] samples) {
    if (firstTick == Long.MIN_VALUE) {
      return;
    }
    long place = number - SOUNDS_PER_PICTURE * firstTick;
    if (place < sounds || place - sounds > (long) SOUNDS_PER_PICTURE * LONGEST_GAP_PICTURES) {
      return;
    }
    for (; sounds < place; sounds++) {
      sink.audio(silence, EncodedSound.SAMPLES);
    }
    sink.audio(samples, EncodedSound.SAMPLES);
    sounds++;
  }

  /** Ends it; what waits is still written. */
  synchronized void stop() {
    stopped = true;
    notifyAll();
  }

  /** Ends it and waits until the file is whole. */
  @Override
  public void close() {
    stop();
    if (!thread.equals(Thread.currentThread())) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
