package io.lipstream.streaming.file;

import io.lipstream.media.Ffmpeg;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avformat.Write_packet_Pointer_BytePointer_int;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Interleaves encoded pictures and sound into an mp4, or a WebM for pictures with transparency.
 *
 * <p>A file gets its index in front, so that a browser plays it while it loads; this rewrites the
 * file once at the end. A stream cannot be sought and gets fragments, one from each keyframe, with
 * the first index held back until the first fragment is known: only then can it say by how much the
 * sound's encoder delay is to be cut.
 *
 * <p>Not thread-safe. Memory grows by about 100 bytes a packet in a file, the index of a long film;
 * a stream holds one fragment.
 */
final class Mp4Muxer implements AutoCloseable {
  private static final int STREAM_BUFFER_BYTES = 1 << 16;

  private final String target;
  private final AVFormatContext context;
  private final @Nullable StreamWriter streamWriter;

  private Mp4Muxer(
      String target, @Nullable Path file, @Nullable OutputStream stream, String container) {
    this.target = target;
    this.context = new AVFormatContext(null);
    String url = file == null ? "" : Ffmpeg.fileUrl(file);
    try (BytePointer name = new BytePointer(container);
        BytePointer address = new BytePointer(url, StandardCharsets.UTF_8)) {
      Ffmpeg.check(
          avformat.avformat_alloc_output_context2(context, null, name, address),
          "avformat_alloc_output_context2");
      if (stream == null) {
        streamWriter = null;
        AVIOContext opened = new AVIOContext(null);
        int code = avformat.avio_open(opened, address, avformat.AVIO_FLAG_WRITE);
        if (code < 0) {
          avformat.avformat_free_context(context);
          throw OutputFailure.of(target, Ffmpeg.errorText(code), null);
        }
        context.pb(opened);
      } else {
        streamWriter = new StreamWriter(stream);
        BytePointer buffer = new BytePointer(avutil.av_malloc(STREAM_BUFFER_BYTES));
        AVIOContext io =
            avformat.avio_alloc_context(
                buffer, STREAM_BUFFER_BYTES, 1, null, null, streamWriter, null);
        io.seekable(0);
        context.pb(io);
        context.flags(context.flags() | AVFormatContext.AVFMT_FLAG_CUSTOM_IO);
      }
    }
  }

  /**
   * @param target the result as the user knows it
   * @param file what is really written
   */
  static Mp4Muxer toFile(String target, Path file, VideoCodec codec) {
    return new Mp4Muxer(target, file, null, codec.container());
  }

  static Mp4Muxer toStream(String target, OutputStream stream, VideoCodec codec) {
    return new Mp4Muxer(target, null, stream, codec.container());
  }

  /** Adds a track that carries what an opened encoder makes. */
  AVStream addTrack(AVCodecContext encoder) {
    AVStream track = avformat.avformat_new_stream(context, null);
    Ffmpeg.check(
        avcodec.avcodec_parameters_from_context(track.codecpar(), encoder),
        "avcodec_parameters_from_context");
    track.codecpar().codec_tag(0);
    track.time_base(encoder.time_base());
    return track;
  }

  void start() {
    AVDictionary options = new AVDictionary(null);
    String flags =
        streamWriter == null ? "faststart" : "frag_keyframe+delay_moov+default_base_moof";
    // A WebM is written front to back anyway, and leaves this option alone.
    avutil.av_dict_set(options, "movflags", flags, 0);
    try {
      check(avformat.avformat_write_header(context, options));
    } finally {
      avutil.av_dict_free(options);
    }
  }

  /** Takes over the packet's content, in the time base of the encoder that made it. */
  void write(
      AVPacket packet, AVStream track, AVRational encoderTimeBase, AVRational trackTimeBase) {
    packet.stream_index(track.index());
    avcodec.av_packet_rescale_ts(packet, encoderTimeBase, trackTimeBase);
    check(avformat.av_interleaved_write_frame(context, packet));
  }

  /** Writes the rest and the index. */
  void finish() {
    check(avformat.av_write_trailer(context));
    if (streamWriter == null) {
      int code = avformat.avio_close(context.pb());
      context.pb(null);
      check(code);
    } else {
      avformat.avio_flush(context.pb());
      streamWriter.flush();
      check(context.pb().error());
    }
  }

  private void check(int code) {
    IOException failure = streamWriter == null ? null : streamWriter.failure();
    if (failure != null) {
      throw OutputFailure.of(target, String.valueOf(failure.getMessage()), failure);
    }
    if (code < 0) {
      throw OutputFailure.of(target, Ffmpeg.errorText(code), null);
    }
  }

  @Override
  public void close() {
    AVIOContext io = context.pb();
    if (io != null && streamWriter == null) {
      avformat.avio_close(io);
    } else if (io != null) {
      avutil.av_free(io.buffer());
      avformat.avio_context_free(io);
    }
    context.pb(null);
    avformat.avformat_free_context(context);
    context.setNull();
    if (streamWriter != null) {
      streamWriter.close();
    }
  }

  /** Carries FFmpeg's output into a Java stream and remembers what went wrong there. */
  private static final class StreamWriter extends Write_packet_Pointer_BytePointer_int {
    private final OutputStream stream;
    private final byte[] bytes = new byte[STREAM_BUFFER_BYTES];
    private @Nullable IOException failure;

    StreamWriter(OutputStream stream) {
      this.stream = stream;
    }

    @Nullable IOException failure() {
      return failure;
    }

    @Override
    public int call(@Nullable Pointer opaque, BytePointer buffer, int byteCount) {
      try {
        for (int done = 0; done < byteCount; ) {
          int part = Math.min(bytes.length, byteCount - done);
          buffer.position(done).get(bytes, 0, part);
          stream.write(bytes, 0, part);
          done += part;
        }
        return byteCount;
      } catch (IOException e) {
        failure = e;
        return avutil.AVERROR_EIO();
      }
    }

    void flush() {
      try {
        stream.flush();
      } catch (IOException e) {
        failure = e;
      }
    }
  }
}
