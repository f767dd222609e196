package io.lipstream.app;

import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.config.ServerConfig;
import io.lipstream.app.server.InferenceRole;
import io.lipstream.inference.engine.DeviceStatus;
import java.io.PrintWriter;
import java.util.Locale;

/** What a server says of itself when it has started. */
final class InferenceBanner {
  private static final double GB = 1L << 30;

  private final InferenceConfig config;
  private final InferenceRole role;

  InferenceBanner(InferenceConfig config, InferenceRole role) {
    this.config = config;
    this.role = role;
  }

  void print(PrintWriter out) {
    out.println(
        new Lipstream.Version().getVersion()[0].replace("lipstream", "Lipstream inference server"));
    say(out, "gRPC", reach());
    say(out, "watch", watch());
    for (DeviceStatus device : role.engine().models().devices()) {
      say(out, device.name(), describe(device));
    }
    say(out, "models", models());
    say(
        out,
        "batching",
        String.format(
            Locale.ROOT,
            "up to %d frames, %s ms",
            config.batching().maxFrames(),
            plain(config.batching().maxDelayMs())));
    if (!config.tracing().exporter().equals("none")) {
      say(
          out,
          "tracing",
          config.tracing().exporter().equals("otlp") ? config.tracing().endpoint() : "to the log");
    }
    out.println("ready");
    out.flush();
  }

  private static void say(PrintWriter out, String name, String text) {
    out.println(String.format(Locale.ROOT, "  %-9s %s", name, text));
  }

  private String reach() {
    ServerConfig server = config.server();
    boolean token = config.auth().token().isPresent() || !config.auth().tokenFile().isEmpty();
    String text =
        host(server.address())
            + ":"
            + role.port()
            + (config.tls().enabled()
                ? config.tls().clientCa().isEmpty() ? ", TLS" : ", TLS with client certificates"
                : ", plain text")
            + (token ? ", token for " + config.auth().scope() + " calls" : ", no token")
            + ", messages up to "
            + server.maxMessageSizeMb()
            + " MB";
    return server.address().equals("127.0.0.1")
        ? text + "; this machine only, server.address opens it to others"
        : text;
  }

  private String watch() {
    return role.metricsPort().isPresent()
        ? "http://"
            + host(config.metrics().address())
            + ":"
            + role.metricsPort().getAsInt()
            + "/metrics /healthz /readyz"
        : "off";
  }

  private static String host(String address) {
    return address.contains(":") ? "[" + address + "]" : address;
  }

  private static String describe(DeviceStatus device) {
    return String.format(
        Locale.ROOT,
        "%s%d %s, %.1f GB for models",
        device.gpu().map(gpu -> gpu.name() + ", ").orElse(""),
        device.workers(),
        device.workers() == 1 ? "worker" : "workers",
        device.budgetBytes() / GB);
  }

  private String models() {
    long preloaded = config.models().values().stream().filter(model -> model.preload()).count();
    int catalogue = role.engine().models().list().size();
    double idle = config.capacity().idleTimeoutMinutes();
    return catalogue
        + " in "
        + (!config.engine().computesHere()
            ? config.engine().url()
            : config.modelsRoot().isEmpty() ? "the avatars' folders" : config.modelsRoot())
        + ", "
        + preloaded
        + " preloaded, at most "
        + config.capacity().maxModels()
        + " loaded ("
        + config.capacity().evictionPolicy()
        + (idle > 0 ? ", idle after " + plain(idle) + " min)" : ")");
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
