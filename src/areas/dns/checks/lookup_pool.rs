//! `dns/lookup-pool`

use super::{super::facts::Facts, took};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// A Node.js process that was named with `--pid`, the size of its thread pool from the environment it was started with, and
    /// the time that a lookup of the given names took here just now. Half of the threads take lookups: their number over that
    /// time is how many names the process can resolve in a second, at most. A size that the program sets by itself while it
    /// starts is not seen.
    ///
    /// ## Why it matters
    ///
    /// `dns.lookup`, and with it every `http`, `fetch` and database client, waits for one of these threads. With the default two
    /// lookups run at a time: when one takes a second, so does every second connection, and names that are quick wait behind
    /// names that are slow.
    ///
    /// ## Confirm
    ///
    /// `tr '\0' '\n' < /proc/PID/environ | grep UV_THREADPOOL_SIZE`. In the program, many `dns.lookup` at once end in pairs.
    ///
    /// ## Fix
    ///
    /// First make the lookup fast: `dns/slow-server`, `dns/dead-server`, `dns/search-amplification`. Then a larger
    /// `UV_THREADPOOL_SIZE` in the environment, connections that are kept alive, or a cache of names in the process
    /// (`cacheable-lookup`).
    "dns/lookup-pool": "a Node.js process that resolves few names at a time"
    {
        lookups_per_s: "lookups a second that its threads bear; fewer are worse" = 20;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(pool) = out.part(&f.pool, "name a Node.js process: dns NAME --pid PID") else { return };
    let Some(walks) = out.part(&f.walks, "no name was looked up: name one") else { return };
    // A lookup that our deadline cut took at least as long.
    let slowest = walks.iter().filter(|w| out.see(&w.end).is_some()).max_by(|a, b| a.ms.total_cmp(&b.ms));
    let Some(walk) = slowest else { return };
    let per_s = f64::from(pool.lookups()) / (walk.ms / 1000.0).max(1e-6);
    if per_s >= at.lookups_per_s.value() {
        return;
    }
    let p = &pool.process;
    let title = format!(
        "{} resolves {} names at a time: {per_s:.1} a second while {} takes {}",
        p.label(),
        pool.lookups(),
        walk.name,
        took(walk.ms)
    );
    out.find(
        Finding::new(Severity::Notice, Confidence::Medium, Thing::Process(p.clone()), title)
            .evidence("lookups", pool.lookups())
            .evidence("threads", pool.threads)
            .evidence("lookups_per_s", per_s)
            .evidence("lookup_ms", walk.ms)
            .evidence("name", walk.name.as_str())
            .because(match pool.set {
                true => format!("UV_THREADPOOL_SIZE is {}: half of them take lookups", pool.threads),
                false => "UV_THREADPOOL_SIZE is not set: four threads, of which two take lookups".to_string(),
            })
            .remedy("make the lookup fast first; then a larger UV_THREADPOOL_SIZE or connections kept alive")
            .next(format!("dns {} --pid {}", walk.name, p.pid)),
    );
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{Pool, conf::Libc, plan::End, wire::Walked},
        super::recorded::*,
        *,
    };
    use crate::model::{Process, Reading, Why};

    fn with(ms: f64, threads: u32) -> Facts {
        let process = Process { pid: 41, start_ticks: 1, start: None, name: "node".into(), user: None };
        let end = Reading::seen(End::Found);
        let walk = Walked { name: "db".into(), libc: Libc::Glibc, steps: vec![], end, addresses: vec![], ms };
        Facts {
            pool: Reading::seen(Pool { process, threads, set: threads != 4 }),
            walks: Reading::seen(vec![walk]),
            ..with_conf(Libc::Glibc, "")
        }
    }

    #[test]
    fn slow_lookups_through_two_threads_are_a_notice() {
        let f = &found(&CHECK, &with(1000.0, 4))[0];
        assert_eq!(f.severity, Severity::Notice);
        assert_eq!(f.title, "node (pid 41) resolves 2 names at a time: 2.0 a second while db takes 1.0 s");
        assert!(f.because[0].contains("not set"));
    }

    #[test]
    fn the_level_begins_below_its_figure_and_other_processes_are_not_guessed_at() {
        clear(&CHECK, &with(100.0, 4));
        clear(&CHECK, &with(1000.0, 64));
        found(&CHECK, &with(101.0, 4));
        skipped(&CHECK, &with_conf(Libc::Glibc, ""));
        let mut cut = with(1000.0, 4);
        cut.pool = Reading::unseen(Why::Denied);
        unknown(&CHECK, &cut, Why::Denied);
    }
}
