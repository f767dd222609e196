package io.lipstream.app;

import io.lipstream.app.render.RenderPipeline;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets Ctrl-C end a render in order: the pipeline stops, the sink removes what it wrote, then the
 * process exits.
 *
 * <p>Opened before everything that must be closed by then, and so closed after it.
 */
final class Interruption implements AutoCloseable {
  /** Longer than any frame takes, shorter than a person waits. */
  private static final int GRACE_SECONDS = 5;

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = new Thread(this::interrupt, "interruption");
  private @Nullable RenderPipeline pipeline;
  private boolean interrupted;

  Interruption() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Names the render to stop; stops it at once if the signal came before. */
  synchronized void stops(RenderPipeline running) {
    pipeline = running;
    if (interrupted) {
      running.cancel();
    }
  }

  private void interrupt() {
    synchronized (this) {
      interrupted = true;
      if (pipeline != null) {
        pipeline.cancel();
      }
    }
    try {
      closed.await(GRACE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is already on its way out and the hook runs: nothing to take back.
    }
  }
}
