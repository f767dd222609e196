package io.lipstream.media.avatar;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MJPEG;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PNG;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_WEBP;
import static org.bytedeco.ffmpeg.global.avcodec.AV_INPUT_BUFFER_PADDING_SIZE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_decoder;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_frame;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_packet;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;

import io.lipstream.media.Ffmpeg;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;

/** Decodes JPEG, PNG and WebP files, told apart by their first bytes. One thread at a time. */
final class PictureDecoder implements AutoCloseable {
  private static final long MAX_PIXELS =
      (long) AvatarManifest.Frames.MAX_SIDE_PX * AvatarManifest.Frames.MAX_SIDE_PX;

  private final long maxPixels;
  private final Map<Integer, AVCodecContext> contexts = new HashMap<>();
  private final AVPacket packet;
  private final AVFrame frame;

  PictureDecoder() {
    this(MAX_PIXELS);
  }

  /** A decoder that refuses larger pictures before it makes room for them. */
  PictureDecoder(long maxPixels) {
    Ffmpeg.load();
    this.maxPixels = maxPixels;
    packet = av_packet_alloc();
    frame = av_frame_alloc();
  }

  /**
   * Decodes one file.
   *
   * @return the picture, valid until the next call
   * @throws IOException if the file cannot be read or is no whole picture
   */
  AVFrame decode(Path file) throws IOException {
    return decode(HeldFiles.read(file));
  }

  /** As the other, for a file's bytes. */
  AVFrame decode(byte[] bytes) throws IOException {
    AVCodecContext context = contexts.computeIfAbsent(codecOf(bytes), this::open);
    try (BytePointer padded = new BytePointer(bytes.length + (long) AV_INPUT_BUFFER_PADDING_SIZE)) {
      BytePointer.memset(padded.position(bytes.length), 0, AV_INPUT_BUFFER_PADDING_SIZE);
      padded.position(0).put(bytes);
      // Not a keyframe, and the PNG decoder adds the picture before it.
      packet.data(padded).size(bytes.length).flags(AV_PKT_FLAG_KEY);
      int code = avcodec_send_packet(context, packet);
      if (code >= 0) {
        code = avcodec_receive_frame(context, frame);
      }
      packet.data(null).size(0);
      if (code < 0) {
        // A decoder that has failed may hold on to what it was given.
        contexts.values().remove(context);
        avcodec_free_context(context);
        throw new IOException(Ffmpeg.errorText(code));
      }
      if (frame.decode_error_flags() != 0) {
        throw new IOException("the picture is damaged");
      }
      return frame;
    }
  }

  private static int codecOf(byte[] bytes) throws IOException {
    if (startsWith(bytes, 0, 0xff, 0xd8)) {
      return AV_CODEC_ID_MJPEG;
    }
    if (startsWith(bytes, 0, 0x89, 'P', 'N', 'G')) {
      return AV_CODEC_ID_PNG;
    }
    if (startsWith(bytes, 0, 'R', 'I', 'F', 'F') && startsWith(bytes, 8, 'W', 'E', 'B', 'P')) {
      return AV_CODEC_ID_WEBP;
    }
    throw new IOException("neither JPEG nor PNG nor WebP");
  }

  private static boolean startsWith(byte[] bytes, int offset, int... expected) {
    if (bytes.length < offset + expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if ((bytes[offset + i] & 0xff) != expected[i]) {
        return false;
      }
    }
    return true;
  }

  private AVCodecContext open(int codecId) {
    var codec = avcodec_find_decoder(codecId);
    AVCodecContext context = avcodec_alloc_context3(codec);
    // One frame in, one frame out: decoder threads of its own would only delay it.
    context.thread_count(1);
    context.max_pixels(maxPixels);
    Ffmpeg.check(avcodec_open2(context, codec, (AVDictionary) null), "opening a picture decoder");
    return context;
  }

  @Override
  public void close() {
    contexts.values().forEach(context -> avcodec_free_context(context));
    contexts.clear();
    av_packet_free(packet);
    av_frame_free(frame);
  }
}
