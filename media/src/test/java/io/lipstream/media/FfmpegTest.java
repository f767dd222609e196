package io.lipstream.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.bytedeco.ffmpeg.global.avutil;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class FfmpegTest {
  @BeforeAll
  static void load() {
    Ffmpeg.load();
  }

  @Test
  void staysSilentOnceLoaded() {
    Ffmpeg.load();
    assertThat(avutil.av_log_get_level()).isEqualTo(avutil.AV_LOG_QUIET);
  }

  @Test
  void putsErrorCodesIntoWords() {
    assertThat(Ffmpeg.errorText(avutil.AVERROR_EOF())).isEqualTo("End of file");
    assertThat(Ffmpeg.errorText(avutil.AVERROR_INVALIDDATA()))
        .isEqualTo("Invalid data found when processing input");
  }

  @Test
  void letsGoodReturnCodesPassAndNamesTheCallOfBadOnes() {
    assertThat(Ffmpeg.check(7, "open")).isEqualTo(7);
    assertThatThrownBy(() -> Ffmpeg.check(avutil.AVERROR_EOF(), "read a packet"))
        .hasMessage("read a packet: End of file");
  }

  @Test
  void addressesLocalFilesOnly() {
    assertThat(Ffmpeg.fileUrl(Path.of("/tmp/http:a%03d.wav")))
        .isEqualTo("file:/tmp/http:a%03d.wav");
  }
}
