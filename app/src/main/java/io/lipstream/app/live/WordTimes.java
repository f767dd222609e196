package io.lipstream.app.live;

import io.lipstream.media.lipsync.SpokenWord;
import io.lipstream.streaming.live.EncodedSound;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * When each written word is heard, in samples at 48 kHz from the line's first: as the voice says,
 * or else spread by length.
 *
 * <p>What is written and what is said differ: "$5" is "five dollars", a dash is nothing. Words that
 * are the same on both sides are found first, as many as can be in order; between them, as many on
 * one side as on the other belong together one by one, and any other number of written words shares
 * the time of those spoken, by length.
 */
final class WordTimes {
  /** How fast people read out, for as long as nobody knows how long a voice takes. */
  private static final int SAMPLES_PER_CHAR = EncodedSound.RATE_HZ / 15;

  private static final int UNKNOWN = -1;

  private final long[] starts;
  private final long[] ends;

  private WordTimes(int words) {
    starts = new long[words];
    ends = new long[words];
  }

  long[] starts() {
    return starts;
  }

  long[] ends() {
    return ends;
  }

  /** As people would read them. */
  static WordTimes guessed(List<String> words) {
    return spread(words, (long) chars(words) * SAMPLES_PER_CHAR);
  }

  /** Spread over so many samples. */
  static WordTimes spread(List<String> words, long samples) {
    WordTimes times = new WordTimes(words.size());
    times.spread(words, 0, words.size(), 0, samples);
    return times;
  }

  /**
   * As the voice says.
   *
   * @param spoken of the whole line or its beginning
   * @param rateHz of the frames by which they are timed
   */
  static WordTimes spoken(List<String> words, List<SpokenWord> spoken, int rateHz) {
    int[] same = sameWords(words, spoken);
    WordTimes times = new WordTimes(words.size());
    int said = 0;
    for (int word = 0; word < words.size(); word++) {
      int next = word;
      while (next < words.size() && same[next] == UNKNOWN) {
        next++;
      }
      int until = next < words.size() ? same[next] : spoken.size();
      times.between(words, word, next, spoken, said, until, rateHz);
      if (next < words.size()) {
        times.set(next, spoken.get(until), rateHz);
      }
      word = next;
      said = until + 1;
    }
    return times;
  }

  private void between(
      List<String> words,
      int first,
      int end,
      List<SpokenWord> spoken,
      int firstSpoken,
      int endSpoken,
      int rateHz) {
    if (end - first == endSpoken - firstSpoken) {
      for (int i = 0; i < end - first; i++) {
        set(first + i, spoken.get(firstSpoken + i), rateHz);
      }
      return;
    }
    long from;
    long to;
    if (firstSpoken < endSpoken) {
      from = at(spoken.get(firstSpoken).startFrame(), rateHz);
      to = at(spoken.get(endSpoken - 1).endFrame(), rateHz);
    } else {
      from = firstSpoken == 0 ? 0 : at(spoken.get(firstSpoken - 1).endFrame(), rateHz);
      to =
          endSpoken < spoken.size()
              ? at(spoken.get(endSpoken).startFrame(), rateHz)
              : from + (long) chars(words.subList(first, end)) * SAMPLES_PER_CHAR;
    }
    spread(words, first, end, from, to);
  }

  private void set(int word, SpokenWord spoken, int rateHz) {
    starts[word] = at(spoken.startFrame(), rateHz);
    ends[word] = at(spoken.endFrame(), rateHz);
  }

  private static long at(long frame, int rateHz) {
    return frame * EncodedSound.RATE_HZ / rateHz;
  }

  private void spread(List<String> words, int first, int end, long from, long to) {
    int all = chars(words.subList(first, end));
    int before = 0;
    for (int i = first; i < end; i++) {
      starts[i] = from + (to - from) * before / all;
      before += words.get(i).length() + 1;
      ends[i] = from + (to - from) * before / all;
    }
  }

  private static int chars(List<String> words) {
    return words.stream().mapToInt(word -> word.length() + 1).sum();
  }

  /** For each word which spoken one is the same, by the longest common subsequence. */
  private static int[] sameWords(List<String> words, List<SpokenWord> spoken) {
    List<String> written = words.stream().map(WordTimes::letters).toList();
    List<String> said = spoken.stream().map(word -> letters(word.text())).toList();
    int[][] common = new int[written.size() + 1][said.size() + 1];
    for (int i = written.size() - 1; i >= 0; i--) {
      for (int j = said.size() - 1; j >= 0; j--) {
        common[i][j] =
            written.get(i).equals(said.get(j))
                ? common[i + 1][j + 1] + 1
                : Math.max(common[i + 1][j], common[i][j + 1]);
      }
    }
    int[] same = new int[written.size()];
    Arrays.fill(same, UNKNOWN);
    int i = 0;
    int j = 0;
    while (i < written.size() && j < said.size()) {
      if (written.get(i).equals(said.get(j))) {
        same[i++] = j++;
      } else if (common[i + 1][j] >= common[i][j + 1]) {
        i++;
      } else {
        j++;
      }
    }
    return same;
  }

  private static String letters(String word) {
    return word.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]", "");
  }
}
