package io.lipstream.speech.recognition;

import static java.util.Objects.checkFromIndexSize;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.talk.SpeechRecognizer;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An utterance on its way to a recogniser that works on a thread of its own.
 *
 * <p>Between them stands a queue of at most two minutes of sound; more of it fails the utterance.
 */
final class Recording implements SpeechRecognizer.Utterance {
  private static final Logger LOG = LoggerFactory.getLogger(Recording.class);
  static final int RATE_HZ = 16_000;
  private static final int MAX_SECONDS = 120;

  /** Recognises one utterance, on its thread. */
  interface Work {

    /**
     * Takes sound from the recording until there is no more.
     *
     * @return what was heard
     * @throws LipstreamException if it cannot be recognised
     * @throws InterruptedException if nobody wants it any more
     */
    String recognise(Recording recording) throws InterruptedException;
  }

  private final Work work;
  private final SpeechRecognizer.Listener listener;
  private final Consumer<Recording> ended;
  private final Thread thread;

  /** Guarded by this, as are the next fields. */
  private final Queue<short[]> pieces = new ArrayDeque<>();

  private long samples;
  private boolean finished;
  private volatile boolean closed;
  private @Nullable LipstreamException tooLong;

  Recording(
      Work work,
      SpeechRecognizer.Listener listener,
      ThreadFactory threads,
      Consumer<Recording> ended) {
    this.work = work;
    this.listener = listener;
    this.ended = ended;
    this.thread = threads.newThread(this::run);
  }

  Recording start() {
    thread.start();
    return this;
  }

  private void run() {
    try {
      tell();
    } catch (InterruptedException e) {
      // given up: nobody is told
    } catch (RuntimeException e) {
      LOG.error("a listener of the speech recogniser failed", e);
    } finally {
      ended.accept(this);
    }
  }

  private void tell() throws InterruptedException {
    String text;
    try {
      text = work.recognise(this);
    } catch (LipstreamException e) {
      if (!closed) {
        listener.failed(e);
      }
      return;
    }
    if (!closed) {
      listener.heard(text);
    }
  }

  /** Tells what was understood so far. */
  void partial(String text) {
    if (!closed) {
      listener.partial(text);
    }
  }

  /**
   * Waits for more sound.
   *
   * @return 16 bit samples at 16 kHz; empty at the end of the utterance
   */
  synchronized Optional<short[]> next() throws InterruptedException {
    while (pieces.isEmpty() && !finished && !closed && tooLong == null) {
      wait();
    }
    if (closed) {
      throw new InterruptedException("closed");
    }
    if (tooLong != null) {
      throw tooLong;
    }
    return Optional.ofNullable(pieces.poll());
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized void push(float[] mono16k, int offset, int count) {
    checkFromIndexSize(offset, count, mono16k.length);
    if (finished) {
      throw new IllegalStateException("finished: a new utterance needs a new recording");
    }
    if (closed || tooLong != null || count == 0) {
      return;
    }
    samples += count;
    if (samples > (long) MAX_SECONDS * RATE_HZ) {
      pieces.clear();
      tooLong =
          new LipstreamException(
              LipstreamException.Kind.INPUT,
              "someone spoke for more than " + MAX_SECONDS + " s without a pause",
              "pause between sentences");
    } else {
      short[] piece = new short[count];
      for (int i = 0; i < count; i++) {
        piece[i] = (short) Math.clamp(Math.round(mono16k[offset + i] * 32_768f), -32_768, 32_767);
      }
      pieces.add(piece);
    }
    notifyAll();
  }

  @Override
  public synchronized void finish() {
    finished = true;
    notifyAll();
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
