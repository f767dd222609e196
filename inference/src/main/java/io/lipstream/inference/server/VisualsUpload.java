package io.lipstream.inference.server;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.lipstream.media.lipsync.VisualsSum;
import io.lipstream.media.picture.Rect;
import io.lipstream.media.wire.lipsync.Box;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsRequest;
import io.lipstream.media.wire.lipsync.PutAvatarVisualsResponse;
import java.time.Duration;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** One PutAvatarVisuals: pictures that arrive piece by piece and are kept if their sum is right. */
final class VisualsUpload implements StreamObserver<PutAvatarVisualsRequest> {
  private static final int MAX_FRAMES = 100_000;

  private final VisualsCache cache;
  private final StreamObserver<PutAvatarVisualsResponse> response;
  private ByteString sum = ByteString.EMPTY;
  private @Nullable Visuals visuals;
  private @Nullable VisualsSum digest;
  private byte[] roi = {};
  private int frame;
  private int filled;
  private boolean over;

  VisualsUpload(VisualsCache cache, StreamObserver<PutAvatarVisualsResponse> response) {
    this.cache = cache;
    this.response = response;
  }

  @Override
  public void onNext(PutAvatarVisualsRequest request) {
    if (over) {
      return;
    }
    try {
      switch (request.getMessageCase()) {
        case VISUALS -> begin(request.getVisuals());
        case PICTURES -> add(request.getPictures());
        case MESSAGE_NOT_SET ->
            throw Refusal.invalid("message", "is missing: visuals or pictures are expected");
      }
    } catch (StatusRuntimeException e) {
      fail(e);
    }
  }

  private void begin(io.lipstream.media.wire.lipsync.Visuals announced) {
    if (visuals != null) {
      throw Refusal.invalid("visuals", "came twice");
    }
    Rect mask = check(announced);
    sum = announced.getSha256();
    if (cache.holds(sum)) {
      answer(true, Visuals.bytes(announced.getFrameCount(), announced.getSidePx()));
      return;
    }
    long bytes = Visuals.bytes(announced.getFrameCount(), announced.getSidePx());
    if (!cache.reserve(bytes)) {
      throw Refusal.exhausted(
          "the avatar's pictures need "
              + bytes
              + " bytes; the cache of "
              + cache.maxBytes()
              + " is taken by avatars in use",
          Duration.ofSeconds(5));
    }
    visuals = new Visuals(announced.getFrameCount(), announced.getSidePx(), mask);
    digest = new VisualsSum(announced.getFrameCount(), announced.getSidePx(), mask);
  }

  private Rect check(io.lipstream.media.wire.lipsync.Visuals announced) {
    requireSum("visuals.sha256", announced.getSha256());
    if (announced.getFrameCount() < 1 || announced.getFrameCount() > MAX_FRAMES) {
      throw Refusal.invalid(
          "visuals.frame_count",
          "must be from 1 to "
              + MAX_FRAMES
              + "; it is "
              + Integer.toUnsignedString(announced.getFrameCount()));
    }
    int sidePx = announced.getSidePx();
    if (!Visuals.isSide(sidePx)) {
      throw Refusal.invalid(
          "visuals.side_px",
          "must be 320, as the SyncTalk_2D family has it; it is "
              + Integer.toUnsignedString(sidePx));
    }
    Box box = announced.getMask();
    boolean inside =
        box.getX1() >= 0
            && box.getY1() >= 0
            && box.getX2() > box.getX1()
            && box.getY2() > box.getY1()
            && box.getX2() <= sidePx
            && box.getY2() <= sidePx;
    if (!inside) {
      throw Refusal.invalid(
          "visuals.mask",
          "must be a box inside " + sidePx + "x" + sidePx + " pixels, such as 5, 5, 315, 310");
    }
    return new Rect(box.getX1(), box.getY1(), box.getX2(), box.getY2());
  }

  static void requireSum(String field, ByteString sum) {
    if (sum.size() != VisualsSum.BYTES) {
      throw Refusal.invalid(
          field, "must be a SHA-256 of " + VisualsSum.BYTES + " bytes; it holds " + sum.size());
    }
  }

  private void add(ByteString pictures) {
    if (visuals == null || digest == null) {
      throw Refusal.invalid("pictures", "came before visuals");
    }
    for (int from = 0; from < pictures.size(); ) {
      if (frame == visuals.frameCount()) {
        throw Refusal.invalid(
            "pictures", "hold more than the " + visuals.bytes() + " bytes announced");
      }
      if (filled == 0) {
        roi = visuals.newRoi(frame);
      }
      int count = Math.min(pictures.size() - from, roi.length - filled);
      pictures.substring(from, from + count).copyTo(roi, filled);
      filled += count;
      from += count;
      if (filled == roi.length) {
        digest.add(roi);
        filled = 0;
        frame++;
      }
    }
  }

  @Override
  public void onCompleted() {
    if (over) {
      return;
    }
    try {
      finish();
    } catch (StatusRuntimeException e) {
      fail(e);
    }
  }

  private void finish() {
    if (visuals == null || digest == null) {
      throw Refusal.invalid("visuals", "is missing: the call ended before it came");
    }
    if (frame < visuals.frameCount()) {
      throw Refusal.invalid(
          "pictures",
          "end after "
              + (Visuals.bytes(frame, visuals.sidePx()) + filled)
              + " of "
              + visuals.bytes()
              + " bytes");
    }
    ByteString found = ByteString.copyFrom(digest.finish());
    if (!found.equals(sum)) {
      throw Refusal.invalid(
          "visuals.sha256", "is " + hex(sum) + ", but that of what came is " + hex(found));
    }
    cache.put(sum, visuals);
    long bytes = visuals.bytes();
    visuals = null;
    answer(false, bytes);
  }

  static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  private void answer(boolean known, long bytes) {
    over = true;
    response.onNext(
        PutAvatarVisualsResponse.newBuilder().setKnown(known).setStoredBytes(bytes).build());
    response.onCompleted();
  }

  private void fail(StatusRuntimeException refusal) {
    giveUp();
    response.onError(refusal);
  }

  @Override
  public void onError(Throwable cancelled) {
    giveUp();
  }

  private void giveUp() {
    over = true;
    if (visuals != null) {
      cache.cancel(visuals.bytes());
      visuals = null;
    }
  }
}
