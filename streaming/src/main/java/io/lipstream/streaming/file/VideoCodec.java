package io.lipstream.streaming.file;

/** What a video's pictures can be encoded with, and what then holds them. */
public enum VideoCodec {
  /** Cisco's OpenH264, in every build of FFmpeg that Lipstream ships with. */
  H264("libopenh264", "mp4", "aac"),
  /** x264, smaller files at the same quality; GPL, so only where the user added it. */
  X264("libx264", "mp4", "aac"),
  /** VP9 with an alpha channel, which pages show over what is behind them. */
  VP9("libvpx-vp9", "webm", "libopus");

  private final String encoderName;
  private final String container;
  private final String soundEncoderName;

  VideoCodec(String encoderName, String container, String soundEncoderName) {
    this.encoderName = encoderName;
    this.container = container;
    this.soundEncoderName = soundEncoderName;
  }

  /** FFmpeg's name of the encoder. */
  public String encoderName() {
    return encoderName;
  }

  /** FFmpeg's name of the file format. */
  String container() {
    return container;
  }

  /** FFmpeg's name of the encoder for the sound beside it. */
  String soundEncoderName() {
    return soundEncoderName;
  }

  /** Whether pictures carry how much of each pixel is seen. */
  public boolean isTransparent() {
    return this == VP9;
  }
}
