package io.lipstream.app.config;

import java.util.List;

/**
 * Who may use the HTTP interface, and how much of it.
 *
 * @param auth whether callers need a key
 * @param page who may open the page without one: local for browsers of this machine, anyone, nobody
 * @param keys besides the one that the server makes for itself
 * @param requestsPerSecond of one caller on average, ten times as many at once; 0 for any number
 * @param maxUploadMb of an avatar that is imported
 * @param dataFolder of the server's own key, imported avatars and recordings; empty for the user's
 */
public record ApiConfig(
    boolean auth,
    String page,
    List<ApiKeyConfig> keys,
    int requestsPerSecond,
    int maxUploadMb,
    String dataFolder) {
  static final ApiConfig DEFAULT = new ApiConfig(true, "local", List.of(), 50, 2048, "");

  public ApiConfig {
    keys = List.copyOf(keys);
    Check.oneOf("api.page", page, List.of("local", "anyone", "nobody"));
    Check.that(
        keys.stream().map(ApiKeyConfig::name).distinct().count() == keys.size(),
        "api.keys",
        "must have different names");
    Check.range("api.requests_per_second", requestsPerSecond, 0, 100_000);
    Check.range("api.max_upload_mb", maxUploadMb, 1, 1 << 20);
  }
}
