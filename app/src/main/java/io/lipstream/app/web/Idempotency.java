package io.lipstream.app.web;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Answers a request that is sent again under the same {@code Idempotency-Key} as it was answered
 * the first time, without doing it again. Thread-safe.
 *
 * <p>Only what succeeded is kept, for an hour, and of very many answers the latest.
 */
final class Idempotency {
  static final String HEADER = "idempotency-key";
  private static final Pattern KEY = Pattern.compile("[!-~]{1,255}");
  private static final Duration LIFE = Duration.ofHours(1);

  private final int maxAnswers;
  private final LongSupplier clock;

  /** In the order in which they were begun; guarded by this. */
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private record Entry(
      String bodySum, long begunNanos, CompletableFuture<AggregatedHttpResponse> answer) {}

  /**
   * Without any answers.
   *
   * @param clock nanoseconds
   */
  Idempotency(int maxAnswers, LongSupplier clock) {
    this.maxAnswers = maxAnswers;
    this.clock = clock;
  }

  /** The same handler, minding the header. */
  Blocking.Handler mind(Blocking.Handler handler) {
    return (ctx, request) -> answer(handler, ctx, request);
  }

  private HttpResponse answer(
      Blocking.Handler handler, ServiceRequestContext ctx, AggregatedHttpRequest request) {
    @Nullable String given = request.headers().get(HEADER);
    if (given == null) {
      return handler.answer(ctx, request);
    }
    if (!KEY.matcher(given).matches()) {
      throw new Problem.Refusal(
          HttpStatus.BAD_REQUEST,
          "the Idempotency-Key must have 1 to 255 characters of ASCII without spaces",
          "a UUID will do");
    }
    String key = Guard.caller(ctx).name() + "\n" + request.path() + "\n" + given;
    String bodySum = sum(request.content().array());
    CompletableFuture<AggregatedHttpResponse> mine = new CompletableFuture<>();
    @Nullable Entry known = begin(key, new Entry(bodySum, clock.getAsLong(), mine));
    if (known == null) {
      return first(key, mine, handler, ctx, request);
    }
    if (!known.bodySum().equals(bodySum)) {
      throw new Problem.Refusal(
          HttpStatus.UNPROCESSABLE_ENTITY,
          "another request came under this Idempotency-Key",
          "give each request a key of its own");
    }
    try {
      AggregatedHttpResponse answer = known.answer().join();
      return AggregatedHttpResponse.of(
              answer.headers().toBuilder().set("idempotency-replayed", "true").build(),
              answer.content())
          .toHttpResponse();
    } catch (CompletionException e) {
      return Problem.of(e).response();
    }
  }

  private HttpResponse first(
      String key,
      CompletableFuture<AggregatedHttpResponse> mine,
      Blocking.Handler handler,
      ServiceRequestContext ctx,
      AggregatedHttpRequest request) {
    try {
      AggregatedHttpResponse answer = handler.answer(ctx, request).aggregate().join();
      if (!answer.status().isSuccess()) {
        forget(key);
      }
      mine.complete(answer);
      return answer.toHttpResponse();
    } catch (RuntimeException | Error e) {
      forget(key);
      mine.completeExceptionally(e);
      throw e;
    }
  }

  /** Enters a request; the one before it under the same key, if there is one. */
  private synchronized @Nullable Entry begin(String key, Entry entry) {
    Iterator<Entry> oldest = entries.values().iterator();
    while (oldest.hasNext()) {
      Entry each = oldest.next();
      boolean old = entry.begunNanos() - each.begunNanos() > LIFE.toNanos();
      if (!old && entries.size() < maxAnswers) {
        break;
      }
      oldest.remove();
    }
    return entries.putIfAbsent(key, entry);
  }

  private static String sum(byte[] body) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private synchronized void forget(String key) {
    entries.remove(key);
  }
}
