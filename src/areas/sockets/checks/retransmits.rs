//! `sockets/retransmits`

use super::holder::peer;
use crate::{
    areas::sockets::facts::{End, Facts, Group},
    check,
    model::{Confidence, Finding, Judging, TcpState, Thing, rates},
};
use std::collections::{BTreeMap, HashMap};

check! {
    /// ## What it sees
    ///
    /// Segments that the kernel had to send again during the window, as a share of those it sent, over all connections of
    /// the network namespace. It is judged only when enough was sent to say so. The peer with the most retransmissions
    /// is named; the culprit it is only when the greater part went to it.
    ///
    /// ## Why it matters
    ///
    /// Each retransmission costs at least a round trip and often a fifth of a second or more: average times stay good
    /// and the slowest requests become many times slower. Throughput falls with every loss.
    ///
    /// ## Confirm
    ///
    ///     nstat -az TcpRetransSegs TcpOutSegs TcpExtTCPTimeouts TcpExtTCPLostRetransmit
    ///     ss -tnio
    ///
    /// `nstat` shows what was added since it was called last; `retrans:NOW/TOTAL` of each connection shows which peers
    /// suffer. Drops on this machine: `ip -s link`, `nstat -az 'TcpExt*Drop'`, `tc -s qdisc`.
    ///
    /// ## Fix
    ///
    /// One peer alone: the way to it or the machine itself; `mtr --tcp --port PORT ADDRESS`. All peers: this machine's
    /// link, its traffic shaping, or the bandwidth that its instance type allows. Only large transfers: the path MTU, when
    /// something on the way drops the ICMP that tells it; `tracepath ADDRESS`, and `net.ipv4.tcp_mtu_probing=1`.
    /// CPU limits do it too: a throttled pod answers too late, and what it was sent is sent again.
    "sockets/retransmits": "much of what is sent is lost and sent again"
    {
        pct: "segments retransmitted during the window, % of those sent" = 5, 20;
        min_segments: "segments sent during the window, below which nothing is judged" = 1000;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let window = "counters over a window: --window 1s";
    let Some(&sent) = out.part(&f.during.sent, window) else { return };
    let Some(&again) = out.part(&f.during.retransmitted, window) else { return };
    out.looked(sent);
    if (sent as f64) < at.min_segments.value() {
        return;
    }
    let pct = again as f64 * 100.0 / sent.max(1) as f64;
    let Some(severity) = at.pct.of(pct) else { return };
    let worst = out.aside(&f.groups).and_then(|g| worst(g.top()));
    let of = format!("{} of {} segments", rates::count(again), rates::count(sent));
    let main = worst.as_ref().filter(|w| w.most * 2 >= w.sum);
    let title = match main {
        Some(w) => {
            format!("{} does not get what is sent to it: {of} were sent again ({pct:.0} %)", named(w.end))
        }
        None => format!("{of} were sent again ({pct:.0} %), to no peer in particular"),
    };
    let mut finding = Finding::new(severity, Confidence::High, Thing::Host, title)
        .evidence("retransmitted", again)
        .evidence("sent", sent)
        .evidence("pct", pct)
        .remedy(match main {
            Some(_) => "look at the way to this peer and at the peer itself",
            None => "look at this machine's link, its drops and its traffic shaping",
        });
    finding = match &worst {
        Some(w) => finding.about(peer(w.end)).because(format!(
            "of the retransmissions of connections that are still there, {} of {} went to {}",
            rates::count(w.most),
            rates::count(w.sum),
            named(w.end)
        )),
        None => finding.because("the connections that suffered are gone, or were not seen"),
    };
    out.find(finding.next(match main.map(|w| w.end) {
        Some(End::Peer(address)) => format!("sockets --peer {address} -o wide"),
        _ => "sockets --group-by peer -o wide".into(),
    }));
}

fn named(end: &End) -> String {
    match end {
        End::ClientsOf(port) => format!("the clients of :{port}"),
        end => end.to_string(),
    }
}

struct Worst<'f> {
    end: &'f End,
    most: u64,
    sum: u64,
}

/// The end with the most retransmissions. The figure of a group is that of its state and end, whoever holds the sockets:
/// groups of several owners repeat it.
fn worst(groups: &[Group]) -> Option<Worst<'_>> {
    let mut once: HashMap<(TcpState, String), (&End, u64)> = HashMap::new();
    for g in groups.iter().filter(|g| g.retransmitted > 0) {
        let figure = once.entry((g.state, g.end.to_string())).or_insert((&g.end, 0));
        figure.1 = figure.1.max(g.retransmitted);
    }
    let mut ends: BTreeMap<String, (&End, u64)> = BTreeMap::new();
    for ((_, name), (end, n)) in once {
        ends.entry(name).or_insert((end, 0)).1 += n;
    }
    let sum = ends.values().map(|e| e.1).sum();
    let peers = ends.into_values().filter(|e| matches!(e.0, End::Peer(_) | End::ClientsOf(_)));
    peers.max_by_key(|e| e.1).map(|(end, most)| Worst { end, most, sum })
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, CHECK};
    use crate::{
        areas::sockets::facts::{During, End, Facts, Group},
        model::{Cell, Finding, Kept, Reading, Severity, TcpState, Thing, Why},
    };

    fn window(sent: u64, again: u64, groups: Vec<Group>) -> Facts {
        let during = During {
            sent: Reading::seen(sent),
            retransmitted: Reading::seen(again),
            listen_drops: Reading::seen(0),
        };
        Facts { during, ..with(groups) }
    }
    fn losing(end: End, again: u64) -> Group {
        Group { end, retransmitted: again, segments: 5_000, ..group(TcpState::Established, 3, &[1]) }
    }
    fn to(address: &str, again: u64) -> Group {
        losing(End::Peer(address.into()), again)
    }
    fn one(facts: &Facts) -> Finding {
        let found = findings(&CHECK, facts);
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().unwrap()
    }

    #[test]
    fn the_peer_that_takes_most_of_the_losses_is_named() {
        let f = one(&window(10_000, 700, vec![to("10.0.3.7:443", 600), to("10.0.3.8:443", 90)]));
        assert_eq!((f.severity, &f.subject), (Severity::Warning, &Thing::Host));
        assert_eq!(f.about, [Thing::Peer { address: "10.0.3.7:443".into() }]);
        let figures = ["retransmitted", "sent", "pct"].map(|k| evidence(&f, k).cloned());
        assert_eq!(figures, [Some(Cell::Int(700)), Some(Cell::Int(10_000)), Some(Cell::Num(7.0))]);
        assert!(
            f.title.starts_with("10.0.3.7:443 does not get what is sent to it: 700 of 10,000"),
            "{}",
            f.title
        );
        assert_eq!(f.next, ["sockets --peer 10.0.3.7:443 -o wide"]);
    }

    #[test]
    fn losses_to_everybody_blame_no_peer_but_show_the_worst() {
        let even = ["10.0.3.7:443", "10.0.3.8:443", "10.0.3.9:443"].map(|a| to(a, 200)).to_vec();
        let f = one(&window(10_000, 700, even));
        assert!(f.title.ends_with("to no peer in particular"), "{}", f.title);
        assert_eq!(f.about.len(), 1);
        let f = one(&window(10_000, 700, vec![losing(End::Others, 900), to("10.0.3.7:443", 10)]));
        assert!(f.title.ends_with("to no peer in particular"), "{}", f.title);
        let f = one(&window(10_000, 700, vec![]));
        assert!(f.about.is_empty() && f.title.ends_with("to no peer in particular"), "{}", f.title);
        let f = one(&window(10_000, 700, vec![losing(End::ClientsOf(443), 700)]));
        assert!(f.title.starts_with("the clients of :443 "), "{}", f.title);
    }

    #[test]
    fn a_peer_shared_by_several_owners_is_counted_once() {
        let shared = || to("10.0.3.7:443", 100);
        let other = Group { owner: Reading::seen(Some(owner(42, "job", 1024))), ..shared() };
        let f = one(&window(10_000, 700, vec![shared(), other, to("10.0.3.8:443", 150)]));
        assert_eq!(f.about, [Thing::Peer { address: "10.0.3.8:443".into() }]);
        assert!(f.because[0].contains("150 of 250"), "{:?}", f.because);
    }

    #[test]
    fn the_share_and_the_sample_must_be_large_enough() {
        let severity =
            |sent, again| findings(&CHECK, &window(sent, again, vec![])).first().map(|f| f.severity);
        assert_eq!(severity(10_000, 499), None);
        assert_eq!(severity(10_000, 500), Some(Severity::Warning));
        assert_eq!(severity(10_000, 1_999), Some(Severity::Warning));
        assert_eq!(severity(10_000, 2_000), Some(Severity::Critical));
        assert_eq!(severity(999, 900), None);
        assert_eq!(severity(1_000, 900), Some(Severity::Critical));
        assert_eq!(outcome(&CHECK, &quiet()), "clear 5000/0");
        assert_eq!(outcome(&CHECK, &window(0, 0, vec![])), "clear 0/0");
    }

    #[test]
    fn one_look_has_no_rates_and_unseen_counters_are_unknown() {
        let during = |why| During { sent: hole(why), retransmitted: hole(why), listen_drops: hole(why) };
        assert_eq!(outcome(&CHECK, &Facts { during: during(Why::NotAsked), ..quiet() }), "skipped");
        assert_eq!(
            outcome(&CHECK, &Facts { during: during(Why::Unsupported), ..quiet() }),
            "unknown Unsupported"
        );
        // The groups only tell which peer: without them it is still found.
        let blind = Facts { groups: hole::<Kept<Group>>(Why::Denied), ..window(10_000, 700, vec![]) };
        assert_eq!(outcome(&CHECK, &blind), "found 1");
    }
}
