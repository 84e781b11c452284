//! Whether the server's certificate is good enough. The chain is webpki's to judge; what libpq accepts beyond it is added here:
//! a self-signed certificate that is itself trusted, certificates of the first version (the ones that the manual's own recipe
//! makes), and names in the subject.

use super::der::Certificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime},
};
use std::sync::Arc;

/// Who is trusted.
#[derive(Debug)]
pub(super) struct Authorities {
    webpki: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
    revoked: bool,
}

impl Authorities {
    /// These certificates, with the lists of what they revoked.
    pub fn new(
        certificates: Vec<CertificateDer<'static>>,
        built_in: bool,
        revoked: Vec<CertificateRevocationListDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        if built_in {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        let has_lists = !revoked.is_empty();
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let webpki = builder.with_crls(revoked).build().map_err(|e| e.to_string())?;
        Ok(Self { webpki, certificates, revoked: has_lists })
    }
}

/// Judges the server's certificate as `sslmode` asks for.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None`: whoever it is by.
    pub authorities: Option<Authorities>,
    /// The host that it must be for; `None`: whoever it is for.
    pub host: Option<String>,
    pub algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// What libpq trusts although webpki does not.
    fn trusts(&self, by: &Authorities, der: &CertificateDer, now: UnixTime) -> bool {
        let Some(one) = Certificate::parse(der) else { return false };
        let now = now.as_secs() as i64;
        let stands = |c: &Certificate| (c.valid.0..=c.valid.1).contains(&now);
        // Whoever keeps lists of what is revoked gets the judge who reads them, and no other.
        if by.revoked || !stands(&one) {
            return false;
        }
        if one.issuer == one.subject && by.certificates.iter().any(|c| c == der) {
            return true;
        }
        one.first_version
            && by
                .certificates
                .iter()
                .filter_map(|c| Certificate::parse(c))
                .any(|root| root.subject == one.issuer && stands(&root) && self.is_signed_by(&one, &root))
    }

    fn is_signed_by(&self, one: &Certificate, root: &Certificate) -> bool {
        self.algorithms.all.iter().any(|algorithm| {
            algorithm.signature_alg_id().as_ref() == one.algorithm
                && algorithm.public_key_alg_id().as_ref() == root.key.0
                && algorithm.verify_signature(root.key.1, one.signed, one.signature).is_ok()
        })
    }

    /// The proof that the server has the key of a certificate that webpki does not read for its version. Without it a proof of ours
    /// could be bound to a certificate that somebody else shows around.
    fn proves_key(&self, message: &[u8], der: &CertificateDer, proof: &DigitallySignedStruct) -> bool {
        let Some(one) = Certificate::parse(der).filter(|c| c.first_version) else { return false };
        let known = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == proof.scheme);
        known.is_some_and(|(_, algorithms)| {
            algorithms.iter().any(|algorithm| {
                algorithm.public_key_alg_id().as_ref() == one.key.0
                    && algorithm.verify_signature(one.key.1, message, proof.signature()).is_ok()
            })
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(by) = &self.authorities {
            match by.webpki.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
                // The chain was good: names come last, and are looked at below.
                Ok(_)
                | Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => {}
                Err(_) if self.trusts(by, end_entity, now) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(host) = &self.host {
            let one = Certificate::parse(end_entity);
            if !one.as_ref().is_some_and(|c| c.is_for(host)) {
                let whom = one.map_or("nobody that can be read".into(), |c| c.is_for_whom());
                return Err(Error::General(format!("the certificate is for {whom}, not for {host}")));
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        proof: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match verify_tls12_signature(message, cert, proof, &self.algorithms) {
            Err(_) if self.proves_key(message, cert, proof) => Ok(HandshakeSignatureValid::assertion()),
            other => other,
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        proof: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        use SignatureScheme as S;
        let old = matches!(proof.scheme, S::RSA_PKCS1_SHA256 | S::RSA_PKCS1_SHA384 | S::RSA_PKCS1_SHA512);
        match verify_tls13_signature(message, cert, proof, &self.algorithms) {
            Err(_) if !old && self.proves_key(message, cert, proof) => {
                Ok(HandshakeSignatureValid::assertion())
            }
            other => other,
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
