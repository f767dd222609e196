package io.lipstream.media.avatar;

import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_move_ref;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_decoder;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_frame;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_packet;
import static org.bytedeco.ffmpeg.global.avformat.av_find_best_stream;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EAGAIN;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;

import io.lipstream.media.Ffmpeg;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.jspecify.annotations.Nullable;

/** Decodes the frames of a video file one after the other. One thread at a time. */
final class VideoDecoder implements AutoCloseable {
  /** Containers that hold their own pictures: a playlist would make FFmpeg open other files. */
  private static final String CONTAINERS = "mov,matroska,avi";

  private final AVFormatContext input = new AVFormatContext(null);
  private final AVStream stream;
  private final AVCodecContext context;
  private final AVPacket packet = av_packet_alloc();
  private final AVFrame frame = av_frame_alloc();

  /** Packets read before they are wanted, where the file is not read any more. */
  private @Nullable Deque<AVPacket> packets;

  private VideoDecoder(Path file) throws IOException {
    try {
      AVDictionary options = new AVDictionary(null);
      av_dict_set(options, "format_whitelist", CONTAINERS, 0);
      av_dict_set(options, "protocol_whitelist", "file", 0);
      try {
        require(avformat_open_input(input, Ffmpeg.fileUrl(file), (AVInputFormat) null, options));
      } finally {
        av_dict_free(options);
      }
      require(avformat_find_stream_info(input, (AVDictionary) null));
      int number =
          require(av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, (AVCodec) null, 0));
      stream = input.streams(number);
      context = openCodec(stream);
    } catch (IOException | RuntimeException e) {
      closeInput();
      throw e;
    }
  }

  /**
   * Opens a file's first video stream.
   *
   * @throws IOException if there is none or nothing decodes it
   */
  static VideoDecoder open(Path file) throws IOException {
    Ffmpeg.load();
    return new VideoDecoder(file);
  }

  private static AVCodecContext openCodec(AVStream stream) throws IOException {
    AVCodec codec = avcodec_find_decoder(stream.codecpar().codec_id());
    if (codec == null) {
      throw new IOException("there is no decoder for its codec");
    }
    AVCodecContext context = avcodec_alloc_context3(codec);
    context.thread_count(1);
    int code = avcodec_parameters_to_context(context, stream.codecpar());
    if (code >= 0) {
      code = avcodec_open2(context, codec, (AVDictionary) null);
    }
    if (code < 0) {
      avcodec_free_context(context);
    }
    require(code);
    return context;
  }

  int widthPx() {
    return stream.codecpar().width();
  }

  int heightPx() {
    return stream.codecpar().height();
  }

  /** Frames according to the container, or 0 where it does not tell. */
  long declaredFrameCount() {
    return stream.nb_frames();
  }

  /** Counts the frames by reading the whole file without decoding it. */
  int countFrames() {
    int count = 0;
    while (readPacket()) {
      count++;
      av_packet_unref(packet);
    }
    return count;
  }

  /**
   * Decodes the next frame.
   *
   * @return the picture, valid until the next call, or null at the end
   */
  @Nullable AVFrame next() throws IOException {
    while (true) {
      int code = avcodec_receive_frame(context, frame);
      if (code == AVERROR_EOF) {
        return null;
      }
      if (code != AVERROR_EAGAIN()) {
        require(code);
        return frame;
      }
      boolean more = readPacket();
      // A null packet asks the decoder for the frames it still holds.
      require(avcodec_send_packet(context, more ? packet : null));
      av_packet_unref(packet);
    }
  }

  /** Fetches the next packet of the video stream; false at the end of the file. */
  private boolean readPacket() {
    if (packets == null) {
      return readPacketOfFile();
    }
    AVPacket next = packets.poll();
    if (next == null) {
      return false;
    }
    av_packet_move_ref(packet, next);
    av_packet_free(next);
    return true;
  }

  /** Reads the rest of the file into memory. */
  void readAll() {
    Deque<AVPacket> all = new ArrayDeque<>();
    while (readPacketOfFile()) {
      AVPacket kept = av_packet_alloc();
      av_packet_move_ref(kept, packet);
      all.add(kept);
    }
    packets = all;
  }

  private boolean readPacketOfFile() {
    while (av_read_frame(input, packet) >= 0) {
      if (packet.stream_index() == stream.index()) {
        return true;
      }
      av_packet_unref(packet);
    }
    return false;
  }

  private static int require(int code) throws IOException {
    if (code < 0) {
      throw new IOException(Ffmpeg.errorText(code));
    }
    return code;
  }

  @Override
  public void close() {
    if (packets != null) {
      packets.forEach(each -> av_packet_free(each));
      packets.clear();
    }
    avcodec_free_context(context);
    closeInput();
  }

  private void closeInput() {
    av_packet_free(packet);
    av_frame_free(frame);
    avformat_close_input(input);
  }
}
