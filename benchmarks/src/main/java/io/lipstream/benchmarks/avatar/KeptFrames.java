package io.lipstream.benchmarks.avatar;

import com.sun.management.OperatingSystemMXBean;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.Background;
import io.lipstream.media.avatar.FrameBounds;
import io.lipstream.media.avatar.FrameMemory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Should an avatar's frames be kept decoded or as they are in their files? Prints what both take in
 * memory, and in processor time for each frame that is shown.
 *
 * <p>{@code java -Xmx1g -cp benchmarks/target/classes:$(cat benchmarks/target/classpath)
 * io.lipstream.benchmarks.avatar.KeptFrames avatars/ada avatars/sam}
 */
public final class KeptFrames {
  private static final int WARM_ROUNDS = 5;
  private static final int ROUNDS = 15;

  private KeptFrames() {}

  public static void main(String[] folders) throws IOException {
    System.out.println("avatar  kept        background     memory  CPU a frame");
    for (String folder : folders) {
      try (AvatarPackage avatar = AvatarPackage.open(Path.of(folder))) {
        int count = avatar.manifest().frames().count();
        long files = bytes(Path.of(folder, "frames"));
        long decoded = count * AvatarFrames.bytesPerFrame(avatar);
        Background navy = Background.colour("navy");
        measure(avatar, "decoded", count, null, decoded);
        measure(avatar, "compressed", FrameBounds.LEAST_FRAMES, null, files);
        measure(
            avatar,
            "compressed",
            FrameBounds.LEAST_FRAMES,
            navy,
            files + bytes(Path.of(folder, "matte")));
      }
    }
  }

  private static long bytes(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }

  private static void measure(
      AvatarPackage avatar, String kept, int framesOfOne, @Nullable Background behind, long bytes) {
    FrameMemory memory = new FrameMemory(new FrameBounds(framesOfOne, 1L << 30));
    try (AvatarFrames frames = AvatarFrames.hold(avatar, memory, behind)) {
      int shown = 0;
      long fromNanos = 0;
      for (int round = 0; round < WARM_ROUNDS + ROUNDS; round++) {
        if (round == WARM_ROUNDS) {
          fromNanos = cpuNanos();
          shown = 0;
        }
        for (int i = 0; i < frames.frameCount(); i++) {
          shown += frames.frame(i).picture().widthPx() > 0 ? 1 : 0;
        }
      }
      System.out.printf(
          Locale.ROOT,
          "%-7s %-11s %-10s %7.1f MB  %9.4f ms%n",
          avatar.manifest().name(),
          kept,
          behind == null ? "its own" : behind,
          bytes / 1e6,
          (cpuNanos() - fromNanos) / 1e6 / shown);
    }
  }

  private static long cpuNanos() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : 0;
  }
}
