package io.lipstream.app.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.DoubleStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

final class LoadReportTest {
  private static LoadResult result(int sessions, double fps, long late, String... failures) {
    Duration seconds = Duration.ofSeconds(4);
    LoadPlan.Starts starts = LoadPlan.Starts.RANDOM;
    LoadPlan plan = new LoadPlan("ada", sessions, 0.2, seconds, Duration.ZERO, starts, 1);
    return new LoadResult(
        plan,
        sessions,
        0,
        0.2 * sessions,
        Spread.of(DoubleStream.of(fps, 25, 25)),
        Spread.of(DoubleStream.of(300)),
        Spread.NONE,
        Spread.of(DoubleStream.of(0, 10, 20)),
        Spread.of(DoubleStream.of(3)),
        100,
        0,
        0,
        0,
        0,
        0,
        new ServerCalls.Counted(100, late, 0),
        1.5,
        0.1,
        0.9,
        Double.NaN,
        Double.NaN,
        List.of(
            new LoadResult.Sample(2, 1, fps, 25, 1.5, 0.1),
            new LoadResult.Sample(4, 2, fps, 25, 1.5, 0.1)),
        List.of(failures));
  }

  @Test
  void aServiceLevelIsKeptOrTellsWhatBrokeIt() {
    ServiceLevel level = ServiceLevel.parse("p99-fps>=25, late-mouths<=1%");
    assertThat(level.isKept(result(8, 25, 1))).isTrue();
    assertThat(level.broken(result(8, 24, 0))).containsExactly("p99-fps>=25: 24.0");
    assertThat(level.broken(result(8, 25, 25))).containsExactly("late-mouths<=1%: 20.0%");
    assertThat(level.isKept(result(8, 25, 0, "a viewer was cut off"))).isFalse();
  }

  @Test
  void aServiceLevelThatCannotBeReadIsRefusedWithWhatThereIs() {
    assertThatThrownBy(() -> ServiceLevel.parse("fps=25"))
        .hasMessageContaining("fps=25")
        .hasMessageContaining("p99-fps");
    assertThatThrownBy(() -> ServiceLevel.parse("p98-fps>=25")).hasMessageContaining("p98-fps");
  }

  @Test
  void jsonHasNullForWhatIsNotKnown() throws Exception {
    LoadReport report =
        new LoadReport(
            ServiceLevel.parse("p99-fps>=25"), List.of(result(8, 25, 0)), OptionalInt.of(8));
    JsonNode json = new ObjectMapper().readTree(report.json());
    assertThat(json.path("mostSessions").asInt()).isEqualTo(8);
    JsonNode one = json.path("results").path(0);
    assertThat(one.path("kept").asBoolean()).isTrue();
    assertThat(one.path("framesPerSecond").path("p50").asDouble()).isEqualTo(25);
    assertThat(one.path("serverBytes").isNull()).isTrue();
    assertThat(one.path("answerMillis").path("p50").isNull()).isTrue();
    assertThat(one.path("samples")).hasSize(2);
  }

  @Test
  void theTableHasAColumnForEachResult() {
    LoadReport report =
        new LoadReport(
            ServiceLevel.parse("p99-fps>=25"),
            List.of(result(8, 25, 0), result(12, 20, 0)),
            OptionalInt.of(8));
    assertThat(report.table().lines().filter(line -> line.startsWith("sessions")))
        .singleElement()
        .asString()
        .matches("sessions +8 of 8 +12 of 12");
    assertThat(report.table()).containsPattern("kept p99-fps>=25 +yes +no");
    assertThat(report.complaints()).containsExactly("12 sessions: p99-fps>=25: 20.0");
  }

  @Test
  void chartsOfOneAndOfManyResultsAreWellFormed() throws Exception {
    ServiceLevel level = ServiceLevel.parse("p99-fps>=25");
    List<LoadResult> two = List.of(result(12, 20, 0), result(8, 25, 0));
    for (List<LoadResult> results : List.of(two, two.subList(0, 1))) {
      String svg = LoadChart.svg(new LoadReport(level, results, OptionalInt.empty()));
      var parsed =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
      assertThat(parsed.getElementsByTagName("polyline").getLength())
          .isEqualTo(results.size() == 1 ? 5 : 7);
      assertThat(svg).doesNotContain("NaN");
    }
  }
}
