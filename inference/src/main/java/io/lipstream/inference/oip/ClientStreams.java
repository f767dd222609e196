package io.lipstream.inference.oip;

import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.inference.engine.StreamRequest;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.inference.server.Refusal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The engine's streams of the clients whose calls are running.
 *
 * <p>All calls of one connection to one model share their streams, so that a client that sends many
 * calls at once gets no more of a device than one that sends a few. The streams close with the last
 * of these calls: an idle client keeps no model from being evicted. Thread-safe.
 */
final class ClientStreams {
  /** Who asks for what. */
  record Key(String connection, String modelId, Priority priority) {}

  /** More workers than this a client does not get at once. */
  private static final int MAX_STREAMS = 4;

  private final Engine engine;
  private final int queueFrames;
  private final Map<Key, Shared> shared = new HashMap<>();

  ClientStreams(Engine engine, int queueFrames) {
    this.engine = engine;
    this.queueFrames = queueFrames;
  }

  /**
   * Streams for one call; loads the model if need be and waits for that.
   *
   * @throws io.grpc.StatusRuntimeException if there is no such model or no room
   */
  Lease lease(Key key) {
    Shared streams;
    synchronized (shared) {
      streams = shared.computeIfAbsent(key, Shared::new);
      streams.leases++;
      streams.wanted++;
    }
    Lease lease = new Lease(streams);
    try {
      streams.open();
      return lease;
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
  }

  /** One call's hold on its connection's streams. One thread at a time, but for cancel. */
  final class Lease implements AutoCloseable {
    private final Shared streams;
    private final int first;
    private boolean gone;

    private Lease(Shared streams) {
      this.streams = streams;
      synchronized (shared) {
        first = streams.turn++;
      }
    }

    ModelShape shape() {
      return streams.open.getFirst().shape();
    }

    /** One for each worker; the call after this one begins with another one of them. */
    List<FrameStream> streams() {
      List<FrameStream> rotated = new ArrayList<>(streams.open);
      Collections.rotate(rotated, first);
      return rotated;
    }

    /** Gives back what waits once nobody wants any of it. */
    void cancel() {
      synchronized (shared) {
        if (gone) {
          return;
        }
        gone = true;
        if (--streams.wanted > 0) {
          return;
        }
      }
      streams.open.forEach(FrameStream::flush);
    }

    @Override
    public void close() {
      synchronized (shared) {
        if (!gone) {
          gone = true;
          streams.wanted--;
        }
        if (--streams.leases > 0) {
          return;
        }
        shared.remove(streams.key, streams);
      }
      streams.open.forEach(FrameStream::close);
    }
  }

  /** The streams of one key. Counts are guarded by the map's lock. */
  private final class Shared {
    final Key key;
    int leases;
    int wanted;
    int turn;
    volatile List<FrameStream> open = List.of();

    Shared(Key key) {
      this.key = key;
    }

    synchronized void open() {
      if (!open.isEmpty()) {
        return;
      }
      List<FrameStream> opened = new ArrayList<>();
      opened.add(admitted());
      int workers =
          engine.models().devices().stream().mapToInt(device -> device.workers()).max().orElse(1);
      try {
        while (opened.size() < Math.min(workers, MAX_STREAMS)) {
          opened.add(admitted());
        }
      } catch (RuntimeException e) {
        opened.forEach(FrameStream::close);
        throw e;
      }
      open = List.copyOf(opened);
    }

    private FrameStream admitted() {
      int unpaced = 0;
      StreamRequest request =
          new StreamRequest(key.modelId, key.connection, key.priority, unpaced, queueFrames);
      return switch (engine.open(request)) {
        case Admission.Admitted admission -> admission.stream();
        case Admission.Unknown unknown -> throw OipService.unknown(engine, unknown.modelId());
        case Admission.Refused refused ->
            throw Refusal.exhausted(refused.reason(), refused.retryAfter());
      };
    }
  }
}
