package io.lipstream.speech;

import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Cuts text that is still being written, such as a language model's tokens, into sentences for a
 * voice, each as soon as its end is certain.
 *
 * <p>Marks of formatting that nobody speaks are taken away. One owner.
 */
public final class SentenceCutter {
  private static final Pattern MARKS = Pattern.compile("\\*{2,}|_{2,}|`+|(?m:^#{1,6} )");
  private static final Pattern LINK =
      Pattern.compile("\\[([^\\[\\]]{1,200})]\\([^()\\s]{1,500}\\)");

  private final Consumer<String> sentences;
  private String pending = "";

  /**
   * A cutter at the start of a text.
   *
   * @param sentences given each sentence: one line with at least one word, at most 300 characters
   */
  public SentenceCutter(Consumer<String> sentences) {
    this.sentences = sentences;
  }

  /** Takes the next piece of text, of any size. */
  public void push(String text) {
    pending = withoutMarks(pending + text);
    int end = Sentences.firstCertainEnd(pending);
    while (end > 0 || pending.length() > Sentences.MAX_CHARS) {
      int cut = end > 0 ? end : Sentences.forcedEnd(pending);
      give(pending.substring(0, cut));
      pending = pending.substring(cut);
      end = Sentences.firstCertainEnd(pending);
    }
  }

  /** Gives what is left: the text has ended. */
  public void finish() {
    String rest = pending;
    pending = "";
    give(rest);
  }

  private static String withoutMarks(String text) {
    return LINK.matcher(MARKS.matcher(text).replaceAll("")).replaceAll("$1");
  }

  private void give(String text) {
    if (Sentences.hasWord(text)) {
      Sentences.parts(text).forEach(sentence -> sentences.accept(sentence.text()));
    }
  }
}
