package io.lipstream.speech.recognition;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.lipstream.media.LipstreamException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The functions of Debian's libpocketsphinx3 and its model of American English, through the
 * foreign-function interface.
 */
final class PocketSphinx {
  private static final Path MODEL = Path.of("/usr/share/pocketsphinx/model/en-us");
  private static final String PACKAGES = "libpocketsphinx3 pocketsphinx-en-us";
  private static final int MAX_TEXT_BYTES = 1 << 16;

  private final List<Path> model;
  private final MethodHandle arguments;
  private final MethodHandle parse;
  private final MethodHandle freeConfiguration;
  private final MethodHandle create;
  private final MethodHandle destroy;
  private final MethodHandle start;
  private final MethodHandle process;
  private final MethodHandle end;
  private final MethodHandle hypothesis;

  private PocketSphinx(List<Path> model, SymbolLookup decoder, SymbolLookup base) {
    this.model = model;
    arguments = function(decoder, "ps_args", ADDRESS);
    parse =
        function(base, "cmd_ln_parse_r", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
    freeConfiguration = function(base, "cmd_ln_free_r", JAVA_INT, ADDRESS);
    create = function(decoder, "ps_init", ADDRESS, ADDRESS);
    destroy = function(decoder, "ps_free", JAVA_INT, ADDRESS);
    start = function(decoder, "ps_start_utt", JAVA_INT, ADDRESS);
    process =
        function(
            decoder, "ps_process_raw", JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT);
    end = function(decoder, "ps_end_utt", JAVA_INT, ADDRESS);
    hypothesis = function(decoder, "ps_get_hyp", ADDRESS, ADDRESS, ADDRESS);
    silence(base);
  }

  /**
   * Switches the log off, which is one for all decoders: each one told to log to a file of its own
   * closes that of the others while they write, and they hang.
   */
  private static void silence(SymbolLookup base) {
    MemorySegment address =
        base.find("err_set_callback")
            .orElseThrow(() -> new IllegalArgumentException("no function err_set_callback"));
    MethodHandle setCallback =
        Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.ofVoid(ADDRESS, ADDRESS));
    var _ =
        call(
            () -> {
              setCallback.invokeExact(MemorySegment.NULL, MemorySegment.NULL);
              return true;
            });
  }

  private static MethodHandle function(
      SymbolLookup library, String name, MemoryLayout result, MemoryLayout... arguments) {
    MemorySegment address =
        library.find(name).orElseThrow(() -> new IllegalArgumentException("no function " + name));
    return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(result, arguments));
  }

  /**
   * Finds libraries and model on this machine.
   *
   * @throws LipstreamException naming the packages to install
   */
  static PocketSphinx load() {
    return load(MODEL);
  }

  /** As the other, with the model of another folder. */
  static PocketSphinx load(Path folder) {
    List<Path> model =
        Stream.of("en-us", "en-us.lm.bin", "cmudict-en-us.dict").map(folder::resolve).toList();
    for (Path file : model) {
      if (!Files.exists(file)) {
        throw absent("there is no " + file, null);
      }
    }
    try {
      return new PocketSphinx(
          model,
          SymbolLookup.libraryLookup("libpocketsphinx.so.3", Arena.global()),
          SymbolLookup.libraryLookup("libsphinxbase.so.3", Arena.global()));
    } catch (IllegalArgumentException | IllegalCallerException e) {
      throw absent(String.valueOf(e.getMessage()), e);
    }
  }

  private static LipstreamException absent(String reason, @Nullable Exception cause) {
    String message = "speech cannot be recognised on this machine: " + reason;
    String hint =
        "on Debian or Ubuntu: apt-get install "
            + PACKAGES
            + "; or name a recognition server; typing works without";
    return cause == null
        ? new LipstreamException(LipstreamException.Kind.ENVIRONMENT, message, hint)
        : new LipstreamException(LipstreamException.Kind.ENVIRONMENT, message, hint, cause);
  }

  /** A fresh decoder, 0.3 s of work; one that was used before hears the same sound differently. */
  Decoder open() {
    return new Decoder();
  }

  /** Recognises one utterance. One thread. */
  final class Decoder implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment configuration;
    private final MemorySegment decoder;

    private Decoder() {
      List<String> options =
          List.of(
              "lipstream",
              "-hmm",
              model.get(0).toString(),
              "-lm",
              model.get(1).toString(),
              "-dict",
              model.get(2).toString());
      MemorySegment strings = arena.allocate(ADDRESS, options.size());
      for (int i = 0; i < options.size(); i++) {
        strings.setAtIndex(ADDRESS, i, arena.allocateFrom(options.get(i)));
      }
      configuration =
          address(
              () ->
                  (MemorySegment)
                      parse.invokeExact(
                          MemorySegment.NULL,
                          (MemorySegment) arguments.invokeExact(),
                          options.size(),
                          strings,
                          1));
      decoder = address(() -> (MemorySegment) create.invokeExact(configuration));
      check("ps_start_utt", () -> (int) start.invokeExact(decoder));
    }

    /** Takes the next samples at 16 kHz. */
    void process(short[] samples) {
      try (Arena piece = Arena.ofConfined()) {
        MemorySegment memory = piece.allocateFrom(JAVA_SHORT, samples);
        check(
            "ps_process_raw",
            () -> (int) process.invokeExact(decoder, memory, (long) samples.length, 0, 0));
      }
    }

    /** Says that the utterance is over; text() is final then. */
    void end() {
      check("ps_end_utt", () -> (int) end.invokeExact(decoder));
    }

    /** What was understood so far; may be empty. */
    String text() {
      MemorySegment text =
          call(() -> (MemorySegment) hypothesis.invokeExact(decoder, MemorySegment.NULL));
      return text.address() == 0 ? "" : text.reinterpret(MAX_TEXT_BYTES).getString(0).strip();
    }

    @Override
    public void close() {
      call(() -> (int) destroy.invokeExact(decoder));
      call(() -> (int) freeConfiguration.invokeExact(configuration));
      arena.close();
    }
  }

  /** A call into the library. */
  private interface Call<T> {
    T now() throws Throwable;
  }

  private static <T> T call(Call<T> call) {
    try {
      return call.now();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("no C function throws", e);
    }
  }

  private static MemorySegment address(Call<MemorySegment> call) {
    MemorySegment address = call(call);
    if (address.address() == 0) {
      throw broken("its decoder does not start");
    }
    return address;
  }

  private static void check(String function, Call<Integer> call) {
    int result = call(call);
    if (result < 0) {
      throw broken(function + " returned " + result);
    }
  }

  private static LipstreamException broken(String reason) {
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT,
        "PocketSphinx fails on this machine: " + reason,
        "install its packages again: apt-get install --reinstall " + PACKAGES);
  }
}
