package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.wire.compositing.Output;
import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.VideoEncoder;
import io.lipstream.streaming.still.StillFormat;
import io.lipstream.streaming.still.StillSettings;
import java.util.function.IntSupplier;

/** Turns pictures into bytes, as a stream's client wants them. One owner. */
sealed interface PictureOutput extends AutoCloseable {

  /**
   * A picture's bytes.
   *
   * @param under what it was drawn over
   */
  ByteString encode(I420Frame picture, AvatarFrame under, long ptsNanos);

  /** Whether a decoder can begin with the last one. */
  boolean wasKeyFrame();

  @Override
  void close();

  /**
   * An output of a kind.
   *
   * @param quality of JPEG, asked before each picture
   * @param bitrateBps of H.264, likewise
   */
  static PictureOutput of(Output output, Actor actor, IntSupplier quality, IntSupplier bitrateBps) {
    return switch (output) {
      case PNG -> stills(StillFormat.PNG, actor, () -> 100);
      case I420 -> new Planes();
      case H264 ->
          new Video(
              actor.manifest().frames().widthPx(),
              actor.manifest().frames().heightPx(),
              actor.manifest().fps(),
              bitrateBps);
      case JPEG, UNRECOGNIZED -> stills(StillFormat.JPEG, actor, quality);
    };
  }

  private static PictureOutput stills(StillFormat format, Actor actor, IntSupplier quality) {
    return new Single(new Stills(actor, new StillSettings(format, quality.getAsInt())), quality);
  }

  /** Each picture by itself. */
  final class Single implements PictureOutput {
    private final Stills stills;
    private final IntSupplier quality;

    Single(Stills stills, IntSupplier quality) {
      this.stills = stills;
      this.quality = quality;
    }

    @Override
    public ByteString encode(I420Frame picture, AvatarFrame under, long ptsNanos) {
      stills.quality(quality.getAsInt());
      return stills.encode(picture, under);
    }

    @Override
    public boolean wasKeyFrame() {
      return true;
    }

    @Override
    public void close() {
      stills.close();
    }
  }

  /** The picture as it is. */
  final class Planes implements PictureOutput {
    @Override
    public ByteString encode(I420Frame picture, AvatarFrame under, long ptsNanos) {
      return ByteString.copyFrom(picture.data());
    }

    @Override
    public boolean wasKeyFrame() {
      return true;
    }

    @Override
    public void close() {}
  }

  /** H.264, with a keyframe every two seconds. */
  final class Video implements PictureOutput {
    private static final int KEY_FRAME_SECONDS = 2;

    private final VideoEncoder encoder;
    private final IntSupplier wantedBps;
    private final int keyFramePeriod;
    private int askedBps;
    private long count;
    private boolean keyFrame;

    Video(int widthPx, int heightPx, int fps, IntSupplier bitrateBps) {
      wantedBps = bitrateBps;
      askedBps = bitrateBps.getAsInt();
      encoder = VideoEncoder.open(LiveVideoCodec.H264, widthPx, heightPx, fps, askedBps);
      keyFramePeriod = KEY_FRAME_SECONDS * fps;
    }

    @Override
    public ByteString encode(I420Frame picture, AvatarFrame under, long ptsNanos) {
      int wanted = wantedBps.getAsInt();
      if (wanted != askedBps) {
        askedBps = wanted;
        encoder.bitrate(wanted);
      }
      EncodedPicture encoded = encoder.encode(picture, ptsNanos, count++ % keyFramePeriod == 0);
      keyFrame = encoded.keyFrame();
      return ByteString.copyFrom(encoded.data(), 0, encoded.length());
    }

    @Override
    public boolean wasKeyFrame() {
      return keyFrame;
    }

    @Override
    public void close() {
      encoder.close();
    }
  }
}
