package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import io.lipstream.inference.server.Refusal;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.wire.compositing.OpenComposite;
import io.lipstream.media.wire.compositing.Pace;

/** What a stream's messages must be; refusals name the field. */
final class RequestCheck {
  /** Of one message. */
  private static final int MAX_SOUND_SECONDS = 10;

  private RequestCheck() {}

  static void open(OpenComposite request) {
    requireRange("open.quality", request.getQuality(), 1, 100);
    requireRange("open.sample_rate_hz", request.getSampleRateHz(), 8_000, 96_000);
    requireRange("open.channels", request.getChannels(), 1, 2);
    requireRange("open.bitrate_kbps", request.getBitrateKbps(), 50, 50_000);
    if (request.hasLookAhead() && request.getLookAhead() != 7) {
      throw Refusal.invalid(
          "open.look_ahead",
          "must be 7, the exact window; it is " + Integer.toUnsignedString(request.getLookAhead()));
    }
    switch (request.getOutput()) {
      case JPEG, PNG, I420, H264 -> {}
      case UNRECOGNIZED -> throw Refusal.invalid("open.output", "is none of JPEG, PNG, I420, H264");
    }
    switch (request.getPace()) {
      case AS_READ, REAL_TIME -> {}
      case UNRECOGNIZED -> throw Refusal.invalid("open.pace", "is neither AS_READ nor REAL_TIME");
    }
    if (request.getIdleFrames() && request.getPace() != Pace.REAL_TIME) {
      throw Refusal.invalid("open.idle_frames", "needs open.pace REAL_TIME");
    }
  }

  private static void requireRange(String field, int value, int least, int most) {
    if (value != 0 && (value < least || value > most)) {
      throw Refusal.invalid(
          field,
          "must be from " + least + " to " + most + "; it is " + Integer.toUnsignedString(value));
    }
  }

  static void sound(ByteString bytes, PcmFormat format) {
    int frameBytes = Short.BYTES * format.channels();
    int most = MAX_SOUND_SECONDS * format.sampleRateHz() * frameBytes;
    if (bytes.size() % frameBytes != 0 || bytes.size() > most) {
      throw Refusal.invalid(
          "sound",
          "must hold whole 16-bit samples of "
              + format.channels()
              + " channels, at most "
              + most
              + " bytes of them; it holds "
              + bytes.size());
    }
  }
}
