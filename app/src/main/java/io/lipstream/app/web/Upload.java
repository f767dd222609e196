package io.lipstream.app.web;

import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.stream.StreamMessages;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A route whose body goes into a file of its own before its handler is called. */
final class Upload implements HttpService {
  private static final Duration LONGEST = Duration.ofMinutes(30);

  private final long maxBytes;
  private final Semaphore room;
  private final Before before;
  private final Handler handler;
  private final @Nullable HttpService other;

  /** Looks at a request before its body is read; throws what it is refused with. */
  @FunctionalInterface
  interface Before {
    void check(ServiceRequestContext ctx, HttpRequest request);
  }

  /** Answers a request; the file is deleted afterwards unless the handler has moved it away. */
  @FunctionalInterface
  interface Handler {
    HttpResponse answer(ServiceRequestContext ctx, HttpRequest request, Path body);
  }

  /**
   * A route for large bodies.
   *
   * @param atOnce how many may be under way
   */
  Upload(long maxBytes, int atOnce, Before before, Handler handler) {
    this(maxBytes, new Semaphore(atOnce), before, handler, null);
  }

  private Upload(
      long maxBytes, Semaphore room, Before before, Handler handler, @Nullable HttpService other) {
    this.maxBytes = maxBytes;
    this.room = room;
    this.other = other;
    this.before = before;
    this.handler = handler;
  }

  long maxBytes() {
    return maxBytes;
  }

  /** The same route where the body is a sound, else another. */
  Upload orElse(HttpService other) {
    return new Upload(maxBytes, room, before, handler, other);
  }

  private static boolean isSound(HttpRequest request) {
    MediaType type = request.contentType();
    return type != null
        && (type.belongsTo(MediaType.ANY_AUDIO_TYPE) || type.is(MediaType.OCTET_STREAM));
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest req) throws Exception {
    if (other != null && !isSound(req)) {
      ctx.setMaxRequestLength(Routes.MAX_BODY_BYTES);
      return other.serve(ctx, req);
    }
    try {
      before.check(ctx, req);
      long announced = req.headers().contentLength();
      if (announced > maxBytes) {
        throw ContentTooLargeException.builder().maxContentLength(maxBytes).build();
      }
    } catch (RuntimeException e) {
      return Problem.of(e).unread(ctx, req);
    }
    if (!room.tryAcquire()) {
      return new Problem(
              HttpStatus.SERVICE_UNAVAILABLE, "too many uploads are under way", "try again later")
          .unread(ctx, req);
    }
    ctx.setMaxRequestLength(maxBytes);
    ctx.setRequestTimeout(LONGEST);
    return HttpResponse.of(
        CompletableFuture.supplyAsync(Upload::file, ctx.blockingTaskExecutor())
            .thenCompose(file -> receive(ctx, req, file))
            .whenComplete((answer, failure) -> room.release())
            .exceptionally(failure -> problem(failure).response()));
  }

  private CompletableFuture<HttpResponse> receive(
      ServiceRequestContext ctx, HttpRequest req, Path file) {
    return StreamMessages.writeTo(req.split().body(), file, StandardOpenOption.WRITE)
        .thenApplyAsync(done -> handler.answer(ctx, req, file), ctx.blockingTaskExecutor())
        .whenCompleteAsync((answer, failure) -> delete(file), ctx.blockingTaskExecutor());
  }

  private static Path file() {
    try {
      return Files.createTempFile("lipstream-upload-", "");
    } catch (IOException e) {
      throw noRoom(e);
    }
  }

  private static Problem problem(Throwable failure) {
    return Exceptions.peel(failure) instanceof IOException e
        ? Problem.of(noRoom(e))
        : Problem.of(failure);
  }

  private static Problem.Refusal noRoom(IOException e) {
    return new Problem.Refusal(
        HttpStatus.INSUFFICIENT_STORAGE,
        "what was sent cannot be kept: " + e.getMessage(),
        "the server's temporary folder needs room");
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // It lies in the temporary folder, which the system empties.
    }
  }
}
