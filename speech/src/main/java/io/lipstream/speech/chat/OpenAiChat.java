package io.lipstream.speech.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.Message;
import io.lipstream.media.talk.ReplyEnd;
import io.lipstream.speech.http.ApiClient;
import io.lipstream.speech.http.ApiServer;
import io.lipstream.speech.http.EventStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The language model of a server with {@code POST /v1/chat/completions}, heard while it answers.
 *
 * <p>Lenient with what servers make of the protocol: comments, events that are no JSON, no [DONE],
 * no finish_reason, one JSON document instead of a stream. What a model thinks between think marks
 * is not passed on. Thread-safe.
 */
public final class OpenAiChat implements LanguageModel {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DONE = "[DONE]";
  private static final int MAX_DOCUMENT_BYTES = 4 << 20;

  private final ApiClient client;
  private final String instructions;
  private final Set<RunningReply> running = ConcurrentHashMap.newKeySet();

  /**
   * A language model on a server.
   *
   * @param instructions sent before a conversation that brings none; empty for none
   */
  public OpenAiChat(ApiServer server, String instructions) {
    this.client = new ApiClient(server);
    this.instructions = instructions;
  }

  @Override
  public Reply reply(List<Message> conversation, Listener listener) {
    Map<String, Object> content =
        Map.of(
            "model", client.server().model(), "messages", messages(conversation), "stream", true);
    RunningReply reply =
        new RunningReply(tokens -> tell(content, tokens), listener, running::remove);
    running.add(reply);
    return reply.start();
  }

  private List<Map<String, String>> messages(List<Message> conversation) {
    List<Map<String, String>> messages = new ArrayList<>();
    boolean instructed =
        conversation.stream().anyMatch(message -> message.role() == Message.Role.SYSTEM);
    if (!instructed && !instructions.isEmpty()) {
      messages.add(message(Message.system(instructions)));
    }
    conversation.forEach(each -> messages.add(message(each)));
    return messages;
  }

  private static Map<String, String> message(Message message) {
    return Map.of(
        "role", message.role().name().toLowerCase(Locale.ROOT), "content", message.text());
  }

  private ReplyEnd tell(Map<String, Object> content, RunningReply.Tokens tokens)
      throws InterruptedException {
    ApiClient.Answer answer = client.postJson(content);
    try (InputStream body = answer.body()) {
      Reading reading = new Reading(tokens);
      if (answer.contentType().toLowerCase(Locale.ROOT).contains("json")) {
        return reading.document(body);
      }
      return reading.events(new EventStream(body));
    } catch (InterruptedIOException e) {
      InterruptedException interrupted = new InterruptedException("cancelled");
      interrupted.initCause(e);
      throw interrupted;
    } catch (IOException e) {
      throw client.brokenOff(e);
    }
  }

  /** One answer being read. */
  private final class Reading {
    private final RunningReply.Tokens tokens;
    private final Thoughts thoughts = new Thoughts();
    private boolean understood;
    private @Nullable String nonsense;

    Reading(RunningReply.Tokens tokens) {
      this.tokens = tokens;
    }

    ReplyEnd events(EventStream events) throws IOException, InterruptedException {
      ReplyEnd end = null;
      while (end == null) {
        String data = events.next();
        if (data == null || data.strip().equals(DONE)) {
          break;
        }
        end = chunk(data, "delta");
      }
      tokens.token(thoughts.finish());
      if (end == null && !understood) {
        throw client.unreadable(
            nonsense == null ? "answered nothing" : "answered what is no chat: " + nonsense,
            "check that it offers /v1/chat/completions and streams",
            null);
      }
      // Servers that close without a word are held to have said all.
      return end == null ? new ReplyEnd.Complete() : end;
    }

    ReplyEnd document(InputStream body) throws IOException, InterruptedException {
      String text = new String(body.readNBytes(MAX_DOCUMENT_BYTES), StandardCharsets.UTF_8);
      ReplyEnd end = chunk(text, "message");
      tokens.token(thoughts.finish());
      if (!understood) {
        throw client.unreadable(
            "answered what is no chat: " + text, "check that it offers /v1/chat/completions", null);
      }
      return end == null ? new ReplyEnd.Complete() : end;
    }

    /** Passes on what a chunk says; how the answer ends, if it does with this. */
    private @Nullable ReplyEnd chunk(String data, String holder) throws InterruptedException {
      JsonNode json;
      try {
        json = JSON.readTree(data);
      } catch (JsonProcessingException e) {
        nonsense = nonsense == null ? data : nonsense;
        return null;
      }
      JsonNode error = json.path("error");
      if (!error.isMissingNode() && !error.isNull()) {
        JsonNode message = error.path("message");
        throw client.failed(message.isTextual() ? message.asText() : error.toString());
      }
      JsonNode choice = json.path("choices").path(0);
      if (choice.isMissingNode()) {
        // Usage, keep-alives and the like.
        nonsense = nonsense == null && !json.has("choices") ? data : nonsense;
        return null;
      }
      understood = true;
      JsonNode text = choice.path(holder).path("content");
      if (text.isTextual()) {
        tokens.token(thoughts.without(text.asText()));
      }
      JsonNode reason = choice.path("finish_reason");
      return reason.isTextual() && !reason.asText().isEmpty() ? end(reason.asText()) : null;
    }

    private static ReplyEnd end(String reason) {
      return switch (reason) {
        case "length" -> new ReplyEnd.TooLong();
        case "content_filter" -> new ReplyEnd.Withheld();
        default -> new ReplyEnd.Complete();
      };
    }
  }

  @Override
  public void close() {
    running.forEach(RunningReply::cancel);
    client.close();
  }
}
