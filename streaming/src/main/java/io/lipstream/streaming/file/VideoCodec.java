package io.lipstream.streaming.file;

/** The H.264 encoders a video can be made with. */
public enum VideoCodec {
  /** Cisco's OpenH264, in every build of FFmpeg that Lipstream ships with. */
  H264("libopenh264"),
  /** x264, smaller files at the same quality; GPL, so only where the user added it. */
  X264("libx264");

  private final String encoderName;

  VideoCodec(String encoderName) {
    this.encoderName = encoderName;
  }

  /** FFmpeg's name of the encoder. */
  public String encoderName() {
    return encoderName;
  }
}
