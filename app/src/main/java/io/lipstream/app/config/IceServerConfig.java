package io.lipstream.app.config;

/**
 * A STUN or TURN server that browsers are told of.
 *
 * @param url such as turn:relay.example.org:3478?transport=udp
 * @param username for turn
 * @param credential for turn; told to every browser, printed to nobody
 */
public record IceServerConfig(String url, String username, Secret credential) {
  public IceServerConfig {
    username = username == null ? "" : username;
    credential = credential == null ? Secret.NONE : credential;
    Check.that(
        url != null && url.matches("(stun|stuns|turn|turns):[^\\s\"<>;,]+"),
        "webrtc.ice_servers",
        "must have urls such as turn:relay.example.org:3478, not \"" + url + "\"");
  }
}
