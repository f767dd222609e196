package io.lipstream.app.config;

/**
 * Sound that sessions send instead of features.
 *
 * @param encoderPoolSize audio encoders of one avatar that compute at once
 */
public record AudioConfig(int encoderPoolSize) {
  static final AudioConfig DEFAULT = new AudioConfig(2);

  public AudioConfig {
    Check.range("audio.encoder_pool_size", encoderPoolSize, 1, 256);
  }
}
