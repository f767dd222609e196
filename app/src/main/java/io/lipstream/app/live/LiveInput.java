package io.lipstream.app.live;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.LookAhead;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.streaming.live.OpusDecoder;
import io.lipstream.streaming.rtp.PcmDecoder;
import io.lipstream.streaming.rtp.PlayoutBuffer;
import io.lipstream.streaming.rtp.PlayoutSettings;
import io.lipstream.streaming.rtp.PlayoutStatistics;
import io.lipstream.streaming.rtp.SoundDecoder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Live sound on its way into a session, to be spoken as it comes.
 *
 * <p>The first sound that is not silence begins an utterance; its end, or a second of silence, ends
 * it, and the avatar rests until there is sound again. After an interruption what comes is dropped
 * until {@link #clear} or {@link #end}: it is left of what was interrupted.
 *
 * <pre>
 *   RESTING ── sound ──> SPEAKING ── end, silence ──> RESTING
 *      ^                    │
 *      └── clear, end ── DROPPING  <── interrupted
 * </pre>
 *
 * <p>Packets come from one thread; nothing waits.
 */
public final class LiveInput implements AutoCloseable {
  private static final float SILENCE = 0.001f;
  private static final int OPUS_RATE_HZ = 48_000;

  /** How the sound is written. */
  public enum Coding {
    /** Signed 16 bits, little-endian. */
    PCM16,
    /** One Opus packet a message. */
    OPUS
  }

  /**
   * What is sent.
   *
   * @param rateHz 8000 to 48000 in steps of 50; of Opus always 48000
   * @param channels 1 or 2, which become one
   * @param rtp whether each message has an RTP header, whose timestamps put it in its place
   */
  public record Format(Coding coding, int rateHz, int channels, boolean rtp, LookAhead lookAhead) {
    public Format {
      if (rateHz < 8_000 || rateHz > 48_000 || rateHz % PlayoutBuffer.PULLS_PER_SECOND != 0) {
        throw new IllegalArgumentException(
            "the sample rate must be 8000 to 48000 in steps of 50, not " + rateHz);
      }
      if (channels != 1 && channels != 2) {
        throw new IllegalArgumentException("there must be 1 or 2 channels, not " + channels);
      }
      if (coding == Coding.OPUS && rateHz != OPUS_RATE_HZ) {
        throw new IllegalArgumentException("Opus has " + OPUS_RATE_HZ + " Hz, not " + rateHz);
      }
    }
  }

  /**
   * What became of an utterance.
   *
   * @param heardMillis of it that were sent to those who watch
   * @param interrupted whether it was cut off
   */
  public record Finished(long heardMillis, boolean interrupted, PlayoutStatistics playout) {}

  /** Told what happens, by media threads, which it must not hold up. */
  public interface Listener {
    /** An utterance begins to be heard. */
    void started();

    /** Nothing was left to play though more was to come. */
    void underrun(long count);

    void finished(Finished what);
  }

  /** Where the sound goes. */
  interface Host {
    void say(Line line);

    void interrupt();

    void underrun();

    void closed();
  }

  private final Format format;
  private final PlayoutSettings settings;
  private final Listener listener;
  private final Host host;
  private final LongSupplier clock;
  private final float[] decoded = new float[SoundDecoder.MAX_SAMPLES];

  // Guarded by this.
  private SoundDecoder resting;
  private @Nullable Spoken spoken;

  /** The last utterance that began, which may still be heard after its sound has ended. */
  private @Nullable Spoken latest;

  private boolean dropping;
  private boolean closed;
  private int timestamp;

  LiveInput(
      Format format, PlayoutSettings settings, Listener listener, Host host, LongSupplier clock) {
    this.format = format;
    this.settings = settings;
    this.listener = listener;
    this.host = host;
    this.clock = clock;
    resting = decoder();
  }

  private SoundDecoder decoder() {
    return switch (format.coding()) {
      case PCM16 -> new PcmDecoder(format.rateHz(), format.channels());
      case OPUS -> new OpusSound();
    };
  }

  /** Opus as the buffer wants it. */
  private static final class OpusSound implements SoundDecoder {
    private final OpusDecoder decoder = OpusDecoder.open();

    @Override
    public int decode(byte[] data, int offset, int length, float[] out) {
      return decoder.decode(data, offset, length, out);
    }

    @Override
    public int conceal(float[] out, int samples) {
      return Math.min(samples, decoder.conceal(out));
    }

    @Override
    public void close() {
      decoder.close();
    }
  }

  /** An utterance. */
  private final class Spoken implements Line.Fate {
    private final PlayoutBuffer buffer = new PlayoutBuffer(format.rateHz(), decoder(), settings);
    private final LiveSource source =
        new LiveSource(
            new PcmFormat(format.rateHz(), 1),
            buffer,
            clock,
            count -> {
              host.underrun();
              listener.underrun(count);
            });
    private volatile boolean over;
    private volatile boolean cut;

    @Override
    public void begun() {
      listener.started();
    }

    @Override
    public void over(long heardSamples48k) {
      cut = !source.isAtEnd();
      over = true;
      listener.finished(
          new Finished(heardSamples48k / (OPUS_RATE_HZ / 1_000), cut, buffer.statistics()));
    }
  }

  /**
   * Takes a message of sound.
   *
   * @throws LipstreamException if it is not of the format, or the session has ended
   */
  public synchronized void push(byte[] message, int length) {
    if (closed) {
      return;
    }
    int header = format.rtp() ? rtpHeader(message, length) : 0;
    check(length - header);
    Spoken present = present();
    if (dropping || (present == null && isSilent(message, header, length - header))) {
      skip(message, header, length);
      return;
    }
    if (present == null) {
      present = new Spoken();
      spoken = present;
      latest = present;
      host.say(Line.live(present.source, format.lookAhead(), present));
    }
    if (format.rtp()) {
      present.buffer.pushRtp(message, length, clock.getAsLong());
    } else {
      cut(message, length, present.buffer);
    }
  }

  private @Nullable Spoken present() {
    Spoken last = spoken;
    if (last != null && (last.over || last.source.isAtEnd())) {
      dropping = last.cut;
      last = null;
      spoken = null;
    }
    return last;
  }

  private int rtpHeader(byte[] message, int length) {
    int payload = PlayoutBuffer.rtpPayloadOffset(message, length);
    if (payload < 0) {
      throw wrong("a message of " + length + " bytes has no RTP header", "send 12 bytes before it");
    }
    return payload;
  }

  private void check(int length) {
    int sampleBytes = 2 * format.channels();
    if (format.coding() == Coding.PCM16 && length % sampleBytes != 0) {
      throw wrong(
          length + " bytes are no whole samples of " + format.channels() + " channels",
          "send multiples of " + sampleBytes + " bytes");
    }
    int most = format.coding() == Coding.OPUS || format.rtp() ? mostBytes() : Integer.MAX_VALUE;
    if (length < 1 || length > most) {
      throw wrong(
          "a message has " + length + " bytes of sound",
          "send 1 to " + most + "; 20 ms at a time are right");
    }
  }

  private int mostBytes() {
    return format.coding() == Coding.OPUS
        ? PlayoutBuffer.MAX_PACKET_BYTES
        : Math.min(
            PlayoutBuffer.MAX_PACKET_BYTES, 2 * format.channels() * SoundDecoder.MAX_SAMPLES);
  }

  private static LipstreamException wrong(String what, String hint) {
    return new LipstreamException(LipstreamException.Kind.INPUT, what, hint);
  }

  private boolean isSilent(byte[] message, int offset, int length) {
    if (format.coding() == Coding.OPUS) {
      return isSilent(resting.decode(message, offset, length, decoded));
    }
    for (int i = offset + 1; i < offset + length; i += 2) {
      if (Math.abs((message[i] << 8) | (message[i - 1] & 0xff)) > SILENCE * 32_768) {
        return false;
      }
    }
    return true;
  }

  private boolean isSilent(int samples) {
    for (int i = 0; i < samples; i++) {
      if (Math.abs(decoded[i]) > SILENCE) {
        return false;
      }
    }
    return true;
  }

  private void skip(byte[] message, int offset, int length) {
    timestamp += samples(message, offset, length - offset);
  }

  /** Without a header what comes next follows what came before; long messages are cut. */
  private void cut(byte[] message, int length, PlayoutBuffer buffer) {
    int step = length;
    if (format.coding() == Coding.PCM16) {
      step = 2 * format.channels() * buffer.stretchSamples();
    }
    for (int from = 0; from < length; from += step) {
      int count = Math.min(step, length - from);
      buffer.push(message, from, count, timestamp, clock.getAsLong());
      timestamp += samples(message, from, count);
    }
  }

  private int samples(byte[] message, int offset, int length) {
    return format.coding() == Coding.OPUS
        ? opusSamples(message, offset, length)
        : length / (2 * format.channels());
  }

  /** How long a packet is, by its first bytes (RFC 6716, section 3.1). */
  private static int opusSamples(byte[] packet, int offset, int length) {
    int first = packet[offset] & 0xff;
    int config = first >> 3;
    int frame;
    if (config >= 16) {
      frame = 120 << (config & 3);
    } else if (config >= 12) {
      frame = 480 << (config & 1);
    } else {
      frame = (config & 3) == 3 ? 2_880 : 480 << (config & 3);
    }
    int frames =
        switch (first & 3) {
          case 0 -> 1;
          case 1, 2 -> 2;
          default -> length < 2 ? 1 : Math.max(1, packet[offset + 1] & 0x3f);
        };
    return Math.min(frame * frames, SoundDecoder.MAX_SAMPLES);
  }

  /** The utterance is complete; what waits of it is still spoken. */
  public synchronized void end() {
    Spoken present = present();
    if (present != null) {
      present.buffer.end();
    }
    spoken = null;
    dropping = false;
  }

  /** Drops what waits and interrupts the avatar; what comes from now on is new. */
  public void clear() {
    Spoken heard;
    synchronized (this) {
      heard = latest;
      spoken = null;
      dropping = false;
    }
    if (heard != null && !heard.over) {
      host.interrupt();
    }
  }

  /** Ends what is spoken after what has come, and lets another in. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      end();
      closed = true;
      resting.close();
    }
    host.closed();
  }
}
