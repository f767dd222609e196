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

  private static final String AVATAR =
      "is the avatar's own matter: frames, rectangles and background are part of its package"
          + " (docs/avatars.md)";
  private static final String BACKGROUNDS = "is avatars.background_cache_frames here";
  private static final String RPC =
      "belongs to lipstream inference: this server speaks HTTP and WebRTC, whose messages are small";

  /** A star stands for any one part. */
  private static final Map<String, String> INFERENCE =
      new TreeMap<>(
          Map.of(
              "output", COMPOSITING,
              "capacity.background_cache_frames", COMPOSITING,
              "models.*.background_dir", COMPOSITING,
              "models.*.crop_rects_path", COMPOSITING,
              "audio", AUDIO));

  private static final Map<String, String> SERVE =
      new TreeMap<>(
          Map.of(
              "output",
                  "is not needed: pictures travel as video, in the codec the browser asks for",
              "capacity.background_cache_frames", BACKGROUNDS,
              "models.*.background_dir", AVATAR,
              "models.*.crop_rects_path", AVATAR,
              "audio", AUDIO,
              "server.max_message_size_mb", RPC,
              "server.queue_size", RPC,
              "server.max_concurrent_requests",
                  "is not needed: live.max_sessions bounds the work"));

  private static final Map<String, String> COMPOSITES =
      new TreeMap<>(
          Map.of(
              "capacity.background_cache_frames", BACKGROUNDS,
              "models.*.background_dir", AVATAR,
              "models.*.crop_rects_path", AVATAR,
              "audio", AUDIO));

  private RefusedKeys() {}

  static Map<String, String> all(Record config) {
    return switch (config) {
      case ServeConfig serve -> SERVE;
      case CompositingConfig compositing -> COMPOSITES;
      default -> INFERENCE;
    };
  }

  static Optional<String> reason(String path, Record config) {
    return Optional.ofNullable(
        all(config).get(path.replaceFirst("^models\\.[^.]+\\.", "models.*.")));
  }
}
