package io.lipstream.app;

import io.lipstream.app.config.ApiServerConfig;
import io.lipstream.app.config.ServeConfig;
import io.lipstream.app.server.ServeRole;
import io.lipstream.speech.recognition.PocketSphinxRecognizer;
import java.io.PrintWriter;
import java.util.Locale;

/** What a server says of itself when the page can be opened. */
final class ServeBanner {
  private final ServeConfig config;
  private final ServeRole role;

  ServeBanner(ServeRole role) {
    this.config = role.config();
    this.role = role;
  }

  void print(PrintWriter out) {
    out.println(new Lipstream.Version().getVersion()[0].replace("lipstream", "Lipstream"));
    say(out, "page", page());
    role.key()
        .ifPresent(
            key ->
                say(
                    out,
                    "key",
                    (key.made() ? key.value() + ", kept in " : "in ")
                        + key.file()
                        + "; programs send it, this machine's browsers need none"));
    say(out, "avatar", config.live().avatar());
    say(out, "voice", engine(config.voice().engine(), config.voice().server()));
    say(out, "answers", engine(config.languageModel().engine(), config.languageModel().server()));
    say(out, "hearing", hearing());
    say(
        out,
        "media",
        host(
                config.webrtc().address().isEmpty()
                    ? config.server().address()
                    : config.webrtc().address())
            + ":"
            + role.webRtcPort()
            + (config.webrtc().tcp() ? ", UDP and TCP" : ", UDP"));
    if (role.metricsPort().isPresent()) {
      say(
          out,
          "watch",
          "http://"
              + host(config.metrics().address())
              + ":"
              + role.metricsPort().getAsInt()
              + "/metrics /livez /readyz");
    }
    out.println("ready: open the page in a browser; Ctrl-C ends");
    out.flush();
  }

  private static void say(PrintWriter out, String name, String text) {
    out.println(String.format(Locale.ROOT, "  %-9s %s", name, text));
  }

  private String page() {
    String address = config.server().address();
    boolean here = address.equals("127.0.0.1") || address.equals("::1");
    return (config.tls().enabled() ? "https://" : "http://")
        + (here ? "localhost" : host(address))
        + ":"
        + role.port()
        + (here ? "  (this machine only; server.address opens it to others)" : "");
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

  private static String host(String address) {
    return address.contains(":") ? "[" + address + "]" : address;
  }
}
