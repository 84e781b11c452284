//! TLS as `sslmode` and its relatives ask for it, by rustls with ring. Section 32.19 of the manual, `initialize_SSL` of
//! `fe-secure-openssl.c`.

mod der;
mod verify;

use super::{
    message::message,
    refused::{RefusedKind, Trouble},
    target::{CertMode, Roots, Security, SslMode},
    wire::Wire,
};
use crate::source::certificate::{self, certificates, pem, read};
use der::{Certificate, Hash};
use rustls::{
    ClientConfig, ClientConnection, SignatureScheme, StreamOwned,
    client::{ResolvesClientCert, danger::ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, pem::PemObject},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use std::{
    fs,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::MetadataExt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use verify::{Authorities, Verifier};

/// The request for TLS: a length and a number that is no version.
const REQUEST: u32 = 80_877_103;
/// The end of a certificate's time, seconds since 1970; `None` when these bytes are none.
pub(in crate::source) fn expires(der: &[u8]) -> Option<i64> {
    validity(der).map(|v| v.1)
}

/// Begin and end of a certificate's time, as [`expires`].
pub(in crate::source) fn validity(der: &[u8]) -> Option<(i64, i64)> {
    Certificate::parse(der).map(|c| c.valid)
}

/// Trusts whoever it is.
pub(in crate::source) fn anyone(provider: &CryptoProvider) -> Arc<dyn ServerCertVerifier> {
    let algorithms = provider.signature_verification_algorithms;
    Arc::new(Verifier { authorities: None, host: None, algorithms })
}

/// An encrypted stream and what is to be known of it.
pub(super) struct Secured {
    pub stream: Box<StreamOwned<ClientConnection, Wire>>,
    pub version: String,
    pub verified: Option<&'static str>,
    /// The hash of the server's certificate.
    pub endpoint: Option<Vec<u8>>,
}

/// Asks whether the server would encrypt.
pub(super) fn offered(wire: &mut Wire) -> Result<bool, Trouble> {
    let asking = |e: io::Error| Trouble::io("asking for TLS", &e);
    wire.write_all(&message(None, &[&REQUEST.to_be_bytes()])).map_err(asking)?;
    // One byte and no more: whatever somebody slipped in behind it is then garbage to TLS.
    let mut answer = [0];
    wire.read_exact(&mut answer).map_err(asking)?;
    match answer[0] {
        b'S' => Ok(true),
        b'N' => Ok(false),
        // Nobody vouches for the text behind it.
        b'E' => Err(Trouble::new(RefusedKind::Other, "asking for TLS: the server answers with an error")),
        _ => {
            let why = "asking for TLS: the answer is none of a Postgres server; is this the right port?";
            Err(Trouble::new(RefusedKind::NotPostgres, why))
        }
    }
}

/// Encrypts. `host` is the name that was asked for, empty when only an address was.
pub(super) fn secure(wire: Wire, security: &Security, host: &str) -> Result<Secured, Trouble> {
    let tls = |why: String| Trouble::new(RefusedKind::Tls, why);
    let (config, verified, asked) = config(security, host).map_err(tls)?;
    let name = ServerName::try_from(host.to_string());
    // Without a name there is no SNI, and the verifier knows by itself for whom the certificate must be.
    let name = name.unwrap_or(ServerName::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    let connection = ClientConnection::new(Arc::new(config), name).map_err(|e| tls(e.to_string()))?;
    let mut stream = Box::new(StreamOwned::new(connection, wire));
    let step = if security.direct {
        "the TLS handshake without asking first (sslnegotiation=direct takes Postgres 17)"
    } else {
        "the TLS handshake"
    };
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).map_err(|e| match Trouble::io(step, &e) {
            late @ Trouble { kind: RefusedKind::TimedOut, .. } => late,
            other => Trouble { kind: RefusedKind::Tls, ..other },
        })?;
    }
    if security.direct && stream.conn.alpn_protocol() != Some(PROTOCOL) {
        return Err(tls("the server did not agree to speak Postgres behind TLS".into()));
    }
    if security.cert_mode == CertMode::Require && !asked.load(Ordering::Relaxed) {
        return Err(tls("sslcertmode=require, and the server did not ask for a certificate".into()));
    }
    let version = stream.conn.protocol_version();
    let version = version.and_then(|v| v.as_str()).unwrap_or("TLS").replace("TLSv1_", "TLSv1.");
    let endpoint = stream.conn.peer_certificates().and_then(|chain| endpoint(chain.first()?));
    Ok(Secured { stream, version, verified, endpoint })
}

/// What a direct connection is recognised by: ALPN.
const PROTOCOL: &[u8] = b"postgresql";

/// The configuration, how far it verifies, and where it is noted that the server asked for our certificate.
fn config(
    security: &Security,
    host: &str,
) -> Result<(ClientConfig, Option<&'static str>, Arc<AtomicBool>), String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let authorities = authorities(security, &provider)?;
    let full = security.mode == SslMode::VerifyFull;
    if full && host.is_empty() {
        return Err("sslmode=verify-full needs the name of the host beside its address".into());
    }
    let verified =
        authorities.is_some().then(|| if full { SslMode::VerifyFull } else { SslMode::VerifyCa }.name());
    let algorithms = provider.signature_verification_algorithms;
    let verifier = Verifier { authorities, host: full.then(|| host.into()), algorithms };
    let asked = Arc::new(AtomicBool::new(false));
    let own = Own { key: own(security, &provider)?.map(Arc::new), asked: Arc::clone(&asked) };
    let versions = match security.versions {
        (_, 2) => &[&TLS12][..],
        (3, _) => &[&TLS13],
        _ => &[&TLS13, &TLS12],
    };
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let builder = builder.map_err(|e| e.to_string())?.dangerous();
    let mut config =
        builder.with_custom_certificate_verifier(Arc::new(verifier)).with_client_cert_resolver(Arc::new(own));
    config.enable_sni = security.sni;
    if security.direct {
        config.alpn_protocols = vec![PROTOCOL.into()];
    }
    Ok((config, verified, asked))
}

/// Whose certificates are trusted; `None` when none is looked at. As with libpq a file of authorities that is there is used with
/// every `sslmode`.
fn authorities(security: &Security, provider: &Arc<CryptoProvider>) -> Result<Option<Authorities>, String> {
    let (certificates, built_in) = match &security.roots {
        Roots::System => match certificate::system() {
            Some(found) => (found, false),
            None => (vec![], true),
        },
        Roots::File { path, .. } if path.exists() => {
            let found = certificates(path)?;
            if found.is_empty() {
                return Err(format!("no certificate is in {}", path.display()));
            }
            (found, false)
        }
        Roots::File { .. } | Roots::None if security.mode < SslMode::VerifyCa => return Ok(None),
        Roots::File { path, .. } => {
            return Err(format!(
                "the file of trusted authorities {} is not there: name one in sslrootcert, or sslrootcert=system",
                path.display()
            ));
        }
        Roots::None => return Err("there is no home directory: name a file in sslrootcert, or system".into()),
    };
    let revoked = match &security.revoked {
        Some((path, _)) if path.exists() => pem::<CertificateRevocationListDer>(path)?,
        Some((path, true)) => {
            return Err(format!("the list of revoked certificates {} is not there", path.display()));
        }
        _ => vec![],
    };
    Authorities::new(certificates, built_in, revoked, provider).map(Some)
}

/// Our own certificate and its key, when there is one.
fn own(security: &Security, provider: &CryptoProvider) -> Result<Option<CertifiedKey>, String> {
    let Some((cert, _)) = security.cert.as_ref().filter(|_| security.cert_mode != CertMode::Disable) else {
        return Ok(None);
    };
    match fs::metadata(cert) {
        // libpq goes on without: the server may do so, too.
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(e) => return Err(format!("{}: {e}", cert.display())),
        Ok(_) => {}
    }
    let chain = certificates(cert)?;
    let Some((path, _)) = &security.key else { return Ok(None) };
    let meta = fs::metadata(path)
        .map_err(|e| format!("the private key {} of the certificate: {e}", path.display()))?;
    if !meta.is_file() {
        return Err(format!("the private key {} is no regular file", path.display()));
    }
    let forbidden = if meta.uid() == 0 { 0o037 } else { 0o077 };
    if meta.mode() & forbidden != 0 {
        let mode = meta.mode() & 0o777;
        return Err(format!(
            "the private key {} has the mode {mode:04o}: it must be 0600 or less, or 0640 or less when it is root's",
            path.display()
        ));
    }
    let key = PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|e| {
        format!(
            "no private key can be read from {} ({e}); one with a pass phrase is not supported",
            path.display()
        )
    })?;
    let key = provider.key_provider.load_private_key(key).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(Some(CertifiedKey::new(chain, key)))
}

/// Shows our certificate when the server asks for one.
#[derive(Debug)]
struct Own {
    key: Option<Arc<CertifiedKey>>,
    asked: Arc<AtomicBool>,
}

impl ResolvesClientCert for Own {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.key.clone()
    }
    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

/// What a proof of ours is bound to: `tls-server-end-point`.
fn endpoint(certificate: &CertificateDer) -> Option<Vec<u8>> {
    Some(match Certificate::parse(certificate)?.hash()? {
        Hash::Sha224 => Sha224::digest(certificate).to_vec(),
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}
