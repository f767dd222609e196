package io.lipstream.app.web;

/** What a caller must be allowed to, for a route. */
enum Access {
  /** Nothing: the page's files, the documents. */
  OPEN(""),
  /** Any credential will do, also that of a session. */
  KNOWN(""),
  /** Beginning sessions, each of which gets a token of its own. */
  CREATE("create"),
  /** Watching, interrupting and ending any session. */
  SESSIONS("sessions"),
  /** Having any session say something. */
  SPEAK("speak"),
  /** Importing and deleting avatars. */
  AVATARS("avatars"),
  /** What those who run the server look at. */
  OPS("ops");

  private final String scope;

  Access(String scope) {
    this.scope = scope;
  }

  /** As keys name it in the configuration; empty where no key need name it. */
  String scope() {
    return scope;
  }

  /** Whether a session's own token is enough on that session's routes. */
  boolean isOfSession() {
    return this == SESSIONS || this == SPEAK;
  }
}
