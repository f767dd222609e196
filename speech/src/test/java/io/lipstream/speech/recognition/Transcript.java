package io.lipstream.speech.recognition;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.talk.SpeechRecognizer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A listener that keeps what it heard. */
final class Transcript implements SpeechRecognizer.Listener {
  private final BlockingQueue<Object> last = new LinkedBlockingQueue<>();
  private final AtomicInteger calls = new AtomicInteger();
  private final List<String> partials = new ArrayList<>();

  @Override
  public synchronized void partial(String text) {
    assertThat(calls).hasValue(0);
    partials.add(text);
  }

  @Override
  public void heard(String text) {
    calls.incrementAndGet();
    last.add(text);
  }

  @Override
  public void failed(LipstreamException failure) {
    calls.incrementAndGet();
    last.add(failure);
  }

  String text() throws InterruptedException {
    assertThat(last()).isInstanceOf(String.class);
    return (String) last();
  }

  LipstreamException failure() throws InterruptedException {
    assertThat(last()).isInstanceOf(LipstreamException.class);
    return (LipstreamException) last();
  }

  private Object last() throws InterruptedException {
    Object end = last.poll(120, TimeUnit.SECONDS);
    assertThat(end).as("the utterance ends").isNotNull();
    last.add(end);
    return end;
  }

  int calls() {
    return calls.get();
  }

  synchronized List<String> partials() {
    return List.copyOf(partials);
  }
}
