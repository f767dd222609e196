package io.lipstream.app.live;

import io.lipstream.media.LipstreamException;
import java.io.File;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Recordings of sessions: those under way, and those in the folder, which outlive session and
 * server until they are too old or too many. Thread-safe.
 *
 * <p>What is kept is read from the folder each time, so that files of a server before this one
 * count, and files that somebody took away do not.
 */
public final class Recordings implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Recordings.class);
  private static final int ID_BYTES = 9;

  /** So much is left to others on the disk. */
  private static final long RESERVED_BYTES = 256L << 20;

  private static final int BYTES_BETWEEN_LOOKS = 1 << 20;
  private static final int MAX_REMEMBERED = 1_000;
  private static final String NAME = "[A-Za-z0-9_-]{1,64}";

  private final Path folder;
  private final Limits limits;
  private final InstantSource clock;
  private final LongAdder deleted = new LongAdder();
  private final ScheduledExecutorService housekeeping =
      Executors.newSingleThreadScheduledExecutor(
          work -> Thread.ofPlatform().daemon().name("recordings-tidy").unstarted(work));
  private final SecureRandom random = new SecureRandom();

  /** Held while one tidies up: whoever else does has all of it done when it returns. */
  private final Object tidying = new Object();

  // Guarded by this.
  private final Map<String, Running> running = new HashMap<>();
  private final Map<String, Recording.End> ends = new LinkedHashMap<>();
  private final Map<Path, Integer> readers = new HashMap<>();

  /**
   * How many there may be.
   *
   * @param longest after which one ends by itself
   * @param atOnce how many may be under way
   * @param keep after which one that has ended is deleted; zero: never
   * @param keepBytes that all may take before the oldest that have ended are deleted; 0: any number
   */
  public record Limits(Duration longest, int atOnce, Duration keep, long keepBytes) {}

  /** One whose file is being read, which keeps it from being deleted to make room. */
  public interface Reading extends AutoCloseable {
    Path file();

    @Override
    void close();
  }

  /**
   * How one stands.
   *
   * @param state recording, ready, or cut, which is ready but ended before it was stopped
   * @param message why it was cut; empty otherwise
   */
  public record Description(
      String session,
      String id,
      String state,
      Duration duration,
      long bytes,
      String message,
      String hint) {}

  private record Running(LiveSession session, Recording recording) {}

  /** A file of the folder, whose name says what it is. */
  private record Kept(String session, String id, Path file, Instant at, long bytes) {}

  /**
   * Over a folder, which is made when it is needed.
   *
   * @param clock by which recordings grow old, as the folder's files do
   */
  public Recordings(Path folder, Limits limits, InstantSource clock) {
    this.folder = folder;
    this.limits = limits;
    this.clock = clock;
    var _ = housekeeping.scheduleWithFixedDelay(this::tidy, 0, 1, TimeUnit.MINUTES);
  }

  /** Deletes what is too old, then the oldest until the rest is not too much. */
  void tidy() {
    synchronized (tidying) {
      tidyUp();
    }
  }

  private void tidyUp() {
    try {
      Instant oldest = limits.keep().isZero() ? Instant.MIN : clock.instant().minus(limits.keep());
      List<Kept> all = kept("");
      long bytes = all.stream().mapToLong(Kept::bytes).sum();
      for (Kept each : all) {
        boolean old = each.at().isBefore(oldest);
        boolean tooMuch = limits.keepBytes() > 0 && bytes > limits.keepBytes();
        if (!old && !tooMuch) {
          continue;
        }
        boolean deletedHere;
        synchronized (this) {
          if (running.containsKey(each.id()) || readers.containsKey(each.file())) {
            continue;
          }
          ends.remove(each.id());
          deletedHere = Files.deleteIfExists(each.file());
        }
        bytes -= each.bytes(); // Whoever deleted it meanwhile.
        if (deletedHere) {
          deleted.increment();
          LOG.info(
              "session {}: recording {} deleted, {} bytes of {}: {}",
              each.session(),
              each.id(),
              each.bytes(),
              each.at(),
              old ? "older than recordings.keep_days" : "all take more than recordings.keep_gb");
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("recordings in {} cannot be tidied up: {}", folder, e.toString());
    }
  }

  /** Those of a session, or of all of them where its id is empty; the oldest first. */
  private List<Kept> kept(String session) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Kept> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        String name = file.getFileName().toString();
        if (name.matches(NAME + "\\." + NAME + "\\.mp4")) {
          String[] parts = name.split("\\.", -1);
          if (session.isEmpty() || parts[0].equals(session)) {
            File now = file.toFile(); // zeros where it has gone meanwhile
            Instant at = Instant.ofEpochMilli(now.lastModified());
            found.add(new Kept(parts[0], parts[1], file, at, now.length()));
          }
        }
      }
    }
    found.sort(Comparator.comparing(Kept::at).thenComparing(Kept::id));
    return found;
  }

  /** Opens one for reading; close it when its bytes are out. */
  public synchronized Optional<Reading> read(String session, String id) {
    if (find(session, id).isEmpty()) {
      return Optional.empty();
    }
    Path file = file(session, id);
    readers.merge(file, 1, Integer::sum);
    AtomicBoolean open = new AtomicBoolean(true);
    return Optional.of(
        new Reading() {
          @Override
          public Path file() {
            return file;
          }

          @Override
          public void close() {
            if (open.compareAndSet(true, false)) {
              doneReading(file);
            }
          }
        });
  }

  /** The same of a session's last one. */
  public Optional<Reading> readLast(String session) {
    try {
      List<Kept> all = session.isEmpty() ? List.of() : kept(session);
      return all.isEmpty() ? Optional.empty() : read(session, all.getLast().id());
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private LipstreamException unreadable(IOException e) {
    return new LipstreamException(
        LipstreamException.Kind.OUTPUT,
        "the recordings in " + folder + " cannot be listed: " + e,
        "check its permissions",
        e);
  }

  private synchronized void doneReading(Path file) {
    readers.computeIfPresent(file, (key, count) -> count == 1 ? null : count - 1);
  }

  /** How many were deleted by themselves, for metrics. */
  public long deletedCount() {
    return deleted.sum();
  }

  /** What all of them take on the disk, for metrics. */
  public long bytes() {
    try {
      return kept("").stream().mapToLong(Kept::bytes).sum();
    } catch (IOException | RuntimeException e) {
      return 0;
    }
  }

  /**
   * Begins to record a session.
   *
   * @return empty if it is being recorded already
   * @throws LipstreamException if it has ended, too many are under way, or nothing can be written
   */
  public Optional<Description> start(LiveSession session) {
    byte[] bytes = new byte[ID_BYTES];
    random.nextBytes(bytes);
    String id = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    synchronized (this) {
      if (session.isRecorded()) {
        return Optional.empty();
      }
      if (running.size() >= limits.atOnce()) {
        throw new LipstreamException(
            LipstreamException.Kind.ENVIRONMENT,
            "all " + limits.atOnce() + " recordings are taken",
            "stop one, or raise recordings.at_once");
      }
      Path file = file(session.id(), id);
      OutputStream out = open(file);
      try {
        Recording recording =
            session.record(id, limits.longest(), out, end -> ended(session, id, end));
        running.put(id, new Running(session, recording));
      } catch (RuntimeException e) {
        discard(file, out);
        throw e;
      }
    }
    session.tell(new SessionEvent.Recorded(id, "recording", "", ""));
    return Optional.of(describe(session.id(), id));
  }

  private OutputStream open(Path file) {
    try {
      Files.createDirectories(folder);
      return new Bounded(Files.newOutputStream(file));
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.OUTPUT,
          "recordings cannot be written to " + folder + ": " + e,
          "check its permissions, or give another with api.data_folder",
          e);
    }
  }

  private static void discard(Path file, OutputStream out) {
    try (out) {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("{} cannot be deleted: {}", file, e.toString());
    }
  }

  private void ended(LiveSession session, String id, Recording.End end) {
    LipstreamException failure = end.failure();
    synchronized (this) {
      running.remove(id);
      ends.put(id, end);
      if (ends.size() > MAX_REMEMBERED) {
        ends.remove(ends.keySet().iterator().next());
      }
    }
    if (failure == null) {
      session.tell(new SessionEvent.Recorded(id, "ready", "", ""));
    } else {
      LOG.warn("session {}: recording {} ended: {}", session.id(), id, failure.getMessage());
      session.tell(new SessionEvent.Recorded(id, "cut", failure.getMessage(), failure.hint()));
    }
    LOG.info("session {}: recording {} has {} pictures", session.id(), id, end.pictures());
  }

  /** Ends one and waits until its file is whole; does nothing if it has ended. */
  public void stop(String session, String id) {
    Running one;
    synchronized (this) {
      one = running.get(id);
    }
    if (one != null && one.session().id().equals(session)) {
      one.session().stopRecording(id);
      one.recording().close();
    }
  }

  public Optional<Description> find(String session, String id) {
    return isName(session) && isName(id) && Files.exists(file(session, id))
        ? Optional.of(describe(session, id))
        : Optional.empty();
  }

  /** Those of a session, or of all of them where its id is empty. */
  public List<Description> list(String session) {
    try {
      return kept(session).stream()
          .map(each -> describe(each.session(), each.id()))
          .sorted(Comparator.comparing(Description::session).thenComparing(Description::id))
          .toList();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private Path file(String session, String id) {
    if (!isName(session) || !isName(id)) {
      throw new IllegalArgumentException("no ids: " + session + ", " + id);
    }
    return folder.resolve(session + "." + id + ".mp4");
  }

  private static boolean isName(String text) {
    return text.matches(NAME);
  }

  /** Ends and deletes one. */
  public void delete(String session, String id) {
    stop(session, id);
    synchronized (this) {
      ends.remove(id);
    }
    try {
      Files.deleteIfExists(file(session, id));
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.OUTPUT,
          "recording " + id + " cannot be deleted: " + e,
          "check the permissions of " + folder,
          e);
    }
  }

  private synchronized Description describe(String session, String id) {
    long bytes = file(session, id).toFile().length();
    if (running.containsKey(id)) {
      return new Description(session, id, "recording", Duration.ZERO, bytes, "", "");
    }
    Recording.End end = ends.get(id);
    if (end == null) { // of a server before this one
      return new Description(session, id, "ready", Duration.ZERO, bytes, "", "");
    }
    Duration duration = Duration.ofMillis(end.pictures() * 1000 / Beat.PICTURES_PER_SECOND);
    LipstreamException failure = end.failure();
    return failure == null
        ? new Description(session, id, "ready", duration, bytes, "", "")
        : new Description(
            session, id, "cut", duration, bytes, failure.getMessage(), failure.hint());
  }

  /** Ends all that are under way. */
  @Override
  public void close() {
    housekeeping.shutdownNow();
    List<Running> all;
    synchronized (this) {
      all = List.copyOf(running.values());
    }
    all.forEach(each -> each.recording().close());
  }

  /** A file that leaves some of its disk to others. */
  private final class Bounded extends FilterOutputStream {
    private long untilLook;

    Bounded(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      untilLook -= length;
      if (untilLook < 0) {
        untilLook = BYTES_BETWEEN_LOOKS;
        if (Files.getFileStore(folder).getUsableSpace() < RESERVED_BYTES) {
          throw new IOException("No space left on device");
        }
      }
      out.write(bytes, offset, length);
    }
  }
}
