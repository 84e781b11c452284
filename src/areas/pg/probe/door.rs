//! What keeps us out, and how what lets us in is protected.

use super::super::facts::{
    Facts,
    server::{Door, Slots},
};
use crate::{
    model::{Gaps, Reading, Why},
    source::pg::{Encryption, FullKind, Refused, RefusedKind},
};

/// Nobody was let in. A full server is what we came for; everything else is a reason why nothing can be said.
pub(super) fn shut(facts: &mut Facts, refused: Refused, gaps: &mut Gaps) {
    let why = match refused.kind {
        RefusedKind::TimedOut => Why::TimedOut,
        RefusedKind::Auth | RefusedKind::Tls | RefusedKind::Full(_) => Why::Denied,
        RefusedKind::NoSuchDatabase
        | RefusedKind::NameNotFound
        | RefusedKind::PortClosed
        | RefusedKind::Unreachable => Why::Absent,
        RefusedKind::NoneFits => Why::Absent,
        RefusedKind::NotPostgres => Why::Malformed,
        RefusedKind::Starting | RefusedKind::Other => Why::Unsupported,
    };
    let last = refused.tried.last();
    let peer = last
        .map(|t| t.address.as_ref().map_or_else(|| t.at.clone(), ToString::to_string))
        .unwrap_or_default();
    let (target, again) = (std::mem::take(&mut facts.target), facts.again.take());
    *facts = Facts { target, again, budget: facts.budget, ..Facts::unseen(why) };
    facts.door = Reading::seen(match refused.kind {
        RefusedKind::Full(slots) => {
            let slots = match slots {
                FullKind::Server => Slots::All,
                FullKind::Reserved => Slots::Ordinary,
                FullKind::Role => Slots::Role,
                FullKind::Database => Slots::Database,
                FullKind::Pooler => Slots::Pooler,
            };
            Door::Full { slots, text: refused.chain.clone(), peer }
        }
        kind => Door::Shut {
            kind: word(kind).into(),
            sqlstate: refused.sqlstate.clone(),
            text: refused.chain.clone(),
            peer,
        },
    });
    gaps.add(why, "what is behind the door of the server", &refused.chain);
}

fn word(kind: RefusedKind) -> &'static str {
    match kind {
        RefusedKind::Full(_) => "full",
        RefusedKind::Auth => "auth",
        RefusedKind::NoSuchDatabase => "no_such_database",
        RefusedKind::Tls => "tls",
        RefusedKind::Unreachable => "unreachable",
        RefusedKind::PortClosed => "port_closed",
        RefusedKind::TimedOut => "timed_out",
        RefusedKind::NameNotFound => "name_not_found",
        RefusedKind::Starting => "starting",
        RefusedKind::NotPostgres => "not_postgres",
        RefusedKind::NoneFits => "none_fits",
        RefusedKind::Other => "other",
    }
}

/// `TLSv1.3 verify-full`, `TLSv1.3 not verified`, `none`.
pub(super) fn protection(e: &Encryption) -> String {
    match (&e.version, &e.fell_back) {
        (None, Some(reason)) => format!("none: {reason}"),
        (None, None) => "none".into(),
        (Some(version), _) => format!("{version} {}", e.verified.unwrap_or("not verified")),
    }
}
