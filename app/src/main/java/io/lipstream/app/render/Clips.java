package io.lipstream.app.render;

import io.lipstream.compositing.PasteEdge;
import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.GeneratorSpec;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.inference.engine.Catalogue;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.inference.lipsync.EngineGenerator;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.streaming.file.FrameRate;
import io.lipstream.streaming.file.Mp4Format;
import io.lipstream.streaming.file.Mp4Sink;
import io.lipstream.streaming.file.VideoCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Clips that a server renders for who asks, one after the other, with what live sessions leave of
 * the engine. The last ones are kept until the server stops. Thread-safe.
 */
public final class Clips implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Clips.class);
  private static final int KEPT = 20;
  private static final int MAX_WAITING = 8;
  private static final int WORKERS = 2;
  private static final int ID_BYTES = 12;

  private final AvatarStore avatars;
  private final SpeechSynthesizer voice;
  private final Engine engine;
  private final Catalogue models;
  private final Path folder;
  private final SecureRandom random = new SecureRandom();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> Thread.ofPlatform().daemon().name("clips").unstarted(work));

  // Guarded by this.
  private final Map<String, Clip> clips = new LinkedHashMap<>();
  private @Nullable String running;
  private @Nullable RenderPipeline pipeline;

  /** What is asked for; an empty voice is the engine's own. */
  public record Order(String avatar, String voice, String text) {}

  /** How far a clip is. */
  public enum State {
    WAITING,
    RENDERING,
    READY,
    FAILED;

    boolean isOver() {
      return this == READY || this == FAILED;
    }
  }

  /**
   * A clip and how far it is.
   *
   * @param frameCount of the whole, 0 while nobody knows
   * @param seconds how long it is, 0 before it is ready
   * @param message why it failed, with a hint what to do; empty otherwise
   */
  public record Clip(
      String id,
      Order order,
      State state,
      long framesDone,
      long frameCount,
      double seconds,
      String message,
      String hint) {

    private Clip at(State next, long done, long count) {
      return new Clip(id, order, next, done, count, 0, "", "");
    }

    private Clip ready(RenderReport report) {
      return new Clip(
          id, order, State.READY, report.frames(), report.frames(), report.soundSeconds(), "", "");
    }

    private Clip failed(String why, String what) {
      return new Clip(id, order, State.FAILED, framesDone, frameCount, 0, why, what);
    }
  }

  private Clips(
      AvatarStore avatars, SpeechSynthesizer voice, Engine engine, Catalogue models, Path folder) {
    this.avatars = avatars;
    this.voice = voice;
    this.engine = engine;
    this.models = models;
    this.folder = folder;
  }

  /**
   * Opens without a clip; all of what it uses stays the caller's to close, after this.
   *
   * @param models the engine's catalogue, to which avatars are added
   */
  public static Clips open(
      AvatarStore avatars, SpeechSynthesizer voice, Engine engine, Catalogue models) {
    try {
      return new Clips(
          avatars, voice, engine, models, Files.createTempDirectory("lipstream-clips"));
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT,
          "no folder can be made for clips: " + e.getMessage(),
          "see that the folder for temporary files can be written to, or set java.io.tmpdir",
          e);
    }
  }

  /**
   * Begins a clip, soon.
   *
   * @return empty if too many wait already
   * @throws LipstreamException if there is no such avatar or voice
   */
  public Optional<Clip> order(Order order) {
    avatars.open(order.avatar()).close();
    List<String> voices = voice.voices();
    if (!order.voice().isEmpty() && !voices.isEmpty() && !voices.contains(order.voice())) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "there is no voice \"" + order.voice() + "\"",
          "use one of " + String.join(", ", voices));
    }
    byte[] bytes = new byte[ID_BYTES];
    random.nextBytes(bytes);
    String id = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    Clip clip = new Clip(id, order, State.WAITING, 0, 0, 0, "", "");
    synchronized (this) {
      if (clips.values().stream().filter(each -> !each.state().isOver()).count() >= MAX_WAITING) {
        return Optional.empty();
      }
      clips.put(id, clip);
      forgetOldest();
    }
    try {
      thread.execute(() -> render(id));
    } catch (RejectedExecutionException e) {
      throw new LipstreamException(
          LipstreamException.Kind.ENVIRONMENT, "the server is shutting down", "try again later", e);
    }
    return Optional.of(clip);
  }

  private void forgetOldest() {
    if (clips.size() > KEPT) {
      clips.values().stream()
          .filter(each -> each.state().isOver())
          .map(Clip::id)
          .findFirst()
          .ifPresent(this::remove);
    }
  }

  public synchronized Optional<Clip> find(String id) {
    return Optional.ofNullable(clips.get(id));
  }

  /** The file of a clip that is ready. */
  public Optional<Path> video(String id) {
    return find(id).filter(clip -> clip.state() == State.READY).map(clip -> file(id));
  }

  private Path file(String id) {
    return folder.resolve(id + ".mp4");
  }

  /** Forgets a clip, and stops making it; false if there is none. */
  public synchronized boolean remove(String id) {
    if (clips.remove(id) == null) {
      return false;
    }
    if (id.equals(running) && pipeline != null) {
      pipeline.cancel();
    }
    delete(file(id));
    return true;
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("{} cannot be deleted: {}", file, e.getMessage());
    }
  }

  private void render(String id) {
    Clip clip;
    synchronized (this) {
      clip = clips.get(id);
      running = id;
    }
    if (clip == null) {
      return;
    }
    Clip end;
    try {
      now(clip.at(State.RENDERING, 0, 0));
      end = clip.ready(render(clip));
    } catch (CancellationException e) {
      end = clip.failed("it was stopped", "");
    } catch (LipstreamException e) {
      LOG.warn("a clip of {} failed: {}", clip.order().avatar(), e.getMessage());
      end = clip.failed(String.valueOf(e.getMessage()), e.hint());
    } catch (RuntimeException e) {
      LOG.error("a clip of {} failed", clip.order().avatar(), e);
      end = clip.failed("an error inside Lipstream", "the server's log tells more");
    }
    synchronized (this) {
      running = null;
      pipeline = null;
      if (!now(end)) {
        delete(file(id));
      }
    }
  }

  private synchronized boolean now(Clip clip) {
    return clips.replace(clip.id(), clip) != null;
  }

  private RenderReport render(Clip clip) {
    Order order = clip.order();
    EngineOptions options = EngineOptions.cpu();
    try (AvatarPackage avatar = avatars.open(order.avatar());
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.defaultMaxBytes());
        OnnxEncoder encoder =
            new OnnxEncoder(EncoderSpec.of(order.avatar(), avatar.audioEncoderFile()), options);
        EngineGenerator generator = generator(avatar, frames, options);
        PcmSource sound = voice.speak(order.text(), order.voice())) {
      AvatarManifest manifest = avatar.manifest();
      AvatarManifest.Frames size = manifest.frames();
      RenderPipeline rendering =
          new RenderPipeline(
              new RenderPipeline.Cast(encoder, generator, frames, manifest, PasteEdge.FEATHERED),
              manifest.fps(),
              WORKERS,
              (done, expected) -> now(clip.at(State.RENDERING, done, expected)));
      synchronized (this) {
        pipeline = rendering;
        if (!clips.containsKey(clip.id())) {
          throw new CancellationException("nobody wants it any more");
        }
      }
      Mp4Format format =
          Mp4Format.of(
              size.widthPx(),
              size.heightPx(),
              FrameRate.of(manifest.fps()),
              sound.format(),
              VideoCodec.H264);
      try (Mp4Sink sink = Mp4Sink.toFile(file(clip.id()), format)) {
        RenderReport report = rendering.run(sound, sink);
        sink.finish();
        return report;
      }
    }
  }

  private EngineGenerator generator(
      AvatarPackage avatar, AvatarFrames frames, EngineOptions options) {
    GeneratorSpec spec = GeneratorSpec.of(avatar, options);
    String modelId = avatar.manifest().name();
    if (!models.contains(modelId)) {
      models.add(modelId, spec);
    }
    return new EngineGenerator(
        engine, modelId, spec, frames, Priority.BULK, WORKERS, options.maxBatch());
  }

  /** Stops what is made and deletes all clips. */
  @Override
  public void close() {
    synchronized (this) {
      List.copyOf(clips.keySet()).forEach(this::remove);
    }
    thread.close();
    try {
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("the folder of clips cannot be deleted", e);
    }
  }
}
