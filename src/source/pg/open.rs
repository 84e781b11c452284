//! The way to a session: hosts in order, addresses in order, one attempt each, and one moment at which all of it ends.

use super::{
    Address, Encryption, Refused, Session, Target, Tried,
    message::Messages,
    refused::{RefusedKind, Trouble},
    session::Stream,
    startup,
    target::{Host, Place, SOCKETS, SslMode, Wish},
    tls,
    wire::Wire,
};
use crate::source::dns::{Names, NoAddress};
use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
    time::Instant,
};

/// Tries every host until one serves or one says no.
pub(super) fn open(target: &Target, deadline: Instant) -> Result<Session, Refused> {
    match pass(target, deadline, target.wish) {
        // None is a standby: then any will do.
        Err(no) if target.wish == Wish::PreferStandby && no.kind == RefusedKind::NoneFits => {
            pass(target, deadline, Wish::Any)
        }
        other => other,
    }
}

fn pass(target: &Target, deadline: Instant, wish: Wish) -> Result<Session, Refused> {
    let mut tried = Vec::new();
    // What is told when none serves: that one was not what is wanted says more than that the next one is away.
    let mut last: Option<Trouble> = None;
    for (nth, host) in target.hosts.iter().enumerate() {
        let at = host.place.shown(host.port);
        let addresses = match addresses(host, share(deadline, target.hosts.len() - nth)) {
            Ok(addresses) => addresses,
            Err(trouble) => {
                tried.push(Tried { at, address: None, why: trouble.why.clone() });
                last = Some(trouble);
                continue;
            }
        };
        for (i, address) in addresses.iter().enumerate() {
            let share = share(deadline, (target.hosts.len() - nth - 1) + (addresses.len() - i));
            let own = target.connect_timeout.map(|own| Instant::now() + own);
            let until = own.map_or(share, |own| own.min(share));
            let opened = attempt(target, host, address, until).and_then(|mut session| {
                match fits(&mut session, wish)? {
                    true => Ok(session),
                    false => Err(Trouble::new(
                        RefusedKind::NoneFits,
                        "it is not what target_session_attrs asks for",
                    )),
                }
            });
            let trouble = match opened {
                Ok(mut session) => {
                    session.until(deadline);
                    return Ok(session);
                }
                Err(trouble) => trouble,
            };
            tried.push(Tried { at: at.clone(), address: Some(address.clone()), why: trouble.why.clone() });
            if !trouble.goes_on() {
                return Err(refused(trouble, tried));
            }
            last = match last {
                Some(told) if told.kind == RefusedKind::NoneFits => Some(told),
                _ => Some(trouble),
            };
        }
    }
    let none = || Trouble::new(RefusedKind::Other, "no host is named");
    Err(refused(last.unwrap_or_else(none), tried))
}

/// The time of one of so many that are left: who is silent must not use up that of those behind him.
fn share(deadline: Instant, left: usize) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now) / (left.max(1) as u32)
}

fn refused(last: Trouble, tried: Vec<Tried>) -> Refused {
    let one = |t: &Tried| match &t.address {
        Some(address) if !t.at.contains(&address.to_string()) => format!("{} at {address}: {}", t.at, t.why),
        _ => format!("{}: {}", t.at, t.why),
    };
    let chain = match tried.is_empty() {
        true => last.why.clone(),
        false => tried.iter().map(one).collect::<Vec<_>>().join("; "),
    };
    let sqlstate = last.error.as_ref().map(|e| e.sqlstate.clone());
    Refused { kind: last.kind, sqlstate, chain, error: last.error, tried }
}

/// Where a host's server may be.
fn addresses(host: &Host, deadline: Instant) -> Result<Vec<Address>, Trouble> {
    let port = host.port;
    let socket = |folder: &Path| folder.join(format!(".s.PGSQL.{port}"));
    let tcp = |ip: IpAddr| Address::Tcp(SocketAddr::from((ip, port)));
    let resolve = |name: &str| {
        let found = Names::default().resolve(name, deadline);
        found.map(|ips| ips.into_iter().map(tcp).collect()).map_err(|error| {
            let late = error == NoAddress::Unanswered && Instant::now() >= deadline;
            let kind = if late { RefusedKind::TimedOut } else { RefusedKind::NameNotFound };
            Trouble::new(kind, format!("looking the host up: {error}"))
        })
    };
    Ok(match &host.place {
        Place::Folder(folder) => vec![Address::Unix(socket(folder))],
        Place::Abstract(name) => vec![Address::Abstract(format!("{name}/.s.PGSQL.{port}"))],
        Place::Default => match SOCKETS.iter().map(|s| socket(Path::new(s))).find(|s| s.exists()) {
            Some(there) => vec![Address::Unix(there)],
            None => resolve("localhost")?,
        },
        Place::Name { address: Some(address), .. } => vec![tcp(*address)],
        Place::Name { name, address: None } => resolve(name)?,
    })
}

/// One attempt at one address; a second connection only where `sslmode` says so: `allow` after the server's rules refused a
/// plain one, `prefer` after a handshake that failed. Never after a server said that it is full or that a password is wrong.
fn attempt(target: &Target, host: &Host, address: &Address, until: Instant) -> Result<Session, Trouble> {
    let local = !matches!(address, Address::Tcp(_));
    let once = Attempt { target, host, address, until };
    match target.security.mode {
        // A socket of this machine is never encrypted, whatever is asked for.
        _ if local => once.plain(None),
        SslMode::Disable => once.plain(None),
        SslMode::Allow => match once.plain(None) {
            // pg_hba.conf has no line for this connection: it may have one for an encrypted one.
            Err(no) if no.error.as_ref().is_some_and(|e| e.sqlstate == "28000") => once.encrypted(),
            other => other,
        },
        SslMode::Prefer => match once.encrypted() {
            Err(no) if no.kind == RefusedKind::Tls && no.error.is_none() => once.plain(Some(no.why)),
            other => other,
        },
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => once.encrypted(),
    }
}

struct Attempt<'a> {
    target: &'a Target,
    host: &'a Host,
    address: &'a Address,
    until: Instant,
}

impl Attempt<'_> {
    fn connect(&self) -> Result<Wire, Trouble> {
        let wire = Wire::connect(self.address, self.until).map_err(|e| Trouble::io("connecting", &e))?;
        if !matches!(self.address, Address::Tcp(_)) {
            let uid = wire.peer().map_err(|e| Trouble::io("asking who listens", &e))?;
            self.target.trusts_peer(uid).map_err(|why| Trouble::new(RefusedKind::Auth, why))?;
        }
        Ok(wire)
    }

    fn plain(&self, fell_back: Option<String>) -> Result<Session, Trouble> {
        let encryption = Encryption { fell_back, ..Encryption::default() };
        self.start(Stream::Plain(self.connect()?), encryption, None)
    }

    fn encrypted(&self) -> Result<Session, Trouble> {
        let security = &self.target.security;
        let mut wire = self.connect()?;
        if !security.direct && !tls::offered(&mut wire)? {
            if security.mode >= SslMode::Require {
                let why =
                    format!("the server does not encrypt, and sslmode={} wants it to", security.mode.name());
                return Err(Trouble::new(RefusedKind::Tls, why));
            }
            let fell_back = (security.mode == SslMode::Prefer).then(|| "the server does not encrypt".into());
            // The same connection goes on, as with libpq.
            return self.start(Stream::Plain(wire), Encryption { fell_back, ..Encryption::default() }, None);
        }
        let host = match &self.host.place {
            Place::Name { name, .. } => name.as_str(),
            Place::Default => "localhost",
            Place::Folder(_) | Place::Abstract(_) => "",
        };
        let secured = tls::secure(wire, security, host)?;
        let encryption = Encryption {
            version: Some(secured.version),
            verified: secured.verified,
            ..Encryption::default()
        };
        self.start(Stream::Tls(secured.stream), encryption, secured.endpoint)
    }

    fn start(
        &self,
        stream: Stream,
        mut encryption: Encryption,
        endpoint: Option<Vec<u8>>,
    ) -> Result<Session, Trouble> {
        let mut messages = Messages::new(stream);
        let encrypted = encryption.version.is_some();
        let started = startup::start(&mut messages, self.target, self.host, encrypted, endpoint)?;
        encryption.bound = started.bound;
        Ok(Session::new(messages, started, self.address.clone(), encryption))
    }
}

/// Whether a session is what `target_session_attrs` asks for.
fn fits(session: &mut Session, wish: Wish) -> Result<bool, Trouble> {
    let told = |session: &Session, name: &str| session.parameter(name).map(|v| v == "on");
    let reported = (told(session, "default_transaction_read_only"), told(session, "in_hot_standby"));
    let mut asked = |name: &str, sql: &str| match told(session, name) {
        Some(known) => Ok(known),
        // Before 14 the server does not tell by itself.
        None => match session.run(sql) {
            Ok(rows) => {
                let value = rows.first().and_then(|r| r.rows.first()?.first()?.as_deref());
                Ok(matches!(value, Some("on" | "t")))
            }
            Err(failed) => {
                let why = format!("asking for target_session_attrs: {failed}");
                Err(Trouble::new(RefusedKind::NoneFits, why))
            }
        },
    };
    let standby = "SELECT pg_catalog.pg_is_in_recovery()";
    Ok(match wish {
        Wish::Any => true,
        Wish::Primary => !asked("in_hot_standby", standby)?,
        Wish::Standby | Wish::PreferStandby => asked("in_hot_standby", standby)?,
        Wish::ReadWrite | Wish::ReadOnly => {
            let read_only = match reported {
                (Some(default), Some(standby)) => default || standby,
                _ => asked("transaction_read_only", "SHOW transaction_read_only")?,
            };
            read_only == (wish == Wish::ReadOnly)
        }
    })
}
