package io.lipstream.media;

import java.util.Objects;

/**
 * A failure that a user can meet and mend: it says what was wrong, with which input, and what to
 * do.
 *
 * <p>Programmer errors stay {@link IllegalArgumentException} and {@link IllegalStateException}.
 */
public final class LipstreamException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What kind of thing failed; the command line turns it into its exit code. */
  public enum Kind {
    /** A configuration file cannot be read, or holds what cannot be honoured. */
    CONFIGURATION(2),
    /** The text, audio or other material to work on is missing, empty or unreadable. */
    INPUT(3),
    /** An avatar package or one of its networks is unknown, inconsistent or misbehaves. */
    AVATAR(4),
    /** The result cannot be written: no permission, no space, a closed pipe. */
    OUTPUT(5),
    /** Something this machine or another server should provide is missing or does not answer. */
    ENVIRONMENT(6);

    private final int exitCode;

    Kind(int exitCode) {
      this.exitCode = exitCode;
    }

    /** The process exit code of a command that failed this way. */
    public int exitCode() {
      return exitCode;
    }
  }

  private final Kind kind;
  private final String hint;

  /**
   * A failure without a deeper cause.
   *
   * @param message what was wrong and with which input, one sentence without a full stop
   * @param hint what the user can do about it; may be empty when the message says it all
   */
  public LipstreamException(Kind kind, String message, String hint) {
    super(message);
    this.kind = kind;
    this.hint = hint;
  }

  /** As the other constructor, with what caused it. */
  public LipstreamException(Kind kind, String message, String hint, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.hint = hint;
  }

  /** What was wrong; never null. */
  @Override
  public String getMessage() {
    return Objects.requireNonNullElse(super.getMessage(), "");
  }

  public Kind kind() {
    return kind;
  }

  public String hint() {
    return hint;
  }
}
