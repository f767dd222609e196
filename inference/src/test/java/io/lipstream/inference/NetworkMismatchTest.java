package io.lipstream.inference;

import static io.lipstream.inference.Networks.fixture;
import static io.lipstream.inference.Networks.open;
import static io.lipstream.inference.Networks.tinyEncoder;
import static io.lipstream.inference.Networks.tinyGenerator;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.inference.Networks.Patterns;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.GeneratorFamily;
import io.lipstream.media.picture.Rect;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What a user reads when the network is not the one that the manifest describes. */
class NetworkMismatchTest {

  @Test
  void otherPictureSizeTellsBothShapesAndListsEveryTensor() {
    LipstreamException failure =
        refusalOf(named(fixture("generator-160px"), "visual", "audio", "mouth"));
    assertThat(failure)
        .hasMessageStartingWith(
            "the generator of avatar test declares its visual tensor with another shape")
        .hasMessageContaining("generator-160px.onnx")
        .hasMessageContaining("'visual' is [N, 6, 160, 160], expected [N, 6, 320, 320]");
    assertThat(failure.kind()).isEqualTo(LipstreamException.Kind.AVATAR);
    assertThat(failure.hint())
        .contains("visual float32 [N, 6, 160, 160]")
        .contains("audio float32 [N, 32, 16, 16]")
        .contains("mouth float32 [N, 3, 160, 160]");
  }

  @Test
  void otherPictureSizeWithoutNamesTellsWhatWasFound() {
    assertThat(refusalOf(fixture("generator-160px")))
        .hasMessageContaining("has no visual tensor")
        .hasMessageContaining("expected [N, 6, 320, 320]")
        .hasMessageContaining("'visual' [N, 6, 160, 160]");
  }

  @Test
  void nameThatTheFileDoesNotHaveListsTheOnesItHas() {
    LipstreamException failure = refusalOf(named(tinyGenerator(), "picture", "audio", "mouth"));
    assertThat(failure).hasMessageContaining("has no visual tensor named 'picture'");
    assertThat(failure.hint()).contains("visual float32 [N, 6, 320, 320]");
  }

  @Test
  void oneTensorCannotPlayTwoRoles() {
    assertThat(refusalOf(named(tinyGenerator(), "visual", "visual", "mouth")))
        .hasMessageContaining("has no audio tensor named 'visual'");
  }

  @Test
  void tensorsThatCouldBeEitherMustBeNamed() {
    LipstreamException failure = refusalOf(fixture("generator-all-dynamic"));
    assertThat(failure)
        .hasMessageContaining("could be its visual tensor")
        .hasMessageContaining("visual, audio");
    assertThat(failure.hint()).startsWith("Name the right one in the avatar's manifest");
  }

  @Test
  void otherElementTypeIsNamed() {
    assertThat(refusalOf(fixture("generator-bytes")))
        .hasMessageContaining("'visual' holds uint8, expected float32 or float16");
  }

  @Test
  void fixedBatchOtherThanOneIsRefused() {
    assertThat(refusalOf(fixture("generator-batch-of-3")))
        .hasMessageContaining("fixed batch")
        .hasMessageContaining("[3, 6, 320, 320]");
  }

  @Test
  void inputThatNobodyFillsIsRefused() {
    assertThat(refusalOf(fixture("generator-third-input")))
        .hasMessageContaining("wants an input that Lipstream does not know")
        .hasMessageContaining("style float32 [1]");
  }

  @Test
  void shapeThatOnlyShowsWhenItRunsIsFoundAtLoad() {
    assertThat(refusalOf(fixture("generator-lies")))
        .hasMessageContaining("failed while it computed");
  }

  @Test
  void operatorsOutsideTheStandardAreRefusedWithTheReason() {
    LipstreamException failure = refusalOf(fixture("generator-custom-operator"));
    assertThat(failure)
        .hasMessageContaining("cannot be loaded")
        .hasMessageContaining("org.example");
    assertThat(failure.hint()).contains("no custom operator library");
  }

  @Test
  void encoderGivenAsGeneratorTellsThatThereIsNoPicture() {
    assertThat(refusalOf(tinyEncoder()))
        .hasMessageContaining("'mel' is [N, 1, 80, 16], expected [N, 6, 320, 320]");
  }

  @Test
  void encoderOfAnotherWidthTellsBothShapes() {
    EncoderSpec spec = EncoderSpec.of("test", fixture("encoder-256-features"));
    assertThatThrownBy(() -> new OnnxEncoder(spec, EngineOptions.cpu()).close())
        .isInstanceOf(LipstreamException.class)
        .hasMessageStartingWith("the audio encoder of avatar test")
        .hasMessageContaining("'audio_features' is [N, 256], expected [N, 512]");
  }

  @Test
  void cudaIsRefusedByACpuBuild() {
    EngineOptions cuda = EngineOptions.cpu().withProvider(Provider.CUDA, 0);
    assertThatThrownBy(() -> open(tinyGenerator(), cuda))
        .isInstanceOfSatisfying(
            LipstreamException.class,
            failure -> {
              assertThat(failure.kind()).isEqualTo(LipstreamException.Kind.ENVIRONMENT);
              assertThat(failure).hasMessageContaining("CUDA");
            });
  }

  private static LipstreamException refusalOf(Path file) {
    return refusalOf(GeneratorSpec.of("test", GeneratorFamily.SYNCTALK2D_328, file));
  }

  private static LipstreamException refusalOf(GeneratorSpec spec) {
    return catchThrowableOfType(
        LipstreamException.class,
        () -> EngineGenerator.alone(spec, new Patterns(), EngineOptions.cpu()).close());
  }

  private static GeneratorSpec named(Path file, String visual, String audio, String output) {
    return new GeneratorSpec(
        "test",
        file,
        GeneratorFamily.SYNCTALK2D_328,
        new Rect(5, 5, 315, 310),
        ChannelOrder.BGR,
        ValueRange.UNIT,
        visual,
        audio,
        output);
  }
}
