package io.lipstream.app;

import io.lipstream.app.config.CompositingConfig;
import io.lipstream.app.server.CompositingRole;
import java.io.PrintWriter;

/** What a compositing server says of itself when it has started. */
record CompositingBanner(CompositingConfig config, CompositingRole role) {
  void print(PrintWriter out) {
    Banner banner = new Banner(out, "Lipstream compositing server");
    banner.sayGrpc(config.server(), role.port(), config.tls().enabled() ? ", TLS" : ", plain text");
    banner.sayWatch(config.metrics(), role.metricsPort(), "/healthz");
    banner.say(
        "mouths",
        config.engine().computesHere()
            ? "drawn in this process"
            : "drawn by " + config.engine().url());
    banner.end("ready");
  }
}
