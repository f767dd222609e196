package io.lipstream.benchmarks.live;

import io.lipstream.streaming.rtp.PcmDecoder;
import io.lipstream.streaming.rtp.PlayoutBuffer;
import io.lipstream.streaming.rtp.PlayoutSettings;
import io.lipstream.streaming.rtp.PlayoutStatistics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * How a minute of live sound comes through networks and clocks of several kinds, in virtual time.
 *
 * <p>The sound is a tone with a pause of 0.2 s every 1.2 s, in packets of 20 ms at 16 kHz.
 *
 * <pre>
 *   benchmarks/playout [MINUTES]      fifty of each kind, where nothing else is said
 * </pre>
 */
public final class PlayoutRuns {
  private static final int RATE_HZ = 16_000;
  private static final int STRETCH = RATE_HZ / PlayoutBuffer.PULLS_PER_SECOND;
  private static final int PACKETS = 3_000;
  private static final int SETTLED = 500;
  private static final double DELAY_SECONDS = 0.1;

  private PlayoutRuns() {}

  private record Sent(int number, double arrivesSeconds) {}

  private enum Network {
    EVEN("even"),
    UNIFORM("5 % lost, jitter of 60 ms either way"),
    NORMAL("5 % lost, normal jitter, deviation 40 ms"),
    TCP("in order, jitter 60 ms, 5 % held up by 60 ms"),
    FAST("sender's clock 200 ppm fast"),
    SLOW("sender's clock 1000 ppm slow");

    private final String title;

    Network(String title) {
      this.title = title;
    }
  }

  /** Measures and prints a table. */
  public static void main(String[] args) {
    int minutes = args.length > 0 ? Integer.parseInt(args[0]) : 50;
    System.out.printf(
        "%-46s underruns  worst  concealed ms  late packets  waiting ms%n", "a minute");
    for (Network network : Network.values()) {
      measure(network, minutes);
    }
  }

  private static void measure(Network network, int minutes) {
    double underruns = 0;
    long worst = 0;
    double concealed = 0;
    double late = 0;
    int[] waiting = {Integer.MAX_VALUE, 0};
    for (int seed = 1; seed <= minutes; seed++) {
      PlayoutStatistics played = play(sent(network, new Random(seed)), waiting);
      underruns += played.underruns();
      worst = Math.max(worst, played.underruns());
      concealed += played.concealedMillis();
      late += played.latePackets();
    }
    System.out.printf(
        Locale.ROOT,
        "%-46s %9.2f  %5d  %12.0f  %12.1f  %d to %d%n",
        network.title,
        underruns / minutes,
        worst,
        concealed / minutes,
        late / minutes,
        waiting[0],
        waiting[1]);
  }

  private static List<Sent> sent(Network network, Random random) {
    List<Sent> all = new ArrayList<>();
    double free = 0;
    for (int i = 0; i < PACKETS; i++) {
      double seconds = 0.02 * i;
      boolean unlucky = random.nextDouble() < 0.05;
      double jitter = 0.06 * (2 * random.nextDouble() - 1);
      switch (network) {
        case EVEN -> all.add(new Sent(i, seconds + DELAY_SECONDS));
        case UNIFORM -> {
          if (!unlucky) {
            all.add(new Sent(i, seconds + DELAY_SECONDS + jitter));
          }
        }
        case NORMAL -> {
          if (!unlucky) {
            double delay = Math.max(0, DELAY_SECONDS + 0.04 * random.nextGaussian());
            all.add(new Sent(i, seconds + delay));
          }
        }
        case TCP -> {
          free = Math.max(free, seconds + DELAY_SECONDS + jitter / 2 + (unlucky ? 0.06 : 0));
          all.add(new Sent(i, free));
        }
        case FAST -> all.add(new Sent(i, seconds * (1 - 200e-6) + DELAY_SECONDS));
        case SLOW -> all.add(new Sent(i, seconds * (1 + 1_000e-6) + DELAY_SECONDS));
      }
    }
    all.sort(Comparator.comparingDouble(Sent::arrivesSeconds));
    return all;
  }

  private static PlayoutStatistics play(List<Sent> sent, int[] waiting) {
    float[] out = new float[STRETCH];
    try (PlayoutBuffer buffer =
        new PlayoutBuffer(RATE_HZ, new PcmDecoder(RATE_HZ, 1), PlayoutSettings.DEFAULT)) {
      int arrived = 0;
      for (int pull = 0; pull < PACKETS; pull++) {
        while (arrived < sent.size() && sent.get(arrived).arrivesSeconds() <= 0.02 * pull) {
          Sent one = sent.get(arrived++);
          long nanos = Math.round(1e9 * one.arrivesSeconds());
          byte[] packet = packet(one.number());
          buffer.push(packet, 0, packet.length, one.number() * STRETCH, nanos);
        }
        buffer.pull(out, 20_000_000L * pull);
        if (pull > SETTLED) {
          int now = buffer.statistics().waitingMillis();
          waiting[0] = Math.min(waiting[0], now);
          waiting[1] = Math.max(waiting[1], now);
        }
      }
      return buffer.statistics();
    }
  }

  private static byte[] packet(int number) {
    byte[] packet = new byte[2 * STRETCH];
    if (number % 60 >= 10) {
      for (int i = 0; i < STRETCH; i++) {
        double turns = 440.0 * (number * STRETCH + i) / RATE_HZ;
        int sample = (int) Math.round(16_000 * Math.sin(2 * Math.PI * turns));
        packet[2 * i] = (byte) sample;
        packet[2 * i + 1] = (byte) (sample >> 8);
      }
    }
    return packet;
  }
}
