//! `dns/slow-server`

use super::{
    super::facts::{
        Facts,
        wire::{Asked, NO_ERROR, NX_DOMAIN, Speed, Try},
    },
    first, peer, servers, took, tries,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging},
};

check! {
    /// ## What it sees
    ///
    /// A nameserver that answers, and late every time: the median of three questions for the same name, of which the second
    /// and the third could come from its cache. One slow answer is no finding: a name that nobody asked for lately takes its
    /// time. An answer that had not come when the look ended counts as at least that late.
    ///
    /// ## Why it matters
    ///
    /// The time is paid in every lookup, and again for each domain of the search list. Runtimes that look names up on a small
    /// pool of threads, Node.js first of all, queue behind it: what is slow by half a second resolves a handful of names a
    /// second.
    ///
    /// ## Confirm
    ///
    /// `dig @SERVER NAME | grep 'Query time'`, three times. `paramedic dns NAME -o wide` sets cold, warm and TCP side by side.
    ///
    /// ## Fix
    ///
    /// Late even when warm means a server without a cache, one far away, one that is overloaded or throttled: look at its CPU
    /// limit first. A cache on the node (NodeLocal DNSCache, `systemd-resolved`, `dnsmasq`, `unbound`) takes most of it away.
    "dns/slow-server": "a nameserver is late every time"
    {
        median_ms: "median of three answers, ms" = 200, 2000;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(servers) = servers(f, out) else { return };
    for server in servers {
        let mut worst: Option<(f64, bool, &Asked, Vec<&Try>)> = None;
        for asked in server.real() {
            if first(asked, out).is_none() {
                continue;
            }
            let all = tries(asked, out);
            // How long a failure takes is the upstream's doing.
            let failed = |t: &&Try| t.came.reply().is_some_and(|r| !matches!(r.rcode, NO_ERROR | NX_DOMAIN));
            if all.len() < 3 || all.iter().any(failed) {
                continue;
            }
            let (ms, whole) = match Asked::speed(&all) {
                Some(Speed::Median(ms)) => (ms, true),
                Some(Speed::AtLeast(ms)) => (ms, false),
                None => continue,
            };
            if worst.as_ref().is_none_or(|w| ms > w.0) {
                worst = Some((ms, whole, asked, all));
            }
        }
        let Some((ms, whole, asked, all)) = worst else { continue };
        let Some(severity) = at.median_ms.of(ms) else { continue };
        let at_least = if whole { "" } else { "at least " };
        let title = format!("nameserver {} takes {at_least}{} for each answer", server.address, took(ms));
        let each: Vec<String> = all.iter().map(|t| took(t.ms)).collect();
        out.find(
            Finding::new(severity, Confidence::High, peer(server), title)
                .evidence("median_ms", ms)
                .evidence("fastest_ms", all.iter().map(|t| t.ms).fold(f64::INFINITY, f64::min))
                .evidence("name", asked.name.as_str())
                .evidence("type", asked.kind.as_str())
                .because(format!("{} {}: {}", asked.name, asked.kind, each.join(", ")))
                .because("the second and the third time it could have been in its cache")
                .remedy("look at the load and the CPU limit of the server; a cache on this node takes most of it away")
                .next("dns -o wide"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::facts::{conf::Libc, wire::Came},
            recorded::*,
        },
        *,
    };
    use crate::model::{Outcome, Severity, Why};

    fn with(ms: &[f64]) -> Facts {
        with_servers(vec![server("10.0.0.1", vec![asked("A", &reply(0, 1), ms)])])
    }

    #[test]
    fn late_every_time_is_found_and_late_once_is_not() {
        let f = &found(&CHECK, &with(&[400.0, 410.0, 405.0]))[0];
        assert_eq!(f.title, "nameserver 10.0.0.1 takes 405 ms for each answer");
        assert_eq!(f.severity, Severity::Warning);
        clear(&CHECK, &with(&[900.0, 2.0, 2.0]));
        clear(&CHECK, &with(&[900.0]));
        let fails = asked("A", &reply(2, 0), &[900.0; 3]);
        clear(&CHECK, &with_servers(vec![server("10.0.0.1", vec![fails])]));
        clear(&CHECK, &with_servers(vec![silent("10.0.0.1")]));
    }

    #[test]
    fn the_levels_begin_exactly_at_their_figure() {
        for (ms, severity) in
            [(199.9, None), (200.0, Some(Severity::Warning)), (2000.0, Some(Severity::Critical))]
        {
            let got = match outcome(&CHECK, &with(&[ms, ms, ms])) {
                Outcome::Found { findings, .. } => Some(findings[0].severity),
                _ => None,
            };
            assert_eq!(got, severity, "{ms}");
        }
    }

    #[test]
    fn what_had_not_come_counts_as_at_least_so_late() {
        let mut facts = asked("A", &reply(0, 1), &[600.0]);
        facts.udp.extend(asked("A", &Came::Silence, &[290.0, 290.0]).udp);
        let f = &found(&CHECK, &with_servers(vec![server("10.0.0.1", vec![facts])]))[0];
        assert_eq!(f.title, "nameserver 10.0.0.1 takes at least 290 ms for each answer");
    }

    #[test]
    fn not_seen_is_not_fast() {
        let far = server("10.0.0.1", vec![unseen("A", Why::TimedOut)]);
        unknown(&CHECK, &with_servers(vec![far]), Why::TimedOut);
        skipped(&CHECK, &with_conf(Libc::Musl, ""));
    }
}
