package io.lipstream.app.live;

import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.talk.TurnListener;
import io.lipstream.media.talk.TurnSettings;
import io.lipstream.media.talk.TurnTaking;
import io.lipstream.media.talk.VoiceActivity;
import io.lipstream.streaming.live.EncodedSound;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens to one microphone for a person's turns, on a thread of its own.
 *
 * <p>Half a second of sound may wait; what comes on top is dropped, the oldest first, and counted.
 */
final class Ear implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Ear.class);
  private static final PcmFormat MICROPHONE = new PcmFormat(EncodedSound.RATE_HZ, 1);
  private static final int MAX_WAITING_BLOCKS = 25;
  private static final long SECOND_NANOS = 1_000_000_000;

  /** Sound as it came. */
  private static final class Block {
    private float[] mono48k = new float[EncodedSound.SAMPLES];
    private int count;
    private long nanos;
  }

  private final LongSupplier clock;
  private final TurnTaking turns;

  // Guarded by this.
  private final Deque<Block> waiting = new ArrayDeque<>();
  private final Deque<Block> spare = new ArrayDeque<>();
  private boolean turnEndWanted;
  private boolean closed;
  private long droppedBlocks;

  /** The echo's way to 16 kHz, and the moment of what is on it; guarded by the lock. */
  private final Object echoLock = new Object();

  private final Resampler echo;
  private long echoNanos;
  private boolean echoClosed;

  Ear(
      String session,
      VoiceActivity activity,
      TurnSettings settings,
      TurnListener listener,
      LongSupplier clock) {
    this.clock = clock;
    turns = new TurnTaking(activity.open(), settings, listener);
    echo = new Resampler(MICROPHONE, (mono, count) -> turns.avatar(mono, 0, count, echoNanos));
    Thread.ofVirtual().name("ear-" + session).start(this::listen);
  }

  /** Takes what the microphone heard until now; never waits. */
  void hear(float[] mono48k, int count) {
    long nanos = clock.getAsLong() - count * SECOND_NANOS / EncodedSound.RATE_HZ;
    synchronized (this) {
      if (closed) {
        return;
      }
      Block block = spare.poll();
      if (block == null && waiting.size() >= MAX_WAITING_BLOCKS) {
        block = waiting.remove();
        droppedBlocks++;
      } else if (block == null) {
        block = new Block();
      }
      if (block.mono48k.length < count) {
        block.mono48k = new float[count];
      }
      System.arraycopy(mono48k, 0, block.mono48k, 0, count);
      block.count = count;
      block.nanos = nanos;
      waiting.add(block);
      notifyAll();
    }
  }

  /** Blocks dropped because listening took longer than speaking. */
  synchronized long droppedBlocks() {
    return droppedBlocks;
  }

  /** Takes what the avatar says, from one thread. */
  void avatarSaid(float[] mono48k, long ptsNanos) {
    synchronized (echoLock) {
      if (!echoClosed) {
        echoNanos = ptsNanos;
        echo.push(mono48k, EncodedSound.SAMPLES);
      }
    }
  }

  /** Ends a turn that is on at once. */
  synchronized void endTurn() {
    turnEndWanted = true;
    notifyAll();
  }

  private void listen() {
    long[] nanos = {0};
    try (turns;
        Resampler toTurns =
            new Resampler(MICROPHONE, (mono, count) -> turns.user(mono, 0, count, nanos[0]))) {
      while (true) {
        Block block = null;
        synchronized (this) {
          while (waiting.isEmpty() && !turnEndWanted && !closed) {
            wait();
          }
          if (closed) {
            return;
          }
          block = waiting.poll();
          if (block == null) {
            turnEndWanted = false;
          }
        }
        if (block == null) {
          turns.endTurn();
          continue;
        }
        nanos[0] = block.nanos;
        toTurns.push(block.mono48k, block.count);
        synchronized (this) {
          spare.add(block);
        }
      }
    } catch (InterruptedException e) {
      // Nobody interrupts it; close() says when to end.
    } catch (RuntimeException e) {
      LOG.warn("a microphone is not listened to any more", e);
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    synchronized (echoLock) {
      if (!echoClosed) {
        echoClosed = true;
        echo.close();
      }
    }
  }
}
