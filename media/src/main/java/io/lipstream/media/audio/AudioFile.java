package io.lipstream.media.audio;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.LipstreamException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sound of a file of any format FFmpeg reads, a video's included, in its own rate and one or
 * two channels.
 *
 * <p>Streams in constant memory. What an encoder added in front (mp3 and AAC delay) is left out.
 * Damaged packets are left out and counted; a file without a single good one is refused by {@link
 * #open}. Only the named local file is read, never one that it refers to.
 */
public final class AudioFile implements PcmSource {
  private static final Logger log = LoggerFactory.getLogger(AudioFile.class);

  private final Path path;
  private final AudioDecoder decoder;
  private final PcmFormat format;

  /** Decoded samples: {@link #available} frames from {@link #next} on have not been read yet. */
  private int next;

  private int available;
  private boolean ended;
  private boolean closed;

  private AudioFile(Path path, AudioDecoder decoder) {
    this.path = path;
    this.decoder = decoder;
    this.available = decoder.decode();
    if (available < 0) {
      throw new LipstreamException(
          Kind.INPUT,
          decoder.damagedPackets() > 0
              ? "nothing in " + path + " can be decoded: all of its packets are damaged"
              : path + " holds no sound: it is an audio file of zero samples",
          "play the file in another program to see whether it is whole");
    }
    this.format = new PcmFormat(decoder.sampleRateHz(), decoder.channels());
  }

  /**
   * Opens a file and decodes its first samples.
   *
   * @throws LipstreamException INPUT if it is missing, unreadable, or without sound
   */
  public static AudioFile open(Path path) {
    requireReadable(path);
    AudioDecoder decoder = AudioDecoder.open(path);
    try {
      return new AudioFile(path, decoder);
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
  }

  private static void requireReadable(Path path) {
    if (!Files.exists(path)) {
      String from =
          path.isAbsolute() ? "" : "; it is looked for in " + Path.of("").toAbsolutePath();
      throw refusal("there is no file " + path, "check the path" + from);
    }
    if (Files.isDirectory(path)) {
      throw refusal(path + " is a folder", "name one audio file inside it");
    }
    if (!Files.isReadable(path)) {
      throw refusal("no permission to read " + path, "chmod +r it, or run as its owner");
    }
    if (Files.isRegularFile(path) && isEmpty(path)) {
      throw refusal(path + " is empty (0 bytes)", "export or copy it again");
    }
  }

  private static boolean isEmpty(Path path) {
    try {
      return Files.size(path) == 0;
    } catch (IOException e) {
      throw new LipstreamException(
          Kind.INPUT, "cannot look at " + path + ": " + e.getMessage(), "", e);
    }
  }

  private static LipstreamException refusal(String message, String hint) {
    return new LipstreamException(Kind.INPUT, message, hint);
  }

  @Override
  public PcmFormat format() {
    return format;
  }

  @Override
  public int read(float[] interleaved, int maxFrames) {
    if (closed) {
      throw new IllegalStateException(path + " is closed");
    }
    if (maxFrames < 1) {
      throw new IllegalArgumentException("maxFrames must be at least 1, not " + maxFrames);
    }
    if (available == 0) {
      refill();
    }
    if (ended) {
      return -1;
    }
    int count = Math.min(maxFrames, available);
    int channels = format.channels();
    float[] decoded = decoder.samples();
    for (int i = 0; i < count * channels; i++) {
      interleaved[i] = limited(decoded[next * channels + i]);
    }
    next += count;
    available -= count;
    return count;
  }

  private void refill() {
    if (ended) {
      return;
    }
    available = decoder.decode();
    next = 0;
    if (available < 0) {
      available = 0;
      ended = true;
      if (decoder.damagedPackets() > 0) {
        log.warn("{}: left out {} damaged packets", path, decoder.damagedPackets());
      }
    }
  }

  /** Lossy codecs overshoot, and float files may hold anything. */
  private static float limited(float sample) {
    return sample >= -1 && sample <= 1 ? sample : sample > 1 ? 1 : sample < -1 ? -1 : 0;
  }

  @Override
  public OptionalLong expectedFrames() {
    return decoder.expectedFrames();
  }

  /** Packets that could not be decoded so far. */
  public long damagedPackets() {
    return decoder.damagedPackets();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      decoder.close();
    }
  }
}
