package io.lipstream.app.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.AudioFile;
import io.lipstream.media.picture.I420Frame;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of pictures and sounds that are recorded. */
final class RecordingTest {
  private static final long FIRST_TICK = 1000;
  private static final int RATE_HZ = 48_000;

  @TempDir private Path folder;
  private final BlockingQueue<Recording.End> ends = new LinkedBlockingQueue<>();
  private final Random random = new Random(11);
  private final float[] sound = new float[960];

  private Recording to(OutputStream file, int maxPictures) {
    return new Recording("r", 64, 64, maxPictures, file, ends::add);
  }

  private I420Frame noise() {
    I420Frame picture = new I420Frame(64, 64);
    random.nextBytes(picture.data());
    return picture;
  }

  /** A tone from a sample of the recording on. */
  private void tone(long number) {
    for (int i = 0; i < sound.length; i++) {
      sound[i] = (float) (0.5 * Math.sin((number * 960 + i) * 0.1));
    }
  }

  /** A picture of a tick and its two sounds, no faster than they are written. */
  private void show(Recording recording, long tick) throws InterruptedException {
    recording.picture(tick, noise());
    for (long number = 2 * tick; number < 2 * tick + 2; number++) {
      tone(number);
      recording.sound(number, sound);
    }
    long end = System.nanoTime() + 60_000_000_000L;
    while (recording.isBehind()) {
      assertThat(System.nanoTime()).as("waiting for the recorder").isLessThan(end);
      Thread.sleep(1);
    }
  }

  private static double[] loudness(Path file) {
    try (AudioFile played = AudioFile.open(file)) {
      double[] sums = new double[1000];
      float[] samples = new float[960];
      int at = 0;
      for (int count = played.read(samples, 960); count > 0; count = played.read(samples, 960)) {
        for (int i = 0; i < count; i++) {
          sums[(at + i) / (RATE_HZ / 25)] += samples[i] * samples[i];
        }
        at += count;
      }
      return Arrays.copyOf(sums, at / (RATE_HZ / 25));
    }
  }

  @Test
  void keepsSoundWithItsPictureAcrossAGap() throws Exception {
    Path file = folder.resolve("a.mp4");
    Recording recording = to(Files.newOutputStream(file), 1000);
    for (long tick = FIRST_TICK; tick < FIRST_TICK + 50; tick++) {
      if (tick < FIRST_TICK + 20 || tick >= FIRST_TICK + 30) { // ten were never shown
        show(recording, tick);
      }
    }
    recording.close();
    Recording.End end = ends.take();
    double[] loudness = loudness(file);

    assertThat(end.failure()).isNull();
    assertThat(end.pictures() + end.picturesDropped()).isBetween(50L, 51L);
    assertThat((double) loudness.length).isCloseTo(50, within(2.0));
    assertThat(loudness[10]).isGreaterThan(50);
    assertThat(loudness[25]).as("silence where nothing was shown").isLessThan(1);
    assertThat(loudness[40]).isGreaterThan(50);
  }

  @Test
  void whatWasWrittenBeforeTheDiskWasFullCanBePlayed() throws Exception {
    Path file = folder.resolve("a.mp4");
    int room = 400_000;
    OutputStream full =
        new FilterOutputStream(Files.newOutputStream(file)) {
          private int written;

          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            written += length;
            if (written > room) {
              throw new IOException("No space left on device");
            }
            out.write(bytes, offset, length);
          }
        };
    Recording recording = to(full, 100_000);
    long tick = FIRST_TICK;
    while (ends.isEmpty()) {
      show(recording, tick++);
    }
    Recording.End end = ends.take();

    LipstreamException failure = Objects.requireNonNull(end.failure());
    assertThat(failure).hasMessageContaining("No space left");
    assertThat(failure.hint()).contains("space");
    assertThat(Files.size(file)).isGreaterThan(room / 4);
    assertThat(loudness(file).length).as("pictures' times of sound").isGreaterThan(20);
    recording.picture(tick, noise()); // takes no more, and does not mind
    recording.close();
  }

  @Test
  void endsByItselfWhenItsTimeIsOver() throws Exception {
    Recording recording = to(OutputStream.nullOutputStream(), 25);
    long tick = FIRST_TICK;
    while (ends.isEmpty()) {
      show(recording, tick++);
    }
    assertThat(ends.take().pictures()).isBetween(25L, 60L);
    recording.close();
  }

  @Test
  void neverHoldsUpWhoShowsPictures() throws Exception {
    Object gate = new Object();
    boolean[] open = new boolean[1];
    OutputStream stuck =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            write(new byte[1], 0, 1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            synchronized (gate) {
              while (!open[0]) {
                try {
                  gate.wait();
                } catch (InterruptedException e) {
                  throw new IOException(e);
                }
              }
            }
          }
        };
    Recording recording = to(stuck, 100_000);
    for (long tick = 0; tick < 2_000; tick++) {
      recording.picture(tick, noise());
      recording.sound(2 * tick, sound);
    }
    synchronized (gate) {
      open[0] = true;
      gate.notifyAll();
    }
    recording.close();
    assertThat(ends.take().picturesDropped()).isGreaterThan(100);
  }

  @Test
  void nothingShownIsNoFailure() throws Exception {
    to(Files.newOutputStream(folder.resolve("a.mp4")), 10).close();
    assertThat(ends.take().pictures()).isZero();
  }
}
