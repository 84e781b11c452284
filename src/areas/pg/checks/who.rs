//! What checks of sessions have in common: who is meant, how full the server is, and what our role may not see.

use super::super::facts::{
    Facts,
    server::Server,
    session::{Activity, Program, Session},
};
use crate::model::{Judging, Reading, Thing, What, Why, rates};

/// Programs and sessions that a finding names beside the worst one.
const NAMED: usize = 3;
/// Characters of a statement in a title or a reason.
const SHORT: usize = 80;

/// Everything that is needed to judge what sessions do; counts what our role may not see of them. Where the role may see next to
/// nothing, the check cannot come to "clear".
pub(super) fn sessions<'a>(f: &'a Facts, out: &mut Judging) -> Option<(&'a Server, &'a Activity)> {
    let server = out.part(&f.server, "the server was not seen")?;
    let activity = out.part(&f.activity, "the sessions were not seen")?;
    let hidden = activity.hidden_clients();
    out.looked(activity.clients.saturating_sub(hidden));
    out.unseen(hidden, Why::Denied);
    if hidden > 0 && !server.sees_all() {
        undecided(out, Why::Denied, "what sessions of other roles do is hidden: it takes pg_read_all_stats");
    }
    Some((server, activity))
}

/// How full the server is.
pub(super) struct Fill<'a> {
    pub server: &'a Server,
    pub activity: &'a Activity,
    /// Ordinary slots.
    pub slots: u64,
    /// Taken, ours among them: more than `slots` when some sit in reserved ones.
    pub used: u64,
}

impl Fill<'_> {
    pub fn free(&self) -> u64 {
        self.slots.saturating_sub(self.used)
    }
    pub fn used_pct(&self) -> f64 {
        pct(self.used, self.slots)
    }
    /// Whether fewer than so many per cent of the clients are idle; none when that depends on those hidden from us.
    pub fn busy(&self, idle_pct: f64) -> Option<bool> {
        let (idle, all) = (self.activity.state("idle"), self.activity.clients);
        if all == 0 || pct(idle, all) >= idle_pct {
            return Some(false);
        }
        (pct(idle + self.activity.hidden_clients(), all) < idle_pct).then_some(true)
    }
}

/// The slots and who is in them: everybody may see that.
pub(super) fn fill<'a>(f: &'a Facts, out: &mut Judging) -> Option<Fill<'a>> {
    let server = out.part(&f.server, "the server was not seen")?;
    let activity = out.part(&f.activity, "the sessions were not seen")?;
    let Some(slots) = server.ordinary_slots() else {
        undecided(out, Why::Malformed, "the settings do not say how many slots there are");
        return None;
    };
    Some(Fill { server, activity, slots, used: activity.used() })
}

/// Without a finding the check is unknown, for this reason.
pub(super) fn undecided(out: &mut Judging, why: Why, detail: &'static str) {
    out.part(&Reading::<()>::unseen(why), detail);
}

/// Some wait, and since when is not told: neither found nor well.
pub(super) fn unknown_since(out: &mut Judging) {
    undecided(
        out,
        Why::Denied,
        "since when they wait is hidden: before Postgres 14 that takes pg_read_all_stats",
    );
}

/// `part` of `whole` in per cent; of nothing it is none.
pub(super) fn pct(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

pub(super) fn peer(server: &Server) -> Thing {
    Thing::Peer { address: server.peer.clone() }
}

pub(super) fn client(server: &Server, name: &str) -> Thing {
    Thing::Named { what: What::Client, server: server.peer.clone(), name: name.into() }
}

/// An application as a session names itself.
pub(super) fn client_of(server: &Server, s: &Session) -> Thing {
    client(server, s.name())
}

pub(super) fn session(server: &Server, s: &Session) -> Thing {
    Thing::Session { server: server.peer.clone(), pid: s.pid, started_us: s.started_us }
}

/// `web (pid 41) at 10.0.0.7`, as titles name a session.
pub(super) fn label(s: &Session) -> String {
    let at = s.client.as_ref().map(|c| format!(" at {c}")).unwrap_or_default();
    format!("{} (pid {}){at}", s.name(), s.pid)
}

/// The beginning of a statement.
pub(super) fn short(query: &str) -> String {
    match query.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &query[..end]),
        None => query.into(),
    }
}

/// The biggest programs, a sentence each.
pub(super) fn biggest(activity: &Activity) -> impl Iterator<Item = (&Program, String)> {
    activity.programs.top().iter().take(NAMED).map(|p| (p, told(p)))
}

/// `web as app: 61 sessions from 5 addresses: 50 active, 8 idle, 3 idle in a transaction`.
pub(super) fn told(p: &Program) -> String {
    let by =
        if p.application.is_empty() || p.user.is_empty() { String::new() } else { format!(" as {}", p.user) };
    let from = match p.addresses {
        0 => String::new(),
        1 => " from one address".into(),
        n => format!(" from {} addresses, at most {} from one", rates::count(n), rates::count(p.largest)),
    };
    let states = [
        (p.active, "active"),
        (p.idle, "idle"),
        (p.in_transaction, "idle in a transaction"),
        (p.hidden, "hidden from this role"),
    ];
    let states: Vec<String> =
        states.iter().filter(|s| s.0 > 0).map(|(n, what)| format!("{} {what}", rates::count(*n))).collect();
    let plural = if p.sessions == 1 { "session" } else { "sessions" };
    format!("{}{by}: {} {plural}{from}: {}", p.name(), rates::count(p.sessions), states.join(", "))
}

/// Sessions of which each that blocks somebody stands for itself, and the others for their program, the worst first.
pub(super) fn folded<'a>(all: &[&'a Session]) -> Vec<(&'a Session, Vec<&'a Session>)> {
    let mut out: Vec<(&Session, Vec<&Session>)> = Vec::new();
    for s in all {
        let same = |o: &&mut (&Session, Vec<&Session>)| {
            o.0.blocks == 0 && (&o.0.application, &o.0.user) == (&s.application, &s.user)
        };
        match out.iter_mut().find(same).filter(|_| s.blocks == 0) {
            Some(of) => of.1.push(s),
            None => out.push((s, vec![])),
        }
    }
    out
}

/// The others of a finding in a sentence, if there are any.
pub(super) fn others(others: &[&Session]) -> Option<String> {
    let (first, pids) = (others.first()?, others.iter().take(NAMED).map(|s| s.pid.to_string()));
    let pids: Vec<String> = pids.collect();
    let more = if others.len() > NAMED { ", …" } else { "" };
    Some(format!("{} more of {} are the same (pid {}{more})", others.len(), first.name(), pids.join(", ")))
}
