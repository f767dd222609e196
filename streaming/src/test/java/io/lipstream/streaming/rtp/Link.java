package io.lipstream.streaming.rtp;

import java.util.Arrays;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.LongSupplier;

/** One direction of a network in memory: loses, delays, reorders and, if narrow, queues. */
final class Link implements PacketSink {
  /** Where packets come out. */
  interface End {
    void rtp(byte[] packet, int length);

    void rtcp(byte[] packet, int length);
  }

  private static final class Flight {
    final long dueNanos;
    final long order;
    final boolean rtcp;
    final byte[] packet;

    Flight(long dueNanos, long order, boolean rtcp, byte[] packet) {
      this.dueNanos = dueNanos;
      this.order = order;
      this.rtcp = rtcp;
      this.packet = packet;
    }
  }

  private final Random random;
  private final LongSupplier clock;
  private final PriorityQueue<Flight> flights =
      new PriorityQueue<>(
          (a, b) ->
              a.dueNanos == b.dueNanos
                  ? Long.compare(a.order, b.order)
                  : Long.compare(a.dueNanos, b.dueNanos));
  private double loss;
  private long delayNanos = 30_000_000;
  private long jitterNanos = 10_000_000;
  private long capacityBps = Long.MAX_VALUE;
  private long queueNanos = 300_000_000;
  private long freeAtNanos;
  private long order;
  long packets;
  long bytes;
  long dropped;

  Link(long seed, LongSupplier clock) {
    random = new Random(seed);
    this.clock = clock;
  }

  Link loss(double share) {
    loss = share;
    return this;
  }

  Link delay(long millis, long jitterMillis) {
    delayNanos = millis * 1_000_000;
    jitterNanos = jitterMillis * 1_000_000;
    return this;
  }

  Link capacity(long bitsPerSecond) {
    capacityBps = bitsPerSecond;
    return this;
  }

  @Override
  public void rtp(byte[] packet, int length) {
    take(packet, length, false);
  }

  @Override
  public void rtcp(byte[] packet, int length) {
    take(packet, length, true);
  }

  private void take(byte[] packet, int length, boolean rtcp) {
    byte[] copy = Arrays.copyOf(packet, length);
    Arrays.fill(packet, (byte) 0x5a); // as encryption in place would
    packets++;
    bytes += length;
    if (random.nextDouble() < loss) {
      dropped++;
      return;
    }
    long now = clock.getAsLong();
    long leaves = now;
    if (capacityBps != Long.MAX_VALUE) {
      leaves = Math.max(now, freeAtNanos);
      if (leaves - now > queueNanos) {
        dropped++;
        return;
      }
      leaves += length * 8_000_000_000L / capacityBps;
      freeAtNanos = leaves;
    }
    long jitter = jitterNanos == 0 ? 0 : (long) (random.nextDouble() * jitterNanos);
    flights.add(new Flight(leaves + delayNanos + jitter, order++, rtcp, copy));
  }

  void deliver(End end) {
    long now = clock.getAsLong();
    while (!flights.isEmpty() && flights.peek().dueNanos <= now) {
      Flight flight = flights.remove();
      byte[] room = Arrays.copyOf(flight.packet, flight.packet.length + PacketSink.SPARE_BYTES);
      if (flight.rtcp) {
        end.rtcp(room, flight.packet.length);
      } else {
        end.rtp(room, flight.packet.length);
      }
    }
  }
}
