//! `sockets/peer-not-reading`

use super::by_owner::{Held, by_end, flag, groups, report, towards};
use crate::{
    areas::sockets::facts::{Facts, Mark},
    check,
    model::{Confidence, Finding, Judging, Severity, TcpState, rates},
};

check! {
    /// ## What it sees
    ///
    /// Established connections whose peer has closed its window: bytes wait in our send queue in every look without becoming
    /// fewer, and nothing is under way. They are put together by process and end, and are a finding when they are a good part
    /// of all connections there: a few paused clients among many are everyday life.
    ///
    /// ## Why it matters
    ///
    /// The peer's process does not read. Each such connection keeps a descriptor, the buffers of the kernel and often a worker,
    /// a thread or a database session of ours, for as long as the peer likes: the peer's kernel answers every probe, so that no
    /// time-out of TCP ends it.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// ss -tnpio state established
    /// ```
    ///
    /// Send-Q stays, the timer is `persist`, `notsent` is not 0 and `lastsnd` grows.
    ///
    /// ## Fix
    ///
    /// Look at the peer: it is stopped, overloaded or hostile. On this side give each send a time limit.
    ///
    /// - Node: respect the `false` of `write()`; `socket.setTimeout`, and `destroy()` in its handler.
    /// - Python: `sock.settimeout`, `asyncio.wait_for(writer.drain(), …)`.
    /// - Java: a write time-out of the framework (Netty `WriteTimeoutHandler`); plain sockets have none.
    /// - Go: `SetWriteDeadline`, `http.Server{WriteTimeout}`.
    /// - nginx: `send_timeout`, and `reset_timedout_connection on`.
    /// - Any: the socket option `TCP_USER_TIMEOUT` ends it in the kernel.
    "sockets/peer-not-reading": "peers that do not read what we send"
    {
        count: "connections of one process to one end that wait for a closed window" = 3;
        age_s: "seconds for which nothing could be sent" = 5;
        share_pct: "of these, % of the connections to that end" = 20;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let narrow = "established sockets: --state leaves them out";
    let Some(groups) = groups(f, &[TcpState::Established], narrow, out) else { return };
    if out.part(&f.looks, "a window: --window 1s").is_none()
        || out.part(&f.detail, "windows of peers: sock_diag").is_none()
    {
        return;
    }
    let held = by_end(&groups, out);
    report(held, out, |held, _| one(held, at));
}

fn one(held: &Held, at: &Limits) -> Option<Finding> {
    let unsent = held.marked(Mark::Unsent);
    let old = unsent.ages.at_least(at.age_s.value()) as f64;
    let whole = held.count();
    if old < at.count.value() || old * 100.0 < at.share_pct.value() * whole as f64 {
        return None;
    }
    let end = held.ends()[0].0;
    let (n, bytes) = (rates::count(unsent.count), rates::bytes(unsent.bytes));
    let title =
        format!("{n} connections of {} {} are not read by the peer: {bytes} wait", held.name(), towards(end));
    let finding = held
        .finding(Severity::Warning, Confidence::High, title)
        .evidence("count", unsent.count)
        .evidence("bytes", unsent.bytes)
        .evidence("oldest_s", unsent.ages.oldest_s)
        .because(format!(
            "the window of the peer is closed, and the send queues became no shorter in any look: {} of {}",
            n,
            rates::count(whole)
        ))
        .because("its kernel answers, its process does not read: no time-out of TCP ends this");
    Some(
        finding
            .remedy("look at the peer; give sends a time limit here, or set TCP_USER_TIMEOUT")
            .next(format!("sockets{}{} --state established -o wide", held.scope(), flag(end))),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, *};
    use crate::{
        areas::sockets::facts::{End, Group},
        model::{Cell, Thing, Why},
    };
    use TcpState::Established;

    fn stuck(count: u64, unsent: u64, ages: &[u32]) -> Group {
        let mut g = marked(group(Established, count, &[0]), Mark::Unsent, unsent, ages);
        g.marks.get_mut(&Mark::Unsent).unwrap().bytes = unsent << 20;
        g
    }

    #[test]
    fn peers_that_do_not_read_are_named_with_what_they_hold() {
        let g = Group { end: End::ClientsOf(3000), ..stuck(5, 4, &[12, 90]) };
        let f = &findings(&CHECK, &with(vec![g]))[0];
        assert_eq!(
            f.title,
            "4 connections of node (pid 41) from clients of :3000 are not read by the peer: 4.0 MiB wait"
        );
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert!(matches!(&f.subject, Thing::Process(p) if p.pid == 41));
        assert_eq!(f.about, [Thing::Peer { address: "clients of :3000".into() }]);
        assert_eq!(
            f.evidence,
            [("count", Cell::Int(4)), ("bytes", Cell::Int(4 << 20)), ("oldest_s", Cell::Int(90))]
        );
    }

    #[test]
    fn count_age_and_share_begin_exactly_at_their_limits() {
        let found = |g| !findings(&CHECK, &with(vec![g])).is_empty();
        assert!(found(stuck(3, 3, &[5])));
        assert!(!found(stuck(3, 3, &[4])));
        assert!(!found(stuck(2, 2, &[500])));
        assert!(found(stuck(15, 3, &[60])));
        assert!(!found(stuck(16, 3, &[60])));
    }

    #[test]
    fn a_few_paused_clients_among_many_are_healthy() {
        assert_eq!(outcome(&CHECK, &with(vec![stuck(5_000, 40, &[600])])), "clear 5000/0");
    }

    #[test]
    fn several_peers_of_one_process_are_one_finding() {
        let other = Group { end: End::Peer("10.0.3.8:443".into()), ..stuck(4, 4, &[60]) };
        let found = findings(&CHECK, &with(vec![stuck(6, 6, &[60]), other]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].about.len(), 2);
        assert!(
            found[0].because.contains(&"the same holds of 10.0.3.8:443".into()),
            "{:?}",
            found[0].because
        );
    }

    #[test]
    fn needs_looks_and_windows_and_owners() {
        let sick = with(vec![stuck(4, 4, &[60])]);
        assert_eq!(outcome(&CHECK, &Facts { looks: hole(Why::NotAsked), ..sick.clone() }), "skipped");
        assert_eq!(outcome(&CHECK, &Facts { mask: TcpState::CloseWait.bit(), ..sick.clone() }), "skipped");
        assert_eq!(outcome(&CHECK, &Facts { detail: hole(Why::Unsupported), ..sick }), "unknown Unsupported");
        let strange = |n| with(vec![Group { owner: hole(Why::Denied), ..stuck(4, n, &[60]) }]);
        assert_eq!(outcome(&CHECK, &strange(0)), "unknown Denied");
        let f = &findings(&CHECK, &strange(4))[0];
        assert_eq!((&f.subject, f.confidence), (&Thing::Host, Confidence::Low));
    }
}
