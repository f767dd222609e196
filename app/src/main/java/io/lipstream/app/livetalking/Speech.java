package io.lipstream.app.livetalking;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.lipstream.app.live.SessionEvent;
import io.lipstream.app.live.SessionState;
import org.jspecify.annotations.Nullable;

/** A session's events as those front ends follow them: when speech begins, and what it was. */
final class Speech {
  private final StringBuilder said = new StringBuilder();
  private boolean speaking;

  Speech(boolean speaking) {
    this.speaking = speaking;
  }

  /** What to tell of an event; null if nothing. */
  @Nullable String status(SessionEvent event) {
    return switch (event) {
      case SessionEvent.Caption word -> {
        said.append(said.isEmpty() ? "" : " ").append(word.text());
        yield null;
      }
      // The first word may come before it.
      case SessionEvent.StateChanged(SessionState.Speaking begun) -> {
        speaking = true;
        yield status("start", "");
      }
      case SessionEvent.StateChanged changed when speaking -> {
        speaking = false;
        String text = said.toString();
        said.setLength(0);
        yield status("end", text);
      }
      default -> null;
    };
  }

  private static String status(String status, String text) {
    return JsonNodeFactory.instance.objectNode().put("status", status).put("text", text).toString();
  }
}
