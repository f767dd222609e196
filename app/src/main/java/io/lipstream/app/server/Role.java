package io.lipstream.app.server;

/** A running server. Drain lets it finish what it does; close frees everything that it opened. */
public interface Role extends AutoCloseable {
  /** Takes no new work and waits for the running, as long as the configuration says. */
  void drain() throws InterruptedException;

  @Override
  void close();
}
