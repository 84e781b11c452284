//! `pg/slots-near-full`

use super::{
    super::facts::Facts,
    who::{Fill, biggest, client, fill, peer, undecided},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// How many of the ordinary connection slots are taken: `max_connections` without those that are reserved for superusers
    /// and, since 16, by `reserved_connections`. Only client sessions count, our own among them: standbys, autovacuum and
    /// parallel workers have places of their own. A server whose slots are nearly all taken by idle sessions of pools is as
    /// planned; it is a finding when most of them are at work or inside a transaction, or when next to none is left.
    ///
    /// ## Why it matters
    ///
    /// Whoever comes next is refused with SQLSTATE 53300 "too many clients already": pods that start in a rollout, jobs,
    /// migrations, and the engineer.
    ///
    /// ## Confirm
    ///
    /// `paramedic pg pool`, or: `SELECT application_name, usename, client_addr, state, count(*) FROM pg_stat_activity WHERE
    /// backend_type = 'client backend' GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC`.
    ///
    /// ## Fix
    ///
    /// Busy sessions: find what they run or wait for (`paramedic pg activity`, `paramedic pg locks`). Sessions idle inside a
    /// transaction: end them, and set `idle_in_transaction_session_timeout`. Too many pools: `paramedic pg pool --instances N
    /// --pool M` computes what fits; HikariCP `maximumPoolSize`, node-postgres `max`, SQLAlchemy `pool_size` with
    /// `max_overflow`, each times workers times pods. PgBouncer in transaction mode lets many clients share few slots. More
    /// `max_connections` needs a restart, and memory for each.
    "pg/slots-near-full": "few ordinary connection slots are left"
    {
        used_pct: "taken, % of the ordinary slots" = 90;
        idle_pct: "idle sessions from which on a full server is as planned, % of the clients" = 50;
        free: "fewer free slots than this are critical" = 3;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(fill) = fill(f, out) else { return };
    out.looked(1);
    if fill.used_pct() < at.used_pct.value() {
        return;
    }
    let free = fill.free();
    let severity = if (free as f64) < at.free.value() {
        Severity::Critical
    } else {
        match fill.busy(at.idle_pct.value()) {
            Some(true) => Severity::Warning,
            Some(false) => return,
            None => {
                let hidden =
                    "nearly full, and whether its sessions are idle is hidden: it takes pg_read_all_stats";
                return undecided(out, Why::Denied, hidden);
            }
        }
    };
    out.find(finding(&fill, severity));
}

fn finding(fill: &Fill, severity: Severity) -> Finding {
    let (server, activity) = (fill.server, fill.activity);
    let left = match fill.free() {
        0 => "no ordinary slot free".to_string(),
        1 => format!("1 of {} ordinary slots free", rates::count(fill.slots)),
        n => format!("{} of {} ordinary slots free", rates::count(n), rates::count(fill.slots)),
    };
    let first = activity.programs.top().first();
    let most = first.map(|p| format!(": {} holds {}", p.name(), rates::count(p.sessions)));
    let title = format!("Postgres at {} has {left}{}", server.peer, most.unwrap_or_default());
    let state = |name| activity.state(name);
    let in_transaction = state("idle in transaction") + state("idle in transaction (aborted)");
    let mut finding = Finding::new(severity, Confidence::High, peer(server), title)
        .evidence("used", fill.used)
        .evidence("slots", fill.slots)
        .evidence("free", fill.free())
        .evidence("active", state("active"))
        .evidence("idle", state("idle"))
        .evidence("in_transaction", in_transaction)
        .evidence("hidden", activity.hidden_clients());
    for (program, told) in biggest(activity) {
        finding = finding.about(client(server, program.name())).because(told);
    }
    let remedy = if in_transaction > state("active") && in_transaction > state("idle") {
        "end the sessions that idle inside a transaction, and set idle_in_transaction_session_timeout"
    } else if state("idle") >= state("active") {
        "make the pools smaller, or put PgBouncer in between: most sessions are idle"
    } else {
        "find what the active sessions run or wait for; then make the pools fit the slots"
    };
    finding.remedy(remedy).next("pg pool").next("pg activity")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Reading, Thing, What};

    /// 100 connections of which 97 are ordinary, 5 pods, and what their sessions do.
    fn pods(each: u64, active: u64) -> Facts {
        let all = (0..5 * each).map(|i| {
            let state = if i < active { "active" } else { "idle" };
            on(&format!("10.0.0.{}", i % 5), client_session("web", state))
        });
        server_with(100, all)
    }

    #[test]
    fn a_busy_server_that_is_nearly_full_is_found_with_who_fills_it() {
        let f = &found(&CHECK, &pods(18, 60))[0];
        assert_eq!(f.severity, Severity::Warning);
        assert_eq!(f.title, "Postgres at 10.0.0.3:5432 has 6 of 97 ordinary slots free: web holds 90");
        assert_eq!(f.subject, Thing::Peer { address: PEER.into() });
        let web = Thing::Named { what: What::Client, server: PEER.into(), name: "web".into() };
        assert_eq!(f.about, [web]);
        assert_eq!(
            f.because,
            ["web as app: 90 sessions from 5 addresses, at most 18 from one: 60 active, 30 idle"]
        );
        assert!(f.evidence.contains(&("used", 91u64.into())) && f.evidence.contains(&("free", 6u64.into())));
    }

    #[test]
    fn a_plan_that_fills_the_slots_with_idle_sessions_is_as_planned() {
        assert_eq!(clear(&CHECK, &pods(18, 40)), (1, 0));
        clear(&CHECK, &pods(18, 0));
        assert_eq!(found(&CHECK, &pods(18, 46)).len(), 1, "under half of 90 idle");
        clear(&CHECK, &pods(18, 45));
        clear(&CHECK, &pods(17, 85));
    }

    #[test]
    fn with_next_to_nothing_left_it_does_not_matter_what_they_do() {
        let idle = |n: u64| server_with(100, (0..n).map(|_| client_session("web", "idle")));
        clear(&CHECK, &idle(93));
        assert_eq!(found(&CHECK, &idle(94))[0].severity, Severity::Critical);
        let full = &found(&CHECK, &idle(99))[0];
        assert!(full.title.contains("no ordinary slot free"), "{}", full.title);
        // On a small server two free slots are not yet the end.
        clear(&CHECK, &server_with(10, (0..4).map(|_| client_session("web", "active"))));
    }

    #[test]
    fn reserved_slots_are_not_ordinary_ones() {
        let mut facts = server_with(100, (0..89).map(|_| client_session("web", "idle")));
        clear(&CHECK, &facts);
        setting(&mut facts, "reserved_connections", "5");
        assert_eq!(found(&CHECK, &facts)[0].severity, Severity::Critical);
    }

    #[test]
    fn hidden_states_are_not_taken_for_idle_nor_for_busy() {
        let hidden = |n: u64, idle: u64| {
            let facts = server_with(
                100,
                (0..n).map(|_| hidden_session("web")).chain((0..idle).map(|_| client_session("me", "idle"))),
            );
            without_rights(facts)
        };
        unknown(&CHECK, &hidden(85, 4), Why::Denied);
        clear(&CHECK, &hidden(20, 4));
        clear(&CHECK, &hidden(40, 50));
        assert_eq!(found(&CHECK, &hidden(95, 0))[0].severity, Severity::Critical);
    }

    #[test]
    fn a_server_that_was_not_seen_is_not_empty() {
        let facts = Facts { activity: Reading::unseen(Why::TimedOut), ..pods(18, 90) };
        unknown(&CHECK, &facts, Why::TimedOut);
        skipped(&CHECK, &Facts::unseen(Why::NotAsked));
        let mut facts = pods(18, 90);
        setting(&mut facts, "max_connections", "");
        unknown(&CHECK, &facts, Why::Malformed);
    }
}
