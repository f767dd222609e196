package io.lipstream.streaming.rtp;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;

/**
 * Lets a live sound that comes unevenly, incomplete, out of order and by another clock be played at
 * an even pace. (A {@link Microphone} feeds a recogniser and need not be even.)
 *
 * <pre>
 *   packets ──by timestamp──> waiting ──decoder, concealment──> VariableRate ──> 20 ms at a time
 * </pre>
 *
 * <p>It is asked for 20 ms every 20 ms. It plays a little faster while packets come earlier, on
 * average, than the target before they are needed, and slower while they come later: by 0.3 % at
 * most, which nobody hears and which makes up for a sender's clock that is wrong by up to 3,000
 * ppm. Where the sound is quiet it goes faster to work: stretches of 20 ms are left out or played
 * twice while 40 ms are too much or too little. The target rises by 20 ms whenever sound came too
 * late, up to 20 ms below the ceiling, and falls back by a millisecond a second.
 *
 * <p>What is missing is concealed for 100 ms and silent from then on. When nothing is left, it
 * waits until there is something again. More than the ceiling for 200 ms, or by half a second at
 * any moment, is left out down to the target. Timestamps that jump by more than two seconds begin
 * anew.
 *
 * <p>Packets come from one thread and sound is taken by another; a lock of its own keeps them
 * apart. Timestamps count samples at the rate of the sound.
 */
public final class PlayoutBuffer implements AutoCloseable {
  /** Bytes of the largest packet; a larger one is not taken. */
  public static final int MAX_PACKET_BYTES = 8_192;

  /** Stretches of sound that are taken in a second. */
  public static final int PULLS_PER_SECOND = 50;

  private static final int MAX_PACKETS = 1_024;
  private static final int CONCEALED_STRETCHES = 5;

  /** Without a packet for so many stretches nothing more is waited for. */
  private static final int NOTHING_COMES_STRETCHES = 6;

  private static final int OVERFULL_STRETCHES = 10;
  private static final double MOST_RATE_CHANGE = 0.003;

  /** Of the rate for each second that waits too much. */
  private static final double RATE_GAIN = 0.05;

  /** How early packets come is smoothed over four seconds: jitter must not be heard. */
  private static final double SMOOTHING_SECONDS = 4;

  private static final double AMISS_SECONDS = 0.040;
  private static final double STRETCH_SECONDS = 1.0 / PULLS_PER_SECOND;

  private static final double TARGET_STEP_SECONDS = 0.020;
  private static final double TARGET_FALL_SECONDS = 0.001 * STRETCH_SECONDS;

  /** 50 dB under full scale: nothing of it is missed. */
  private static final double QUIET = 0.003;

  private static final class Packet {
    private byte[] data = {};
    private int length;
  }

  private final int rateHz;
  private final int stretch;
  private final SoundDecoder decoder;
  private final PlayoutSettings settings;
  private final RtpHeader header = new RtpHeader();
  private final TreeMap<Long, Packet> packets = new TreeMap<>();
  private final Deque<Packet> spare = new ArrayDeque<>();
  private final VariableRate rate;
  private final float[] decoded = new float[SoundDecoder.MAX_SAMPLES];

  private boolean anyPacket;
  private long newest;
  private int packetSamples;
  private boolean playing;
  private boolean startedOnce;
  private boolean ended;
  private boolean closed;

  /** Timestamp of the next sample to be decoded. */
  private long next;

  private int concealedStretches;
  private boolean starving;
  private boolean quiet = true;
  private int stretchesSincePacket;
  private int overfullStretches;
  private long pulledNanos;

  /** How long before the end of a packet is played it comes. */
  private double earlySeconds;

  private double targetSeconds;
  private double rateChange;

  private long packetCount;
  private long latePackets;
  private long underruns;
  private long concealedSamples;
  private long skippedSamples;
  private long insertedSamples;

  /**
   * A buffer that waits for its first packet.
   *
   * @param rateHz a multiple of 50
   * @param decoder of that rate; closed with the buffer
   */
  public PlayoutBuffer(int rateHz, SoundDecoder decoder, PlayoutSettings settings) {
    if (rateHz < 8_000 || rateHz > 48_000 || rateHz % PULLS_PER_SECOND != 0) {
      throw new IllegalArgumentException(
          "8000 to 48000 Hz in steps of 50 can be played, not " + rateHz);
    }
    this.rateHz = rateHz;
    this.decoder = decoder;
    this.settings = settings;
    stretch = rateHz / PULLS_PER_SECOND;
    packetSamples = stretch;
    rate = new VariableRate(2 * SoundDecoder.MAX_SAMPLES + 2 * stretch);
    targetSeconds = settings.targetMillis() / 1e3;
  }

  /** Samples of one stretch of 20 ms. */
  public int stretchSamples() {
    return stretch;
  }

  /** Where the sound of a packet with an RTP header begins; -1 if it has none. */
  public static int rtpPayloadOffset(byte[] packet, int length) {
    RtpHeader header = new RtpHeader();
    return header.read(packet, length) ? header.payloadOffset : -1;
  }

  /** Takes a packet with an RTP header; false if it is none or too large. */
  public synchronized boolean pushRtp(byte[] packet, int length, long nowNanos) {
    if (!header.read(packet, length)) {
      return false;
    }
    return push(packet, header.payloadOffset, header.payloadLength, header.timestamp, nowNanos);
  }

  /**
   * Takes a packet.
   *
   * @param timestamp of its first sample; wraps
   * @param nowNanos of any clock, the same as for pull
   * @return false if it is empty or too large, and was not taken
   */
  public synchronized boolean push(
      byte[] data, int offset, int length, int timestamp, long nowNanos) {
    if (length < 1 || length > MAX_PACKET_BYTES) {
      return false;
    }
    if (closed || ended) {
      return true;
    }
    packetCount++;
    stretchesSincePacket = 0;
    long at = anyPacket ? newest + (timestamp - (int) newest) : timestamp;
    boolean jumped = anyPacket && Math.abs(at - newest) > 2L * rateHz;
    if (!anyPacket || jumped) {
      restart(at);
    }
    if (playing) {
      double sincePull = Math.clamp((nowNanos - pulledNanos) / 1e9, 0, 2 * STRETCH_SECONDS);
      double early = seconds(at + packetSamples - next + rate.waiting()) - sincePull;
      earlySeconds += (early - earlySeconds) * seconds(packetSamples) / SMOOTHING_SECONDS;
    }
    if (playing && at + packetSamples <= next) {
      latePackets++;
      raiseTarget();
      return true;
    }
    anyPacket = true;
    newest = Math.max(newest, at);
    Packet packet = spare.isEmpty() ? new Packet() : spare.pop();
    if (packet.data.length < length) {
      packet.data = new byte[length];
    }
    System.arraycopy(data, offset, packet.data, 0, length);
    packet.length = length;
    Packet same = packets.put(at, packet);
    if (same != null) {
      spare.push(same);
    }
    if (packets.size() > MAX_PACKETS || seconds(waiting()) > settings.ceilingMillis() / 1e3 + 0.5) {
      skip();
    }
    return true;
  }

  private void restart(long at) {
    packets.values().forEach(spare::push);
    packets.clear();
    newest = at;
    playing = false;
    next = at;
  }

  /** Samples from the next to be decoded to the newest, whether they came or not. */
  private long waiting() {
    if (packets.isEmpty()) {
      return 0;
    }
    long from = playing ? next : packets.firstKey();
    return Math.max(0, newest + packetSamples - from);
  }

  private double seconds(long samples) {
    return (double) samples / rateHz;
  }

  private void raiseTarget() {
    targetSeconds =
        Math.min(targetSeconds + TARGET_STEP_SECONDS, (settings.ceilingMillis() - 20) / 1e3);
  }

  /** Leaves out the oldest so that the target is left. */
  private void skip() {
    long from = playing ? next : packets.firstKey();
    long to = newest + packetSamples - (long) (settings.targetMillis() / 1e3 * rateHz);
    if (to > from) {
      skippedSamples += to - from;
      next = to;
    }
    while (packets.size() > MAX_PACKETS
        || (!packets.isEmpty() && packets.firstKey() + packetSamples <= next)) {
      spare.push(packets.pollFirstEntry().getValue());
    }
    overfullStretches = 0;
  }

  /** No more packets come; what waits is still played. */
  public synchronized void end() {
    ended = true;
  }

  /**
   * Gives the next 20 ms; silence where nothing is to be played.
   *
   * @param out room for {@link #stretchSamples()}
   * @return false if it ended and all was played
   */
  public synchronized boolean pull(float[] out, long nowNanos) {
    pulledNanos = nowNanos;
    stretchesSincePacket++;
    Arrays.fill(out, 0, stretch, 0);
    if (closed) {
      return false;
    }
    if (!playing && !begin()) {
      return !(ended && packets.isEmpty());
    }
    steer();
    int given = rate.pull(out, 0, stretch, 1 + rateChange);
    while (given < stretch && produce()) {
      given += rate.pull(out, given, stretch - given, 1 + rateChange);
    }
    return given > 0 || !ended || !packets.isEmpty();
  }

  private boolean begin() {
    long waiting = waiting();
    if (waiting == 0) {
      return false;
    }
    double enough =
        startedOnce ? settings.refillPercent() / 100.0 * settings.targetMillis() : start();
    if (!ended && seconds(waiting) < enough / 1e3) {
      return false;
    }
    next = packets.firstKey();
    playing = true;
    startedOnce = true;
    starving = false;
    concealedStretches = 0;
    earlySeconds = Math.max(seconds(waiting), targetSeconds);
    return true;
  }

  private double start() {
    return stretchesSincePacket >= NOTHING_COMES_STRETCHES
        ? settings.playFromMillis()
        : settings.startMillis();
  }

  private void steer() {
    double now = seconds(waiting() + rate.waiting());
    targetSeconds = Math.max(settings.targetMillis() / 1e3, targetSeconds - TARGET_FALL_SECONDS);
    rateChange =
        Math.clamp((earlySeconds - targetSeconds) * RATE_GAIN, -MOST_RATE_CHANGE, MOST_RATE_CHANGE);
    overfullStretches = now > settings.ceilingMillis() / 1e3 ? overfullStretches + 1 : 0;
    if (overfullStretches >= OVERFULL_STRETCHES) {
      skip();
      earlySeconds = targetSeconds;
    }
  }

  /** Makes more sound ready; false if there is none. */
  private boolean produce() {
    if (rate.room() < SoundDecoder.MAX_SAMPLES + stretch) {
      return false;
    }
    Map.Entry<Long, Packet> first = packets.firstEntry();
    if (first == null) {
      return !ended && runDry();
    }
    long gap = first.getKey() - next;
    if (gap > 0) {
      int samples = (int) Math.min(gap, stretch);
      concealedSamples += samples;
      next += samples;
      conceal(samples);
      return true;
    }
    packets.remove(first.getKey());
    decode(first.getValue(), (int) -gap);
    spare.push(first.getValue());
    return true;
  }

  private boolean runDry() {
    if (!starving) {
      starving = true;
      if (!quiet) {
        underruns++;
        raiseTarget();
      }
    }
    if (concealedStretches >= CONCEALED_STRETCHES) {
      playing = false;
      return false;
    }
    concealedSamples += stretch;
    next += stretch;
    conceal(stretch);
    return true;
  }

  private void conceal(int samples) {
    int whole = Math.ceilDiv(samples * 400, rateHz) * rateHz / 400;
    int made =
        concealedStretches++ < CONCEALED_STRETCHES
            ? Math.min(samples, decoder.conceal(decoded, Math.max(whole, samples)))
            : 0;
    Arrays.fill(decoded, Math.max(0, made), samples, 0);
    rate.push(decoded, 0, samples);
  }

  private void decode(Packet packet, int passed) {
    int samples = decoder.decode(packet.data, 0, packet.length, decoded);
    if (samples <= 0) {
      return;
    }
    packetSamples = samples;
    if (passed >= samples) {
      latePackets++;
      raiseTarget();
      return;
    }
    concealedStretches = 0;
    starving = false;
    int count = samples - passed;
    next += count;
    quiet = loudness(decoded, passed, count) < QUIET;
    if (quiet && earlySeconds > targetSeconds + AMISS_SECONDS) {
      skippedSamples += count;
      earlySeconds -= seconds(count);
      return;
    }
    rate.push(decoded, passed, count);
    if (quiet && earlySeconds < targetSeconds - AMISS_SECONDS && !ended && rate.room() >= count) {
      rate.push(decoded, passed, count);
      insertedSamples += count;
      earlySeconds += seconds(count);
    }
  }

  private static double loudness(float[] samples, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += samples[i] * samples[i];
    }
    return Math.sqrt(sum / count);
  }

  /** Whether sound is being played, and not waited for. */
  public synchronized boolean isPlaying() {
    return playing;
  }

  public synchronized PlayoutStatistics statistics() {
    return new PlayoutStatistics(
        packetCount,
        latePackets,
        underruns,
        millis(concealedSamples),
        millis(skippedSamples),
        millis(insertedSamples),
        (int) millis(waiting() + rate.waiting()),
        (int) Math.round(1_000 * targetSeconds),
        (int) Math.round(1e6 * rateChange));
  }

  private long millis(long samples) {
    return samples * 1_000 / rateHz;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      packets.clear();
      decoder.close();
    }
  }
}
