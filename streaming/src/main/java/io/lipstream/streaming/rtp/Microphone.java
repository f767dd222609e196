package io.lipstream.streaming.rtp;

import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Orders the microphone's packets and decodes them, with concealment for what never came.
 *
 * <p>Its listener is speech recognition, not a loudspeaker: nothing has to leave at an even pace,
 * so nothing is held back that is next in order. Only a gap makes it wait, and the wait adapts: as
 * long as late packets have been late recently, plus a quarter, between 20 and 200 ms. What is
 * missing after that is concealed for 100 ms and silent from then on, so that the sound keeps its
 * length; timestamps that run ahead are filled in no faster than time passes. When nothing comes at
 * all, as with a muted microphone, silence goes on for up to 2 s so that the end of an utterance is
 * heard.
 *
 * <p>Packets come from one thread and samples are taken by another; a lock of its own keeps them
 * apart, and decoding never holds up what is sent.
 */
final class Microphone {
  private static final int SLOTS = 64;
  private static final int MAX_PACKET_BYTES = 1_275;
  private static final int FRAME = 960;
  private static final long FRAME_NANOS = 20_000_000;
  private static final int CONCEALED_FRAMES = 5;
  private static final int MAX_GAP_SAMPLES = 96_000;
  private static final long MIN_WAIT_NANOS = 20_000_000;
  private static final long MAX_WAIT_NANOS = 200_000_000;
  private static final long QUIET_AFTER_NANOS = 200_000_000;
  private static final int MAX_QUIET_FRAMES = 100;

  private final Supplier<? extends SoundDecoder> decoders;
  private final byte[][] payloads = new byte[SLOTS][];
  private final int[] lengths = new int[SLOTS];
  private final int[] timestamps = new int[SLOTS];
  private final long[] arrivedNanos = new long[SLOTS];
  private final boolean[] present = new boolean[SLOTS];

  private final RtpHeader header = new RtpHeader();
  private @Nullable SoundDecoder decoder;
  private boolean closed;
  private int ssrc;
  private long next = -1;
  private long highest = -1;
  private boolean timestampKnown;
  private int nextTimestamp;
  private int gapSamples;
  private int fillable = MAX_GAP_SAMPLES;
  private long polledNanos = Long.MIN_VALUE;
  private int concealed;
  private int quietFrames;
  private long lastArrivalNanos;
  private long gapNoticedNanos;
  private double waitNanos = MIN_WAIT_NANOS;

  private long lost;
  private long late;

  Microphone(Supplier<? extends SoundDecoder> decoders) {
    this.decoders = decoders;
  }

  /**
   * Takes a packet.
   *
   * @param sequence without wrapping
   */
  synchronized void push(byte[] packet, int packetLength, long sequence, long nowNanos) {
    if (closed || !header.read(packet, packetLength)) {
      return;
    }
    int length = header.payloadLength;
    if (length == 0 || length > MAX_PACKET_BYTES) {
      return;
    }
    if (next < 0 || header.ssrc != ssrc || sequence - next >= SLOTS) { // the first, or a jump
      ssrc = header.ssrc;
      Arrays.fill(present, false);
      next = sequence;
      highest = sequence - 1;
      timestampKnown = false;
      gapSamples = 0;
    }
    if (sequence < next) {
      late++;
      learn(nowNanos - gapNoticedNanos);
      return;
    }
    if (sequence < highest) {
      learn(nowNanos - arrivedNanos[slot(firstPresentAfter(sequence))]);
    }
    int slot = slot(sequence);
    if (!present[slot]) {
      if (payloads[slot] == null) {
        payloads[slot] = new byte[MAX_PACKET_BYTES];
      }
      System.arraycopy(packet, header.payloadOffset, payloads[slot], 0, length);
      lengths[slot] = length;
      timestamps[slot] = header.timestamp;
      arrivedNanos[slot] = nowNanos;
      present[slot] = true;
    }
    highest = Math.max(highest, sequence);
    lastArrivalNanos = nowNanos;
    waitNanos = Math.max(MIN_WAIT_NANOS, waitNanos * 0.998);
  }

  private void learn(long lateNanos) {
    waitNanos = Math.clamp(lateNanos * 1.25, waitNanos, MAX_WAIT_NANOS);
  }

  private long firstPresentAfter(long sequence) {
    long at = sequence + 1;
    while (!present[slot(at)] && at < highest) {
      at++;
    }
    return at;
  }

  /**
   * Gives the next samples that are due.
   *
   * @param out room for {@link SoundDecoder#MAX_SAMPLES}
   * @return how many; 0 when nothing is due
   */
  synchronized int poll(long nowNanos, float[] out) {
    if (polledNanos != Long.MIN_VALUE) {
      long elapsed = Math.clamp(nowNanos - polledNanos, 0, 2_000_000_000L);
      fillable = (int) Math.min(MAX_GAP_SAMPLES, fillable + elapsed * 6 / 125_000);
    }
    polledNanos = nowNanos;
    while (!closed && next >= 0) {
      if (gapSamples > 0) {
        return fill(out);
      }
      if (next > highest) {
        return quiet(nowNanos, out);
      }
      int slot = slot(next);
      if (!present[slot]) {
        long after = firstPresentAfter(next);
        gapNoticedNanos = arrivedNanos[slot(after)];
        if (nowNanos - gapNoticedNanos < waitNanos) {
          return 0;
        }
        lost += after - next;
        next = after;
        continue;
      }
      if (timestampKnown && missingBefore(timestamps[slot])) {
        continue;
      }
      int samples = decode(slot, out);
      present[slot] = false;
      next++;
      if (samples > 0) {
        return samples;
      }
    }
    return 0;
  }

  /** Whether sound is missing between what was given last and a packet; it is filled in then. */
  private boolean missingBefore(int timestamp) {
    int missing = timestamp - nextTimestamp - quietFrames * FRAME;
    nextTimestamp = timestamp;
    quietFrames = 0;
    gapSamples =
        missing > 0 && missing <= MAX_GAP_SAMPLES ? Math.min(missing, fillable) / 120 * 120 : 0;
    fillable -= gapSamples;
    concealed = 0;
    return gapSamples > 0;
  }

  private int decode(int slot, float[] out) {
    SoundDecoder opened = decoder;
    if (opened == null) {
      opened = decoders.get();
      decoder = opened;
    }
    int samples = opened.decode(payloads[slot], 0, lengths[slot], out);
    nextTimestamp = timestamps[slot] + samples;
    timestampKnown = true;
    return samples;
  }

  private int fill(float[] out) {
    int samples = Math.min(FRAME, gapSamples);
    gapSamples -= samples;
    int made = 0;
    if (concealed++ < CONCEALED_FRAMES && decoder != null) {
      made = Math.clamp(decoder.conceal(out, samples), 0, samples);
    }
    Arrays.fill(out, made, samples, 0);
    return samples;
  }

  private int quiet(long nowNanos, float[] out) {
    long silent = nowNanos - lastArrivalNanos;
    if (!timestampKnown
        || silent < QUIET_AFTER_NANOS
        || quietFrames >= MAX_QUIET_FRAMES
        || silent < (quietFrames + 1) * FRAME_NANOS) {
      return 0;
    }
    quietFrames++;
    Arrays.fill(out, 0, FRAME, 0);
    return FRAME;
  }

  /** Packets that never came in time. */
  synchronized long lost() {
    return lost;
  }

  /** Of these, packets that came after all. */
  synchronized long late() {
    return late;
  }

  synchronized void close() {
    closed = true;
    if (decoder != null) {
      decoder.close();
      decoder = null;
    }
  }

  private static int slot(long sequence) {
    return (int) sequence & (SLOTS - 1);
  }
}
