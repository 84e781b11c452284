//! `sockets/tcp-memory`

use crate::{
    areas::sockets::facts::{Facts, Group},
    check,
    model::{Confidence, Finding, Judging, Process, Severity, Thing, rates},
};
use std::collections::HashMap;

check! {
    /// ## What it sees
    ///
    /// Memory in the buffers of all TCP sockets of the machine, in pages, against `net.ipv4.tcp_mem`: its second figure is
    /// where the kernel comes under pressure, its third where it gives none any more. Both are of the whole machine, also
    /// when they are read inside a container: it may be a neighbour who fills them. The process that is named is the one
    /// with the most bytes in queues of those that are visible here.
    ///
    /// ## Why it matters
    ///
    /// Under pressure the kernel shrinks the windows of all connections: every service of the machine becomes slow. At the
    /// maximum it drops what comes in and resets connections that no process holds any more, and `send` blocks.
    ///
    /// ## Confirm
    ///
    ///     cat /proc/net/sockstat; sysctl net.ipv4.tcp_mem
    ///     nstat -az TcpExtTCPMemoryPressures TcpExtTCPMemoryPressuresChrono TcpExtTCPAbortOnMemory
    ///     dmesg | grep 'TCP: out of memory'
    ///
    /// `mem` of the line `TCP:` is in pages. `ss -tnm` shows the buffers of each connection (`skmem`), in bytes.
    ///
    /// ## Fix
    ///
    /// Find who does not read what it gets, or sends what the peer does not take: `paramedic sockets`. Memory that a slow
    /// reader holds comes back when its connections are closed. Bound what one connection may take (`net.ipv4.tcp_rmem`,
    /// `tcp_wmem`) where there are very many; raise `tcp_mem` only where the machine has memory to spare.
    "sockets/tcp-memory": "the buffers of TCP fill the memory they may have"
    {
        pressure_pct: "pages in use, % of the figure of tcp_mem from which on the kernel is under pressure" = 100;
        max_pct: "pages in use, % of the maximum of tcp_mem, from which on it is critical" = 95;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let t = &f.tables;
    let Some(&pages) = out.part(&t.pages, "pages of TCP in /proc/net/sockstat") else { return };
    let Some(&pressure) = out.part(&t.pages_pressure, "net.ipv4.tcp_mem") else { return };
    let Some(&max) = out.part(&t.pages_max, "net.ipv4.tcp_mem") else { return };
    out.looked(1);
    let reaches = |of: u64, pct: f64| pages > 0 && pages as f64 * 100.0 >= pct * of as f64;
    let (severity, title) = if reaches(max, at.max_pct.value()) {
        (Severity::Critical, "TCP has hardly any memory left on this machine")
    } else if reaches(pressure, at.pressure_pct.value()) {
        (Severity::Warning, "TCP is short of memory on this machine")
    } else {
        return;
    };
    let title = format!("{title}: {} of at most {} pages", rates::count(pages), rates::count(max));
    let effect = match severity {
        Severity::Critical => "at the maximum the kernel drops what comes in, and sending blocks",
        _ => "under pressure the kernel shrinks the windows of all connections",
    };
    let mut finding = Finding::new(severity, Confidence::High, Thing::Host, title)
        .evidence("pages", pages)
        .evidence("pressure_pages", pressure)
        .evidence("max_pages", max)
        .because(effect);
    let most = out.aside(&f.groups).and_then(|g| fullest(g.top(), out));
    let pid = most.as_ref().map_or(String::new(), |(p, _)| format!(" --pid {}", p.pid));
    finding = match most {
        Some((process, bytes)) => {
            let (who, much) = (process.label(), rates::bytes(bytes));
            finding
                .because(format!("of what is visible here {who} has most in its queues: {much}"))
                .about(Thing::Process(process.clone()))
        }
        None => finding.because("no process that is visible here has anything in its queues"),
    };
    out.find(
        finding
            .remedy(
                "find who does not read what it gets; raise net.ipv4.tcp_mem only where memory is to spare",
            )
            .next(format!("sockets{pid} --group-by owner -o wide")),
    );
}

/// The process with the most bytes in the queues of its sockets.
fn fullest<'f>(groups: &'f [Group], out: &mut Judging) -> Option<(&'f Process, u64)> {
    let mut bytes: HashMap<&Process, u64> = HashMap::new();
    for g in groups {
        if let Some(Some(owner)) = out.aside(&g.owner) {
            *bytes.entry(&owner.process).or_default() += g.bytes;
        }
    }
    bytes.into_iter().max_by_key(|(p, n)| (*n, std::cmp::Reverse(p.pid))).filter(|(_, n)| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, CHECK};
    use crate::{
        areas::sockets::facts::{Facts, Group, Tables},
        model::{Cell, Reading, Severity, TcpState, Thing, Why},
    };

    fn using(pages: u64, groups: Vec<Group>) -> Facts {
        let facts = with(groups);
        let (pages, pages_pressure) = (Reading::seen(pages), Reading::seen(6_000));
        let tables =
            Tables { pages, pages_pressure, pages_max: Reading::seen(9_000), ..facts.tables.clone() };
        Facts { tables, ..facts }
    }

    #[test]
    fn pressure_is_a_warning_and_the_maximum_critical() {
        let severity = |pages| findings(&CHECK, &using(pages, vec![])).first().map(|f| f.severity);
        assert_eq!(
            [5_999, 6_000, 8_549, 8_550].map(severity),
            [None, Some(Severity::Warning), Some(Severity::Warning), Some(Severity::Critical)]
        );
        assert_eq!(outcome(&CHECK, &quiet()), "clear 1/0");
        assert_eq!(outcome(&CHECK, &using(0, vec![])), "clear 1/0");
    }

    #[test]
    fn the_figures_are_the_evidence_and_the_fullest_process_is_named() {
        let queues = |pid, bytes| Group {
            owner: Reading::seen(Some(owner(pid, "node", 4096))),
            bytes,
            ..group(TcpState::Established, 9, &[1])
        };
        let facts = using(6_500, vec![queues(41, 3 << 20), queues(42, 4 << 20), queues(41, 2 << 20)]);
        let found = findings(&CHECK, &facts);
        let [f] = &found[..] else { panic!("{found:?}") };
        assert_eq!(f.subject, Thing::Host);
        assert_eq!(
            f.evidence,
            [
                ("pages", Cell::Int(6_500)),
                ("pressure_pages", Cell::Int(6_000)),
                ("max_pages", Cell::Int(9_000))
            ]
        );
        assert_eq!(f.about, [Thing::Process(owner(41, "node", 4096).process)]);
        assert!(f.because[1].ends_with("node (pid 41) has most in its queues: 5.0 MiB"), "{:?}", f.because);
        assert_eq!(f.next, ["sockets --pid 41 --group-by owner -o wide"]);
    }

    #[test]
    fn a_neighbour_nobody_sees_is_not_put_on_anyone_here() {
        let hidden =
            Group { owner: hole(Why::Denied), bytes: 9 << 20, ..group(TcpState::Established, 9, &[1]) };
        let idle = group(TcpState::Established, 9, &[1]);
        let found = findings(&CHECK, &using(6_500, vec![hidden, idle]));
        assert!(found[0].about.is_empty(), "{:?}", found[0].about);
    }

    #[test]
    fn figures_that_were_not_seen_leave_it_undecided() {
        let facts = |change: fn(&mut Tables)| {
            let mut f = using(9_000, vec![]);
            change(&mut f.tables);
            f
        };
        assert_eq!(outcome(&CHECK, &facts(|t| t.pages = hole(Why::Unsupported))), "unknown Unsupported");
        assert_eq!(outcome(&CHECK, &facts(|t| t.pages_pressure = hole(Why::Denied))), "unknown Denied");
        assert_eq!(outcome(&CHECK, &facts(|t| t.pages_max = hole(Why::Absent))), "unknown Absent");
    }
}
