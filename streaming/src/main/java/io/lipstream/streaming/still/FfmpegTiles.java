package io.lipstream.streaming.still;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.ffmpeg.NativePacket;
import io.lipstream.streaming.ffmpeg.NativePicture;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.ShortPointer;

/**
 * JPEG by FFmpeg, for machines without libjpeg-turbo: somewhat slower, and the same quantizers but
 * for the mean of a block, which is always coded in steps of 8.
 */
final class FfmpegTiles implements TileEncoder {
  /** FFmpeg multiplies the quantizers by this and divides them by 8. */
  private static final int SCALE = 8;

  private static final int LAMBDA = SCALE * avutil.FF_QP2LAMBDA;

  /** The example of ITU-T T.81, annex K, which libjpeg scales by its quality, too. */
  private static final int[] LUMA = {
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99
  };

  private static final int[] CHROMA = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99
  };

  private final int quality;
  private final NativePacket packet;
  private final List<Size> sizes = new ArrayList<>();
  private byte[] file = {};

  FfmpegTiles(int quality) {
    Ffmpeg.load();
    this.quality = quality;
    packet = new NativePacket();
  }

  /** An encoder's size cannot change, so each has its own. */
  private record Size(int widthPx, int heightPx, NativePicture picture, AVCodecContext context) {}

  @Override
  public int encode(I420Frame tile) {
    Size size = size(tile.widthPx(), tile.heightPx());
    size.picture().fill(tile);
    size.picture().frame().quality(LAMBDA);
    Ffmpeg.check(
        avcodec.avcodec_send_frame(size.context(), size.picture().frame()), "avcodec_send_frame");
    Ffmpeg.check(
        avcodec.avcodec_receive_packet(size.context(), packet.packet()), "avcodec_receive_packet");
    if (file.length < packet.byteCount()) {
      file = new byte[2 * packet.byteCount()];
    }
    packet.read(file);
    return packet.byteCount();
  }

  @Override
  public void read(int fromByte, byte[] to, int byteOffset, int byteCount) {
    System.arraycopy(file, fromByte, to, byteOffset, byteCount);
  }

  private Size size(int widthPx, int heightPx) {
    for (int i = 0; i < sizes.size(); i++) {
      Size size = sizes.get(i);
      if (size.widthPx() == widthPx && size.heightPx() == heightPx) {
        return size;
      }
    }
    NativePicture picture = new NativePicture(widthPx, heightPx);
    Size opened = new Size(widthPx, heightPx, picture, open(picture));
    sizes.add(opened);
    return opened;
  }

  private AVCodecContext open(NativePicture picture) {
    AVCodec codec = Ffmpeg.encoder("mjpeg", Ffmpeg.USE_SHIPPED);
    AVCodecContext context = avcodec.avcodec_alloc_context3(codec);
    AVDictionary options = new AVDictionary(null);
    avutil.av_dict_set(options, "huffman", "default", 0);
    try (AVRational timeBase = avutil.av_make_q(1, 1)) {
      picture.describe(context);
      context.color_range(avutil.AVCOL_RANGE_JPEG);
      context.time_base(timeBase);
      context.thread_count(1);
      context.flags(context.flags() | avcodec.AV_CODEC_FLAG_QSCALE);
      context.global_quality(LAMBDA);
      context.intra_matrix(matrix(LUMA));
      context.chroma_intra_matrix(matrix(CHROMA));
      Ffmpeg.check(avcodec.avcodec_open2(context, codec, options), "cannot open mjpeg");
      return context;
    } catch (RuntimeException e) {
      avcodec.avcodec_free_context(context);
      throw e;
    } finally {
      avutil.av_dict_free(options);
    }
  }

  /** In FFmpeg's own memory, as the context frees it. */
  private ShortPointer matrix(int[] example) {
    int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    ShortPointer matrix =
        new ShortPointer(avutil.av_malloc((long) Short.BYTES * example.length))
            .capacity(example.length);
    for (int i = 0; i < example.length; i++) {
      matrix.put(i, (short) Math.clamp((example[i] * percent + 50) / 100, 1, 255));
    }
    return matrix;
  }

  @Override
  public void close() {
    for (Size size : sizes) {
      avcodec.avcodec_free_context(size.context());
      size.picture().close();
    }
    sizes.clear();
    packet.close();
  }
}
