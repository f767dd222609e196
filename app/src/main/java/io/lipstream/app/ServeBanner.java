package io.lipstream.app;

import io.lipstream.app.config.ApiServerConfig;
import io.lipstream.app.config.ServeConfig;
import io.lipstream.app.config.WebRtcConfig;
import io.lipstream.app.server.ServeRole;
import io.lipstream.speech.recognition.PocketSphinxRecognizer;
import java.io.PrintWriter;

/** What a server says of itself when the page can be opened. */
record ServeBanner(ServeConfig config, ServeRole role) {
  void print(PrintWriter out) {
    Banner banner = new Banner(out, "Lipstream");
    banner.say("page", page());
    role.key()
        .ifPresent(
            key ->
                banner.say(
                    "key",
                    (key.made() ? key.value() + ", kept in " : "in ")
                        + key.file()
                        + "; programs send it, this machine's browsers need none"));
    banner.say("avatar", config.live().avatar());
    banner.say("voice", engine(config.voice().engine(), config.voice().server()));
    banner.say("answers", engine(config.languageModel().engine(), config.languageModel().server()));
    banner.say("hearing", hearing());
    banner.say("media", media());
    banner.sayWatch(config.metrics(), role.metricsPort(), "/livez");
    banner.end("ready: open the page in a browser; Ctrl-C ends");
  }

  private String page() {
    String address = config.server().address();
    boolean everywhere = address.equals("0.0.0.0") || address.equals("::");
    String reach =
        here()
            ? "  (this machine only; server.address opens it to others)"
            : everywhere ? "  (and under this machine's other names and addresses)" : "";
    // No browser opens the page of an address that stands for all.
    return (config.tls().enabled() ? "https://" : "http://")
        + (here() || everywhere ? "localhost" : Banner.host(address))
        + ":"
        + role.port()
        + reach;
  }

  private String media() {
    WebRtcConfig webrtc = config.webrtc();
    String port = role.webRtcPort() + (webrtc.tcp() ? ", UDP and TCP" : ", UDP");
    if (!webrtc.address().isEmpty()) {
      return Banner.host(webrtc.address()) + ":" + port;
    }
    if (!here()) {
      return Banner.host(config.server().address()) + ":" + port;
    }
    return "port "
        + port
        + (webrtc.advertisedAddresses().isEmpty()
            ? ", this machine only"
            : ", open to others as " + String.join(" ", webrtc.advertisedAddresses()));
  }

  private boolean here() {
    String address = config.server().address();
    return address.equals("127.0.0.1") || address.equals("::1");
  }

  private static String engine(String engine, ApiServerConfig server) {
    return switch (engine) {
      case "mary" -> "built in (English)";
      case "companion" -> "a scripted companion, no language model; docs/config.md connects one";
      default -> server.url().isEmpty() ? "api.openai.com" : server.url();
    };
  }

  private String hearing() {
    if (!config.recognizer().engine().equals("pocketsphinx")) {
      return engine(config.recognizer().engine(), config.recognizer().server());
    }
    return PocketSphinxRecognizer.obstacle()
        .map(obstacle -> "no speech recognition: " + obstacle.getMessage() + "; " + obstacle.hint())
        .orElse("PocketSphinx, good for a demonstration");
  }
}
