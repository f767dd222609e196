package io.lipstream.benchmarks.live;

import io.lipstream.benchmarks.live.Receiver.Arrival;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import io.lipstream.streaming.webrtc.WebRtcSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What does a live session cost, and how soon and how evenly does it show? A server of its own
 * process is watched over loopback by peers of our own.
 *
 * <pre>
 *   benchmarks/live idle ada-square 16 60       # processor time of idle sessions
 *   benchmarks/live speaking ada-square 1 60    # of speaking ones, inference apart
 *   benchmarks/live skew ada 600                # sound against pictures at the receiver
 *   benchmarks/live connect ada 100             # from the offer to the first picture
 *   benchmarks/live answer ada 20               # from text to the first spoken picture
 *   benchmarks/live interrupt ada 50            # from the call to the last sound
 * </pre>
 */
public final class LiveRuns {
  /** The recorded loop begins with its only keyframe; until then a session keeps its own feed. */
  private static final long BACK_IN_LOOP_NANOS = 8_000_000_000L;

  private static final int WARM_UP_SECONDS = 30;
  private static final String SENTENCE =
      "This is a rather long sentence, which is said again and again for as long as it takes to"
          + " measure what it costs to show somebody who says it. ";

  private final ServerProcess server;
  private final WebRtcEndpoint endpoint;

  private LiveRuns(ServerProcess server, WebRtcEndpoint endpoint) {
    this.server = server;
    this.endpoint = endpoint;
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length < 3) {
      System.err.print(
          """
          usage: benchmarks/live idle|speaking AVATAR SESSIONS SECONDS
                 benchmarks/live skew AVATAR SECONDS
                 benchmarks/live connect|answer|interrupt AVATAR TIMES
          """);
      System.exit(2);
    }
    WebRtcSettings loopback =
        WebRtcSettings.onPort(0).withBindAddress(InetAddress.getLoopbackAddress());
    try (ServerProcess server = ServerProcess.start(arguments[1]);
        WebRtcEndpoint endpoint = WebRtcEndpoint.open(loopback, System::nanoTime)) {
      LiveRuns runs = new LiveRuns(server, endpoint);
      int number = Integer.parseInt(arguments[2]);
      int seconds = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 60;
      switch (arguments[0]) {
        case "idle" -> runs.cost(number, seconds, false);
        case "speaking" -> runs.cost(number, seconds, true);
        case "skew" -> runs.skew(number);
        case "connect" -> runs.connect(number);
        case "answer" -> runs.answer(number);
        case "interrupt" -> runs.interrupt(number);
        default -> throw new IllegalArgumentException("no run is called " + arguments[0]);
      }
    }
  }

  private void cost(int sessionCount, int seconds, boolean speaking)
      throws IOException, InterruptedException {
    List<String> sessions = new ArrayList<>();
    List<Receiver> receivers = new ArrayList<>();
    for (int i = 0; i < sessionCount; i++) {
      String session = server.createSession();
      sessions.add(session);
      receivers.add(Receiver.join(server, session, endpoint, LiveVideoCodec.VP8, false));
      receivers.getLast().awaitPicture();
    }
    if (speaking) {
      String speech = SENTENCE.repeat(1 + (WARM_UP_SECONDS + seconds) / 6);
      for (String session : sessions) {
        server.say(session, speech);
      }
    }
    Thread.sleep(WARM_UP_SECONDS * 1000L);
    Map<String, Long> threadsBefore = server.cpuNanosByThread();
    long before = server.cpuNanos();
    long from = System.nanoTime();
    int picturesBefore = pictureCount(receivers);
    Thread.sleep(seconds * 1000L);
    int pictures = pictureCount(receivers) - picturesBefore;
    double wall = System.nanoTime() - from;
    double total = server.cpuNanos() - before;
    Map<String, Long> threads = server.cpuNanosByThread();
    receivers.forEach(Receiver::close);

    double inference = 0;
    double speech = 0;
    double compilation = 0;
    for (Map.Entry<String, Long> thread : threads.entrySet()) {
      double spent = thread.getValue() - threadsBefore.getOrDefault(thread.getKey(), 0L);
      String name = thread.getKey();
      inference += name.startsWith("inference") ? spent : 0;
      speech += isOfTheVoice(name) ? spent : 0;
      compilation += name.contains("CompilerThre") ? spent : 0;
      if (spent / wall > 0.001) {
        System.out.printf(Locale.ROOT, "  %-16s %6.2f %% of a core%n", name, 100 * spent / wall);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%d %s sessions, %.1f pictures a second each%n",
        sessionCount,
        speaking ? "speaking" : "idle",
        pictures / (wall / 1e9) / sessionCount);
    System.out.printf(
        Locale.ROOT, "all: %.2f %% of a core for each%n", 100 * total / wall / sessionCount);
    System.out.printf(
        Locale.ROOT,
        "without inference, speech synthesis and just-in-time compilation: %.2f %%%n",
        100 * (total - inference - speech - compilation) / wall / sessionCount);
  }

  /** MaryTTS gives the thread that makes a sentence's sound no name. */
  private static boolean isOfTheVoice(String thread) {
    return thread.startsWith("speech") || thread.startsWith("mary") || thread.equals("Thread");
  }

  private static int pictureCount(List<Receiver> receivers) {
    int sum = 0;
    for (Receiver receiver : receivers) {
      synchronized (receiver.pictures) {
        sum += receiver.pictures.size();
      }
    }
    return sum;
  }

  /** Of each picture: how much later than the sound that belongs to it it came. */
  private void skew(int seconds) throws IOException, InterruptedException {
    String session = server.createSession();
    Receiver receiver = Receiver.join(server, session, endpoint, LiveVideoCodec.VP8, false);
    receiver.awaitPicture();
    long until = System.nanoTime() + seconds * 1_000_000_000L;
    while (System.nanoTime() < until) {
      server.say(session, SENTENCE); // Speech and rest in turns, with the changes between feeds.
      Thread.sleep(20_000);
    }
    receiver.close();
    Thread.sleep(500);
    List<Double> skews = new ArrayList<>();
    List<Double> minutes = new ArrayList<>();
    int sound = 0;
    for (Arrival picture : receiver.pictures) {
      while (sound + 1 < receiver.sounds.size()
          && receiver.sounds.get(sound + 1).atNanos() <= picture.atNanos()) {
        sound++;
      }
      Arrival heard = receiver.sounds.get(sound);
      if (picture.latenessNanos() != 0 && heard.latenessNanos() != 0) {
        skews.add((picture.latenessNanos() - heard.latenessNanos()) / 1e6);
        minutes.add((picture.atNanos() - receiver.beganNanos) / 60e9);
      }
    }
    int minute = Math.max(1, Math.min(skews.size() / 4, 25 * 60));
    System.out.printf(Locale.ROOT, "%d pictures, sound against pictures in ms:%n", skews.size());
    System.out.printf(
        Locale.ROOT, "  absolute  %s%n", percentiles(skews.stream().map(Math::abs).toList()));
    System.out.printf(Locale.ROOT, "  beginning %s%n", percentiles(skews.subList(0, minute)));
    System.out.printf(
        Locale.ROOT,
        "  end       %s%n",
        percentiles(skews.subList(skews.size() - minute, skews.size())));
    System.out.printf(
        Locale.ROOT, "  grows by  %.3f ms a minute (least squares)%n", slope(minutes, skews));
    // One that warms up comes to rest; clocks that differ never do.
    System.out.print("  medians of the minutes");
    int from = 0;
    for (int i = 1; from < minutes.size(); i++) {
      int to = from;
      while (to < minutes.size() && minutes.get(to) < i) {
        to++;
      }
      if (to > from) {
        double[] sorted =
            skews.subList(from, to).stream().mapToDouble(Double::doubleValue).sorted().toArray();
        System.out.printf(Locale.ROOT, " %.1f", sorted[sorted.length / 2]);
      }
      from = to;
    }
    System.out.println();
  }

  private static double slope(List<Double> x, List<Double> y) {
    double meanX = x.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    double meanY = y.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    double both = 0;
    double square = 0;
    for (int i = 0; i < x.size(); i++) {
      both += (x.get(i) - meanX) * (y.get(i) - meanY);
      square += (x.get(i) - meanX) * (x.get(i) - meanX);
    }
    return both / square;
  }

  private void connect(int times) throws IOException, InterruptedException {
    String session = server.createSession();
    List<Double> connections = new ArrayList<>();
    List<Double> pictures = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      Receiver receiver = Receiver.join(server, session, endpoint, LiveVideoCodec.VP8, false);
      receiver.awaitPicture();
      connections.add((receiver.connectedNanos - receiver.beganNanos) / 1e6);
      pictures.add((receiver.firstPictureNanos - receiver.beganNanos) / 1e6);
      receiver.close();
      Thread.sleep(200);
    }
    System.out.printf(
        Locale.ROOT, "%d connections, from before the offer, in ms, the first ones cold:%n", times);
    System.out.printf(Locale.ROOT, "  connected     %s%n", percentiles(connections));
    System.out.printf(Locale.ROOT, "  first picture %s%n", percentiles(pictures));
  }

  private void answer(int times) throws IOException, InterruptedException {
    String session = server.createSession();
    Receiver receiver = Receiver.join(server, session, endpoint, LiveVideoCodec.VP8, true);
    receiver.awaitPicture();
    List<Double> sounds = new ArrayList<>();
    List<Double> pictures = new ArrayList<>();
    List<Double> ours = new ArrayList<>();
    for (int i = 0; i < times + 3; i++) {
      long asked = System.nanoTime();
      server.say(session, "Hello, this is answer number " + i + ".");
      while (receiver.lastAudibleNanos < asked) {
        Thread.sleep(5);
      }
      while (System.nanoTime() - receiver.lastAudibleNanos < BACK_IN_LOOP_NANOS) {
        Thread.sleep(20);
      }
      if (i >= 3) { // The first ones load classes.
        long heard = firstAfter(receiver.sounds, asked);
        sounds.add((heard - asked) / 1e6);
        // The first spoken picture is the keyframe with which the session's own feed takes over.
        pictures.add((nearest(receiver.pictures, heard) - asked) / 1e6);
        ours.add(server.session(session).findPath("firstPictureMillis").asDouble(Double.NaN));
      }
    }
    receiver.close();
    System.out.printf(
        Locale.ROOT, "%d answers, from the text's request to the receiver, in ms:%n", times);
    System.out.printf(Locale.ROOT, "  first sound   %s%n", percentiles(sounds));
    System.out.printf(Locale.ROOT, "  first picture %s%n", percentiles(pictures));
    System.out.printf(
        Locale.ROOT,
        "  of which from the sound being there (the server's own figure) %s%n",
        percentiles(ours));
  }

  /** Interrupts in the middle of a sentence, at moments spread over half a second. */
  private void interrupt(int times) throws IOException, InterruptedException {
    String session = server.createSession();
    Receiver receiver = Receiver.join(server, session, endpoint, LiveVideoCodec.VP8, true);
    receiver.awaitPicture();
    List<Double> silences = new ArrayList<>();
    List<Double> calls = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      long asked = System.nanoTime();
      server.say(session, SENTENCE);
      while (receiver.lastAudibleNanos < asked) {
        Thread.sleep(5);
      }
      Thread.sleep(1000 + i * 97 % 500);
      long called = System.nanoTime();
      server.interrupt(session);
      calls.add((System.nanoTime() - called) / 1e6);
      Thread.sleep(1500);
      // A pause between words may have been on at that moment: then nothing came after the call.
      silences.add(Math.max(0, receiver.lastAudibleNanos - called) / 1e6);
    }
    receiver.close();
    System.out.printf(Locale.ROOT, "%d interruptions, from before the call, in ms:%n", times);
    System.out.printf(Locale.ROOT, "  last packet with sound %s%n", percentiles(silences));
    System.out.printf(Locale.ROOT, "  the call's answer      %s%n", percentiles(calls));
  }

  private static long firstAfter(List<Arrival> arrivals, long nanos) {
    synchronized (arrivals) {
      return arrivals.stream()
          .filter(arrival -> arrival.marked() && arrival.atNanos() >= nanos)
          .mapToLong(Arrival::atNanos)
          .min()
          .orElseThrow();
    }
  }

  private static long nearest(List<Arrival> arrivals, long nanos) {
    synchronized (arrivals) {
      return arrivals.stream()
          .filter(Arrival::marked)
          .mapToLong(Arrival::atNanos)
          .boxed()
          .min(java.util.Comparator.comparingLong(at -> Math.abs(at - nanos)))
          .orElseThrow();
    }
  }

  private static String percentiles(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    int last = sorted.length - 1;
    return String.format(
        Locale.ROOT,
        "median %.1f, p95 %.1f, p99 %.1f, most %.1f",
        sorted[last / 2],
        sorted[(int) Math.round(last * 0.95)],
        sorted[(int) Math.round(last * 0.99)],
        sorted[last]);
  }
}
