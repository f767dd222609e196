package io.lipstream.inference.engine;

import io.lipstream.inference.TensorSlot;
import java.util.concurrent.CountDownLatch;

/** A frame that holds its worker until it is let through, so that others have to wait. */
final class Gate extends Numbers {
  final CountDownLatch reached = new CountDownLatch(1);
  final CountDownLatch open = new CountDownLatch(1);

  Gate() {
    super(1, 2, 3, 4);
  }

  @Override
  public void write(int input, TensorSlot slot) {
    super.write(input, slot);
    reached.countDown();
    try {
      open.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Submits it and waits until the worker is held. */
  static Gate hold(FrameStream stream) throws InterruptedException {
    Gate gate = new Gate();
    Engines.submit(stream, gate);
    gate.reached.await();
    return gate;
  }
}
