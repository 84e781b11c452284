//! `sockets/ports-exhausted`

use crate::{
    areas::sockets::facts::{Facts, PortUse},
    check,
    model::{Confidence, Finding, Judging, Process, Severity, TcpState, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// Local ports in use from one source address to one destination address and port, against how many there are:
    /// `ip_local_port_range` less the reserved ones. It is this pair that runs out, not the machine: the same port
    /// serves many destinations. Connections in TIME_WAIT keep their port and are counted in, but not within this machine:
    /// there the kernel takes them over after a second, unless `tcp_tw_reuse` is switched off.
    ///
    /// ## Why it matters
    ///
    /// When none is left, `connect` to that destination fails with EADDRNOTAVAIL ("cannot assign requested address"), and
    /// before that it becomes slow, because the kernel searches for a free port under a lock. Other destinations work, so
    /// the machine looks healthy.
    ///
    /// ## Confirm
    ///
    ///     sysctl net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports net.ipv4.tcp_tw_reuse
    ///     ss -tanH dst ADDRESS:PORT | awk '{print $1}' | sort | uniq -c
    ///
    /// ## Fix
    ///
    /// Mostly TIME_WAIT: a new connection for each request. Reuse them; `net.ipv4.tcp_tw_reuse=1` lets `connect` take
    /// over what waits. Mostly open: a leak, or a pool without a bound.
    ///
    /// - Node: one `http.Agent({ keepAlive: true, maxSockets })` for all requests.
    /// - Python: one `requests.Session` or `httpx.Client`, not one for each call.
    /// - Java: one `HttpClient` with a pooling manager; read and close every response.
    /// - Go: one `http.Client`; raise `MaxIdleConnsPerHost`, read bodies to their end.
    /// - nginx: `keepalive N;` in the upstream, `proxy_http_version 1.1;`, `proxy_set_header Connection "";`.
    ///
    /// A wider range, or a second source or destination address, buys time. Programs that bind before they connect
    /// want `IP_BIND_ADDRESS_NO_PORT`, else all destinations share one pool of ports.
    "sockets/ports-exhausted": "hardly a local port is left towards one destination"
    {
        used_pct: "local ports in use from one source to one destination, % of those there are" = 80, 95;
    }
    judge(Facts)
}

/// Who may hold a port; one state left out and the count is too low.
const STATES: [TcpState; 8] = [
    TcpState::Established,
    TcpState::TimeWait,
    TcpState::CloseWait,
    TcpState::FinWait1,
    TcpState::FinWait2,
    TcpState::SynSent,
    TcpState::LastAck,
    TcpState::Closing,
];

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(ports) = out.part(&f.ports, "local ports by destination") else { return };
    let Some(&available) = out.part(&f.ports_available, "net.ipv4.ip_local_port_range") else { return };
    // The most used come first: those left out are below every pair that is judged. With some states left out the counts
    // are too low, so what is found holds, but nothing is clear.
    out.looked(ports.total());
    for state in STATES {
        if out.part(&f.asked(state), "sockets in every state: --state leaves some out").is_none() {
            break;
        }
    }
    ports.top().iter().filter_map(|p| one(p, available, at)).for_each(|f| out.find(f));
}

/// Whether both ends are on this machine.
fn local(p: &PortUse) -> bool {
    p.source.starts_with("127.") || p.source == "::1"
}

fn one(p: &PortUse, available: u64, at: &Limits) -> Option<Finding> {
    let pct = |n: u64| n as f64 * 100.0 / available.max(1) as f64;
    let severity = at.used_pct.of(pct(p.used))?;
    let held = p.used.saturating_sub(p.time_wait);
    let severity = if local(p) { at.used_pct.of(pct(held)).unwrap_or(Severity::Notice) } else { severity };
    let waiting = p.time_wait * 2 >= p.used;
    // Who has most of the open ones need not be who left those in TIME_WAIT.
    let sure = match &p.owner {
        _ if severity == Severity::Notice => Confidence::Low,
        Some(_) if waiting => Confidence::Medium,
        _ => Confidence::High,
    };
    let (used, all) = (rates::count(p.used), rates::count(available));
    let subject = p.owner.clone().map_or(Thing::Host, Thing::Process);
    let title = match &p.owner {
        Some(o) => format!("{} uses up the local ports to {}: {used} of {all}", o.label(), p.peer),
        None => format!("{used} of {all} local ports from {} to {} are in use", p.source, p.peer),
    };
    let kinds =
        format!("{} of them are in TIME_WAIT, {} are open", rates::count(p.time_wait), rates::count(held));
    let (cause, remedy) = match waiting {
        true => (
            "most are done with: a new connection is made for each request",
            "reuse connections (keep-alive, a pool); net.ipv4.tcp_tw_reuse=1 gives the waiting ports back",
        ),
        false => (
            "most are open: they are leaked, or the pool has no bound",
            "close what is done with and bound the pool; a wider ip_local_port_range only buys time",
        ),
    };
    let mut finding = Finding::new(severity, sure, subject, title)
        .about(Thing::Peer { address: p.peer.clone() })
        .evidence("source", p.source.as_str())
        .evidence("used", p.used)
        .evidence("time_wait", p.time_wait)
        .evidence("available", available)
        .evidence("used_pct", pct(p.used))
        .because(kinds)
        .because(cause);
    if severity == Severity::Notice {
        finding = finding.because("within one machine the kernel takes over ports in TIME_WAIT by default");
    }
    Some(finding.remedy(remedy).next(format!(
        "sockets{} --peer {}",
        scope(p.owner.as_ref(), waiting),
        p.peer
    )))
}

/// Nobody holds what is in TIME_WAIT: narrowed to a process it would not be shown.
fn scope(owner: Option<&Process>, waiting: bool) -> String {
    owner.filter(|_| !waiting).map_or(String::new(), |o| format!(" --pid {}", o.pid))
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, CHECK};
    use crate::{
        areas::sockets::facts::{Facts, PortUse},
        model::{ALL_STATES, Cell, Confidence, Finding, Kept, Reading, Severity, TcpState, Thing, Why},
    };

    fn pair(used: u64, time_wait: u64) -> PortUse {
        PortUse {
            source: "10.0.0.2".into(),
            peer: "10.0.3.7:443".into(),
            used,
            time_wait,
            owner: Some(owner(41, "node", 4096).process),
        }
    }
    /// A range of a thousand ports.
    fn machine(pairs: Vec<PortUse>) -> Facts {
        Facts { ports: Reading::seen(Kept::whole(pairs)), ports_available: Reading::seen(1_000), ..quiet() }
    }
    fn one(p: PortUse) -> Finding {
        let found = findings(&CHECK, &machine(vec![p]));
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().unwrap()
    }

    #[test]
    fn open_connections_that_use_up_the_range_name_owner_and_destination() {
        let f = one(pair(960, 10));
        assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::High));
        assert_eq!(f.subject, Thing::Process(owner(41, "node", 4096).process));
        assert_eq!(f.about, [Thing::Peer { address: "10.0.3.7:443".into() }]);
        let keys = ["source", "used", "time_wait", "available", "used_pct"];
        let expected =
            [Cell::Text("10.0.0.2".into()), Cell::Int(960), Cell::Int(10), Cell::Int(1_000), Cell::Num(96.0)];
        assert_eq!(f.evidence, keys.into_iter().zip(expected).collect::<Vec<_>>());
        assert_eq!(f.title, "node (pid 41) uses up the local ports to 10.0.3.7:443: 960 of 1,000");
        assert_eq!(f.next, ["sockets --pid 41 --peer 10.0.3.7:443"]);
        assert!(f.because[1].contains("leaked"), "{:?}", f.because);
    }

    #[test]
    fn time_wait_counts_and_asks_for_another_cure() {
        let f = one(pair(960, 900));
        assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::Medium));
        assert!(f.remedy.contains("keep-alive"), "{}", f.remedy);
        assert_eq!(f.because[0], "900 of them are in TIME_WAIT, 60 are open");
        assert_eq!(f.next, ["sockets --peer 10.0.3.7:443"]);
    }

    #[test]
    fn with_nobody_left_who_holds_one_it_is_a_fact_about_the_machine() {
        let f = one(PortUse { owner: None, ..pair(960, 960) });
        assert_eq!((&f.subject, f.severity), (&Thing::Host, Severity::Critical));
        assert_eq!(f.title, "960 of 1,000 local ports from 10.0.0.2 to 10.0.3.7:443 are in use");
    }

    #[test]
    fn within_the_machine_time_wait_is_no_shortage() {
        for source in ["127.0.0.1", "127.0.1.1", "::1"] {
            let inside =
                |used, time_wait| one(PortUse { source: source.into(), ..pair(used, time_wait) }).severity;
            assert_eq!(inside(990, 900), Severity::Notice, "{source}");
            assert_eq!(inside(990, 150), Severity::Warning, "{source}");
            assert_eq!(inside(990, 10), Severity::Critical, "{source}");
        }
    }

    #[test]
    fn the_levels_are_of_each_pair_alone() {
        let severity = |used| findings(&CHECK, &machine(vec![pair(used, 0)])).first().map(|f| f.severity);
        assert_eq!(
            [799, 800, 949, 950].map(severity),
            [None, Some(Severity::Warning), Some(Severity::Warning), Some(Severity::Critical)]
        );
        let elsewhere = PortUse { peer: "10.0.3.8:443".into(), ..pair(700, 0) };
        assert_eq!(outcome(&CHECK, &machine(vec![pair(700, 0), elsewhere])), "clear 2/0");
        // Reserved to the last port: nothing can be connected, and nothing is divided by nought.
        let none = Facts { ports_available: Reading::seen(0), ..machine(vec![pair(1, 0)]) };
        assert_eq!(outcome(&CHECK, &none), "found 1");
        assert_eq!(outcome(&CHECK, &quiet()), "clear 0/0");
    }

    #[test]
    fn what_is_left_out_or_unseen_is_never_clear() {
        let cut = Facts { ports: Reading::seen(Kept::worst(500, vec![pair(700, 0)])), ..machine(vec![]) };
        assert_eq!(outcome(&CHECK, &cut), "clear 500/0");
        assert_eq!(outcome(&CHECK, &Facts { ports: hole(Why::Denied), ..quiet() }), "unknown Denied");
        let range = Facts { ports_available: hole(Why::Absent), ..machine(vec![pair(990, 0)]) };
        assert_eq!(outcome(&CHECK, &range), "unknown Absent");
        let narrow = |p| Facts { mask: ALL_STATES & !TcpState::TimeWait.bit(), ..machine(vec![p]) };
        assert_eq!(outcome(&CHECK, &narrow(pair(700, 0))), "skipped");
        assert_eq!(outcome(&CHECK, &narrow(pair(990, 0))), "found 1");
    }
}
