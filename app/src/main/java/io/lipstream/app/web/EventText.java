package io.lipstream.app.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lipstream.app.live.SessionEvent;
import io.lipstream.app.live.SessionState;

/** Events of a session as JSON; docs/api.md lists them. */
final class EventText {
  private EventText() {}

  static ObjectNode of(SessionEvent event) {
    return switch (event) {
      case SessionEvent.StateChanged changed -> of(changed.state());
      case SessionEvent.Heard heard ->
          typed("heard").put("text", heard.text()).put("last", heard.last());
      case SessionEvent.Caption word ->
          typed("caption")
              .put("text", word.text())
              .put("startMillis", word.startMillis())
              .put("endMillis", word.endMillis());
      case SessionEvent.Interrupted interrupted ->
          typed("interrupted").put("heard", interrupted.heard());
      case SessionEvent.QualityChanged quality ->
          typed("quality")
              .put("score", quality.score())
              .put("pictureInterval", quality.pictureInterval());
      case SessionEvent.Failed failed ->
          typed("failed").put("message", failed.message()).put("hint", failed.hint());
      case SessionEvent.Recorded recorded ->
          typed("recording")
              .put("recording", recorded.recording())
              .put("state", recorded.state())
              .put("message", recorded.message())
              .put("hint", recorded.hint());
      case SessionEvent.Ended ended -> typed("ended").put("reason", ended.reason());
    };
  }

  static ObjectNode of(SessionState state) {
    return typed("state").put("state", name(state));
  }

  static String name(SessionState state) {
    return switch (state) {
      case SessionState.Idle idle -> "idle";
      case SessionState.Listening listening -> "listening";
      case SessionState.Thinking thinking -> "thinking";
      case SessionState.Speaking speaking -> "speaking";
    };
  }

  private static ObjectNode typed(String type) {
    return Json.object().put("type", type);
  }
}
