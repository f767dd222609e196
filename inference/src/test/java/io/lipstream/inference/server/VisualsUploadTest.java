package io.lipstream.inference.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.lipsync.VisualsSum;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class VisualsUploadTest {
  private static final long PICTURE = 3L * 320 * 320;

  private final MirrorEngine engine = new MirrorEngine();
  private final Serving serving =
      new Serving(
          engine,
          Serving.settings().withVisualsBytes(7 * PICTURE),
          InferenceServer.Options.loopback());

  @AfterEach
  void close() {
    serving.close();
    engine.close();
  }

  private static ByteString sum(ReferenceCrops crops) {
    return ByteString.copyFrom(VisualsSum.of(crops, Serving.MASK));
  }

  @Test
  void picturesAreSentOnceForAll() {
    assertThat(Uploads.put(serving.channel, Serving.CROPS, Serving.SUM).getKnown()).isFalse();
    assertThat(serving.lipsync.visualsBytes()).isEqualTo(3 * PICTURE);
    assertThat(Uploads.put(serving.channel, Serving.CROPS, Serving.SUM).getKnown()).isTrue();
    assertThat(serving.lipsync.visualsBytes()).isEqualTo(3 * PICTURE);
  }

  @Test
  void theSumIsThatOfTheDocumentation() {
    // printf 'lipstream-visuals/1 frames=1 side=320 mask=5,5,315,310\n' | cat - <(head -c 307200
    // /dev/zero | tr '\0' '3') | sha256sum
    assertThat(VisualsUpload.hex(sum(new Serving.Colours(1))))
        .isEqualTo("a0b6d54ea1aaff1fdb184d3e9ca85b37934fe77b2f95326abcf72462714ba936");
  }

  @Test
  void aWrongSumIsRefusedAndNothingKept() {
    ByteString wrong = ByteString.copyFrom(new byte[32]);
    assertThatThrownBy(() -> Uploads.put(serving.channel, Serving.CROPS, wrong))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContaining(VisualsUpload.hex(Serving.SUM));
    assertThat(serving.lipsync.visualsBytes()).isZero();
  }

  @Test
  void tooFewOrTooManyPicturesAreRefused() {
    List<PutAvatarVisualsRequest> few = new ArrayList<>(Uploads.pictures(Serving.CROPS));
    few.removeLast();
    few.addFirst(Serving.announcement(Serving.CROPS, Serving.SUM));
    assertThatThrownBy(() -> Uploads.put(serving.channel, few))
        .hasMessageContaining("pictures end after");
    List<PutAvatarVisualsRequest> many = new ArrayList<>(Uploads.pictures(new Serving.Colours(4)));
    many.addFirst(Serving.announcement(Serving.CROPS, Serving.SUM));
    assertThatThrownBy(() -> Uploads.put(serving.channel, many))
        .hasMessageContaining("more than the");
    assertThat(serving.lipsync.visualsBytes()).isZero();
  }

  @Test
  void theAvatarUsedLongestAgoGoesAndOneInUseStays() {
    ReferenceCrops two = new Serving.Colours(2);
    ReferenceCrops four = new Serving.Colours(4);
    Uploads.put(serving.channel, Serving.CROPS, Serving.SUM);
    Uploads.put(serving.channel, two, sum(two));
    Talk talk = Talk.start(serving.channel).open(Serving.opening().build());
    talk.next();
    Uploads.put(serving.channel, four, sum(four));
    assertThat(serving.lipsync.visualsBytes()).isEqualTo(7 * PICTURE);
    assertThat(Uploads.put(serving.channel, Serving.CROPS, Serving.SUM).getKnown()).isTrue();

    ReferenceCrops five = new Serving.Colours(5);
    assertThatThrownBy(() -> Uploads.put(serving.channel, five, sum(five)))
        .hasMessageContaining("RESOURCE_EXHAUSTED");
    talk.halfClose().expectEnd();
    Serving.awaitNot(() -> engine.openStreams.get() > 0 || serving.lipsync.openStreams() > 0);
    Uploads.put(serving.channel, five, sum(five));
    assertThat(serving.lipsync.visualsBytes()).isEqualTo(5 * PICTURE);
  }

  @Test
  void anAvatarOfTheServersOwnNeedsNoUpload() {
    Path tiny = Path.of("..", "avatars", "tiny");
    ByteString sum;
    try (AvatarPackage avatar = AvatarPackage.open(tiny);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.defaultMaxBytes())) {
      sum = ByteString.copyFrom(VisualsSum.of(frames, avatar.manifest().mask()));
    }
    AvatarStore store = new AvatarStore(List.of(Path.of("..", "avatars")));
    VisualsCache cache = new VisualsCache(16 << 20);
    StoredVisuals own = new StoredVisuals(store);
    assertThat(own.provide(sum, "tiny", cache)).isTrue();
    assertThat(cache.holds(sum)).isTrue();
    assertThat(own.provide(Serving.SUM, "tiny", cache)).isFalse();
    assertThat(own.provide(sum, "../tiny", new VisualsCache(16 << 20))).isFalse();
  }
}
