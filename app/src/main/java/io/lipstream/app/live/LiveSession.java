package io.lipstream.app.live;

import io.lipstream.app.live.SessionState.Idle;
import io.lipstream.app.live.SessionState.Listening;
import io.lipstream.app.live.SessionState.Speaking;
import io.lipstream.app.live.SessionState.Thinking;
import io.lipstream.app.quality.QualityLevel;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.audio.PcmSource;
import io.lipstream.media.avatar.Background;
import io.lipstream.media.avatar.Clip;
import io.lipstream.media.talk.LanguageModel;
import io.lipstream.media.talk.Message;
import io.lipstream.media.talk.ReplyEnd;
import io.lipstream.media.talk.SpeechRecognizer;
import io.lipstream.media.talk.TurnListener;
import io.lipstream.speech.SentenceCutter;
import io.lipstream.streaming.live.FeedStatistics;
import io.lipstream.streaming.live.Viewer;
import io.lipstream.streaming.live.ViewerEvents;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One avatar in conversation with those who watch it. Thread-safe; no call waits for media. */
public final class LiveSession implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LiveSession.class);

  /** Of a long conversation the language model is told the end. */
  private static final int MAX_MESSAGES = 40;

  /** An action of a second goes on for half a minute. */
  private static final int MAX_TIMES = 30;

  private final String id;
  private final SessionRequest request;
  private final LiveParts parts;
  private final LiveSettings settings;
  private final Beat beat;
  private final Workload workload;
  private final Stages stages;
  private final Consumer<LiveSession> released;
  private final Performance performance;
  private final EventQueue events;
  private final LongAdder soundUnderruns = new LongAdder();

  /** Held while what is shown changes, which may take seconds. */
  private final Object changeLock = new Object();

  // All below are guarded by this.
  private final List<Message> conversation = new ArrayList<>();
  private Look look;
  private SessionState state = new Idle();
  private @Nullable Utterance utterance;
  private LanguageModel.@Nullable Reply reply;
  private SpeechRecognizer.@Nullable Utterance hearing;
  private @Nullable Understanding understanding;
  private @Nullable LiveInput input;

  /** What the current utterance says of an answer, to be remembered once it was heard. */
  private StringBuilder answer = new StringBuilder();

  private long usedNanos;
  private boolean closed;

  /**
   * A session at rest; waits until what it shows is loaded.
   *
   * @param stages lend what it shows
   * @param released told once when it is over, by whoever ends it
   */
  LiveSession(
      String id,
      SessionRequest request,
      LiveParts parts,
      LiveSettings settings,
      Beat beat,
      Workload workload,
      Stages stages,
      Consumer<LiveSession> released) {
    this.id = id;
    this.request = request;
    this.parts = parts;
    this.settings = settings;
    this.beat = beat;
    this.workload = workload;
    this.stages = stages;
    this.released = released;
    look = request.look();
    usedNanos = beat.now();
    events = new EventQueue(id);
    performance =
        new Performance(
            stages.take(look),
            beat,
            new Performance.Progress() {
              @Override
              public void begun(Utterance which) {
                speaks(which);
              }

              @Override
              public void ended(Utterance which) {
                hasSpoken(which);
              }
            });
  }

  public String id() {
    return id;
  }

  /** What it was created as. */
  public SessionRequest request() {
    return request;
  }

  /** What it shows now. */
  public synchronized Look look() {
    return look;
  }

  /**
   * Shows another avatar or another background, from a keyframe on; what is being spoken goes on.
   * Waits until it is loaded, the first time seconds.
   *
   * @throws LipstreamException if it cannot be shown, and the session shows what it did; or if the
   *     session has ended
   */
  public void show(Look next) {
    synchronized (changeLock) {
      Look before;
      synchronized (this) {
        requireOpen();
        used();
        before = look;
      }
      if (next.equals(before)) {
        return;
      }
      Stage stage = stages.take(next);
      synchronized (this) {
        if (closed) {
          stages.giveBack(next);
          requireOpen();
        }
        look = next;
      }
      performance.show(stage);
      stages.giveBack(before);
    }
  }

  /** Shows another avatar; a background that was chosen stays. */
  public void showAvatar(String avatar) {
    show(new Look(avatar, look().background()));
  }

  /** Shows another background, or with null what the avatar has. */
  public void showBackground(@Nullable Background background) {
    show(new Look(look().avatar(), background));
  }

  /** The names of the avatar's clips, in its order. */
  public List<String> actions() {
    return List.copyOf(performance.appearance().stage().manifest().clips().keySet());
  }

  /**
   * Plays a clip of the avatar, after one that is being played; speech goes on.
   *
   * @param times in a row
   * @throws LipstreamException if the avatar has none of that name, too many wait, or the session
   *     has ended
   */
  public void act(String name, int times) {
    if (times < 1 || times > MAX_TIMES) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "an action cannot be played " + times + " times",
          "play it 1 to " + MAX_TIMES + " times");
    }
    synchronized (this) {
      requireOpen();
      used();
      Clip clip = performance.appearance().stage().manifest().clips().get(name);
      if (clip == null) {
        throw new LipstreamException(
            LipstreamException.Kind.INPUT,
            "avatar " + look.avatar() + " has no action \"" + name + "\"",
            actions().isEmpty()
                ? "its avatar.yaml lists no clips (docs/avatars.md)"
                : "it has " + String.join(", ", actions()));
      }
      if (!performance.play(clip, times)) {
        throw new LipstreamException(
            LipstreamException.Kind.ENVIRONMENT,
            "more than 10 seconds of actions wait already",
            "wait until they were shown");
      }
    }
  }

  public synchronized SessionState state() {
    return state;
  }

  /**
   * Lets somebody watch, with {@code session.join(events -> endpoint.answer(offer, events))}. They
   * leave when their viewer closes or when the session ends, which closes it.
   *
   * @param connect opens the viewer, which tells the events that it is handed
   * @throws LipstreamException if the session has ended
   */
  public <V extends Viewer> V join(Function<ViewerEvents, V> connect) {
    synchronized (this) {
      requireOpen();
    }
    Watcher watcher = new Watcher(new Hosting(), beat.now());
    performance.add(watcher);
    try {
      V viewer = connect.apply(watcher);
      watcher.opened(viewer);
      boolean late;
      synchronized (this) {
        late = closed;
      }
      if (late) {
        watcher.close();
      }
      return viewer;
    } catch (RuntimeException | Error e) {
      performance.remove(watcher);
      throw e;
    }
  }

  /** What watchers find here. */
  private final class Hosting implements Watcher.Host {
    @Override
    public void connected(Watcher watcher) {
      parts.events().connected(beat.now() - watcher.comeNanos());
      // The avatar's first watcher in a codec opens its encoder; connections must not wait for it.
      Thread.ofVirtual().name("seat-" + id).start(() -> seat(watcher));
    }

    @Override
    public Ear listen(Watcher watcher) {
      return new Ear(id, parts.voiceActivity(), settings.turns(), new Turns(), beat.clock());
    }

    @Override
    public void left(Watcher watcher, String reason) {
      performance.remove(watcher);
      parts.events().framesDropped(watcher.takeDropped());
      synchronized (LiveSession.this) {
        used();
      }
      LOG.debug("session {}: a viewer left: {}", id, reason);
    }
  }

  private void seat(Watcher watcher) {
    try {
      performance.seat(watcher);
    } catch (RuntimeException e) {
      LOG.warn("session {}: a viewer cannot be shown pictures", id, e);
      fail("a viewer cannot be shown pictures: " + e.getMessage(), "the log has the cause");
      watcher.close();
    }
  }

  /**
   * Speaks a text, after what is being spoken.
   *
   * @throws LipstreamException if there is nothing to say, too much waits, or the session has
   *     ended; what fails later is told as an event
   */
  public void say(String text) {
    List<String> sentences = new ArrayList<>();
    SentenceCutter cutter = new SentenceCutter(sentences::add);
    cutter.push(text);
    cutter.finish();
    if (sentences.isEmpty()) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "there is nothing to say: the text has no word",
          "give a text with at least one word or number");
    }
    synchronized (this) {
      requireOpen();
      used();
      for (String sentence : sentences) {
        say(Line.sentence(sentence));
      }
    }
  }

  /** Speaks a sound, after what is being spoken; the source is the session's to close. */
  public synchronized void sayAudio(PcmSource sound) {
    requireOpen();
    used();
    say(Line.sound(sound));
  }

  /**
   * Opens a way in for live sound, which is spoken as it comes; one at a time.
   *
   * @throws LipstreamException if another is open, or the session has ended
   */
  public LiveInput openInput(LiveInput.Format format, LiveInput.Listener listener) {
    synchronized (this) {
      requireOpen();
      used();
      if (input != null) {
        throw new LipstreamException(
            LipstreamException.Kind.INPUT,
            "somebody else already sends live sound to session " + id,
            "close that connection first");
      }
      LiveInput opened =
          new LiveInput(format, settings.playout(), listener, new Hearing(), beat.clock());
      input = opened;
      return opened;
    }
  }

  /** What live sound finds here. */
  private final class Hearing implements LiveInput.Host {
    @Override
    public void say(Line line) {
      synchronized (LiveSession.this) {
        requireOpen();
        used();
        LiveSession.this.say(line);
      }
    }

    @Override
    public void interrupt() {
      LiveSession.this.interrupt();
    }

    @Override
    public void underrun() {
      soundUnderruns.increment();
      parts.events().bufferUnderrun();
    }

    @Override
    public void closed() {
      synchronized (LiveSession.this) {
        input = null;
        used();
      }
    }
  }

  private void say(Line line) {
    Utterance present = utterance;
    if (present != null && present.add(line)) {
      return;
    }
    if (present != null) {
      remember(answer.toString());
    }
    stopListening();
    Utterance next = begin(false);
    next.add(line);
    next.start();
    performance.begin(next);
    change(new Thinking());
  }

  private Utterance begin(boolean moreComing) {
    Utterance[] begun = new Utterance[1];
    begun[0] =
        new Utterance(
            id,
            performance::appearance,
            beat,
            workload,
            request.importance(),
            parts.voice(),
            request.voice(),
            parts.voiceActivity(),
            moreComing,
            performance::isWatched,
            events::add,
            failure -> broken(Objects.requireNonNull(begun[0]), failure));
    utterance = begun[0];
    prepareInBackground();
    return begun[0];
  }

  private void prepareInBackground() {
    Thread.ofVirtual().name("prepare-" + id).start(this::prepare);
  }

  private void prepare() {
    try {
      performance.warmUp();
    } catch (RuntimeException e) {
      LOG.warn("session {}: pictures cannot be encoded", id, e);
      fail("pictures cannot be encoded: " + e.getMessage(), "the log has the cause");
    }
  }

  /** Answers the user, interrupting what is being spoken. */
  public void chat(String text) {
    if (text.isBlank()) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "there is nothing to answer: the text is empty",
          "write it");
    }
    synchronized (this) {
      requireOpen();
      used();
      stop();
      answer(text.strip());
    }
  }

  /** Thinks about an answer to what the user said; nothing is being spoken. */
  private void answer(String text) {
    conversation.add(Message.user(text));
    while (conversation.size() > MAX_MESSAGES) {
      conversation.removeFirst();
    }
    List<Message> asked = new ArrayList<>(conversation);
    if (!settings.instructions().isBlank()) {
      asked.addFirst(Message.system(settings.instructions()));
    }
    Utterance next = begin(true);
    next.start();
    performance.begin(next);
    change(new Thinking());
    reply = parts.languageModel().reply(asked, new Answer(next));
  }

  /** An answer as it is thought of. */
  private final class Answer implements LanguageModel.Listener {
    private final Utterance spoken;
    private final SentenceCutter cutter = new SentenceCutter(this::speak);

    Answer(Utterance spoken) {
      this.spoken = spoken;
    }

    @Override
    public void token(String text) {
      cutter.push(text);
    }

    private void speak(String sentence) {
      synchronized (LiveSession.this) {
        if (utterance == spoken) {
          answer.append(answer.isEmpty() ? "" : " ").append(sentence);
          spoken.add(Line.sentence(sentence));
        }
      }
    }

    @Override
    public void ended(ReplyEnd end) {
      try {
        cutter.finish();
      } finally {
        spoken.complete();
      }
      switch (end) {
        case ReplyEnd.Complete complete -> {}
        case ReplyEnd.Cancelled cancelled -> {}
        case ReplyEnd.TooLong tooLong ->
            fail("the answer breaks off at the language model's length limit", "ask for less");
        case ReplyEnd.Withheld withheld ->
            fail("the language model holds the answer back", "ask for something else");
        case ReplyEnd.Failed failed -> fail(failed.failure().getMessage(), failed.failure().hint());
      }
    }
  }

  /** Stops speaking and thinking at once; does nothing otherwise. */
  public synchronized void interrupt() {
    if (closed) {
      return;
    }
    used();
    boolean listening = hearing != null;
    stopListening();
    if (stop() || listening) {
      change(new Idle());
    }
  }

  /** Stops what is spoken or thought of; false if there was nothing. */
  private boolean stop() {
    Utterance stopped = utterance;
    if (stopped == null) {
      return false;
    }
    giveUpReply();
    stopped.cancel();
    String heard = stopped.heard();
    if (!heard.isEmpty()) {
      speaks(stopped); // the media thread may not have come to say so
    }
    utterance = null;
    performance.interrupt(stopped);
    remember(answer.isEmpty() ? "" : heard);
    events.add(new SessionEvent.Interrupted(heard));
    return true;
  }

  private void giveUpReply() {
    LanguageModel.Reply thought = reply;
    reply = null;
    if (thought != null) {
      thought.cancel();
    }
  }

  /** The conversation holds what was heard and not what was meant to be said. */
  private void remember(String said) {
    answer = new StringBuilder();
    if (!said.isBlank()) {
      conversation.add(Message.assistant(said));
    }
  }

  private synchronized void speaks(Utterance which) {
    if (utterance == which && !closed) {
      change(new Speaking());
      which.tellWords();
    }
  }

  private synchronized void hasSpoken(Utterance which) {
    if (utterance == which && !closed) {
      utterance = null;
      reply = null;
      performance.end(which);
      remember(answer.toString());
      used();
      change(new Idle());
    }
  }

  /** The voice or what presents it failed; what was ready is still spoken. */
  private void broken(Utterance which, LipstreamException failure) {
    synchronized (this) {
      if (utterance != which || closed) {
        return;
      }
      giveUpReply();
      which.complete();
    }
    LOG.warn("session {}: {}", id, failure.getMessage());
    fail(failure.getMessage(), failure.hint());
  }

  private void fail(String message, String hint) {
    events.add(new SessionEvent.Failed(message, hint));
  }

  /** Ends the user's turn at once, as when a push-to-talk button is let go. */
  public void endTurn() {
    performance.watchers().forEach(Watcher::endTurn);
  }

  /** A person's turns, told by their microphone's thread. */
  private final class Turns implements TurnListener {
    @Override
    public void userStarted() {
      synchronized (LiveSession.this) {
        if (closed) {
          return;
        }
        used();
        stop();
        stopListening();
        understanding = new Understanding();
        hearing = parts.recognizer().open(understanding);
        // When the answer comes, its pictures can be encoded at once.
        prepareInBackground();
        change(new Listening());
      }
    }

    @Override
    public void userSpoke(float[] mono16k, int offset, int count) {
      SpeechRecognizer.Utterance open = hearing();
      if (open != null) {
        open.push(mono16k, offset, count);
      }
    }

    @Override
    public void userStopped() {
      synchronized (LiveSession.this) {
        if (hearing != null && state instanceof Listening) {
          hearing.finish();
          change(new Thinking());
        }
      }
    }
  }

  private synchronized SpeechRecognizer.@Nullable Utterance hearing() {
    return hearing;
  }

  private void stopListening() {
    understanding = null;
    if (hearing != null) {
      hearing.close();
      hearing = null;
    }
  }

  /** What is understood of one turn; calls that come after the next one began mean nothing. */
  private final class Understanding implements SpeechRecognizer.Listener {

    private boolean isOutdated() {
      return closed || understanding != this;
    }

    @Override
    public void partial(String text) {
      synchronized (LiveSession.this) {
        if (!isOutdated()) {
          events.add(new SessionEvent.Heard(text, false));
        }
      }
    }

    @Override
    public void heard(String text) {
      synchronized (LiveSession.this) {
        if (isOutdated()) {
          return;
        }
        stopListening();
        if (text.isBlank()) {
          change(new Idle());
          return;
        }
        events.add(new SessionEvent.Heard(text, true));
        answer(text.strip());
      }
    }

    @Override
    public void failed(LipstreamException failure) {
      synchronized (LiveSession.this) {
        if (isOutdated()) {
          return;
        }
        stopListening();
        fail(failure.getMessage(), failure.hint());
        change(new Idle());
      }
    }
  }

  private void change(SessionState next) {
    if (!next.equals(state)) {
      state = next;
      events.add(new SessionEvent.StateChanged(next));
    }
  }

  private void used() {
    usedNanos = beat.now();
  }

  private void requireOpen() {
    if (closed) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT, "session " + id + " has ended", "create another");
    }
  }

  /** Whether somebody is shown its pictures. */
  public boolean isWatched() {
    return performance.isWatched();
  }

  /** Whether a viewer is one of this session's. */
  public boolean isWatchedBy(Viewer viewer) {
    return performance.watchers().stream().anyMatch(watcher -> watcher.isOf(viewer));
  }

  /** Tells what viewers' connections had no room for. */
  void tellDropped() {
    for (Watcher watcher : performance.watchers()) {
      parts.events().framesDropped(watcher.takeDropped());
    }
  }

  /** The encoders of its own, while it speaks and for a while after. */
  List<FeedStatistics> encoders() {
    return performance.encoders();
  }

  /**
   * Begins to record what is seen and heard.
   *
   * @param file closed at the end
   * @throws LipstreamException if it is being recorded or has ended
   */
  synchronized Recording record(
      String recordingId, Duration longest, OutputStream file, Consumer<Recording.End> ended) {
    requireOpen();
    if (performance.recording() != null) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "session " + id + " is being recorded",
          "stop that recording first");
    }
    Stage stage = performance.appearance().stage();
    Recording begun =
        new Recording(
            recordingId,
            stage.newPicture().widthPx(),
            stage.newPicture().heightPx(),
            longest.toSeconds() * Beat.PICTURES_PER_SECOND,
            file,
            end -> {
              stopRecording(recordingId);
              ended.accept(end);
            });
    performance.record(begun);
    return begun;
  }

  boolean isRecorded() {
    return performance.recording() != null;
  }

  /** Records no more; the recording itself is its owner's to end. */
  synchronized void stopRecording(String recordingId) {
    Recording present = performance.recording();
    if (present != null && present.id().equals(recordingId)) {
      performance.record(null);
      used();
    }
  }

  void tell(SessionEvent event) {
    events.add(event);
  }

  /** For how long nobody has watched or used it. */
  synchronized long unusedNanos() {
    boolean inUse =
        !performance.watchers().isEmpty()
            || performance.recording() != null
            || !(state instanceof Idle);
    return inUse ? 0 : beat.now() - usedNanos;
  }

  /**
   * Listens to what happens from now on, in order, on a thread of the session's; a listener that
   * lags far behind misses events.
   */
  public Subscription events(Consumer<SessionEvent> listener) {
    return events.subscribe(listener);
  }

  /** Ends listening. */
  public interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  /** Pictures are made at another quality. */
  void quality(QualityLevel level) {
    events.add(new SessionEvent.QualityChanged(level.score(), level.pictureInterval()));
  }

  long mouthsDrawn() {
    return performance.mouthsDrawn();
  }

  long mouthsLate() {
    return performance.mouthsLate();
  }

  public SessionStatistics statistics() {
    return new SessionStatistics(
        performance.picturesShown(),
        performance.mouthsDrawn(),
        performance.mouthsLate(),
        performance.soundsMissing(),
        performance.firstPictureNanos(),
        soundUnderruns.sum(),
        performance.watchers().stream().map(Watcher::statistics).filter(Objects::nonNull).toList());
  }

  /** Ends the session and closes its viewers. */
  @Override
  public void close() {
    close("it was closed");
  }

  void close(String reason) {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      stopListening();
      giveUpReply();
      if (utterance != null) {
        utterance.cancel();
        utterance = null;
      }
    }
    performance.close();
    performance.watchers().forEach(Watcher::close);
    events.add(new SessionEvent.Ended(reason));
    events.close();
    stages.giveBack(look());
    released.accept(this);
  }
}
