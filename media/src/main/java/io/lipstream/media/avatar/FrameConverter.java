package io.lipstream.media.avatar;

import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AV_FRAME_CROP_UNALIGNED;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_BGR24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ422P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ440P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ444P;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_apply_cropping;
import static org.bytedeco.ffmpeg.global.avutil.av_image_fill_arrays;
import static org.bytedeco.ffmpeg.global.avutil.av_image_get_buffer_size;
import static org.bytedeco.ffmpeg.global.swscale.SWS_ACCURATE_RND;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BILINEAR;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_DEFAULT;
import static org.bytedeco.ffmpeg.global.swscale.SWS_FULL_CHR_H_INT;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCachedContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.CropGeometry;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.MouthCrop;
import io.lipstream.media.picture.Rect;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.ffmpeg.swscale.SwsFilter;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * Turns what FFmpeg has decoded into an {@link AvatarFrame}.
 *
 * <p>The rectangle's B, G, R pixels come from the decoded picture itself, not from its I420 copy,
 * so that a PNG gives the network exactly its pixels. Unless the background changes, only the
 * rectangle's surroundings are converted, a tenth of a usual frame. One thread at a time.
 */
final class FrameConverter implements AutoCloseable {
  private static final Set<Integer> FULL_RANGE_FORMATS =
      Set.of(AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUVJ444P);
  private static final int PLANES = 4;

  /** Pixels around the rectangle that let chroma be interpolated up to its very edge. */
  private static final int MARGIN_PX = 4;

  private final CropGeometry geometry;
  private final @Nullable BackgroundChange change;
  private final MouthCrop mouthCrop;
  private final PointerPointer<BytePointer> planes = new PointerPointer<>(PLANES);
  private final IntPointer strides = new IntPointer(PLANES);
  private SwsContext toI420 = new SwsContext(null);
  private SwsContext toBgr = new SwsContext(null);
  private BytePointer buffer = new BytePointer(1);

  /**
   * A converter for one avatar.
   *
   * @param change what is put behind the frames, closed with this; null leaves them as they are
   */
  FrameConverter(CropGeometry geometry, @Nullable BackgroundChange change) {
    Ffmpeg.load();
    this.geometry = geometry;
    this.change = change;
    mouthCrop = new MouthCrop(geometry);
  }

  /** Converts a picture of even size; its crop fields are changed on the way. */
  AvatarFrame convert(int index, AVFrame decoded, Rect rect) {
    I420Frame picture = new I420Frame(decoded.width(), decoded.height());
    toI420 = scale(toI420, decoded, AV_PIX_FMT_YUV420P, picture.data());

    // A frame whose background changes is wanted as a whole.
    Rect region =
        change == null
            ? surroundings(rect, decoded.width(), decoded.height())
            : new Rect(0, 0, decoded.width(), decoded.height());
    cut(decoded, region);
    BgrPicture bgr = new BgrPicture(region.widthPx(), region.heightPx());
    toBgr = scale(toBgr, decoded, AV_PIX_FMT_BGR24, bgr.data());
    byte[] alpha = change == null ? null : change.apply(index, bgr, picture);
    BgrPicture crop = new BgrPicture(geometry.cropPx(), geometry.cropPx());
    mouthCrop.crop(bgr, moved(rect, -region.x1(), -region.y1()), crop);
    return new AvatarFrame(index, picture, rect, crop, alpha);
  }

  /** A background at the size of the avatar's frames. */
  BgrPicture paint(Background background, AvatarPackage avatar) {
    BgrPicture painted =
        new BgrPicture(avatar.manifest().frames().widthPx(), avatar.manifest().frames().heightPx());
    switch (background) {
      case Background.Colour colour -> {
        for (int i = 0; i < painted.data().length; i += 3) {
          painted.data()[i] = (byte) colour.blue();
          painted.data()[i + 1] = (byte) colour.green();
          painted.data()[i + 2] = (byte) colour.red();
        }
      }
      case Background.Picture picture -> {
        try (PictureDecoder decoder = new PictureDecoder()) {
          cover(
              avatar.folder().decode(decoder, picture.file(), "the background " + picture),
              painted);
        }
      }
      case Background.Sent sent -> {
        try (PictureDecoder decoder = new PictureDecoder(Background.MAX_SENT_PIXELS)) {
          cover(decoder.decode(sent.file()), painted);
        } catch (IOException e) {
          throw new UncheckedIOException("a picture that was decoded before", e);
        }
      }
    }
    return painted;
  }

  /** Cuts off evenly what sticks out of the target's shape, and scales the rest. */
  private void cover(AVFrame decoded, BgrPicture target) {
    long widthPx = decoded.width();
    long heightPx = decoded.height();
    int keptWidthPx = (int) Math.clamp(heightPx * target.widthPx() / target.heightPx(), 1, widthPx);
    int keptHeightPx =
        (int) Math.clamp(widthPx * target.heightPx() / target.widthPx(), 1, heightPx);
    // Even, so that chroma samples stay whole.
    int x = (decoded.width() - keptWidthPx) / 2 & ~1;
    int y = (decoded.height() - keptHeightPx) / 2 & ~1;
    cut(decoded, new Rect(x, y, x + keptWidthPx, y + keptHeightPx));
    toBgr =
        scale(toBgr, decoded, AV_PIX_FMT_BGR24, target.widthPx(), target.heightPx(), target.data());
  }

  private static void cut(AVFrame decoded, Rect region) {
    decoded.crop_left(region.x1()).crop_top(region.y1());
    decoded.crop_right(decoded.width() - region.x2()).crop_bottom(decoded.height() - region.y2());
    Ffmpeg.check(av_frame_apply_cropping(decoded, AV_FRAME_CROP_UNALIGNED), "cropping a frame");
  }

  private static Rect moved(Rect rect, int x, int y) {
    return new Rect(rect.x1() + x, rect.y1() + y, rect.x2() + x, rect.y2() + y);
  }

  /** The rectangle with its margin, on even coordinates so that chroma samples stay whole. */
  private static Rect surroundings(Rect rect, int widthPx, int heightPx) {
    return new Rect(
        Math.max(0, rect.x1() - MARGIN_PX) & ~1,
        Math.max(0, rect.y1() - MARGIN_PX) & ~1,
        Math.min(widthPx, (rect.x2() + MARGIN_PX + 1) & ~1),
        Math.min(heightPx, (rect.y2() + MARGIN_PX + 1) & ~1));
  }

  private SwsContext scale(SwsContext cached, AVFrame source, int format, byte[] target) {
    return scale(cached, source, format, source.width(), source.height(), target);
  }

  private SwsContext scale(
      SwsContext cached, AVFrame source, int format, int widthPx, int heightPx, byte[] target) {
    SwsContext context =
        sws_getCachedContext(
            cached,
            source.width(),
            source.height(),
            source.format(),
            widthPx,
            heightPx,
            format,
            SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT,
            (SwsFilter) null,
            (SwsFilter) null,
            (DoublePointer) null);
    if (context == null) {
      throw new IllegalStateException("no conversion from pixel format " + source.format());
    }
    boolean fullRange =
        source.color_range() == AVCOL_RANGE_JPEG || FULL_RANGE_FORMATS.contains(source.format());
    sws_setColorspaceDetails(
        context,
        sws_getCoefficients(source.colorspace()),
        fullRange ? 1 : 0,
        sws_getCoefficients(SWS_CS_DEFAULT),
        0,
        0,
        1 << 16,
        1 << 16);
    int byteCount = av_image_get_buffer_size(format, widthPx, heightPx, 1);
    if (buffer.capacity() < byteCount) {
      buffer.close();
      buffer = new BytePointer(byteCount);
    }
    av_image_fill_arrays(planes, strides, buffer, format, widthPx, heightPx, 1);
    Ffmpeg.check(
        sws_scale(context, source.data(), source.linesize(), 0, source.height(), planes, strides),
        "converting a frame");
    buffer.position(0).get(target, 0, byteCount);
    return context;
  }

  @Override
  public void close() {
    if (change != null) {
      change.close();
    }
    sws_freeContext(toI420);
    sws_freeContext(toBgr);
    toI420 = new SwsContext(null);
    toBgr = new SwsContext(null);
    buffer.close();
    planes.close();
    strides.close();
  }
}
