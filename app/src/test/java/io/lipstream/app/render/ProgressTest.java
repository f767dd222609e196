package io.lipstream.app.render;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a person sees while a render runs; the clock is a fake. */
final class ProgressTest {
  private final StringWriter err = new StringWriter();
  private long nanos;

  private Progress progress(Progress.Style style) {
    return new Progress(style, new PrintWriter(err), () -> nanos);
  }

  private void after(double seconds) {
    nanos += (long) (seconds * 1e9);
  }

  @Test
  void writesOneLineASecondWithoutATerminal() {
    Progress progress = progress(Progress.Style.LINES);
    for (int frame = 1; frame <= 250; frame++) {
      after(0.01);
      progress.frames(frame, 500);
    }
    assertThat(err.toString().lines())
        .containsExactly(
            "20 %  100/500 frames  100 fps  0:04 left", "40 %  200/500 frames  100 fps  0:03 left");
  }

  @Test
  void redrawsABarOnATerminalAndLeavesNoRest() {
    Progress progress = progress(Progress.Style.BAR);
    after(1);
    progress.frames(50, 100);
    progress.done("done");

    List<String> drawn = List.of(err.toString().split("\r", -1));
    assertThat(drawn.get(1))
        .startsWith("[##############..............]  50 %  50/100 frames  50 fps  0:01 left");
    assertThat(drawn.get(2)).startsWith("done ").endsWith(" " + System.lineSeparator());
    assertThat(drawn.get(2).stripTrailing()).isEqualTo("done");
  }

  @Test
  void doesNotPretendToKnowTheEnd() {
    Progress progress = progress(Progress.Style.LINES);
    after(2);
    progress.frames(100, 0);
    assertThat(err.toString().strip()).isEqualTo("100 frames, 50 fps");
  }

  @Test
  void showsHoursWhereTheyAreLeft() {
    Progress progress = progress(Progress.Style.LINES);
    after(10);
    progress.frames(100, 100_000);
    assertThat(err.toString()).contains("2:46:30 left");
  }

  @Test
  void quietIsSilent() {
    Progress progress = progress(Progress.Style.NONE);
    after(5);
    progress.frames(1, 2);
    progress.clear();
    progress.done("done");
    assertThat(err.toString()).isEmpty();
  }
}
