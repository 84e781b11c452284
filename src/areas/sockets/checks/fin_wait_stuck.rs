//! `sockets/fin-wait-stuck`

use super::arrivals::between;
use super::by_owner::{Held, by_owner, flag, groups, report, share_of, sharing, towards};
use crate::{
    areas::sockets::facts::{Facts, Group},
    check,
    model::{Cell, Confidence, Finding, Judging, Severity, TcpState, Thing, rates},
};
use TcpState::{FinWait1, FinWait2};

check! {
    /// ## What it sees
    ///
    /// Connections in FIN_WAIT1 or FIN_WAIT2 that a process still holds: it has ended its side (`shutdown`, `end()`), keeps
    /// the descriptor, and waits for a peer that does not end its own. They are put together by process and judged by how
    /// many are old and by their share of the soft limit of descriptors.
    ///
    /// Connections that were really closed have no process any more. Those in FIN_WAIT2 end by themselves
    /// (`net.ipv4.tcp_fin_timeout`) and are never counted; those in FIN_WAIT1 hold unsent bytes for a peer that does not
    /// acknowledge, and are a finding about the machine when there are very many. How old these are the kernel does not
    /// keep where it can be read.
    ///
    /// ## Why it matters
    ///
    /// A connection that is half closed and held has no timeout. Each keeps a descriptor and a local port. Closed ones in
    /// FIN_WAIT1 keep kernel memory until retransmission gives up, minutes later.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// ss -tnpo state fin-wait-1
    /// ss -tnpo state fin-wait-2
    /// ```
    ///
    /// A line with `users:` is held by a process; one without and with `timer:(timewait` or `timer:(on` is the kernel's.
    ///
    /// ## Fix
    ///
    /// After ending the own side, wait for the peer only so long, then close.
    ///
    /// - Node: `socket.setTimeout(ms, () => socket.destroy())` before `socket.end()`; leave `allowHalfOpen` off.
    /// - Python: `sock.settimeout(s)` around the last read, and `sock.close()` in `finally`, not `shutdown` alone.
    /// - Java: `Socket.close()` after `shutdownOutput()`, with `setSoTimeout` for the read between them.
    /// - Go: after `CloseWrite` set a read deadline, then `Close`.
    /// - nginx: `lingering_timeout` and `reset_timedout_connection on`.
    ///
    /// When it is the peer that leaks, look there for `sockets/close-wait-leak`.
    "sockets/fin-wait-stuck": "connections that were shut down and never closed"
    {
        count: "old connections in FIN_WAIT1 or FIN_WAIT2 that one process holds" = 50;
        age_s: "seconds from which on one is old" = 120;
        share_pct: "held connections in FIN_WAIT1 or FIN_WAIT2, % of the soft limit of descriptors" = 10, 80;
        share_min: "fewer than this are no share worth a word" = 20;
        settle_s: "younger ones, in seconds, are just being closed and count in no share" = 1;
        orphans: "connections in FIN_WAIT1 that no process holds any more" = 10000;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let narrow = "sockets in FIN_WAIT1 and FIN_WAIT2: --state leaves them out";
    let Some(groups) = groups(f, &[FinWait1, FinWait2], narrow, out) else { return };
    orphans(&groups, at, out);
    let held = by_owner(&groups, out);
    report(held, out, |held, out| owned(held, at, out));
}

fn owned(held: &Held, at: &Limits, out: &mut Judging) -> Option<Finding> {
    let count = held.count();
    let few = |least: f64| (count as f64) < least;
    if few(at.share_min.value().min(at.count.value())) {
        return None;
    }
    let room = held.room(at.share_pct, at.share_min, at.settle_s, out);
    let (ages, soft) = (room.ages, room.soft);
    let old = ages.is_some_and(|a| a.at_least(at.age_s.value()) as f64 >= at.count.value());
    let severity = room.share.max(old.then_some(Severity::Warning));
    if severity.is_none() && ages.is_none() && !few(at.count.value()) {
        held.undecided("the ages of connections in FIN_WAIT1 and FIN_WAIT2", out);
    }
    let ends = held.ends();
    let (main, most) = ends[0];
    let n = rates::count(count);
    let title = match ends.len() {
        1 => format!(
            "{} holds {n} connections {} that it shut down and never closed",
            held.name(),
            towards(main)
        ),
        _ => format!(
            "{} holds {n} connections that it shut down and never closed, most {}",
            held.name(),
            towards(main)
        ),
    };
    let mut finding = held
        .finding(severity?, Confidence::High, title)
        .evidence("count", count)
        .evidence("oldest_s", ages.map_or(Cell::Unseen, |a| a.oldest_s.into()))
        .evidence("peer", main.to_string());
    for (state, says) in [
        (FinWait2, "the peer acknowledged the end and never closes its own side"),
        (FinWait1, "the peer does not even acknowledge the end"),
    ] {
        let n: u64 = held.groups.iter().filter(|g| g.state == state).map(|g| g.count).sum();
        if n > 0 {
            finding = finding.because(format!("{} in {}: {says}", rates::count(n), state.shown()));
        }
    }
    if let Some(a) = ages {
        finding = finding.because(format!("ages {}: a held connection has no timeout", between(&a)));
    }
    if let Some(soft) = soft {
        finding = finding.because(share_of(count, soft));
    }
    if let Some(shared) = held.owner.and_then(sharing) {
        finding = finding.because(shared);
    }
    let narrow = if most * 5 >= count * 4 { flag(main) } else { String::new() };
    Some(
        finding
            .remedy("close after the shutdown: wait for the peer's end only with a timeout")
            .next(format!("sockets{}{narrow} --state fin-wait-1,fin-wait-2", held.scope())),
    )
}

/// Closed, with bytes that nobody acknowledges. FIN_WAIT2 without a process ends by itself.
fn orphans(groups: &[&Group], at: &Limits, out: &mut Judging) {
    let nobodys = |g: &&&Group| g.state == FinWait1 && matches!(out.aside(&g.owner), Some(None));
    let groups: Vec<&Group> = groups.iter().filter(nobodys).copied().collect();
    let held = Held { owner: None, groups };
    let count = held.count();
    if count == 0 || (count as f64) < at.orphans.value() {
        return;
    }
    let (main, most) = held.ends()[0];
    let title = format!(
        "{} closed connections wait in FIN_WAIT1 for peers that do not acknowledge, most {}",
        rates::count(count),
        towards(main)
    );
    let finding = Finding::new(Severity::Warning, Confidence::Medium, Thing::Host, title)
        .about(super::by_owner::peer(main))
        .evidence("count", count)
        .evidence("oldest_s", Cell::Unseen)
        .evidence("peer", main.to_string())
        .because(
            "no process holds them: each keeps its unsent bytes in the kernel until retransmission gives up",
        )
        .because(format!("{} of them {}", rates::count(most), towards(main)))
        .remedy("look for what cuts off the peers; net.ipv4.tcp_orphan_retries ends such connections sooner")
        .next(format!("sockets{} --state fin-wait-1", flag(main)));
    out.find(finding);
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, *};
    use crate::{
        areas::sockets::facts::End,
        model::{Reading, Why},
    };

    fn severities(groups: Vec<Group>) -> Vec<Severity> {
        findings(&CHECK, &with(groups)).iter().map(|f| f.severity).collect()
    }
    fn nobodys(state: TcpState, count: u64) -> Group {
        Group { owner: Reading::seen(None), ages: hole(Why::Unsupported), ..group(state, count, &[]) }
    }

    #[test]
    fn what_was_shut_down_and_not_closed_names_its_process() {
        let f = &findings(&CHECK, &with(vec![group(FinWait2, 60, &[500]), group(FinWait1, 5, &[700])]))[0];
        assert_eq!(
            f.title,
            "node (pid 41) holds 65 connections to 10.0.3.7:443 that it shut down and never closed"
        );
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert!(matches!(&f.subject, Thing::Process(p) if p.pid == 41));
        assert_eq!(f.about, [Thing::Peer { address: "10.0.3.7:443".into() }]);
        assert_eq!(
            f.evidence,
            [
                ("count", Cell::Int(65)),
                ("oldest_s", Cell::Int(700)),
                ("peer", Cell::Text("10.0.3.7:443".into()))
            ]
        );
        assert!(f.because[0].starts_with("60 in FIN_WAIT2: the peer acknowledged"), "{:?}", f.because);
        assert_eq!(f.next, ["sockets --pid 41 --peer 10.0.3.7:443 --state fin-wait-1,fin-wait-2"]);
    }

    #[test]
    fn both_rules_begin_exactly_at_their_limits() {
        assert_eq!(severities(vec![group(FinWait2, 50, &[120])]), [Severity::Warning]);
        assert_eq!(severities(vec![group(FinWait2, 49, &[120])]), []);
        assert_eq!(severities(vec![group(FinWait2, 50, &[119])]), []);
        let share = |count, soft, ages: &[u32]| {
            let owner = Reading::seen(Some(owner(41, "node", soft)));
            severities(vec![Group { owner, ..group(FinWait2, count, ages) }])
        };
        assert_eq!(share(40, 256, &[1]), [Severity::Warning]);
        assert_eq!(share(40, 256, &[0]), []);
        assert_eq!(share(19, 64, &[1]), []);
        assert_eq!(share(52, 64, &[1]), [Severity::Critical]);
    }

    #[test]
    fn ordinary_orphans_are_silent() {
        let facts = with(vec![nobodys(FinWait2, 50_000), nobodys(FinWait1, 2_000)]);
        assert_eq!(outcome(&CHECK, &facts), "clear 52000/0");
    }

    #[test]
    fn very_many_unacknowledged_orphans_are_about_the_host_and_never_about_a_process() {
        let more = Group { end: End::ClientsOf(443), ..nobodys(FinWait1, 9_000) };
        let f = &findings(&CHECK, &with(vec![more, nobodys(FinWait1, 1_000)]))[0];
        assert_eq!(
            (&f.subject, f.severity, f.confidence),
            (&Thing::Host, Severity::Warning, Confidence::Medium)
        );
        assert_eq!(evidence(f, "count"), Some(&Cell::Int(10_000)));
        assert_eq!(evidence(f, "oldest_s"), Some(&Cell::Unseen));
        assert!(f.title.ends_with("most from clients of :443"), "{}", f.title);
        assert_eq!(outcome(&CHECK, &with(vec![nobodys(FinWait1, 9_999)])), "clear 9999/0");
    }

    #[test]
    fn without_ages_or_owners_many_are_not_called_clear() {
        let blind = |n| with(vec![Group { ages: hole(Why::Unsupported), ..group(FinWait2, n, &[]) }]);
        assert_eq!(outcome(&CHECK, &blind(50)), "unknown Unsupported");
        assert_eq!(outcome(&CHECK, &blind(19)), "clear 19/0");
        let strange =
            |ages: &[u32]| with(vec![Group { owner: hole(Why::Denied), ..group(FinWait2, 60, ages) }]);
        assert_eq!(outcome(&CHECK, &strange(&[10])), "unknown Denied");
        let f = &findings(&CHECK, &strange(&[500]))[0];
        assert_eq!((f.confidence, &f.subject), (Confidence::Low, &Thing::Host));
    }

    #[test]
    fn a_narrowed_run_is_skipped() {
        let facts = Facts { mask: FinWait2.bit(), ..quiet() };
        assert_eq!(outcome(&CHECK, &facts), "skipped");
    }
}
