package io.lipstream.app.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.avatar.AvatarUpload;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Imports of avatars that were sent, one at a time, and how far each is. Thread-safe. */
final class AvatarImports {
  private static final Logger LOG = LoggerFactory.getLogger(AvatarImports.class);
  private static final int MAX_REMEMBERED = 100;
  private static final int MAX_WAITING = 4;

  private final Path folder;
  private final Semaphore turn = new Semaphore(1);
  private final Map<String, Stand> stands = new LinkedHashMap<>();

  /**
   * How far one is.
   *
   * @param state waiting, unpacking, importing, ready or failed
   * @param done of the total of its step
   */
  record Stand(String state, long done, long total, String message, String hint) {
    boolean isOver() {
      return state.equals("ready") || state.equals("failed");
    }

    ObjectNode json(String name) {
      ObjectNode body =
          Json.object()
              .put("avatar", name)
              .put("state", state)
              .put("progress", total == 0 ? 0 : (double) done / total);
      if (!message.isEmpty()) {
        body.put("message", message).put("hint", hint);
      }
      return body;
    }
  }

  /** Into the folder of avatars. */
  AvatarImports(Path folder) {
    this.folder = folder;
  }

  synchronized Optional<Stand> find(String name) {
    return Optional.ofNullable(stands.get(name));
  }

  /**
   * Begins one; it goes on after this returns.
   *
   * @param archive deleted by the import
   * @return false if one of this name is under way, or too many wait
   */
  synchronized boolean begin(String name, Path archive, Runnable delete) {
    Stand before = stands.get(name);
    long busy = stands.values().stream().filter(each -> !each.isOver()).count();
    if ((before != null && !before.isOver()) || busy >= MAX_WAITING) {
      return false;
    }
    stands.remove(name);
    if (stands.size() >= MAX_REMEMBERED) {
      stands.entrySet().stream()
          .filter(each -> each.getValue().isOver())
          .map(Map.Entry::getKey)
          .findFirst()
          .ifPresent(stands::remove);
    }
    stands.put(name, new Stand("waiting", 0, 0, "", ""));
    Thread.ofVirtual().name("import-" + name).start(() -> run(name, archive, delete));
    return true;
  }

  private synchronized void now(String name, Stand stand) {
    stands.put(name, stand);
  }

  private void run(String name, Path archive, Runnable delete) {
    turn.acquireUninterruptibly();
    try {
      AvatarUpload.install(
          archive,
          folder.resolve(name),
          AvatarUpload.Limits.DEFAULT,
          (step, done, total) -> now(name, new Stand(step, done, total, "", "")));
      now(name, new Stand("ready", 1, 1, "", ""));
      LOG.info("avatar {} was imported", name);
    } catch (LipstreamException e) {
      now(name, new Stand("failed", 0, 0, e.getMessage(), e.hint()));
      LOG.info("avatar {} was not imported: {}", name, e.getMessage());
    } catch (RuntimeException | Error e) {
      now(name, new Stand("failed", 0, 0, "an error inside Lipstream", "the log tells more"));
      LOG.error("importing avatar {} failed", name, e);
    } finally {
      turn.release();
      delete.run();
    }
  }
}
