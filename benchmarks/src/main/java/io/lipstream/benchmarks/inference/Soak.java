package io.lipstream.benchmarks.inference;

import io.lipstream.inference.client.InferenceTarget;
import io.lipstream.inference.client.RemoteGenerator;
import io.lipstream.media.lipsync.MouthGenerator;
import io.lipstream.media.lipsync.ReferenceCrops;
import io.lipstream.media.picture.Rect;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Does a server grow under load? Finds how many frames a second it draws at most, then asks for a
 * share of that from several sessions, which come and go, and samples heap, resident memory,
 * threads and file descriptors of the server's process.
 *
 * <p>{@code benchmarks/soak} starts it.
 */
public final class Soak {
  private static final int SESSIONS = 8;
  private static final int BATCH = 4;
  private static final int SIDE_PX = 320;
  private static final int FRAMES = 16;
  private static final int SESSION_SECONDS = 20;
  private static final int CALIBRATION_SECONDS = 20;
  private static final int SAMPLE_MILLIS = 5000;
  private static final double SHARE = 0.8;

  private final InferenceTarget target;
  private final String model;
  private final long pid;
  private final URI metrics;
  private final AtomicLong drawn = new AtomicLong();
  private final AtomicLong opened = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();

  private Soak(String server, String model, long pid, String metrics) {
    target = InferenceTarget.parse(server);
    this.model = model;
    this.pid = pid;
    this.metrics = URI.create(metrics);
  }

  /**
   * Runs.
   *
   * @param args HOST:PORT, model, the server's process, its metrics page, minutes, the CSV to write
   */
  public static void main(String[] args) throws Exception {
    Soak soak = new Soak(args[0], args[1], Long.parseLong(args[2]), args[3]);
    soak.run(Double.parseDouble(args[4]), Path.of(args[5]));
  }

  private void run(double minutes, Path csv) throws Exception {
    load(CALIBRATION_SECONDS / 2.0, Double.POSITIVE_INFINITY); // warms up
    drawn.set(0);
    long start = System.nanoTime();
    load(CALIBRATION_SECONDS, Double.POSITIVE_INFINITY);
    double most = drawn.get() / ((System.nanoTime() - start) / 1e9);
    if (most < 1) {
      throw new IllegalStateException(
          "less than a frame a second was drawn: this machine is too busy for a soak");
    }
    double rate = SHARE * most;
    System.out.printf(Locale.ROOT, "at most %.1f frames a second; soaking at %.1f%n", most, rate);
    drawn.set(0);
    try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(csv))) {
      out.println("seconds,frames_per_second,heap_mb,rss_mb,threads,file_descriptors");
      Thread sampler = Thread.ofVirtual().start(() -> sample(out));
      load(minutes * 60, rate);
      sampler.interrupt();
      sampler.join();
    }
    System.out.printf(
        Locale.ROOT,
        "%d frames in %.1f min, %d sessions opened, %d calls failed%n",
        drawn.get(),
        minutes,
        opened.get(),
        failed.get());
  }

  /** Sessions for a time, all together at a pace. */
  private void load(double seconds, double framesPerSecond) throws InterruptedException {
    long end = System.nanoTime() + Math.round(seconds * 1e9);
    long stepNanos =
        Double.isInfinite(framesPerSecond)
            ? 0
            : Math.round(1e9 * BATCH * SESSIONS / framesPerSecond);
    List<Thread> sessions = new ArrayList<>();
    for (int i = 0; i < SESSIONS; i++) {
      int number = i;
      sessions.add(
          Thread.ofPlatform()
              .name("session-" + i)
              .start(
                  () -> {
                    while (System.nanoTime() < end) {
                      session(number, end, stepNanos);
                    }
                  }));
    }
    for (Thread session : sessions) {
      session.join();
    }
  }

  private void session(int number, long end, long stepNanos) {
    long last = Math.min(end, System.nanoTime() + SESSION_SECONDS * 1_000_000_000L);
    Random random = new Random(number);
    int[] frames = new int[BATCH];
    float[] windows = new float[BATCH * MouthGenerator.AUDIO_WINDOW_FLOATS];
    byte[] mouths = new byte[BATCH * 3 * SIDE_PX * SIDE_PX];
    opened.incrementAndGet();
    // All sessions show one avatar, so its pictures are sent once.
    try (MouthGenerator generator =
        RemoteGenerator.open(target, model, new Noise(), new Rect(5, 5, 315, 310), 1)) {
      long due = System.nanoTime() + (stepNanos * number) / SESSIONS;
      while (System.nanoTime() < last) {
        due = Math.max(due + stepNanos, System.nanoTime() - stepNanos);
        sleepUntil(due);
        for (int i = 0; i < BATCH; i++) {
          frames[i] = random.nextInt(FRAMES);
        }
        for (int i = 0; i < windows.length; i += 7) {
          windows[i] = random.nextFloat();
        }
        generator.generate(BATCH, frames, windows, mouths);
        drawn.addAndGet(BATCH);
      }
    } catch (RuntimeException e) {
      if (failed.incrementAndGet() < 10) {
        System.out.println("failed: " + e);
      }
    }
  }

  private static void sleepUntil(long nanos) {
    long left = nanos - System.nanoTime();
    if (left > 0) {
      try {
        Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void sample(PrintWriter out) {
    long start = System.nanoTime();
    long before = drawn.get();
    try (HttpClient client = HttpClient.newHttpClient()) {
      while (true) {
        Thread.sleep(SAMPLE_MILLIS);
        long now = drawn.get();
        String line =
            String.format(
                Locale.ROOT,
                "%.0f,%.1f,%.1f,%.1f,%d,%d",
                (System.nanoTime() - start) / 1e9,
                (now - before) * 1000.0 / SAMPLE_MILLIS,
                heapMegabytes(client),
                status("VmRSS:") / 1024.0,
                status("Threads:"),
                descriptors());
        before = now;
        out.println(line);
        out.flush();
      }
    } catch (InterruptedException e) {
      // The load has ended.
    } catch (IOException e) {
      System.out.println("sampling ended: " + e);
    }
  }

  private double heapMegabytes(HttpClient client) throws IOException, InterruptedException {
    return client
            .send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.ofLines())
            .body()
            .filter(line -> line.startsWith("jvm_memory_used_bytes{area=\"heap\""))
            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
            .sum()
        / (1 << 20);
  }

  private long status(String key) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
      return lines
          .filter(line -> line.startsWith(key))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .sum();
    }
  }

  private long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return open.count();
    }
  }

  /** Pictures of nobody. */
  private static final class Noise implements ReferenceCrops {
    @Override
    public int frameCount() {
      return FRAMES;
    }

    @Override
    public int roiPx() {
      return SIDE_PX;
    }

    @Override
    public void copyRoi(int frameIndex, byte[] bgr) {
      new Random(frameIndex).nextBytes(bgr);
    }
  }
}
