package io.lipstream.app;

import io.lipstream.app.config.MetricsConfig;
import io.lipstream.app.config.ServerConfig;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.OptionalInt;

/** The lines in which any server says what it is when it has started. */
final class Banner {
  private final PrintWriter out;

  /** Begins with what it is called. */
  Banner(PrintWriter out, String name) {
    this.out = out;
    out.println(name + " " + Lipstream.Version.number());
  }

  void say(String name, String text) {
    out.println(String.format(Locale.ROOT, "  %-9s %s", name, text));
  }

  void sayGrpc(ServerConfig server, int port, String guard) {
    String here = "; this machine only, server.address opens it to others";
    String reach = host(server.address()) + ":" + port + guard;
    say("gRPC", server.address().equals("127.0.0.1") ? reach + here : reach);
  }

  /** Where the metrics are, if they are on. */
  void sayWatch(MetricsConfig config, OptionalInt port, String alive) {
    String site = "http://" + host(config.address()) + ":";
    port.ifPresent(on -> say("watch", site + on + "/metrics " + alive + " /readyz"));
  }

  /** Ends, for whoever waits for the line. */
  void end(String ready) {
    out.println(ready);
    out.flush();
  }

  /** An address as URLs have it. */
  static String host(String address) {
    return address.contains(":") ? "[" + address + "]" : address;
  }
}
