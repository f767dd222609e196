package io.lipstream.app.load;

import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.OpusDecoder;
import io.lipstream.streaming.rtp.ReceiverStatistics;
import io.lipstream.streaming.webrtc.WatchSettings;
import io.lipstream.streaming.webrtc.WatchingPeer;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Watches one session and notes when what came in. Pictures are put together but not decoded, and
 * sound only where it may or may not be silence or is listened to for its tone, so that one process
 * can watch many.
 *
 * <p>Filled by the endpoint's thread, read by any.
 */
final class SessionViewer implements AutoCloseable {
  /** Packets of this size are never silence, whatever the encoder; smaller ones may be speech. */
  private static final int LOUD_BYTES = 60;

  /** From this mean square on a packet is heard: -50 dB. */
  private static final double AUDIBLE = 1e-5;

  /** Where it is not known what a session sounds like. */
  static final int ANY_TONE = -1;

  /** Tones are looked for in so many loud packets that follow each other, of each second. */
  private static final int TONE_PACKETS = 10;

  private static final int PACKETS_A_SECOND = 50;

  /** After a gap a decoder is itself again after so many. */
  private static final int SETTLING_PACKETS = 3;

  private final int tone;
  private final float[] stretch = new float[TONE_PACKETS * EncodedSound.SAMPLES];
  private int loudPackets;
  private final LongAdder strangeTones = new LongAdder();

  private final WatchingPeer peer;
  private final long beganNanos = System.nanoTime();
  private final CountDownLatch firstPicture = new CountDownLatch(1);
  private final OpusDecoder decoder = OpusDecoder.open();
  private final float[] samples = new float[OpusDecoder.MAX_SAMPLES];
  private final byte[] last = new byte[1500];
  private int lastLength;

  private final Object lock = new Object();
  private final Moments pictures = new Moments();
  private final Moments picturePresentations = new Moments();
  private final Moments sounds = new Moments();
  private final Moments soundPresentations = new Moments();
  private final Moments audibles = new Moments();
  private volatile long firstPictureNanos;
  private volatile long lastAudibleNanos = Long.MIN_VALUE;
  private volatile String end = "";

  /**
   * Ready to offer.
   *
   * @param tone of its own sound, or {@link #ANY_TONE}
   */
  SessionViewer(WebRtcEndpoint endpoint, int tone) {
    this.tone = tone;
    WatchSettings vp8 = WatchSettings.DEFAULT.withCodecs(LiveVideoCodec.VP8).withoutMicrophone();
    peer = endpoint.watch(vp8, new Listener());
  }

  String offer() {
    return peer.offer();
  }

  void accept(String answer) {
    peer.accept(answer);
  }

  /** Waits for the first picture; the milliseconds from before the offer until it came. */
  Optional<Double> awaitPicture(long seconds) throws InterruptedException {
    return firstPicture.await(seconds, TimeUnit.SECONDS)
        ? Optional.of((firstPictureNanos - beganNanos) / 1e6)
        : Optional.empty();
  }

  /** When sound was last heard; {@link Long#MIN_VALUE} before the first. */
  long lastAudibleNanos() {
    return lastAudibleNanos;
  }

  /** When sound was first heard after a moment, if it was. */
  Optional<Long> audibleAfter(long nanos) {
    for (long moment : noted().audibleNanos()) {
      if (moment >= nanos) {
        return Optional.of(moment);
      }
    }
    return Optional.empty();
  }

  Arrivals noted() {
    synchronized (lock) {
      return new Arrivals(
          pictures.copy(),
          picturePresentations.copy(),
          sounds.copy(),
          soundPresentations.copy(),
          audibles.copy());
    }
  }

  int pictureCount() {
    synchronized (lock) {
      return pictures.size();
    }
  }

  /** That never came, or came too late to be of use. */
  long packetsLost() {
    ReceiverStatistics received = peer.statistics();
    return received.picturePacketsLost() + received.soundsLost();
  }

  int tone() {
    return tone;
  }

  /** Stretches of sound with another session's tone. */
  long strangeTones() {
    return strangeTones.sum();
  }

  /** Why the connection ended; empty while it lasts. */
  String end() {
    return end;
  }

  @Override
  public void close() {
    peer.close();
  }

  private final class Listener implements WatchingPeer.Listener {
    @Override
    public void connected() {}

    @Override
    public void picture(byte[] data, int length, boolean keyFrame, long presentationNanos) {
      long now = System.nanoTime();
      if (firstPicture.getCount() > 0) {
        firstPictureNanos = now;
        firstPicture.countDown();
      }
      synchronized (lock) {
        pictures.add(now);
        picturePresentations.add(presentationNanos);
      }
    }

    @Override
    public void sound(byte[] data, int offset, int length, long presentationNanos) {
      long now = System.nanoTime();
      boolean audible = isAudible(data, offset, length);
      synchronized (lock) {
        sounds.add(now);
        soundPresentations.add(presentationNanos);
        if (audible) {
          audibles.add(now);
        }
      }
      if (audible) {
        lastAudibleNanos = now;
      }
    }

    private boolean isAudible(byte[] data, int offset, int length) {
      // Digital silence is the same packet again and again.
      boolean again =
          Arrays.equals(last, 0, lastLength, data, offset, Math.min(data.length, offset + length));
      if (again || length > last.length) {
        return false;
      }
      System.arraycopy(data, offset, last, 0, length);
      lastLength = length;
      if (length < LOUD_BYTES || tone == ANY_TONE) {
        if (loudPackets < SETTLING_PACKETS + TONE_PACKETS) {
          loudPackets = 0;
        }
        return decode(data, offset, length);
      }
      int place = loudPackets++ - SETTLING_PACKETS;
      if (loudPackets == PACKETS_A_SECOND) {
        loudPackets = 0;
      }
      if (place >= TONE_PACKETS) {
        return true;
      }
      boolean audible = decode(data, offset, length);
      if (place >= 0) {
        System.arraycopy(samples, 0, stretch, place * EncodedSound.SAMPLES, EncodedSound.SAMPLES);
      }
      if (place == TONE_PACKETS - 1) {
        int heard = Tones.strongest(stretch, stretch.length, EncodedSound.RATE_HZ);
        strangeTones.add(heard == tone % Tones.COUNT ? 0 : 1);
      }
      return audible;
    }

    private boolean decode(byte[] data, int offset, int length) {
      int count = decoder.decode(data, offset, length, samples);
      double sum = 0;
      for (int i = 0; i < count; i++) {
        sum += samples[i] * samples[i];
      }
      return sum / EncodedSound.SAMPLES > AUDIBLE;
    }

    @Override
    public void ended() {
      end = "the server said goodbye";
    }

    @Override
    public void closed(String reason) {
      end = reason;
      decoder.close();
    }
  }
}
