package io.lipstream.media.audio;

import static java.util.Objects.checkFromIndexSize;

import java.util.Arrays;

/**
 * Turns speech at 16 kHz into rows of 80 mel levels, 80 rows a second, as the samples come.
 *
 * <p>Row r looks at samples 200 r - 400 to 200 r + 399 after pre-emphasis, zeros outside, so it
 * leaves 25 ms of sound after its middle. Per row: periodic Hann window, magnitudes of the
 * 800-point spectrum, mel triangles, 20 log10 with a floor of 1e-5 and 20 dB taken off, mapped to
 * [-4, 4]; digital silence is -4. Rows depend on the samples alone, never on how they were cut into
 * pushes.
 *
 * <p>One owner; allocates nothing while running.
 */
public final class MelExtractor {
  /** Levels in one row. */
  public static final int BANDS = MelBank.BANDS;

  /** Samples from one row to the next. */
  public static final int HOP_SAMPLES = 200;

  /** What shorter utterances are filled up to with silence, to yield the 16 rows of one window. */
  public static final int MIN_SAMPLES = 3000;

  private static final int FRAME_SAMPLES = RealFft.SIZE;
  private static final double PRE_EMPHASIS = 0.97;
  private static final double FLOOR = 1e-5;
  private static final MelBank BANK = new MelBank();
  private static final double[] PERIODIC_HANN = periodicHann();

  private final FeatureSink rows;
  private final RealFft fft = new RealFft();

  /** The pre-emphasised samples that the next row looks at; {@link #filled} of them are known. */
  private final double[] frame = new double[FRAME_SAMPLES];

  private final double[] magnitudes = new double[BANK.highestBin() + 1];
  private final float[] row = new float[BANDS];

  private int filled;
  private float previous;
  private long sampleCount;
  private long rowCount;
  private boolean finished;

  /**
   * An extractor at the start of an utterance.
   *
   * @param rows receives each row of {@link #BANDS} levels as soon as its samples are there
   */
  public MelExtractor(FeatureSink rows) {
    this.rows = rows;
    reset();
  }

  private static double[] periodicHann() {
    double[] window = new double[FRAME_SAMPLES];
    for (int n = 0; n < FRAME_SAMPLES; n++) {
      window[n] = 0.5 - 0.5 * Math.cos(2 * Math.PI * n / FRAME_SAMPLES);
    }
    return window;
  }

  /** Forgets the utterance, finished or not, and starts another. */
  public void reset() {
    Arrays.fill(frame, 0);
    filled = FRAME_SAMPLES / 2;
    previous = 0;
    sampleCount = 0;
    rowCount = 0;
    finished = false;
  }

  /**
   * Takes the next samples.
   *
   * @param samples mono at 16 kHz in [-1, 1], from index 0
   */
  public void push(float[] samples, int count) {
    checkFromIndexSize(0, count, samples.length);
    requireUnfinished();
    for (int i = 0; i < count; i++) {
      push(samples[i]);
    }
  }

  /** Yields the rows that reach beyond the last sample: 1 + floor(samples / 200) rows in all. */
  public void finish() {
    requireUnfinished();
    while (sampleCount < MIN_SAMPLES) {
      push(0);
    }
    finished = true;
    long wanted = 1 + sampleCount / HOP_SAMPLES;
    while (rowCount < wanted) {
      Arrays.fill(frame, filled, FRAME_SAMPLES, 0);
      emit();
    }
  }

  private void requireUnfinished() {
    if (finished) {
      throw new IllegalStateException("finished: reset() starts the next utterance");
    }
  }

  private void push(float sample) {
    frame[filled++] = sample - PRE_EMPHASIS * previous;
    previous = sample;
    sampleCount++;
    if (filled == FRAME_SAMPLES) {
      emit();
    }
  }

  private void emit() {
    fft.magnitudes(frame, PERIODIC_HANN, BANK.lowestBin(), BANK.highestBin(), magnitudes);
    for (int band = 0; band < BANDS; band++) {
      row[band] = normalisedLevel(BANK.sum(band, magnitudes));
    }
    System.arraycopy(frame, HOP_SAMPLES, frame, 0, FRAME_SAMPLES - HOP_SAMPLES);
    filled -= HOP_SAMPLES;
    rows.accept(rowCount++, row);
  }

  private static float normalisedLevel(double mel) {
    double levelDb = 20 * Math.log10(Math.max(FLOOR, mel)) - 20;
    double normalised = 8 * (levelDb + 100) / 100 - 4;
    return (float) Math.max(-4, Math.min(4, normalised));
  }
}
