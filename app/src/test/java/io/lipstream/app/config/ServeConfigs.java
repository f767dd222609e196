package io.lipstream.app.config;

/** Configurations for tests of other packages. */
public final class ServeConfigs {
  private ServeConfigs() {}

  public static ServeConfig parse(String yaml) {
    return ConfigFile.parse(yaml, "test.yaml", ServeConfig.DEFAULT);
  }
}
