package io.lipstream.media.avatar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AvatarStoreTest {
  @TempDir Path temp;

  @Test
  void anAvatarIsFoundByItsNameInTheFirstRootThatHasIt() throws IOException {
    Path first = named(temp.resolve("one"), "ada");
    named(temp.resolve("two"), "ada");
    Path bob = named(temp.resolve("two"), "bob");
    AvatarStore store = store();
    try (AvatarPackage ada = store.open("ada");
        AvatarPackage other = store.open("bob")) {
      assertThat(ada.location()).isEqualTo(first);
      assertThat(other.location()).isEqualTo(bob);
    }
  }

  @Test
  void anythingThatIsNoNameIsAPath() throws IOException {
    Path elsewhere = named(temp.resolve("elsewhere"), "eve");
    try (AvatarPackage avatar = store().open(elsewhere.toString())) {
      assertThat(avatar.manifest().name()).isEqualTo("eve");
    }
  }

  @Test
  void anUnknownNameIsRefusedWithTheKnownOnes() throws IOException {
    named(temp.resolve("one"), "ada");
    named(temp.resolve("two"), "bob");
    LipstreamException e =
        catchThrowableOfType(LipstreamException.class, () -> store().open("adda").close());
    assertThat(e).hasMessage("there is no avatar named adda");
    assertThat(e.hint()).contains("did you mean ada?").contains("known: ada, bob");
  }

  @Test
  void aBrokenPackageIsListedWithItsReasonAndDoesNotHideTheOthers() throws IOException {
    named(temp.resolve("one"), "ada");
    Path broken = named(temp.resolve("one"), "broken");
    Files.delete(broken.resolve("frames/2.png"));
    Files.createDirectories(temp.resolve("one/not an avatar"));
    Files.move(named(temp.resolve("one"), "old"), temp.resolve("one/renamed"));

    List<AvatarStore.Entry> entries = store().list();

    assertThat(entries)
        .extracting(AvatarStore.Entry::name)
        .containsExactly("ada", "broken", "renamed");
    assertThat(entries.get(0)).isInstanceOf(AvatarStore.Entry.Usable.class);
    assertThat(((AvatarStore.Entry.Broken) entries.get(1)).reason()).contains("holds 2 pictures");
    assertThat(((AvatarStore.Entry.Broken) entries.get(2)).reason()).contains("calls it old");
  }

  @Test
  void aZippedAvatarIsListedAndOpenedByTheNameOfItsFile() throws IOException {
    Path folder = named(temp.resolve("work"), "zipped");
    Files.createDirectories(temp.resolve("one"));
    Path zip = temp.resolve("one/zipped.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip));
        Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new ZipEntry(folder.relativize(file).toString()));
        out.write(Files.readAllBytes(file));
      }
    }
    assertThat(store().list()).extracting(AvatarStore.Entry::name).containsExactly("zipped");
    assertThat(store().list().getFirst()).isInstanceOf(AvatarStore.Entry.Usable.class);
    try (AvatarPackage avatar = store().open("zipped")) {
      assertThat(avatar.location()).isEqualTo(zip);
    }
  }

  @Test
  void aStoreOverNothingIsEmpty() {
    assertThat(store().list()).isEmpty();
  }

  @Test
  void theUsersFolderFollowsTheXdgVariableWhenItIsAbsolute() {
    Path home = Path.of("/home/someone");
    assertThat(AvatarStore.userFolder(Map.of("XDG_DATA_HOME", "/data"), home))
        .isEqualTo(Path.of("/data/lipstream/avatars"));
    Path usual = home.resolve(".local/share/lipstream/avatars");
    assertThat(AvatarStore.userFolder(Map.of(), home)).isEqualTo(usual);
    assertThat(AvatarStore.userFolder(Map.of("XDG_DATA_HOME", "data"), home)).isEqualTo(usual);
  }

  private AvatarStore store() {
    return new AvatarStore(List.of(temp.resolve("one"), temp.resolve("two"), temp.resolve("none")));
  }

  private static Path named(Path root, String name) throws IOException {
    Path folder = root.resolve(name);
    DrawnAvatar.write(folder, 3)
        .writeManifest(DrawnAvatar.manifest(3).replace("name: drawn", "name: " + name));
    return folder;
  }
}
