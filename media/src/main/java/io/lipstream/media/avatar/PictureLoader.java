package io.lipstream.media.avatar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Decodes a folder of pictures, each when it is wanted or soon will be, and keeps as many as fit,
 * the longest unused leaving first.
 *
 * <p>Whoever wants a frame that no worker has begun decodes it on their own thread, so a full queue
 * of frames decoded ahead never stands in the way.
 */
final class PictureLoader implements FrameLoader {
  private final AvatarPackage avatar;
  private final FrameSource.Pictures pictures;
  private final BackgroundChange.@Nullable Plan change;
  private final HeldFiles held;
  private final int capacityFrames;
  private final int ahead;
  private final ExecutorService workers;

  /** Guards the fields below; never held while decoding. */
  private final Object lock = new Object();

  private final Map<Integer, FrameSlot> slots = new LinkedHashMap<>(64, 0.75f, true);
  private final Deque<Decoding> idle = new ArrayDeque<>();
  private int last;
  private boolean forward = true;
  private boolean closed;

  /**
   * Starts to decode in play order.
   *
   * @param change what is put behind the frames; null leaves them as they are
   * @param held where files may be in memory
   * @param capacityFrames that are kept
   */
  PictureLoader(
      AvatarPackage avatar,
      FrameSource.Pictures pictures,
      BackgroundChange.@Nullable Plan change,
      HeldFiles held,
      int capacityFrames) {
    this.avatar = avatar;
    this.pictures = pictures;
    this.change = change;
    this.held = held;
    this.capacityFrames = capacityFrames;
    // Of what fits, most must stay for those who come back to a frame they have just seen.
    ahead = Math.min(FrameLoader.AHEAD, capacityFrames / 4);
    int threads = Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 4);
    AtomicInteger number = new AtomicInteger();
    workers =
        Executors.newFixedThreadPool(
            threads,
            work ->
                Thread.ofPlatform()
                    .daemon()
                    .name("avatar-frames-" + number.getAndIncrement())
                    .unstarted(work));
    decodeAhead(0);
  }

  @Override
  public AvatarFrame frame(int index) {
    FrameSlot slot;
    synchronized (lock) {
      slot = slot(index);
    }
    decodeAhead(index);
    if (slot.claim()) {
      decode(slot);
    }
    return slot.await();
  }

  /** Queues the frames that follow in play order, in the direction the viewer moves. */
  private void decodeAhead(int index) {
    List<FrameSlot> queued = new ArrayList<>();
    synchronized (lock) {
      if (closed) {
        throw new IllegalStateException("the frames of " + avatar.location() + " are closed");
      }
      int count = avatar.manifest().frames().loopCount();
      if (index != last) {
        forward = index > last;
        last = index;
      }
      FrameOrder order = avatar.manifest().order();
      // What follows a clip's frame only those know who play the clip.
      int steps = index < count ? Math.min(ahead, count - 1) : 0;
      for (int step = 1; step <= steps; step++) {
        int next = order.following(index, forward, step, count);
        if (!slots.containsKey(next)) {
          queued.add(slot(next));
        }
      }
    }
    for (FrameSlot slot : queued) {
      workers.execute(
          () -> {
            if (slot.claim()) {
              decode(slot);
            }
          });
    }
  }

  /** Finds or makes a frame's slot; under the lock. */
  private FrameSlot slot(int index) {
    FrameSlot known = slots.get(index);
    if (known != null) {
      return known;
    }
    FrameSlot made = new FrameSlot(index);
    slots.put(index, made);
    if (slots.size() > capacityFrames) {
      slots.remove(slots.keySet().iterator().next());
    }
    return made;
  }

  private void decode(FrameSlot slot) {
    try {
      Decoding decoding = borrow();
      try {
        slot.complete(decoding.decode(slot.index()));
      } finally {
        giveBack(decoding);
      }
    } catch (RuntimeException | Error e) {
      slot.fail(e);
    }
  }

  private Decoding borrow() {
    synchronized (lock) {
      if (closed) {
        throw new IllegalStateException("the frames of " + avatar.location() + " are closed");
      }
      Decoding free = idle.poll();
      if (free != null) {
        return free;
      }
    }
    return new Decoding();
  }

  private void giveBack(Decoding decoding) {
    synchronized (lock) {
      if (!closed) {
        idle.push(decoding);
        return;
      }
    }
    decoding.close();
  }

  @Override
  public void close() {
    List<Decoding> leftover;
    List<FrameSlot> unfinished;
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      leftover = List.copyOf(idle);
      idle.clear();
      unfinished = List.copyOf(slots.values());
      slots.clear();
    }
    workers.shutdown();
    for (FrameSlot slot : unfinished) {
      if (slot.claim()) {
        slot.fail(new IllegalStateException("the frames were closed"));
      }
    }
    leftover.forEach(Decoding::close);
    awaitWorkers();
  }

  /** Frames being decoded may still read files that go away after close. */
  private void awaitWorkers() {
    try {
      while (!workers.awaitTermination(1, TimeUnit.SECONDS)) {
        workers.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What one thread needs to decode a picture. */
  private final class Decoding implements AutoCloseable {
    private final PictureDecoder decoder = new PictureDecoder();
    private final FrameConverter converter =
        new FrameConverter(
            avatar.manifest().geometry(), change == null ? null : change.begin(held));

    AvatarFrame decode(int index) {
      AvatarFrame frame =
          converter.convert(
              index,
              pictures.decode(decoder, held, index, avatar.manifest().frames(), avatar.folder()),
              avatar.rectangles().get(index));
      if (capacityFrames == avatar.manifest().frames().count()) {
        release(index);
      }
      return frame;
    }

    /** All frames stay, so none is decoded again. */
    private void release(int index) {
      held.release(pictures.files().get(index));
      if (change != null) {
        change.matte().release(held, index);
      }
    }

    @Override
    public void close() {
      decoder.close();
      converter.close();
    }
  }
}
