package io.lipstream.streaming.rtp;

/**
 * What a live sound went through on its way in.
 *
 * @param packets that came
 * @param latePackets of them, that came after their time
 * @param underruns times at which nothing was left to play though more was to come
 * @param concealedMillis played in the place of what was missing
 * @param skippedMillis left out because too much waited
 * @param insertedMillis of quiet that were played twice to let more come
 * @param waitingMillis that wait now
 * @param targetMillis that should
 * @param rateMillionths by how much it is played faster than it was recorded, to follow the
 *     sender's clock
 */
public record PlayoutStatistics(
    long packets,
    long latePackets,
    long underruns,
    long concealedMillis,
    long skippedMillis,
    long insertedMillis,
    int waitingMillis,
    int targetMillis,
    int rateMillionths) {}
