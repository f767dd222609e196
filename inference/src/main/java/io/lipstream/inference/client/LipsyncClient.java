package io.lipstream.inference.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.PreconditionFailure;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.FeatureWindows;
import io.lipstream.media.wire.lipsync.EndOfUtterance;
import io.lipstream.media.wire.lipsync.Flush;
import io.lipstream.media.wire.lipsync.Frame;
import io.lipstream.media.wire.lipsync.InferenceGrpc;
import io.lipstream.media.wire.lipsync.LipsyncRequest;
import io.lipstream.media.wire.lipsync.LipsyncResponse;
import io.lipstream.media.wire.lipsync.Mouth;
import io.lipstream.media.wire.lipsync.Open;
import io.lipstream.media.wire.lipsync.PictureType;
import io.lipstream.media.wire.lipsync.Priority;
import io.lipstream.media.wire.lipsync.Resume;
import io.lipstream.media.wire.lipsync.Sound;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One session at an inference server, which outlives the connection: when the server goes away the
 * client connects again and asks for what was not answered, so that every frame is answered exactly
 * once.
 *
 * <p>Thread-safe. Answers come on the channel's threads, in the order of the server's.
 */
public final class LipsyncClient implements AutoCloseable {
  private static final long RETRY_MILLIS = 100;

  /** Until the server says how many it takes. */
  private static final int FIRST_UNANSWERED = 16;

  private final ManagedChannel channel;
  private final Session session;
  private final AvatarPictures pictures;
  private final long giveUpNanos;

  // All below is guarded by this.
  private final Deque<Utterance> utterances = new ArrayDeque<>();
  private final float[] lastWindow = new float[FeatureWindows.WINDOW_FLOATS];
  private boolean hasLastWindow;
  private int maxUnanswered = FIRST_UNANSWERED;
  private long nextIndex;
  private @Nullable Connection connection;
  private long lostSinceNanos;
  private @Nullable LipstreamException failure;
  private boolean closed;

  /**
   * What a session is.
   *
   * @param modelId a model of the server's catalogue
   * @param name who asks, for the server's logs
   * @param lookAhead rows after a frame's own that are waited for, 0 to 7
   * @param framesPerSecond the pace, 0 for none
   */
  public record Session(
      String modelId,
      String name,
      PictureType pictureType,
      Priority priority,
      int lookAhead,
      double framesPerSecond) {
    /** As much as the server can, without a pace. */
    public static Session bulk(String modelId, String name) {
      return new Session(modelId, name, PictureType.UINT8, Priority.BULK, 7, 0);
    }

    /** At 25 frames a second for somebody who watches. */
    public static Session live(String modelId, String name) {
      return new Session(modelId, name, PictureType.UINT8, Priority.LIVE, 7, 25);
    }
  }

  /** Hears how a frame ended; on one of the channel's threads, so it must not block. */
  public interface Answer {
    /** The server's answer, drawn or dropped. */
    void mouth(Mouth mouth);

    /** There will be none. */
    void failed(LipstreamException why);
  }

  /**
   * A session that connects at once.
   *
   * @param channel stays the caller's
   * @param giveUpAfter how long a server may be away
   */
  public LipsyncClient(
      ManagedChannel channel, Session session, AvatarPictures pictures, Duration giveUpAfter) {
    this.channel = channel;
    this.session = session;
    this.pictures = pictures;
    giveUpNanos = giveUpAfter.toNanos();
    lostSinceNanos = System.nanoTime();
    utterances.add(new Utterance());
    Thread.ofVirtual().name("lipsync-connect").start(this::connect);
  }

  /**
   * Asks for the next frame of the utterance, together with the next feature.
   *
   * @param feature 512 floats, or null where only the picture is wanted
   * @param deadline how long it is of use; empty duration for ever
   * @return the frame's index in the session
   * @throws LipstreamException if the session has failed
   */
  public long ask(
      int avatarFrame,
      long presentationUs,
      Duration deadline,
      float @Nullable [] feature,
      Answer answer) {
    synchronized (this) {
      awaitRoom();
      Utterance utterance = feature == null ? utterances.getLast() : speaking();
      AskedFrame frame =
          new AskedFrame(
              nextIndex++, avatarFrame, presentationUs, nanos(deadline), null, 0, answer);
      utterance.addFrame(frame);
      Frame.Builder message = frame.message();
      if (feature != null) {
        utterance.addFeature(feature);
        message.setFeature(AskedFrame.bytes(feature, 0, feature.length));
      }
      send(LipsyncRequest.newBuilder().setFrame(message).build());
      return frame.index();
    }
  }

  /**
   * Asks for a frame by its whole window.
   *
   * @param windows not changed until the answer
   * @param offset where the window [16][512] begins
   */
  public long askWindow(int avatarFrame, float[] windows, int offset, Answer answer) {
    synchronized (this) {
      awaitRoom();
      AskedFrame frame =
          new AskedFrame(nextIndex++, avatarFrame, 0, Long.MAX_VALUE, windows, offset, answer);
      utterances.getLast().addFrame(frame);
      if (isConnected()) {
        send(windowMessage(frame));
      }
      return frame.index();
    }
  }

  private static long nanos(Duration deadline) {
    return deadline.isZero() ? Long.MAX_VALUE : System.nanoTime() + deadline.toNanos();
  }

  private Utterance speaking() {
    if (utterances.getLast().ended()) {
      utterances.add(new Utterance());
    }
    return utterances.getLast();
  }

  private LipsyncRequest windowMessage(AskedFrame frame) {
    Frame.Builder message = frame.message();
    frame.addWindow(message, lastWindow, hasLastWindow);
    hasLastWindow = true;
    return LipsyncRequest.newBuilder().setFrame(message).build();
  }

  /** Ends the utterance, so that its last frames are drawn; the next feature starts another. */
  public synchronized void endUtterance() {
    if (!utterances.getLast().ended()) {
      utterances.getLast().end();
      send(
          LipsyncRequest.newBuilder()
              .setEndOfUtterance(EndOfUtterance.getDefaultInstance())
              .build());
    }
  }

  /** Drops what was asked for and not answered; each of those frames is answered as FLUSHED. */
  public synchronized void flush() {
    utterances.forEach(Utterance::flush);
    utterances.add(new Utterance());
    send(LipsyncRequest.newBuilder().setFlush(Flush.getDefaultInstance()).build());
  }

  private void send(LipsyncRequest message) {
    Connection open = connection;
    if (open != null && open.opened) {
      open.call().onNext(message);
    }
  }

  private boolean isConnected() {
    return connection != null && connection.opened;
  }

  private void awaitRoom() {
    while (failure == null && !closed && unanswered() >= maxUnanswered) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw interrupted();
      }
    }
    if (failure != null) {
      throw failure;
    }
    if (closed) {
      throw new IllegalStateException("the session is closed");
    }
  }

  /**
   * Waits until every frame was answered.
   *
   * @throws LipstreamException if the session has failed
   */
  public synchronized void awaitAnswers() {
    while (failure == null && unanswered() > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw interrupted();
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static LipstreamException interrupted() {
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT, "the wait for mouths was interrupted", "");
  }

  private int unanswered() {
    int count = 0;
    for (Utterance utterance : utterances) {
      count += utterance.frameCount();
    }
    return count;
  }

  // Connections.

  private void connect() {
    try {
      Open.Builder open = openMessage();
      Connection next = new Connection(pictures.timesSent());
      synchronized (this) {
        if (closed || failure != null) {
          return;
        }
        addResume(open);
        connection = next;
      }
      channel.resetConnectBackoff();
      InferenceGrpc.newStub(channel).lipsync(next);
      if (next.cancelled) { // Before the call was known.
        next.cancel();
        return;
      }
      next.call().onNext(LipsyncRequest.newBuilder().setOpen(open).build());
    } catch (LipstreamException e) {
      fail(e);
    } catch (RuntimeException e) {
      fail(
          new LipstreamException(
              LipstreamException.Kind.ENVIRONMENT,
              "the session at the inference server could not be opened: " + e.getMessage(),
              "check the avatar and the server",
              e));
    }
  }

  private Open.Builder openMessage() {
    return Open.newBuilder()
        .setModelId(session.modelId())
        .setAvatar(pictures.sum())
        .setPictureType(session.pictureType())
        .setPriority(session.priority())
        .setLookAhead(session.lookAhead())
        .setFramesPerSecond(session.framesPerSecond())
        .setSession(session.name());
  }

  /** Frames from here on are replayed in {@link #replay}. */
  private void addResume(Open.Builder open) {
    dropFlushed();
    Utterance first = utterances.getFirst();
    if (nextIndex == 0 || first.start() < 0) {
      return;
    }
    List<AskedFrame> frames = first.frames();
    open.setResume(
        Resume.newBuilder()
            .setNextIndex(frames.isEmpty() ? nextIndex : frames.getFirst().index())
            .setUtteranceStart(first.start())
            .setFirstFeature(first.firstFeature()));
  }

  /** The server forgot them: nobody else will say that they were dropped. */
  private void dropFlushed() {
    List<AskedFrame> dropped = new ArrayList<>();
    for (Utterance utterance : utterances) {
      if (utterance.flushed()) {
        dropped.addAll(utterance.frames());
      }
    }
    utterances.removeIf(Utterance::flushed);
    dropped.forEach(
        frame ->
            frame
                .answer()
                .mouth(
                    Mouth.newBuilder()
                        .setIndex(frame.index())
                        .setOutcome(Mouth.Outcome.FLUSHED)
                        .build()));
    notifyAll();
  }

  /** Says again what the server has not answered, on a connection that has just opened. */
  private void replay() {
    hasLastWindow = false;
    for (Utterance utterance : utterances) {
      for (float[] feature : utterance.features()) {
        send(
            LipsyncRequest.newBuilder()
                .setSound(
                    Sound.newBuilder().setFeature(AskedFrame.bytes(feature, 0, feature.length)))
                .build());
      }
      for (AskedFrame frame : utterance.frames()) {
        send(
            frame.hasWindow()
                ? windowMessage(frame)
                : LipsyncRequest.newBuilder().setFrame(frame.message()).build());
      }
      if (utterance.ended()) {
        send(
            LipsyncRequest.newBuilder()
                .setEndOfUtterance(EndOfUtterance.getDefaultInstance())
                .build());
      }
    }
  }

  private void opened(Connection from, int newMaxUnanswered) {
    synchronized (this) {
      if (connection != from || closed) {
        return;
      }
      from.opened = true;
      maxUnanswered = newMaxUnanswered;
      replay();
      notifyAll();
    }
  }

  private void answered(Connection from, Mouth mouth) {
    AskedFrame frame = null;
    synchronized (this) {
      if (connection != from) {
        return;
      }
      for (Utterance utterance : utterances) {
        if (utterance.isUnanswered(mouth.getIndex())) {
          frame = utterance.remove(mouth.getIndex(), nextIndex);
          break;
        }
      }
      while (utterances.size() > 1 && utterances.getFirst().isOver()) {
        utterances.removeFirst();
      }
    }
    if (frame != null) {
      frame.answer().mouth(mouth);
    }
    synchronized (this) {
      notifyAll();
    }
  }

  private void lost(Connection from, Status status, Throwable cause) {
    long lostForNanos;
    synchronized (this) {
      if (connection != from || closed) {
        return;
      }
      connection = null;
      if (from.opened) {
        lostSinceNanos = System.nanoTime();
      }
      lostForNanos = System.nanoTime() - lostSinceNanos;
    }
    if (wantsPictures(cause)) {
      Thread.ofVirtual().name("lipsync-upload").start(() -> sendPictures(from.picturesSent));
      return;
    }
    boolean passing =
        switch (status.getCode()) {
          case UNAVAILABLE, CANCELLED, INTERNAL, UNKNOWN, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED ->
              true;
          default -> false;
        };
    if (!passing || lostForNanos > giveUpNanos) {
      fail(failureOf(status));
      return;
    }
    Thread.ofVirtual().name("lipsync-reconnect").start(this::retry);
  }

  private void retry() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    connect();
  }

  private void sendPictures(long missedAfter) {
    try {
      pictures.send(channel, missedAfter);
      connect();
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.UNAVAILABLE) {
        retry();
      } else {
        fail(failureOf(e.getStatus()));
      }
    } catch (RuntimeException e) {
      fail(
          new LipstreamException(
              LipstreamException.Kind.AVATAR,
              "the avatar's pictures could not be sent: " + e.getMessage(),
              "check the avatar's frames",
              e));
    }
  }

  /** Whether a server ended a stream because it lacks the avatar's pictures. */
  static boolean wantsPictures(Throwable cause) {
    com.google.rpc.Status details = StatusProto.fromThrowable(cause);
    if (details == null) {
      return false;
    }
    for (Any detail : details.getDetailsList()) {
      if (detail.is(PreconditionFailure.class)) {
        try {
          if (detail.unpack(PreconditionFailure.class).getViolationsList().stream()
              .anyMatch(violation -> violation.getType().equals("AVATAR_VISUALS"))) {
            return true;
          }
        } catch (InvalidProtocolBufferException e) {
          return false;
        }
      }
    }
    return false;
  }

  private LipstreamException failureOf(Status status) {
    String what = status.getDescription() == null ? "no reason given" : status.getDescription();
    return new LipstreamException(
        LipstreamException.Kind.ENVIRONMENT,
        "the inference server " + channel.authority() + " draws no mouths: " + what,
        "is it running there, and does lipstream models list name '" + session.modelId() + "'?");
  }

  private void fail(LipstreamException why) {
    List<AskedFrame> left = new ArrayList<>();
    synchronized (this) {
      if (failure != null || closed) {
        return;
      }
      failure = why;
      utterances.forEach(utterance -> left.addAll(utterance.frames()));
      utterances.clear();
      utterances.add(new Utterance());
      notifyAll();
    }
    left.forEach(frame -> frame.answer().failed(why));
  }

  /** Ends the session; frames that were not answered are told. */
  @Override
  public void close() {
    List<AskedFrame> left = new ArrayList<>();
    Connection open;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      open = connection;
      connection = null;
      utterances.forEach(utterance -> left.addAll(utterance.frames()));
      notifyAll();
    }
    if (open != null) {
      open.cancel();
    }
    LipstreamException why =
        new LipstreamException(
            LipstreamException.Kind.ENVIRONMENT, "the session was closed before the answer", "");
    left.forEach(frame -> frame.answer().failed(why));
  }

  /** One stream to the server. */
  private final class Connection
      implements ClientResponseObserver<LipsyncRequest, LipsyncResponse> {
    private final long picturesSent;
    private volatile @Nullable ClientCallStreamObserver<LipsyncRequest> call;
    private volatile boolean cancelled;

    /** Guarded by the client. */
    private boolean opened;

    Connection(long picturesSent) {
      this.picturesSent = picturesSent;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<LipsyncRequest> newCall) {
      call = newCall;
    }

    ClientCallStreamObserver<LipsyncRequest> call() {
      ClientCallStreamObserver<LipsyncRequest> started = call;
      if (started == null) {
        throw new IllegalStateException("the call has not started");
      }
      return started;
    }

    /** Ends the call, now or as soon as it has started. */
    void cancel() {
      cancelled = true;
      ClientCallStreamObserver<LipsyncRequest> started = call;
      if (started != null) {
        started.cancel("the session was closed", null);
      }
    }

    @Override
    public void onNext(LipsyncResponse message) {
      switch (message.getMessageCase()) {
        case OPENED ->
            LipsyncClient.this.opened(this, message.getOpened().getMaxUnansweredFrames());
        case MOUTH -> answered(this, message.getMouth());
        case FLUSHED, MESSAGE_NOT_SET -> {}
      }
    }

    @Override
    public void onError(Throwable failure) {
      lost(this, Status.fromThrowable(failure), failure);
    }

    @Override
    public void onCompleted() {
      Status status = Status.UNAVAILABLE.withDescription("it ended the session");
      lost(this, status, status.asRuntimeException());
    }
  }
}
