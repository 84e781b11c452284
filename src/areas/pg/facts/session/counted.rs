//! What all sessions of one look amount to: pure counting, so that what is tested is what a probe makes.

use super::{Activity, Session, clients::Clients};
use crate::model::{Arrange, Kept};
use std::collections::BTreeMap;

/// Sessions of each sort, and groups of them, that checks judge whatever rows the tables have: a finding names few, and the
/// worst come first.
const JUDGED: usize = 64;
/// Events of waiting that are told apart.
const WAITS: usize = 64;

impl Activity {
    /// What these sessions amount to, of which `waiting` wait for a lock; `kept` rows of each table. `blocks` of the sessions is
    /// already known.
    pub fn of(mut all: Vec<Session>, waiting: u64, kept: usize) -> Self {
        let mut out = Activity { waiting, ..Activity::default() };
        let mut clients = Clients::default();
        let mut waits: BTreeMap<String, u64> = BTreeMap::new();
        for s in &all {
            out.hidden += u64::from(s.hidden);
            if let (Some(kind), Some(event)) = (&s.wait_type, &s.wait_event) {
                *waits.entry(format!("{kind}/{event}")).or_default() += 1;
            }
            if s.is_client() {
                out.clients += 1;
                *out.states.entry(s.shown_state().to_string()).or_default() += 1;
                clients.add(s);
            }
        }
        let mut waits: Vec<(String, u64)> = waits.into_iter().collect();
        waits.arrange_by_key(|w| std::cmp::Reverse(w.1));
        waits.truncate(WAITS);
        out.waits = waits.into_iter().collect();
        out.programs = cut(clients.programs(), kept.max(JUDGED));
        let (groups, shapes) = clients.groups_and_shapes();
        out.groups = cut(groups, kept.max(JUDGED));
        out.shapes = cut(shapes, kept);
        out.idle_in_transaction = pick(
            &all,
            |s| s.is_client() && s.idle_in_transaction(),
            |s| (s.blocks, s.state_s.unwrap_or(0.0)),
        );
        out.in_transaction =
            pick(&all, |s| s.is_client() && s.xact_s.is_some(), |s| (0, s.xact_s.unwrap_or(0.0)));
        out.holders = pick(&all, |s| s.holds().is_some(), |s| (0, s.holds().unwrap_or(0) as f64));
        all.arrange_by(worst);
        out.sessions = cut(all, kept);
        out
    }
}

/// The worst of some sessions, for checks to judge whatever rows the tables have.
fn pick(
    all: &[Session],
    which: impl Fn(&Session) -> bool,
    rank: impl Fn(&Session) -> (u32, f64),
) -> Kept<Session> {
    let mut rows: Vec<&Session> = all.iter().filter(|s| which(s)).collect();
    rows.arrange_by(|a, b| {
        let (a_rank, b_rank) = (rank(a), rank(b));
        b_rank.0.cmp(&a_rank.0).then(b_rank.1.total_cmp(&a_rank.1)).then(a.pid.cmp(&b.pid))
    });
    let total = rows.len() as u64;
    Kept::worst(total, rows.into_iter().take(JUDGED).cloned().collect())
}

/// The worst first: who blocks most, then the oldest transaction, then who has been at it for longest; background
/// processes last.
fn worst(a: &Session, b: &Session) -> std::cmp::Ordering {
    let age = |s: &Session| s.xact_s.unwrap_or(-1.0);
    let idle = |s: &Session| s.state.as_deref() == Some("idle");
    b.blocks
        .cmp(&a.blocks)
        .then(b.is_client().cmp(&a.is_client()))
        .then(age(b).total_cmp(&age(a)))
        .then(idle(a).cmp(&idle(b)))
        .then(b.state_s.unwrap_or(-1.0).total_cmp(&a.state_s.unwrap_or(-1.0)))
        .then(a.pid.cmp(&b.pid))
}

fn cut<T>(mut rows: Vec<T>, kept: usize) -> Kept<T> {
    let total = rows.len() as u64;
    rows.truncate(kept);
    Kept::worst(total, rows)
}
