package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.util.Hashtable;
import java.util.Vector;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.ClientCertificateType;
import org.bouncycastle.tls.DefaultTlsServer;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsSRTPUtils;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.UseSRTPData;
import org.jspecify.annotations.Nullable;

/** The side of a handshake that waits for the browser to begin. */
@SuppressWarnings({"rawtypes", "unchecked", "JdkObsolete"}) // as the library's signatures are
final class DtlsServer extends DefaultTlsServer {
  /** Time after which an unanswered flight is sent again; doubles each time. */
  static final int RESEND_MILLIS = 250;

  private final DtlsIdentity identity;
  private final DtlsSession session;
  private @Nullable SrtpProfile profile;

  DtlsServer(DtlsIdentity identity, DtlsSession session) {
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
    return DtlsClient.CIPHER_SUITES.clone();
  }

  @Override
  public int getHandshakeTimeoutMillis() {
    return session.timeoutMillis();
  }

  @Override
  public int getHandshakeResendTimeMillis() {
    return RESEND_MILLIS;
  }

  @Override
  protected TlsCredentialedSigner getECDSASignerCredentials() {
    return identity.signer(context);
  }

  @Override
  public CertificateRequest getCertificateRequest() {
    short[] types = {ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign};
    Vector algorithms = TlsUtils.getDefaultSupportedSignatureAlgorithms(context);
    return new CertificateRequest(types, algorithms, null);
  }

  @Override
  public void notifyClientCertificate(Certificate chain) throws IOException {
    session.authenticate(chain);
  }

  @Override
  public void processClientExtensions(Hashtable extensions) throws IOException {
    super.processClientExtensions(extensions);
    UseSRTPData offered = TlsSRTPUtils.getUseSRTPExtension(extensions);
    profile =
        offered == null
            ? null
            : SrtpProfile.choose(session.profiles(), offered.getProtectionProfiles());
    if (profile == null) {
      throw new TlsFatalAlert(
          AlertDescription.handshake_failure, "no SRTP protection profile in common");
    }
  }

  @Override
  public Hashtable getServerExtensions() throws IOException {
    Hashtable extensions =
        TlsExtensionsUtils.ensureExtensionsInitialised(super.getServerExtensions());
    if (profile != null) {
      TlsSRTPUtils.addUseSRTPExtension(
          extensions, new UseSRTPData(new int[] {profile.number}, TlsUtils.EMPTY_BYTES));
    }
    return extensions;
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
