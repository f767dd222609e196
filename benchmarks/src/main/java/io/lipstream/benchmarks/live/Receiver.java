package io.lipstream.benchmarks.live;

import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.OpusDecoder;
import io.lipstream.streaming.webrtc.WatchSettings;
import io.lipstream.streaming.webrtc.WatchingPeer;
import io.lipstream.streaming.webrtc.WebRtcEndpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A viewer of a session that notes when what came in. Its lists are to be read after close(). */
final class Receiver implements AutoCloseable {
  private static final long LIMIT_SECONDS = 30;

  /** Above this mean square a packet of sound is speech. */
  private static final double AUDIBLE = 1e-5;

  /**
   * When something arrived, and by how much later than it was to be presented on a clock whose
   * distance to ours is unknown, but the same for sound and pictures.
   */
  record Arrival(long atNanos, long latenessNanos, boolean marked) {}

  final long beganNanos = System.nanoTime();
  final CountDownLatch connected = new CountDownLatch(1);
  final CountDownLatch firstPicture = new CountDownLatch(1);
  volatile long connectedNanos;
  volatile long firstPictureNanos;
  volatile long lastAudibleNanos;

  /** Marked: keyframes. */
  final List<Arrival> pictures = new ArrayList<>();

  /** Marked: audible. */
  final List<Arrival> sounds = new ArrayList<>();

  private final WatchingPeer peer;
  private final boolean listens;
  private final OpusDecoder decoder = OpusDecoder.open();
  private final float[] samples = new float[OpusDecoder.MAX_SAMPLES];

  private Receiver(WebRtcEndpoint endpoint, LiveVideoCodec codec, boolean listens) {
    this.listens = listens;
    peer = endpoint.watch(WatchSettings.DEFAULT.withCodecs(codec), new Listener());
  }

  /**
   * Joins a session.
   *
   * @param listens whether to decode the sound
   */
  static Receiver join(
      ServerProcess server,
      String session,
      WebRtcEndpoint endpoint,
      LiveVideoCodec codec,
      boolean listens)
      throws IOException, InterruptedException {
    Receiver receiver = new Receiver(endpoint, codec, listens);
    receiver.peer.accept(server.whep(session, receiver.peer.offer()));
    return receiver;
  }

  void awaitPicture() throws InterruptedException {
    if (!firstPicture.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("no picture came within " + LIMIT_SECONDS + " s");
    }
  }

  private final class Listener implements WatchingPeer.Listener {
    @Override
    public void connected() {
      connectedNanos = System.nanoTime();
      connected.countDown();
    }

    @Override
    public void picture(byte[] data, int length, boolean keyFrame, long presentationNanos) {
      long now = System.nanoTime();
      if (firstPicture.getCount() > 0) {
        firstPictureNanos = now;
        firstPicture.countDown();
      }
      note(pictures, now, presentationNanos, keyFrame);
    }

    @Override
    public void sound(byte[] data, int offset, int length, long presentationNanos) {
      long now = System.nanoTime();
      boolean audible = false;
      if (listens) {
        int count = decoder.decode(data, offset, length, samples);
        double sum = 0;
        for (int i = 0; i < count; i++) {
          sum += samples[i] * samples[i];
        }
        audible = sum / EncodedSound.SAMPLES > AUDIBLE;
        lastAudibleNanos = audible ? now : lastAudibleNanos;
      }
      note(sounds, now, presentationNanos, audible);
    }

    private void note(List<Arrival> to, long now, long presentationNanos, boolean marked) {
      long lateness = presentationNanos == Long.MIN_VALUE ? 0 : now - presentationNanos;
      synchronized (to) {
        to.add(new Arrival(now, lateness, marked));
      }
    }

    @Override
    public void ended() {}

    @Override
    public void closed(String reason) {}
  }

  @Override
  public void close() {
    peer.close();
  }
}
