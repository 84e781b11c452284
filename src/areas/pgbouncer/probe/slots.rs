//! How many slots the servers behind have: as somebody said, or as one of them says.

use crate::{
    areas::pgbouncer::{
        args::Args,
        facts::capacity::{Host, Slots},
    },
    model::{Gaps, Reading, Why},
    source::pg::{Address, Session, Target},
};
use std::{
    env,
    time::{Duration, Instant},
};

/// What the server is given for it.
const PATIENCE: Duration = Duration::from_secs(3);
const WHAT: &str = "slots of the server behind the pooler";
const ASK: &str = "BEGIN READ ONLY; SET LOCAL statement_timeout = '2s'; SET LOCAL lock_timeout = '100ms'; \
    SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN \
    ('max_connections', 'superuser_reserved_connections', 'reserved_connections', 'port'); COMMIT";

/// What is known of slots.
pub(super) enum Known {
    /// Of every server.
    Everywhere(Slots),
    /// Of the server that is found at these places.
    At { places: Vec<String>, slots: Slots },
    /// Of none.
    Not(Why),
}

/// Finds out.
pub(super) fn of(args: &Args, until: Instant, gaps: &mut Gaps) -> Known {
    match (&args.pg, args.slots) {
        (Some(target), _) => {
            ask(target, until.min(Instant::now() + PATIENCE)).unwrap_or_else(|(why, what)| {
                gaps.add(why, WHAT, what);
                Known::Not(why)
            })
        }
        (None, Some(n)) => Known::Everywhere(Slots::Given { ordinary: n.into() }),
        (None, None) => Known::Not(Why::NotAsked),
    }
}

fn ask(target: &str, until: Instant) -> Result<Known, (Why, String)> {
    let target = Target::of(Some(target), &|name| env::var_os(name), None)
        .map_err(|bad| (Why::Malformed, bad.to_string()))?;
    let mut session = Session::open(&target, until).map_err(|no| (Why::Denied, no.chain))?;
    let address = session.address().clone();
    let tables = session.run(ASK).map_err(|failed| (Why::Denied, failed.to_string()))?;
    let settings =
        tables.first().filter(|t| t.has("setting")).ok_or((Why::Malformed, "no settings".into()))?;
    let number = |name: &str| {
        let row = (0..settings.len()).find(|i| settings.get(*i, "name") == Some(name))?;
        settings.get(row, "setting")?.parse::<u64>().ok()
    };
    let max = number("max_connections").ok_or((Why::Malformed, "no max_connections".into()))?;
    let reserved =
        ["superuser_reserved_connections", "reserved_connections"].into_iter().filter_map(number).sum();
    let places = match address {
        Address::Tcp(at) => vec![at.to_string()],
        // By its socket it is on this machine, where a pooler may reach it by other names.
        Address::Unix(_) | Address::Abstract(_) => {
            let port = number("port").ok_or((Why::Malformed, "no port".into()))?;
            ["unix", "127.0.0.1", "[::1]", "localhost"].map(|host| format!("{host}:{port}")).into()
        }
    };
    Ok(Known::At { places, slots: Slots::Asked { max, reserved } })
}

impl Known {
    /// Gives each server what is known of it. One that stands alone is the one that was asked: by which name the pooler
    /// and we reach it may differ.
    pub fn give(&self, hosts: &mut [Host], gaps: &mut Gaps) {
        let alone = hosts.len() == 1;
        let mut met = false;
        for host in hosts.iter_mut() {
            host.slots = match self {
                Known::Everywhere(slots) => Reading::seen(*slots),
                Known::At { places, slots }
                    if alone || places.iter().any(|p| host.server == *p || host.addresses.contains(p)) =>
                {
                    met = true;
                    Reading::seen(*slots)
                }
                Known::At { .. } => Reading::unseen(Why::Absent),
                Known::Not(why) => Reading::unseen(*why),
            };
        }
        if let Known::At { places, .. } = self
            && !met
            && !hosts.is_empty()
        {
            let asked = places.first().map_or("", String::as_str);
            gaps.add(Why::Absent, WHAT, format!("the one that was asked, {asked}, is none of them"));
        }
    }
}
