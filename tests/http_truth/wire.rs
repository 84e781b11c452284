//! A connection as a server has it: TCP, with TLS over it or without.

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

pub enum Wire {
    Plain(TcpStream),
    Tls { stream: Box<StreamOwned<ServerConnection, TcpStream>>, ahead: Option<u8> },
}

impl Wire {
    pub fn new(tcp: TcpStream, tls: Option<&Arc<ServerConfig>>) -> Self {
        let _ = tcp.set_nodelay(true);
        match tls {
            None => Wire::Plain(tcp),
            Some(config) => {
                let server = ServerConnection::new(Arc::clone(config)).expect("a configuration");
                Wire::Tls { stream: Box::new(StreamOwned::new(server, tcp)), ahead: None }
            }
        }
    }
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Wire::Plain(tcp) => tcp,
            Wire::Tls { stream, .. } => &stream.sock,
        }
    }
    /// Waits for a byte, which stays unread as far as TLS lets it.
    pub fn has_more(&mut self) -> bool {
        match self {
            Wire::Plain(tcp) => matches!(tcp.peek(&mut [0]), Ok(1)),
            Wire::Tls { stream, ahead } => {
                let mut byte = [0];
                if ahead.is_none() && matches!(stream.read(&mut byte), Ok(1)) {
                    *ahead = Some(byte[0]);
                }
                ahead.is_some()
            }
        }
    }
    /// Says that this is the end, then waits for the other side's: what it sent meanwhile would be answered with a reset.
    pub fn end(mut self) {
        if let Wire::Tls { stream, .. } = &mut self {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        let mut tcp = self.tcp();
        let _ = tcp.shutdown(Shutdown::Write);
        while matches!(tcp.read(&mut [0; 4096]), Ok(n) if n > 0) {}
    }
    /// Says that this is the end, and ends it.
    pub fn close(mut self) {
        if let Wire::Tls { stream, .. } = &mut self {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(tcp) => tcp.read(buf),
            Wire::Tls { stream, ahead } => match ahead.take() {
                Some(byte) => {
                    buf[0] = byte;
                    Ok(1)
                }
                None => stream.read(buf),
            },
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(tcp) => tcp.write(bytes),
            Wire::Tls { stream, .. } => stream.write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Wire::Plain(tcp) => tcp.flush(),
            Wire::Tls { stream, .. } => stream.flush(),
        }
    }
}

/// A certificate for 127.0.0.1 that signs itself, and a server that shows it.
pub fn tls(dir: &Path, protocols: &[&[u8]]) -> (PathBuf, Arc<ServerConfig>) {
    let (key, certificate) = (dir.join("key.pem"), dir.join("certificate.pem"));
    if !certificate.exists() {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-subj", "/CN=truth", "-days", "30", "-newkey", "ec"])
            .args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .expect("openssl is installed");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let chain = vec![CertificateDer::from_pem_file(&certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(&key).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_no_client_auth().with_single_cert(chain, key))
        .expect("a configuration");
    config.alpn_protocols = protocols.iter().map(|p| p.to_vec()).collect();
    (certificate, Arc::new(config))
}
