//! `sockets/conntrack-near-limit`

use crate::{
    areas::sockets::facts::Facts,
    check,
    model::{Confidence, Finding, Judging, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// The table in which the kernel tracks connections for its firewall and NAT, against `nf_conntrack_max`. The count
    /// belongs to the network namespace that reads it: inside a pod or container it says next to nothing while the
    /// machine's table is full, so there it is unknown, as it is where conntrack is not loaded.
    ///
    /// ## Why it matters
    ///
    /// When the table is full, packets that would begin a new entry are dropped without a word: new connections hang, and
    /// so do DNS lookups over UDP, while what is open goes on as before. Services on Kubernetes nodes and Docker hosts all
    /// pass through it.
    ///
    /// ## Confirm
    ///
    ///     sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max
    ///     dmesg | grep 'nf_conntrack: table full'
    ///     conntrack -S
    ///
    /// `drop` and `insert_failed` of `conntrack -S` rise when it is full. `conntrack -L | awk '{print $1, $4}' | sort |
    /// uniq -c | sort -n` tells what fills it.
    ///
    /// ## Fix
    ///
    /// `sysctl net.netfilter.nf_conntrack_max=N` at once, with `nf_conntrack_buckets` in step; each entry costs some
    /// hundred bytes. Then find what makes so many: connections that are not reused, a flood, or the default of days for
    /// idle established ones (`nf_conntrack_tcp_timeout_established`). Traffic that needs no NAT can be left untracked
    /// (`notrack` in nft). On Kubernetes nodes kube-proxy sets the maximum: `conntrack.maxPerCore` in its configuration.
    "sockets/conntrack-near-limit": "the connection tracking table is nearly full"
    {
        used_pct: "entries in the table, % of nf_conntrack_max" = 80, 95;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(&used) = out.part(&f.tables.conntrack, "nf_conntrack_count") else { return };
    let Some(&max) = out.part(&f.tables.conntrack_max, "nf_conntrack_max") else { return };
    out.looked(1);
    // Nought is "no limit": `__nf_conntrack_alloc`.
    if max == 0 {
        return;
    }
    let pct = used as f64 * 100.0 / max as f64;
    let Some(severity) = at.used_pct.of(pct) else { return };
    let (n, all) = (rates::count(used), rates::count(max));
    let left = match max.saturating_sub(used) {
        0 => "none is left: new connections are dropped without a word".into(),
        left => {
            format!("{} are left; at none new connections are dropped without a word", rates::count(left))
        }
    };
    out.find(
        Finding::new(
            severity,
            Confidence::High,
            Thing::Host,
            format!("the machine tracks {n} of at most {all} connections ({pct:.0} %)"),
        )
        .evidence("used", used)
        .evidence("max", max)
        .because(left)
        .remedy("raise net.netfilter.nf_conntrack_max, then find what makes or keeps so many entries")
        .next("sockets --group-by state"),
    );
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, CHECK};
    use crate::{
        areas::sockets::facts::{Facts, Tables},
        model::{Cell, Reading, Severity, Thing, Why},
    };

    fn table(used: Reading<u64>, max: Reading<u64>) -> Facts {
        let quiet = quiet();
        Facts { tables: Tables { conntrack: used, conntrack_max: max, ..quiet.tables }, ..quiet }
    }
    fn filled(used: u64, max: u64) -> Facts {
        table(Reading::seen(used), Reading::seen(max))
    }

    #[test]
    fn a_nearly_full_table_is_a_finding_about_the_machine() {
        let found = findings(&CHECK, &filled(250_000, 262_144));
        let [f] = &found[..] else { panic!("{found:?}") };
        assert_eq!((f.severity, &f.subject), (Severity::Critical, &Thing::Host));
        assert_eq!(f.evidence, [("used", Cell::Int(250_000)), ("max", Cell::Int(262_144))]);
        assert_eq!(f.title, "the machine tracks 250,000 of at most 262,144 connections (95 %)");
        assert!(f.because[0].starts_with("12,144 are left"), "{:?}", f.because);
        assert!(findings(&CHECK, &filled(100, 100))[0].because[0].starts_with("none is left"));
    }

    #[test]
    fn levels_and_a_healthy_table() {
        let severity = |used| findings(&CHECK, &filled(used, 1_000)).first().map(|f| f.severity);
        assert_eq!(
            [799, 800, 949, 950].map(severity),
            [None, Some(Severity::Warning), Some(Severity::Warning), Some(Severity::Critical)]
        );
        assert_eq!(outcome(&CHECK, &quiet()), "clear 1/0");
        assert_eq!(outcome(&CHECK, &filled(1_000_000, 0)), "clear 1/0");
    }

    #[test]
    fn outside_the_hosts_namespace_and_without_the_module_it_is_unknown() {
        let max = || Reading::seen(262_144);
        assert_eq!(outcome(&CHECK, &table(hole(Why::Unsupported), max())), "unknown Unsupported");
        assert_eq!(outcome(&CHECK, &table(hole(Why::Absent), hole(Why::Absent))), "unknown Absent");
        assert_eq!(outcome(&CHECK, &table(Reading::seen(0), hole(Why::Denied))), "unknown Denied");
    }
}
