package io.lipstream.inference.server;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.Spelling;
import java.time.Duration;
import java.util.Collection;

/** The status codes that callers meet, each with a text for people and a detail for programs. */
public final class Refusal {
  /** All of a status travels in HTTP/2 headers, and those hold 8 KB. */
  private static final int MAX_TEXT_CHARS = 1000;

  private static final int MAX_NAME_CHARS = 130;

  private Refusal() {}

  /**
   * A field of a message that cannot be right.
   *
   * @param field its path, such as frame.feature
   * @param problem what was found and what was expected
   */
  public static StatusRuntimeException invalid(String field, String problem) {
    BadRequest detail =
        BadRequest.newBuilder()
            .addFieldViolations(
                BadRequest.FieldViolation.newBuilder()
                    .setField(field)
                    .setDescription(clip(problem, MAX_TEXT_CHARS)))
            .build();
    return of(Code.INVALID_ARGUMENT, field + " " + problem, detail);
  }

  /** A model that the catalogue does not hold, with the name that was probably meant. */
  public static StatusRuntimeException noSuchModel(String modelId, Collection<String> known) {
    ResourceInfo detail =
        ResourceInfo.newBuilder()
            .setResourceType("model")
            .setResourceName(clip(modelId, MAX_NAME_CHARS))
            .build();
    return of(Code.NOT_FOUND, noSuchModelText(modelId, known), detail);
  }

  static String noSuchModelText(String modelId, Collection<String> known) {
    String hint =
        Spelling.nearest(modelId, known)
            .map(near -> "; did you mean " + near + "?")
            .orElse("; ListModels names those there are");
    return "there is no model named '" + clip(modelId, MAX_NAME_CHARS) + "'" + hint;
  }

  private static String clip(String text, int maxChars) {
    return text.length() <= maxChars ? text : text.substring(0, maxChars) + "...";
  }

  /** Something there is not enough of at this moment. */
  public static StatusRuntimeException exhausted(String reason, Duration retryAfter) {
    RetryInfo detail =
        RetryInfo.newBuilder()
            .setRetryDelay(
                com.google.protobuf.Duration.newBuilder()
                    .setSeconds(retryAfter.toSeconds())
                    .setNanos(retryAfter.toNanosPart()))
            .build();
    return of(Code.RESOURCE_EXHAUSTED, reason, detail);
  }

  /**
   * Something the caller has to do first.
   *
   * @param type what kind of thing, such as AVATAR_VISUALS
   * @param subject which one
   */
  public static StatusRuntimeException precondition(
      String type, String subject, String description) {
    PreconditionFailure detail =
        PreconditionFailure.newBuilder()
            .addViolations(
                PreconditionFailure.Violation.newBuilder()
                    .setType(type)
                    .setSubject(clip(subject, MAX_NAME_CHARS))
                    .setDescription(clip(description, MAX_TEXT_CHARS)))
            .build();
    return of(Code.FAILED_PRECONDITION, description, detail);
  }

  /** A failure of the server's own, told as it would be told on its command line. */
  public static StatusRuntimeException of(LipstreamException failure) {
    String text =
        failure.hint().isEmpty()
            ? failure.getMessage()
            : failure.getMessage() + "; " + failure.hint();
    return switch (failure.kind()) {
      case INPUT -> invalid("request", text);
      case AVATAR -> precondition("MODEL", "", text);
      default -> StatusProto.toStatusRuntimeException(status(Code.UNAVAILABLE, text).build());
    };
  }

  private static StatusRuntimeException of(Code code, String text, Message detail) {
    return StatusProto.toStatusRuntimeException(
        status(code, text).addDetails(Any.pack(detail)).build());
  }

  private static Status.Builder status(Code code, String text) {
    return Status.newBuilder().setCode(code.getNumber()).setMessage(clip(text, MAX_TEXT_CHARS));
  }
}
