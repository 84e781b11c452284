//! The way to a session: hosts in order, addresses in order, one attempt each, and one moment at which all of it ends.

use super::{
    Address, Encryption, Refused, Session, Target, Tried,
    message::Messages,
    refused::{RefusedKind, Trouble},
    session::Stream,
    startup,
    target::{Host, Place, SOCKETS},
    wire::Wire,
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    time::Instant,
};

/// Tries every host until one serves or one says no.
pub(super) fn open(target: &Target, deadline: Instant) -> Result<Session, Refused> {
    let mut tried = Vec::new();
    let mut last = Trouble::new(RefusedKind::Other, "no host is named");
    for (nth, host) in target.hosts.iter().enumerate() {
        let at = host.place.shown(host.port);
        let addresses = match addresses(host, deadline) {
            Ok(addresses) => addresses,
            Err(trouble) => {
                tried.push(Tried { at, address: None, why: trouble.why.clone() });
                last = trouble;
                continue;
            }
        };
        for (i, address) in addresses.iter().enumerate() {
            // Who is silent must not use up the time of those behind him.
            let left = (target.hosts.len() - nth - 1) + (addresses.len() - i);
            let now = Instant::now();
            let share = deadline.saturating_duration_since(now) / left as u32;
            let until = now + target.connect_timeout.map_or(share, |own| own.min(share));
            match attempt(target, host, address, until) {
                Ok(mut session) => {
                    session.until(deadline);
                    return Ok(session);
                }
                Err(trouble) => {
                    tried.push(Tried {
                        at: at.clone(),
                        address: Some(address.clone()),
                        why: trouble.why.clone(),
                    });
                    let goes_on = trouble.goes_on();
                    last = trouble;
                    if !goes_on {
                        return Err(refused(last, tried));
                    }
                }
            }
        }
    }
    Err(refused(last, tried))
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
fn addresses(host: &Host, _deadline: Instant) -> Result<Vec<Address>, Trouble> {
    let port = host.port;
    let socket = |folder: &Path| folder.join(format!(".s.PGSQL.{port}"));
    let tcp = |ip: IpAddr| Address::Tcp(SocketAddr::from((ip, port)));
    Ok(match &host.place {
        Place::Folder(folder) => vec![Address::Unix(socket(folder))],
        Place::Abstract(name) => vec![Address::Abstract(format!("{name}/.s.PGSQL.{port}"))],
        Place::Default => {
            let there = SOCKETS.iter().map(|s| socket(Path::new(s))).find(|s| s.exists());
            vec![there.map_or(tcp(Ipv4Addr::LOCALHOST.into()), Address::Unix)]
        }
        Place::Name { address: Some(address), .. } => vec![tcp(*address)],
        Place::Name { name, address: None } => match name.parse() {
            Ok(ip) => vec![tcp(ip)],
            Err(_) if name == "localhost" => vec![tcp(Ipv4Addr::LOCALHOST.into())],
            Err(_) => {
                let why = format!("the name `{name}` is not looked up yet");
                return Err(Trouble::new(RefusedKind::NameNotFound, why));
            }
        },
    })
}

fn attempt(target: &Target, host: &Host, address: &Address, until: Instant) -> Result<Session, Trouble> {
    let wire = Wire::connect(address, until).map_err(|e| Trouble::io("connecting", &e))?;
    let mut messages = Messages::new(Stream::Plain(wire));
    let started = startup::start(&mut messages, target, host, false, None)?;
    Ok(Session::new(messages, started, address.clone(), Encryption::default()))
}
