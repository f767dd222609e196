package io.lipstream.app.config;

/**
 * Encryption of the port; PEM files. Empty paths for none.
 *
 * @param certificate the server's certificate chain
 * @param privateKey its key, PKCS #8
 * @param clientCa authorities whose clients are let in; with it, a client needs a certificate
 */
public record TlsConfig(String certificate, String privateKey, String clientCa) {
  static final TlsConfig DEFAULT = new TlsConfig("", "", "");

  public TlsConfig {
    Check.that(
        certificate.isEmpty() == privateKey.isEmpty(),
        certificate.isEmpty() ? "tls.private_key" : "tls.certificate",
        "is set alone: a server needs tls.certificate and tls.private_key");
    Check.that(
        clientCa.isEmpty() || !certificate.isEmpty(),
        "tls.client_ca",
        "needs tls.certificate and tls.private_key as well");
  }

  public boolean enabled() {
    return !certificate.isEmpty();
  }
}
