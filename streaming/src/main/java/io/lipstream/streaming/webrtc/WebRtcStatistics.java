package io.lipstream.streaming.webrtc;

/**
 * What an endpoint met since it was opened.
 *
 * @param connections open now, connected or connecting
 * @param connected that got as far as media, ever
 * @param failedHandshakes certificates that were wrong, and handshakes that were never finished
 * @param refusedChecks connectivity checks for nobody, or without the right password
 * @param refusedPackets media that was forged, repeated or from nobody
 * @param droppedPackets that the network had no room for
 */
public record WebRtcStatistics(
    int connections,
    long connected,
    long failedHandshakes,
    long refusedChecks,
    long refusedPackets,
    long droppedPackets) {}
