package io.lipstream.media.avatar;

import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Comparator;

/** Orders names as people number them: runs of digits by value, the rest by character. */
final class NaturalOrder {
  static final Comparator<String> OF_TEXT = NaturalOrder::compare;
  static final Comparator<Path> OF_FILE_NAMES = Comparator.comparing(Path::toString, OF_TEXT);

  private NaturalOrder() {}

  private static int compare(String a, String b) {
    int i = 0;
    int j = 0;
    while (i < a.length() && j < b.length()) {
      int endA = digitsEnd(a, i);
      int endB = digitsEnd(b, j);
      int order;
      if (endA > i && endB > j) {
        order =
            new BigInteger(a.substring(i, endA)).compareTo(new BigInteger(b.substring(j, endB)));
        i = endA;
        j = endB;
      } else {
        order = Character.compare(a.charAt(i++), b.charAt(j++));
      }
      if (order != 0) {
        return order;
      }
    }
    int rest = Integer.compare(a.length() - i, b.length() - j);
    // "01" and "1" have one value: a fixed order keeps the sort total.
    return rest != 0 ? rest : a.compareTo(b);
  }

  private static int digitsEnd(String text, int from) {
    int end = from;
    while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
      end++;
    }
    return end;
  }
}
