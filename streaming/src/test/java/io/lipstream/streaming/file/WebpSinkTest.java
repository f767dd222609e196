package io.lipstream.streaming.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebpSinkTest {
  private static final int WIDTH_PX = 1280;
  private static final int HEIGHT_PX = 720;

  @TempDir Path folder;

  /** A chunk of a RIFF file: its four letters and what it holds. */
  private record Chunk(String name, ByteBuffer content) {}

  private static List<Chunk> chunks(ByteBuffer riff, int from) {
    List<Chunk> found = new ArrayList<>();
    riff.order(ByteOrder.LITTLE_ENDIAN).position(from);
    while (riff.remaining() >= 8) {
      byte[] name = new byte[4];
      riff.get(name);
      int size = riff.getInt();
      ByteBuffer content = riff.slice(riff.position(), size).order(ByteOrder.LITTLE_ENDIAN);
      found.add(new Chunk(new String(name, StandardCharsets.US_ASCII), content));
      riff.position(Math.min(riff.limit(), riff.position() + size + size % 2));
    }
    return found;
  }

  private static int uint24(ByteBuffer from, int at) {
    return (from.getShort(at) & 0xffff) | (from.get(at + 2) & 0xff) << 16;
  }

  @Test
  void everyFrameIsShownForItsTimeInALoopWithoutEnd() throws IOException {
    Path target = folder.resolve("face.webp");
    TestPictures pictures = new TestPictures(WIDTH_PX, HEIGHT_PX, 7);
    try (WebpSink sink = WebpSink.toFile(target, WIDTH_PX, HEIGHT_PX, FrameRate.of(25))) {
      for (int k = 0; k < 20; k++) {
        sink.video(pictures.picture(k + 1, 100));
        sink.audio(new float[640], 640);
      }
      sink.finish();
    }
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(target));
    List<Chunk> chunks = chunks(file, 12);
    ByteBuffer canvas = chunks.getFirst().content();
    assertThat(chunks.getFirst().name()).isEqualTo("VP8X");
    assertThat(uint24(canvas, 4) + 1).isEqualTo(640);
    assertThat(uint24(canvas, 7) + 1).isEqualTo(360);
    assertThat(chunks.get(1).name()).isEqualTo("ANIM");
    assertThat(chunks.get(1).content().getShort(4)).as("loops, 0 for ever").isZero();
    List<Chunk> frames = chunks.stream().filter(c -> c.name().equals("ANMF")).toList();
    assertThat(frames).hasSize(20);
    assertThat(frames.stream().mapToInt(c -> uint24(c.content(), 12)).sum())
        .isCloseTo(800, within(40));

    byte[] luma = decodeStill(chunks(frames.getFirst().content(), 16).getFirst());
    // The bars of picture 1, half as high as they were: one bright, the rest dark.
    assertThat(luma[4 * 640 + 20] & 0xff).isGreaterThan(180);
    assertThat(luma[4 * 640 + 60] & 0xff).isLessThan(60);
    assertThat(TestPictures.meanLuma(luma, 640, 640, 360)).isCloseTo(100, within(2));
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(target);
    }
  }

  /** The luma of a VP8 picture of 640x360. */
  private static byte[] decodeStill(Chunk vp8) {
    assertThat(vp8.name()).isEqualTo("VP8 ");
    byte[] bytes = new byte[vp8.content().rewind().remaining()];
    vp8.content().get(bytes);
    AVCodec codec = avcodec.avcodec_find_decoder(avcodec.AV_CODEC_ID_VP8);
    AVCodecContext context = avcodec.avcodec_alloc_context3(codec);
    AVPacket packet = avcodec.av_packet_alloc();
    AVFrame frame = avutil.av_frame_alloc();
    try (BytePointer padded =
        new BytePointer(bytes.length + (long) avcodec.AV_INPUT_BUFFER_PADDING_SIZE)) {
      padded.put(bytes);
      assertThat(avcodec.avcodec_open2(context, codec, (AVDictionary) null)).isZero();
      packet.data(padded).size(bytes.length);
      assertThat(avcodec.avcodec_send_packet(context, packet)).isZero();
      assertThat(avcodec.avcodec_receive_frame(context, frame)).isZero();
      byte[] luma = new byte[640 * 360];
      for (int y = 0; y < 360; y++) {
        frame.data(0).position((long) y * frame.linesize(0)).get(luma, y * 640, 640);
      }
      return luma;
    } finally {
      packet.data(null).size(0);
      avcodec.av_packet_free(packet);
      avutil.av_frame_free(frame);
      avcodec.avcodec_free_context(context);
    }
  }

  @Test
  void whatIsClosedBeforeItsEndLeavesNothing() throws IOException {
    Path target = folder.resolve("face.webp");
    WebpSink sink = WebpSink.toFile(target, 64, 64, FrameRate.of(25));
    sink.video(new TestPictures(64, 64, 7).picture(1, 100));
    sink.close();
    sink.close();
    assertThatThrownBy(sink::finish).isInstanceOf(CancellationException.class);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void anAnimationWithoutAPictureIsRefused() {
    try (WebpSink sink = WebpSink.toFile(folder.resolve("face.webp"), 64, 64, FrameRate.of(25))) {
      assertThatThrownBy(sink::finish)
          .isInstanceOf(LipstreamException.class)
          .hasMessageContaining("no picture was made");
    }
  }
}
