//! `sockets/peer-saturated`

use super::arrivals::between;
use super::by_owner::{Held, by_end, flag, groups, report};
use crate::{
    areas::sockets::facts::{End, Facts, Mark},
    check,
    model::{Confidence, Finding, Judging, Reading, Severity, TcpState, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// A connection pool that is full, from outside and without any right on the database: *every* connection of one process
    /// to one peer that it connected to awaits a reply, in all looks, and even the latest has waited a while. "Awaits" means
    /// that we spoke last, that all of it was acknowledged, and that the peer has answered on this connection before.
    ///
    /// It is a guess, and the confidence says so. Others that look the same: long polls and blocking reads of a queue
    /// (`BRPOP`, SQS, Kafka fetches with a long wait), a pool that only listens (`LISTEN`/`NOTIFY`, watches), protocols in which
    /// the client has the last word (a ping of HTTP/2, logs over TLS). Waits that are all very old are taken for one of
    /// these and left alone.
    ///
    /// ## Why it matters
    ///
    /// The next query waits inside the process for a free connection. Latency rises everywhere that needs this peer, while
    /// CPU is idle and the peer may look healthy.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// ss -tnpi dst ADDRESS
    /// ```
    ///
    /// On each line `lastsnd` is smaller than `lastrcv`, there is no `unacked`, and both grow from one call to the next. The pool's
    /// own figures (waiting, in use) and the peer's list of running queries (`pg_stat_activity`) decide it.
    ///
    /// ## Fix
    ///
    /// Find what is slow at the peer (a lock, a missing index, one heavy query) before the pool is made larger.
    ///
    /// - Node `pg`: `statement_timeout`, `connectionTimeoutMillis`; a client that is never `release()`d keeps its place.
    /// - Python: `pool_timeout` and `pool_size` of SQLAlchemy; sessions closed by `with`.
    /// - Java: Hikari's `connectionTimeout` and `leakDetectionThreshold`.
    /// - Go: `SetMaxOpenConns`, a context with a deadline for every query.
    /// - One pool for slow reports and one for the rest keeps a slow query from starving everything.
    "sockets/peer-saturated": "every connection to one peer awaits a reply: a full pool"
    {
        connections: "connections of one process to one peer" = 4;
        wait_s: "seconds that even the latest has waited" = 1;
        idle_s: "when even the latest has waited so many seconds nobody is waiting" = 600;
        looks: "looks in all of which each of them waits" = 3;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    const WINDOW: &str = "three looks: --window 1s";
    let narrow = "established sockets: --state leaves them out";
    let Some(mut groups) = groups(f, &[TcpState::Established], narrow, out) else { return };
    let Some(looks) = out.part(&f.looks, WINDOW) else { return };
    if f64::from(*looks) < at.looks.value() {
        out.part(&Reading::<()>::unseen(Why::NotAsked), WINDOW);
        return;
    }
    if out.part(&f.detail, "when each side last spoke: sock_diag").is_none() {
        return;
    }
    groups.retain(|g| matches!(g.end, End::Peer(_)));
    let held = by_end(&groups, out);
    report(held, out, |held, _| one(held, *looks, at));
}

fn one(held: &Held, looks: u32, at: &Limits) -> Option<Finding> {
    let (count, awaiting) = (held.count(), held.marked(Mark::Awaiting));
    let youngest = f64::from(awaiting.ages.youngest_s);
    let waits = (at.wait_s.value()..at.idle_s.value()).contains(&youngest);
    if (count as f64) < at.connections.value() || awaiting.count < count || !waits {
        return None;
    }
    let end = held.ends()[0].0;
    let n = rates::count(count);
    let title = format!("all {n} connections of {} to {end} await a reply: the pool looks full", held.name());
    let waits = between(&awaiting.ages);
    Some(
        held.finding(Severity::Warning, Confidence::Low, title)
            .evidence("connections", count)
            .evidence("awaiting", awaiting.count)
            .evidence("oldest_wait_s", awaiting.ages.oldest_s)
            .because(format!("on each the process spoke last, {waits} ago, and all of it was acknowledged"))
            .because(format!("so in all of {looks} looks: whoever needs another connection waits"))
            .because("a guess from outside: long polls and listening connections look the same")
            .remedy("find what is slow at the peer (locks, one heavy query) before the pool is made larger")
            .next(format!("sockets{}{} --state established -o wide", held.scope(), flag(end))),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, *};
    use crate::{
        areas::sockets::facts::Group,
        model::{Cell, Thing},
    };
    use TcpState::Established;

    fn pool(count: u64, awaiting: u64, ages: &[u32]) -> Group {
        let g = Group { end: End::Peer("10.0.5.4:5432".into()), ..group(Established, count, &[0]) };
        marked(g, Mark::Awaiting, awaiting, ages)
    }

    #[test]
    fn a_pool_of_which_all_wait_is_a_guess_that_names_process_and_peer() {
        let f = &findings(&CHECK, &with(vec![pool(10, 10, &[2, 7])]))[0];
        assert_eq!(
            f.title,
            "all 10 connections of node (pid 41) to 10.0.5.4:5432 await a reply: the pool looks full"
        );
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Low));
        assert!(matches!(&f.subject, Thing::Process(p) if p.pid == 41));
        assert_eq!(f.about, [Thing::Peer { address: "10.0.5.4:5432".into() }]);
        assert_eq!(
            f.evidence,
            [("connections", Cell::Int(10)), ("awaiting", Cell::Int(10)), ("oldest_wait_s", Cell::Int(7))]
        );
        assert_eq!(f.next, ["sockets --pid 41 --peer 10.0.5.4:5432 --state established -o wide"]);
    }

    #[test]
    fn pools_that_answer_or_rest_are_healthy() {
        for (what, g) in [
            ("one is free", pool(10, 9, &[5])),
            ("one was answered just now", pool(10, 10, &[5, 0])),
            ("too few to be a pool", pool(3, 3, &[5])),
            ("an idle protocol in which we speak last", pool(10, 10, &[600])),
            ("clients await us", Group { end: End::ClientsOf(3000), ..pool(10, 10, &[5]) }),
        ] {
            assert!(outcome(&CHECK, &with(vec![g])).starts_with("clear"), "{what}");
        }
        assert_eq!(outcome(&CHECK, &with(vec![pool(4, 4, &[1])])), "found 1");
        assert_eq!(outcome(&CHECK, &with(vec![pool(4, 4, &[599])])), "found 1");
    }

    #[test]
    fn needs_three_looks_and_sock_diag_and_all_established_sockets() {
        let sick = with(vec![pool(10, 10, &[5])]);
        assert_eq!(outcome(&CHECK, &Facts { looks: hole(Why::NotAsked), ..sick.clone() }), "skipped");
        assert_eq!(outcome(&CHECK, &Facts { looks: Reading::seen(2), ..sick.clone() }), "skipped");
        assert_eq!(outcome(&CHECK, &Facts { looks: hole(Why::TooMany), ..sick.clone() }), "unknown TooMany");
        assert_eq!(outcome(&CHECK, &Facts { mask: TcpState::CloseWait.bit(), ..sick.clone() }), "skipped");
        assert_eq!(outcome(&CHECK, &Facts { detail: hole(Why::Unsupported), ..sick }), "unknown Unsupported");
    }

    #[test]
    fn strangers_are_about_the_host_and_never_clear() {
        let strange = |n| with(vec![Group { owner: hole(Why::Denied), ..pool(10, n, &[5]) }]);
        assert_eq!(findings(&CHECK, &strange(10))[0].subject, Thing::Host);
        assert_eq!(outcome(&CHECK, &strange(3)), "unknown Denied");
    }
}
