package io.lipstream.inference;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Keeps ONNX Runtime from reporting to its makers.
 *
 * <p>From 1.29 on, the library collects facts about the machine when its environment is made and
 * sends them over the network, on Linux and macOS too. Lipstream calls nobody unasked. The
 * collection also matches the whole command line against a backtracking regular expression, which
 * overflows the stack and ends the process without a word once a class path has a few thousand
 * characters. Only the process's environment can prevent both, and it is read before any call could
 * be made, so this sets the variable for its own process, unless the user has set it.
 */
final class Telemetry {
  private static final String VARIABLE = "ORT_DISABLE_TELEMETRY";

  private static final boolean SWITCHED_OFF = setVariable();

  private Telemetry() {}

  /** Does it once, on first use; false where the system has no setenv, as on Windows. */
  static boolean switchOff() {
    return SWITCHED_OFF;
  }

  private static boolean setVariable() {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> setenv = linker.defaultLookup().find("setenv");
    if (setenv.isEmpty()) {
      return false;
    }
    MethodHandle call =
        linker.downcallHandle(
            setenv.get(),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    int keepExisting = 0;
    try (Arena arena = Arena.ofConfined()) {
      int failure =
          (int)
              call.invokeExact(arena.allocateFrom(VARIABLE), arena.allocateFrom("1"), keepExisting);
      return failure == 0;
    } catch (Throwable e) {
      throw new IllegalStateException("setenv(" + VARIABLE + ") failed", e);
    }
  }
}
