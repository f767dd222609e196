package io.lipstream.streaming.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.media.Ffmpeg;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerPointer;

/** All pictures and sound of an mp4, decoded by FFmpeg the way a player does. */
final class DecodedMp4 {
  private static final int PICTURES = 0;
  private static final int SOUND = 1;

  record Picture(double seconds, int number, int meanLuma, boolean keyframe) {}

  final List<Picture> pictures = new ArrayList<>();

  /** The first channel, and when its first sample is heard. */
  final float[] samples;

  final double firstSampleSeconds;
  final int sampleRateHz;
  final int channels;
  final int pictureCodecId;
  final int soundCodecId;
  final int profile;
  final int colorRange;
  final int colorPrimaries;
  final int colorTransfer;
  final int colorMatrix;
  final double framesPerSecond;
  final double pictureTrackSeconds;
  final double soundTrackSeconds;

  private final List<float[]> sampleBlocks = new ArrayList<>();
  private double firstSample = Double.NaN;

  DecodedMp4(Path file) {
    Ffmpeg.load();
    AVFormatContext container = new AVFormatContext(null);
    Ffmpeg.check(
        avformat.avformat_open_input(container, file.toString(), null, null), "open " + file);
    Ffmpeg.check(
        avformat.avformat_find_stream_info(container, (PointerPointer<?>) null), "stream info");
    assertThat(container.nb_streams()).isEqualTo(2);
    AVStream picture = container.streams(PICTURES);
    AVStream sound = container.streams(SOUND);
    AVCodecParameters seen = picture.codecpar();
    pictureCodecId = seen.codec_id();
    profile = seen.profile();
    colorRange = seen.color_range();
    colorPrimaries = seen.color_primaries();
    colorTransfer = seen.color_trc();
    colorMatrix = seen.color_space();
    framesPerSecond = avutil.av_q2d(picture.avg_frame_rate());
    pictureTrackSeconds = picture.duration() * avutil.av_q2d(picture.time_base());
    soundTrackSeconds = sound.duration() * avutil.av_q2d(sound.time_base());
    soundCodecId = sound.codecpar().codec_id();
    sampleRateHz = sound.codecpar().sample_rate();
    channels = sound.codecpar().ch_layout().nb_channels();

    AVCodecContext[] decoders = {decoder(picture), decoder(sound)};
    AVPacket packet = avcodec.av_packet_alloc();
    AVFrame frame = avutil.av_frame_alloc();
    while (avformat.av_read_frame(container, packet) >= 0) {
      int track = packet.stream_index();
      Ffmpeg.check(avcodec.avcodec_send_packet(decoders[track], packet), "send packet");
      receive(decoders[track], container.streams(track), frame);
      avcodec.av_packet_unref(packet);
    }
    for (int track : new int[] {PICTURES, SOUND}) {
      Ffmpeg.check(avcodec.avcodec_send_packet(decoders[track], null), "flush");
      receive(decoders[track], container.streams(track), frame);
      avcodec.avcodec_free_context(decoders[track]);
    }
    avutil.av_frame_free(frame);
    avcodec.av_packet_free(packet);
    avformat.avformat_close_input(container);
    samples = joined();
    firstSampleSeconds = firstSample;
  }

  private static AVCodecContext decoder(AVStream stream) {
    var codec = avcodec.avcodec_find_decoder(stream.codecpar().codec_id());
    AVCodecContext decoder = avcodec.avcodec_alloc_context3(codec);
    Ffmpeg.check(
        avcodec.avcodec_parameters_to_context(decoder, stream.codecpar()), "codec parameters");
    decoder.pkt_timebase(stream.time_base());
    Ffmpeg.check(avcodec.avcodec_open2(decoder, codec, (PointerPointer<?>) null), "open decoder");
    return decoder;
  }

  private void receive(AVCodecContext decoder, AVStream stream, AVFrame frame) {
    while (avcodec.avcodec_receive_frame(decoder, frame) >= 0) {
      double seconds = frame.pts() * avutil.av_q2d(stream.time_base());
      if (stream.index() == PICTURES) {
        boolean key = (frame.flags() & AVFrame.AV_FRAME_FLAG_KEY) != 0;
        byte[] luma = new byte[frame.linesize(0) * frame.height()];
        frame.data(0).get(luma);
        pictures.add(
            new Picture(
                seconds,
                TestPictures.readNumber(luma, frame.linesize(0), frame.width()),
                TestPictures.meanLuma(luma, frame.linesize(0), frame.width(), frame.height()),
                key));
      } else {
        if (Double.isNaN(firstSample)) {
          firstSample = seconds;
        }
        float[] block = new float[frame.nb_samples()];
        new FloatPointer(new BytePointer(frame.data(0))).get(block);
        sampleBlocks.add(block);
      }
    }
  }

  private float[] joined() {
    float[] all = new float[sampleBlocks.stream().mapToInt(b -> b.length).sum()];
    int at = 0;
    for (float[] block : sampleBlocks) {
      System.arraycopy(block, 0, all, at, block.length);
      at += block.length;
    }
    return all;
  }

  /** When the loudest sample is heard. */
  double loudestSeconds() {
    int loudest = 0;
    for (int i = 0; i < samples.length; i++) {
      if (Math.abs(samples[i]) > Math.abs(samples[loudest])) {
        loudest = i;
      }
    }
    return firstSampleSeconds + (double) loudest / sampleRateHz;
  }

  double soundSeconds() {
    return (double) samples.length / sampleRateHz;
  }
}
