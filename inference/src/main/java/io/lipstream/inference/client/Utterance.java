package io.lipstream.inference.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;

/**
 * What a client must remember of an utterance to be able to ask again: the frames that were not
 * answered and the features that they need. Guarded by the client's lock.
 */
final class Utterance {
  /** A frame's window begins 8 rows before it, and row n + 1 is feature n. */
  private static final int FEATURES_BEFORE = 9;

  private final TreeMap<Long, AskedFrame> unanswered = new TreeMap<>();
  private final Deque<float[]> features = new ArrayDeque<>();
  private long firstFeature;
  private long start = -1;
  private boolean ended;
  private boolean flushed;

  /** Index of its first frame, or -1 before it. */
  long start() {
    return start;
  }

  long firstFeature() {
    return firstFeature;
  }

  List<float[]> features() {
    return new ArrayList<>(features);
  }

  void addFeature(float[] feature) {
    features.add(feature.clone());
  }

  void addFrame(AskedFrame frame) {
    if (start < 0) {
      start = frame.index();
    }
    unanswered.put(frame.index(), frame);
  }

  boolean isUnanswered(long index) {
    return unanswered.containsKey(index);
  }

  /** Takes an answered frame away, and the features that no later one needs. */
  AskedFrame remove(long index, long nextIndex) {
    AskedFrame frame = unanswered.remove(index);
    if (frame == null) {
      throw new IllegalStateException("frame " + index + " was not asked for");
    }
    long lowest = unanswered.isEmpty() ? nextIndex : unanswered.firstKey();
    while (firstFeature < lowest - start - FEATURES_BEFORE && !features.isEmpty()) {
      features.remove();
      firstFeature++;
    }
    return frame;
  }

  List<AskedFrame> frames() {
    return new ArrayList<>(unanswered.values());
  }

  int frameCount() {
    return unanswered.size();
  }

  boolean ended() {
    return ended;
  }

  void end() {
    ended = true;
  }

  boolean flushed() {
    return flushed;
  }

  void flush() {
    flushed = true;
    ended = true;
  }

  /** Whether nothing of it will be wanted again. */
  boolean isOver() {
    return ended && unanswered.isEmpty();
  }
}
