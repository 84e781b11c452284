//! `sockets/accept-queue-full`

use super::by_owner::{acceptor, known, workers};
use crate::{
    areas::sockets::facts::{Facts, Listener},
    check,
    model::{Confidence, Finding, Judging, Severity, TcpState, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// Listening sockets whose queue of finished connections, which the process has yet to `accept`, is full or nearly so.
    /// The smallest queue of all looks counts, so that a burst between two looks is nothing. The kernel lets one more wait
    /// than the backlog says: full is *more than* the backlog. With one look (`--window 0`) the confidence is lower.
    ///
    /// ## Why it matters
    ///
    /// When the queue is full the kernel drops the last packet of the handshake, and then new ones: clients see connect
    /// time-outs of a second and more, while the process looks idle and health checks on open connections still pass.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// ss -ltnp
    /// ```
    ///
    /// Recv-Q is the queue, Send-Q the backlog. `nstat -az TcpExtListenOverflows TcpExtListenDrops` twice: both rise.
    ///
    /// ## Fix
    ///
    /// Find out why nobody accepts: a blocked event loop, all workers busy, no descriptors left, a stopped process. A longer
    /// backlog only helps against bursts, and `net.core.somaxconn` caps it.
    ///
    /// - Node: look for synchronous work (`node --cpu-prof`, `perf_hooks.monitorEventLoopDelay`); `server.listen({ backlog })`.
    /// - Python: more workers or threads (gunicorn `--workers`, `--backlog`); no blocking call in an event loop.
    /// - Java: threads of the acceptor and of the pool (`jstack`); `acceptCount` of Tomcat.
    /// - Go: goroutines that hold what the handlers want (`/debug/pprof/goroutine`).
    /// - nginx: `worker_connections` and `worker_rlimit_nofile`; `listen … backlog=`, `reuseport`.
    "sockets/accept-queue-full": "the queue of a listener is full: clients are turned away"
    {
        near_pct: "connections that wait in every look, % of the backlog" = 80;
        waiting: "fewer waiting than this are never nearly full" = 8;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let narrow = "listening sockets: --state leaves them out";
    if out.part(&f.asked(TcpState::Listen), narrow).is_none() {
        return;
    }
    let Some(listeners) = out.part(&f.listeners, "the list of listening sockets") else { return };
    out.unseen(listeners.total() - listeners.top().len() as u64, Why::TooMany);
    let once = out.aside(&f.looks).is_none();
    for l in listeners.top() {
        // Without a backlog there is nothing to compare with: files do not tell it.
        if let Some(backlog) = known(out, &l.backlog).copied() {
            out.looked(1);
            one(l, backlog, once, at, out);
        }
    }
}

fn one(l: &Listener, backlog: u64, once: bool, at: &Limits, out: &mut Judging) {
    let queue = l.queue_least;
    let near = queue as f64 * 100.0 >= at.near_pct.value() * backlog as f64;
    let severity = match queue {
        _ if queue > backlog => Severity::Critical,
        _ if near && queue as f64 >= at.waiting.value() => Severity::Warning,
        _ => return,
    };
    let state = if queue > backlog { "full" } else { "nearly full" };
    let figures = format!("{} wait, {} may", rates::count(l.queue), rates::count(backlog));
    let who = acceptor(l, out);
    let title = match &who {
        Some(p) => {
            format!("{} does not accept: the queue of {} is {state} ({figures})", p.label(), l.address)
        }
        None => format!("nobody accepts at {}: its queue is {state} ({figures})", l.address),
    };
    // One listener is one socket, so that its queue is sure whoever holds it.
    let sure = if once || who.is_none() { Confidence::Medium } else { Confidence::High };
    let scope = who.as_ref().map_or(String::new(), |p| format!(" --pid {}", p.pid));
    let mut finding = Finding::new(severity, sure, who.map_or(Thing::Host, Thing::Process), title)
        .about(Thing::Listener { address: l.address.clone() })
        .evidence("address", l.address.as_str())
        .evidence("queue", l.queue)
        .evidence("backlog", backlog);
    finding = finding.because(match once {
        true => "one look only: a burst would look the same".to_string(),
        false => format!("at least {} waited in every look", rates::count(queue)),
    });
    if queue > backlog {
        finding = finding.because("the kernel drops further handshakes; clients retry and time out");
    }
    if let Some(sentence) = workers(l, out) {
        finding = finding.because(sentence);
    }
    out.find(
        finding
            .remedy("find what keeps the process from accepting; a longer backlog helps against bursts only")
            .next(format!("sockets{scope} --listen")),
    );
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, *};
    use crate::model::{Cell, Reading};

    fn listener(queue: u64, backlog: u64) -> Listener {
        Listener {
            address: "0.0.0.0:3000".into(),
            loopback: false,
            port: 3000,
            owner: Reading::seen(Some(owner(41, "node", 4096))),
            queue,
            queue_least: queue,
            backlog: Reading::seen(backlog),
            drops: Reading::seen(7),
            dropped: Reading::seen(0),
        }
    }

    fn severity(l: Listener) -> Option<Severity> {
        findings(&CHECK, &listening(vec![l])).first().map(|f| f.severity)
    }

    #[test]
    fn a_full_queue_names_who_does_not_accept_and_where() {
        let f = &findings(&CHECK, &listening(vec![listener(3, 2)]))[0];
        assert_eq!(
            f.title,
            "node (pid 41) does not accept: the queue of 0.0.0.0:3000 is full (3 wait, 2 may)"
        );
        assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::High));
        assert!(matches!(&f.subject, Thing::Process(p) if p.pid == 41));
        assert_eq!(f.about, [Thing::Listener { address: "0.0.0.0:3000".into() }]);
        assert_eq!(
            f.evidence,
            [
                ("address", Cell::Text("0.0.0.0:3000".into())),
                ("queue", Cell::Int(3)),
                ("backlog", Cell::Int(2))
            ]
        );
        assert_eq!(f.next, ["sockets --pid 41 --listen"]);
    }

    #[test]
    fn full_is_more_than_the_backlog_and_near_is_many_and_most_of_it() {
        assert_eq!(severity(listener(512, 511)), Some(Severity::Critical));
        assert_eq!(severity(listener(511, 511)), Some(Severity::Warning));
        assert_eq!(severity(listener(409, 511)), Some(Severity::Warning));
        assert_eq!(severity(listener(408, 511)), None);
        assert_eq!(severity(listener(8, 10)), Some(Severity::Warning));
        assert_eq!(severity(listener(5, 5)), None);
        assert_eq!(severity(listener(0, 0)), None);
        assert_eq!(severity(listener(1, 0)), Some(Severity::Critical));
    }

    #[test]
    fn a_queue_that_was_short_in_any_look_is_healthy() {
        let burst = Listener { queue_least: 0, ..listener(512, 511) };
        assert_eq!(outcome(&CHECK, &listening(vec![burst])), "clear 1/0");
    }

    #[test]
    fn one_look_is_less_sure() {
        let facts = Facts { looks: hole(Why::NotAsked), ..listening(vec![listener(3, 2)]) };
        assert_eq!(findings(&CHECK, &facts)[0].confidence, Confidence::Medium);
    }

    #[test]
    fn workers_that_share_the_listener_are_named() {
        let mut o = owner(41, "nginx", 4096);
        o.also = vec![owner(42, "nginx", 1).process, owner(43, "nginx", 1).process];
        let l = Listener { owner: Reading::seen(Some(o)), ..listener(3, 2) };
        let f = &findings(&CHECK, &listening(vec![l]))[0];
        assert!(f.because.contains(&"also held by nginx (pid 42), nginx (pid 43)".into()), "{:?}", f.because);
    }

    #[test]
    fn a_listener_of_a_stranger_is_still_named() {
        let l = Listener { owner: hole(Why::Denied), ..listener(3, 2) };
        let f = &findings(&CHECK, &listening(vec![l]))[0];
        assert_eq!(
            (&f.subject, f.severity, f.confidence),
            (&Thing::Host, Severity::Critical, Confidence::Medium)
        );
        assert_eq!(f.about, [Thing::Listener { address: "0.0.0.0:3000".into() }]);
        assert!(f.title.starts_with("nobody accepts at 0.0.0.0:3000"), "{}", f.title);
    }

    #[test]
    fn without_a_backlog_nothing_is_known() {
        let blind = Listener { backlog: hole(Why::Unsupported), ..listener(0, 0) };
        assert_eq!(outcome(&CHECK, &listening(vec![blind.clone()])), "unknown Unsupported");
        assert_eq!(outcome(&CHECK, &listening(vec![blind, listener(0, 511)])), "clear 1/1");
        assert_eq!(outcome(&CHECK, &Facts { listeners: hole(Why::Denied), ..quiet() }), "unknown Denied");
        assert_eq!(outcome(&CHECK, &Facts { mask: TcpState::CloseWait.bit(), ..quiet() }), "skipped");
    }
}
