package io.lipstream.app.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lipstream.app.config.LoggingConfig;
import io.lipstream.inference.engine.Frame.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What a server's log looks like. */
final class ServerLogTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private static LoggingConfig config(String format, String level, boolean buffered) {
    return new LoggingConfig(format, level, false, buffered, false);
  }

  private List<String> lines() {
    return out.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLineIsOneJsonObjectWithTheRequest(boolean buffered) throws IOException {
    try (ServerLog log = ServerLog.start(config("json", "info", buffered), out, true)) {
      assertThat(log).isNotNull();
      MDC.put("request", "r-1");
      LoggerFactory.getLogger("io.lipstream.x.Thing").info("one\n\"two\" {}", 3);
      MDC.remove("request");
      LoggerFactory.getLogger("io.lipstream.x").warn("bad", new IllegalStateException("why"));
      LoggerFactory.getLogger("io.lipstream.x").debug("not wanted");
      LoggerFactory.getLogger("somebody.else").info("not wanted");
      awaitLine("IllegalStateException");
    }

    assertThat(lines()).hasSize(2);
    JsonNode first = new ObjectMapper().readTree(lines().get(0));
    assertThat(first.get("message").asText()).isEqualTo("one\n\"two\" 3");
    assertThat(first.get("request").asText()).isEqualTo("r-1");
    assertThat(first.get("level").asText()).isEqualTo("INFO");
    assertThat(first.get("logger").asText()).isEqualTo("io.lipstream.x.Thing");
    assertThat(first.get("time").asText()).matches("\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{3}Z");
    JsonNode second = new ObjectMapper().readTree(lines().get(1));
    assertThat(second.get("error").asText()).contains("IllegalStateException: why", "at io.");
    assertThat(second.has("request")).isFalse();
  }

  @Test
  void autoIsTextOnATerminalAndJsonElsewhere() {
    try (ServerLog log = ServerLog.start(config("auto", "info", true), out, true)) {
      assertThat(log).isNotNull();
      LoggerFactory.getLogger("io.lipstream.x.Thing").info("hello");
      awaitLine("hello");
    }
    try (ServerLog log = ServerLog.start(config("auto", "info", true), out, false)) {
      assertThat(log).isNotNull();
      LoggerFactory.getLogger("io.lipstream.x.Thing").info("hello");
      awaitLine("\"hello\"");
    }

    assertThat(lines().get(0)).endsWith("INFO   Thing  hello");
    assertThat(lines().get(1)).startsWith("{").endsWith("}");
  }

  @Test
  void aStalledReaderHoldsNobodyAndIsTold() {
    CountDownLatch stalled = new CountDownLatch(1);
    OutputStream slow =
        new OutputStream() {
          @Override
          public void write(int b) {
            out.write(b);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) {
            await(stalled);
            out.write(bytes, offset, length);
          }
        };
    try (ServerLog log = ServerLog.start(config("text", "info", true), slow, true)) {
      assertThat(log).isNotNull();
      for (int i = 0; i < LogWriter.CAPACITY + 100; i++) {
        LoggerFactory.getLogger("io.lipstream.x").info("line {}", i);
      }
      stalled.countDown();
      // Closing waits for two seconds only.
      awaitLine("log lines were dropped");
    }

    assertThat(lines()).hasSizeGreaterThanOrEqualTo(LogWriter.CAPACITY);
    assertThat(lines().getLast()).containsPattern("(99|100) log lines were dropped");
  }

  /** Waits until a line with that text was written. */
  private void awaitLine(String text) {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!out.toString(StandardCharsets.UTF_8).contains(text)) {
      assertThat(System.nanoTime()).as("waiting for " + text).isLessThan(end);
      LockSupport.parkNanos(2_000_000);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void faultsOfFramesAreToldOnceASecondWithTheirNumber() {
    AtomicLong clock = new AtomicLong();
    EngineLog engine = new EngineLog(false, clock::get);
    try (ServerLog log = ServerLog.start(config("text", "info", false), out, true)) {
      assertThat(log).isNotNull();
      for (int i = 0; i < 50; i++) {
        engine.frameEnded("ada", Outcome.LATE, 0);
        engine.frameEnded("ada", Outcome.COMPUTED, 0);
        clock.addAndGet(10_000_000);
      }
      assertThat(lines()).hasSize(1);
      clock.addAndGet(1_000_000_000);
      engine.frameEnded("ada", Outcome.LATE, 0);
      engine.batchComputed("ada", "cpu0", 4, 1_000_000);
    }

    assertThat(lines()).hasSize(2);
    assertThat(lines().get(0)).contains("1 frames ended as LATE, the last one of ada");
    assertThat(lines().get(1)).contains("50 frames ended as LATE");
  }

  @Test
  void timesOfCallsAreLoggedWhereAsked() {
    EngineLog engine = new EngineLog(true, System::nanoTime);
    try (ServerLog log = ServerLog.start(config("text", "info", false), out, true)) {
      assertThat(log).isNotNull();
      engine.batchComputed("ada", "cpu0", 4, 12_340_000);
    }

    assertThat(lines().getFirst()).endsWith("computed 4 frames of ada on cpu0 in 12.34 ms");
  }
}
