package io.lipstream.speech.recognition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.media.LipstreamException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PocketSphinxTest {

  @Test
  void namesThePackagesWhereItIsNotInstalled(@TempDir Path empty) {
    LipstreamException absent =
        catchThrowableOfType(LipstreamException.class, () -> PocketSphinx.load(empty));
    assertThat(absent)
        .hasMessageContaining("speech cannot be recognised")
        .hasMessageContaining(empty.toString());
    assertThat(absent.hint())
        .contains("apt-get install libpocketsphinx3 pocketsphinx-en-us")
        .contains("typing works");
  }
}
