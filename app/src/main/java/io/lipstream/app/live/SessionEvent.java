package io.lipstream.app.live;

/** What happens in a session, told in order. */
public sealed interface SessionEvent {

  record StateChanged(SessionState state) implements SessionEvent {}

  /**
   * What the user said.
   *
   * @param last whether it is the whole of their turn; before it may come what it is so far
   */
  record Heard(String text, boolean last) implements SessionEvent {}

  /**
   * A word of the avatar that begins to be heard.
   *
   * @param text with its punctuation, without spaces
   * @param startMillis since the avatar began to speak, which is when the state became Speaking
   * @param endMillis when the word will have been heard
   */
  record Caption(String text, long startMillis, long endMillis) implements SessionEvent {}

  /**
   * The avatar was interrupted.
   *
   * @param heard the words that had been heard by then; empty if it had not begun
   */
  record Interrupted(String heard) implements SessionEvent {}

  /**
   * Pictures are made at another quality from now on, because of what others ask of the server.
   *
   * @param score 100 is the best
   * @param pictureInterval 2 where only every second picture is shown
   */
  record QualityChanged(double score, int pictureInterval) implements SessionEvent {}

  /** Something the user asked for did not work; the session goes on. */
  record Failed(String message, String hint) implements SessionEvent {}

  /**
   * A recording of the session began or ended.
   *
   * @param state recording, ready, or cut, which is ready but ended before it was stopped
   * @param message why it was cut
   */
  record Recorded(String recording, String state, String message, String hint)
      implements SessionEvent {}

  /** The session is closed; the last event. */
  record Ended(String reason) implements SessionEvent {}
}
