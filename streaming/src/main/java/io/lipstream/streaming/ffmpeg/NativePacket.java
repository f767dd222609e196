package io.lipstream.streaming.ffmpeg;

import io.lipstream.media.Ffmpeg;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.javacpp.Pointer;

/**
 * One packet of FFmpeg's, whose bytes are copied without a Java object for each. Not thread-safe.
 */
public final class NativePacket implements AutoCloseable {
  private static final int DATA_OFFSET = Pointer.offsetof(AVPacket.class, "data");

  private final AVPacket packet = avcodec.av_packet_alloc();
  private final long dataField = packet.address() + DATA_OFFSET;

  /** For FFmpeg's own calls. */
  public AVPacket packet() {
    return packet;
  }

  public int byteCount() {
    return packet.size();
  }

  public boolean keyFrame() {
    return (packet.flags() & avcodec.AV_PKT_FLAG_KEY) != 0;
  }

  /** Copies all of it. */
  public void read(byte[] to) {
    NativeMemory.read(NativeMemory.pointerAt(dataField), to, 0, packet.size());
  }

  /** Takes a copy of these bytes in the place of what it held. */
  public void fill(byte[] from, int byteOffset, int byteCount) {
    avcodec.av_packet_unref(packet);
    Ffmpeg.check(avcodec.av_new_packet(packet, byteCount), "av_new_packet");
    NativeMemory.write(from, byteOffset, NativeMemory.pointerAt(dataField), byteCount);
  }

  @Override
  public void close() {
    avcodec.av_packet_free(packet);
  }
}
