package io.lipstream.media;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swresample;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.javacpp.Loader;

/**
 * FFmpeg's native libraries: loaded once, kept silent, their error codes put into words.
 *
 * <p>Whoever calls FFmpeg calls {@link #load()} first. Thread-safe.
 */
public final class Ffmpeg {
  /** What to do where an encoder is missing that the shipped build has. */
  public static final String USE_SHIPPED = "use the FFmpeg natives that Lipstream ships with";

  private static final int MAX_ERROR_TEXT_BYTES = 256;

  private static boolean loaded;

  private Ffmpeg() {}

  /**
   * Loads the libraries and forbids them to write to stderr.
   *
   * @throws LipstreamException ENVIRONMENT if the machine lacks something they need
   */
  public static synchronized void load() {
    if (loaded) {
      return;
    }
    try {
      Loader.load(avutil.class);
      Loader.load(swresample.class);
      Loader.load(swscale.class);
      Loader.load(avcodec.class);
      Loader.load(avformat.class);
    } catch (LinkageError e) {
      throw unusable(e);
    }
    avutil.av_log_set_level(avutil.AV_LOG_QUIET);
    loaded = true;
  }

  private static LipstreamException unusable(LinkageError failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT,
        "FFmpeg's native libraries do not load here: " + root.getMessage(),
        "on Debian or Ubuntu: apt-get install libva2 libva-drm2 libva-x11-2",
        failure);
  }

  /**
   * An encoder that must be there.
   *
   * @param name FFmpeg's
   * @param hint what to do where this build lacks it
   * @throws LipstreamException ENVIRONMENT if it does, or if FFmpeg does not load
   */
  public static AVCodec encoder(String name, String hint) {
    load();
    AVCodec found = avcodec.avcodec_find_encoder_by_name(name);
    if (found == null) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT, "this build of FFmpeg has no encoder " + name, hint);
    }
    return found;
  }

  /** The text of a negative return code, such as "Invalid data found when processing input". */
  public static String errorText(int code) {
    byte[] text = new byte[MAX_ERROR_TEXT_BYTES];
    if (avutil.av_strerror(code, text, text.length) < 0) {
      return "FFmpeg error " + code;
    }
    int length = 0;
    while (length < text.length && text[length] != 0) {
      length++;
    }
    return new String(text, 0, length, StandardCharsets.UTF_8);
  }

  /**
   * The address under which FFmpeg opens a local file whatever its name looks like ("http:x",
   * "a%03d.png").
   */
  public static String fileUrl(Path file) {
    return "file:" + file.toAbsolutePath();
  }

  /**
   * Passes on a return code that is not negative.
   *
   * @param call what was tried, for the message
   * @throws IllegalStateException with the error's text, for calls that fail only by a fault of
   *     ours or for want of memory
   */
  public static int check(int code, String call) {
    if (code < 0) {
      throw new IllegalStateException(call + ": " + errorText(code));
    }
    return code;
  }
}
