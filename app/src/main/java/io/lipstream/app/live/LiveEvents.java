package io.lipstream.app.live;

/**
 * What live sessions do, for those who measure them. Calls come from media threads, in the middle
 * of their work: they must be quick and never wait. Thread-safe.
 */
public interface LiveEvents {
  /** Hears nothing. */
  LiveEvents NONE = new LiveEvents() {};

  /** What is done for a picture of speech. */
  enum Step {
    /** From a piece of sound to what the mouth needs to know of it. */
    FEATURES,
    /** The mouth, from its submission to the engine on, waiting included. */
    INFERENCE,
    /** The mouth into the avatar's frame. */
    PASTE,
    /** Encoding and handing to all viewers. */
    ENCODE
  }

  /** Why somebody was not let in. */
  enum Refusal {
    /** All sessions that the configuration allows are taken. */
    FULL,
    /** Those who are served would suffer. */
    BUSY,
    /** The server is about to stop. */
    DRAINING,
    /** They ask more often than they may. */
    RATE,
    /** They bring no key, or one that does not allow it. */
    KEY
  }

  /** The way of an utterance to its first packet. */
  enum Point {
    /** Its first sound is there. */
    SOUND,
    /** What its first mouth needs to know is there. */
    FEATURES,
    /** Its first mouth is drawn. */
    MOUTH,
    /** The first picture with a mouth of its own is put together. */
    PICTURE,
    /** That is encoded, and its first packet on its way. */
    PACKET
  }

  /** Follows one utterance until it is seen. */
  interface Opening {
    /** Follows nothing. */
    Opening NONE = point -> {};

    /** It got that far; calls after the first mean nothing. */
    void reached(Point point);

    /** It has ended, however far it got. */
    default void over() {}
  }

  /** Somebody asks the avatar to say something; called by who asks. */
  default Opening asked() {
    return Opening.NONE;
  }

  /** A step was done once. */
  default void took(Step step, long nanos) {}

  /** From the first sound of an utterance being there to its first picture. */
  default void firstPicture(long nanos) {}

  /** From an interruption to the last packet of what was interrupted. */
  default void interrupted(long nanos) {}

  /** From a viewer's offer until media flows. */
  default void connected(long nanos) {}

  /** So much later than its sound, or earlier if negative, a picture of speech was handed over. */
  default void skewed(long nanos) {}

  /** A picture of speech was shown with the pose held, because its mouth was not there. */
  default void frameLate() {}

  /** Pictures that did not go to a viewer, whose connection had no room. */
  default void framesDropped(long count) {}

  /** Pictures' times that passed without sound, though the voice had not ended. */
  default void soundMissing(int count) {}

  /** Sound from outside did not come in time: the jitter buffer had nothing to play. */
  default void bufferUnderrun() {}

  /**
   * Pictures are made at another quality from now on.
   *
   * @param score 100 is the best there is, 0 none at all
   */
  default void quality(double score) {}

  /** Somebody was not let in. */
  default void refused(Refusal reason) {}
}
