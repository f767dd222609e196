package io.lipstream.app;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.Network;
import io.lipstream.inference.NetworkDescription;
import io.lipstream.inference.NetworkFile;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.inference.TensorDescription;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.ContactSheet;
import io.lipstream.media.picture.Rect;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lipstream avatar inspect}: what an avatar consists of, in words and as a picture. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description = "Prints an avatar's frames, rectangles and tensors and draws a contact sheet.")
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class AvatarInspectCommand implements Runnable {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "NAME|PATH", description = "An avatar's name, its folder or its .zip.")
  String avatar;

  @Option(
      names = "--sheet",
      paramLabel = "FILE",
      description =
          "Where to draw the contact sheet, a .png or .jpg (default: NAME-sheet.png here).")
  @Nullable Path sheet;

  @Mixin BackgroundOption background;

  @Override
  public void run() {
    try (AvatarPackage opened = Avatars.store().open(avatar);
        AvatarFrames frames = background.load(opened)) {
      describe(opened);
      EngineOptions options = EngineOptions.cpu().withConcurrentCalls(1);
      try (OnnxEncoder encoder = new OnnxEncoder(Networks.encoder(opened), options);
          Network generator =
              Network.open(Networks.generator(opened, options), NetworkFile.MAX_BYTES, options)) {
        describe("audio encoder", encoder.describe());
        describe("generator", generator.description());
      }
      Path target = sheet == null ? Path.of(opened.manifest().name() + "-sheet.png") : sheet;
      ContactSheet.write(opened, frames, target);
      say("contact sheet", target.toString());
    }
  }

  private void describe(AvatarPackage opened) {
    AvatarManifest manifest = opened.manifest();
    say("name", manifest.name() + " (" + manifest.title() + ")");
    say("where", opened.location().toAbsolutePath().normalize().toString());
    if (!manifest.description().isEmpty()) {
      say("description", manifest.description().replaceAll("\\s+", " "));
    }
    say("licence", manifest.licence());
    manifest.credits().forEach(credit -> say("credit", credit));
    AvatarManifest.Frames frames = manifest.frames();
    say(
        "frames",
        String.format(
            Locale.ROOT,
            "%d of %dx%d at %d a second, %s, %.1f s; %.0f MB in memory",
            frames.count(),
            frames.widthPx(),
            frames.heightPx(),
            manifest.fps(),
            manifest.order().name().toLowerCase(Locale.ROOT).replace('_', '-'),
            (double) frames.count() / manifest.fps(),
            frames.count() * AvatarFrames.bytesPerFrame(opened) / 1e6));
    say("rectangles", rectangles(opened.rectangles()));
    Rect mask = manifest.mask();
    say(
        "mask",
        String.format(
            Locale.ROOT,
            "x %d-%d, y %d-%d of %d",
            mask.x1(),
            mask.x2() - 1,
            mask.y1(),
            mask.y2() - 1,
            manifest.geometry().roiPx()));
    opened.fp16GeneratorFile().ifPresent(file -> say("fp16", file.getFileName() + ", on GPUs"));
    opened
        .int8GeneratorFile()
        .ifPresent(file -> say("int8", file.getFileName() + ", on processors"));
    say("matte", matte(opened));
    say(
        "resting mouth",
        switch (manifest.restingMouth()) {
          case FRAMES -> "the frames' own";
          case GENERATOR -> "drawn by the generator";
        });
  }

  private String matte(AvatarPackage opened) {
    AvatarManifest.Matte matte = opened.manifest().matte();
    if (matte == null) {
      return "none: the background cannot be changed";
    }
    return matte.source()
        + ", frames rendered before "
        + matte.over()
        + background.chosen(opened).map(shown -> ", shown before " + shown).orElse("");
  }

  private static String rectangles(List<Rect> rectangles) {
    IntSummaryStatistics sides =
        rectangles.stream().collect(Collectors.summarizingInt(Rect::widthPx));
    IntSummaryStatistics left = rectangles.stream().collect(Collectors.summarizingInt(Rect::x1));
    IntSummaryStatistics top = rectangles.stream().collect(Collectors.summarizingInt(Rect::y1));
    return String.format(
        Locale.ROOT, "%s px square, left %s, top %s", range(sides), range(left), range(top));
  }

  private static String range(IntSummaryStatistics values) {
    return values.getMin() == values.getMax()
        ? Integer.toString(values.getMin())
        : values.getMin() + " to " + values.getMax();
  }

  private void describe(String role, NetworkDescription network) {
    say(
        role,
        String.format(
            Locale.ROOT,
            "%s, %.1f MB, opsets %s",
            network.file().getFileName(),
            network.sizeBytes() / 1e6,
            network.opsets()));
    for (TensorDescription input : network.inputs()) {
      say("  input", input.toString());
    }
    for (TensorDescription output : network.outputs()) {
      say("  output", output.toString());
    }
  }

  private void say(String name, String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(String.format(Locale.ROOT, "%-14s %s", name, text));
  }
}
