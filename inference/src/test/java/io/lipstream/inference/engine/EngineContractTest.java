package io.lipstream.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.lipstream.inference.EncoderSpec;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.media.audio.AudioEncoder;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What every engine does, wherever it computes. */
@Timeout(60)
public abstract class EngineContractTest {
  protected static final String MODEL = "voice";
  private static final Path ENCODER =
      Path.of("..", "avatars", "tiny", "models", "audio_encoder.onnx");
  private static final int WINDOW = AudioEncoder.WINDOW_FLOATS;
  private static final int FEATURE = AudioEncoder.FEATURE_FLOATS;

  @TempDir Path root;
  private Engine engine;

  /** An engine whose catalogue is the ONNX files in a folder. */
  protected abstract Engine start(Path models) throws IOException;

  @BeforeEach
  void startEngine() throws IOException {
    Files.copy(ENCODER, root.resolve(MODEL + ".onnx"));
    Files.copy(ENCODER, root.resolve("another.onnx"));
    engine = start(root);
  }

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  @Test
  void computesWhatTheNetworkComputes() throws Exception {
    int count = 20;
    float[] windows = noise(count * WINDOW);
    float[] expected = new float[count * FEATURE];
    try (OnnxEncoder bare =
        new OnnxEncoder(new EncoderSpec("bare", ENCODER, "", ""), EngineOptions.cpu())) {
      bare.encode(count, windows, expected);
    }
    Ends ends = new Ends();
    try (FrameStream stream = open(count)) {
      List<Window> frames = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        frames.add(new Window(ends, windows, i));
        assertThat(stream.submit(frames.get(i), Long.MAX_VALUE)).isTrue();
      }
      ends.await(count);
      for (int i = 0; i < count; i++) {
        assertThat(frames.get(i).outcome).isEqualTo(Outcome.COMPUTED);
        float[] feature = Arrays.copyOfRange(expected, i * FEATURE, (i + 1) * FEATURE);
        assertThat(frames.get(i).feature).containsExactly(feature, within());
      }
    }
  }

  private static Offset<Float> within() {
    return Offset.offset(1e-4f);
  }

  @Test
  void saysWhatAFrameConsistsOf() {
    try (FrameStream stream = open(1)) {
      ModelShape shape = stream.shape();
      assertThat(shape.inputs()).hasSize(1);
      assertThat(shape.outputs()).hasSize(1);
      assertThat(shape.inputs().getFirst().elementType()).isEqualTo("float32");
      assertThat(shape.inputs().getFirst().shape()).endsWith(1L, 80L, 16L);
      assertThat(shape.outputs().getFirst().shape()).endsWith((long) FEATURE);
    }
  }

  @Test
  void knowsNoModelThatIsNotThere() {
    assertThat(engine.open(request("nobody", 1))).isEqualTo(new Admission.Unknown("nobody"));
    assertThat(engine.models().find("nobody")).isEmpty();
  }

  @Test
  void endsFramesOfAStreamInTheirOrder() throws Exception {
    int count = 200;
    float[] windows = noise(WINDOW);
    Ends ends = new Ends();
    try (FrameStream stream = open(count)) {
      List<Window> frames = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        frames.add(new Window(ends, windows, 0));
        stream.submit(frames.get(i), Long.MAX_VALUE);
      }
      ends.await(count);
      assertThat(ends.inOrder()).containsExactlyElementsOf(frames);
    }
  }

  @Test
  void dropsALateFrameWithoutComputingIt() throws Exception {
    Ends ends = new Ends();
    Window late = new Window(ends, noise(WINDOW), 0);
    Window timely = new Window(ends, noise(WINDOW), 0);
    try (FrameStream stream = open(2)) {
      stream.submit(late, System.nanoTime() - 1);
      stream.submit(timely, System.nanoTime() + TimeUnit.MINUTES.toNanos(1));
      ends.await(2);
    }
    assertThat(late.outcome).isEqualTo(Outcome.LATE);
    assertThat(late.written).isFalse();
    assertThat(timely.outcome).isEqualTo(Outcome.COMPUTED);
    assertThat(engine.models().find(MODEL).orElseThrow().statistics().late()).isEqualTo(1);
  }

  @Test
  void refusesFramesWhenTheQueueIsFullAndTakesThemAgainLater() throws Exception {
    Ends ends = new Ends();
    Gate gate = new Gate(ends);
    try (FrameStream stream = open(2)) {
      stream.submit(gate, Long.MAX_VALUE);
      gate.entered.await();
      // Workers that are free take what comes; what is left fills the queue.
      int accepted = 0;
      while (stream.submit(new Window(ends, noise(WINDOW), 0), Long.MAX_VALUE)) {
        accepted++;
        assertThat(accepted).as("frames that wait, with some on their way").isLessThan(1000);
      }
      assertThat(accepted).isGreaterThanOrEqualTo(2);
      gate.open.countDown();
      ends.await(1 + accepted);
      assertThat(stream.submit(new Window(ends, noise(WINDOW), 0), Long.MAX_VALUE)).isTrue();
      ends.await(2 + accepted);
    }
  }

  @Test
  void givesBackWhatWaitsOnFlushAndGoesOn() throws Exception {
    Ends ends = new Ends();
    Gate gate = new Gate(ends);
    try (FrameStream stream = open(500)) {
      stream.submit(gate, Long.MAX_VALUE);
      gate.entered.await();
      List<Window> waiting = new ArrayList<>();
      for (int i = 0; i < 500 && waiting.size() < 400; i++) {
        Window frame = new Window(ends, noise(WINDOW), 0);
        if (stream.submit(frame, Long.MAX_VALUE)) {
          waiting.add(frame);
        }
      }
      stream.flush();
      gate.open.countDown();
      ends.await(1 + waiting.size());
      assertThat(gate.outcome).isEqualTo(Outcome.COMPUTED);
      assertThat(waiting.getLast().outcome).isEqualTo(Outcome.FLUSHED);
      assertThat(waiting.getLast().written).isFalse();
      Window next = new Window(ends, noise(WINDOW), 0);
      stream.submit(next, Long.MAX_VALUE);
      ends.await(2 + waiting.size());
      assertThat(next.outcome).isEqualTo(Outcome.COMPUTED);
    }
  }

  @Test
  void closedStreamTakesNothingAndHasToldEveryFrame() {
    Ends ends = new Ends();
    List<Window> frames = new ArrayList<>();
    FrameStream stream = open(100);
    for (int i = 0; i < 100; i++) {
      frames.add(new Window(ends, noise(WINDOW), 0));
      stream.submit(frames.get(i), Long.MAX_VALUE);
    }
    stream.close();
    stream.close();
    assertThat(frames)
        .allSatisfy(frame -> assertThat(frame.outcome).isIn(Outcome.COMPUTED, Outcome.FLUSHED));
    assertThat(stream.submit(frames.getFirst(), Long.MAX_VALUE)).isFalse();
    assertThat(ends.inOrder()).hasSize(100);
  }

  @Test
  void frameThatRefusesItsValuesFailsAlone() throws Exception {
    Ends ends = new Ends();
    Window bad =
        new Window(ends, noise(WINDOW), 0) {
          @Override
          public boolean read(int output, TensorSlot slot) {
            return false;
          }
        };
    Window thrower =
        new Window(ends, noise(WINDOW), 0) {
          @Override
          public void write(int input, TensorSlot slot) {
            throw new IllegalStateException("nothing to write");
          }
        };
    Window good = new Window(ends, noise(WINDOW), 0);
    Gate gate = new Gate(ends);
    try (FrameStream stream = open(10)) {
      stream.submit(gate, Long.MAX_VALUE);
      gate.entered.await();
      List.of(bad, thrower, good).forEach(frame -> stream.submit(frame, Long.MAX_VALUE));
      gate.open.countDown();
      ends.await(4);
    }
    assertThat(bad.outcome).isEqualTo(Outcome.NOT_A_NUMBER);
    assertThat(thrower.outcome).isEqualTo(Outcome.FAILED);
    assertThat(good.outcome).isEqualTo(Outcome.COMPUTED);
  }

  @Test
  void computesFramesOfManyStreamsTogetherAndMixesNoneUp() throws Exception {
    int streams = 8;
    int each = 25;
    int total = streams * each;
    Ends ends = new Ends();
    float[] windows = noise(streams * WINDOW);
    float[] expected = new float[streams * FEATURE];
    try (OnnxEncoder bare =
        new OnnxEncoder(new EncoderSpec("bare", ENCODER, "", ""), EngineOptions.cpu())) {
      bare.encode(streams, windows, expected);
    }
    List<FrameStream> open = new ArrayList<>();
    List<Window> frames = new ArrayList<>();
    for (int i = 0; i < streams; i++) {
      open.add(open(each));
    }
    for (int i = 0; i < streams; i++) {
      List<Window> own = new ArrayList<>();
      for (int k = 0; k < each; k++) {
        own.add(new Window(ends, windows, i));
      }
      frames.addAll(own);
      // At once: one by one, each could be computed before the next one comes.
      assertThat(open.get(i).submit(own, each, Long.MAX_VALUE)).isEqualTo(each);
    }
    ends.await(total);
    open.forEach(FrameStream::close);
    for (Window frame : frames) {
      float[] feature =
          Arrays.copyOfRange(expected, frame.index * FEATURE, (frame.index + 1) * FEATURE);
      assertThat(frame.feature).containsExactly(feature, within());
    }
    ModelStatistics counts = engine.models().find(MODEL).orElseThrow().statistics();
    assertThat(counts.frames()).isEqualTo(total);
    assertThat(counts.batches()).isLessThan(total);
  }

  @Test
  void listsItsModelsByNameAndTheirState() {
    assertThat(engine.models().list())
        .extracting(ModelStatus::id)
        .containsExactly("another", MODEL);
    assertThat(engine.models().load(MODEL, false).state()).isEqualTo(ModelStatus.State.READY);
    assertThat(engine.models().find(MODEL).orElseThrow().state())
        .isEqualTo(ModelStatus.State.READY);
    assertThat(engine.models().find("another").orElseThrow().state())
        .isEqualTo(ModelStatus.State.UNLOADED);
    assertThat(engine.models().devices()).isNotEmpty();
  }

  @Test
  void unloadsAModelAndLoadsItAgainOnUse() throws Exception {
    engine.models().load(MODEL, false);
    assertThat(engine.models().unload(MODEL)).isTrue();
    assertThat(engine.models().unload(MODEL)).isFalse();
    assertThat(engine.models().find(MODEL).orElseThrow().state())
        .isEqualTo(ModelStatus.State.UNLOADED);
    computeOne();
  }

  @Test
  void unloadWhileInUseLetsEveryFrameBeComputed() throws Exception {
    Ends ends = new Ends();
    List<Window> frames = new ArrayList<>();
    try (FrameStream stream = open(100)) {
      for (int i = 0; i < 100; i++) {
        frames.add(new Window(ends, noise(WINDOW), 0));
        stream.submit(frames.get(i), Long.MAX_VALUE);
        if (i == 10) {
          assertThat(engine.models().unload(MODEL)).isTrue();
        }
      }
      ends.await(100);
    }
    assertThat(frames).allSatisfy(frame -> assertThat(frame.outcome).isEqualTo(Outcome.COMPUTED));
  }

  @Test
  void forcedReloadLosesNoFrame() throws Exception {
    Ends ends = new Ends();
    List<Window> frames = new ArrayList<>();
    try (FrameStream stream = open(100)) {
      for (int i = 0; i < 100; i++) {
        frames.add(new Window(ends, noise(WINDOW), 0));
        stream.submit(frames.get(i), Long.MAX_VALUE);
        if (i == 50) {
          engine.models().load(MODEL, true);
        }
      }
      ends.await(100);
    }
    assertThat(frames).allSatisfy(frame -> assertThat(frame.outcome).isEqualTo(Outcome.COMPUTED));
  }

  @Test
  void closingGivesBackWhatWaits() throws Exception {
    Ends ends = new Ends();
    List<Window> frames = new ArrayList<>();
    FrameStream stream = open(300);
    for (int i = 0; i < 300; i++) {
      frames.add(new Window(ends, noise(WINDOW), 0));
      stream.submit(frames.get(i), Long.MAX_VALUE);
    }
    engine.close();
    ends.await(300);
    assertThat(frames).allSatisfy(frame -> assertThat(frame.outcome).isNotNull());
    assertThat(stream.submit(frames.getFirst(), Long.MAX_VALUE)).isFalse();
    stream.close();
  }

  private void computeOne() throws InterruptedException {
    Ends ends = new Ends();
    Window frame = new Window(ends, noise(WINDOW), 0);
    try (FrameStream stream = open(1)) {
      stream.submit(frame, Long.MAX_VALUE);
      ends.await(1);
    }
    assertThat(frame.outcome).isEqualTo(Outcome.COMPUTED);
  }

  private FrameStream open(int queueFrames) {
    Admission admission = engine.open(request(MODEL, queueFrames));
    assertThat(admission).isInstanceOf(Admission.Admitted.class);
    return ((Admission.Admitted) admission).stream();
  }

  private static StreamRequest request(String model, int queueFrames) {
    return new StreamRequest(model, "test", Priority.NORMAL, 0, queueFrames);
  }

  private static float[] noise(int count) {
    Random random = new Random(7);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() * 8 - 4;
    }
    return values;
  }

  /** Frames that were told how they ended, in that order. */
  private static final class Ends {
    private final LinkedBlockingQueue<Frame> arriving = new LinkedBlockingQueue<>();
    private final List<Frame> ended = Collections.synchronizedList(new ArrayList<>());

    void add(Frame frame) {
      ended.add(frame);
      arriving.add(frame);
    }

    void await(int total) throws InterruptedException {
      while (ended.size() < total) {
        arriving.take();
      }
    }

    List<Frame> inOrder() {
      synchronized (ended) {
        return List.copyOf(ended);
      }
    }
  }

  /** One window of sound for the encoder, and the feature that it makes of it. */
  private static class Window implements Frame {
    final int index;
    final float[] feature = new float[FEATURE];
    volatile boolean written;
    volatile @Nullable Outcome outcome;
    private final Ends ends;
    private final float[] windows;

    Window(Ends ends, float[] windows, int index) {
      this.ends = ends;
      this.windows = windows;
      this.index = index;
    }

    @Override
    public void write(int input, TensorSlot slot) {
      written = true;
      assertThat(slot.floats()).isEqualTo(WINDOW);
      // Both ways of writing, with a seam.
      int half = WINDOW / 2;
      slot.put(0, windows, index * WINDOW, half);
      FloatBuffer rest = FloatBuffer.wrap(windows, index * WINDOW + half, WINDOW - half);
      slot.put(half, rest, WINDOW - half);
    }

    @Override
    public boolean read(int output, TensorSlot slot) {
      int half = FEATURE / 2;
      slot.get(0, feature, 0, half);
      slot.get(half, FloatBuffer.wrap(feature, half, FEATURE - half), FEATURE - half);
      return true;
    }

    @Override
    public void done(Outcome how, long queueNanos, long serviceNanos, int batch) {
      outcome = how;
      ends.add(this);
    }
  }

  /** Holds the worker that writes it until it is opened. */
  private static final class Gate extends Window {
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch open = new CountDownLatch(1);

    Gate(Ends ends) {
      super(ends, noise(WINDOW), 0);
    }

    @Override
    public void write(int input, TensorSlot slot) {
      entered.countDown();
      try {
        open.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      super.write(input, slot);
    }
  }
}
