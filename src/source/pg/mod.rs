//! Postgres over its own protocol.

use std::{ffi::OsString, fmt, net::SocketAddr, time::Instant};

/// Where to connect, and as whom.
pub struct Target(String);

impl Target {
    /// From what was given, else the environment.
    ///
    /// # Errors
    /// What was wrong, and where.
    pub fn of(text: Option<&str>, _env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, String> {
        Ok(Self(text.unwrap_or_default().into()))
    }
    /// Without any secret.
    pub fn shown(&self) -> String {
        self.0.clone()
    }
}

/// An open session.
pub struct Session(());

/// Why nobody was let in.
pub struct Refused {
    /// A word for it.
    pub kind: RefusedKind,
    /// When the server spoke.
    pub sqlstate: Option<String>,
    /// The whole chain of reasons.
    pub chain: String,
    /// What was tried.
    pub host: String,
}

/// What kept us out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RefusedKind {
    Full(FullKind),
    Auth,
    NoSuchDatabase,
    Tls,
    Unreachable,
    PortClosed,
    TimedOut,
    NameNotFound,
    Starting,
    Other,
}

impl RefusedKind {
    /// In a word.
    pub fn word(self) -> &'static str {
        "other"
    }
}

/// Which slots were all taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FullKind {
    All,
    Ordinary,
    Role,
    Database,
}

/// Why a statement failed.
#[derive(Debug)]
pub struct Failed {
    /// The server's code.
    pub sqlstate: Option<String>,
}
impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

/// What a statement returned.
#[derive(Debug)]
pub struct Rows {
    /// Names.
    pub columns: Vec<String>,
    /// Values.
    pub rows: Vec<Vec<Option<String>>>,
    /// There were more.
    pub cut: bool,
}

#[allow(missing_docs, clippy::missing_errors_doc)]
impl Session {
    pub fn open(_: &Target, _: Instant) -> Result<Self, Refused> {
        Err(Refused { kind: RefusedKind::Other, sqlstate: None, chain: String::new(), host: String::new() })
    }
    pub fn run(&mut self, _: &str) -> Result<Vec<Rows>, Failed> {
        Err(Failed { sqlstate: None })
    }
    pub fn parameter(&self, _: &str) -> Option<&str> {
        None
    }
    pub fn encryption(&self) -> &str {
        ""
    }
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0], 0))
    }
    pub fn backend_pid(&self) -> i32 {
        0
    }
}
