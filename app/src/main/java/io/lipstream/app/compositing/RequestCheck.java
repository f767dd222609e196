package io.lipstream.app.compositing;

import com.google.protobuf.ByteString;
import io.lipstream.inference.server.Refusal;
import io.lipstream.media.audio.LookAhead;
import io.lipstream.media.audio.PcmFormat;
import io.lipstream.media.wire.compositing.OpenComposite;
import io.lipstream.media.wire.compositing.Pace;

/** What a stream's messages must be; refusals name the field. */
final class RequestCheck {
  /** Of one message. */
  private static final int MAX_SOUND_SECONDS = 10;

  /** What the older of the two fields for the look-ahead may say. */
  private static final int EXACT_FEATURES = 7;

  private RequestCheck() {}

  static void open(OpenComposite request) {
    requireRange("open.quality", request.getQuality(), 1, 100);
    requireRange("open.sample_rate_hz", request.getSampleRateHz(), 8_000, 96_000);
    requireRange("open.channels", request.getChannels(), 1, 2);
    requireRange("open.bitrate_kbps", request.getBitrateKbps(), 50, 50_000);
    if (request.hasLookAhead() && request.getLookAhead() != EXACT_FEATURES) {
      throw Refusal.invalid(
          "open.look_ahead",
          "must be 7, the exact window; it is "
              + Integer.toUnsignedString(request.getLookAhead())
              + ": use open.look_ahead_ms for less");
    }
    if (request.hasLookAheadMs()) {
      int millis = request.getLookAheadMs();
      if (millis < LookAhead.LEAST_MILLIS || millis > LookAhead.EXACT_MILLIS) {
        throw Refusal.invalid(
            "open.look_ahead_ms",
            "must be from "
                + LookAhead.LEAST_MILLIS
                + " to "
                + LookAhead.EXACT_MILLIS
                + "; it is "
                + Integer.toUnsignedString(millis));
      }
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

  /** What a stream that was checked hears ahead. */
  static LookAhead lookAhead(OpenComposite open) {
    return open.hasLookAheadMs() ? new LookAhead(open.getLookAheadMs()) : LookAhead.EXACT;
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
