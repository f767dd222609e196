package io.lipstream.speech;

import io.lipstream.media.lipsync.SpokenWord;
import io.lipstream.speech.EnglishWords.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.sound.sampled.AudioInputStream;
import marytts.config.MaryConfig;
import marytts.datatypes.MaryData;
import marytts.datatypes.MaryDataType;
import marytts.datatypes.MaryXML;
import marytts.features.FeatureProcessorManager;
import marytts.features.FeatureRegistry;
import marytts.language.en.PronunciationModel;
import marytts.language.en.Prosody;
import marytts.modules.AcousticModeller;
import marytts.modules.JPhonemiser;
import marytts.modules.MaryModule;
import marytts.modules.ModuleRegistry;
import marytts.modules.OpenNLPPosTagger;
import marytts.modules.synthesis.HMMSynthesizer;
import marytts.modules.synthesis.Voice;
import marytts.util.data.audio.MaryAudioUtils;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * The part of MaryTTS that speaks: words to phonemes, prosody, acoustic parameters, sound.
 *
 * <p>The stages are created and called here one after the other. MaryTTS's own start-up would load
 * every module of its server, among them a tokeniser whose library no public repository has, and
 * takes four times as long.
 *
 * <p>Thread-safe: the stages up to the acoustic parameters take turns (MaryTTS keeps utterances in
 * an unguarded map there), the vocoder, nine tenths of the time, runs in parallel.
 */
final class MarySpeech {
  static final int SAMPLE_RATE_HZ = 48_000;
  private static final int FRAMES_PER_MILLI = SAMPLE_RATE_HZ / 1_000;

  /** The vocoder peaks at full scale; 3 dB less leave room for resampling and lossy coding. */
  private static final double GAIN = 0.7;

  /** Kept here because the logging framework itself would forget a level set on a lost logger. */
  private static final Logger MARY_LOGGER = Logger.getLogger("marytts");

  /** Mono samples at {@link #SAMPLE_RATE_HZ} and when they say which word. */
  static final class Spoken {
    private final float[] samples;
    private final List<SpokenWord> words;

    Spoken(float[] samples, List<SpokenWord> words) {
      this.samples = samples;
      this.words = words;
    }

    float[] samples() {
      return samples;
    }

    List<SpokenWord> words() {
      return words;
    }
  }

  private static @Nullable MarySpeech shared;

  private final Voice voice;
  private final HMMSynthesizer vocoder;
  private final JPhonemiser phonemiser;
  private final List<MaryModule> stages;

  /** The one instance of this process, loaded by its first caller: MaryTTS lives in statics. */
  static synchronized MarySpeech shared() throws Exception {
    if (shared == null) {
      shared = new MarySpeech();
    }
    return shared;
  }

  private MarySpeech() throws Exception {
    if (MARY_LOGGER.getLevel() == null) {
      MARY_LOGGER.setLevel(Level.SEVERE);
    }
    // Reads every configuration before two threads look things up in it.
    MaryConfig.checkConsistency();
    CompletableFuture<OpenNLPPosTagger> tagger = startTagger();
    FeatureRegistry.setFeatureProcessorManager(Locale.US, new FeatureProcessorManager("en_US"));
    ModuleRegistry.setRegistrationComplete();
    vocoder = new HMMSynthesizer();
    vocoder.startup();
    voice = Voice.getVoice("cmu-slt-hsmm");
    phonemiser = new JPhonemiser("en_US.");
    stages =
        List.of(
            tagger.join(),
            phonemiser,
            new Prosody(),
            new PronunciationModel(),
            new AcousticModeller());
    for (MaryModule stage : stages.subList(1, stages.size())) {
      stage.startup();
    }
  }

  /** The tagger's model takes as long to read as all the rest: the two go side by side. */
  private static CompletableFuture<OpenNLPPosTagger> startTagger() {
    CompletableFuture<OpenNLPPosTagger> started = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("mary-tagger")
        .start(
            () -> {
              try {
                OpenNLPPosTagger tagger = new OpenNLPPosTagger("en", "en.pos");
                tagger.startup();
                started.complete(tagger);
              } catch (Throwable failure) {
                started.completeExceptionally(failure);
              }
            });
    return started;
  }

  /**
   * Speaks one sentence.
   *
   * @return with the pauses MaryTTS puts around; empty if nothing in the sentence can be pronounced
   */
  Spoken speak(String sentence) throws Exception {
    List<Element> elements = acousticParameters(sentence);
    if (elements.isEmpty()) {
      return new Spoken(new float[0], List.of());
    }
    try (AudioInputStream sound = vocoder.synthesize(elements, voice, null)) {
      double[] samples = MaryAudioUtils.getSamplesAsDoubleArray(sound);
      float[] mono = new float[samples.length];
      for (int i = 0; i < mono.length; i++) {
        mono[i] = (float) (GAIN * Math.clamp(samples[i], -1, 1));
      }
      return new Spoken(mono, words(elements));
    }
  }

  /** The words, which follow each other and the pauses without gaps. */
  private static List<SpokenWord> words(List<Element> elements) {
    List<SpokenWord> words = new ArrayList<>();
    long millis = 0;
    for (Element element : elements) {
      if (element.getTagName().equals(MaryXML.BOUNDARY)) {
        millis += duration(element, "duration");
        continue;
      }
      NodeList phones = element.getElementsByTagName(MaryXML.PHONE);
      long end = millis;
      for (int i = 0; i < phones.getLength(); i++) {
        end += duration((Element) phones.item(i), "d");
      }
      if (phones.getLength() > 0) {
        words.add(
            new SpokenWord(
                element.getFirstChild().getTextContent().strip(),
                millis * FRAMES_PER_MILLI,
                end * FRAMES_PER_MILLI));
      }
      millis = end;
    }
    return words;
  }

  private static long duration(Element element, String attribute) {
    String millis = element.getAttribute(attribute);
    return millis.isEmpty() ? 0 : Long.parseLong(millis);
  }

  /** The words and pauses of a sentence with their phonemes, timed as the voice will say them. */
  synchronized List<Element> acousticParameters(String sentence) throws Exception {
    List<Token> tokens =
        EnglishWords.of(sentence, word -> phonemiser.lexiconLookup(word, null) != null);
    if (tokens.isEmpty()) {
      return List.of();
    }
    MaryData data = new MaryData(MaryDataType.WORDS, Locale.US);
    data.setDocument(document(tokens));
    for (MaryModule stage : stages) {
      data.setDefaultVoice(voice);
      data = stage.process(data);
    }
    List<Element> elements = new ArrayList<>();
    collectTokens(data.getDocument().getDocumentElement(), elements);
    boolean anyPhone =
        elements.stream().anyMatch(e -> e.getElementsByTagName(MaryXML.PHONE).getLength() > 0);
    return anyPhone ? elements : List.of();
  }

  private Document document(List<Token> tokens) {
    Document document = MaryXML.newDocument();
    Element root = document.getDocumentElement();
    root.setAttribute("xml:lang", "en-US");
    Element paragraph = MaryXML.appendChildElement(root, MaryXML.PARAGRAPH);
    Element sentence = MaryXML.appendChildElement(paragraph, MaryXML.SENTENCE);
    for (Token token : tokens) {
      Element element = MaryXML.appendChildElement(sentence, MaryXML.TOKEN);
      element.appendChild(document.createTextNode(token.text()));
      if (token.isPunctuation()) {
        element.setAttribute("pos", ".");
      } else if (token.text().contains("'")) {
        String word = token.text().toLowerCase(Locale.ROOT);
        element.setAttribute("ph", Contractions.phonemes(word, this::phonemes));
      }
    }
    return document;
  }

  private String phonemes(String word) {
    String found = phonemiser.phonemise(word, null, new StringBuilder());
    return found == null ? "@" : found.strip();
  }

  private static void collectTokens(Element parent, List<Element> found) {
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element) {
        String name = element.getTagName();
        if (name.equals(MaryXML.TOKEN) || name.equals(MaryXML.BOUNDARY)) {
          found.add(element);
        } else {
          collectTokens(element, found);
        }
      }
    }
  }
}
