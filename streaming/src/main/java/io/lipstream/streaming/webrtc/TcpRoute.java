package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection that carries packets with a length before each (RFC 4571).
 *
 * <p>Read by the endpoint's thread; any thread sends. What the network does not take at once waits
 * in a buffer of bounded size, past which packets are dropped whole.
 */
final class TcpRoute implements Route, SocketThread.Ready {
  /** A keyframe and some; more would only grow the delay. */
  private static final int WAITING_BYTES = 256 * 1024;

  private final SocketChannel channel;
  private final InetSocketAddress remote;
  private final SocketThread thread;
  private final Arrivals arrivals;
  private final ByteBuffer in = ByteBuffer.allocate(2 + UdpPort.PACKET_BYTES);
  private final byte[] packet = new byte[UdpPort.PACKET_BYTES];
  private @Nullable ByteBuffer waiting;
  private @Nullable SelectionKey key;
  private boolean closed;

  /** Over a connection that is there or being made. */
  TcpRoute(
      SocketChannel channel, InetSocketAddress remote, SocketThread thread, Arrivals arrivals) {
    this.channel = channel;
    this.remote = remote;
    this.thread = thread;
    this.arrivals = arrivals;
  }

  void listen() throws IOException {
    channel.configureBlocking(false);
    boolean connected = channel.isConnected();
    SelectionKey registered =
        thread.register(channel, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, this);
    synchronized (this) {
      key = registered;
    }
  }

  @Override
  public InetSocketAddress remote() {
    return remote;
  }

  @Override
  public void ready(SelectionKey ready) {
    try {
      if (ready.isConnectable() && channel.finishConnect()) {
        ready.interestOps(SelectionKey.OP_READ);
      }
      if (ready.isValid() && ready.isWritable()) {
        flush();
      }
      if (ready.isValid() && ready.isReadable()) {
        read();
      }
    } catch (IOException e) {
      end();
    }
  }

  private void read() throws IOException {
    int count = channel.read(in);
    if (count < 0) {
      end();
      return;
    }
    in.flip();
    while (in.remaining() >= 2) {
      int length = in.getShort(in.position()) & 0xFFFF;
      if (length > packet.length) {
        end(); // nobody we want to talk with sends this
        return;
      }
      if (in.remaining() < 2 + length) {
        break;
      }
      in.getShort();
      in.get(packet, 0, length);
      if (length > 0) {
        arrivals.packet(packet, length, this);
      }
    }
    in.compact();
  }

  @Override
  public synchronized boolean send(ByteBuffer data) {
    if (closed || !channel.isConnected()) {
      return false;
    }
    if (waiting == null) {
      waiting = ByteBuffer.allocate(WAITING_BYTES);
    }
    if (waiting.remaining() < 2 + data.remaining()) {
      return false;
    }
    waiting.putShort((short) data.remaining()).put(data);
    try {
      flush();
    } catch (IOException e) {
      return false; // the reader sees it too and ends this
    }
    return true;
  }

  private synchronized void flush() throws IOException {
    if (waiting == null || key == null || !key.isValid()) {
      return;
    }
    waiting.flip();
    try {
      channel.write(waiting);
    } finally {
      waiting.compact();
    }
    int operations = SelectionKey.OP_READ;
    if (waiting.position() > 0) {
      operations |= SelectionKey.OP_WRITE;
    }
    if (key.interestOps() != operations) {
      key.interestOps(operations);
      thread.wake();
    }
  }

  private void end() {
    close();
    arrivals.gone(this);
  }

  @Override
  public synchronized void close() {
    closed = true;
    waiting = null;
    try {
      channel.close();
    } catch (IOException e) {
      // it is closed all the same
    }
  }
}
