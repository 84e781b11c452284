//! `sockets/app-not-reading`

use super::by_owner::{Held, by_owner, groups, report, sharing, towards};
use crate::{
    areas::sockets::facts::{End, Facts, Group, Mark, Marked},
    check,
    model::{Confidence, Finding, Judging, Severity, TcpState, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// Established connections on which bytes have waited in the receive queue in every look without becoming fewer, put
    /// together by process, and old by the time since the peer last sent something. That is a lower bound: while the peer goes
    /// on sending, the time starts again.
    ///
    /// Two healthy habits are left out. A proxy does not read what its own slow client does not take: connections that wait
    /// for a closed window of the process's peers are set against those that wait to be read. And what a server sends to an
    /// idle pooled connection, a ping or a session ticket, is only a few bytes.
    ///
    /// ## Why it matters
    ///
    /// The process is stopped, blocked or busy elsewhere, or has lost these descriptors. Its peers wait for answers, and when
    /// the queue is full their sends stall too.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// ss -tnpi state established
    /// ```
    ///
    /// twice, some seconds apart: Recv-Q stays, `lastrcv` grows. `cat /proc/PID/status` tells a stopped process (`State: T`),
    /// `cat /proc/PID/wchan` and `top -H -p PID` a blocked or busy one.
    ///
    /// ## Fix
    ///
    /// Let the process run: `kill -CONT PID` if it was stopped, else find what its threads do.
    ///
    /// - Node: synchronous work in the event loop; `node --cpu-prof`, or `kill -USR1 PID` and an inspector.
    /// - Python: `py-spy dump --pid PID`; a blocking call inside `async def`.
    /// - Java: `jstack PID`; exhausted worker pools, long collections.
    /// - Go: `/debug/pprof/goroutine?debug=2`; a reader that waits for a channel or a lock.
    /// - A few connections of many: streams that the program paused and never resumed.
    "sockets/app-not-reading": "bytes wait in receive queues and nobody reads them"
    {
        count: "connections of one process that wait to be read" = 3;
        age_s: "seconds since the peer last sent" = 5, 30;
        reply_bytes: "on connections that the process made, fewer bytes each than this are no reply" = 1024;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let narrow = "established sockets: --state leaves them out";
    let Some(groups) = groups(f, &[TcpState::Established], narrow, out) else { return };
    if out.part(&f.looks, "a window: --window 1s").is_none()
        || out.part(&f.detail, "ages of sockets: sock_diag").is_none()
    {
        return;
    }
    let held = by_owner(&groups, out);
    report(held, out, |held, out| one(f, held, at, out));
}

fn one(f: &Facts, held: &Held, at: &Limits, out: &mut Judging) -> Option<Finding> {
    let pushed_back = held.marked(Mark::Unsent).count as f64;
    let waits = |g: &&Group| {
        let m = g.marked(Mark::Unread);
        let small = (m.bytes as f64) < at.reply_bytes.value() * m.count as f64;
        m.count > 0 && !(small && matches!(g.end, End::Peer(_)))
    };
    let held = Held { owner: held.owner, groups: held.groups.iter().copied().filter(waits).collect() };
    let unread: Marked = held.marked(Mark::Unread);
    let older = |s: f64| unread.ages.at_least(s) as f64 - pushed_back >= at.count.value();
    let severity = match () {
        () if older(at.age_s.critical) => Severity::Critical,
        () if older(at.age_s.warning) => Severity::Warning,
        () => return None,
    };
    let ends = held.ends();
    let (n, bytes, main) = (rates::count(unread.count), rates::bytes(unread.bytes), ends[0].0);
    let title = match ends.len() {
        1 => format!("{} does not read {n} connections {}: {bytes} wait", held.name(), towards(main)),
        _ => format!("{} does not read {n} connections, most {}: {bytes} wait", held.name(), towards(main)),
    };
    let oldest = rates::span(unread.ages.oldest_s.into());
    let mut finding = held
        .finding(severity, Confidence::High, title)
        .evidence("count", unread.count)
        .evidence("bytes", unread.bytes)
        .evidence("oldest_s", unread.ages.oldest_s)
        .because(format!(
            "bytes wait in their receive queues and became fewer in no look; the oldest for {oldest}"
        ));
    for address in listeners(f, &held, out) {
        finding = finding.about(Thing::Listener { address });
    }
    let whole: u64 = held.count();
    if whole > unread.count {
        finding = finding.because(format!("of {} connections to these ends", rates::count(whole)));
    }
    if let Some(shared) = held.owner.and_then(sharing) {
        finding = finding.because(shared);
    }
    let what = held.owner.map_or("the process".into(), |o| format!("pid {}", o.process.pid));
    Some(
        finding
            .remedy(format!("find what {what} does instead: stopped, blocked or busy in one thread"))
            .next(format!("sockets{} --state established -o wide", held.scope())),
    )
}

/// Where the clients of these connections came in.
fn listeners(f: &Facts, held: &Held, out: &mut Judging) -> Vec<String> {
    let ports: Vec<u16> = held
        .groups
        .iter()
        .filter_map(|g| match g.end {
            End::ClientsOf(port) => Some(port),
            _ => None,
        })
        .collect();
    let Some(all) = out.aside(&f.listeners) else { return vec![] };
    let here = all.top().iter().filter(|l| ports.contains(&l.port));
    here.map(|l| l.address.clone()).take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, *};
    use crate::{
        areas::sockets::facts::Listener,
        model::{Cell, Reading, Why},
    };
    use TcpState::Established;

    fn clients(count: u64, unread: u64, ages: &[u32]) -> Group {
        let mut g = marked(group(Established, count, &[0]), Mark::Unread, unread, ages);
        g.end = End::ClientsOf(3000);
        g.marks.get_mut(&Mark::Unread).unwrap().bytes = unread * 5_000;
        g
    }
    fn severity(groups: Vec<Group>) -> Option<Severity> {
        findings(&CHECK, &with(groups)).first().map(|f| f.severity)
    }

    #[test]
    fn a_process_that_does_not_read_is_named_with_its_listener() {
        let l = Listener {
            address: "0.0.0.0:3000".into(),
            loopback: false,
            port: 3000,
            owner: Reading::seen(None),
            queue: 0,
            queue_least: 0,
            backlog: Reading::seen(511),
            drops: Reading::seen(0),
            dropped: Reading::seen(0),
        };
        let facts = Facts { groups: with(vec![clients(20, 8, &[6, 9])]).groups, ..listening(vec![l]) };
        let f = &findings(&CHECK, &facts)[0];
        assert_eq!(f.title, "node (pid 41) does not read 8 connections from clients of :3000: 39.1 KiB wait");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert!(matches!(&f.subject, Thing::Process(p) if p.pid == 41));
        assert_eq!(
            f.about,
            [
                Thing::Peer { address: "clients of :3000".into() },
                Thing::Listener { address: "0.0.0.0:3000".into() }
            ]
        );
        assert_eq!(
            f.evidence,
            [("count", Cell::Int(8)), ("bytes", Cell::Int(40_000)), ("oldest_s", Cell::Int(9))]
        );
        assert_eq!(f.next, ["sockets --pid 41 --state established -o wide"]);
    }

    #[test]
    fn levels_begin_exactly_at_their_age_and_count() {
        assert_eq!(severity(vec![clients(20, 3, &[5])]), Some(Severity::Warning));
        assert_eq!(severity(vec![clients(20, 3, &[4])]), None);
        assert_eq!(severity(vec![clients(20, 2, &[500])]), None);
        assert_eq!(severity(vec![clients(20, 3, &[30])]), Some(Severity::Critical));
        assert_eq!(severity(vec![clients(20, 4, &[30, 29])]), Some(Severity::Warning));
    }

    #[test]
    fn ends_of_one_process_count_together() {
        let other = |port| Group { end: End::ClientsOf(port), ..clients(9, 2, &[8]) };
        let found = findings(&CHECK, &with(vec![clients(9, 2, &[8]), other(4000)]));
        assert_eq!(found.len(), 1);
        assert_eq!(evidence(&found[0], "count"), Some(&Cell::Int(4)));
        assert!(found[0].title.contains("4 connections, most from clients of :3000"), "{}", found[0].title);
    }

    #[test]
    fn a_proxy_pushes_back_what_its_slow_clients_do_not_take() {
        let upstream = Group { end: End::Peer("10.0.5.4:80".into()), ..clients(50, 6, &[40]) };
        let slow = |n| {
            marked(
                Group { end: End::ClientsOf(443), ..group(Established, 900, &[0]) },
                Mark::Unsent,
                n,
                &[40],
            )
        };
        assert_eq!(severity(vec![upstream.clone(), slow(6)]), None);
        assert_eq!(severity(vec![upstream.clone(), slow(4)]), None);
        assert_eq!(severity(vec![upstream, slow(3)]), Some(Severity::Critical));
    }

    #[test]
    fn pings_to_idle_pooled_connections_are_no_replies() {
        let pool = |bytes| {
            let mut g = Group { end: End::Peer("10.0.5.4:443".into()), ..clients(10, 10, &[900]) };
            g.marks.get_mut(&Mark::Unread).unwrap().bytes = bytes;
            severity(vec![g])
        };
        assert_eq!(pool(170), None);
        assert_eq!(pool(10_239), None);
        assert_eq!(pool(10_240), Some(Severity::Critical));
    }

    #[test]
    fn strangers_are_a_guess() {
        let g = Group { owner: hole(Why::Denied), ..clients(20, 8, &[60]) };
        let f = &findings(&CHECK, &with(vec![g]))[0];
        assert_eq!(
            (&f.subject, f.severity, f.confidence),
            (&Thing::Host, Severity::Warning, Confidence::Low)
        );
        let calm = Group { owner: hole(Why::Denied), ..clients(20, 0, &[]) };
        assert_eq!(outcome(&CHECK, &with(vec![calm])), "unknown Denied");
    }

    #[test]
    fn needs_looks_and_ages_and_all_established_sockets() {
        let sick = with(vec![clients(20, 8, &[60])]);
        assert_eq!(outcome(&CHECK, &Facts { looks: hole(Why::NotAsked), ..sick.clone() }), "skipped");
        assert_eq!(outcome(&CHECK, &Facts { mask: TcpState::CloseWait.bit(), ..sick.clone() }), "skipped");
        let files = Facts { detail: hole(Why::Unsupported), ..sick };
        assert_eq!(outcome(&CHECK, &files), "unknown Unsupported");
        assert_eq!(outcome(&CHECK, &with(vec![clients(20, 0, &[])])), "clear 20/0");
    }
}
