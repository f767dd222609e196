package io.lipstream.app.live;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.live.LiveVideoCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/** Decodes live pictures with FFmpeg, one by one, and fails on the first fault. */
final class DecodedPictures implements AutoCloseable {
  private final AVCodecContext decoder;
  private final AVPacket packet = avcodec.av_packet_alloc();
  private final AVFrame frame = avutil.av_frame_alloc();
  private long order;

  DecodedPictures(LiveVideoCodec kind) {
    Ffmpeg.load();
    AVCodec codec =
        avcodec.avcodec_find_decoder(
            switch (kind) {
              case VP8 -> avcodec.AV_CODEC_ID_VP8;
              case H264 -> avcodec.AV_CODEC_ID_H264;
            });
    decoder = avcodec.avcodec_alloc_context3(codec);
    decoder.thread_count(1);
    decoder.err_recognition(avcodec.AV_EF_EXPLODE | avcodec.AV_EF_BITSTREAM);
    decoder.flags(decoder.flags() | avcodec.AV_CODEC_FLAG_LOW_DELAY);
    Ffmpeg.check(avcodec.avcodec_open2(decoder, codec, (PointerPointer<?>) null), "open decoder");
  }

  /** Decodes a picture that must come out at once. */
  I420Frame decode(byte[] encoded) {
    Ffmpeg.check(avcodec.av_new_packet(packet, encoded.length), "av_new_packet");
    packet.data().put(encoded, 0, encoded.length);
    packet.pts(order).dts(order);
    order++;
    Ffmpeg.check(avcodec.avcodec_send_packet(decoder, packet), "a picture that does not decode");
    avcodec.av_packet_unref(packet);
    Ffmpeg.check(avcodec.avcodec_receive_frame(decoder, frame), "no picture came out");
    if (frame.decode_error_flags() != 0) {
      throw new IllegalStateException("decoded with errors: " + frame.decode_error_flags());
    }
    I420Frame picture = new I420Frame(frame.width(), frame.height());
    int[] offsets = {0, picture.uOffset(), picture.vOffset()};
    for (int plane = 0; plane < offsets.length; plane++) {
      int rows = plane == 0 ? frame.height() : frame.height() / 2;
      int rowBytes = plane == 0 ? frame.width() : frame.width() / 2;
      BytePointer from = frame.data(plane);
      for (int y = 0; y < rows; y++) {
        from.position((long) y * frame.linesize(plane))
            .get(picture.data(), offsets[plane] + y * rowBytes, rowBytes);
      }
    }
    return picture;
  }

  @Override
  public void close() {
    avcodec.av_packet_free(packet);
    avutil.av_frame_free(frame);
    avcodec.avcodec_free_context(decoder);
  }
}
