package io.lipstream.app;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which server a command asks, and how it answers. */
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class ServerOptions {
  @Option(
      names = "--server",
      paramLabel = "HOST:PORT",
      defaultValue = "localhost:50051",
      description = "The inference server (default: ${DEFAULT-VALUE}).")
  String server;

  @Option(names = "--json", description = "Answer as JSON.")
  boolean json;

  @Mixin ConnectionOptions connection;
}
