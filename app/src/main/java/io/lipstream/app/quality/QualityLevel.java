package io.lipstream.app.quality;

/**
 * How well pictures are made while so many speak.
 *
 * @param mostSpeakers up to how many speakers it is meant for
 * @param batchFrames the most frames that the engine may compute in one call
 * @param stillQuality of JPEG pictures, 1 to 100
 * @param bitratePercent of what a viewer's connection would carry
 * @param pictureInterval 1 shows every picture, 25 a second; 2 every second one
 */
public record QualityLevel(
    int mostSpeakers, int batchFrames, int stillQuality, int bitratePercent, int pictureInterval) {
  public QualityLevel {
    require("mostSpeakers", mostSpeakers, 1, Integer.MAX_VALUE);
    require("batchFrames", batchFrames, 1, 1024);
    require("stillQuality", stillQuality, 1, 100);
    require("bitratePercent", bitratePercent, 10, 100);
    require("pictureInterval", pictureInterval, 1, 5);
  }

  private static void require(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must be from " + least + " to " + most + ", not " + value);
    }
  }

  /** 100 for all bits and pictures, less for fewer. */
  public double score() {
    return (double) bitratePercent / pictureInterval;
  }
}
