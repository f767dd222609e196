package io.lipstream.app.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SameSiteTest {
  private final SameSite guard =
      new SameSite(
          (ctx, req) -> HttpResponse.of(HttpStatus.OK),
          List.of("Avatar.example.org"),
          List.of("https://friend.example"));

  private HttpStatus ask(String host, String origin) throws Exception {
    RequestHeadersBuilder headers =
        RequestHeaders.builder(HttpMethod.POST, "/v1/sessions").authority(host);
    if (!origin.isEmpty()) {
      headers.set("origin", origin);
    }
    HttpRequest request = HttpRequest.of(headers.build());
    return guard.serve(ServiceRequestContext.of(request), request).aggregate().join().status();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost:8080",
        "LOCALHOST",
        "a.localhost:1",
        "127.0.0.1:8080",
        "[::1]:8080",
        "192.168.1.4",
        "avatar.example.org:443"
      })
  void letsInWhoCameByOurOwnAddress(String host) throws Exception {
    assertThat(ask(host, "")).isEqualTo(HttpStatus.OK);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "1a.2"})
  void refusesANameThatAnotherSitePointedAtUs(String host) throws Exception {
    assertThat(ask(host, "")).isEqualTo(HttpStatus.MISDIRECTED_REQUEST);
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:8080,http://localhost:8080,200",
    "localhost:8080,https://localhost:8080,200",
    "localhost:8080,https://friend.example,200",
    "localhost:8080,http://localhost:3000,403",
    "localhost:8080,https://evil.example,403",
    "localhost:8080,null,403",
    "127.0.0.1:8080,http://localhost:8080,403"
  })
  void refusesPagesOfOtherSites(String host, String origin, int status) throws Exception {
    assertThat(ask(host, origin).code()).isEqualTo(status);
  }

  @Test
  void saysWhatToDo() throws Exception {
    HttpRequest request =
        HttpRequest.of(
            RequestHeaders.builder(HttpMethod.GET, "/").authority("avatar.example.net").build());

    String body =
        guard.serve(ServiceRequestContext.of(request), request).aggregate().join().contentUtf8();

    assertThat(body).contains("avatar.example.net").contains("server.allowed_hosts");
  }
}
