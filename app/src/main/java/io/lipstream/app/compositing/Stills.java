package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.still.StillEncoder;
import io.lipstream.streaming.still.StillFormat;
import io.lipstream.streaming.still.StillPicture;
import io.lipstream.streaming.still.StillSettings;

/**
 * Writes an avatar's pictures as JPEG or PNG: of each only the parts that the mouth changed, the
 * rest is copied from the frame's own. One owner.
 */
final class Stills implements AutoCloseable {
  private final Actor actor;
  private StillEncoder encoder;

  Stills(Actor actor, StillSettings settings) {
    this.actor = actor;
    encoder = open(settings);
  }

  private StillEncoder open(StillSettings settings) {
    return StillEncoder.open(
        settings, actor.manifest().frames().widthPx(), actor.manifest().frames().heightPx());
  }

  /** Writes JPEG at another quality from now on, where it is another. */
  void quality(int quality) {
    StillSettings now = encoder.settings();
    if (now.format() == StillFormat.JPEG && now.quality() != quality) {
      StillEncoder other = open(new StillSettings(now.format(), quality));
      encoder.close();
      encoder = other;
    }
  }

  /**
   * Writes a picture.
   *
   * @param under what it was drawn over, from which it differs inside the crop rectangle alone
   */
  ByteString encode(I420Frame picture, AvatarFrame under) {
    StillPicture still =
        actor.stills().encode(encoder, under.index(), under.picture(), picture, under.rect());
    return ByteString.copyFrom(still.data(), 0, still.length());
  }

  @Override
  public void close() {
    encoder.close();
  }
}
