package io.lipstream.app;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.client.RemoteGenerator;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.lipsync.MouthGenerator;

/** Mouths that an inference server draws. */
final class RemoteMouths implements RenderCast.Mouths {
  private final String server;
  private final String modelId;
  private final ConnectionOptions connectionOptions;

  /**
   * A server.
   *
   * @param server HOST:PORT
   * @param modelId empty for the model named like the avatar
   */
  RemoteMouths(String server, String modelId, ConnectionOptions options) {
    this.server = server;
    this.modelId = modelId;
    connectionOptions = options;
  }

  @Override
  public MouthGenerator open(AvatarPackage avatar, AvatarFrames frames, EngineOptions options) {
    InferenceConnection connection = new InferenceConnection(server, connectionOptions);
    RemoteGenerator generator =
        RemoteGenerator.open(
            connection.target(),
            modelId.isEmpty() ? avatar.manifest().name() : modelId,
            frames,
            avatar.manifest().mask(),
            options.concurrentCalls());
    return new MouthGenerator() {
      @Override
      public int maxBatch() {
        return generator.maxBatch();
      }

      @Override
      public int roiPx() {
        return generator.roiPx();
      }

      @Override
      public void generate(int count, int[] frameIndices, float[] windows, byte[] mouths) {
        generator.generate(count, frameIndices, windows, mouths);
      }

      @Override
      public void close() {
        generator.close();
        connection.close();
      }
    };
  }
}
