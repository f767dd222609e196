package io.lipstream.app.live;

import io.lipstream.media.audio.PcmSource;
import io.lipstream.streaming.live.Viewer;
import io.lipstream.streaming.live.ViewerEvents;
import java.util.function.Consumer;
import java.util.function.Function;

/** One avatar in conversation with those who watch it. Thread-safe; no call waits for media. */
public final class LiveSession implements AutoCloseable {

  private LiveSession() {}

  public String id() {
    throw new UnsupportedOperationException();
  }

  /** What it was created as. */
  public SessionRequest request() {
    throw new UnsupportedOperationException();
  }

  public SessionState state() {
    throw new UnsupportedOperationException();
  }

  /**
   * Lets somebody watch, with {@code session.join(events -> endpoint.answer(offer, events))}. They
   * leave when their viewer closes or when the session ends, which closes it.
   *
   * @param connect opens the viewer, which tells the events that it is handed
   * @throws io.lipstream.media.LipstreamException if the session has ended
   */
  public <V extends Viewer> V join(Function<ViewerEvents, V> connect) {
    throw new UnsupportedOperationException();
  }

  /**
   * Speaks a text, after what is being spoken.
   *
   * @throws io.lipstream.media.LipstreamException if there is nothing to say, too much waits, or
   *     the session has ended; what fails later is told as an event
   */
  public void say(String text) {
    throw new UnsupportedOperationException();
  }

  /** Speaks a sound, after what is being spoken; the source is the session's to close. */
  public void sayAudio(PcmSource sound) {
    throw new UnsupportedOperationException();
  }

  /** Answers the user, interrupting what is being spoken. */
  public void chat(String text) {
    throw new UnsupportedOperationException();
  }

  /** Stops speaking and thinking at once; does nothing otherwise. */
  public void interrupt() {
    throw new UnsupportedOperationException();
  }

  /** Ends the user's turn at once, as when a push-to-talk button is let go. */
  public void endTurn() {
    throw new UnsupportedOperationException();
  }

  /**
   * Listens to what happens from now on, in order, on a thread of the session's; a listener that
   * lags far behind misses events.
   */
  public Subscription events(Consumer<SessionEvent> listener) {
    throw new UnsupportedOperationException();
  }

  /** Ends listening. */
  public interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  public SessionStatistics statistics() {
    throw new UnsupportedOperationException();
  }

  /** Ends the session and closes its viewers. */
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
