package io.lipstream.inference.server;

import com.google.protobuf.ByteString;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.SpeechFeatures;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.util.function.Consumer;

/** The features of PCM that arrives in messages. One owner; the consumer hears each feature. */
final class SpokenFeatures implements AutoCloseable {
  /** What an encoder call computes at once when a message brings much sound. */
  private static final int ENCODER_BATCH = 16;

  private static final int CHUNK = 4096;

  private final AudioEncoder encoder;
  private final SpeechFeatures features;
  private final float[] samples = new float[CHUNK];

  /** A chain that closes the encoder with itself. */
  SpokenFeatures(AudioEncoder encoder, Consumer<float[]> consumer) {
    this.encoder = encoder;
    features =
        new SpeechFeatures(
            encoder,
            ENCODER_BATCH,
            new SpeechFeatures.Listener() {
              @Override
              public void frame(long index, float[] audioWindow) {
                // The stream cuts its own windows, for frames that are asked for one by one.
              }

              @Override
              public void feature(long index, float[] values) {
                consumer.accept(values);
              }
            });
  }

  /** Takes samples of 16 bits, little-endian, at 16 kHz. */
  void push(ByteString pcm) {
    ShortBuffer shorts = pcm.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
    while (shorts.hasRemaining()) {
      int count = Math.min(CHUNK, shorts.remaining());
      for (int i = 0; i < count; i++) {
        samples[i] = shorts.get() / 32768f;
      }
      features.push(samples, count);
    }
    features.flush();
  }

  void finish() {
    features.finish();
  }

  void reset() {
    features.reset();
  }

  @Override
  public void close() {
    encoder.close();
  }
}
