package io.lipstream.media.talk;

import java.util.List;

/** Answers in a conversation. Thread-safe. */
public interface LanguageModel extends AutoCloseable {

  /**
   * Begins to answer; never waits.
   *
   * @param conversation oldest first; its last message is the user's
   * @param listener told by a thread of the language model
   */
  Reply reply(List<Message> conversation, Listener listener);

  /** Gives up all answers. */
  @Override
  void close();

  /** An answer on its way. */
  interface Reply {

    /**
     * Gives the answer up, from any thread, any number of times; never waits. At most the token
     * that is being told meanwhile still comes, then {@link ReplyEnd.Cancelled} unless it had
     * ended.
     */
    void cancel();
  }

  /** Hears an answer; its calls come one after the other and must not wait long. */
  interface Listener {

    /** The next piece of text, with its spaces; never empty. */
    void token(String text);

    /** The last call, exactly once. */
    void ended(ReplyEnd end);
  }
}
