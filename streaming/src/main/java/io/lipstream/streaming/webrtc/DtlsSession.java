package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.DTLSClientProtocol;
import org.bouncycastle.tls.DTLSServerProtocol;
import org.bouncycastle.tls.DTLSTransport;
import org.bouncycastle.tls.DatagramTransport;
import org.bouncycastle.tls.ExporterLabel;
import org.bouncycastle.tls.TlsContext;
import org.bouncycastle.tls.TlsFatalAlert;

/**
 * DTLS 1.2 with one other side: handshake, keys for SRTP, farewell.
 *
 * <p>It has a virtual thread of its own, which waits for packets on a bounded queue and is told to
 * end through that queue, never by an interrupt.
 */
final class DtlsSession {
  /** Packets of a handshake that may wait; past it they are lost and sent again. */
  private static final int QUEUED_PACKETS = 32;

  /** Fits every path without fragments. */
  private static final int MAX_SEND_BYTES = 1200;

  private static final int RECORD_HEADER_BYTES = 13;

  /** The explicit nonce and the tag (RFC 5288). */
  private static final int GCM_BYTES = 8 + 16;

  private static final byte[] END = {};

  /** What the session's thread lets know. */
  interface Events {
    /** The other side proved to be the one of the fingerprint; keys for both directions. */
    void secured(SrtpProfile profile, byte[] keyingMaterial);

    /** The last call. */
    void ended(String reason);

    /** A packet to send. */
    void send(ByteBuffer packet);
  }

  private final DtlsIdentity identity;
  private final List<Fingerprint> trusted;
  private final List<SrtpProfile> profiles;
  private final Duration timeout;
  private final Events events;
  private final BlockingQueue<byte[]> arrived = new ArrayBlockingQueue<>(QUEUED_PACKETS);
  private final Thread thread;
  private volatile boolean closing;
  private volatile boolean left;
  private boolean established;

  /**
   * Does nothing yet.
   *
   * @param client whether this side begins
   * @param trusted the certificate that the other side must have, in one or more digests
   * @param profiles that may protect the media, the preferred one first
   */
  DtlsSession(
      DtlsIdentity identity,
      boolean client,
      List<Fingerprint> trusted,
      List<SrtpProfile> profiles,
      Duration timeout,
      Events events) {
    this.identity = identity;
    this.trusted = trusted;
    this.profiles = profiles;
    this.timeout = timeout;
    this.events = events;
    thread =
        Thread.ofVirtual()
            .name(client ? "dtls-client" : "dtls-server")
            .unstarted(() -> run(client));
  }

  void start() {
    thread.start();
  }

  /** A packet that came in; copied. What does not fit is lost, and DTLS sends it again. */
  void packet(byte[] data, int length) {
    if (wellFormed(data, length)) {
      arrived.offer(Arrays.copyOf(data, length));
    }
  }

  /**
   * Whether a packet consists of whole records, and encrypted ones have room for what AES-GCM adds.
   *
   * <p>RFC 6347 wants invalid records ignored, since anybody can send one. The library ignores
   * those whose authentication fails but ends the connection for those that are too short for it.
   */
  static boolean wellFormed(byte[] data, int length) {
    int at = 0;
    while (at < length) {
      if (length - at < RECORD_HEADER_BYTES) {
        return false;
      }
      int epoch = Bytes.uint16(data, at + 3);
      int size = Bytes.uint16(data, at + 11);
      if (size > length - at - RECORD_HEADER_BYTES || (epoch > 0 && size < GCM_BYTES)) {
        return false;
      }
      at += RECORD_HEADER_BYTES + size;
    }
    return true;
  }

  /** Says farewell and ends, soon. */
  void close() {
    closing = true;
    while (!arrived.offer(END)) {
      arrived.poll();
    }
  }

  private void run(boolean client) {
    String reason = "DTLS failed";
    try {
      Packets packets = new Packets();
      DTLSTransport transport =
          client
              ? new DTLSClientProtocol().connect(new DtlsClient(identity, this), packets)
              : new DTLSServerProtocol().accept(new DtlsServer(identity, this), packets);
      established = true;
      listen(transport);
      transport.close();
      reason = left ? "the other side closed the connection" : "closed";
    } catch (IOException | RuntimeException e) {
      reason = (established ? "DTLS failed: " : "the DTLS handshake failed: ") + e.getMessage();
    } finally {
      events.ended(reason); // whatever was thrown, or the connection would wait for it
    }
  }

  /** Answers what is repeated of the handshake, until one side says farewell. */
  private void listen(DTLSTransport transport) throws IOException {
    byte[] scratch = new byte[UdpPort.PACKET_BYTES];
    try {
      while (!closing && !left) {
        transport.receive(scratch, 0, scratch.length, 60_000);
      }
    } catch (InterruptedIOException e) {
      if (!closing && !left) {
        throw e;
      }
    }
  }

  List<SrtpProfile> profiles() {
    return profiles;
  }

  int timeoutMillis() {
    return Math.toIntExact(timeout.toMillis());
  }

  /** The other side's farewell, or its refusal. */
  void alerted(short description) {
    if (description == AlertDescription.close_notify) {
      left = true;
    }
  }

  /** Refuses any certificate but the one that the session description named. */
  void authenticate(Certificate chain) throws IOException {
    if (chain.isEmpty()) {
      throw new TlsFatalAlert(AlertDescription.bad_certificate, "no certificate was shown");
    }
    byte[] shown = chain.getCertificateAt(0).getEncoded();
    for (Fingerprint fingerprint : trusted) {
      if (fingerprint.matches(shown)) {
        return;
      }
    }
    throw new TlsFatalAlert(
        AlertDescription.bad_certificate,
        "the certificate is not the one that the session description names");
  }

  void complete(TlsContext context, SrtpProfile profile) {
    events.secured(
        profile,
        context.exportKeyingMaterial(ExporterLabel.dtls_srtp, null, profile.keyingMaterialBytes()));
  }

  private final class Packets implements DatagramTransport {
    @Override
    public int getReceiveLimit() {
      return UdpPort.PACKET_BYTES;
    }

    @Override
    public int getSendLimit() {
      return MAX_SEND_BYTES;
    }

    @Override
    public int receive(byte[] buffer, int offset, int length, int waitMillis) throws IOException {
      byte[] packet = null;
      try {
        if (!closing && !left) {
          packet =
              waitMillis > 0 ? arrived.poll(waitMillis, TimeUnit.MILLISECONDS) : arrived.take();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for a DTLS packet");
      }
      if (closing || left) {
        // The one exception that the library does not take for a failure.
        throw new InterruptedIOException("closed before the handshake was complete");
      }
      if (packet == null) {
        return -1;
      }
      int count = Math.min(length, packet.length);
      System.arraycopy(packet, 0, buffer, offset, count);
      return count;
    }

    @Override
    public void send(byte[] buffer, int offset, int length) {
      events.send(ByteBuffer.wrap(buffer, offset, length));
    }

    @Override
    public void close() {
      // the route is the connection's
    }
  }
}
