package io.lipstream.benchmarks.live;

import com.sun.management.OperatingSystemMXBean;
import io.lipstream.app.live.LiveParts;
import io.lipstream.app.live.LiveSession;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.app.live.LiveSettings;
import io.lipstream.app.live.SessionRequest;
import io.lipstream.app.live.SessionState.Idle;
import io.lipstream.app.live.SessionState.Speaking;
import io.lipstream.app.live.SessionStatistics;
import io.lipstream.inference.SileroActivity;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.EngineEvents;
import io.lipstream.inference.engine.EngineSettings;
import io.lipstream.inference.engine.LocalEngine;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.speech.Voices;
import io.lipstream.speech.chat.Companion;
import io.lipstream.speech.recognition.PocketSphinxRecognizer;
import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.Viewer;
import io.lipstream.streaming.live.ViewerEvents;
import io.lipstream.streaming.live.ViewerStatistics;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/**
 * How soon does an avatar answer, how soon does it fall silent, and what does a session cost? The
 * connection to the browser is left out: viewers here count what they are handed.
 *
 * <p>{@code benchmarks/talk} starts it.
 */
public final class LiveSpeech {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final String TEXT =
      "The first thing you see in the morning is the fjord, and the last thing is the light on it.";
  private static final int IDLE_SESSIONS = 16;
  private static final int IDLE_SECONDS = 10;
  private static final double SECOND_NANOS = 1e9;

  private final String avatar;
  private final int rounds;
  private final LiveSessions sessions;
  private final SpeechSynthesizer voice;

  private LiveSpeech(String avatar, int rounds, LiveSessions sessions, SpeechSynthesizer voice) {
    this.avatar = avatar;
    this.rounds = rounds;
    this.sessions = sessions;
    this.voice = voice;
  }

  /**
   * Runs.
   *
   * @param args the avatars' folder, an avatar's name, how often to speak
   */
  public static void main(String[] args) throws InterruptedException {
    Catalogue catalogue = Catalogue.empty();
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
                    new AvatarStore(List.of(Path.of(args[0]))),
                    engine,
                    catalogue,
                    voice,
                    companion,
                    recognizer,
                    activity),
                LiveSettings.DEFAULT,
                System::nanoTime)) {
      voice.warmUp();
      LiveSpeech live = new LiveSpeech(args[1], Integer.parseInt(args[2]), sessions, voice);
      live.answers();
      live.speaking();
      live.idle();
    }
  }

  /** Text to sound, sound to picture, interruption to silence. */
  private void answers() throws InterruptedException {
    List<Double> voiceMillis = new ArrayList<>();
    List<Double> pictureMillis = new ArrayList<>();
    List<Double> silenceMillis = new ArrayList<>();
    try (LiveSession session = sessions.create(new SessionRequest(avatar, ""))) {
      Counting viewer = Counting.watch(session);
      await(() -> viewer.pictures > 10);
      for (int round = 0; round < rounds; round++) {
        long asked = System.nanoTime();
        session.say(TEXT);
        await(() -> session.state() instanceof Speaking);
        double first = (System.nanoTime() - asked) / 1e6;
        Thread.sleep(700 + 37L * round % 200);
        double ours = session.statistics().firstPictureNanos() / 1e6;
        long called = System.nanoTime();
        session.interrupt();
        Thread.sleep(300);
        if (round > 0) {
          voiceMillis.add(first - ours);
          pictureMillis.add(ours);
          silenceMillis.add(Math.max(0, (viewer.lastLoudNanos - called) / 1e6));
        }
      }
      print("text to the voice's first sound", voiceMillis);
      print("first sound to first picture", pictureMillis);
      print("interruption to the last old packet", silenceMillis);
    }
  }

  private static void print(String what, List<Double> millis) {
    double[] sorted = millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    System.out.printf(
        Locale.ROOT,
        "%s: median %.0f ms, p95 %.0f ms, worst %.0f ms of %d%n",
        what,
        sorted[sorted.length / 2],
        sorted[(int) Math.ceil(sorted.length * 0.95) - 1],
        sorted[sorted.length - 1],
        sorted.length);
  }

  /** What speaking takes beside the voice, whose sound is made before. */
  private void speaking() throws InterruptedException {
    float[] sound = spoken(voice);
    try (LiveSession session = sessions.create(new SessionRequest(avatar, ""))) {
      Counting viewer = Counting.watch(session);
      await(() -> viewer.pictures > 10);
      session.sayAudio(new Samples(sound));
      await(() -> session.state() instanceof Idle);
      SessionStatistics before = session.statistics();
      long cpu = PROCESS.getProcessCpuTime();
      long inference = cpuOf("inference-");
      long pictures = cpuOf("pictures-");
      long start = System.nanoTime();
      for (int round = 0; round < rounds; round++) {
        session.sayAudio(new Samples(sound));
      }
      await(() -> session.state() instanceof Idle);
      double seconds = (System.nanoTime() - start) / SECOND_NANOS;
      double drawing = (cpuOf("inference-") - inference) / SECOND_NANOS;
      double all = (PROCESS.getProcessCpuTime() - cpu) / SECOND_NANOS;
      double encoding = (cpuOf("pictures-") - pictures) / SECOND_NANOS;
      SessionStatistics after = session.statistics();
      System.out.printf(
          Locale.ROOT,
          "speaking: %.1f %% of a core without inference (%.1f %% pasting and encoding), %.1f %% in"
              + " inference; %d mouths of %d late%n",
          100 * (all - drawing) / seconds,
          100 * encoding / seconds,
          100 * drawing / seconds,
          after.mouthsLate() - before.mouthsLate(),
          after.mouthsDrawn() + after.mouthsLate() - before.mouthsDrawn() - before.mouthsLate());
    }
  }

  /** What the voice says, mono at its own rate. */
  static float[] spoken(SpeechSynthesizer voice) {
    float[] sound = new float[0];
    try (PcmSource source = voice.speak(TEXT, "")) {
      float[] block = new float[48_000];
      for (int count = source.read(block, 4_800); count > 0; count = source.read(block, 4_800)) {
        float[] longer = Arrays.copyOf(sound, sound.length + count);
        System.arraycopy(block, 0, longer, sound.length, count);
        sound = longer;
      }
    }
    return sound;
  }

  /** What sessions that nobody talks to take. */
  private void idle() throws InterruptedException {
    List<LiveSession> all = new ArrayList<>();
    List<Counting> viewers = new ArrayList<>();
    for (int i = 0; i < IDLE_SESSIONS; i++) {
      all.add(sessions.create(new SessionRequest(avatar, "")));
      viewers.add(Counting.watch(all.get(i)));
    }
    await(() -> viewers.stream().allMatch(viewer -> viewer.pictures > 500));
    long cpu = PROCESS.getProcessCpuTime();
    Thread.sleep(1_000L * IDLE_SECONDS);
    double many = (PROCESS.getProcessCpuTime() - cpu) / SECOND_NANOS / IDLE_SECONDS;
    all.subList(1, IDLE_SESSIONS).forEach(LiveSession::close);
    cpu = PROCESS.getProcessCpuTime();
    long pictures = cpuOf("pictures-");
    long sounds = cpuOf("sounds-");
    Thread.sleep(1_000L * IDLE_SECONDS);
    double pictureShare = (cpuOf("pictures-") - pictures) / SECOND_NANOS / IDLE_SECONDS;
    double soundShare = (cpuOf("sounds-") - sounds) / SECOND_NANOS / IDLE_SECONDS;
    double one = (PROCESS.getProcessCpuTime() - cpu) / SECOND_NANOS / IDLE_SECONDS;
    System.out.printf(
        Locale.ROOT,
        "idle: one session %.2f %% of a core (%.2f %% pictures, %.2f %% sound), each more %.3f %%%n",
        100 * one,
        100 * pictureShare,
        100 * soundShare,
        100 * (many - one) / (IDLE_SESSIONS - 1));
    all.getFirst().close();
  }

  private static long cpuOf(String threads) {
    long nanos = 0;
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith(threads)) {
        nanos += Math.max(0, THREADS.getThreadCpuTime(thread.threadId()));
      }
    }
    return nanos;
  }

  private static void await(BooleanSupplier reached) throws InterruptedException {
    while (!reached.getAsBoolean()) {
      Thread.sleep(2);
    }
  }

  /** Counts what it is handed. */
  static final class Counting implements Viewer {
    /** A packet of silence is smaller than any of speech. */
    private static final int SILENT_BYTES = 40;

    private final ViewerEvents events;
    private volatile int pictures;
    private volatile long lastLoudNanos;

    private Counting(ViewerEvents events) {
      this.events = events;
    }

    static Counting watch(LiveSession session) {
      Counting viewer = session.join(Counting::new);
      viewer.events.connected();
      return viewer;
    }

    @Override
    public LiveVideoCodec codec() {
      return LiveVideoCodec.VP8;
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread at a time shows pictures
    public void video(EncodedPicture picture) {
      pictures++;
    }

    @Override
    public void audio(EncodedSound sound) {
      if (sound.length() > SILENT_BYTES) {
        lastLoudNanos = System.nanoTime();
      }
    }

    @Override
    public ViewerStatistics statistics() {
      return new ViewerStatistics(pictures, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public void close() {}
  }

  /** Sound that is there. */
  static final class Samples implements PcmSource {
    private final float[] samples;
    private int position;

    Samples(float[] samples) {
      this.samples = samples;
    }

    @Override
    public PcmFormat format() {
      return new PcmFormat(EncodedSound.RATE_HZ, 1);
    }

    @Override
    public int read(float[] interleaved, int maxFrames) {
      int count = Math.min(maxFrames, samples.length - position);
      System.arraycopy(samples, position, interleaved, 0, count);
      position += count;
      return count == 0 ? -1 : count;
    }

    @Override
    public OptionalLong expectedFrames() {
      return OptionalLong.of(samples.length);
    }

    @Override
    public void close() {}
  }
}
