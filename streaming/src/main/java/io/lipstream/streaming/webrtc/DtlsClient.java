package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.util.Hashtable;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.DefaultTlsClient;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsSRTPUtils;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.UseSRTPData;
import org.jspecify.annotations.Nullable;

/** The side of a handshake that begins. */
@SuppressWarnings({"rawtypes", "unchecked", "JdkObsolete"}) // as the library's signatures are
final class DtlsClient extends DefaultTlsClient {
  /** Forward secrecy and authenticated encryption, nothing older. */
  static final int[] CIPHER_SUITES = {
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
  };

  private final DtlsIdentity identity;
  private final DtlsSession session;
  private @Nullable SrtpProfile profile;

  DtlsClient(DtlsIdentity identity, DtlsSession session) {
    super(identity.crypto());
    this.identity = identity;
    this.session = session;
  }

  @Override
  protected ProtocolVersion[] getSupportedVersions() {
    return ProtocolVersion.DTLSv12.only();
  }

  @Override
  protected int[] getSupportedCipherSuites() {
    return CIPHER_SUITES.clone();
  }

  @Override
  public int getHandshakeTimeoutMillis() {
    return session.timeoutMillis();
  }

  @Override
  public int getHandshakeResendTimeMillis() {
    return DtlsServer.RESEND_MILLIS;
  }

  @Override
  public Hashtable getClientExtensions() throws IOException {
    Hashtable extensions =
        TlsExtensionsUtils.ensureExtensionsInitialised(super.getClientExtensions());
    TlsSRTPUtils.addUseSRTPExtension(
        extensions, new UseSRTPData(SrtpProfile.numbers(session.profiles()), TlsUtils.EMPTY_BYTES));
    return extensions;
  }

  @Override
  public void processServerExtensions(Hashtable extensions) throws IOException {
    super.processServerExtensions(extensions);
    UseSRTPData chosen = TlsSRTPUtils.getUseSRTPExtension(extensions);
    profile =
        chosen == null
            ? null
            : SrtpProfile.choose(session.profiles(), chosen.getProtectionProfiles());
    if (profile == null) {
      throw new TlsFatalAlert(
          AlertDescription.handshake_failure, "no SRTP protection profile in common");
    }
  }

  @Override
  public TlsAuthentication getAuthentication() {
    return new TlsAuthentication() {
      @Override
      public void notifyServerCertificate(TlsServerCertificate shown) throws IOException {
        session.authenticate(shown.getCertificate());
      }

      @Override
      public TlsCredentials getClientCredentials(CertificateRequest request) {
        return identity.signer(context);
      }
    };
  }

  @Override
  public void notifyHandshakeComplete() throws IOException {
    super.notifyHandshakeComplete();
    if (profile != null) {
      session.complete(context, profile);
    }
  }

  @Override
  public void notifyAlertReceived(short level, short description) {
    session.alerted(description);
  }
}
