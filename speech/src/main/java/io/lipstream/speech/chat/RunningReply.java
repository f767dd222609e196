package io.lipstream.speech.chat;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.ReplyEnd;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An answer that is made on a thread of its own, which a cancel interrupts. */
final class RunningReply implements LanguageModel.Reply {
  private static final Logger LOG = LoggerFactory.getLogger(RunningReply.class);
  private static final AtomicInteger THREADS = new AtomicInteger();

  /** Makes an answer. */
  interface Source {

    /**
     * Tells every token, then returns how it ended.
     *
     * @throws LipstreamException if it fails
     * @throws InterruptedException if nobody wants the rest
     */
    ReplyEnd tell(Tokens tokens) throws InterruptedException;
  }

  /** Where the tokens go. */
  interface Tokens {

    /**
     * Tells the next one; nothing where it is empty.
     *
     * @throws InterruptedException if the answer was cancelled
     */
    void token(String text) throws InterruptedException;
  }

  private final Source source;
  private final LanguageModel.Listener listener;
  private final Consumer<RunningReply> ended;
  private final Thread thread;
  private volatile boolean cancelled;

  /**
   * An answer that has not started.
   *
   * @param ended given this answer when its thread ends
   */
  RunningReply(Source source, LanguageModel.Listener listener, Consumer<RunningReply> ended) {
    this.source = source;
    this.listener = listener;
    this.ended = ended;
    this.thread =
        Thread.ofVirtual().name("reply-" + THREADS.incrementAndGet()).unstarted(this::run);
  }

  RunningReply start() {
    thread.start();
    return this;
  }

  private void run() {
    try {
      listener.ended(outcome());
    } catch (RuntimeException e) {
      LOG.error("a listener of the language model failed", e);
    } finally {
      ended.accept(this);
    }
  }

  private ReplyEnd outcome() {
    try {
      ReplyEnd end = source.tell(this::token);
      return cancelled ? new ReplyEnd.Cancelled() : end;
    } catch (InterruptedException e) {
      return new ReplyEnd.Cancelled();
    } catch (LipstreamException e) {
      return cancelled ? new ReplyEnd.Cancelled() : new ReplyEnd.Failed(e);
    } catch (RuntimeException e) {
      return new ReplyEnd.Failed(
          new LipstreamException(
              LipstreamException.Kind.ENVIRONMENT,
              "the language model broke down: " + e,
              "this is a fault in Lipstream: please report it",
              e));
    }
  }

  private void token(String text) throws InterruptedException {
    if (cancelled) {
      throw new InterruptedException("cancelled");
    }
    if (!text.isEmpty()) {
      listener.token(text);
    }
  }

  @Override
  public void cancel() {
    cancelled = true;
    thread.interrupt();
  }
}
