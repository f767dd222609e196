package io.lipstream.app;

import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.server.InferenceRole;
import io.lipstream.inference.engine.DeviceStatus;
import java.io.PrintWriter;
import java.util.Locale;

/** What a server says of itself when it has started. */
record InferenceBanner(InferenceConfig config, InferenceRole role) {
  private static final double GB = 1L << 30;

  void print(PrintWriter out) {
    Banner banner = new Banner(out, "Lipstream inference server");
    banner.sayGrpc(config.server(), role.port(), guard());
    banner.sayWatch(config.metrics(), role.metricsPort(), "/healthz");
    if (role.metricsPort().isEmpty()) {
      banner.say("watch", "off");
    }
    for (DeviceStatus device : role.engine().models().devices()) {
      banner.say(device.name(), describe(device));
    }
    banner.say("models", models());
    banner.say(
        "batching",
        String.format(
            Locale.ROOT,
            "up to %d frames, %s ms",
            config.batching().maxFrames(),
            plain(config.batching().maxDelayMs())));
    if (!config.tracing().exporter().equals("none")) {
      banner.say(
          "tracing",
          config.tracing().exporter().equals("otlp") ? config.tracing().endpoint() : "to the log");
    }
    banner.end("ready");
  }

  private String guard() {
    boolean token = config.auth().token().isPresent() || !config.auth().tokenFile().isEmpty();
    return (config.tls().enabled()
            ? config.tls().clientCa().isEmpty() ? ", TLS" : ", TLS with client certificates"
            : ", plain text")
        + (token ? ", token for " + config.auth().scope() + " calls" : ", no token")
        + ", messages up to "
        + config.server().maxMessageSizeMb()
        + " MB";
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
