package io.lipstream.speech.chat;

import static io.lipstream.speech.http.LoopbackServer.await;
import static io.lipstream.speech.http.LoopbackServer.status;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.Message;
import io.lipstream.media.talk.ReplyEnd;
import io.lipstream.speech.http.ApiService;
import io.lipstream.speech.http.LoopbackServer;
import io.lipstream.speech.http.LoopbackServer.Reply;
import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiChatTest extends LanguageModelContract {
  private static final String DONE = "data: [DONE]\n\n";

  private final LoopbackServer server = new LoopbackServer();
  private OpenAiChat chat = chat(2);

  @AfterEach
  void stop() {
    chat.close();
    server.close();
  }

  @Override
  LanguageModel talkative() {
    server.will(stream(delta("Good ") + delta("day ") + delta("to you.") + end("stop") + DONE));
    return chat;
  }

  @Test
  void sendsTheConversationAfterItsInstructions() throws InterruptedException {
    server.will(stream(delta("Yes.") + DONE));
    ask(List.of(Message.user("A?"), Message.assistant("B."), Message.user("\"C\"?")));
    LoopbackServer.Request request = server.requests().getFirst();
    assertThat(request.path()).isEqualTo("/v1/chat/completions");
    assertThat(request.contentType()).isEqualTo("application/json");
    assertThat(request.authorization()).isEqualTo("Bearer " + LoopbackServer.KEY);
    JsonNode json = request.json();
    assertThat(json.path("model").asText()).isEqualTo("some-model");
    assertThat(json.path("stream").asBoolean()).isTrue();
    assertThat(json.path("messages").toString())
        .contains("Be brief.")
        .containsSubsequence("system", "user", "assistant", "user");
    assertThat(json.path("messages").path(3).path("content").asText()).isEqualTo("\"C\"?");
  }

  @Test
  void leavesAConversationsOwnInstructionsAlone() throws InterruptedException {
    server.will(stream(delta("Yes.") + DONE));
    ask(List.of(Message.system("Be long."), Message.user("A?")));
    assertThat(server.requests().getFirst().body()).contains("Be long.").doesNotContain("brief");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%s%s%s", // the stream just ends
        ": keep-alive\n\n%s: keep-alive\n\n%s%s",
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n%s%s%s",
        "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n%s%s%s",
        "data: what\n\n%s%sdata: {\n\n%s",
        "event: message\n%sevent: message\n%s%s",
        "%s%s%sdata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ngarbage",
        "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm.\"}}]}\n\n%s%s%s",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"\"}],\"error\":null}"
            + "\n\n%s%s%s"
      })
  void isLenientWithWhatServersMakeOfTheProtocol(String stream) throws InterruptedException {
    server.will(stream(stream.formatted(delta("Good"), delta(" "), delta("day."))));
    Heard heard = ask();
    assertThat(heard.end()).isEqualTo(new ReplyEnd.Complete());
    assertThat(heard.text()).isEqualTo("Good day.");
  }

  @Test
  void readsAnAnswerThatIsNotStreamed() throws InterruptedException {
    String document =
        "{\"choices\":[{\"message\":{\"content\":\"Good day.\"},\"finish_reason\":\"length\"}]}";
    server.will(LoopbackServer.ok("application/json; charset=utf-8", document.getBytes(UTF_8)));
    Heard heard = ask();
    assertThat(heard.end()).isEqualTo(new ReplyEnd.TooLong());
    assertThat(heard.text()).isEqualTo("Good day.");
  }

  @Test
  void saysWhyAnAnswerEnded() throws InterruptedException {
    server.will(stream(delta("Good") + end("length") + DONE));
    server.will(stream(delta("Good") + end("content_filter") + DONE));
    server.will(stream(end("stop") + DONE));
    assertThat(ask().end()).isEqualTo(new ReplyEnd.TooLong());
    assertThat(ask().end()).isEqualTo(new ReplyEnd.Withheld());
    assertThat(ask().end()).isEqualTo(new ReplyEnd.Complete());
  }

  @Test
  void keepsAModelsThoughtsToItself() throws InterruptedException {
    server.will(
        stream(delta("<th") + delta("ink>Hm, ") + delta("</think>\n\nGood") + delta(" day.")));
    server.will(stream(delta("<th") + delta("ree> is a tag.")));
    server.will(stream(delta("\n<think>\n\n</think>\n\nYes, </think> is one.")));
    server.will(stream(delta("<thin")));
    assertThat(ended(ask()).text()).isEqualTo("Good day.");
    assertThat(ended(ask()).text()).isEqualTo("<three> is a tag.");
    assertThat(ended(ask()).text()).isEqualTo("Yes, </think> is one.");
    assertThat(ended(ask()).text()).isEqualTo("<thin");
  }

  @Test
  void hearsTheFirstTokenWhileTheServerStillThinks() throws InterruptedException {
    CountDownLatch heardFirst = new CountDownLatch(1);
    server.will(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(delta("Good").getBytes(UTF_8));
          exchange.getResponseBody().flush();
          await(heardFirst);
          exchange.getResponseBody().write((delta(" day.") + DONE).getBytes(UTF_8));
          exchange.close();
        });
    Heard heard = ask();
    heard.firstToken();
    assertThat(heard.text()).isEqualTo("Good");
    heardFirst.countDown();
    assertThat(ended(heard).text()).isEqualTo("Good day.");
  }

  @Test
  void triesAgainBeforeTheFirstTokenWhenTheServerIsBusyOrFails() throws InterruptedException {
    server.will(
        exchange -> {
          exchange.getResponseHeaders().add("Retry-After", "0");
          status(429, "slow down").to(exchange);
        });
    server.will(status(503, "loading the model"));
    server.will(stream(delta("Good day.") + DONE));
    assertThat(ended(ask()).text()).isEqualTo("Good day.");
    assertThat(server.requests()).hasSize(3);
  }

  @Test
  void givesUpOnAServerThatKeepsFailing() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      server.will(status(429, "{\"error\":{\"message\":\"quota used up\"}}"));
    }
    LipstreamException failure = ask().failure();
    assertThat(failure).hasMessageContaining("429: quota used up");
    assertThat(failure.kind()).isEqualTo(LipstreamException.Kind.ENVIRONMENT);
    assertThat(server.requests()).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 404})
  void doesNotInsistWhenItWasRefused(int status) throws InterruptedException {
    server.will(status(status, "{\"error\":\"no " + LoopbackServer.KEY + "\"}"));
    LipstreamException failure = ask().failure();
    assertThat(failure)
        .hasMessageContaining("the language model server http://127.0.0.1:" + server.port())
        .hasMessageContaining(status + ": no ***");
    assertThat(failure.hint()).containsAnyOf("LIPSTREAM_LLM_KEY", "model");
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void saysSoWhenAnAnswerBreaksOffAndDoesNotStartAgain() throws InterruptedException {
    server.will(LoopbackServer.cutOff("text/event-stream", delta("Good").getBytes(UTF_8)));
    Heard heard = ask();
    assertThat(heard.failure()).hasMessageContaining("broke off");
    assertThat(heard.text()).isEqualTo("Good");
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void saysSoWhenTheServerReportsAFailureInsideItsAnswer() throws InterruptedException {
    server.will(stream(delta("Good") + "data: {\"error\":{\"message\":\"out of memory\"}}\n\n"));
    assertThat(ask().failure()).hasMessageContaining("failed: out of memory");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "<html>welcome</html>", "data: <html>\n\n", DONE + DONE, "data: 7"})
  void refusesWhatIsNoChat(String answer) throws InterruptedException {
    server.will(stream(answer));
    Heard heard = ask();
    if (answer.startsWith(DONE)) {
      assertThat(heard.failure()).hasMessageContaining("answered nothing");
    } else {
      assertThat(heard.failure().getMessage()).contains("answered ");
    }
    assertThat(heard.tokens()).isEmpty();
  }

  @Test
  void givesUpWhenNoAnswerComes() throws InterruptedException {
    chat = new OpenAiChat(server.hasty(ApiService.CHAT), "");
    server.will(server.hang());
    assertThat(ask().failure()).hasMessageContaining("does not answer in time");
  }

  @Test
  void givesUpWhenTheServerPausesTooLong() throws InterruptedException {
    chat = new OpenAiChat(server.impatient(ApiService.CHAT), "");
    server.will(server.stall(delta("Good").getBytes(UTF_8)));
    Heard heard = ask();
    assertThat(heard.failure())
        .hasMessageContaining("broke off")
        .hasMessageContaining("nothing came for");
    assertThat(heard.text()).isEqualTo("Good");
  }

  @Test
  void saysSoWhenTheServerIsNotThere() throws IOException, InterruptedException {
    try (Socket taken = LoopbackServer.deafPort()) {
      int port = taken.getLocalPort();
      chat = new OpenAiChat(LoopbackServer.at(ApiService.CHAT, port, 1), "");
      LipstreamException failure = ask().failure();
      assertThat(failure).hasMessageContaining("http://127.0.0.1:" + port + "/v1/chat/completions");
      assertThat(failure.hint()).contains("is it running");
    }
  }

  @Test
  void aCancelEndsTheConnection() throws InterruptedException {
    CountDownLatch hungUp = new CountDownLatch(1);
    byte[] token = delta("word ").getBytes(UTF_8);
    server.will(LoopbackServer.endless(token, token, hungUp));
    Heard heard = new Heard();
    LanguageModel.Reply reply = chat.reply(HELLO, heard);
    heard.firstToken();
    reply.cancel();
    assertThat(heard.end()).isEqualTo(new ReplyEnd.Cancelled());
    await(hungUp);
  }

  @Test
  void aCancelEndsTheWaitForAHangingServer() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    server.will(
        exchange -> {
          asked.countDown();
          server.hang().to(exchange);
        });
    Heard heard = new Heard();
    LanguageModel.Reply reply = chat.reply(HELLO, heard);
    await(asked);
    reply.cancel();
    assertThat(heard.end()).isEqualTo(new ReplyEnd.Cancelled());
  }

  @Test
  void survivesAnyStream() throws InterruptedException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String[] parts = {
      "data: ",
      "\n",
      "\n\n",
      "{",
      "}",
      "\"choices\":",
      "[",
      "]",
      "{\"delta\":",
      "\"content\":",
      "\"a\"",
      "null",
      "7",
      ",",
      "[DONE]",
      "\"finish_reason\":",
      "\"error\":",
      "\u0000",
      "é",
      delta("x"),
      end("stop")
    };
    for (int round = 0; round < 300; round++) {
      StringBuilder stream = new StringBuilder();
      for (int i = random.nextInt(20); i > 0; i--) {
        stream.append(parts[random.nextInt(parts.length)]);
      }
      server.will(stream(stream.toString()));
      Heard heard = ask();
      assertThat(heard.end())
          .as("seed %d: %s", seed, stream)
          .satisfiesAnyOf(
              end -> assertThat(end).isEqualTo(new ReplyEnd.Complete()),
              end ->
                  assertThat(((ReplyEnd.Failed) end).failure().getMessage())
                      .doesNotContain("broke down"));
    }
  }

  private OpenAiChat chat(int retries) {
    return new OpenAiChat(server.at(ApiService.CHAT, retries), "Be brief.");
  }

  private Heard ask() throws InterruptedException {
    return ask(HELLO);
  }

  private Heard ask(List<Message> conversation) throws InterruptedException {
    Heard heard = new Heard();
    chat.reply(conversation, heard);
    if (conversation.size() > 1) {
      heard.end();
    }
    return heard;
  }

  private static Heard ended(Heard heard) throws InterruptedException {
    assertThat(heard.end()).isEqualTo(new ReplyEnd.Complete());
    return heard;
  }

  private static Reply stream(String events) {
    return LoopbackServer.ok("text/event-stream", events.getBytes(UTF_8));
  }

  private static String delta(String content) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
        + content.replace("\n", "\\n")
        + "\"},\"finish_reason\":null}]}\n\n";
  }

  private static String end(String reason) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\""
        + reason
        + "\"}]}\n\n";
  }
}
