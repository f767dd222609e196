package io.lipstream.media.talk;

import io.lipstream.media.LipstreamException;

/** Why an answer ended. */
public sealed interface ReplyEnd {

  /** All was said. */
  record Complete() implements ReplyEnd {}

  /** The answer reached the model's length limit, so it breaks off. */
  record TooLong() implements ReplyEnd {}

  /** The model's maker holds the rest of the answer back. */
  record Withheld() implements ReplyEnd {}

  /** The answer was given up by its reader. */
  record Cancelled() implements ReplyEnd {}

  /** Something broke; tokens may have come before. */
  record Failed(LipstreamException failure) implements ReplyEnd {}
}
