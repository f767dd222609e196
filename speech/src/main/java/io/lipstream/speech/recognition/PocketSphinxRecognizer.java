package io.lipstream.speech.recognition;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.talk.SpeechRecognizer;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * The embedded recogniser, good enough for a demonstration: PocketSphinx with its American English
 * model, where Debian's packages are installed. Without them every utterance fails and says so.
 *
 * <p>Thread-safe. Each utterance has a decoder and a thread of its own, which is busy for a fifth
 * of the time that is spoken.
 */
public final class PocketSphinxRecognizer implements SpeechRecognizer {
  private static final ThreadFactory THREADS =
      Thread.ofPlatform().daemon().name("recognizer-", 1).factory();

  /** How much is heard between two partial texts, 200 ms. */
  private static final int PARTIAL_SAMPLES = Recording.RATE_HZ / 5;

  private static @Nullable PocketSphinx shared;

  private final Set<Recording> recordings = ConcurrentHashMap.newKeySet();

  private static synchronized PocketSphinx shared() {
    if (shared == null) {
      shared = PocketSphinx.load();
    }
    return shared;
  }

  /** Why no utterance can be recognised on this machine; empty where it can. */
  public static Optional<LipstreamException> obstacle() {
    try {
      shared();
      return Optional.empty();
    } catch (LipstreamException e) {
      return Optional.of(e);
    }
  }

  @Override
  public Utterance open(Listener listener) {
    Recording recording =
        new Recording(PocketSphinxRecognizer::recognise, listener, THREADS, recordings::remove);
    recordings.add(recording);
    return recording.start();
  }

  private static String recognise(Recording recording) throws InterruptedException {
    try (PocketSphinx.Decoder decoder = shared().open()) {
      String told = "";
      int unheard = 0;
      for (Optional<short[]> piece = recording.next();
          piece.isPresent();
          piece = recording.next()) {
        decoder.process(piece.get());
        unheard += piece.get().length;
        if (unheard >= PARTIAL_SAMPLES) {
          unheard = 0;
          String text = decoder.text();
          if (!text.equals(told) && !text.isEmpty()) {
            told = text;
            recording.partial(text);
          }
        }
      }
      decoder.end();
      return decoder.text();
    }
  }

  @Override
  public void close() {
    recordings.forEach(Recording::close);
  }
}
