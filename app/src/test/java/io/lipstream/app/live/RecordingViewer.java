package io.lipstream.app.live;

import io.lipstream.streaming.live.EncodedPicture;
import io.lipstream.streaming.live.EncodedSound;
import io.lipstream.streaming.live.LiveVideoCodec;
import io.lipstream.streaming.live.OpusDecoder;
import io.lipstream.streaming.live.OpusEncoder;
import io.lipstream.streaming.live.Viewer;
import io.lipstream.streaming.live.ViewerEvents;
import io.lipstream.streaming.live.ViewerStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Remembers all it is shown. */
final class RecordingViewer implements Viewer {
  /** What was sent at a moment. */
  static final class Sent {
    private final byte[] data;
    private final boolean keyFrame;
    private final long ptsNanos;

    private Sent(byte[] data, int length, boolean keyFrame, long ptsNanos) {
      this.data = Arrays.copyOf(data, length);
      this.keyFrame = keyFrame;
      this.ptsNanos = ptsNanos;
    }

    byte[] data() {
      return data;
    }

    boolean keyFrame() {
      return keyFrame;
    }

    long ptsNanos() {
      return ptsNanos;
    }
  }

  /** Decoded sound, mono at 48 kHz. */
  static final class Track {
    private final float[] samples;
    private final long startNanos;

    private Track(float[] samples, long startNanos) {
      this.samples = samples;
      this.startNanos = startNanos;
    }

    float[] samples() {
      return samples;
    }

    long nanosAt(int sample) {
      return startNanos + sample * 1_000_000_000L / EncodedSound.RATE_HZ;
    }

    int sampleAt(long nanos) {
      return (int) Math.round((nanos - startNanos) * (EncodedSound.RATE_HZ / 1e9));
    }

    /** How strong a tone is in 40 ms, as the amplitude of a sine. */
    double amplitude(int hertz, int from) {
      double re = 0;
      double im = 0;
      int count = Math.min(EncodedSound.RATE_HZ / 25, samples.length - from);
      for (int i = 0; i < count; i++) {
        double phase = 2 * Math.PI * hertz * i / EncodedSound.RATE_HZ;
        double window = 1 - Math.cos(2 * Math.PI * i / count);
        re += window * samples[from + i] * Math.cos(phase);
        im += window * samples[from + i] * Math.sin(phase);
      }
      return 2 * Math.hypot(re, im) / count;
    }
  }

  final ViewerEvents events;
  private final LiveVideoCodec codec;
  private final List<Sent> pictures = new ArrayList<>();
  private final List<Sent> sounds = new ArrayList<>();
  private boolean closed;

  RecordingViewer(LiveVideoCodec codec, ViewerEvents events) {
    this.codec = codec;
    this.events = events;
  }

  static RecordingViewer watch(LiveSession session, LiveVideoCodec codec) {
    RecordingViewer viewer = session.join(events -> new RecordingViewer(codec, events));
    viewer.events.connected();
    return viewer;
  }

  @Override
  public LiveVideoCodec codec() {
    return codec;
  }

  @Override
  public synchronized void video(EncodedPicture picture) {
    pictures.add(
        new Sent(picture.data(), picture.length(), picture.keyFrame(), picture.ptsNanos()));
  }

  @Override
  public synchronized void audio(EncodedSound sound) {
    sounds.add(new Sent(sound.data(), sound.length(), false, sound.ptsNanos()));
  }

  synchronized List<Sent> pictures() {
    return List.copyOf(pictures);
  }

  synchronized List<Sent> sounds() {
    return List.copyOf(sounds);
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** All sound, each packet at its moment, silence where none came. */
  Track track() {
    List<Sent> all = sounds();
    long start = all.getFirst().ptsNanos() + OpusEncoder.DELAY_NANOS;
    long end = all.getLast().ptsNanos() + OpusEncoder.DELAY_NANOS;
    Track track =
        new Track(
            new float[(int) ((end - start) / 1_000_000 * 48) + 2 * EncodedSound.SAMPLES], start);
    float[] decoded = new float[OpusDecoder.MAX_SAMPLES];
    try (OpusDecoder decoder = OpusDecoder.open()) {
      for (Sent sound : all) {
        int count = decoder.decode(sound.data(), 0, sound.data().length, decoded);
        // What a receiver plays at a packet's moment was put in the encoder's delay earlier.
        int at = track.sampleAt(sound.ptsNanos());
        for (int i = Math.max(0, -at); i < count; i++) {
          track.samples()[at + i] = decoded[i];
        }
      }
    }
    return track;
  }

  @Override
  public ViewerStatistics statistics() {
    return new ViewerStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}
