//! `dns/truncation`

use super::{super::facts::Facts, first, not_asked, peer, servers, took};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// An answer that does not fit into a UDP packet: the server cuts it and says so, and the resolver has to ask again over
    /// TCP. Whether that works is tried at the same server.
    ///
    /// ## Why it matters
    ///
    /// Where TCP works the lookup only takes longer. Where it does not, or the resolver knows no TCP (musl before 1.2.4, as in
    /// Alpine up to 3.17), this name fails while all others work, often on the day on which one more address was added to
    /// it.
    ///
    /// ## Confirm
    ///
    /// `dig @SERVER NAME +noedns +ignore` shows the flag `tc`; `dig @SERVER NAME +tcp` shows whether the rest can be had.
    ///
    /// ## Fix
    ///
    /// Open TCP port 53 to the server in firewalls, security groups and network policies. Give the name fewer records, or
    /// `options edns0` (glibc) so that more fits. For musl: an image with 1.2.4 or later.
    "dns/truncation": "an answer that does not fit into a packet"
    { }
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(servers) = servers(f, out) else { return };
    for server in servers {
        for asked in server.real() {
            let Some(udp) = first(asked, out) else { continue };
            if !udp.came.reply().is_some_and(|r| r.truncated) {
                continue;
            }
            if not_asked(&asked.tcp, "the answer over TCP", out) {
                continue;
            }
            let Some(tcp) = out.aside(&asked.tcp) else { continue };
            let whole = tcp.came.reply().is_some_and(|r| !r.truncated);
            let severity = if whole { Severity::Notice } else { Severity::Warning };
            let what = format!("{} {}", asked.name, asked.kind);
            let title = match whole {
                true => format!(
                    "{what} does not fit into a packet: nameserver {} gives it over TCP",
                    server.address
                ),
                false => format!(
                    "{what} does not fit into a packet and nameserver {} does not give it over TCP: {}",
                    server.address,
                    tcp.came.word(&asked.kind)
                ),
            };
            out.find(
                Finding::new(severity, Confidence::High, peer(server), title)
                    .evidence("name", asked.name.as_str())
                    .evidence("type", asked.kind.as_str())
                    .evidence("tcp_answer", tcp.came.word(&asked.kind))
                    .evidence("udp_ms", udp.ms)
                    .evidence("tcp_ms", tcp.ms)
                    .because(match whole {
                        true => format!("each lookup takes {} more; musl before 1.2.4 fails", took(tcp.ms)),
                        false => "lookups of this name fail while others work".to_string(),
                    })
                    .remedy("open TCP port 53 to the server, or give the name fewer records")
                    .next(format!("dns {} -o wide", asked.name)),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::facts::wire::Came, recorded::*},
        *,
    };

    #[test]
    fn what_tcp_gives_is_a_notice_and_what_it_does_not_is_a_warning() {
        for (over_tcp, severity) in [
            (reply(0, 9), Severity::Notice),
            (Came::Closed, Severity::Warning),
            (Came::Silence, Severity::Warning),
            (truncated(), Severity::Warning),
        ] {
            let cut = tcp(over_tcp, asked("A", &truncated(), &[1.0]));
            let f = &found(&CHECK, &with_servers(vec![server("10.0.0.1", vec![cut])]))[0];
            assert_eq!(f.severity, severity, "{f:?}");
        }
    }

    #[test]
    fn what_fits_is_silent_and_what_tcp_would_say_is_not_guessed() {
        assert_eq!(clear(&CHECK, &with_servers(vec![healthy("10.0.0.1", 1.0)])), (2, 0));
        skipped(&CHECK, &with_servers(vec![server("10.0.0.1", vec![asked("A", &truncated(), &[1.0])])]));
    }
}
