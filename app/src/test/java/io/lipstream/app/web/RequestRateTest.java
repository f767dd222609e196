package io.lipstream.app.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.lipstream.app.config.ServeConfig;
import io.lipstream.app.config.ServeConfigs;
import io.lipstream.app.live.LiveEvents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RequestRateTest {
  private long nowNanos;
  private final RequestRate rate = new RequestRate(2, () -> nowNanos);

  private int takeAll(String caller) {
    int taken = 0;
    while (rate.take(caller).isZero()) {
      taken++;
    }
    return taken;
  }

  @Test
  void aBurstIsTenSecondsOfTheRate() {
    assertThat(takeAll("a")).isEqualTo(20);
    assertThat(rate.take("a")).isEqualTo(Duration.ofMillis(500));
    assertThat(takeAll("b")).as("another caller's bucket").isEqualTo(20);
  }

  @Test
  void fillsAtTheRateAndNoFurtherThanABurst() {
    takeAll("a");
    nowNanos += 3_000_000_000L;
    assertThat(takeAll("a")).isEqualTo(6);
    nowNanos += 3_600_000_000_000L;
    assertThat(takeAll("a")).isEqualTo(20);
  }

  @Test
  void zeroMeansAnyNumber() {
    RequestRate free = new RequestRate(0, () -> nowNanos);
    for (int i = 0; i < 10_000; i++) {
      assertThat(free.take("a")).isZero();
    }
  }

  @Test
  void tooManyRequestsAreTold429AndWhenToComeAgain() throws Exception {
    ServeConfig config = ServeConfigs.parse("api: {auth: false}");
    List<LiveEvents.Refusal> refused = new ArrayList<>();
    Guard guard =
        new Guard(
            (ctx, req) -> HttpResponse.of(HttpStatus.OK),
            Access.CREATE,
            new Credentials(config.api(), ""),
            rate,
            refused::add);
    HttpRequest request = HttpRequest.of(HttpMethod.GET, "/v1/avatars");
    for (int i = 0; i < 20; i++) {
      assertThat(ask(guard, request).status()).isEqualTo(HttpStatus.OK);
    }
    AggregatedHttpResponse last = ask(guard, request);
    assertThat(last.status()).isEqualTo(HttpStatus.TOO_MANY_REQUESTS);
    assertThat(last.headers().get("retry-after")).isEqualTo("1");
    assertThat(refused).containsExactly(LiveEvents.Refusal.RATE);
  }

  private static AggregatedHttpResponse ask(Guard guard, HttpRequest request) throws Exception {
    return guard.serve(ServiceRequestContext.of(request), request).aggregate().join();
  }
}
