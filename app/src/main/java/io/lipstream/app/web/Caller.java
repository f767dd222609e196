package io.lipstream.app.web;

import io.lipstream.app.config.ApiKeyConfig;
import java.util.Set;

/**
 * Who calls.
 *
 * @param name for counting requests
 * @param scopes what their credential is good for
 * @param session the one session that it is for; empty for none in particular
 */
record Caller(String name, Set<String> scopes, String session) {
  static final String VISITORS = "visitors";

  Caller {
    scopes = Set.copyOf(scopes);
  }

  /** Where no key is asked for. */
  static Caller anybody(String address) {
    return new Caller("address " + address, Set.copyOf(ApiKeyConfig.SCOPES), "");
  }

  /** Whoever the page was open to, without a key. */
  boolean isVisitor() {
    return name.equals(VISITORS);
  }

  boolean may(Access access, String sessionOfPath) {
    if (access == Access.OPEN || access == Access.KNOWN) {
      return true;
    }
    if (access.isOfSession() && !session.isEmpty() && session.equals(sessionOfPath)) {
      return true;
    }
    return scopes.contains(access.scope())
        || (access == Access.CREATE && scopes.contains(Access.SESSIONS.scope()));
  }
}
