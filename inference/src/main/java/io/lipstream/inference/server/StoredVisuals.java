package io.lipstream.inference.server;

import com.google.protobuf.ByteString;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.lipsync.VisualsSum;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pictures of avatars that lie in the server's own store, looked up by the model's id where the
 * catalogue names models like avatars.
 *
 * <p>Thread-safe; one avatar is decoded at a time. What an avatar's sum is, is found out when it is
 * first asked for and remembered until the process ends.
 */
final class StoredVisuals implements VisualsSource {
  private static final Logger LOG = LoggerFactory.getLogger(StoredVisuals.class);

  private final AvatarStore store;
  private final Map<String, ByteString> sums = new HashMap<>();

  StoredVisuals(AvatarStore store) {
    this.store = store;
  }

  @Override
  public synchronized boolean provide(ByteString sum, String modelId, VisualsCache cache) {
    if (cache.holds(sum)) {
      return true;
    }
    ByteString known = sums.get(modelId);
    if (known != null && !known.equals(sum)) {
      return false;
    }
    if (!store.holds(modelId)) {
      return false;
    }
    try (AvatarPackage avatar = store.open(modelId);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.defaultMaxBytes())) {
      ByteString own = ByteString.copyFrom(VisualsSum.of(frames, avatar.manifest().mask()));
      sums.put(modelId, own);
      long bytes = Visuals.bytes(frames.frameCount(), frames.roiPx());
      if (!own.equals(sum) || !cache.reserve(bytes)) {
        return false;
      }
      cache.put(sum, Visuals.of(frames, avatar.manifest().mask()));
      return true;
    } catch (LipstreamException e) {
      LOG.warn("the pictures of avatar {} cannot be used: {}", modelId, e.getMessage());
      return false;
    }
  }
}
