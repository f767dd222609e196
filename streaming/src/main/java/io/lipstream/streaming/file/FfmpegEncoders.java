package io.lipstream.streaming.file;

import io.lipstream.media.Ffmpeg;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.global.avcodec;

/** Which of the encoders that Lipstream knows this machine's FFmpeg has. */
public final class FfmpegEncoders {
  private static final List<Encoder> KNOWN =
      List.of(
          new Encoder("libopenh264", "H.264 video, the default", true, false),
          new Encoder("aac", "AAC sound", true, false),
          new Encoder("libx264", "H.264 video for --codec x264, in the -gpl natives", false, false),
          new Encoder("libvpx", "VP8 video for browsers", true, false),
          new Encoder("libopus", "Opus sound for browsers", true, false),
          new Encoder("libvpx-vp9", "VP9 video with transparency", false, false),
          new Encoder("mjpeg", "JPEG pictures", false, false));

  private FfmpegEncoders() {}

  /**
   * One encoder.
   *
   * @param name FFmpeg's name
   * @param purpose what it is used for
   * @param required whether Lipstream cannot do its work without it
   * @param present whether it is here
   */
  public record Encoder(String name, String purpose, boolean required, boolean present) {}

  /**
   * Asks FFmpeg for each encoder.
   *
   * @throws io.lipstream.media.LipstreamException if FFmpeg does not load
   */
  public static List<Encoder> list() {
    Ffmpeg.load();
    List<Encoder> found = new ArrayList<>();
    for (Encoder known : KNOWN) {
      boolean present = avcodec.avcodec_find_encoder_by_name(known.name()) != null;
      found.add(new Encoder(known.name(), known.purpose(), known.required(), present));
    }
    return List.copyOf(found);
  }
}
