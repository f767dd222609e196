package io.lipstream.app.live;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.Message;
import io.lipstream.media.talk.ReplyEnd;
import io.lipstream.media.talk.SpeechRecognizer;
import io.lipstream.media.talk.VoiceActivity;
import java.util.ArrayList;
import java.util.List;

/** Conversation parts that do as they are told, at once. */
final class Talk {
  private Talk() {}

  /** Loud is speech. */
  static final class LoudnessActivity implements VoiceActivity {
    @Override
    public Stream open() {
      return new Stream() {
        @Override
        public float probability(float[] mono16k, int offset) {
          float loudest = 0;
          for (int i = 0; i < WINDOW_SAMPLES; i++) {
            loudest = Math.max(loudest, Math.abs(mono16k[offset + i]));
          }
          return loudest > 0.1 ? 0.99f : 0;
        }

        @Override
        public void reset() {}

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {}
  }

  /** Understands the same whatever it hears. */
  static final class FixedRecognizer implements SpeechRecognizer {
    private final String text;

    FixedRecognizer(String text) {
      this.text = text;
    }

    @Override
    public Utterance open(SpeechRecognizer.Listener listener) {
      return new Utterance() {
        @Override
        public void push(float[] mono16k, int offset, int count) {}

        @Override
        public void finish() {
          Thread.ofVirtual().start(() -> listener.heard(text));
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {}
  }

  /** Gives the same answer in small pieces, and remembers what it was asked. */
  static final class FixedModel implements LanguageModel {
    final List<List<Message>> asked = new ArrayList<>();
    private final String answer;

    FixedModel(String answer) {
      this.answer = answer;
    }

    @Override
    public synchronized Reply reply(List<Message> conversation, LanguageModel.Listener listener) {
      asked.add(List.copyOf(conversation));
      Thread.ofVirtual()
          .start(
              () -> {
                for (int i = 0; i < answer.length(); i += 5) {
                  listener.token(answer.substring(i, Math.min(answer.length(), i + 5)));
                }
                listener.ended(
                    answer.isEmpty()
                        ? new ReplyEnd.Failed(
                            new LipstreamException(
                                LipstreamException.Kind.ENVIRONMENT, "no idea", "ask else"))
                        : new ReplyEnd.Complete());
              });
      return () -> {};
    }

    @Override
    public void close() {}
  }
}
