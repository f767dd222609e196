package io.lipstream.speech.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.Message;
import io.lipstream.media.talk.ReplyEnd;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every language model does. */
abstract class LanguageModelContract {
  static final List<Message> HELLO = List.of(Message.user("Hello"));

  private @Nullable LanguageModel opened;

  /** A model that answers the next question with several tokens, and ends. */
  abstract LanguageModel talkative();

  final LanguageModel model() {
    LanguageModel model = opened == null ? talkative() : opened;
    opened = model;
    return model;
  }

  @AfterEach
  void closeModel() {
    if (opened != null) {
      opened.close();
    }
  }

  @Test
  void tellsSeveralTokensAndThenItsEndOnce() throws InterruptedException {
    Heard heard = new Heard();
    model().reply(HELLO, heard);
    assertThat(heard.end()).isEqualTo(new ReplyEnd.Complete());
    assertThat(heard.tokens()).hasSizeGreaterThan(1).doesNotContain("");
    assertThat(heard.endings()).isEqualTo(1);
  }

  @Test
  void saysNothingMoreAfterACancelButThatItWasCancelled() throws InterruptedException {
    CountDownLatch cancelled = new CountDownLatch(1);
    Heard heard =
        new Heard() {
          @Override
          public void token(String text) {
            super.token(text);
            await(cancelled);
          }
        };
    LanguageModel.Reply reply = model().reply(HELLO, heard);
    heard.firstToken();
    reply.cancel();
    reply.cancel();
    cancelled.countDown();
    assertThat(heard.end()).isEqualTo(new ReplyEnd.Cancelled());
    assertThat(heard.tokens()).hasSize(1);
  }

  @Test
  void aCancelAfterTheEndChangesNothing() throws InterruptedException {
    Heard heard = new Heard();
    LanguageModel.Reply reply = model().reply(HELLO, heard);
    assertThat(heard.end()).isEqualTo(new ReplyEnd.Complete());
    reply.cancel();
    assertThat(heard.endings()).isEqualTo(1);
  }

  @Test
  void closingTheModelCancelsWhatItSays() throws InterruptedException {
    CountDownLatch closed = new CountDownLatch(1);
    Heard heard =
        new Heard() {
          @Override
          public void token(String text) {
            super.token(text);
            await(closed);
          }
        };
    LanguageModel model = model();
    model.reply(HELLO, heard);
    heard.firstToken();
    model.close();
    closed.countDown();
    assertThat(heard.end()).isEqualTo(new ReplyEnd.Cancelled());
  }

  /** Waits whatever interrupts come, as a listener that is busy would. */
  private static void await(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
