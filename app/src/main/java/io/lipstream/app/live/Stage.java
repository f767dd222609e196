package io.lipstream.app.live;

import io.lipstream.app.quality.Importance;
import io.lipstream.compositing.Compositor;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.Background;
import io.lipstream.media.avatar.FrameMemory;
import io.lipstream.media.avatar.RestingMouth;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.streaming.live.BitrateRange;
import io.lipstream.streaming.live.FeedStatistics;
import io.lipstream.streaming.live.FrameClock;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.VideoFeed;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An avatar made ready to speak, for all of its sessions: its frames, its networks, and the idle
 * loop, which is encoded once for each codec however many watch.
 *
 * <p>Which frame is shown follows from the clock alone, so every session of the avatar shows the
 * same one at the same moment, speaking or not. Thread-safe.
 */
final class Stage implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Stage.class);

  /** After about so many faster mouths a slow one is forgotten. */
  private static final int DRAW_MEMORY = 50;

  /** More bits a pixel nobody sees: with these Ada is 47 dB from what was encoded. */
  private static final double MOST_BITS_PER_PIXEL = 0.2;

  /** Small pictures may take this much whatever their size. */
  private static final int ALWAYS_ALLOWED_BPS = 1_000_000;

  /** As many as ten sessions use that speak at once. */
  private static final int MOST_SPARE_MOMENTS = 80;

  private static final long LONGEST_LEAVE_NANOS = 5_000_000_000L;

  private final LiveParts parts;
  private final LiveSettings settings;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final AvatarManifest manifest;
  private final AvatarFrames frames;
  private final AudioEncoder audioEncoder;
  private final GeneratorSpec spec;
  private final RestingMouths restingMouths;
  private volatile long drawNanos;

  /** Replaced as a whole; guarded by this for writing. */
  private volatile Map<LiveVideoCodec, VideoFeed> idleFeeds = Map.of();

  /** Guards the three fields below. */
  private final Object idleLock = new Object();

  private final Compositor compositor;
  private final I420Frame idlePicture;

  private boolean closed;

  /** A third of a megabyte each, so that they are not made anew for each sentence. */
  private final BlockingQueue<Moment> moments = new ArrayBlockingQueue<>(MOST_SPARE_MOMENTS);

  private final Object useLock = new Object();

  /** Utterances and sessions that use the networks and frames; guarded by the lock. */
  private int users;

  /**
   * Loads an avatar, which takes seconds.
   *
   * @param memory for its frames
   * @throws LipstreamException if there is no such avatar, or it cannot be used live
   */
  Stage(Look look, LiveParts parts, LiveSettings settings, Beat beat, FrameMemory memory) {
    this.parts = parts;
    this.settings = settings;
    try {
      AvatarPackage avatar = keep(parts.avatars().open(look.avatar()));
      manifest = avatar.manifest();
      requireLive(manifest);
      Background background = look.background() == null ? avatar.background() : look.background();
      frames = keep(AvatarFrames.hold(avatar, memory, background));
      if (!frames.inMemory()) {
        LOG.warn(
            "avatar {} is too large for the memory of avatars' frames: sessions will wait for the disk;"
                + " raise avatars.background_cache_mb",
            manifest.name());
      }
      EngineOptions options = settings.options();
      EncoderSpec encoder = EncoderSpec.of(manifest.name(), avatar.audioEncoderFile());
      audioEncoder = keep(new OnnxEncoder(encoder, options));
      spec = GeneratorSpec.of(avatar, options);
      synchronized (parts.models()) {
        if (!parts.models().contains(modelId())) {
          parts.models().add(modelId(), spec);
        }
      }
      parts.engine().prepare(modelId(), frames, manifest.mask());
      // While this is open the model stays loaded.
      keep(admitted(new StreamRequest(modelId(), "stage " + modelId(), Priority.BULK, 0, 1)));
      restingMouths =
          manifest.restingMouth() == RestingMouth.FRAMES
              ? RestingMouths.NONE
              : keep(RestingMouths.drawn(parts.engine(), modelId(), spec, frames, audioEncoder));
      compositor = newCompositor();
      idlePicture = newPicture();
      FrameClock.Registration ticks = beat.pictures().add(this::idle);
      open.push(ticks);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T keep(T resource) {
    open.push(resource);
    return resource;
  }

  private static void requireLive(AvatarManifest manifest) {
    if (manifest.fps() != Beat.PICTURES_PER_SECOND) {
      throw new LipstreamException(
          LipstreamException.Kind.AVATAR,
          "avatar "
              + manifest.name()
              + " has "
              + manifest.fps()
              + " frames a second; live sessions show "
              + Beat.PICTURES_PER_SECOND,
          "render it to a file, or make its frames anew at 25 a second");
    }
  }

  private String modelId() {
    return manifest.name();
  }

  GeneratorSpec spec() {
    return spec;
  }

  AudioEncoder audioEncoder() {
    return audioEncoder;
  }

  AvatarFrames frames() {
    return frames;
  }

  int frameIndex(long tick) {
    return manifest.idleFrame(tick);
  }

  AvatarManifest manifest() {
    return manifest;
  }

  /** The avatar at rest; drawn into the given picture if need be. */
  I420Frame resting(AvatarFrame frame, Compositor paster, I420Frame into) {
    byte[] mouth = restingMouths.of(frame.index());
    if (mouth.length == 0) {
      return frame.picture();
    }
    paster.paste(frame.picture(), frame.rect(), mouth, 0, 1, into);
    return into;
  }

  /** Whether the frames themselves rest, so that a mouth can fade into them. */
  boolean framesRest() {
    return manifest.restingMouth() == RestingMouth.FRAMES;
  }

  Compositor newCompositor() {
    return new Compositor(manifest.geometry(), PasteEdge.FEATHERED);
  }

  I420Frame newPicture() {
    return new I420Frame(manifest.frames().widthPx(), manifest.frames().heightPx());
  }

  /** A moment for an utterance; it is given back when nobody reads it any more. */
  Moment moment(LiveEvents.Opening opening) {
    Moment spare = moments.poll();
    return (spare == null ? new Moment(this) : spare).of(opening);
  }

  void giveBack(Moment moment) {
    var _ = moments.offer(moment); // beyond the most it is left to the collector
  }

  /**
   * A stream for an utterance's mouths.
   *
   * @param promised whether the engine said that they come in time
   */
  record Mouths(FrameStream stream, boolean promised) {}

  /**
   * A stream for a session's mouths: with a promise that they come in time, or, where there is no
   * room for one, with what the others leave.
   *
   * @param room whether the rest of the server could keep a promise
   */
  Mouths openStream(String session, Importance importance, boolean room, int queueFrames) {
    boolean least = importance == Importance.LOW;
    if (room) {
      StreamRequest promised =
          new StreamRequest(
              modelId(),
              session,
              least ? Priority.NORMAL : Priority.LIVE,
              Beat.PICTURES_PER_SECOND,
              queueFrames);
      if (parts.engine().open(promised) instanceof Admission.Admitted admitted) {
        return new Mouths(admitted.stream(), true);
      }
    }
    LOG.info("session {}: the server is busy, mouths may be late", session);
    Priority priority = least ? Priority.BULK : Priority.NORMAL;
    return new Mouths(
        admitted(new StreamRequest(modelId(), session, priority, 0, queueFrames)), false);
  }

  private FrameStream admitted(StreamRequest request) {
    return switch (parts.engine().open(request)) {
      case Admission.Admitted admitted -> admitted.stream();
      case Admission.Unknown unknown ->
          throw new LipstreamException(
              LipstreamException.Kind.AVATAR,
              "the engine has no model " + unknown.modelId(),
              "`lipstream models list` shows what it has");
      case Admission.Refused refused ->
          throw new LipstreamException(
              LipstreamException.Kind.ENVIRONMENT,
              "the engine refused the mouths of avatar " + modelId() + ": " + refused.reason(),
              "try again in " + refused.retryAfter().toSeconds() + " s, or give it more devices");
    };
  }

  LiveEvents events() {
    return parts.events();
  }

  /** A mouth took that long to be drawn, from its submission on. */
  void drawn(long nanos) {
    events().took(LiveEvents.Step.INFERENCE, nanos);
    long before = drawNanos;
    drawNanos = Math.max(nanos, before - (before - nanos) / DRAW_MEMORY);
  }

  /** How long mouths lately took at worst. */
  long drawNanos() {
    return drawNanos;
  }

  /** The loop that all who watch this avatar at rest share; opens its encoder the first time. */
  VideoFeed idleFeed(LiveVideoCodec codec) {
    VideoFeed known = idleFeeds.get(codec);
    return known == null ? openIdleFeed(codec) : known;
  }

  private synchronized VideoFeed openIdleFeed(LiveVideoCodec codec) {
    VideoFeed known = idleFeeds.get(codec);
    if (known != null) {
      return known;
    }
    VideoFeed opened = openFeed(codec);
    Map<LiveVideoCodec, VideoFeed> more = new EnumMap<>(LiveVideoCodec.class);
    more.putAll(idleFeeds);
    more.put(codec, opened);
    idleFeeds = more;
    return opened;
  }

  /** The encoders of the loop. */
  List<FeedStatistics> encoders() {
    return idleFeeds.values().stream().map(VideoFeed::statistics).toList();
  }

  /** A feed of one session's own. */
  VideoFeed openFeed(LiveVideoCodec codec) {
    int widthPx = manifest.frames().widthPx();
    int heightPx = manifest.frames().heightPx();
    double pixelsPerSecond = (double) widthPx * heightPx * Beat.PICTURES_PER_SECOND;
    int mostBps = Math.max(ALWAYS_ALLOWED_BPS, (int) (MOST_BITS_PER_PIXEL * pixelsPerSecond));
    int startBps = Math.min(settings.bitrateBps(), mostBps);
    BitrateRange range =
        new BitrateRange(
            startBps, Math.min(startBps, 150_000), Math.min(2 * settings.bitrateBps(), mostBps));
    return VideoFeed.open(codec, widthPx, heightPx, Beat.PICTURES_PER_SECOND, range);
  }

  /** Somebody begins to use the networks and frames. */
  void enter() {
    synchronized (useLock) {
      users++;
    }
  }

  /** They are done with them. */
  void leave() {
    synchronized (useLock) {
      users--;
      useLock.notifyAll();
    }
  }

  private void idle(long tick, long ptsNanos) {
    synchronized (idleLock) {
      if (!closed) {
        showIdle(tick, ptsNanos);
      }
    }
  }

  private void showIdle(long tick, long ptsNanos) {
    for (VideoFeed feed : idleFeeds.values()) {
      if (feed.viewerCount() == 0) {
        continue;
      }
      if (restingMouths.isComplete()) {
        feed.loop(tick, manifest.idlePeriod(), ptsNanos, this::idlePicture);
      } else {
        feed.picture(idlePicture(tick), ptsNanos);
      }
    }
  }

  private I420Frame idlePicture(long tick) {
    return resting(frames.frame(frameIndex(tick)), compositor, idlePicture);
  }

  /** Frees all, once those who still use it have let go of it. */
  @Override
  public void close() {
    synchronized (idleLock) {
      closed = true;
    }
    synchronized (useLock) {
      try {
        long end = System.nanoTime() + LONGEST_LEAVE_NANOS;
        while (users > 0 && System.nanoTime() < end) {
          useLock.wait(100);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    synchronized (this) {
      free();
    }
  }

  private void free() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        LOG.warn("closing an avatar failed", e);
      }
    }
    idleFeeds.values().forEach(VideoFeed::close);
    idleFeeds = Map.of();
  }
}
