//! `pgbouncer/maxwait`

use super::{super::facts::Facts, looks, named, pools, tied};
use crate::{
    check,
    model::{Confidence, Finding, Judging, rates},
};

check! {
    /// ## What it sees
    ///
    /// How long the first client in the queue of a pool has waited for a server connection (`maxwait` and `maxwait_us` of `SHOW
    /// POOLS`), at two looks a second apart: the shorter of both counts. Clients whose login waits for the very first
    /// server connection are not in this figure; `pgbouncer/login-failures` sees them.
    ///
    /// ## Why it matters
    ///
    /// It is the time that a request loses before its query has even been sent, whatever the query costs. It grows as long
    /// as more is asked for than comes free, until `query_wait_timeout` ends it with an error, or the timeout of the
    /// application does.
    ///
    /// ## Confirm
    ///
    /// `psql -p 6432 pgbouncer -c 'SHOW POOLS'`, several times: a `maxwait` that grows by a second each second is a queue that
    /// nobody serves.
    ///
    /// ## Fix
    ///
    /// As for `pgbouncer/clients-waiting`: first what holds the server connections, then how many there are.
    "pgbouncer/maxwait": "the longest wait for a server connection"
    {
        wait_s: "wait of the queue's head at both looks, seconds" = 1, 5;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some((console, all)) = pools(f, out) else { return };
    for pool in all {
        let Some([before, now]) = looks(pool, out) else { continue };
        let wait_s = before.maxwait_s.min(now.maxwait_s);
        let Some(severity) = at.wait_s.of(wait_s) else { continue };
        let (from, to) = (rates::span(before.maxwait_s), rates::span(now.maxwait_s));
        let grows = now.maxwait_s > before.maxwait_s;
        let moves = if grows { "nobody was served from the queue in between" } else { "the queue moves" };
        let title =
            format!("the next in the queue of pool {} has waited {to} for a server connection", pool.name());
        let finding = Finding::new(severity, Confidence::High, named(console, pool), title)
            .evidence("maxwait_s", now.maxwait_s)
            .evidence("maxwait_before_s", before.maxwait_s)
            .evidence("waiting", now.cl_waiting)
            .evidence("servers", now.servers())
            .evidence("pool_size", pool.size)
            .because(format!("{from} at the first look and {to} at the second: {moves}"))
            .remedy("end what holds the server connections; then see whether the pool is too small")
            .next("pgbouncer -o wide");
        out.find(tied(finding, console, pool));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::facts::{Pool, Seats},
            recorded::*,
        },
        *,
    };
    use crate::model::{Outcome, Reading, Severity, Why};

    fn severity(before_s: f64, now_s: f64) -> Option<Severity> {
        let now = full(3, now_s);
        let before = Seats { maxwait_s: before_s, ..now.now };
        match outcome(&CHECK, &with("1.18.0", vec![Pool { before: Reading::seen(before), ..now }])) {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            _ => None,
        }
    }

    #[test]
    fn the_shorter_of_two_waits_decides() {
        for (before, now, expected) in [
            (0.0, 0.0, None),
            (0.99, 1.99, None),
            (1.0, 2.0, Some(Severity::Warning)),
            (9.0, 0.2, None),
            (0.2, 9.0, None),
            (4.0, 5.0, Some(Severity::Warning)),
            (5.0, 6.0, Some(Severity::Critical)),
        ] {
            assert_eq!(severity(before, now), expected, "{before} s, then {now} s");
        }
    }

    #[test]
    fn it_says_whether_the_queue_moves() {
        let f = &found(&CHECK, &with("1.18.0", vec![full(3, 7.0)]))[0];
        assert_eq!(f.title, "the next in the queue of pool shop/app has waited 7s for a server connection");
        assert!(f.because[0].ends_with("the queue moves"), "{:?}", f.because);
    }

    #[test]
    fn not_seen_is_not_short() {
        let once = Pool { before: Reading::unseen(Why::TimedOut), ..full(4, 9.0) };
        unknown(&CHECK, &with("1.18.0", vec![once]), Why::TimedOut);
        needs_the_console(&CHECK);
    }
}
