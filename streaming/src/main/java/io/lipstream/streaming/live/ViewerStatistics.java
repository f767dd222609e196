package io.lipstream.streaming.live;

/**
 * How a viewer is served, counted since it came.
 *
 * @param lostShare of the packets the viewer last reported on, 0 to 1
 * @param roundTripNanos to the viewer and back, 0 until known
 * @param bitrateBps what the connection is thought to carry
 */
public record ViewerStatistics(
    long picturesSent,
    long picturesDropped,
    long soundsSent,
    long packetsSent,
    long bytesSent,
    long packetsResent,
    double lostShare,
    long roundTripNanos,
    int bitrateBps) {}
