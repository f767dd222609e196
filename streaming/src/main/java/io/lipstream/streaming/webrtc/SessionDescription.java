package io.lipstream.streaming.webrtc;

import io.lipstream.media.LipstreamException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A session description (RFC 8866) taken apart; what is not known is kept and asked for by nobody.
 *
 * @param attributes those before the first section
 * @param media the sections, in order
 */
record SessionDescription(List<Attribute> attributes, List<Media> media) {
  /** Browsers' descriptions are about 10,000 characters. */
  static final int MAX_CHARACTERS = 100_000;

  private static final int MAX_SECTIONS = 32;

  private static final String HINT =
      "send the text of RTCPeerConnection.localDescription.sdp, unchanged";

  /** One line {@code a=name:value}; the value is empty for a flag. */
  record Attribute(String name, String value) {}

  /**
   * One section.
   *
   * @param kind audio, video, application
   * @param port 0 for a section that was refused
   * @param formats payload types in order of preference
   */
  record Media(
      String kind, int port, String protocol, List<String> formats, List<Attribute> attributes) {

    /** The first value of that name, or null. */
    @Nullable String first(String name) {
      return SessionDescription.first(attributes, name);
    }

    List<String> all(String name) {
      return SessionDescription.all(attributes, name);
    }

    boolean has(String name) {
      return first(name) != null;
    }

    /** The rest of the first value of that name that begins with this payload type, or null. */
    @Nullable String ofPayload(String name, String payloadType) {
      for (String value : all(name)) {
        int space = value.indexOf(' ');
        if (space > 0 && value.substring(0, space).equals(payloadType)) {
          return value.substring(space + 1).trim();
        }
      }
      return null;
    }
  }

  /**
   * Reads a description.
   *
   * @throws LipstreamException of kind INPUT if it is none
   */
  static SessionDescription parse(String text) {
    if (text.length() > MAX_CHARACTERS) {
      throw bad("the session description has " + text.length() + " characters", HINT);
    }
    List<Attribute> session = new ArrayList<>();
    List<Media> media = new ArrayList<>();
    List<Attribute> current = session;
    boolean version = false;
    for (String line : text.lines().toList()) {
      if (line.isEmpty()) {
        continue;
      }
      if (line.length() < 2 || line.charAt(1) != '=') {
        throw bad("the session description has the line '" + shown(line) + "'", HINT);
      }
      String value = line.substring(2);
      switch (line.charAt(0)) {
        case 'v' -> version = true;
        case 'a' -> current.add(attribute(value));
        case 'm' -> {
          current = new ArrayList<>();
          media.add(section(value, current));
        }
        default -> {
          // nothing that WebRTC uses
        }
      }
      if (media.size() > MAX_SECTIONS) {
        throw bad("the session description has more than " + MAX_SECTIONS + " sections", HINT);
      }
    }
    if (!version) {
      throw bad("the session description does not begin with v=0", HINT);
    }
    return new SessionDescription(session, media);
  }

  private static Attribute attribute(String value) {
    int colon = value.indexOf(':');
    return colon < 0
        ? new Attribute(value.trim(), "")
        : new Attribute(value.substring(0, colon), value.substring(colon + 1).trim());
  }

  private static Media section(String value, List<Attribute> attributes) {
    String[] words = value.trim().split("\\s+", -1);
    if (words.length < 4 || !words[1].matches("[0-9]{1,5}(/[0-9]{1,5})?")) {
      throw bad("the session description has the line 'm=" + shown(value) + "'", HINT);
    }
    int port = Integer.parseInt(words[1].replaceFirst("/.*", ""));
    List<String> formats = List.copyOf(Arrays.asList(words).subList(3, words.length));
    return new Media(words[0], port, words[2], formats, attributes);
  }

  /** The first value of that name outside of the sections, or null. */
  @Nullable String first(String name) {
    return first(attributes, name);
  }

  List<String> all(String name) {
    return all(attributes, name);
  }

  /** The value in the section or, where it has none, the one for all of them. */
  @Nullable String first(Media section, String name) {
    String own = section.first(name);
    return own != null ? own : first(name);
  }

  /** As {@link #first(Media, String)}, all values. */
  List<String> all(Media section, String name) {
    List<String> own = section.all(name);
    return own.isEmpty() ? all(name) : own;
  }

  /** Mids that share one transport, in the first group of that kind. */
  List<String> bundle() {
    for (String group : all("group")) {
      List<String> words = List.of(group.split("\\s+", -1));
      if (words.getFirst().equals("BUNDLE")) {
        return words.subList(1, words.size());
      }
    }
    return List.of();
  }

  static LipstreamException bad(String message, String hint) {
    return new LipstreamException(LipstreamException.Kind.INPUT, message, hint);
  }

  /** A piece of foreign text, fit for a message. */
  static String shown(String text) {
    String printable = text.replaceAll("[^ -~]", "?");
    return printable.length() <= 60 ? printable : printable.substring(0, 60) + "...";
  }

  private static @Nullable String first(List<Attribute> attributes, String name) {
    for (Attribute attribute : attributes) {
      if (attribute.name().equals(name)) {
        return attribute.value();
      }
    }
    return null;
  }

  private static List<String> all(List<Attribute> attributes, String name) {
    return attributes.stream()
        .filter(attribute -> attribute.name().equals(name))
        .map(Attribute::value)
        .toList();
  }
}
