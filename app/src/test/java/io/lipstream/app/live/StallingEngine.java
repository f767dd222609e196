package io.lipstream.app.live;

import io.lipstream.inference.engine.Admission;
import io.lipstream.inference.engine.Engine;
import io.lipstream.inference.engine.Frame;
import io.lipstream.inference.engine.FrameStream;
import io.lipstream.inference.engine.ModelShape;
import io.lipstream.inference.engine.Models;
import io.lipstream.inference.engine.StreamRequest;
import java.util.List;

/** An engine that has no time while it is told so: it then takes no frame. */
final class StallingEngine implements Engine {
  private final Engine engine;
  private volatile boolean stalls;

  StallingEngine(Engine engine) {
    this.engine = engine;
  }

  void stall(boolean whether) {
    stalls = whether;
  }

  @Override
  public Admission open(StreamRequest request) {
    Admission answer = engine.open(request);
    return answer instanceof Admission.Admitted admitted
        ? new Admission.Admitted(new Stream(admitted.stream()))
        : answer;
  }

  @Override
  public void limitBatch(int frames) {
    engine.limitBatch(frames);
  }

  @Override
  public Models models() {
    return engine.models();
  }

  @Override
  public void close() {
    engine.close();
  }

  private final class Stream implements FrameStream {
    private final FrameStream stream;

    Stream(FrameStream stream) {
      this.stream = stream;
    }

    @Override
    public ModelShape shape() {
      return stream.shape();
    }

    @Override
    public boolean submit(Frame frame, long deadlineNanos) {
      return !stalls && stream.submit(frame, deadlineNanos);
    }

    @Override
    public int submit(List<? extends Frame> frames, int count, long deadlineNanos) {
      return stalls ? 0 : stream.submit(frames, count, deadlineNanos);
    }

    @Override
    public void flush() {
      stream.flush();
    }

    @Override
    public void close() {
      stream.close();
    }
  }
}
