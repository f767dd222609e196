package io.lipstream.app.config;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Keys that other servers of this kind have and this one does not honour, with the reason. */
final class RefusedKeys {
  private static final String COMPOSITING =
      "belongs to the compositing server: the inference server returns mouth regions and holds no"
          + " frames";
  private static final String AUDIO =
      "(encoder_pool_size, stft_workers, mel_workers) is not needed: an audio encoder is a model"
          + " like any other and shares its device's workers, and a session's spectrum is computed"
          + " on its own stream's thread, at 2,000 times real time";

  /** A star stands for any one part. */
  private static final Map<String, String> REASONS =
      new TreeMap<>(
          Map.of(
              "output", COMPOSITING,
              "capacity.background_cache_frames", COMPOSITING,
              "models.*.background_dir", COMPOSITING,
              "models.*.crop_rects_path", COMPOSITING,
              "audio", AUDIO));

  private RefusedKeys() {}

  static Map<String, String> all() {
    return REASONS;
  }

  static Optional<String> reason(String path) {
    return Optional.ofNullable(REASONS.get(path.replaceFirst("^models\\.[^.]+\\.", "models.*.")));
  }
}
