package io.lipstream.streaming.file;

import io.lipstream.media.LipstreamException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Words a failed write for the user. */
final class OutputFailure {
  private OutputFailure() {}

  /**
   * @param target the file or pipe as the user knows it
   * @param reason the operating system's text, as FFmpeg and Java both pass it on
   */
  static LipstreamException of(String target, String reason, @Nullable Throwable cause) {
    String message = "cannot write " + target + ": " + reason;
    String hint = hint(reason.toLowerCase(Locale.ROOT));
    return cause == null
        ? new LipstreamException(LipstreamException.Kind.OUTPUT, message, hint)
        : new LipstreamException(LipstreamException.Kind.OUTPUT, message, hint, cause);
  }

  private static String hint(String reason) {
    if (reason.contains("no space") || reason.contains("too large") || reason.contains("quota")) {
      return "free some space or choose another place for the result";
    }
    if (reason.contains("broken pipe")) {
      return "the program that reads the video ended before the video did";
    }
    if (reason.contains("permission") || reason.contains("read-only")) {
      return "choose a folder you may write to";
    }
    return "check that the place for the result exists and can be written to";
  }
}
