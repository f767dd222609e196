package io.lipstream.app;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.OnnxEncoder;
import io.lipstream.media.audio.AudioEncoder;
import io.lipstream.media.audio.AudioFile;
import io.lipstream.media.audio.MelExtractor;
import io.lipstream.media.audio.NpyFile;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.audio.Resampler;
import io.lipstream.media.audio.SpeechFeatures;
import io.lipstream.media.avatar.AvatarPackage;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code lipstream features}: what the pipeline computes from a sound, as NumPy arrays, so that
 * training reads the very numbers that serving uses.
 */
@Command(
    name = "features",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = "Writes what the pipeline computes from a sound as NumPy arrays (float32).")
@SuppressWarnings("NullAway.Init") // picocli fills the options in
final class FeaturesCommand implements Callable<Integer> {
  private static final int READ_FRAMES = 4096;
  private static final int ENCODER_BATCH = 32;

  @Spec CommandSpec spec;

  @Option(names = "--audio", required = true, paramLabel = "FILE", description = "The sound.")
  Path audio;

  @Option(
      names = "--mel",
      paramLabel = "FILE.npy",
      description = "Mel rows, [rows][80], 80 rows a second, normalised to [-4, 4].")
  @Nullable Path mel;

  @Option(
      names = "--embeddings",
      paramLabel = "FILE.npy",
      description = "The audio encoder's output, [frames][512], 25 frames a second.")
  @Nullable Path embeddings;

  @Option(
      names = "--avatar",
      paramLabel = "NAME|PATH",
      defaultValue = "ada",
      description = "Whose audio encoder to use (default: ${DEFAULT-VALUE}).")
  String avatar;

  @Override
  public Integer call() {
    if (mel == null && embeddings == null) {
      throw new ParameterException(
          spec.commandLine(), "nothing to write: name a file with --mel, --embeddings or both");
    }
    try (PcmSource source = AudioFile.open(audio);
        @Nullable NpyFile melFile = mel == null ? null : NpyFile.create(mel, MelExtractor.BANDS);
        @Nullable NpyFile embeddingFile =
            embeddings == null ? null : NpyFile.create(embeddings, AudioEncoder.FEATURE_FLOATS)) {
      if (embeddingFile == null) {
        extractMel(source, melFile);
      } else {
        extractAll(source, melFile, embeddingFile);
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private static void extractMel(PcmSource source, @Nullable NpyFile melFile) {
    MelExtractor extractor = new MelExtractor((index, row) -> append(melFile, row));
    try (Resampler resampler = new Resampler(source.format(), extractor::push)) {
      pour(source, resampler);
    }
    extractor.finish();
    finish(melFile);
  }

  private void extractAll(PcmSource source, @Nullable NpyFile melFile, NpyFile embeddingFile) {
    try (AvatarPackage opened = Avatars.store().open(avatar);
        OnnxEncoder encoder =
            new OnnxEncoder(Networks.encoder(opened), EngineOptions.cpu().withConcurrentCalls(1))) {
      SpeechFeatures features =
          new SpeechFeatures(
              encoder,
              ENCODER_BATCH,
              new SpeechFeatures.Listener() {
                @Override
                public void frame(long index, float[] audioWindow) {
                  // Only what goes into the windows is wanted here.
                }

                @Override
                public void mel(long index, float[] levels) {
                  append(melFile, levels);
                }

                @Override
                public void feature(long index, float[] values) {
                  append(embeddingFile, values);
                }
              });
      try (Resampler resampler = new Resampler(source.format(), features::push)) {
        pour(source, resampler);
      }
      features.finish();
    }
    finish(melFile);
    finish(embeddingFile);
  }

  private static void pour(PcmSource source, Resampler resampler) {
    float[] block = new float[READ_FRAMES * source.format().channels()];
    for (int count = source.read(block, READ_FRAMES);
        count >= 0;
        count = source.read(block, READ_FRAMES)) {
      resampler.push(block, count);
    }
    resampler.finish();
  }

  private static void append(@Nullable NpyFile file, float[] row) {
    if (file != null) {
      file.write(row);
    }
  }

  private static void finish(@Nullable NpyFile file) {
    if (file != null) {
      file.finish();
    }
  }
}
