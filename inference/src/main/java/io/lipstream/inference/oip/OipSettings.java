package io.lipstream.inference.oip;

import io.lipstream.media.LipstreamException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where another server computes, and how it is asked.
 *
 * @param tls whether to encrypt, against the authorities that the machine trusts
 * @param models ids to offer where the server does not list its models; may be empty
 * @param maxFrames most frames of one call; the model's own limit holds too
 * @param concurrentCalls calls on their way at once
 * @param callTimeout after which a call without an answer has failed, whatever its deadline
 * @param reconnectTimeout how long frames wait for a server that went away
 * @param maxMessageBytes largest answer that is taken
 */
public record OipSettings(
    String host,
    int port,
    boolean tls,
    List<String> models,
    int maxFrames,
    int concurrentCalls,
    Duration callTimeout,
    Duration reconnectTimeout,
    int maxMessageBytes) {
  private static final Pattern URL =
      Pattern.compile("(?:(grpcs?)://)?(\\[[0-9a-fA-F:]+]|[^:/\\[\\]]+):(\\d{1,5})/?");

  private static final int MAX_PORT = 65535;

  public OipSettings {
    models = List.copyOf(models);
    if (maxFrames < 1 || concurrentCalls < 1 || maxMessageBytes < 1) {
      throw new IllegalArgumentException(
          "at least 1 each: " + maxFrames + ", " + concurrentCalls + ", " + maxMessageBytes);
    }
  }

  /**
   * A server at grpc://HOST:PORT, or grpcs:// for TLS; HOST:PORT alone means grpc.
   *
   * @throws LipstreamException if it is no such address
   */
  public static OipSettings of(String url) {
    Matcher matcher = URL.matcher(url);
    if (!matcher.matches() || Integer.parseInt(matcher.group(3)) > MAX_PORT) {
      throw new LipstreamException(
          LipstreamException.Kind.CONFIGURATION,
          "\"" + url + "\" is no address of an inference server",
          "Write grpc://HOST:PORT, or grpcs://HOST:PORT for TLS; Triton's port is 8001");
    }
    return new OipSettings(
        matcher.group(2),
        Integer.parseInt(matcher.group(3)),
        "grpcs".equals(matcher.group(1)),
        List.of(),
        8,
        4,
        Duration.ofSeconds(30),
        Duration.ofSeconds(2),
        128 << 20);
  }

  public OipSettings withModels(List<String> newModels) {
    return new OipSettings(
        host,
        port,
        tls,
        newModels,
        maxFrames,
        concurrentCalls,
        callTimeout,
        reconnectTimeout,
        maxMessageBytes);
  }

  public OipSettings withCalls(int newConcurrentCalls, int newMaxFrames) {
    return new OipSettings(
        host,
        port,
        tls,
        models,
        newMaxFrames,
        newConcurrentCalls,
        callTimeout,
        reconnectTimeout,
        maxMessageBytes);
  }

  /** For messages: host:port. */
  String address() {
    return host + ":" + port;
  }
}
