package io.lipstream.streaming.webrtc;

import java.util.concurrent.atomic.LongAdder;

/** What an endpoint counts; any thread. */
final class Counters {
  final LongAdder connected = new LongAdder();
  final LongAdder failedHandshakes = new LongAdder();
  final LongAdder refusedChecks = new LongAdder();
  final LongAdder refusedPackets = new LongAdder();
  final LongAdder droppedPackets = new LongAdder();

  WebRtcStatistics read(int connections) {
    return new WebRtcStatistics(
        connections,
        connected.sum(),
        failedHandshakes.sum(),
        refusedChecks.sum(),
        refusedPackets.sum(),
        droppedPackets.sum());
  }
}
