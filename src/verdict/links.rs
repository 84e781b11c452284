//! Causes before effects, as data: a link needs a rule and a thing of the named kind that both findings are about.

use crate::model::{Finding, Thing, What};
use std::collections::HashMap;

/// What a cause and its effect must have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tie {
    Process,
    Peer,
    Listener,
    Cgroup,
    Mount,
    Session,
    Named,
    /// The pod alone: findings about it name its workload too, which is no tie between its pods.
    Pod,
    /// The same machine is enough.
    Host,
}

const LINKS: &[(&str, Tie, &str)] = &[
    ("sockets/close-wait-leak", Tie::Process, "fds/near-limit"),
    ("sockets/close-wait-leak", Tie::Process, "fds/growing"),
    ("sockets/fin-wait-stuck", Tie::Process, "fds/near-limit"),
    ("fds/growing", Tie::Process, "fds/near-limit"),
    ("fds/near-limit", Tie::Process, "sockets/accept-queue-full"),
    ("sockets/app-not-reading", Tie::Process, "sockets/accept-queue-full"),
    ("sockets/accept-queue-full", Tie::Listener, "sockets/listen-drops"),
    ("sockets/dead-peer", Tie::Peer, "sockets/peer-not-reading"),
    ("sockets/dead-peer", Tie::Peer, "sockets/retransmits"),
    ("sockets/conntrack-near-limit", Tie::Host, "sockets/connect-hanging"),
    ("sockets/orphans", Tie::Host, "sockets/tcp-memory"),
    ("fds/growing", Tie::Process, "disk/deleted-held"),
    ("memory/growing", Tie::Cgroup, "memory/near-limit"),
    ("memory/near-limit", Tie::Cgroup, "memory/oom-killed"),
    ("memory/near-limit", Tie::Cgroup, "memory/pressure"),
    ("memory/pressure", Tie::Cgroup, "disk/pressure"),
    ("cpu/throttled", Tie::Cgroup, "cpu/pressure"),
    ("cpu/steal", Tie::Host, "cpu/pressure"),
    ("cpu/event-loop-stalled", Tie::Process, "sockets/accept-queue-full"),
    ("cpu/event-loop-stalled", Tie::Process, "sockets/app-not-reading"),
    ("disk/hung-mount", Tie::Host, "cpu/uninterruptible"),
    ("dns/dead-server", Tie::Peer, "dns/lost-reply-reads-as-enotfound"),
    ("disk/deleted-held", Tie::Mount, "disk/near-full"),
    ("lifecycle/zombies", Tie::Process, "lifecycle/tasks-near-limit"),
    ("lifecycle/shell-wrapper", Tie::Process, "lifecycle/sigterm-dropped"),
    ("lifecycle/no-init", Tie::Process, "lifecycle/zombies"),
    ("pg/idle-in-transaction", Tie::Session, "pg/lock-queue"),
    ("pg/long-transaction", Tie::Session, "pg/lock-queue"),
    ("pg/idle-in-transaction", Tie::Session, "pg/lock-wait"),
    ("pg/long-transaction", Tie::Session, "pg/lock-wait"),
    ("pg/lock-wait", Tie::Session, "pg/lock-queue"),
    ("pg/prepared-xact", Tie::Named, "pg/lock-wait"),
    ("pg/idle-in-transaction", Tie::Session, "pg/autovacuum-blocked"),
    ("pg/slots-full", Tie::Peer, "pgbouncer/login-failures"),
    ("pg/slots-full", Tie::Peer, "pgbouncer/clients-waiting"),
    ("pgbouncer/pool-over-server", Tie::Peer, "pg/slots-full"),
    ("pgbouncer/pool-over-server", Tie::Peer, "pg/slots-near-full"),
    ("pgbouncer/login-failures", Tie::Named, "pgbouncer/clients-waiting"),
    ("pgbouncer/login-failures", Tie::Named, "pgbouncer/maxwait"),
    ("pgbouncer/clients-waiting", Tie::Named, "pgbouncer/maxwait"),
    ("pg/client-hogs-slots", Tie::Named, "pg/slots-near-full"),
    ("pg/query-hogs-pool", Tie::Named, "pg/client-hogs-slots"),
    ("pg/idle-in-transaction", Tie::Session, "pg/holds-xmin"),
    ("pg/long-transaction", Tie::Session, "pg/holds-xmin"),
    ("compare/image-differs", Tie::Named, "compare/version-differs"),
    ("compare/image-differs", Tie::Named, "compare/file-differs"),
    ("compare/image-differs", Tie::Named, "compare/env-differs"),
    ("pods/oom-killed", Tie::Pod, "pods/crash-loop"),
    ("pods/crash-loop", Tie::Pod, "pods/not-ready"),
    ("pods/oom-killed", Tie::Pod, "pods/not-ready"),
];

/// Every code that a rule names; the registry test holds them against the checks there are.
#[cfg(test)]
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    LINKS.iter().flat_map(|l| [l.0, l.2])
}

fn ties(tie: Tie, thing: &Thing) -> bool {
    match tie {
        Tie::Process => matches!(thing, Thing::Process(_)),
        Tie::Peer => matches!(thing, Thing::Peer { .. }),
        Tie::Listener => matches!(thing, Thing::Listener { .. }),
        Tie::Cgroup => matches!(thing, Thing::Cgroup { .. }),
        Tie::Mount => matches!(thing, Thing::Mount { .. }),
        Tie::Session => matches!(thing, Thing::Session { .. }),
        Tie::Named => matches!(thing, Thing::Named { .. }),
        Tie::Pod => matches!(thing, Thing::Named { what: What::Pod, .. }),
        Tie::Host => false,
    }
}

fn things(f: &Finding) -> impl Iterator<Item = &Thing> {
    std::iter::once(&f.subject).chain(&f.about)
}

/// For every finding the one that brings it about, if any. Linear in the findings: an index by code and thing. A cause
/// is always of an earlier rule or another code, and chains that would close a circle are left open.
pub(super) fn causes(findings: &[Finding]) -> Vec<Option<usize>> {
    let mut by_thing: HashMap<(&str, &Thing), usize> = HashMap::new();
    let mut by_code: HashMap<&str, usize> = HashMap::new();
    for (i, f) in findings.iter().enumerate() {
        by_code.entry(f.code).or_insert(i);
        for t in things(f) {
            by_thing.entry((f.code, t)).or_insert(i);
        }
    }
    let mut causes: Vec<Option<usize>> = vec![None; findings.len()];
    for (effect, f) in findings.iter().enumerate() {
        let cause = LINKS.iter().filter(|l| l.2 == f.code).find_map(|(code, tie, _)| match tie {
            Tie::Host => by_code.get(code).copied(),
            _ => things(f).filter(|t| ties(*tie, t)).find_map(|t| by_thing.get(&(*code, t)).copied()),
        });
        causes[effect] = cause.filter(|c| !leads_to(&causes, *c, effect));
    }
    causes
}

fn leads_to(causes: &[Option<usize>], from: usize, to: usize) -> bool {
    let mut at = Some(from);
    while let Some(i) = at {
        if i == to {
            return true;
        }
        at = causes[i];
    }
    false
}
