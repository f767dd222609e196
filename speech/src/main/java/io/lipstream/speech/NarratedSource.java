package io.lipstream.speech;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.lipsync.Speech;
import io.lipstream.media.lipsync.SpokenWord;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Sound made ahead of its reader on a thread of its own.
 *
 * <p>Between the two stands a queue of a few pieces; when it is full the narrator waits. The reader
 * meets the narrator's failure after the sound made before it. Closing interrupts the narrator and
 * does not wait for it.
 */
final class NarratedSource implements Speech {
  private static final AtomicInteger THREADS = new AtomicInteger();

  /** Queued after the last sound; no sound is empty. */
  private static final float[] END = new float[0];

  private final Narration narration;
  private final BlockingQueue<float[]> queue;
  private final CompletableFuture<PcmFormat> format = new CompletableFuture<>();
  private final Thread narrator;
  private volatile long framesMade = -1;

  /** Replaced as a whole by the narrator. */
  private volatile List<SpokenWord> words = List.of();

  /** Set before the END is queued, read after it. */
  private volatile @Nullable RuntimeException failure;

  private volatile boolean closed;

  private float[] current = new float[0];
  private int position;
  private boolean ended;

  /**
   * @param piecesAhead pieces of sound that may wait for the reader
   */
  NarratedSource(Narration narration, int piecesAhead) {
    this.narration = narration;
    this.queue = new ArrayBlockingQueue<>(piecesAhead);
    this.narrator =
        Thread.ofPlatform()
            .daemon()
            .name("speech-" + THREADS.incrementAndGet())
            .start(this::narrate);
  }

  private void narrate() {
    Feed feed = new Feed();
    try {
      narration.speak(feed);
      framesMade = feed.frames;
      format.completeExceptionally(new IllegalStateException("the voice made no sound"));
      queue.put(END);
    } catch (InterruptedException closedEarly) {
      // nobody reads any more
    } catch (RuntimeException | Error e) {
      fail(e instanceof RuntimeException known ? known : new IllegalStateException(e));
    }
  }

  private void fail(RuntimeException cause) {
    failure = cause;
    format.completeExceptionally(cause);
    try {
      queue.put(END);
    } catch (InterruptedException closedEarly) {
      // nobody reads any more
    }
  }

  /** The narrator's side of the queue. */
  private final class Feed implements Narration.Listener {
    private int channels = 1;
    private long frames;

    @Override
    public void format(PcmFormat announced) {
      channels = announced.channels();
      format.complete(announced);
    }

    @Override
    public void words(List<SpokenWord> next) {
      List<SpokenWord> all = new ArrayList<>(words);
      for (SpokenWord word : next) {
        all.add(new SpokenWord(word.text(), frames + word.startFrame(), frames + word.endFrame()));
      }
      words = List.copyOf(all);
    }

    @Override
    public void sound(float[] interleaved) throws InterruptedException {
      if (closed) {
        throw new InterruptedException("closed");
      }
      if (interleaved.length > 0) {
        queue.put(interleaved);
        frames += interleaved.length / channels;
      }
    }
  }

  /** Waits until the voice knows, which takes a server's first answer. */
  @Override
  public PcmFormat format() {
    try {
      return format.join();
    } catch (CompletionException e) {
      throw rethrown(e.getCause());
    }
  }

  @Override
  public int read(float[] interleaved, int maxFrames) {
    if (closed) {
      throw new IllegalStateException("read after close");
    }
    if (maxFrames < 1) {
      throw new IllegalArgumentException("maxFrames must be at least 1, not " + maxFrames);
    }
    while (!ended && position == current.length) {
      current = next();
      position = 0;
      ended = current.length == 0;
    }
    if (ended) {
      if (failure != null) {
        throw rethrown(failure);
      }
      return -1;
    }
    int channels = format().channels();
    int samples = Math.min(maxFrames * channels, current.length - position);
    System.arraycopy(current, position, interleaved, 0, samples);
    position += samples;
    return samples / channels;
  }

  private float[] next() {
    try {
      return queue.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT, "interrupted while waiting for the voice", "", e);
    }
  }

  /** The same failure with the reader's stack on top, so that both threads show in a trace. */
  private static RuntimeException rethrown(@Nullable Throwable failure) {
    if (failure instanceof LipstreamException known) {
      return new LipstreamException(
          known.kind(), String.valueOf(known.getMessage()), known.hint(), known);
    }
    return new IllegalStateException("the voice broke down", failure);
  }

  @Override
  public List<SpokenWord> words() {
    return words;
  }

  @Override
  public OptionalLong expectedFrames() {
    return framesMade < 0 ? OptionalLong.empty() : OptionalLong.of(framesMade);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    narrator.interrupt();
    queue.clear();
  }
}
