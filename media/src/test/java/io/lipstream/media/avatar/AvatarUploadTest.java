package io.lipstream.media.avatar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives that mean harm, or are none. */
final class AvatarUploadTest {
  private static final AvatarUpload.Limits SMALL = new AvatarUpload.Limits(1 << 20, 10, 20, 4096);

  @TempDir private Path folder;

  private Path zip(String entry, byte[] content, int copies) throws IOException {
    Path file = folder.resolve("a.zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < copies; i++) {
        zip.putNextEntry(new ZipEntry(entry.formatted(i)));
        zip.write(content);
      }
    }
    return file;
  }

  private String refusal(Path archive) throws IOException {
    Path avatars = folder.resolve("avatars");
    LipstreamException refused =
        catchThrowableOfType(
            LipstreamException.class,
            () ->
                AvatarUpload.install(
                    archive, avatars.resolve("x"), SMALL, (step, done, total) -> {}));
    assertThat(refused).isNotNull();
    try (Stream<Path> left = Files.list(avatars)) {
      assertThat(left).as("nothing is left behind").isEmpty();
    }
    try (Stream<Path> all = Files.list(folder)) {
      assertThat(all.map(each -> each.getFileName().toString()))
          .containsExactlyInAnyOrder("a.zip", "avatars");
    }
    return refused.getMessage();
  }

  @Test
  void refusesNamesThatLeadOutOfTheArchive() throws IOException {
    for (String name : new String[] {"../x", "a/../../x", "/etc/x", "..\\x", "C:x"}) {
      assertThat(refusal(zip(name, new byte[1], 1))).contains("leads out of it");
    }
  }

  @Test
  void refusesWhatUnpacksToFarMoreThanWasSent() throws IOException {
    assertThat(refusal(zip("a%s", new byte[500_000], 1))).contains("unpacks to more than");
  }

  @Test
  void refusesMoreEntriesThanAnAvatarHas() throws IOException {
    assertThat(refusal(zip("a%s", new byte[1], 11))).contains("11 entries");
  }

  @Test
  void refusesWhatIsNoArchive() throws IOException {
    Path file = Files.writeString(folder.resolve("a.zip"), "no archive at all");
    assertThat(refusal(file)).contains("no whole zip archive");
  }

  @Test
  void refusesAnArchiveWithoutAnAvatar() throws IOException {
    refusal(zip("readme%s.txt", new byte[100], 2));
  }

  @Test
  void refusesADamagedEntry() throws IOException {
    byte[] noise = new byte[2000];
    new Random(7).nextBytes(noise);
    Path file = zip("a%s", noise, 1);
    byte[] bytes = Files.readAllBytes(file);
    bytes[200] ^= 0x55;
    Files.write(file, bytes);
    refusal(file);
  }
}
