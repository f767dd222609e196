package io.lipstream.app;

import io.lipstream.app.render.Progress;
import io.lipstream.app.render.RenderPipeline;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.lipsync.MediaSink;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * How far the mouth of each rendered frame is from the resting mouth of the avatar's frame under
 * it.
 */
final class MouthMovement {
  /**
   * Lines counted inwards from each edge of the crop rectangle, beyond all that is blended there.
   */
  private static final int EDGE_LINES = 30;

  private final double[] differences;
  private final double[] middles;
  private final double[] darkest;
  private final double[] edgeSteps;

  private MouthMovement(
      double[] differences, double[] middles, double[] darkest, double[] edgeSteps) {
    this.differences = differences;
    this.middles = middles;
    this.darkest = darkest;
    this.edgeSteps = edgeSteps;
  }

  /** For each frame the mean absolute difference of luma inside the crop rectangle. */
  double[] differences() {
    return differences;
  }

  /** The same in the middle third of the rectangle, where lips and chin are. */
  double[] middles() {
    return middles;
  }

  /**
   * For each frame the mean of the darkest hundredth of the luma in the middle of the rectangle:
   * low where the mouth is open.
   */
  double[] darkest() {
    return darkest;
  }

  /**
   * For each line along the edges of the rectangle, from the outside in, how much larger the step
   * of luma across it is than in the avatar's own frame: the mean over the frames that show speech,
   * the worst of the four edges.
   */
  double[] edgeSteps() {
    return edgeSteps;
  }

  static MouthMovement of(RenderPipeline.Cast cast, PcmSource sound) {
    List<Double> differences = new ArrayList<>();
    List<Double> middles = new ArrayList<>();
    List<Double> darkest = new ArrayList<>();
    double[][] steps = new double[EDGE_LINES][4];
    render(
        cast,
        sound,
        frame -> {
          int index = cast.manifest().order().index(differences.size(), cast.frames().frameCount());
          AvatarFrame under = cast.frames().frame(index);
          differences.add(difference(frame, under, under.rect()));
          middles.add(difference(frame, under, middle(under.rect())));
          darkest.add(darkest(frame, middle(under.rect())));
          if (differences.getLast() > 1) {
            addSteps(frame, under, steps);
          }
        });
    return new MouthMovement(
        differences.stream().mapToDouble(Double::doubleValue).toArray(),
        middles.stream().mapToDouble(Double::doubleValue).toArray(),
        darkest.stream().mapToDouble(Double::doubleValue).toArray(),
        Arrays.stream(steps)
            .mapToDouble(line -> Arrays.stream(line).max().orElse(0))
            .map(sum -> sum / Math.max(1, differences.stream().filter(d -> d > 1).count()))
            .toArray());
  }

  /** Renders a sound and shows every frame, which is valid only for the moment. */
  static void render(RenderPipeline.Cast cast, PcmSource sound, Consumer<I420Frame> viewer) {
    MediaSink sink =
        new MediaSink() {
          @Override
          public void video(I420Frame frame) {
            viewer.accept(frame);
          }

          @Override
          public void audio(float[] interleaved, int frameCount) {}

          @Override
          public void finish() {}

          @Override
          public void close() {}
        };
    Progress silent =
        new Progress(Progress.Style.NONE, new PrintWriter(Writer.nullWriter()), System::nanoTime);
    new RenderPipeline(cast, cast.manifest().fps(), 2, silent).run(sound, sink);
  }

  double largestBetween(int fromFrame, int toFrame) {
    double largest = 0;
    for (int i = fromFrame; i < toFrame; i++) {
      largest = Math.max(largest, differences[i]);
    }
    return largest;
  }

  private static Rect middle(Rect rect) {
    return new Rect(
        rect.x1() + rect.widthPx() / 3,
        rect.y1() + rect.heightPx() / 3,
        rect.x1() + rect.widthPx() * 2 / 3,
        rect.y1() + rect.heightPx() * 2 / 3);
  }

  private static double difference(I420Frame frame, AvatarFrame under, Rect rect) {
    long sum = 0;
    for (int y = rect.y1(); y < rect.y2(); y++) {
      for (int x = rect.x1(); x < rect.x2(); x++) {
        int at = y * frame.widthPx() + x;
        sum += Math.abs((frame.data()[at] & 0xff) - (under.picture().data()[at] & 0xff));
      }
    }
    return (double) sum / (rect.widthPx() * rect.heightPx());
  }

  private static void addSteps(I420Frame frame, AvatarFrame under, double[][] steps) {
    Rect rect = under.rect();
    int strideBytes = frame.widthPx();
    int topLeft = rect.y1() * strideBytes + rect.x1();
    int bottomRight = (rect.y2() - 1) * strideBytes + rect.x2() - 1;
    for (int line = 0; line < steps.length; line++) {
      int[][] edges = {
        {topLeft + line, 1, strideBytes, rect.heightPx()},
        {bottomRight - line, -1, -strideBytes, rect.heightPx()},
        {topLeft + line * strideBytes, strideBytes, 1, rect.widthPx()},
        {bottomRight - line * strideBytes, -strideBytes, -1, rect.widthPx()},
      };
      for (int edge = 0; edge < edges.length; edge++) {
        int[] e = edges[edge];
        steps[line][edge] +=
            step(frame, e[0], e[1], e[2], e[3]) - step(under.picture(), e[0], e[1], e[2], e[3]);
      }
    }
  }

  /** The mean step from the pixels of a line to their neighbours across it. */
  private static double step(I420Frame frame, int from, int across, int along, int lengthPx) {
    long sum = 0;
    for (int i = 0, at = from; i < lengthPx; i++, at += along) {
      sum += Math.abs((frame.data()[at] & 0xff) - (frame.data()[at + across] & 0xff));
    }
    return (double) sum / lengthPx;
  }

  private static double darkest(I420Frame frame, Rect rect) {
    int[] histogram = new int[256];
    int count = 0;
    for (int y = rect.y1(); y < rect.y2(); y++) {
      for (int x = rect.x1(); x < rect.x2(); x++) {
        histogram[frame.data()[y * frame.widthPx() + x] & 0xff]++;
        count++;
      }
    }
    int wanted = Math.max(1, count / 100);
    int left = wanted;
    double sum = 0;
    for (int level = 0; left > 0; level++) {
      int taken = Math.min(left, histogram[level]);
      sum += (double) taken * level;
      left -= taken;
    }
    return sum / wanted;
  }
}
