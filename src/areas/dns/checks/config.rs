//! `dns/config`

use super::super::facts::{
    Facts,
    conf::{Conf, Lint},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// Lines of `/etc/resolv.conf` that do not do what they look like, read as the C library of the process reads them: a
    /// server beyond those that are ever asked, a comment behind a search list that is searched as a domain, a line that is passed
    /// over because it is no address or too long for musl. Options that the library does not know, and lines that a later one
    /// replaces, are a notice.
    ///
    /// ## Why it matters
    ///
    /// Nobody warns of it: neither library says what it passes over. The one who wrote the line believes that it works, until the
    /// server that was to make up for another is never asked, or a pod with musl does not find what one with glibc
    /// finds.
    ///
    /// ## Confirm
    ///
    /// `cat /etc/resolv.conf` in the container itself. `paramedic dns --plan --libc musl` beside `--libc glibc` shows what each of
    /// them makes of it.
    ///
    /// ## Fix
    ///
    /// Mend the line at whoever writes the file: `dnsConfig` of the pod, `--resolv-conf` of the kubelet, the DHCP server, the
    /// configuration of NetworkManager or `systemd-resolved`. Comments stand on lines of their own.
    "dns/config": "lines of resolv.conf that do not do what they look like"
    { }
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(confs) = out.part(&f.settings.conf, "the settings of the resolver could not be read") else {
        return;
    };
    out.looked(1);
    for severity in [Severity::Warning, Severity::Notice] {
        let lints: Vec<&Lint> = common(confs).into_iter().filter(|l| weight(l) == Some(severity)).collect();
        let Some(first) = lints.first() else { continue };
        let more = if lints.len() > 1 { format!(" (and {} more)", lints.len() - 1) } else { String::new() };
        let whose =
            if confs.len() == 1 { format!("under {}", confs[0].libc) } else { "under both libraries".into() };
        let subject = f.settings.process.clone().map_or(Thing::Host, Thing::Process);
        let mut finding =
            Finding::new(severity, Confidence::High, subject, format!("resolv.conf, {whose}: {first}{more}"))
                .evidence("lines", crate::model::Cell::List(lints.iter().map(ToString::to_string).collect()))
                .evidence("rules", whose);
        for lint in lints.iter().skip(1).take(8) {
            finding = finding.because(lint.to_string());
        }
        out.find(
            finding
                .remedy("mend the line at whoever writes the file: dnsConfig of the pod, the kubelet, DHCP")
                .next("dns --plan"),
        );
    }
}

/// What holds under every library that the process may use.
fn common(confs: &[Conf]) -> Vec<&Lint> {
    let Some((one, others)) = confs.split_first() else { return vec![] };
    one.lints.iter().filter(|l| others.iter().all(|c| c.lints.contains(l))).collect()
}

fn weight(lint: &Lint) -> Option<Severity> {
    match lint {
        Lint::ServerIgnored { .. }
        | Lint::NotAnAddress { .. }
        | Lint::TrailingComment { .. }
        | Lint::LineTooLong { .. }
        | Lint::OddSearchDomain { .. } => Some(Severity::Warning),
        Lint::RootSearched { .. }
        | Lint::SearchReplaced { .. }
        | Lint::OptionIgnored { .. }
        | Lint::OptionCapped { .. }
        | Lint::NoServer
        | Lint::Environment { obeyed: false, .. } => Some(Severity::Notice),
        // It works as whoever set it meant it to.
        Lint::Environment { obeyed: true, .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::conf::{Around, Libc},
        super::recorded::*,
        *,
    };
    use crate::model::{Reading, Why};

    #[test]
    fn a_line_without_its_effect_is_a_warning_and_an_option_is_a_notice() {
        let text = "search a.test # office\nnameserver 10.0.0.1\noptions rotate\n";
        let found_ = found(&CHECK, &with_conf(Libc::Musl, text));
        let severities: Vec<_> = found_.iter().map(|f| f.severity).collect();
        assert_eq!(severities, [Severity::Warning, Severity::Notice]);
        assert!(found_[0].title.contains("# is searched as a domain"), "{}", found_[0].title);
        assert!(found_[1].title.contains("option rotate"), "{}", found_[1].title);
        assert_eq!(found(&CHECK, &with_conf(Libc::Glibc, text)).len(), 1, "glibc knows rotate");
    }

    #[test]
    fn ordinary_files_are_silent() {
        for text in [
            "nameserver 10.0.0.1\n",
            "# made by somebody\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\nsearch a.test b.test\n",
            "search prod.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
            "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n",
        ] {
            clear(&CHECK, &with_conf(Libc::Glibc, text));
        }
    }

    #[test]
    fn without_the_library_only_what_holds_for_both_counts() {
        let text = b"nameserver 10.0.0.1\noptions rotate\nnameserver dns.test\n";
        let mut facts = with_conf(Libc::Glibc, "");
        facts.settings.library = Reading::unseen(Why::Unsupported);
        let both = [Libc::Glibc, Libc::Musl].map(|l| Conf::read(l, text, &Around::default()));
        facts.settings.conf = Reading::seen(both.into());
        let found_ = found(&CHECK, &facts);
        assert_eq!(found_.len(), 1);
        assert!(found_[0].title.contains("dns.test is no address"), "{}", found_[0].title);
        facts.settings.conf = Reading::unseen(Why::Denied);
        unknown(&CHECK, &facts, Why::Denied);
    }
}
