package io.lipstream.streaming.rtp;

/**
 * What a receiver counted.
 *
 * @param picturePackets that arrived, repairs not counted
 * @param packetsAskedFor again, each as often as it was
 * @param packetsRepaired that came after they were asked for
 * @param keyFramesAskedFor because nothing else could go on
 */
public record ReceiverStatistics(
    long pictures,
    long keyFrames,
    long sounds,
    long picturePackets,
    long picturePacketsLost,
    long soundsLost,
    long packetsAskedFor,
    long packetsRepaired,
    long keyFramesAskedFor) {}
