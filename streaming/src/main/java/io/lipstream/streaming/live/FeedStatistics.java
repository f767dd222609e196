package io.lipstream.streaming.live;

/**
 * What a feed did since it was opened.
 *
 * @param viewers served or waiting for a keyframe now
 * @param pictures encoded, each once for all viewers
 * @param keyFrames of these
 * @param bytes of all of them
 * @param encodeNanos spent encoding them
 * @param repeatedPictures sent once more as an earlier round of the loop had encoded them
 * @param latePictures not encoded, because a later one had been before
 * @param bitrateBps aimed at now
 */
public record FeedStatistics(
    int viewers,
    long pictures,
    long keyFrames,
    long bytes,
    long encodeNanos,
    long repeatedPictures,
    long latePictures,
    int bitrateBps) {}
