package io.lipstream.benchmarks.live;

import io.lipstream.app.live.LiveEvents;
import io.lipstream.app.live.LiveParts;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.app.live.LiveSettings;
import io.lipstream.app.live.SessionRequest;
import io.lipstream.app.live.SessionState.Speaking;
import io.lipstream.app.live.SessionStatistics;
import io.lipstream.app.quality.QualitySettings;
import io.lipstream.inference.SileroActivity;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.speech.Voices;
import io.lipstream.speech.chat.Companion;
import io.lipstream.speech.recognition.PocketSphinxRecognizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * What do those who speak notice of a spike, and how soon is it over? Some sessions speak all the
 * time; so many that the machine cannot serve them join for some seconds and fall silent at once.
 *
 * <p>{@code java -cp benchmarks/target/classes:$(cat benchmarks/target/classpath)
 * io.lipstream.benchmarks.live.Spike 1 14 4}, from the project's folder.
 */
public final class Spike {
  private static final long STEP_NANOS = 100_000_000;
  private static final double SECOND_NANOS = 1e9;
  private static final int WARM_SECONDS = 8;
  private static final int WATCHED_SECONDS = 8;

  private final List<LiveSession> steady = new ArrayList<>();
  private final List<LiveSession> crowd = new ArrayList<>();
  private final LiveSessions sessions;
  private final long startNanos = System.nanoTime();
  private long late;
  private long shown;

  /** When the last mouth of those who always speak was late, and the best quality came back. */
  private long lateNanos;

  private long bestNanos;

  private Spike(LiveSessions sessions) {
    this.sessions = sessions;
  }

  /**
   * Runs.
   *
   * @param args how many speak all the time, how many more in the spike, its seconds
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path square = Files.createTempDirectory("avatars");
    SquareAda.write(square);
    Catalogue catalogue = Catalogue.empty();
    LiveSettings byDefault = LiveSettings.DEFAULT;
    try (LocalEngine engine =
            LocalEngine.start(
                EngineSettings.cpu(), catalogue, EngineEvents.NONE, System::nanoTime);
        SpeechSynthesizer voice = Voices.open(new Voices.Settings("", "", ""), Map.of());
        Companion companion = new Companion(InstantSource.system(), ZoneOffset.UTC, 1);
        PocketSphinxRecognizer recognizer = new PocketSphinxRecognizer();
        SileroActivity activity = new SileroActivity();
        LiveSessions sessions =
            LiveSessions.open(
                new LiveParts(
                    new AvatarStore(List.of(square.resolve("lipstream/avatars"))),
                    engine,
                    catalogue,
                    voice,
                    companion,
                    recognizer,
                    activity,
                    LiveEvents.NONE),
                new LiveSettings(
                    byDefault.maxSessions(),
                    byDefault.idleTimeout(),
                    byDefault.bitrateBps(),
                    "",
                    byDefault.turns(),
                    byDefault.playout(),
                    byDefault.options(),
                    QualitySettings.DEFAULT,
                    byDefault.frames()),
                System::nanoTime)) {
      new Spike(sessions)
          .run(
              Integer.parseInt(args[0]),
              Integer.parseInt(args[1]),
              Integer.parseInt(args[2]),
              LiveSpeech.spoken(voice));
    }
  }

  private void run(int always, int more, int seconds, float[] sound) throws InterruptedException {
    for (int i = 0; i < always + more; i++) {
      LiveSession session = sessions.create(new SessionRequest(SquareAda.NAME, ""));
      LiveSpeech.Counting.watch(session);
      (i < always ? steady : crowd).add(session);
    }
    steady.forEach(session -> speak(session, sound, 12));
    System.out.println("from s  speakers  quality  pictures/s of each  mouths late");
    pass(WARM_SECONDS);
    crowd.forEach(session -> speak(session, sound, 4));
    pass(seconds);
    crowd.forEach(LiveSession::interrupt);
    long overNanos = System.nanoTime();
    pass(WATCHED_SECONDS);
    System.out.printf(
        Locale.ROOT,
        "after the spike: the last late mouth after %.1f s, the best quality after %.1f s%n",
        Math.max(0, lateNanos - overNanos) / SECOND_NANOS,
        Math.max(0, bestNanos - overNanos) / SECOND_NANOS);
  }

  /** So often that it lasts. */
  private static void speak(LiveSession session, float[] sound, int times) {
    for (int i = 0; i < times; i++) {
      session.sayAudio(new LiveSpeech.Samples(sound));
    }
  }

  /** Lets time pass and prints each second of it. */
  private void pass(int seconds) throws InterruptedException {
    boolean best = sessions.quality().score() == 100;
    for (int second = 0; second < seconds; second++) {
      long from = System.nanoTime();
      double worst = 100;
      long lateBefore = late;
      for (long step = 1; step <= 10; step++) {
        Thread.sleep(Math.max(0, (from + step * STEP_NANOS - System.nanoTime()) / 1_000_000));
        long lateNow = sum(steady, SessionStatistics::mouthsLate);
        if (lateNow > late) {
          lateNanos = System.nanoTime();
        }
        late = lateNow;
        double score = sessions.quality().score();
        if (score == 100 && !best) {
          bestNanos = System.nanoTime();
        }
        best = score == 100;
        worst = Math.min(worst, score);
      }
      long shownNow = sum(steady, SessionStatistics::picturesShown);
      double took = (System.nanoTime() - from) / SECOND_NANOS;
      System.out.printf(
          Locale.ROOT,
          "%6.1f  %8d  %7.0f  %18.1f  %11d%n",
          (from - startNanos) / SECOND_NANOS,
          steady.size() + crowd.stream().filter(each -> each.state() instanceof Speaking).count(),
          worst,
          (shownNow - shown) / took / steady.size(),
          late - lateBefore);
      shown = shownNow;
    }
  }

  private static long sum(List<LiveSession> of, ToLongFunction<SessionStatistics> what) {
    return of.stream().map(LiveSession::statistics).mapToLong(what).sum();
  }
}
