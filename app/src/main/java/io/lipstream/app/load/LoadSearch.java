package io.lipstream.app.load;

/**
 * Looks for the most sessions that a server holds: upwards by half as many again until a number is
 * too many, then halfway between the most that was held and the least that was not. Numbers closer
 * than a twentieth to each other are not told apart, for what is measured differs from one run to
 * the next by more.
 */
public final class LoadSearch {
  private static final double GROWTH = 1.5;
  private static final int PRECISION = 20;

  /** Measures with so many sessions and tells whether they were held. */
  @FunctionalInterface
  public interface Probe {
    boolean holds(int sessions) throws InterruptedException;
  }

  private LoadSearch() {}

  /**
   * Searches.
   *
   * @param first number to try
   * @param most that is ever tried
   * @return the most that were held; 0 if not even one was
   */
  public static int most(int first, int most, Probe probe) throws InterruptedException {
    int held = 0;
    int tooMany = most + 1;
    int next = Math.min(first, most);
    while (next > held && next < tooMany) {
      if (probe.holds(next)) {
        held = next;
      } else {
        tooMany = next;
      }
      boolean grows = tooMany > most;
      int step = grows ? (int) Math.ceil(held * (GROWTH - 1)) : (tooMany - held) / 2;
      boolean close = !grows && tooMany - held <= Math.max(1, held / PRECISION);
      next = close ? held : Math.min(held + Math.max(1, step), most);
    }
    return held;
  }
}
