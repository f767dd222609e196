package io.lipstream.streaming.webrtc;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Has two sides meet in memory once, so that the first browser need not wait for the library's and
 * the ciphers' classes to load, which takes longer than any handshake after it.
 */
final class Rehearsal {
  private static final AtomicBoolean DONE = new AtomicBoolean();

  private final DtlsSession server;
  private final DtlsSession client;

  private Rehearsal(DtlsIdentity identity) {
    List<Fingerprint> trusted = List.of(identity.fingerprint());
    List<SrtpProfile> profiles = List.of(SrtpProfile.values());
    Duration timeout = Duration.ofSeconds(10);
    server = new DtlsSession(identity, false, trusted, profiles, timeout, new Side(false));
    client = new DtlsSession(identity, true, trusted, profiles, timeout, new Side(true));
  }

  /** Begins in the background, the first time that this is called. */
  static void begin(DtlsIdentity identity) {
    if (DONE.compareAndSet(false, true)) {
      Rehearsal rehearsal = new Rehearsal(identity);
      rehearsal.server.start();
      rehearsal.client.start();
    }
  }

  private final class Side implements DtlsSession.Events {
    private final boolean ofClient;

    Side(boolean ofClient) {
      this.ofClient = ofClient;
    }

    @Override
    public void secured(SrtpProfile profile, byte[] keyingMaterial) {
      byte[] packet = new byte[UdpPort.PACKET_BYTES];
      packet[0] = (byte) 0x80;
      int length =
          new SrtpSender(profile, SrtpKeys.ofClient(profile, keyingMaterial)).rtp(packet, 100);
      new SrtpReceiver(profile, SrtpKeys.ofClient(profile, keyingMaterial)).rtp(packet, length);
      if (ofClient) {
        client.close();
      }
    }

    @Override
    public void ended(String reason) {}

    @Override
    public void send(ByteBuffer packet) {
      byte[] copy = new byte[packet.remaining()];
      packet.get(copy);
      (ofClient ? server : client).packet(copy, copy.length);
    }
  }
}
