//! `http/cert-expiring`

use super::{super::facts::Facts, subject};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, rates},
};

check! {
    /// ## What it sees
    ///
    /// The certificate that the server shows ends soon, or has ended. The first of the chain counts: it is the one that is renewed.
    /// One that was made for a short time altogether is judged by how much of that time is left. A certificate that nobody can
    /// check for another reason (an unknown authority) is an error of the run and no finding.
    ///
    /// ## Why it matters
    ///
    /// At that second every client refuses the connection, all at once. Renewal is automatic nearly everywhere, so a certificate
    /// that gets this old says that the automat has been failing for weeks.
    ///
    /// ## Confirm
    ///
    /// `openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 -noout -enddate`. On every address of the name: one
    /// of several machines may have been left out.
    ///
    /// ## Fix
    ///
    /// Find out why it was not renewed: `kubectl describe certificate` and the events of cert-manager, `certbot renew --dry-run`. When the
    /// file on disk is new, the server still holds the old one: reload it.
    "http/cert-expiring": "the server's certificate ends soon"
    {
        left_days: "days until it ends; fewer are worse" = 14, 3;
        left_pct: "and no more than so much of its whole time, where that is known, %" = 33;
    }
    judge(Facts)
}

/// What stands for it without TLS.
const PLAIN: &str = "TLS, by an https:// URL";
const DAY: f64 = 86_400.0;

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(certificate) = out.part(&f.certificate, PLAIN) else { return };
    out.looked(1);
    let left = certificate.left_s;
    let short = certificate.whole_s.is_some_and(|whole| left > whole * at.left_pct.value() / 100.0);
    let severity = match left / DAY {
        days if days <= at.left_days.critical && !short => Severity::Critical,
        days if days <= at.left_days.warning && !short => Severity::Warning,
        _ => return,
    };
    let title = if left <= 0.0 {
        format!("the certificate of {} ended {} ago", f.url, rates::span(-left))
    } else {
        format!("the certificate of {} ends in {}", f.url, rates::span(left))
    };
    let ends = certificate.ends.to_string();
    let finding = Finding::new(severity, Confidence::High, subject(f, out), title)
        .evidence("ends", ends.as_str())
        .evidence("left_s", left)
        .because(format!("the first certificate that it shows ends at {ends}"))
        .remedy("find out why it was not renewed; when the file is new already, reload the server")
        .next(format!("http {} -o wide", f.url));
    out.find(finding);
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::facts::Certificate, recorded::*},
        *,
    };
    use crate::model::{Reading, Stamp, Why};

    fn ending(left_s: f64, whole_s: Option<f64>) -> Facts {
        let certificate = Certificate { ends: Stamp::from_ms(1_795_300_380_000), left_s, whole_s };
        Facts { url: "https://web/".into(), certificate: Reading::seen(certificate), ..plain() }
    }

    #[test]
    fn the_levels_begin_exactly_at_their_figure() {
        for (days, severity) in [
            (14.1, None),
            (14.0, Some(Severity::Warning)),
            (3.1, Some(Severity::Warning)),
            (3.0, Some(Severity::Critical)),
            (-1.0, Some(Severity::Critical)),
        ] {
            let facts = ending(days * DAY, None);
            match severity {
                None => drop(clear(&CHECK, &facts)),
                Some(s) => assert_eq!(found(&CHECK, &facts)[0].severity, s, "{days}"),
            }
        }
    }

    #[test]
    fn the_sentence_says_when() {
        let title = |s| found(&CHECK, &ending(s, None))[0].title.clone();
        assert_eq!(title(2.0 * DAY), "the certificate of https://web/ ends in 2d0h");
        assert_eq!(title(-3.0 * DAY), "the certificate of https://web/ ended 3d0h ago");
    }

    #[test]
    fn one_that_is_made_for_a_day_is_well_in_its_first_hours() {
        clear(&CHECK, &ending(0.9 * DAY, Some(DAY)));
        assert_eq!(found(&CHECK, &ending(0.1 * DAY, Some(DAY)))[0].severity, Severity::Critical);
    }

    #[test]
    fn without_tls_there_is_none_and_without_an_answer_it_is_unknown() {
        skipped(&CHECK, &plain());
        unknown(&CHECK, &silent(Why::Absent), Why::Absent);
    }
}
