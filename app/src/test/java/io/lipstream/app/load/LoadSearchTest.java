package io.lipstream.app.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LoadSearchTest {
  private static int search(int first, int most, int holds, List<Integer> tried)
      throws InterruptedException {
    return LoadSearch.most(
        first,
        most,
        number -> {
          tried.add(number);
          return number <= holds;
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 7, 19, 24, 64, 200})
  void findsTheMostThatIsHeldToATwentieth(int holds) throws InterruptedException {
    for (int first : new int[] {1, 8, 24, 300}) {
      List<Integer> tried = new ArrayList<>();
      int found = search(first, 1000, holds, tried);
      assertThat(found)
          .as("from %s, tried %s", first, tried)
          .isBetween(holds - Math.max(0, holds / 20), holds);
      assertThat(tried).doesNotHaveDuplicates().hasSizeLessThan(20);
    }
  }

  @Test
  void neverTriesMoreThanTheMostThatIsAllowed() throws InterruptedException {
    List<Integer> tried = new ArrayList<>();
    assertThat(search(8, 20, 1000, tried)).isEqualTo(20);
    assertThat(tried).containsExactly(8, 12, 18, 20);
  }
}
