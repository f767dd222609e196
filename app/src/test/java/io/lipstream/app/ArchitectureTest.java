package io.lipstream.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import org.junit.jupiter.api.Test;

/** The rules of docs/architecture.md that the module graph alone does not enforce. */
final class ArchitectureTest {
  private static final JavaClasses OURS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.lipstream");

  @Test
  void onlyInferenceKnowsOnnxRuntime() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.lipstream.inference..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.onnxruntime..")
        .check(OURS);
  }

  @Test
  void modulesMeetOnlyInMedia() {
    String[] middle = {"inference", "speech", "compositing", "streaming"};
    for (String one : middle) {
      for (String other : middle) {
        if (!one.equals(other)) {
          noClasses()
              .that()
              .resideInAPackage("io.lipstream." + one + "..")
              .should()
              .dependOnClassesThat()
              .resideInAPackage("io.lipstream." + other + "..")
              .allowEmptyShould(true)
              .check(OURS);
        }
      }
    }
  }

  @Test
  void mediaKnowsNobody() {
    noClasses()
        .that()
        .resideInAPackage("io.lipstream.media..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.lipstream.inference..",
            "io.lipstream.speech..",
            "io.lipstream.compositing..",
            "io.lipstream.streaming..",
            "io.lipstream.app..")
        .check(OURS);
  }

  @Test
  void packagesOfAModuleFormNoCircle() {
    SlicesRuleDefinition.slices()
        .matching("io.lipstream.media.(*)..")
        .should()
        .beFreeOfCycles()
        .check(OURS);
  }

  @Test
  void onlyTheCommandLineEndsTheProcess() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("io.lipstream.app.Lipstream")
        .should()
        .callMethod(System.class, "exit", int.class)
        .check(OURS);
  }

  /** So that a wall clock which is set, forwards or back, moves no picture and ends no session. */
  @Test
  void liveMediaLooksAtTheWallClockOnlyForItsFirstMoment() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.lipstream.streaming..",
            "io.lipstream.app.live..",
            "io.lipstream.app.load..",
            "io.lipstream.compositing..",
            "io.lipstream.inference.engine..")
        .and()
        .doNotHaveFullyQualifiedName(
            "io.lipstream.streaming.rtp.Start") // an RTP session's first moment
        .and()
        .doNotHaveFullyQualifiedName(
            "io.lipstream.streaming.webrtc.DtlsIdentity") // a certificate's
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(LocalDateTime.class, "now")
        .orShould()
        .callMethod(InstantSource.class, "system")
        .check(OURS);
  }

  @Test
  void namesSayWhatAThingIs() {
    classes()
        .should()
        .haveSimpleNameNotEndingWith("Util")
        .andShould()
        .haveSimpleNameNotEndingWith("Utils")
        .andShould()
        .haveSimpleNameNotEndingWith("Helper")
        .andShould()
        .haveSimpleNameNotEndingWith("Manager")
        .andShould()
        .haveSimpleNameNotEndingWith("Impl")
        .check(OURS);
  }
}
