//! `sockets/listen-drops`

use super::by_owner::{acceptor, known, workers};
use crate::{
    areas::sockets::facts::{Facts, Listener},
    check,
    model::{Confidence, Finding, Judging, TcpState, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// Handshakes that a listening socket dropped while we looked, counted by the kernel for each socket; drops of long ago
    /// are shown and not judged. Where only files can be read there is one counter for all listeners together, and the
    /// finding names the machine. Needs a window: one look has no "while".
    ///
    /// ## Why it matters
    ///
    /// Every drop is a client that waits a second and tries again, or gives up. The process does not see it and logs
    /// nothing.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// ss -ltnm
    /// nstat -az TcpExtListenDrops TcpExtListenOverflows
    /// ```
    ///
    /// The number behind `d` in `skmem` of a listener is its drops since it listens. When overflows rise with the drops the
    /// accept queue was full; when only drops rise look for memory or SYN floods (`TcpExtTCPReqQFullDrop`).
    ///
    /// ## Fix
    ///
    /// Let the process accept sooner; see `sockets/accept-queue-full` for what keeps it. Bursts alone need a longer backlog:
    /// raise `net.core.somaxconn` and the program's own number (Node `server.listen({ backlog })`, nginx `listen … backlog=`,
    /// gunicorn `--backlog`, Tomcat `acceptCount`; Go takes `somaxconn` when it starts). A flood of SYNs needs
    /// `net.ipv4.tcp_syncookies=1`.
    "sockets/listen-drops": "connections that a listener turned away while we looked"
    {
        drops: "handshakes dropped by one listener during the window" = 1, 50;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let narrow = "listening sockets: --state leaves them out";
    if out.part(&f.asked(TcpState::Listen), narrow).is_none() {
        return;
    }
    let Some(listeners) = out.part(&f.listeners, "the list of listening sockets") else { return };
    if !listeners.top().iter().any(|l| out.aside(&l.dropped).is_some()) {
        return together(f, at, out);
    }
    out.unseen(listeners.total() - listeners.top().len() as u64, Why::TooMany);
    for l in listeners.top() {
        if let Some(dropped) = known(out, &l.dropped).copied() {
            out.looked(1);
            one(l, dropped, at, out);
        }
    }
}

fn one(l: &Listener, dropped: u64, at: &Limits, out: &mut Judging) {
    let Some(severity) = at.drops.of(dropped as f64).filter(|_| dropped > 0) else { return };
    let who = acceptor(l, out);
    let n = rates::count(dropped);
    let title = match &who {
        Some(p) => format!("{} turned {n} connections away at {} while we looked", p.label(), l.address),
        None => format!("{n} connections were turned away at {} while we looked", l.address),
    };
    // The kernel counts by socket: whoever holds it, these are its drops.
    let sure = if who.is_some() { Confidence::High } else { Confidence::Medium };
    let scope = who.as_ref().map_or(String::new(), |p| format!(" --pid {}", p.pid));
    let mut finding = Finding::new(severity, sure, who.map_or(Thing::Host, Thing::Process), title)
        .about(Thing::Listener { address: l.address.clone() })
        .evidence("address", l.address.as_str())
        .evidence("drops", dropped)
        .evidence("total_drops", &l.drops);
    if let Some(backlog) = out.aside(&l.backlog).filter(|b| l.queue > **b) {
        let [queue, backlog] = [l.queue, *backlog].map(rates::count);
        finding = finding.because(format!("its accept queue is full: {queue} wait, {backlog} may"));
    }
    if let Some(sentence) = workers(l, out) {
        finding = finding.because(sentence);
    }
    out.find(
        finding
            .remedy("let the process accept sooner; a longer backlog helps against bursts only")
            .next(format!("sockets{scope} --listen --window 10s")),
    );
}

/// No listener tells its own drops: there is one look only, or only files, which know the sum of all listeners.
fn together(f: &Facts, at: &Limits, out: &mut Judging) {
    if out.aside(&f.during.listen_drops).is_none() && out.part(&f.looks, "a window: --window 1s").is_none() {
        return;
    }
    if f.narrowed && out.part(&f.detail, "drops by listener: sock_diag").is_none() {
        return;
    }
    let Some(dropped) = out.part(&f.during.listen_drops, "drops of listeners").copied() else { return };
    out.looked(1);
    let Some(severity) = at.drops.of(dropped as f64).filter(|_| dropped > 0) else { return };
    let n = rates::count(dropped);
    let title = format!("a listener that cannot be named turned {n} connections away while we looked");
    out.find(
        Finding::new(severity, Confidence::Medium, Thing::Host, title)
            .evidence("drops", dropped)
            .because(
                "ListenDrops is one counter for all listeners; which of them it was only sock_diag tells",
            )
            .remedy("look for the listener whose queue is long; let its process accept sooner")
            .next("sockets --listen --window 10s"),
    );
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, *};
    use crate::model::{Cell, Reading, Severity};

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

    fn dropped(n: u64) -> Listener {
        Listener { dropped: Reading::seen(n), drops: Reading::seen(n + 1_000), ..listener(0, 511) }
    }
    fn files(drops: Reading<u64>) -> Facts {
        let blind = Listener {
            drops: hole(Why::Unsupported),
            dropped: hole(Why::Unsupported),
            backlog: hole(Why::Unsupported),
            ..listener(0, 0)
        };
        let mut facts = Facts { detail: hole(Why::Unsupported), ..listening(vec![blind]) };
        facts.during.listen_drops = drops;
        facts
    }

    #[test]
    fn the_listener_that_drops_is_named_with_its_process() {
        let full = Listener { queue: 3, backlog: Reading::seen(2), ..dropped(37) };
        let f = &findings(&CHECK, &listening(vec![full, listener(0, 511)]))[0];
        assert_eq!(f.title, "node (pid 41) turned 37 connections away at 0.0.0.0:3000 while we looked");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert!(matches!(&f.subject, Thing::Process(p) if p.pid == 41));
        assert_eq!(f.about, [Thing::Listener { address: "0.0.0.0:3000".into() }]);
        assert_eq!(
            f.evidence,
            [
                ("address", Cell::Text("0.0.0.0:3000".into())),
                ("drops", Cell::Int(37)),
                ("total_drops", Cell::Int(1_037))
            ]
        );
        assert_eq!(f.because, ["its accept queue is full: 3 wait, 2 may"]);
    }

    #[test]
    fn one_is_a_warning_and_many_hurt_now() {
        let of = |n| findings(&CHECK, &listening(vec![dropped(n)])).first().map(|f| f.severity);
        assert_eq!(
            [0, 1, 49, 50].map(of),
            [None, Some(Severity::Warning), Some(Severity::Warning), Some(Severity::Critical)]
        );
    }

    #[test]
    fn drops_of_long_ago_are_healthy() {
        assert_eq!(outcome(&CHECK, &listening(vec![dropped(0)])), "clear 1/0");
        assert_eq!(outcome(&CHECK, &quiet()), "clear 1/0");
    }

    #[test]
    fn one_look_is_skipped() {
        let l = Listener { dropped: hole(Why::NotAsked), ..listener(0, 511) };
        let mut facts = Facts { looks: hole(Why::NotAsked), ..listening(vec![l]) };
        facts.during.listen_drops = hole(Why::NotAsked);
        assert_eq!(outcome(&CHECK, &facts), "skipped");
        assert_eq!(outcome(&CHECK, &Facts { mask: TcpState::CloseWait.bit(), ..quiet() }), "skipped");
    }

    #[test]
    fn looks_that_forgot_sockets_do_not_hide_what_listeners_count() {
        let facts = Facts { looks: hole(Why::TooMany), ..listening(vec![dropped(1)]) };
        assert_eq!(outcome(&CHECK, &facts), "found 1");
    }

    #[test]
    fn files_tell_only_that_some_listener_drops() {
        let f = &findings(&CHECK, &files(Reading::seen(60)))[0];
        assert_eq!(
            (&f.subject, f.severity, f.confidence),
            (&Thing::Host, Severity::Critical, Confidence::Medium)
        );
        assert_eq!(evidence(f, "drops"), Some(&Cell::Int(60)));
        assert_eq!(outcome(&CHECK, &files(Reading::seen(0))), "clear 1/0");
        assert_eq!(outcome(&CHECK, &files(hole(Why::Absent))), "unknown Absent");
        // The sum of all is not that of the process asked for.
        assert_eq!(
            outcome(&CHECK, &Facts { narrowed: true, ..files(Reading::seen(60)) }),
            "unknown Unsupported"
        );
    }

    #[test]
    fn a_listener_that_does_not_tell_is_a_hole_beside_one_that_does() {
        let blind = Listener { dropped: hole(Why::Unsupported), ..listener(0, 511) };
        assert_eq!(outcome(&CHECK, &listening(vec![blind, dropped(0)])), "clear 1/1");
    }
}
