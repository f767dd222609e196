package io.lipstream.media.audio;

import io.lipstream.media.Ffmpeg;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.LipstreamException.Kind;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The native side of {@link AudioFile}: finds the best sound in a container and decodes it.
 *
 * <p>Rate and channels are those of the first decoded frame, because containers misstate them
 * (HE-AAC). One owner, who closes it.
 */
final class AudioDecoder implements AutoCloseable {
  /** What {@link #decode} returns when the sound is over. */
  static final int END = -1;

  private static final int ANY_STREAM = -1;
  private static final String HINT =
      "give a sound file such as wav, mp3, flac, ogg or m4a, or a video with sound";
  private static final String DAMAGED = "; if it is one, it is damaged or incomplete";

  private final Path path;
  private final AVIOContext file = new AVIOContext(null);
  private final AVFormatContext demuxer = avformat.avformat_alloc_context();
  private final AVPacket packet = avcodec.av_packet_alloc();
  private final AVFrame frame = avutil.av_frame_alloc();
  private final FloatConverter converter = new FloatConverter();
  private AVStream stream = new AVStream(null);
  private AVCodecContext codec = new AVCodecContext(null);

  private long damagedPackets;
  private boolean draining;

  static AudioDecoder open(Path path) {
    Ffmpeg.load();
    return new AudioDecoder(path);
  }

  private AudioDecoder(Path path) {
    this.path = path;
    try {
      openContainer();
      stream = bestAudioStream();
      openCodec();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens the file by itself and then forbids every protocol, so that a playlist or a reference
   * movie cannot make the demuxer open anything else.
   */
  private void openContainer() {
    String url = Ffmpeg.fileUrl(path);
    int opened = avformat.avio_open2(file, url, avformat.AVIO_FLAG_READ, null, null);
    if (opened < 0) {
      throw refusal("cannot open " + path + ": " + Ffmpeg.errorText(opened), "");
    }
    demuxer.pb(file);
    AVDictionary options = new AVDictionary(null);
    try {
      avutil.av_dict_set(options, "protocol_whitelist", "none", 0);
      int probed = avformat.avformat_open_input(demuxer, url, null, options);
      if (probed < 0) {
        throw refusal(
            path + " is not a sound file that FFmpeg can read: " + Ffmpeg.errorText(probed),
            HINT + DAMAGED);
      }
    } finally {
      avutil.av_dict_free(options);
    }
    // A failure here shows again, and more clearly, when no stream is found or decoded.
    avformat.avformat_find_stream_info(demuxer, (PointerPointer<?>) null);
  }

  private AVStream bestAudioStream() {
    int best =
        avformat.av_find_best_stream(
            demuxer,
            avutil.AVMEDIA_TYPE_AUDIO,
            ANY_STREAM,
            ANY_STREAM,
            (PointerPointer<?>) null,
            0);
    if (best < 0) {
      throw refusal(
          "there is no sound in "
              + path
              + " (FFmpeg reads it as "
              + demuxer.iformat().long_name().getString()
              + ")",
          demuxer.nb_streams() == 0 ? HINT + DAMAGED : HINT);
    }
    for (int i = 0; i < demuxer.nb_streams(); i++) {
      if (i != best) {
        demuxer.streams(i).discard(avcodec.AVDISCARD_ALL);
      }
    }
    return demuxer.streams(best);
  }

  private void openCodec() {
    AVCodecParameters parameters = stream.codecpar();
    AVCodec decoder = avcodec.avcodec_find_decoder(parameters.codec_id());
    if (decoder == null || decoder.isNull()) {
      throw refusal(
          "the sound in "
              + path
              + " is coded as "
              + avcodec.avcodec_get_name(parameters.codec_id()).getString()
              + ", which this FFmpeg cannot decode",
          "convert it to wav first");
    }
    codec = avcodec.avcodec_alloc_context3(decoder);
    Ffmpeg.check(
        avcodec.avcodec_parameters_to_context(codec, parameters), "describe the sound's coding");
    // With the packets' time base known, the decoder itself drops the priming samples.
    codec.pkt_timebase(stream.time_base());
    int opened = avcodec.avcodec_open2(codec, decoder, (AVDictionary) null);
    if (opened < 0) {
      throw refusal(
          "the sound in " + path + " cannot be decoded: " + Ffmpeg.errorText(opened),
          "convert it to wav first");
    }
  }

  /**
   * Decodes on to the next samples.
   *
   * @return frames now in {@link #samples}, at least 1, or {@link #END}
   */
  int decode() {
    while (true) {
      int received = avcodec.avcodec_receive_frame(codec, frame);
      if (received == 0) {
        int count = convert();
        if (count > 0) {
          return count;
        }
      } else if (received == avutil.AVERROR_EOF()) {
        return END;
      } else {
        if (received != avutil.AVERROR_EAGAIN()) {
          damagedPackets++;
        }
        if (draining) {
          return END;
        }
        feed();
      }
    }
  }

  private int convert() {
    try {
      return converter.convert(frame);
    } catch (IllegalStateException e) {
      throw new LipstreamException(
          Kind.INPUT,
          "the sound in " + path + " has an unusual form: " + e.getMessage(),
          "mix it down to stereo or mono first",
          e);
    }
  }

  /** Gives the decoder its next packet, or tells it that there is none. */
  private void feed() {
    int result;
    do {
      avcodec.av_packet_unref(packet);
      result = avformat.av_read_frame(demuxer, packet);
    } while (result >= 0 && packet.stream_index() != stream.index());
    if (result >= 0) {
      result = avcodec.avcodec_send_packet(codec, packet);
      avcodec.av_packet_unref(packet);
    } else {
      draining = true;
      avcodec.avcodec_send_packet(codec, null);
    }
    if (result < 0 && result != avutil.AVERROR_EOF()) {
      damagedPackets++;
    }
  }

  /** The decoded samples, interleaved, until the next call of {@link #decode}. */
  float[] samples() {
    return converter.samples();
  }

  int sampleRateHz() {
    return converter.rateHz();
  }

  int channels() {
    return converter.channels();
  }

  long damagedPackets() {
    return damagedPackets;
  }

  /** By the container's word, so approximate. */
  OptionalLong expectedFrames() {
    double seconds;
    if (stream.duration() > 0) {
      seconds = stream.duration() * avutil.av_q2d(stream.time_base());
    } else if (demuxer.duration() > 0) {
      seconds = (double) demuxer.duration() / avutil.AV_TIME_BASE;
    } else {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Math.round(seconds * sampleRateHz()));
  }

  private static LipstreamException refusal(String message, String hint) {
    return new LipstreamException(Kind.INPUT, message, hint);
  }

  @Override
  public void close() {
    converter.close();
    avcodec.avcodec_free_context(codec);
    avformat.avformat_close_input(demuxer);
    avformat.avio_closep(file);
    avcodec.av_packet_free(packet);
    avutil.av_frame_free(frame);
  }
}
