//! TLS of an `https` URL, by rustls with ring.

use crate::source::{certificate, pg::anyone};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use std::{io, path::PathBuf, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Whose certificates are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The system's authorities, or the built-in ones where there are none.
    System,
    /// Those in this PEM file.
    File(PathBuf),
    /// Whoever it is: asked for by name only.
    Anyone,
}

/// TLS made ready: certificates are read once, not for every connection.
#[derive(Clone, Debug)]
pub struct Security {
    /// For the load: sessions may be resumed as any client does.
    pub(super) config: Arc<ClientConfig>,
}

impl Security {
    /// Reads what is trusted. `http2` offers `h2` beside `http/1.1`.
    ///
    /// # Errors
    /// What is wrong with the file, in one sentence.
    pub fn new(trust: &Trust, http2: bool) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(|e| e.to_string())?;
        let mut roots = RootCertStore::empty();
        let mut config = match trust {
            Trust::Anyone => builder.dangerous().with_custom_certificate_verifier(anyone(&provider)),
            Trust::System => {
                match certificate::system() {
                    Some(found) => drop(roots.add_parsable_certificates(found)),
                    None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
                }
                builder.with_root_certificates(roots)
            }
            Trust::File(path) => {
                roots.add_parsable_certificates(certificate::certificates(path)?);
                if roots.is_empty() {
                    return Err(format!("no certificate is in {}", path.display()));
                }
                builder.with_root_certificates(roots)
            }
        }
        .with_no_client_auth();
        let offered: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
        config.alpn_protocols = offered.iter().map(|p| p.to_vec()).collect();
        Ok(Self { config: Arc::new(config) })
    }

    /// The handshake, over this connection.
    pub(super) async fn secure(&self, tcp: TcpStream, host: &str) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(&self.config)).connect(name, tcp).await
    }
}
