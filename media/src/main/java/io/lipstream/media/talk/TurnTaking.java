package io.lipstream.media.talk;

import static java.util.Objects.checkFromIndexSize;

import java.time.Duration;

/**
 * Finds a person's turns in the sound of their microphone.
 *
 * <p>A turn begins when enough windows in a row are speech and ends when none was for a while.
 * While the avatar can be heard, its own voice may come back through the microphone (browsers take
 * most of it away, not all): then speech must be surer and longer, and must not be what the avatar
 * just said, which the {@link EchoGuard} decides.
 *
 * <p>user(), endTurn() and close() belong to one thread, avatar() to any one other.
 */
public final class TurnTaking implements AutoCloseable {
  private static final int RATE_HZ = 16_000;
  private static final int WINDOW = VoiceActivity.WINDOW_SAMPLES;
  private static final long WINDOW_NANOS = 1_000_000_000L * WINDOW / RATE_HZ;

  private static final long SAMPLE_NANOS = 1_000_000_000L / RATE_HZ;

  /** How far the microphone's own count of time may be off before it is set again. */
  private static final long STRAY_NANOS = 200_000_000;

  /** A word has quiet windows too; more of them than this and the count starts anew. */
  private static final int QUIET_WINDOWS_IN_SPEECH = 3;

  /** Windows in a row that no echo explains; one alone may be a room's whim. */
  private static final int STRANGE_WINDOWS = 3;

  private final VoiceActivity.Stream activity;
  private final TurnSettings settings;
  private final TurnListener listener;
  private final EchoGuard echo;
  private final int endWindows;
  private final int longestWindows;

  /** The windows before a turn, oldest at {@link #next}, ready to be its pre-roll. */
  private final float[][] before;

  private int next;
  private int stored;

  private final float[] window = new float[WINDOW];
  private int filled;
  private long windowNanos;

  private boolean speaking;
  private int speechWindows;
  private int strangeWindows;
  private int quietWindows;
  private int turnWindows;

  /**
   * A person who has not spoken yet.
   *
   * @param activity owned from now on
   */
  public TurnTaking(VoiceActivity.Stream activity, TurnSettings settings, TurnListener listener) {
    this.activity = activity;
    this.settings = settings;
    this.listener = listener;
    this.echo = new EchoGuard();
    this.endWindows = Math.max(1, windows(settings.endSilence()));
    this.longestWindows = Math.max(1, windows(settings.longestTurn()));
    Duration longestStart =
        settings.minimumSpeech().compareTo(settings.bargeInSpeech()) > 0
            ? settings.minimumSpeech()
            : settings.bargeInSpeech();
    // Speech that is not sure yet is already a part of the turn.
    int startWindows = windows(longestStart) + QUIET_WINDOWS_IN_SPEECH * 2;
    this.before = new float[Math.max(1, windows(settings.preRoll()) + startWindows)][WINDOW];
  }

  private static int windows(Duration duration) {
    return Math.toIntExact(Math.ceilDiv(duration.toNanos(), WINDOW_NANOS));
  }

  /**
   * Takes the microphone's next sound.
   *
   * @param mono16k samples in [-1, 1] at 16 kHz
   * @param nanos when its first sample came, on the clock of {@link #avatar}
   */
  public void user(float[] mono16k, int offset, int count, long nanos) {
    checkFromIndexSize(offset, count, mono16k.length);
    long expected = windowNanos + filled * SAMPLE_NANOS;
    if (nanos - expected > settings.endSilence().toNanos()) {
      endTurn();
      activity.reset();
      filled = 0;
      speechWindows = 0;
      stored = 0;
    }
    if (Math.abs(nanos - expected) > STRAY_NANOS) {
      windowNanos = nanos - filled * SAMPLE_NANOS;
    }
    for (int done = 0; done < count; ) {
      int part = Math.min(count - done, WINDOW - filled);
      System.arraycopy(mono16k, offset + done, window, filled, part);
      done += part;
      filled += part;
      if (filled == WINDOW) {
        filled = 0;
        hear();
        windowNanos += WINDOW_NANOS;
      }
    }
  }

  /**
   * Takes what the avatar says, so that its echo is known.
   *
   * @param mono16k samples in [-1, 1] at 16 kHz
   * @param nanos when its first sample is presented; not before the last ones
   */
  public void avatar(float[] mono16k, int offset, int count, long nanos) {
    echo.played(mono16k, offset, count, nanos);
  }

  private void hear() {
    float probability = activity.probability(window, 0);
    echo.heard(window, windowNanos);
    if (speaking) {
      listener.userSpoke(window, 0, WINDOW);
      turnWindows++;
      quietWindows = probability >= settings.speechProbability() ? 0 : quietWindows + 1;
      if (quietWindows >= endWindows || turnWindows >= longestWindows) {
        endTurn();
      }
      return;
    }
    store();
    boolean guarded = echo.possible(windowNanos);
    double least = guarded ? settings.bargeInProbability() : settings.speechProbability();
    if (probability < least) {
      if (speechWindows > 0 && ++quietWindows > QUIET_WINDOWS_IN_SPEECH) {
        speechWindows = 0;
        strangeWindows = 0;
      }
      return;
    }
    speechWindows++;
    quietWindows = 0;
    Duration needed = guarded ? settings.bargeInSpeech() : settings.minimumSpeech();
    if (speechWindows < windows(needed)) {
      return;
    }
    boolean mayBeEcho = guarded && settings.echoGuard();
    strangeWindows = mayBeEcho && echo.explains() ? 0 : strangeWindows + 1;
    if (!mayBeEcho || strangeWindows >= STRANGE_WINDOWS) {
      startTurn();
    }
  }

  private void store() {
    System.arraycopy(window, 0, before[next], 0, WINDOW);
    next = (next + 1) % before.length;
    stored = Math.min(stored + 1, before.length);
  }

  private void startTurn() {
    speaking = true;
    quietWindows = 0;
    turnWindows = 0;
    echo.forgetRoom();
    listener.userStarted();
    int wanted =
        Math.min(stored, windows(settings.preRoll()) + speechWindows + QUIET_WINDOWS_IN_SPEECH);
    for (int i = wanted; i > 0; i--) {
      listener.userSpoke(before[Math.floorMod(next - i, before.length)], 0, WINDOW);
    }
    speechWindows = 0;
    strangeWindows = 0;
    stored = 0;
  }

  /** Ends a turn at once, as when a push-to-talk button is let go; does nothing outside of one. */
  public void endTurn() {
    if (speaking) {
      speaking = false;
      quietWindows = 0;
      listener.userStopped();
    }
  }

  /** Whether a turn is on. */
  public boolean speaking() {
    return speaking;
  }

  @Override
  public void close() {
    activity.close();
  }
}
