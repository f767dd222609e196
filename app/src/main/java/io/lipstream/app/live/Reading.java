package io.lipstream.app.live;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.streaming.live.EncodedSound;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads lines one after the other: has the voice speak them, a sentence ahead, and passes their
 * sound on in pieces.
 *
 * <p>Between lines stands the same short pause, whatever silence the voice puts around them. A
 * thread reads and waits while a few pieces are unheard; one other thread takes them. Everything
 * else may be called by any thread.
 */
final class Reading {
  private static final int PIECES = 8;
  private static final int MAX_LINES = 256;
  private static final int PAUSE_MILLIS = 250;
  private static final int PIECE_MILLIS = 160;

  /** Read before the rate is known; a piece of 160 ms at 16 kHz. */
  private static final int FIRST_PIECE_FRAMES = 2560;

  /** Quieter than this, 60 dB under full scale, is silence around a sentence. */
  private static final float SILENCE = 0.001f;

  /** A piece of a line's sound. */
  static final class Piece {
    float[] interleaved = {};
    int frames;
    PcmFormat format = PcmFormat.FEATURES;

    /** The line it is part of. */
    Line line = Line.sentence("");

    /** Whether the line begins with it. */
    boolean begins;
  }

  private final SpeechSynthesizer voice;
  private final String voiceName;
  private final Runnable arrived;
  private final Consumer<LipstreamException> failed;
  private final LongSupplier clock;
  private final Thread thread;

  // All below are guarded by this.
  private final Deque<Line> lines = new ArrayDeque<>();
  private final Deque<Piece> pieces = new ArrayDeque<>();
  private final Deque<Piece> spare = new ArrayDeque<>();
  private boolean moreComing;
  private boolean busy;

  /** Sounds from outside that were added, to be told when none of it will be heard. */
  private final List<Line> sounds = new ArrayList<>();

  private boolean stopped;
  private long firstSoundNanos;

  // The reading thread's own.
  private long quietFrames;
  private long lineFrames;
  private boolean lineBegun;

  /**
   * Begins to wait for lines.
   *
   * @param moreComing whether it is unknown yet what is to be said
   * @param arrived told by the reading thread whenever there is something new to take
   * @param failed told by the reading thread what the voice cannot; the lines that waited are
   *     dropped
   */
  Reading(
      String name,
      SpeechSynthesizer voice,
      String voiceName,
      boolean moreComing,
      LongSupplier clock,
      Runnable arrived,
      Consumer<LipstreamException> failed) {
    this.voice = voice;
    this.voiceName = voiceName;
    this.moreComing = moreComing;
    this.clock = clock;
    this.arrived = arrived;
    this.failed = failed;
    for (int i = 0; i < PIECES; i++) {
      spare.add(new Piece());
    }
    thread = Thread.ofVirtual().name("reading-" + name).unstarted(this::read);
  }

  void start() {
    thread.start();
  }

  /** Takes one more line; false if it was stopped. */
  synchronized boolean add(Line line) {
    if (stopped) {
      return false;
    }
    if (lines.size() >= MAX_LINES) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "more than " + MAX_LINES + " sentences wait to be said",
          "let the avatar finish, or interrupt it");
    }
    lines.add(line);
    if (!line.isText()) {
      sounds.add(line);
    }
    notifyAll();
    return true;
  }

  /** All that is to be said is known. */
  synchronized void complete() {
    moreComing = false;
  }

  /** Whether nothing follows, as far as one knows. */
  synchronized boolean isAtEnd() {
    return !moreComing && isExhausted();
  }

  /** Whether all lines so far were read and taken. */
  synchronized boolean isExhausted() {
    return lines.isEmpty() && !busy && pieces.isEmpty();
  }

  /** Whether it is exhausted for good; then it stops and takes no more lines. */
  synchronized boolean endsHere() {
    if (!isAtEnd()) {
      return false;
    }
    stop();
    return true;
  }

  /** Ends it; sounds that were begun are closed by the reading thread. */
  synchronized void stop() {
    stopped = true;
    thread.interrupt();
    notifyAll();
  }

  /** Nothing more will be heard of any line. */
  void over() {
    List<Line> all;
    synchronized (this) {
      all = List.copyOf(sounds);
    }
    all.forEach(Line::over);
  }

  /** When the first sound was there, 0 if none was. */
  synchronized long firstSoundNanos() {
    return firstSoundNanos;
  }

  synchronized @Nullable Piece peek() {
    return pieces.peek();
  }

  /** Takes the next piece, to be given back. */
  synchronized @Nullable Piece poll() {
    return pieces.poll();
  }

  synchronized void giveBack(Piece piece) {
    spare.add(piece);
    notifyAll();
  }

  private void read() {
    @Nullable Line line = null;
    try {
      while ((line = next()) != null) {
        perform(line);
        line.close();
        line = null;
      }
    } catch (InterruptedException e) {
      // Nobody listens any more.
    } catch (LipstreamException e) {
      giveUp(e);
    } catch (RuntimeException e) {
      giveUp(
          new LipstreamException(
              LipstreamException.Kind.ENVIRONMENT,
              "the voice broke down: " + e,
              "the log of the voice may say why",
              e));
    } finally {
      if (line != null) {
        line.close();
      }
      dropLines();
    }
  }

  private void giveUp(LipstreamException why) {
    synchronized (this) {
      if (stopped) {
        return;
      }
    }
    failed.accept(why);
  }

  private synchronized void dropLines() {
    lines.forEach(Line::close);
    lines.clear();
    busy = false;
    moreComing = false;
    stopped = true;
  }

  private synchronized @Nullable Line next() throws InterruptedException {
    busy = false;
    while (lines.isEmpty() && !stopped) {
      wait();
    }
    if (stopped) {
      return null;
    }
    busy = true;
    return lines.remove();
  }

  private void perform(Line line) throws InterruptedException {
    PcmSource source = line.start(voice, voiceName);
    // Asked for its format before its first sound, a voice could not be interrupted.
    float[] block = new float[2 * FIRST_PIECE_FRAMES];
    int frames = source.read(block, FIRST_PIECE_FRAMES);
    if (frames < 0) {
      return;
    }
    PcmFormat format = source.format();
    int pieceFrames = format.sampleRateHz() * PIECE_MILLIS / 1_000;
    block = fitting(block, pieceFrames * format.channels());
    quietFrames = 0;
    lineFrames = 0;
    lineBegun = false;
    boolean nextStarted = false;
    while (frames >= 0) {
      line.learnWords(format.sampleRateHz());
      pass(line, format, block, frames);
      source.expectedFrames().ifPresent(all -> lasts(line, format, Math.max(all, lineFrames)));
      if (!nextStarted) {
        nextStarted = startNext();
      }
      frames = source.read(block, pieceFrames);
    }
    lasts(line, format, lineFrames);
    if (line.isText()) {
      putSilence(line, format, (long) format.sampleRateHz() * PAUSE_MILLIS / 1_000);
    }
  }

  private static float[] fitting(float[] block, int floats) {
    return block.length >= floats ? block : Arrays.copyOf(block, floats);
  }

  private static void lasts(Line line, PcmFormat format, long frames) {
    line.lasts(frames * EncodedSound.RATE_HZ / format.sampleRateHz());
  }

  /** So that its first sound is there when this line ends. */
  private boolean startNext() {
    Line following;
    synchronized (this) {
      following = lines.peek();
    }
    if (following == null) {
      return false;
    }
    try {
      following.start(voice, voiceName);
    } catch (LipstreamException e) {
      // Told when it is its turn.
    }
    return true;
  }

  private void pass(Line line, PcmFormat format, float[] block, int frames)
      throws InterruptedException {
    int loud = line.isText() ? loudFrames(block, frames, format.channels()) : frames;
    if (loud > 0) {
      putSilence(line, format, quietFrames);
      quietFrames = 0;
      put(line, format, block, loud);
    }
    quietFrames += frames - loud;
  }

  private static int loudFrames(float[] block, int frames, int channels) {
    int last = frames * channels;
    while (last > 0 && Math.abs(block[last - 1]) < SILENCE) {
      last--;
    }
    return Math.ceilDiv(last, channels);
  }

  private void putSilence(Line line, PcmFormat format, long frames) throws InterruptedException {
    int pieceFrames = format.sampleRateHz() * PIECE_MILLIS / 1_000;
    float[] silence = new float[(int) Math.min(frames, pieceFrames) * format.channels()];
    for (long left = frames; left > 0; left -= pieceFrames) {
      put(line, format, silence, (int) Math.min(left, pieceFrames));
    }
  }

  private void put(Line line, PcmFormat format, float[] samples, int frames)
      throws InterruptedException {
    Piece piece = spare();
    int floats = frames * format.channels();
    piece.interleaved = fitting(piece.interleaved, floats);
    System.arraycopy(samples, 0, piece.interleaved, 0, floats);
    piece.frames = frames;
    piece.format = format;
    piece.line = line;
    piece.begins = !lineBegun;
    lineBegun = true;
    lineFrames += frames;
    synchronized (this) {
      if (firstSoundNanos == 0) {
        firstSoundNanos = clock.getAsLong();
      }
      pieces.add(piece);
    }
    arrived.run();
  }

  private synchronized Piece spare() throws InterruptedException {
    while (spare.isEmpty() && !stopped) {
      wait();
    }
    if (stopped) {
      throw new InterruptedException("nobody listens any more");
    }
    return spare.remove();
  }
}
