//! Why there is no session, in one word for whoever decides by it, and in all of its words for whoever reads.

use super::Address;
use std::{fmt, io};

/// What a server says about an error. Its words are from outside: whoever shows them escapes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerError {
    /// As `ERROR` or `FATAL`.
    pub severity: String,
    /// Five characters. Appendix A of the manual.
    pub sqlstate: String,
    /// What happened, perhaps in another language.
    pub message: String,
    /// More of it.
    pub detail: String,
    /// What to do about it.
    pub hint: String,
    /// The function of the server that said it: the one part that is the same in every language.
    pub routine: String,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.severity, self.sqlstate, self.message)?;
        for (more, name) in [(&self.detail, "detail"), (&self.hint, "hint")] {
            if !more.is_empty() {
                write!(f, " ({name}: {more})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ServerError {}

/// Which limit is reached when a server is full: all of them are SQLSTATE 53300.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullKind {
    /// Every slot is taken.
    Server,
    /// Those that are left are reserved.
    Reserved,
    /// `CONNECTION LIMIT` of the role.
    Role,
    /// `CONNECTION LIMIT` of the database.
    Database,
    /// PgBouncer's `max_client_conn` or the like: whoever refused is no Postgres server.
    Pooler,
}

impl FullKind {
    /// The function that refuses is named in the error whatever its language; PgBouncer and some clouds name none.
    fn of(error: &ServerError) -> Self {
        match error.routine.as_str() {
            "InitializeSessionUserId" => return Self::Role,
            "CheckMyDatabase" => return Self::Database,
            "InitPostgres" => return Self::Reserved,
            "" => {}
            _ => return Self::Server,
        }
        let has = |words: &str| error.message.contains(words);
        match () {
            () if has("connections for role") => Self::Role,
            () if has("connections for database") => Self::Database,
            () if has("reserved") => Self::Reserved,
            () if has("too many clients") => Self::Server,
            () => Self::Pooler,
        }
    }
}

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedKind {
    /// No slot is left: 53300.
    Full(FullKind),
    /// User, password, certificate or the way to prove them was not taken: 28000, 28P01, or refused by us.
    Auth,
    /// 3D000.
    NoSuchDatabase,
    /// The handshake failed, or the certificate is not good enough, or the server does not encrypt.
    Tls,
    /// There is no way to the host.
    Unreachable,
    /// Nobody listens there.
    PortClosed,
    /// The deadline or `connect_timeout` passed.
    TimedOut,
    /// The name of the host has no address.
    NameNotFound,
    /// Starting up, shutting down or recovering: 57P03.
    Starting,
    /// Something answers, and it is no Postgres server.
    NotPostgres,
    /// None of the servers is what `target_session_attrs` asks for.
    NoneFits,
    /// Everything else.
    Other,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The host as it was asked for.
    pub at: String,
    /// Where that is, when it came so far.
    pub address: Option<Address>,
    /// Why it did not serve.
    pub why: String,
}

/// No session: why, and what was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// In one word.
    pub kind: RefusedKind,
    /// When a server said so.
    pub sqlstate: Option<String>,
    /// The whole chain of errors, in words that may be from outside; no secret is in it.
    pub chain: String,
    /// What the server said, when it said something.
    pub error: Option<Box<ServerError>>,
    /// Every host and address that was tried, in this order; the last one decided.
    pub tried: Vec<Tried>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain)
    }
}

impl std::error::Error for Refused {}

/// What ended one attempt.
#[derive(Debug)]
pub(super) struct Trouble {
    pub kind: RefusedKind,
    pub why: String,
    pub error: Option<Box<ServerError>>,
}

impl Trouble {
    pub fn new(kind: RefusedKind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into(), error: None }
    }

    /// What the socket says while this is done.
    pub fn io(doing: &str, error: &io::Error) -> Self {
        use io::ErrorKind::*;
        // What a server thinks of our certificate comes after the handshake is over for us.
        let of_tls = error.get_ref().is_some_and(|e| e.is::<rustls::Error>());
        let kind = match error.kind() {
            _ if of_tls => RefusedKind::Tls,
            TimedOut if error.raw_os_error().is_none() => {
                return Self::new(RefusedKind::TimedOut, format!("{doing}: no answer in time"));
            }
            TimedOut => RefusedKind::TimedOut,
            ConnectionRefused | NotFound => RefusedKind::PortClosed,
            HostUnreachable | NetworkUnreachable | NetworkDown | AddrNotAvailable => RefusedKind::Unreachable,
            InvalidData => RefusedKind::NotPostgres,
            UnexpectedEof => {
                return Self::new(RefusedKind::Other, format!("{doing}: the server ended the connection"));
            }
            _ => RefusedKind::Other,
        };
        Self::new(kind, format!("{doing}: {}", chain(error)))
    }

    /// What a server says instead of letting us in.
    pub fn server(error: ServerError) -> Self {
        let kind = match error.sqlstate.as_str() {
            "53300" => RefusedKind::Full(FullKind::of(&error)),
            // PgBouncer before 1.21 has no SQLSTATE of its own for it.
            "08P01" if error.message.contains("max_client_conn") => RefusedKind::Full(FullKind::Pooler),
            "28000" | "28P01" => RefusedKind::Auth,
            "3D000" => RefusedKind::NoSuchDatabase,
            "57P03" => RefusedKind::Starting,
            _ => RefusedKind::Other,
        };
        Self { kind, why: error.to_string(), error: Some(Box::new(error)) }
    }

    /// Whether libpq goes on to the next host: not after a server said no.
    pub fn goes_on(&self) -> bool {
        use RefusedKind::*;
        match self.kind {
            Full(_) | Auth | NoSuchDatabase => false,
            Other => self.error.is_none(),
            Tls | Unreachable | PortClosed | TimedOut | NameNotFound | Starting | NotPostgres | NoneFits => {
                true
            }
        }
    }
}

/// An error with all that caused it, each once.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !out.contains(&text) {
            out = format!("{out}: {text}");
        }
        cause = error.source();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(routine: &str, message: &str) -> FullKind {
        let (routine, message) = (routine.into(), message.into());
        FullKind::of(&ServerError { sqlstate: "53300".into(), routine, message, ..ServerError::default() })
    }

    #[test]
    fn the_limit_is_told_by_the_function_in_any_language_and_by_the_words_without_it() {
        assert_eq!(full("InitProcess", "sorry, tut mir leid"), FullKind::Server);
        assert_eq!(
            full("InitPostgres", "die verbleibenden Verbindungen sind reserviert"),
            FullKind::Reserved
        );
        assert_eq!(full("InitializeSessionUserId", "zu viele Verbindungen"), FullKind::Role);
        assert_eq!(full("CheckMyDatabase", "zu viele Verbindungen"), FullKind::Database);
        assert_eq!(
            full("", "remaining connection slots are reserved for roles with rds_reserved"),
            FullKind::Reserved
        );
        assert_eq!(full("", "too many connections for role \"app\""), FullKind::Role);
        assert_eq!(full("", "no more connections allowed (max_client_conn)"), FullKind::Pooler);
    }

    #[test]
    fn after_a_no_no_other_host_is_asked() {
        let no = |sqlstate: &str| {
            Trouble::server(ServerError { sqlstate: sqlstate.into(), ..ServerError::default() }).goes_on()
        };
        assert!(!no("53300") && !no("28P01") && !no("28000") && !no("3D000") && !no("XX000"));
        assert!(no("57P03"), "as libpq: that one may be starting while the next one serves");
    }

    #[test]
    fn of_a_chain_each_link_is_told_once() {
        let inner = io::Error::other("the end");
        let outer = io::Error::new(io::ErrorKind::InvalidData, inner);
        assert_eq!(chain(&outer), "the end");
    }
}
