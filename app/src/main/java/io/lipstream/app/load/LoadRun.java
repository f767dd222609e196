package io.lipstream.app.load;

import com.sun.management.OperatingSystemMXBean;
import io.lipstream.media.LipstreamException;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;

/**
 * One measurement: sessions are created and watched, speak and rest for as long as the plan says,
 * and end. Each session has a virtual thread that makes its requests; what comes in is taken by the
 * endpoint's thread.
 */
public final class LoadRun {
  /** Viewers that connect at the same time: more, and each only waits for the others. */
  private static final int JOINING = 4;

  private static final long FIRST_PICTURE_SECONDS = 30;
  private static final long SECOND_NANOS = 1_000_000_000;
  private static final OperatingSystemMXBean OS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  /** Is told how a run goes, about once a second. */
  @FunctionalInterface
  public interface Progress {
    void at(String phase, long done, long of, String now);
  }

  private record Member(String session, SessionViewer viewer, Speaker speaker) {}

  /** What was used so far at one moment. */
  private record Reading(long nanos, double serverSeconds, double toolSeconds, int speaking) {}

  private final LoadPlan plan;
  private final Sentences sentences;
  private final ServerCalls calls;
  private final ServerCost cost;
  private final WebRtcEndpoint endpoint;
  private final Progress progress;

  private final List<Member> members = new CopyOnWriteArrayList<>();
  private final ConcurrentLinkedQueue<Double> firstPictures = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<String> refusals = new ConcurrentLinkedQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  public LoadRun(
      LoadPlan plan,
      Sentences sentences,
      ServerCalls calls,
      ServerCost cost,
      WebRtcEndpoint endpoint,
      Progress progress) {
    this.plan = plan;
    this.sentences = sentences;
    this.calls = calls;
    this.cost = cost;
    this.endpoint = endpoint;
    this.progress = progress;
  }

  /** Measures, which takes the warm-up, the duration and what connecting takes. */
  public LoadResult run() throws InterruptedException {
    double bytesBefore = cost.read().residentBytes();
    try {
      join();
      if (members.isEmpty() && refusals.isEmpty()) {
        throw new LipstreamException(
            LipstreamException.Kind.ENVIRONMENT,
            "no session could be watched: " + failures.peek(),
            "lipstream doctor, and the server's own log, may tell why");
      }
      speak();
      pass("warming up", plan.warmUp());
      ServerCalls.Counted before = counted();
      OS.getCpuLoad(); // What the next reading is measured against.
      List<Reading> readings = pass("measuring", plan.duration());
      double machineBusy = OS.getCpuLoad();
      return result(readings, counted().since(before), machineBusy, bytesBefore);
    } finally {
      leave();
    }
  }

  private void join() throws InterruptedException {
    Semaphore turn = new Semaphore(JOINING);
    List<Thread> joining = new ArrayList<>();
    for (int i = 0; i < plan.sessions(); i++) {
      turn.acquire();
      progress.at("connecting", i, plan.sessions(), "");
      int number = i;
      joining.add(
          Thread.startVirtualThread(
              () -> {
                try {
                  join(number);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                } finally {
                  turn.release();
                }
              }));
    }
    for (Thread each : joining) {
      each.join();
    }
  }

  private void join(int number) throws InterruptedException {
    try {
      String session = calls.create(plan.avatar());
      SessionViewer viewer =
          new SessionViewer(endpoint, sentences.areTexts() ? SessionViewer.ANY_TONE : number);
      // Mixed, for neighbouring seeds of Random begin with nearly the same numbers.
      long seed = new SplittableRandom(plan.seed() * 1_000_003 + number).nextLong();
      Speaker speaker =
          new Speaker(calls, session, viewer, sentences, turns(number, seed), () -> stopped);
      members.add(new Member(session, viewer, speaker));
      viewer.accept(calls.watch(session, viewer.offer()));
      Optional<Double> millis = viewer.awaitPicture(FIRST_PICTURE_SECONDS);
      millis.ifPresentOrElse(
          firstPictures::add,
          () -> failures.add("a viewer saw no picture within " + FIRST_PICTURE_SECONDS + " s"));
    } catch (ServerCalls.RefusedException e) {
      refusals.add(String.valueOf(e.getMessage()));
    } catch (LipstreamException e) {
      failures.add(String.valueOf(e.getMessage()));
    }
  }

  private Turns turns(int number, long seed) {
    return plan.starts() == LoadPlan.Starts.EVEN
        ? Turns.even(plan.duty(), (double) number / plan.sessions(), sentences.seconds(0))
        : Turns.random(plan.duty(), sentences.meanSeconds(), new Random(seed));
  }

  private void speak() {
    if (plan.duty() > 0) {
      members.forEach(each -> threads.add(Thread.startVirtualThread(each.speaker()::run)));
    }
  }

  /** Lets time pass and tells each second how it goes; every other one is noted. */
  private List<Reading> pass(String phase, Duration length) throws InterruptedException {
    List<Reading> readings = new ArrayList<>();
    readings.add(reading());
    long from = readings.getFirst().nanos();
    int picturesBefore = pictures();
    for (long second = 1; second <= length.toSeconds(); second++) {
      long left = from + second * SECOND_NANOS - System.nanoTime();
      Thread.sleep(Math.max(0, left / 1_000_000));
      int pictures = pictures();
      progress.at(
          phase,
          second,
          length.toSeconds(),
          String.format(
              Locale.ROOT,
              "%d sessions, %d speak, %.1f fps each",
              members.size(),
              speaking(),
              (double) (pictures - picturesBefore) / Math.max(1, members.size())));
      picturesBefore = pictures;
      if (second * SECOND_NANOS % Watched.RATE_NANOS == 0) {
        readings.add(reading());
      }
    }
    return readings;
  }

  private int pictures() {
    return members.stream().mapToInt(each -> each.viewer().pictureCount()).sum();
  }

  private int speaking() {
    return (int) members.stream().filter(each -> each.speaker().isSpeaking()).count();
  }

  private Reading reading() throws InterruptedException {
    return new Reading(
        System.nanoTime(), cost.read().cpuSeconds(), OS.getProcessCpuTime() / 1e9, speaking());
  }

  private ServerCalls.Counted counted() throws InterruptedException {
    ServerCalls.Counted all = ServerCalls.Counted.NOTHING;
    for (Member each : members) {
      try {
        all = all.and(calls.counted(each.session()));
      } catch (ServerCalls.RefusedException | LipstreamException e) {
        failures.add("a session cannot be asked any more: " + e.getMessage());
      }
    }
    return all;
  }

  private LoadResult result(
      List<Reading> readings, ServerCalls.Counted counted, double machineBusy, double bytesBefore)
      throws InterruptedException {
    long from = readings.getFirst().nanos();
    long to = readings.getLast().nanos();
    double seconds = (to - from) / 1e9;
    List<Arrivals> noted = members.stream().map(each -> each.viewer().noted()).toList();
    List<Watched> watched = noted.stream().map(each -> new Watched(each, from, to)).toList();
    List<double[]> rates = watched.stream().map(Watched::framesPerSecond).toList();
    long strange = 0;
    double spoken = 0;
    for (int i = 0; i < noted.size(); i++) {
      Member member = members.get(i);
      strange += member.speaker().strangeSounds(noted.get(i), from);
      strange += member.viewer().strangeTones();
      spoken += member.speaker().spokenSeconds(from, to);
      failures.addAll(member.speaker().failures());
      if (!member.viewer().end().isEmpty()) {
        failures.add("a viewer was cut off: " + member.viewer().end());
      }
    }
    double bytes = cost.read().residentBytes();
    return new LoadResult(
        plan,
        firstPictures.size(),
        refusals.size(),
        spoken / seconds,
        Spread.of(rates.stream().flatMapToDouble(Arrays::stream)),
        Spread.of(firstPictures.stream().mapToDouble(Double::doubleValue)),
        Spread.of(members.stream().flatMapToDouble(each -> each.speaker().answerMillis(from))),
        Spread.of(watched.stream().flatMapToDouble(Watched::latenessMillis)),
        Spread.of(watched.stream().flatMapToDouble(Watched::skewMillis)),
        watched.stream().mapToLong(Watched::pictures).sum(),
        watched.stream().mapToLong(Watched::missing).sum(),
        watched.stream().mapToLong(Watched::doubled).sum(),
        watched.stream().mapToLong(Watched::freezes).sum(),
        strange,
        members.stream().mapToLong(each -> each.viewer().packetsLost()).sum(),
        counted,
        (readings.getLast().serverSeconds() - readings.getFirst().serverSeconds()) / seconds,
        (readings.getLast().toolSeconds() - readings.getFirst().toolSeconds()) / seconds,
        machineBusy,
        bytes,
        bytes - bytesBefore,
        samples(readings, rates),
        List.copyOf(failures));
  }

  private static List<LoadResult.Sample> samples(List<Reading> readings, List<double[]> rates) {
    List<LoadResult.Sample> samples = new ArrayList<>();
    Reading first = readings.getFirst();
    for (int i = 1; i < readings.size(); i++) {
      int window = i - 1;
      Spread fps =
          Spread.of(
              rates.stream()
                  .filter(each -> window < each.length)
                  .mapToDouble(each -> each[window]));
      Reading before = readings.get(window);
      Reading now = readings.get(i);
      double seconds = (now.nanos() - before.nanos()) / 1e9;
      samples.add(
          new LoadResult.Sample(
              (now.nanos() - first.nanos()) / 1e9,
              now.speaking(),
              fps.p1(),
              fps.p50(),
              (now.serverSeconds() - before.serverSeconds()) / seconds,
              (now.toolSeconds() - before.toolSeconds()) / seconds));
    }
    return samples;
  }

  private void leave() throws InterruptedException {
    stopped = true;
    for (Thread thread : threads) {
      thread.join(1000);
    }
    for (Member member : members) {
      member.viewer().close();
      try {
        calls.end(member.session());
      } catch (ServerCalls.RefusedException | LipstreamException e) {
        // It has ended already, or the server has.
      }
    }
  }
}
