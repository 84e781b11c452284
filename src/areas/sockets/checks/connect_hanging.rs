//! `sockets/connect-hanging`

use super::by_owner::{Held, by_end, flag, groups, report, towards};
use crate::{
    areas::sockets::facts::{Facts, Mark},
    check,
    model::{Confidence, Finding, Judging, TcpState, rates},
};

check! {
    /// ## What it sees
    ///
    /// Connection attempts in SYN_SENT that were repeated more than once without any answer, several of one process to the same
    /// peer. A single lost packet repeats once and is no finding; a peer that refuses answers at once and is never in this
    /// state.
    ///
    /// ## Why it matters
    ///
    /// No answer at all means that packets are dropped: a firewall or security group, a network policy, a wrong route, a host
    /// that is gone, or a full table of tracked connections. Without a time limit of its own a caller waits for two minutes
    /// and more on each attempt.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// ss -tnpo state syn-sent
    /// ```
    ///
    /// The last figure of `timer:(on,…,N)` counts the repetitions. `nc -vz -w 3 ADDRESS PORT` from the same place hangs too, where
    /// a closed port would be refused at once.
    ///
    /// ## Fix
    ///
    /// Find who drops: rules on both sides (`nft list ruleset`, network policies, security groups), the route
    /// (`ip route get ADDRESS`), whether the address is still that of the service. Then let callers give up sooner.
    ///
    /// - Node: `net.connect` has no limit; use `AbortSignal.timeout` or the client's `connectTimeout`.
    /// - Python: `timeout=` of `requests` and `create_connection`.
    /// - Java: `connectTimeout` of the client, which is endless where it is not set.
    /// - Go: `net.Dialer{Timeout}`.
    /// - nginx: `proxy_connect_timeout`.
    "sockets/connect-hanging": "connection attempts that nobody answers"
    {
        count: "repeated attempts of one process to one peer" = 3, 20;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let narrow = "sockets in SYN_SENT: --state leaves them out";
    let Some(groups) = groups(f, &[TcpState::SynSent], narrow, out) else { return };
    let held = by_end(&groups, out);
    report(held, out, |held, _| one(held, at));
}

fn one(held: &Held, at: &Limits) -> Option<Finding> {
    let hanging = held.marked(Mark::Hanging);
    let severity = at.count.of(hanging.count as f64)?;
    let end = held.ends()[0].0;
    let n = rates::count(hanging.count);
    let title = format!("{n} connection attempts of {} {} get no answer", held.name(), towards(end));
    let times = hanging.tries;
    Some(
        held.finding(severity, Confidence::High, title)
            .evidence("count", hanging.count)
            .evidence("retransmits", times)
            .because(format!("SYN was repeated up to {times} times: neither accepted nor refused"))
            .because("packets are dropped on the way, or the peer is gone")
            .remedy(
                "find who drops the packets: firewall, policy, route, or an address that is no longer in use",
            )
            .next(format!("sockets{}{} --state syn-sent", held.scope(), flag(end))),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, *};
    use crate::{
        areas::sockets::facts::{End, Group},
        model::{Cell, Severity, Thing, Why},
    };
    use TcpState::SynSent;

    fn attempts(count: u64, hanging: u64) -> Group {
        let mut g = marked(group(SynSent, count, &[]), Mark::Hanging, hanging, &[]);
        g.ages = hole(Why::Unsupported);
        g.marks.get_mut(&Mark::Hanging).unwrap().tries = 4;
        g
    }

    #[test]
    fn attempts_without_an_answer_name_process_and_peer() {
        let f = &findings(&CHECK, &with(vec![attempts(6, 5)]))[0];
        assert_eq!(f.title, "5 connection attempts of node (pid 41) to 10.0.3.7:443 get no answer");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert!(matches!(&f.subject, Thing::Process(p) if p.pid == 41));
        assert_eq!(f.about, [Thing::Peer { address: "10.0.3.7:443".into() }]);
        assert_eq!(f.evidence, [("count", Cell::Int(5)), ("retransmits", Cell::Int(4))]);
        assert_eq!(f.next, ["sockets --pid 41 --peer 10.0.3.7:443 --state syn-sent"]);
    }

    #[test]
    fn the_levels_begin_exactly_at_their_counts() {
        let of = |n| findings(&CHECK, &with(vec![attempts(n, n)])).first().map(|f| f.severity);
        assert_eq!(
            [2, 3, 19, 20].map(of),
            [None, Some(Severity::Warning), Some(Severity::Warning), Some(Severity::Critical)]
        );
    }

    #[test]
    fn fresh_dials_and_scattered_ones_are_healthy() {
        assert_eq!(outcome(&CHECK, &with(vec![attempts(200, 0)])), "clear 200/0");
        let scattered = |i| Group { end: End::Peer(format!("10.0.0.{i}:80")), ..attempts(1, 1) };
        assert_eq!(outcome(&CHECK, &with((0..50).map(scattered).collect())), "clear 50/0");
    }

    #[test]
    fn a_process_with_several_such_peers_gives_one_finding_of_the_worst() {
        let more = |i, n| Group { end: End::Peer(format!("10.0.0.{i}:80")), ..attempts(n, n) };
        let found =
            findings(&CHECK, &with(vec![more(1, 3), more(2, 25), more(3, 4), more(4, 3), more(5, 3)]));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].about.len()), (Severity::Critical, 5));
        assert!(found[0].title.contains("to 10.0.0.2:80"), "{}", found[0].title);
        let same = "the same holds of 10.0.0.1:80, 10.0.0.3:80, 10.0.0.4:80 and 1 more";
        assert_eq!(found[0].because.last().unwrap(), same);
    }

    #[test]
    fn one_look_and_files_are_enough_and_a_narrowed_run_is_skipped() {
        let sick = with(vec![attempts(6, 5)]);
        let poor = Facts { looks: hole(Why::NotAsked), detail: hole(Why::Unsupported), ..sick.clone() };
        assert_eq!(outcome(&CHECK, &poor), "found 1");
        assert_eq!(outcome(&CHECK, &Facts { mask: TcpState::CloseWait.bit(), ..sick }), "skipped");
    }

    #[test]
    fn strangers_are_about_the_host_and_never_clear() {
        let strange = |n| with(vec![Group { owner: hole(Why::Denied), ..attempts(30, n) }]);
        let f = &findings(&CHECK, &strange(30))[0];
        assert_eq!(
            (&f.subject, f.severity, f.confidence),
            (&Thing::Host, Severity::Warning, Confidence::Low)
        );
        assert_eq!(outcome(&CHECK, &strange(1)), "unknown Denied");
    }
}
