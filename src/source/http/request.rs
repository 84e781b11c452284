//! What is asked, of whom, and why there may be no answer.

use super::{Security, Url, fate::said, load::Slow};
use crate::model::Why;
use std::{fmt, io, net::SocketAddr, time::Duration};

/// One request, sent again and again.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Fields beside `Host`, `User-Agent`, `Content-Length` and `Connection`, which are ours.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The length of body that an answer must have to be whole, when somebody knows it.
    pub expected: Option<u64>,
    /// From the first step, which may be to connect, to the last byte of the answer.
    pub timeout: Duration,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".into(),
            fields: vec![],
            body: vec![],
            expected: None,
            timeout: Duration::from_secs(10),
        }
    }
}

/// Requests as they go over a connection of HTTP/1.1.
pub(super) struct Bytes {
    /// The one that is sent again and again.
    pub plain: Vec<u8>,
    /// The one whose body is sent slowly.
    pub slow: Vec<u8>,
    /// So many bytes of it are its head.
    pub slow_head: usize,
}

impl Bytes {
    pub fn new(target: &Target, request: &Request, slow: Option<&Slow>) -> Self {
        let mut plain = request.head(target, &request.method, request.body.len());
        plain.extend_from_slice(&request.body);
        let (mut bytes, mut slow_head) = (vec![], 0);
        if let Some(slow) = slow {
            bytes = request.head(target, &slow.method, slow.body.len());
            slow_head = bytes.len();
            bytes.extend_from_slice(&slow.body);
        }
        Self { plain, slow: bytes, slow_head }
    }
}

impl Request {
    /// The head of a request of HTTP/1.1 with a body of this length.
    fn head(&self, target: &Target, method: &str, body: usize) -> Vec<u8> {
        let mut head = format!("{method} {} HTTP/1.1\r\n", target.url.target);
        for (name, value) in self.named(target) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // A body that is empty is said to be so where one is usual. RFC 9110, 8.6.
        if body > 0 || matches!(method, "POST" | "PUT" | "PATCH") {
            head.push_str(&format!("Content-Length: {body}\r\n"));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
    /// The fields, with `Host` and `User-Agent` where nobody gave another one.
    pub(super) fn named<'a>(&'a self, target: &Target) -> Vec<(&'a str, String)> {
        let given = |name: &str| self.fields.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        let mut all = vec![];
        if !given("host") {
            all.push(("Host", target.url.authority()));
        }
        if !given("user-agent") {
            all.push(("User-Agent", concat!("paramedic/", env!("CARGO_PKG_VERSION")).into()));
        }
        all.extend(self.fields.iter().map(|(n, v)| (n.as_str(), v.clone())));
        all
    }
}

/// Whom to ask.
#[derive(Clone, Debug)]
pub struct Target {
    /// What for.
    pub url: Url,
    /// Addresses of its host, the first one first; the next is tried by nobody: a retry would hide a loss. Connections take
    /// them in turn.
    pub addresses: Vec<SocketAddr>,
    /// For `https`.
    pub security: Option<Security>,
    /// HTTP/2 without asking (without TLS: with prior knowledge, RFC 9113 3.3); else HTTP/1.1. With TLS the server is
    /// offered both only when this is set.
    pub http2: bool,
}

/// Of what kind the trouble is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No address of the host.
    Name,
    /// No connection.
    Refused,
    /// Not in time.
    TimedOut,
    /// The answer began, and its end did not come in time.
    Unended,
    /// No TLS, or a certificate that is not trusted.
    Tls,
    /// The connection ended before the end of the answer.
    Cut,
    /// What came is no HTTP.
    Garbled,
    /// Our own limits: ports, descriptors, memory.
    Ours,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Of what kind.
    pub kind: Kind,
    /// What was wrong and where, in one sentence of our own words; nothing of the server's text unescaped.
    pub words: String,
}

impl Trouble {
    /// From what the system said at this step.
    pub fn io(step: &str, error: &io::Error) -> Self {
        let kind = match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::TimedOut, _) => Kind::TimedOut,
            (_, Some(libc::EMFILE | libc::ENFILE | libc::EADDRNOTAVAIL | libc::ENOBUFS | libc::ENOMEM)) => {
                Kind::Ours
            }
            (io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable, _)
            | (io::ErrorKind::NetworkUnreachable, _) => Kind::Refused,
            _ => Kind::Cut,
        };
        Self { kind, words: format!("{step}: {}", said(error)) }
    }
    /// As gaps have it.
    pub fn why(&self) -> Why {
        match self.kind {
            Kind::TimedOut | Kind::Unended => Why::TimedOut,
            Kind::Garbled | Kind::Cut => Why::Malformed,
            Kind::Ours => Why::TooMany,
            Kind::Name | Kind::Refused | Kind::Tls => Why::Absent,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}
