package io.lipstream.speech;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import marytts.datatypes.MaryXML;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Sentences of the embedded voice and when it says which phoneme; a second of silence comes before,
 * between and after them.
 */
public final class TimedSpeech {
  public static final int RATE_HZ = MarySpeech.SAMPLE_RATE_HZ;

  /** A phoneme in SAMPA, or "_" for a pause. */
  public record Phone(String name, double fromSeconds, double toSeconds) {}

  private float[] samples = new float[RATE_HZ];
  private final List<Phone> phones = new ArrayList<>();

  public static TimedSpeech of(String... sentences) {
    TimedSpeech speech = new TimedSpeech();
    try {
      for (String sentence : sentences) {
        speech.add(sentence);
      }
    } catch (Exception e) {
      throw new IllegalStateException("the embedded voice fails", e);
    }
    return speech;
  }

  private void add(String sentence) throws Exception {
    double seconds = (double) samples.length / RATE_HZ;
    for (Element element : MarySpeech.shared().acousticParameters(sentence)) {
      if (element.getTagName().equals(MaryXML.BOUNDARY)) {
        seconds = addPhone("_", seconds, element.getAttribute("duration"));
      }
      NodeList inside = element.getElementsByTagName(MaryXML.PHONE);
      for (int i = 0; i < inside.getLength(); i++) {
        Element phone = (Element) inside.item(i);
        seconds = addPhone(phone.getAttribute("p"), seconds, phone.getAttribute("d"));
      }
    }
    float[] sound = MarySpeech.shared().speak(sentence).samples();
    int from = samples.length;
    samples = Arrays.copyOf(samples, from + sound.length + RATE_HZ);
    System.arraycopy(sound, 0, samples, from, sound.length);
  }

  private double addPhone(String name, double fromSeconds, String millis) {
    double toSeconds = fromSeconds + Integer.parseInt(millis) / 1_000.0;
    phones.add(new Phone(name, fromSeconds, toSeconds));
    return toSeconds;
  }

  public float[] samples() {
    return samples;
  }

  public List<Phone> phones() {
    return phones;
  }
}
