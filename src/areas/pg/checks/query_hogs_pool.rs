//! `pg/query-hogs-pool`

use super::{
    super::facts::{
        Facts,
        session::{Group, Program, Shape},
    },
    who::{client, pct, sessions, short},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, What, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// A pool that one statement fills: nearly all sessions of an application (of one address of it, or of all together) are
    /// at work, and most of them run the same statement, which is slow. Statements are compared without their literals. Those
    /// that wait for a lock do not count: what they wait for is the culprit then. A pool is what has the same application
    /// name, role, database and address; the queue in front of it is inside the application and cannot be seen from here.
    ///
    /// ## Why it matters
    ///
    /// Fast requests queue behind slow ones for a connection and time out, though the database could answer them at once.
    /// Seen from the application everything is slow, also what has nothing to do with the statement.
    ///
    /// ## Confirm
    ///
    /// `SELECT pid, now() - query_start AS for, wait_event_type, left(query, 80) FROM pg_stat_activity WHERE state = 'active' AND
    /// application_name = 'NAME' ORDER BY 2 DESC`, twice: the same pids and longer. In the application: waiting acquires of
    /// the pool (`pool.waitingCount` of node-postgres, `hikaricp_connections_pending`).
    ///
    /// ## Fix
    ///
    /// Now: `SELECT pg_cancel_backend(pid)` for the oldest of them. For good: a pool of its own, and small, for reports and
    /// batches (a bulkhead), `statement_timeout` for the role that serves requests, and a plan for the statement (`EXPLAIN
    /// (ANALYZE, BUFFERS)`). A larger pool only moves the queue into the database.
    "pg/query-hogs-pool": "one slow statement fills a pool"
    {
        sessions: "smaller pools are not judged, sessions" = 5;
        active_pct: "at work, % of the pool" = 75;
        same_pct: "with the same statement, % of the pool" = 60;
        median_s: "median age of that statement, seconds" = 2;
    }
    judge(Facts)
}

/// Sessions that may be one pool.
struct Pool<'a> {
    name: &'a str,
    /// An address, when it is not the whole program.
    at: Option<&'a str>,
    sessions: u64,
    active: u64,
    shape: &'a Shape,
}

impl<'a> Pool<'a> {
    fn of(p: &'a Program) -> Option<Self> {
        let shape = p.busiest.as_ref()?;
        Some(Self { name: p.name(), at: None, sessions: p.sessions, active: p.active, shape })
    }
    fn at_one(g: &'a Group) -> Option<Self> {
        let shape = g.busiest.as_ref()?;
        Some(Self { name: g.name(), at: g.client.as_deref(), sessions: g.sessions, active: g.active, shape })
    }
    /// Sessions that run the statement and wait for no lock.
    fn same(&self) -> u64 {
        self.shape.sessions - self.shape.waiting
    }
    fn is_full(&self, at: &Limits) -> bool {
        self.sessions as f64 >= at.sessions.value()
            && pct(self.active, self.sessions) >= at.active_pct.value()
            && pct(self.same(), self.sessions) >= at.same_pct.value()
            && self.shape.median_s >= at.median_s.value()
    }
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some((server, activity)) = sessions(f, out) else { return };
    let groups = activity.groups.top();
    // Those with most sessions come first: when the last that was kept is no small pool, nor may those be that were not kept.
    if groups.last().is_some_and(|last| last.sessions as f64 >= at.sessions.value()) {
        let left_out = activity.groups.total() - groups.len() as u64;
        out.unseen(left_out, Why::TooMany);
    }
    for program in activity.programs.top() {
        let whole = Pool::of(program).filter(|p| p.is_full(at));
        let of_program = |g: &&Group| (&g.application, &g.user) == (&program.application, &program.user);
        let mut full: Vec<Pool> =
            groups.iter().filter(of_program).filter_map(Pool::at_one).filter(|p| p.is_full(at)).collect();
        let pools = full.len();
        let worst = whole.or_else(|| (!full.is_empty()).then(|| full.remove(0)));
        if let Some(pool) = worst {
            out.find(finding(&server.peer, &pool, pools).about(client(server, pool.name)));
        }
    }
}

fn finding(peer: &str, pool: &Pool, pools: usize) -> Finding {
    let shape = pool.shape;
    let at = pool.at.map(|a| format!(" at {a}")).unwrap_or_default();
    let title = format!(
        "{} of the {} sessions of {}{at} run one slow statement: {}",
        rates::count(pool.same()),
        rates::count(pool.sessions),
        pool.name,
        short(&shape.query)
    );
    let subject = Thing::Named { what: What::Statement, server: peer.into(), name: shape.query.clone() };
    let others = pool.sessions - pool.active.min(pool.sessions);
    let mut finding = Finding::new(Severity::Warning, Confidence::Medium, subject, title)
        .evidence("same", pool.same())
        .evidence("sessions", pool.sessions)
        .evidence("active", pool.active)
        .evidence("median_s", shape.median_s)
        .evidence("oldest_s", shape.oldest_s)
        .evidence("client", pool.at)
        .because(format!(
            "half of them have run it for {} or longer, the oldest for {}",
            rates::span(shape.median_s),
            rates::span(shape.oldest_s)
        ))
        .because(format!(
            "{} of its sessions {} left for everything else",
            rates::count(others),
            if others == 1 { "is" } else { "are" }
        ));
    if pool.at.is_some() && pools > 1 {
        finding = finding.because(format!("{} more of its addresses are in the same state", pools - 1));
    }
    finding
        .remedy("give this statement a small pool of its own and a statement_timeout; pg_cancel_backend() frees a session now")
        .next("pg activity")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::areas::pg::facts::session::Session;

    const REPORT: &str = "SELECT sum(total) FROM orders GROUP BY day";

    fn report(seconds: f64) -> Session {
        Session { query: REPORT.into(), ..since(seconds, client_session("web", "active")) }
    }
    fn pool(reports: u64, seconds: f64, idle: u64) -> Vec<Session> {
        let rest = (0..idle).map(|_| client_session("web", "idle"));
        (0..reports).map(|_| report(seconds)).chain(rest).collect()
    }

    #[test]
    fn a_pool_of_ten_with_eight_slow_reports_is_found_with_its_statement() {
        let f = &found(&CHECK, &server_with(100, pool(8, 40.0, 2)))[0];
        assert_eq!(f.title, format!("8 of the 10 sessions of web run one slow statement: {REPORT}"));
        assert_eq!(f.severity, Severity::Warning);
        assert_eq!(
            f.subject,
            Thing::Named { what: What::Statement, server: PEER.into(), name: REPORT.into() }
        );
        assert_eq!(f.about, [Thing::Named { what: What::Client, server: PEER.into(), name: "web".into() }]);
        assert_eq!(f.because[1], "2 of its sessions are left for everything else");
    }

    #[test]
    fn one_sick_pod_among_healthy_ones_is_found_by_its_address() {
        let healthy = (0..40).map(|i| on(&format!("10.0.1.{}", i / 10), client_session("web", "idle")));
        let f = &found(&CHECK, &server_with(200, pool(8, 40.0, 2).into_iter().chain(healthy)))[0];
        assert!(f.title.starts_with("8 of the 10 sessions of web at 10.0.0.9 run"), "{}", f.title);
    }

    #[test]
    fn fast_mixed_small_and_resting_pools_are_well() {
        clear(&CHECK, &server_with(100, pool(10, 1.9, 0)));
        clear(&CHECK, &server_with(100, pool(7, 40.0, 3)));
        clear(&CHECK, &server_with(100, pool(4, 40.0, 0)));
        let mixed = (0..10).map(|i| Session { query: format!("SELECT {i}"), ..report(40.0) });
        clear(&CHECK, &server_with(100, mixed));
    }

    #[test]
    fn waiting_for_a_lock_is_not_the_statements_fault() {
        let waits = |s| Session { wait_type: Some("Lock".into()), wait_event: Some("tuple".into()), ..s };
        clear(&CHECK, &server_with(100, pool(8, 40.0, 2).into_iter().map(waits)));
    }

    #[test]
    fn hidden_pools_are_not_well() {
        let hidden = || (0..10).map(|_| hidden_session("web"));
        unknown(&CHECK, &without_rights(server_with(100, hidden())), Why::Denied);
        let mine = (0..3).map(|_| client_session("mine", "idle"));
        unknown(&CHECK, &without_rights(server_with(100, hidden().chain(mine))), Why::Denied);
        skipped(&CHECK, &Facts::unseen(Why::NotAsked));
    }
}
