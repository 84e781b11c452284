//! `cpu/event-loop-stalled`

use super::{
    super::facts::{Facts, Hot, Waiting},
    WINDOW,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// From outside, and so by a heuristic: one single thread of a process computes without a pause, by the scheduler's own
    /// times, while connections that came in at its listeners are neither accepted nor read. The sockets are looked at in
    /// several looks of the window; a connection counts only when nothing of it was taken between them, by the kernel's
    /// counts of bytes. A busy server whose queues drain is silent, however full they are in each look, and so is a process
    /// that computes in several threads, or in one while another answers.
    ///
    /// The time that the oldest waits is the time since its last byte came: it waits for at least as long. Where the thread
    /// is not the first one of its process, in which single-threaded loops run, the confidence is low.
    ///
    /// ## Why it matters
    ///
    /// As long as it computes the process answers nobody: no request, no health check, no heartbeat. A probe that times out
    /// has it restarted, and the same work starts again. Time-outs and memory of the clients grow meanwhile.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// top -H -p PID                      # one thread at 100 %
    /// ss -tn state established           # Recv-Q stays
    /// ss -ltn                            # Recv-Q of the listener grows
    /// ```
    ///
    /// ## Fix
    ///
    /// Find the code that computes, and move it off the loop or cut it into pieces:
    ///
    /// - Node: `kill -USR1 PID` and a CPU profile, or `node --cpu-prof`; `…Sync` calls of crypto, zlib and fs, large
    ///   `JSON.parse`, regular expressions that backtrack; then `worker_threads`, or the call without `Sync`.
    /// - Python: `py-spy dump --pid PID`; computing inside `async def`; then `asyncio.to_thread` or a process pool.
    /// - Redis: `SLOWLOG GET`; `KEYS *`, long Lua scripts, large values.
    /// - Java, Netty, Vert.x: `jstack PID`; blocking work on an event loop thread; then a worker pool.
    "cpu/event-loop-stalled": "one thread computes and nobody answers"
    {
        ready_pct: "time that the thread was on a processor or ready for one, %" = 90;
        share_pct: "time on a processor, %; with less it starves rather than computes" = 25;
        waiting: "connections that were neither accepted nor read" = 3;
        untouched_pct: "of the connections that wait, untouched ones, %" = 50;
        oldest_s: "when nothing is taken at all and the oldest waits for so many seconds it is critical" = 30;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(loops) = out.part(&f.loops, WINDOW) else { return };
    loops.unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    let unseen: u64 = loops.unseen.values().sum();
    out.unseen(loops.hot.total() - loops.hot.top().len() as u64, Why::TooMany);
    out.looked(loops.followed.saturating_sub(loops.hot.total() + unseen));
    // Workers that share a listener are one service: the busiest speaks for all.
    let mut found: Vec<(&Hot, &Waiting, Vec<&Hot>)> = Vec::new();
    for h in loops.hot.top() {
        let computes = h.ready_pct >= at.ready_pct.value()
            && h.share_pct >= at.share_pct.value()
            && h.span_s >= Waiting::UNTOUCHED_S;
        if h.threads != 1 || !computes {
            out.looked(1);
            continue;
        }
        let Some(w) = out.see(&h.waiting) else { continue };
        if !stands(w, at) {
            continue;
        }
        match found.iter_mut().find(|(_, o, _)| o.address == w.address) {
            Some((.., others)) => others.push(h),
            None => found.push((h, w, vec![])),
        }
    }
    for (h, w, others) in found {
        out.find(finding(h, w, &others, at));
    }
}

fn stands(w: &Waiting, at: &Limits) -> bool {
    let untouched = w.untouched as f64;
    w.address.is_some()
        && untouched >= at.waiting.value()
        && untouched * 100.0 >= at.untouched_pct.value() * w.waiting as f64
}

fn finding(h: &Hot, w: &Waiting, others: &[&Hot], at: &Limits) -> Finding {
    let address = w.address.clone().unwrap_or_default();
    let port = address.rsplit(':').next().unwrap_or_default();
    let whole = w.untouched == w.waiting;
    let severity = match whole && w.oldest_s >= at.oldest_s.value() {
        true => Severity::Critical,
        false => Severity::Warning,
    };
    let p = &h.process;
    let who = match h.main {
        true => format!("{}'s main thread (pid {})", p.name, p.pid),
        false => format!("thread {} ({}) of {}", h.thread, h.tid, p.label()),
    };
    let answers = if whole { "answers nobody" } else { "hardly answers" };
    let many = if w.waiting == 1 { "connection waits" } else { "connections wait" };
    let title = format!("{who} computes and {answers}: {} {many} on :{port}", rates::count(w.waiting));
    let sure = if h.main { Confidence::Medium } else { Confidence::Low };
    let mut finding = Finding::new(severity, sure, Thing::Process(p.clone()), title)
        .about(Thing::Listener { address: address.clone() })
        .evidence("thread", h.thread.as_str())
        .evidence("tid", crate::model::Cell::Id(h.tid))
        .evidence("share_pct", h.share_pct)
        .evidence("address", address)
        .evidence("queue", w.queue)
        .evidence("waiting_bytes", w.bytes)
        .evidence("oldest_s", w.oldest_s)
        .because(format!(
            "it was on a processor for {:.0} % of {} and never idle, no other thread of the process was",
            h.share_pct,
            rates::span(h.span_s)
        ))
        .because(format!(
            "{} of {} connections that wait were neither accepted nor read in {} samples",
            rates::count(w.untouched),
            rates::count(w.waiting),
            w.samples
        ))
        .because("a heuristic from outside: which code computes only the runtime tells");
    if !others.is_empty() {
        finding =
            finding.because(format!("{} more processes at this listener compute as well", others.len()));
        finding = others.iter().take(8).fold(finding, |f, o| f.about(Thing::Process(o.process.clone())));
    }
    finding
        .remedy("take a CPU profile of this thread; move the work to a worker, or cut it into pieces")
        .next(format!("sockets --pid {} -o wide", p.pid))
        .next(format!("cpu --pid {} --threads all", p.pid))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Outcome, Reading};

    fn severity(h: Hot) -> Option<(Severity, Confidence)> {
        findings(&CHECK, &with_hot(vec![h])).first().map(|f| (f.severity, f.confidence))
    }
    const FOUND: Option<(Severity, Confidence)> = Some((Severity::Warning, Confidence::Medium));

    #[test]
    fn a_stalled_loop_is_named_with_its_thread_and_its_listener() {
        let f = &found(&CHECK, &with_hot(vec![hot(34, 34)]))[0];
        assert_eq!(
            f.title,
            "node's main thread (pid 7) computes and answers nobody: 34 connections wait on :3000"
        );
        assert_eq!(f.about, [Thing::Listener { address: "0.0.0.0:3000".into() }]);
        assert_eq!(
            f.evidence,
            [
                ("thread", Cell::Text("node".into())),
                ("tid", Cell::Id(7)),
                ("share_pct", Cell::Num(99.0)),
                ("address", Cell::Text("0.0.0.0:3000".into())),
                ("queue", Cell::Int(2)),
                ("waiting_bytes", Cell::Int(34 * 80)),
                ("oldest_s", Cell::Num(4.2))
            ]
        );
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Medium));
        assert!(f.because.iter().any(|b| b.contains("heuristic")));
    }

    #[test]
    fn a_busy_server_whose_queues_drain_is_silent() {
        assert_eq!(severity(hot(200, 0)), None);
        assert_eq!(severity(hot(200, 99)), None, "most of them were served meanwhile");
        assert_eq!(severity(hot(200, 100)), FOUND);
        assert_eq!(severity(hot(2, 2)), None, "too few to say");
        assert_eq!(severity(hot(3, 3)), FOUND);
        assert_eq!(severity(hot(0, 0)), None);
    }

    #[test]
    fn who_computes_in_several_threads_or_with_pauses_is_silent() {
        assert_eq!(severity(Hot { threads: 2, ..hot(34, 34) }), None);
        assert_eq!(severity(Hot { ready_pct: 89.0, ..hot(34, 34) }), None);
        assert_eq!(severity(Hot { share_pct: 24.0, ..hot(34, 34) }), None, "it starves");
        assert_eq!(severity(Hot { share_pct: 25.0, ..hot(34, 34) }), FOUND, "a crowded machine");
        assert_eq!(severity(Hot { span_s: 0.3, ..hot(34, 34) }), None);
    }

    #[test]
    fn another_thread_than_the_first_is_a_guess_and_a_long_stall_is_critical() {
        let worker = Hot { main: false, tid: 9, thread: "eventloop-1".into(), ..hot(34, 34) };
        assert_eq!(severity(worker), Some((Severity::Warning, Confidence::Low)));
        let long = |waiting| {
            let mut h = hot(waiting, 34);
            h.waiting = h.waiting.map(|w| Waiting { oldest_s: 30.0, ..w });
            severity(h).map(|s| s.0)
        };
        assert_eq!(long(34), Some(Severity::Critical));
        assert_eq!(long(35), Some(Severity::Warning), "it still takes some");
        assert!(found(&CHECK, &with_hot(vec![hot(35, 34)]))[0].title.contains("hardly answers"));
    }

    #[test]
    fn workers_of_one_listener_are_one_finding() {
        let other = Hot { process: process(8, "node"), share_pct: 90.0, ..hot(34, 34) };
        let found = found(&CHECK, &with_hot(vec![hot(34, 34), other]));
        assert_eq!((found.len(), found[0].about.len()), (1, 2));
    }

    #[test]
    fn sockets_that_were_not_seen_are_counted_and_who_does_not_listen_is_no_loop() {
        let denied = Hot { waiting: Reading::unseen(Why::Denied), ..hot(0, 0) };
        assert_eq!(clear(&CHECK, &with_hot(vec![denied])), (20, 1));
        let batch = Hot { waiting: Reading::seen(Waiting { samples: 3, ..Waiting::default() }), ..hot(0, 0) };
        assert_eq!(clear(&CHECK, &with_hot(vec![batch])), (21, 0));
        assert!(matches!(outcome(&CHECK, &facts()), Outcome::Skipped { .. }));
    }
}
