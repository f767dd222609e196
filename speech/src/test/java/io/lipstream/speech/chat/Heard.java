package io.lipstream.speech.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.ReplyEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A listener that keeps what it heard. */
class Heard implements LanguageModel.Listener {
  private final List<String> tokens = new ArrayList<>();
  private final CountDownLatch first = new CountDownLatch(1);
  private final BlockingQueue<ReplyEnd> ends = new LinkedBlockingQueue<>();
  private int endings;

  @Override
  public void token(String text) {
    synchronized (this) {
      assertThat(endings).as("a token after the end: " + text).isZero();
      tokens.add(text);
    }
    first.countDown();
  }

  @Override
  public synchronized void ended(ReplyEnd end) {
    endings++;
    ends.add(end);
  }

  void firstToken() throws InterruptedException {
    assertThat(first.await(60, TimeUnit.SECONDS)).as("a token comes").isTrue();
  }

  ReplyEnd end() throws InterruptedException {
    ReplyEnd end = ends.poll(60, TimeUnit.SECONDS);
    assertThat(end).as("the answer ends").isNotNull();
    return end;
  }

  LipstreamException failure() throws InterruptedException {
    ReplyEnd end = end();
    assertThat(end).isInstanceOf(ReplyEnd.Failed.class);
    return ((ReplyEnd.Failed) end).failure();
  }

  synchronized List<String> tokens() {
    return List.copyOf(tokens);
  }

  String text() {
    return String.join("", tokens());
  }

  synchronized int endings() {
    return endings;
  }
}
