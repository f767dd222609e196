package io.lipstream.app.compositing;

import io.lipstream.app.quality.QualitySettings;
import io.lipstream.media.avatar.FrameBounds;
import io.lipstream.streaming.still.StillSettings;
import java.time.Duration;

/**
 * How the services behave where the caller says nothing.
 *
 * @param still how pictures of the batch service are written, and the quality of JPEG in streams
 * @param bitrateKbps of H.264
 * @param quality what is done when many speak
 * @param maxStreams at once; more are refused
 * @param stalledAfter how long a client may leave pictures unread
 * @param keepAvatars how long an avatar that nobody uses stays loaded
 * @param keepSessions how long the batch service remembers what a silent caller said
 * @param frames how much memory avatars' frames may take
 */
public record CompositingSettings(
    StillSettings still,
    int bitrateKbps,
    QualitySettings quality,
    int maxStreams,
    Duration stalledAfter,
    Duration keepAvatars,
    Duration keepSessions,
    FrameBounds frames,
    String version) {

  public CompositingSettings withStalledAfter(Duration time) {
    return new CompositingSettings(
        still, bitrateKbps, quality, maxStreams, time, keepAvatars, keepSessions, frames, version);
  }

  public CompositingSettings withMaxStreams(int streams) {
    return new CompositingSettings(
        still,
        bitrateKbps,
        quality,
        streams,
        stalledAfter,
        keepAvatars,
        keepSessions,
        frames,
        version);
  }
}
