package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.wire.compositing.Output;
import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.VideoEncoder;
import io.lipstream.streaming.still.StillEncoder;
import io.lipstream.streaming.still.StillFormat;
import io.lipstream.streaming.still.StillPicture;
import io.lipstream.streaming.still.StillSettings;

/** Turns pictures into bytes, as a stream's client wants them. One owner. */
sealed interface PictureOutput extends AutoCloseable {

  /** A picture's bytes. */
  ByteString encode(I420Frame picture, long ptsNanos);

  /** Whether a decoder can begin with the last one. */
  boolean wasKeyFrame();

  @Override
  void close();

  /** An output of a kind. */
  static PictureOutput of(
      Output output, int widthPx, int heightPx, int fps, int quality, int bitrateKbps) {
    return switch (output) {
      case PNG -> new Stills(new StillSettings(StillFormat.PNG, quality), widthPx, heightPx);
      case I420 -> new Planes();
      case H264 -> new Video(widthPx, heightPx, fps, bitrateKbps * 1000);
      case JPEG, UNRECOGNIZED ->
          new Stills(new StillSettings(StillFormat.JPEG, quality), widthPx, heightPx);
    };
  }

  /** Each picture by itself. */
  final class Stills implements PictureOutput {
    private final StillEncoder encoder;

    Stills(StillSettings settings, int widthPx, int heightPx) {
      encoder = StillEncoder.open(settings, widthPx, heightPx);
    }

    @Override
    public ByteString encode(I420Frame picture, long ptsNanos) {
      StillPicture still = encoder.encode(picture);
      return ByteString.copyFrom(still.data(), 0, still.length());
    }

    @Override
    public boolean wasKeyFrame() {
      return true;
    }

    @Override
    public void close() {
      encoder.close();
    }
  }

  /** The picture as it is. */
  final class Planes implements PictureOutput {
    @Override
    public ByteString encode(I420Frame picture, long ptsNanos) {
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
    private final int keyFramePeriod;
    private long count;
    private boolean keyFrame;

    Video(int widthPx, int heightPx, int fps, int bitrateBps) {
      encoder = VideoEncoder.open(LiveVideoCodec.H264, widthPx, heightPx, fps, bitrateBps);
      keyFramePeriod = KEY_FRAME_SECONDS * fps;
    }

    @Override
    public ByteString encode(I420Frame picture, long ptsNanos) {
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
