//! One request, step by step, each step timed.

use super::{Request, Target, Trouble};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// One answer and how long each step to it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Once {
    /// Who answered.
    pub peer: SocketAddr,
    /// The TCP handshake.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the last byte of the request to the first of the answer.
    pub first_byte: Duration,
    /// From the first byte of the answer to its last.
    pub body: Duration,
    /// Status code.
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    /// The connection may carry another request.
    pub keeps: bool,
    /// `timeout` of the `Keep-Alive` field, s: what the server claims.
    pub claimed_s: Option<u64>,
    /// `Location` of a redirection; from outside.
    pub location: Option<Vec<u8>>,
    /// `Server`; from outside.
    pub server: Option<Vec<u8>>,
    /// `http/1.1` or `h2`.
    pub protocol: &'static str,
    /// `TLS1.3`, when there is TLS.
    pub tls_version: Option<String>,
    /// When the first certificate of the chain that was shown ends, seconds since 1970.
    pub expires: Option<i64>,
}

/// Asks once, over a connection of its own, and lets go of it.
///
/// # Errors
/// At which step it ended and why.
pub fn once(target: &Target, request: &Request, until: Instant) -> Result<Once, Trouble> {
    todo!()
}
