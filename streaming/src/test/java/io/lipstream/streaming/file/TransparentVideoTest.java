package io.lipstream.streaming.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.audio.PcmFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.PointerPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TransparentVideoTest {
  private static final int WIDTH_PX = 320;
  private static final int HEIGHT_PX = 180;
  private static final int FRAMES = 40;

  @TempDir Path folder;

  @Test
  void aWebmCarriesEveryPictureWithItsTransparencyAndTheSound() {
    Path file = folder.resolve("cut-out.webm");
    PcmFormat stereo = new PcmFormat(24_000, 2);
    Mp4Format format = Mp4Format.of(WIDTH_PX, HEIGHT_PX, FrameRate.of(25), stereo, VideoCodec.VP9);
    try (Mp4Sink sink = Mp4Sink.toFile(file, format)) {
      TestPictures pictures = new TestPictures(WIDTH_PX, HEIGHT_PX, 7);
      for (int i = 0; i < FRAMES; i++) {
        sink.video(pictures.picture(i, 110), alpha(i));
        sink.audio(new float[2 * 960], 960);
      }
      sink.finish();
    }
    List<byte[]> alphas = decodeAlpha(file);
    assertThat(alphas).hasSize(FRAMES);
    for (int i = 0; i < FRAMES; i++) {
      byte[] seen = alphas.get(i);
      int row = HEIGHT_PX / 2 * WIDTH_PX;
      assertThat(seen[row + edge(i) - 12] & 0xff)
          .as("left of the edge, frame %d", i)
          .isLessThan(12);
      assertThat(seen[row + edge(i) + 12] & 0xff).as("right of it").isGreaterThan(243);
    }
    DecodedMp4 decoded = new DecodedMp4(file);
    assertThat(decoded.pictures).extracting(DecodedMp4.Picture::number).hasSize(FRAMES);
    assertThat(decoded.soundCodecId).isEqualTo(avcodec.AV_CODEC_ID_OPUS);
    assertThat(decoded.channels).isEqualTo(2);
    assertThat(decoded.soundSeconds()).isBetween(1.58, 1.68);
  }

  /** The avatar is on the right of an edge that moves. */
  private static byte[] alpha(int frame) {
    byte[] alpha = new byte[WIDTH_PX * HEIGHT_PX];
    for (int i = 0; i < alpha.length; i++) {
      alpha[i] = (byte) (i % WIDTH_PX < edge(frame) ? 0 : 255);
    }
    return alpha;
  }

  private static int edge(int frame) {
    return 40 + 5 * frame;
  }

  /** Only libvpx's decoder reads transparency; it is what browsers use. */
  private static List<byte[]> decodeAlpha(Path file) {
    AVFormatContext container = new AVFormatContext(null);
    Ffmpeg.check(avformat.avformat_open_input(container, file.toString(), null, null), "open");
    Ffmpeg.check(
        avformat.avformat_find_stream_info(container, (PointerPointer<?>) null), "stream info");
    var codec = avcodec.avcodec_find_decoder_by_name("libvpx-vp9");
    AVCodecContext decoder = avcodec.avcodec_alloc_context3(codec);
    Ffmpeg.check(
        avcodec.avcodec_parameters_to_context(decoder, container.streams(0).codecpar()), "codec");
    Ffmpeg.check(avcodec.avcodec_open2(decoder, codec, (PointerPointer<?>) null), "open decoder");
    var packet = avcodec.av_packet_alloc();
    var frame = avutil.av_frame_alloc();
    List<byte[]> alphas = new ArrayList<>();
    while (avformat.av_read_frame(container, packet) >= 0) {
      if (packet.stream_index() == 0) {
        Ffmpeg.check(avcodec.avcodec_send_packet(decoder, packet), "send");
        while (avcodec.avcodec_receive_frame(decoder, frame) >= 0) {
          assertThat(frame.format()).isEqualTo(avutil.AV_PIX_FMT_YUVA420P);
          byte[] alpha = new byte[WIDTH_PX * HEIGHT_PX];
          for (int y = 0; y < HEIGHT_PX; y++) {
            frame.data(3).position((long) y * frame.linesize(3)).get(alpha, y * WIDTH_PX, WIDTH_PX);
          }
          alphas.add(alpha);
        }
      }
      avcodec.av_packet_unref(packet);
    }
    avutil.av_frame_free(frame);
    avcodec.av_packet_free(packet);
    avcodec.avcodec_free_context(decoder);
    avformat.avformat_close_input(container);
    return alphas;
  }
}
