package io.lipstream.app;

import io.lipstream.app.render.Progress;
import io.lipstream.app.render.RenderPipeline;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.lipsync.MediaSink;
import io.lipstream.media.lipsync.SpeechSynthesizer;
import io.lipstream.speech.Voices;
import io.lipstream.streaming.file.FrameRate;
import io.lipstream.streaming.file.Mp4Format;
import io.lipstream.streaming.file.Mp4Sink;
import io.lipstream.streaming.file.VideoCodec;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.Map;
import picocli.CommandLine.Command;

/**
 * {@code lipstream warm-up}: renders a word into nothing. The launcher runs it once after a build
 * to record which classes a start needs.
 */
@Command(name = "warm-up", hidden = true)
final class WarmUpCommand implements Runnable {
  @Override
  public void run() {
    try (SpeechSynthesizer voice = Voices.open(new Voices.Settings("", "", ""), Map.of());
        PcmSource source = voice.speak("Hello.", "");
        RenderCast cast = new RenderCast("ada", PasteEdge.FEATHERED, 1)) {
      AvatarManifest.Frames size = cast.manifest().frames();
      Mp4Format format =
          Mp4Format.of(
              size.widthPx(),
              size.heightPx(),
              FrameRate.of(cast.manifest().fps()),
              source.format(),
              VideoCodec.H264);
      try (MediaSink sink = Mp4Sink.toStream("nowhere", OutputStream.nullOutputStream(), format)) {
        Progress silent =
            new Progress(
                Progress.Style.NONE, new PrintWriter(Writer.nullWriter()), System::nanoTime);
        new RenderPipeline(cast.cast(), cast.manifest().fps(), 1, silent).run(source, sink);
        sink.finish();
      }
    }
  }
}
