package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import io.lipstream.compositing.Compositor;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.wire.compositing.CompositeFrame;
import io.lipstream.media.wire.compositing.OpenComposite;

/**
 * A stream's pictures: the avatar, the mouth that it shows or holds, and what they are encoded
 * with. Belongs to the stream's thread.
 */
final class FramePictures implements AutoCloseable {
  private static final float CLOSING_STEP = 1f / 3;

  private final Actor actor;
  private final Compositor compositor;
  private final I420Frame picture;
  private final PictureOutput output;
  private final long frameNanos;

  /** Planes B, G, R. */
  private byte[] mouth = {};

  private boolean mouthHeld;
  private float shownWeight;

  /** Pictures of an avatar, as a client wants them. */
  FramePictures(Actor actor, OpenComposite request, CompositingParts parts) {
    this.actor = actor;
    compositor = actor.newCompositor();
    picture = actor.newPicture();
    frameNanos = 1_000_000_000L / actor.manifest().fps();
    output =
        PictureOutput.of(
            request.getOutput(),
            actor,
            request.getQuality() == 0 ? parts.quality()::still : request::getQuality,
            request.getBitrateKbps() == 0
                ? () -> parts.quality().bitrateBps(parts.settings().bitrateKbps())
                : () -> request.getBitrateKbps() * 1000);
  }

  int widthPx() {
    return picture.widthPx();
  }

  int heightPx() {
    return picture.heightPx();
  }

  /** Takes a shot's mouth, to be held until the next one. */
  void take(Shot shot) {
    byte[] before = mouth;
    mouth = shot.mouth;
    shot.mouth = before.length == mouth.length ? before : new byte[mouth.length];
    mouthHeld = true;
  }

  /** The avatar at rest, or on the way there. */
  CompositeFrame.Builder rest(long number) {
    // Frames that do not rest by themselves must never show through.
    float weight = actor.framesRest() ? Math.max(0, shownWeight - CLOSING_STEP) : 1;
    return draw(number, actor.frameIndex(number), weight);
  }

  /** A frame with the mouth that is held, if there is one. */
  CompositeFrame.Builder draw(long number, int avatarFrame, float mouthWeight) {
    long begun = System.nanoTime();
    float weight = mouthHeld ? mouthWeight : 0;
    AvatarFrame under = actor.frame(avatarFrame);
    I420Frame shown = under.picture();
    if (weight > 0) {
      compositor.paste(under.picture(), under.rect(), mouth, 0, weight, picture);
      shown = picture;
    }
    shownWeight = weight;
    mouthHeld = weight > 0;
    long pasted = System.nanoTime();
    ByteString encoded = output.encode(shown, under, number * frameNanos);
    return CompositeFrame.newBuilder()
        .setIndex(number)
        .setAvatarFrame(avatarFrame)
        .setPicture(encoded)
        .setKeyFrame(output.wasKeyFrame())
        .setPresentationUs(number * frameNanos / 1000)
        .setPasteUs(micros(pasted - begun))
        .setEncodeUs(micros(System.nanoTime() - pasted));
  }

  static int micros(long nanos) {
    return (int) Math.min(Integer.MAX_VALUE, nanos / 1000);
  }

  @Override
  public void close() {
    output.close();
  }
}
