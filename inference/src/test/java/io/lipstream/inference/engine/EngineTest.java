package io.lipstream.inference.engine;

import static io.lipstream.inference.engine.Engines.batching;
import static io.lipstream.inference.engine.Engines.oneWorker;
import static io.lipstream.inference.engine.Engines.open;
import static io.lipstream.inference.engine.Engines.status;
import static io.lipstream.inference.engine.Engines.submit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lipstream.inference.TensorSlot;
import io.lipstream.inference.engine.Frame.Outcome;
import io.lipstream.inference.engine.ModelStatus.State;
import io.lipstream.inference.engine.StreamRequest.Priority;
import io.lipstream.media.LipstreamException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EngineTest {

  @Test
  void frameComesBackComputed() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker());
        FrameStream stream = open(engine, "doubles")) {
      Numbers frame = Numbers.of(3);
      submit(stream, frame);
      assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
      assertThat(frame.out).containsExactly(6, 6.5f, 7, 7.5f);
      assertThat(frame.batch).isEqualTo(1);
      assertThat(frame.serviceNanos).isPositive();
    }
  }

  @Test
  void everyFloatNetworkCanBeAModel() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker())) {
      for (String model :
          List.of("doubles-float16", "doubles-of-free-size", "doubles-one-by-one", "doubles")) {
        try (FrameStream stream = open(engine, model)) {
          List<Numbers> frames = List.of(Numbers.of(1), Numbers.of(2), Numbers.of(3));
          frames.forEach(frame -> submit(stream, frame));
          for (Numbers frame : frames) {
            assertThat(frame.await()).as(model).isEqualTo(Outcome.COMPUTED);
            assertThat(frame.out[1]).as(model).isEqualTo(2 * frame.in[1]);
          }
          assertThat(stream.shape().outputs().getFirst().shape()).endsWith(4L);
        }
      }
    }
  }

  @Test
  void severalInputsAndOutputsAreNumberedAsInTheFile() throws Exception {
    float[] both = new float[5];
    float[] sum = new float[1];
    Numbers frame =
        new Numbers() {
          @Override
          public void write(int input, TensorSlot slot) {
            slot.put(0, input == 0 ? new float[] {1, 2} : new float[] {3, 4, 5}, 0, slot.floats());
          }

          @Override
          public boolean read(int output, TensorSlot slot) {
            slot.get(0, output == 0 ? both : sum, 0, slot.floats());
            return true;
          }
        };
    try (LocalEngine engine = Engines.start(oneWorker());
        FrameStream stream = open(engine, "two-ways")) {
      submit(stream, frame);
      assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
      assertThat(both).containsExactly(1, 2, 3, 4, 5);
      assertThat(sum).containsExactly(15);
    }
  }

  @Test
  void generatorsAreNumberedPictureFirstWhateverTheirFileSays() {
    try (LocalEngine engine = Engines.start(oneWorker());
        FrameStream stream = open(engine, "generator-renamed")) {
      assertThat(stream.shape().inputs().get(0).shape()).endsWith(6L, 320L, 320L);
      assertThat(stream.shape().inputs().get(1).shape()).endsWith(32L, 16L, 16L);
    }
  }

  @Test
  void unknownModelIsSaidToBeUnknown() {
    try (LocalEngine engine = Engines.start(oneWorker())) {
      for (String id : List.of("nobody", "../networks/doubles", "", "/etc/passwd", "a/b")) {
        assertThat(engine.open(Engines.request(id))).isEqualTo(new Admission.Unknown(id));
        assertThat(engine.models().find(id)).isEmpty();
      }
      assertThatThrownBy(() -> engine.models().load("nobody", false))
          .isInstanceOf(LipstreamException.class)
          .hasMessage("there is no model nobody");
    }
  }

  @Test
  void unusableNetworksSayWhatIsWrongAndTheEngineServesOn() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker())) {
      for (String[] bad :
          new String[][] {
            {"doubles-of-free-input", "leaves the size of a frame open"},
            {"doubles-of-whole-numbers", "holds int64"},
            {"generator-batch-of-3", "fixed batch"},
            {"generator-custom-operator", "cannot be loaded"},
            {"generator-external-data", "keeps weights outside"},
            {"generator-lies", "failed while it computed"},
          }) {
        assertThatThrownBy(() -> engine.open(Engines.request(bad[0])))
            .as(bad[0])
            .isInstanceOf(LipstreamException.class)
            .hasMessageContaining(bad[1]);
        assertThat(status(engine, bad[0]).state()).isEqualTo(State.FAILED);
        assertThat(status(engine, bad[0]).failure()).contains(bad[1]);
      }
      try (FrameStream stream = open(engine, "doubles")) {
        Numbers frame = Numbers.of(1);
        submit(stream, frame);
        assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
      }
    }
  }

  @Test
  void framesOfSeveralStreamsShareACall() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker().withBatching(batching(8)))) {
      List<FrameStream> streams = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        streams.add(open(engine, "doubles"));
      }
      Gate gate = Gate.hold(streams.getFirst());
      List<Numbers> frames = new ArrayList<>();
      for (FrameStream stream : streams) {
        Numbers frame = Numbers.of(frames.size());
        frames.add(frame);
        submit(stream, frame);
      }
      gate.open.countDown();
      for (Numbers frame : frames) {
        assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
        // The gate's own stream may have its second frame in the next batch.
        assertThat(frame.batch).isGreaterThanOrEqualTo(frame.equals(frames.getFirst()) ? 1 : 5);
        assertThat(frame.out[0]).isEqualTo(2 * frame.in[0]);
      }
      ModelStatistics statistics = status(engine, "doubles").statistics();
      assertThat(statistics.frames()).isEqualTo(7);
      assertThat(statistics.batches()).isLessThanOrEqualTo(3);
      streams.forEach(FrameStream::close);
    }
  }

  @Test
  void fullQueueRefusesTheFrame() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker());
        FrameStream stream =
            open(engine, new StreamRequest("doubles", "test", Priority.LIVE, 0, 2))) {
      Gate gate = Gate.hold(stream);
      Numbers first = Numbers.of(1);
      submit(stream, first);
      submit(stream, Numbers.of(2));
      assertThat(stream.submit(Numbers.of(3), Long.MAX_VALUE)).isFalse();
      gate.open.countDown();
      assertThat(first.await()).isEqualTo(Outcome.COMPUTED);
    }
  }

  @Test
  void flushGivesBackWhatWaitsAndNotWhatIsComputed() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker());
        FrameStream stream = open(engine, "doubles")) {
      Gate gate = Gate.hold(stream);
      Numbers waiting = Numbers.of(1);
      submit(stream, waiting);
      stream.flush();
      assertThat(waiting.await()).isEqualTo(Outcome.FLUSHED);
      assertThat(gate.outcome.isDone()).isFalse();
      gate.open.countDown();
      assertThat(gate.await()).isEqualTo(Outcome.COMPUTED);
      Numbers after = Numbers.of(2);
      submit(stream, after);
      assertThat(after.await()).isEqualTo(Outcome.COMPUTED);
    }
  }

  @Test
  void closedStreamTakesNoFrame() {
    try (LocalEngine engine = Engines.start(oneWorker())) {
      FrameStream stream = open(engine, "doubles");
      stream.close();
      stream.close();
      assertThat(stream.submit(Numbers.of(1), Long.MAX_VALUE)).isFalse();
      assertThat(status(engine, "doubles").streams()).isZero();
    }
  }

  @Test
  void streamMayBeClosedWhenItsFrameIsDone() throws Exception {
    try (LocalEngine engine = Engines.start(oneWorker())) {
      FrameStream stream = open(engine, "doubles");
      Numbers frame = Numbers.of(1).onDone(stream::close);
      submit(stream, frame);
      assertThat(frame.await()).isEqualTo(Outcome.COMPUTED);
      assertThat(engine.models().unload("doubles")).isTrue();
      try (FrameStream again = open(engine, "doubles")) {
        Numbers next = Numbers.of(2);
        submit(again, next);
        assertThat(next.await()).isEqualTo(Outcome.COMPUTED);
      }
    }
  }

  @Test
  void closingTheEngineGivesFramesBack() throws Exception {
    LocalEngine engine = Engines.start(oneWorker());
    FrameStream stream = open(engine, "doubles");
    Gate gate = Gate.hold(stream);
    Numbers waiting = Numbers.of(1);
    submit(stream, waiting);
    Thread closer = Thread.ofPlatform().start(engine::close);
    assertThat(waiting.await()).isEqualTo(Outcome.FLUSHED);
    gate.open.countDown();
    closer.join();
    assertThat(gate.await()).isEqualTo(Outcome.COMPUTED);
    assertThat(stream.submit(Numbers.of(2), Long.MAX_VALUE)).isFalse();
    assertThatThrownBy(() -> engine.open(Engines.request("doubles")))
        .isInstanceOf(IllegalStateException.class);
  }
}
