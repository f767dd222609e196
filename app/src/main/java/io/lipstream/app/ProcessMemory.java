package io.lipstream.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory this process has used at most, native libraries included. */
final class ProcessMemory {
  private ProcessMemory() {}

  /** The peak resident size as Linux counts it; 0 where the system does not tell. */
  static long peakBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException e) {
      // Not a Linux.
    }
    return 0;
  }
}
