package io.lipstream.streaming.webrtc;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.ViewerEvents;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A server and a viewer of our own on this machine, and what both hear of each other. */
final class Viewing implements AutoCloseable {
  /** Only failing tests wait this long. */
  static final long PATIENCE_SECONDS = 60;

  /** Moved ahead to let time pass. */
  final AtomicLong ahead = new AtomicLong();

  final LongSupplier clock = () -> System.nanoTime() + ahead.get();
  final WebRtcEndpoint server;
  final WebRtcEndpoint client;
  final Heard heard = new Heard();
  final Seen seen = new Seen();

  Viewing() {
    this(loopback());
  }

  Viewing(WebRtcSettings settings) {
    this(settings, loopback());
  }

  Viewing(WebRtcSettings ofServer, WebRtcSettings ofClient) {
    server = WebRtcEndpoint.open(ofServer, clock);
    client = WebRtcEndpoint.open(ofClient.withTcp(false), clock);
  }

  static WebRtcSettings loopback() {
    return WebRtcSettings.onPort(0).withBindAddress(InetAddress.getLoopbackAddress());
  }

  /** With time for a handshake whose packets get lost again and again. */
  static WebRtcSettings patient() {
    WebRtcSettings usual = loopback();
    return new WebRtcSettings(
        usual.bindAddress(),
        usual.thisMachineOnly(),
        usual.port(),
        usual.tcp(),
        usual.advertised(),
        usual.preferredVideo(),
        usual.bitrate(),
        Duration.ofSeconds(PATIENCE_SECONDS - 5),
        usual.consentTimeout());
  }

  /** What one end is told, in order. */
  static final class Heard implements ViewerEvents {
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    final AtomicLong microphoneSamples = new AtomicLong();
    final BlockingQueue<Integer> microphoneSounds = new LinkedBlockingQueue<>();

    @Override
    public void connected() {
      events.add("connected");
    }

    @Override
    public void keyFrameWanted() {}

    @Override
    public void bitrate(int bitsPerSecond) {}

    @Override
    public void microphone(float[] mono48k, int count) {
      microphoneSamples.addAndGet(count);
      microphoneSounds.add(count);
    }

    @Override
    public void closed(String reason) {
      events.add("closed: " + reason);
    }
  }

  /** What the viewer receives. */
  static final class Seen implements WatchingPeer.Listener {
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    final BlockingQueue<byte[]> pictures = new LinkedBlockingQueue<>();
    final BlockingQueue<byte[]> sounds = new LinkedBlockingQueue<>();

    @Override
    public void connected() {
      events.add("connected");
    }

    @Override
    public void picture(byte[] data, int length, boolean keyFrame, long presentationNanos) {
      pictures.add(Arrays.copyOf(data, length));
    }

    @Override
    public void sound(byte[] data, int offset, int length, long presentationNanos) {
      sounds.add(Arrays.copyOfRange(data, offset, offset + length));
    }

    @Override
    public void ended() {}

    @Override
    public void closed(String reason) {
      events.add("closed: " + reason);
    }
  }

  /** One that watches the server, connected. */
  record Pair(Peer peer, WatchingPeer watching) {}

  Pair connect(WatchSettings wanted) {
    Pair pair = call(wanted);
    assertThat(next(heard.events)).isEqualTo("connected");
    assertThat(next(seen.events)).isEqualTo("connected");
    return pair;
  }

  Pair call(WatchSettings wanted) {
    WatchingPeer watching = client.watch(wanted, seen);
    Peer peer = server.answer(watching.offer(), heard);
    watching.accept(peer.answer());
    return new Pair(peer, watching);
  }

  static <T> T next(BlockingQueue<T> queue) {
    try {
      T element = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(element).as("something in time").isNotNull();
      return element;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A picture whose first byte makes it a keyframe of VP8. */
  EncodedPicture keyFrame(int length) {
    EncodedPicture picture = new EncodedPicture();
    picture.begin(length, true, clock.getAsLong());
    for (int i = 1; i < length; i++) {
      picture.data()[i] = (byte) (i * 31);
    }
    return picture;
  }

  /** A packet of Opus that means silence (wide band, 20 ms). */
  EncodedSound silence() {
    EncodedSound sound = new EncodedSound();
    sound.begin(3, clock.getAsLong());
    sound.data()[0] = (byte) (9 << 3);
    sound.data()[1] = 0x0b;
    sound.data()[2] = 0x51;
    return sound;
  }

  static byte[] bytes(EncodedPicture picture) {
    return Arrays.copyOf(picture.data(), picture.length());
  }

  static List<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("webrtc-"))
        .toList();
  }

  @Override
  public void close() {
    client.close();
    server.close();
  }
}
