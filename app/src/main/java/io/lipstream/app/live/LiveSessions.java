package io.lipstream.app.live;

import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** The live sessions of this process. Thread-safe. */
public final class LiveSessions implements AutoCloseable {

  private LiveSessions() {}

  /**
   * Opens without a session; nothing is loaded before the first.
   *
   * @param clock nanoseconds, on which pictures and sound are stamped; {@code System::nanoTime}
   */
  public static LiveSessions open(LiveParts parts, LiveSettings settings, LongSupplier clock) {
    throw new UnsupportedOperationException();
  }

  /**
   * Begins a session; waits until its avatar is loaded, the first time seconds.
   *
   * @throws io.lipstream.media.LipstreamException if there is no such avatar or voice, or no room
   */
  public LiveSession create(SessionRequest request) {
    throw new UnsupportedOperationException();
  }

  public Optional<LiveSession> find(String id) {
    throw new UnsupportedOperationException();
  }

  public List<LiveSession> all() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
