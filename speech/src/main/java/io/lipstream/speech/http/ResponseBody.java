package io.lipstream.speech.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP answer's bytes with a limit on how long the server may pause.
 *
 * <p>The JDK's own stream waits for ever. One part at a time is asked for, so a slow reader slows
 * the server down. An interrupt ends a waiting read.
 */
final class ResponseBody extends InputStream implements HttpResponse.BodySubscriber<InputStream> {

  private sealed interface Event {
    record Part(List<ByteBuffer> buffers) implements Event {}

    record End(@Nullable Throwable failure) implements Event {}
  }

  private final Duration idleTimeout;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private volatile Flow.@Nullable Subscription subscription;
  private List<ByteBuffer> part = List.of();
  private boolean ended;

  ResponseBody(Duration idleTimeout) {
    this.idleTimeout = idleTimeout;
  }

  /** There at once: the bytes are read while they arrive. */
  @Override
  public CompletionStage<InputStream> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    events.add(new Event.Part(buffers));
  }

  @Override
  public void onError(Throwable failure) {
    events.add(new Event.End(failure));
  }

  @Override
  public void onComplete() {
    events.add(new Event.End(null));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (true) {
      for (ByteBuffer buffer : part) {
        if (buffer.hasRemaining()) {
          int count = Math.min(length, buffer.remaining());
          buffer.get(bytes, offset, count);
          return count;
        }
      }
      if (ended || !nextPart()) {
        return -1;
      }
    }
  }

  private boolean nextPart() throws IOException {
    boolean more = !part.isEmpty();
    part = List.of();
    Flow.Subscription current = subscription;
    if (more && current != null) {
      current.request(1);
    }
    switch (nextEvent()) {
      case Event.Part(List<ByteBuffer> buffers) -> part = buffers;
      case Event.End(Throwable failure) -> {
        ended = true;
        if (failure != null) {
          throw new IOException(String.valueOf(failure.getMessage()), failure);
        }
      }
    }
    return !ended;
  }

  private Event nextEvent() throws IOException {
    try {
      Event event = events.poll(idleTimeout.toMillis(), TimeUnit.MILLISECONDS);
      if (event == null) {
        close();
        throw new HttpTimeoutException("nothing came for " + idleTimeout.toSeconds() + " s");
      }
      return event;
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("interrupted");
      interrupted.initCause(e);
      throw interrupted;
    }
  }

  /** Gives the connection up unless all was read. */
  @Override
  public void close() {
    ended = true;
    Flow.Subscription current = subscription;
    if (current != null) {
      current.cancel();
    }
  }
}
