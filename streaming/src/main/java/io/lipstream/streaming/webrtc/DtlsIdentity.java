package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERGeneralizedTime;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.TBSCertificate;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.asn1.x509.V3TBSCertificateGenerator;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.HashAlgorithm;
import org.bouncycastle.tls.SignatureAlgorithm;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsContext;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.impl.bc.BcDefaultTlsCredentialedSigner;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;

/**
 * A P-256 key and a certificate that it signs itself; the session description vouches for it. Made
 * at start, kept in memory only.
 */
final class DtlsIdentity {
  /** Longer than any server runs; a new one comes with every start. */
  private static final Duration VALID = Duration.ofDays(3650);

  private static final DateTimeFormatter ASN1_TIME =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

  private final BcTlsCrypto crypto;
  private final Certificate certificate;
  private final AsymmetricKeyParameter privateKey;
  private final Fingerprint fingerprint;

  private DtlsIdentity(
      BcTlsCrypto crypto,
      Certificate certificate,
      AsymmetricKeyParameter privateKey,
      Fingerprint fingerprint) {
    this.crypto = crypto;
    this.certificate = certificate;
    this.privateKey = privateKey;
    this.fingerprint = fingerprint;
  }

  static DtlsIdentity create(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      KeyPair keys = generator.generateKeyPair();
      byte[] encoded = selfSigned(keys, random);
      BcTlsCrypto crypto = new BcTlsCrypto(random);
      return new DtlsIdentity(
          crypto,
          new Certificate(new TlsCertificate[] {crypto.createCertificate(encoded)}),
          PrivateKeyFactory.createKey(keys.getPrivate().getEncoded()),
          Fingerprint.of("sha-256", encoded));
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("cannot make a certificate for DTLS", e);
    }
  }

  private static byte[] selfSigned(KeyPair keys, SecureRandom random)
      throws GeneralSecurityException, IOException {
    AlgorithmIdentifier algorithm = new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);
    X500Name name = new X500Name("CN=lipstream");
    Instant now = Instant.now();
    V3TBSCertificateGenerator body = new V3TBSCertificateGenerator();
    body.setSerialNumber(new ASN1Integer(new BigInteger(63, random).add(BigInteger.ONE)));
    body.setIssuer(name);
    body.setSubject(name);
    body.setStartDate(time(now.minus(Duration.ofDays(1))));
    body.setEndDate(time(now.plus(VALID)));
    body.setSubjectPublicKeyInfo(SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()));
    body.setSignature(algorithm);
    TBSCertificate unsigned = body.generateTBSCertificate();

    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(keys.getPrivate(), random);
    signature.update(unsigned.getEncoded(ASN1Encoding.DER));

    ASN1EncodableVector parts = new ASN1EncodableVector();
    parts.add(unsigned);
    parts.add(algorithm);
    parts.add(new DERBitString(signature.sign()));
    return new DERSequence(parts).getEncoded(ASN1Encoding.DER);
  }

  private static Time time(Instant instant) {
    return new Time(new DERGeneralizedTime(ASN1_TIME.format(instant)));
  }

  Fingerprint fingerprint() {
    return fingerprint;
  }

  BcTlsCrypto crypto() {
    return crypto;
  }

  /** Signs one handshake. */
  TlsCredentialedSigner signer(TlsContext context) {
    return new BcDefaultTlsCredentialedSigner(
        new TlsCryptoParameters(context),
        crypto,
        privateKey,
        certificate,
        new SignatureAndHashAlgorithm(HashAlgorithm.sha256, SignatureAlgorithm.ecdsa));
  }
}
