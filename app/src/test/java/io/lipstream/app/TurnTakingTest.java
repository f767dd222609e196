package io.lipstream.app;

import static io.lipstream.app.SpokenSounds.RATE_HZ;
import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.inference.SileroActivity;
import io.lipstream.media.talk.TurnListener;
import io.lipstream.media.talk.TurnSettings;
import io.lipstream.media.talk.TurnTaking;
import io.lipstream.media.talk.VoiceActivity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Turns found by the real network in real (synthesised) speech, with and without an echo. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // set before all tests
final class TurnTakingTest {
  private static final int PIECE = 320;
  private static final long START_NANOS = 77_000_000_123L;
  private static final TurnSettings NO_GUARD =
      new TurnSettings(
          0.5,
          0.7,
          Duration.ofMillis(100),
          Duration.ofMillis(250),
          Duration.ofMillis(700),
          Duration.ofMillis(300),
          Duration.ofSeconds(60),
          false);

  private SileroActivity activity;
  private float[] avatarSays;
  private float[] userSays;

  @BeforeAll
  void speak() {
    activity = new SileroActivity();
    avatarSays =
        SpokenSounds.say(
            "Lipstream turns speech into a talking face, live in your browser. A snail wanted to"
                + " see the sea. The hare laughed and said: that will take you a year.");
    userSays =
        SpokenSounds.inAnotherVoice(
            SpokenSounds.say("Wait a moment please, I have another question about that."), 0.85);
  }

  @AfterAll
  void close() {
    activity.close();
  }

  @Test
  void findsNoTurnInSilenceNoiseOrATone() {
    Random random = new Random(3);
    assertThat(turns(new float[3 * RATE_HZ], new float[0])).isEmpty();
    assertThat(turns(SpokenSounds.noise(3, 0.003, random), new float[0])).isEmpty();
    assertThat(turns(SpokenSounds.noise(3, 0.1, random), new float[0])).isEmpty();
    assertThat(turns(SpokenSounds.tone(3, 220, 0.3), new float[0])).isEmpty();
    assertThat(turns(SpokenSounds.tone(3, 1_000, 0.3), new float[0])).isEmpty();
  }

  @Test
  void findsATurnWithItsBeginningAndItsEnd() {
    float[] microphone = SpokenSounds.noise(8, 0.001, new Random(3));
    SpokenSounds.mix(microphone, userSays, 2, 1);
    double end = 2 + (double) userSays.length / RATE_HZ;

    List<Turn> turns = turns(microphone, new float[0]);

    assertThat(turns).hasSize(1);
    Turn turn = turns.getFirst();
    assertThat(turn.startedSeconds).isBetween(2.05, 2.6);
    assertThat(turn.endedSeconds).isBetween(end + 0.1, end + 0.9);
    // From before the first sound to when it ended, without a gap or a repetition.
    double length = (double) turn.sound.size() / RATE_HZ;
    double first = turn.endedSeconds - length;
    assertThat(first).isBetween(1.5, 2.0);
    int window = VoiceActivity.WINDOW_SAMPLES;
    int heard = (int) Math.round(turn.endedSeconds * RATE_HZ) / window * window;
    int offset = heard - turn.sound.size();
    for (int i = 0; i < turn.sound.size(); i++) {
      assertThat(turn.sound.get(i)).isEqualTo(microphone[offset + i]);
    }
  }

  @Test
  void aPauseInsideASentenceEndsNoTurnButALongerOneDoes() {
    float[] microphone = SpokenSounds.noise(14, 0.001, new Random(3));
    double length = (double) userSays.length / RATE_HZ;
    SpokenSounds.mix(microphone, userSays, 1, 1);
    SpokenSounds.mix(microphone, userSays, 1 + length + 0.1, 1);
    assertThat(turns(microphone, new float[0])).hasSize(1);

    float[] twice = SpokenSounds.noise(14, 0.001, new Random(3));
    SpokenSounds.mix(twice, userSays, 1, 1);
    SpokenSounds.mix(twice, userSays, 1 + length + 1.5, 1);
    assertThat(turns(twice, new float[0])).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    "0.03, 0.5, 0.0, 0.0005",
    "0.15, 0.5, 0.2, 0.0005",
    "0.41, 0.1, 0.2, 0.002",
    "0.70, 0.3, 0.2, 0.002",
    "0.25, 1.0, 0.3, 0.0005"
  })
  void theAvatarsEchoIsNoTurn(double delay, double gain, double fadeSeconds, double noise) {
    Random random = new Random(7);
    float[] microphone = SpokenSounds.noise(seconds(avatarSays) + 2, noise, random);
    SpokenSounds.mix(microphone, SpokenSounds.inRoom(avatarSays, fadeSeconds, random), delay, gain);

    assertThat(turns(microphone, avatarSays)).isEmpty();
    assertThat(turns(microphone, avatarSays, NO_GUARD)).as("without the guard").isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource({"0.03, 0.5, 1.0", "0.15, 0.3, 1.0", "0.41, 0.1, 0.5", "0.70, 0.3, 1.0"})
  void anotherVoiceOverTheEchoIsABargeIn(double delay, double gain, double level) {
    Random random = new Random(7);
    float[] microphone = SpokenSounds.noise(seconds(avatarSays) + 2, 0.001, random);
    SpokenSounds.mix(microphone, SpokenSounds.inRoom(avatarSays, 0.2, random), delay, gain);
    double as = SpokenSounds.loudness(avatarSays) / SpokenSounds.loudness(userSays);
    SpokenSounds.mix(microphone, userSays, 3, level * as);

    List<Turn> turns = turns(microphone, avatarSays);

    assertThat(turns).isNotEmpty();
    assertThat(turns.getFirst().startedSeconds).isBetween(3.05, 4.0);
  }

  @Test
  void aWordWhileTheAvatarIsSilentIsATurnAtOnce() {
    float[] microphone = SpokenSounds.noise(4, 0.001, new Random(3));
    SpokenSounds.mix(microphone, SpokenSounds.say("Yes."), 1, 1);
    List<Turn> turns = turns(microphone, new float[0]);
    assertThat(turns).hasSize(1);
    assertThat(turns.getFirst().startedSeconds).isLessThan(1.5);
  }

  @Test
  void aPauseOfTheMicrophoneEndsTheTurn() {
    Recorder recorder = new Recorder();
    try (TurnTaking turns = new TurnTaking(activity.open(), TurnSettings.DEFAULT, recorder)) {
      turns.user(userSays, 0, RATE_HZ, START_NANOS);
      assertThat(turns.speaking()).isTrue();
      turns.user(new float[PIECE], 0, PIECE, START_NANOS + 3_000_000_000L);
      assertThat(turns.speaking()).isFalse();
      assertThat(recorder.turns).hasSize(1);
    }
  }

  @Test
  void aLateBurstAfterANetworksStallLosesNothing() {
    Recorder recorder = new Recorder();
    try (TurnTaking turns = new TurnTaking(activity.open(), TurnSettings.DEFAULT, recorder)) {
      turns.user(userSays, 0, RATE_HZ, START_NANOS);
      turns.user(userSays, RATE_HZ, RATE_HZ, START_NANOS + 1_500_000_000L);
      turns.user(new float[RATE_HZ], 0, RATE_HZ, START_NANOS + 2_000_000_000L);
    }
    assertThat(recorder.turns).hasSize(1);
    assertThat(recorder.turns.getFirst().sound.size()).isGreaterThan(2 * RATE_HZ);
  }

  @Test
  void aTurnCanBeEndedByAButton() {
    Recorder recorder = new Recorder();
    try (TurnTaking turns = new TurnTaking(activity.open(), TurnSettings.DEFAULT, recorder)) {
      turns.endTurn();
      turns.user(userSays, 0, RATE_HZ, START_NANOS);
      turns.endTurn();
      turns.endTurn();
    }
    assertThat(recorder.turns).hasSize(1);
  }

  private static double seconds(float[] sound) {
    return (double) sound.length / RATE_HZ;
  }

  private List<Turn> turns(float[] microphone, float[] avatar) {
    return turns(microphone, avatar, TurnSettings.DEFAULT);
  }

  /** Pushes both in pieces of 20 ms at their time. */
  private List<Turn> turns(float[] microphone, float[] avatar, TurnSettings settings) {
    Recorder recorder = new Recorder();
    VoiceActivity.Stream stream = activity.open();
    try (TurnTaking turns = new TurnTaking(stream, settings, recorder)) {
      for (int at = 0; at + PIECE <= microphone.length; at += PIECE) {
        long nanos = START_NANOS + at * (1_000_000_000L / RATE_HZ);
        if (at + PIECE <= avatar.length) {
          turns.avatar(avatar, at, PIECE, nanos);
        }
        recorder.nowSeconds = (double) (at + PIECE) / RATE_HZ;
        turns.user(microphone, at, PIECE, nanos);
      }
    }
    return recorder.turns;
  }

  private static final class Turn {
    private double startedSeconds;
    private double endedSeconds;
    private final List<Float> sound = new ArrayList<>();
  }

  private static final class Recorder implements TurnListener {
    private final List<Turn> turns = new ArrayList<>();
    private double nowSeconds;

    @Override
    public void userStarted() {
      turns.add(new Turn());
      turns.getLast().startedSeconds = nowSeconds;
    }

    @Override
    public void userSpoke(float[] mono16k, int offset, int count) {
      for (int i = 0; i < count; i++) {
        turns.getLast().sound.add(mono16k[offset + i]);
      }
    }

    @Override
    public void userStopped() {
      turns.getLast().endedSeconds = nowSeconds;
    }
  }
}
