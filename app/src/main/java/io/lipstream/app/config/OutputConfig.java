package io.lipstream.app.config;

import java.util.List;

/**
 * How pictures are written where the caller does not say.
 *
 * @param format of the batch service: jpeg or png
 * @param quality of JPEG, 1 to 100
 * @param bitrateKbps of H.264
 */
public record OutputConfig(String format, int quality, int bitrateKbps) {
  static final OutputConfig DEFAULT = new OutputConfig("jpeg", 85, 2500);

  public OutputConfig {
    Check.oneOf("output.format", format, List.of("jpeg", "png"));
    Check.range("output.quality", quality, 1, 100);
    Check.range("output.bitrate_kbps", bitrateKbps, 50, 50_000);
  }
}
