//! `sockets/orphans`

use super::holder::peer;
use crate::{
    areas::sockets::facts::{End, Facts, Group},
    check,
    model::{Confidence, Finding, Judging, TcpState, Thing, rates},
};
use std::collections::BTreeMap;

check! {
    /// ## What it sees
    ///
    /// Sockets that their process has closed and the kernel still keeps, because what was sent is not acknowledged
    /// (FIN_WAIT1, LAST_ACK, CLOSING), against `net.ipv4.tcp_max_orphans`. Both figures are of the whole machine, also when
    /// they are read inside a container. TIME_WAIT does not count. The end with the most orphans visible here is shown.
    ///
    /// ## Why it matters
    ///
    /// Each orphan holds buffers that no limit of any process counts. Above the maximum the kernel resets them, and the
    /// peer loses the end of what was sent: downloads are cut, answers never arrive. Those whose peer has been silent for
    /// long count double against the maximum, so for them the resets begin much earlier.
    ///
    /// ## Confirm
    ///
    ///     cat /proc/net/sockstat; sysctl net.ipv4.tcp_max_orphans
    ///     nstat -az TcpExtTCPAbortOnMemory TcpExtTCPAbortOnTimeout
    ///     dmesg | grep 'too many orphaned sockets'
    ///     ss -tano state fin-wait-1
    ///
    /// ## Fix
    ///
    /// Find out why the peers do not acknowledge: clients that vanish or read slowly, a load balancer that drops what it has
    /// given up, a firewall that forgets. Then make the kernel give up sooner: `net.ipv4.tcp_orphan_retries`. Raise
    /// `tcp_max_orphans` only with memory to spare, for what an orphan holds cannot be swapped.
    ///
    /// - nginx: `reset_timedout_connection on;`, and `send_timeout`; look at `lingering_close`.
    /// - Node, Python, Java, Go: what was written and not taken is left behind by `close`; wait for the peer to finish with
    ///   a time-out, or set SO_LINGER to nought to reset what is given up anyway.
    "sockets/orphans": "the kernel keeps many connections that their process has closed"
    {
        used_pct: "orphans, % of tcp_max_orphans; from half on the kernel may reset some" = 50, 90;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(&orphans) = out.part(&f.tables.orphans, "orphans in /proc/net/sockstat") else { return };
    let Some(&max) = out.part(&f.tables.orphans_max, "net.ipv4.tcp_max_orphans") else { return };
    out.looked(orphans);
    let pct = orphans as f64 * 100.0 / max.max(1) as f64;
    let Some(severity) = at.used_pct.of(pct).filter(|_| orphans > 0) else { return };
    let (n, all) = (rates::count(orphans), rates::count(max));
    let mut finding = Finding::new(
        severity,
        Confidence::High,
        Thing::Host,
        format!(
            "the kernel keeps {n} closed connections of at most {all} that no process holds ({pct:.0} %)"
        ),
    )
    .evidence("orphans", orphans)
    .evidence("max", max)
    .because(
        "above the maximum it resets them, and earlier where the peer is silent, for those count double",
    );
    let most = out.aside(&f.groups).and_then(|g| main_end(g.top(), out));
    let mut next = "sockets --state fin-wait-1,last-ack,closing".to_string();
    if let Some((end, n)) = most {
        let (n, who) = (rates::count(n), end.to_string());
        finding =
            finding.because(format!("of those visible here most belong to {who}: {n}")).about(peer(end));
        if let End::Peer(address) = end {
            next += &format!(" --peer {address}");
        }
    }
    out.find(
        finding
            .remedy(
                "find why the peers do not acknowledge; net.ipv4.tcp_orphan_retries makes it give up sooner",
            )
            .next(next),
    );
}

/// The end with the most sockets that nobody holds and the kernel has not brought to their end.
fn main_end<'f>(groups: &'f [Group], out: &mut Judging) -> Option<(&'f End, u64)> {
    let mut ends: BTreeMap<String, (&End, u64)> = BTreeMap::new();
    for g in groups {
        let closing = matches!(g.state, TcpState::FinWait1 | TcpState::LastAck | TcpState::Closing);
        let named = matches!(g.end, End::Peer(_) | End::ClientsOf(_));
        if closing && named && out.aside(&g.owner).is_some_and(Option::is_none) {
            ends.entry(g.end.to_string()).or_insert((&g.end, 0)).1 += g.count;
        }
    }
    ends.into_values().max_by_key(|e| e.1)
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, CHECK};
    use crate::{
        areas::sockets::facts::{End, Facts, Group, Tables},
        model::{Cell, Reading, Severity, TcpState, Thing, Why},
    };

    fn kept(orphans: Reading<u64>, orphans_max: Reading<u64>, groups: Vec<Group>) -> Facts {
        let facts = with(groups);
        Facts { tables: Tables { orphans, orphans_max, ..facts.tables.clone() }, ..facts }
    }
    fn machine(orphans: u64, groups: Vec<Group>) -> Facts {
        kept(Reading::seen(orphans), Reading::seen(4_096), groups)
    }
    fn left(state: TcpState, end: End, count: u64) -> Group {
        Group { end, owner: Reading::seen(None), ..group(state, count, &[9]) }
    }
    fn to(address: &str) -> End {
        End::Peer(address.into())
    }

    #[test]
    fn near_the_maximum_it_is_a_finding_with_the_end_that_has_most() {
        let groups = vec![
            left(TcpState::FinWait1, to("10.0.3.7:443"), 900),
            left(TcpState::LastAck, to("10.0.3.7:443"), 200),
            left(TcpState::FinWait1, End::ClientsOf(80), 1_000),
            left(TcpState::TimeWait, to("10.0.3.9:443"), 9_000),
            Group {
                owner: Reading::seen(Some(owner(41, "node", 9))),
                ..left(TcpState::FinWait1, to("x"), 5_000)
            },
            Group { owner: hole(Why::Denied), ..left(TcpState::FinWait1, to("y"), 5_000) },
        ];
        let found = findings(&CHECK, &machine(2_300, groups));
        let [f] = &found[..] else { panic!("{found:?}") };
        assert_eq!((f.severity, &f.subject), (Severity::Warning, &Thing::Host));
        assert_eq!(f.evidence, [("orphans", Cell::Int(2_300)), ("max", Cell::Int(4_096))]);
        assert_eq!(f.about, [Thing::Peer { address: "10.0.3.7:443".into() }]);
        assert!(f.because[1].ends_with("10.0.3.7:443: 1,100"), "{:?}", f.because);
        assert_eq!(f.next, ["sockets --state fin-wait-1,last-ack,closing --peer 10.0.3.7:443"]);
    }

    #[test]
    fn levels_and_a_healthy_machine() {
        let severity = |n| findings(&CHECK, &machine(n, vec![])).first().map(|f| f.severity);
        assert_eq!(
            [0, 2_047, 2_048, 3_686, 3_687].map(severity),
            [None, None, Some(Severity::Warning), Some(Severity::Warning), Some(Severity::Critical)]
        );
        assert_eq!(outcome(&CHECK, &quiet()), "clear 2/0");
        let forbidden = |n| kept(Reading::seen(n), Reading::seen(0), vec![]);
        assert_eq!(outcome(&CHECK, &forbidden(0)), "clear 0/0");
        assert_eq!(outcome(&CHECK, &forbidden(3)), "found 1");
    }

    #[test]
    fn figures_that_were_not_seen_leave_it_undecided() {
        let max = || Reading::seen(4_096);
        assert_eq!(outcome(&CHECK, &kept(hole(Why::Unsupported), max(), vec![])), "unknown Unsupported");
        assert_eq!(outcome(&CHECK, &kept(Reading::seen(4_096), hole(Why::Absent), vec![])), "unknown Absent");
        let blind = Facts { groups: hole(Why::Denied), ..machine(4_096, vec![]) };
        assert_eq!(outcome(&CHECK, &blind), "found 1");
    }
}
