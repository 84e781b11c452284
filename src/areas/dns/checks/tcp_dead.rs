//! `dns/tcp-dead`

use super::{
    super::facts::{Facts, wire::Came},
    first, not_asked, peer, servers,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// A nameserver that answers over UDP and not over TCP: the connection is refused, or nothing comes. Plain `check` does not
    /// try TCP; the command `dns` does, once for each question.
    ///
    /// ## Why it matters
    ///
    /// Every answer that does not fit into a packet needs TCP, and some caches on the node forward by TCP only: everything works
    /// until one answer grows. Then that name fails, and no test with a small one shows why.
    ///
    /// ## Confirm
    ///
    /// `dig @SERVER NAME +tcp` beside `dig @SERVER NAME +notcp`.
    ///
    /// ## Fix
    ///
    /// Allow TCP port 53 beside UDP in the firewall, the security group, the NetworkPolicy and the Service of the server; make
    /// the server listen on it.
    "dns/tcp-dead": "a nameserver answers over UDP and not over TCP"
    { }
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(servers) = servers(f, out) else { return };
    for server in servers {
        let (mut dead, mut alive) = (None, false);
        for asked in server.real() {
            let answers = first(asked, out).is_some_and(|t| t.came.reply().is_some());
            if !answers || not_asked(&asked.tcp, "TCP is tried by the command dns only", out) {
                continue;
            }
            match out.aside(&asked.tcp) {
                Some(t) if matches!(t.came, Came::Reply(_)) => alive = true,
                Some(t) => dead = dead.or(Some((asked, t))),
                None => {}
            }
        }
        let Some((asked, tcp)) = dead.filter(|_| !alive) else { continue };
        let title = format!(
            "nameserver {} answers over UDP and not over TCP: {}",
            server.address,
            tcp.came.word(&asked.kind)
        );
        out.find(
            Finding::new(Severity::Warning, Confidence::High, peer(server), title)
                .evidence("tcp_answer", tcp.came.word(&asked.kind))
                .evidence("tcp_ms", tcp.ms)
                .evidence("name", asked.name.as_str())
                .because("answers that do not fit into a packet cannot be had from it")
                .remedy("allow TCP port 53 to the server beside UDP, and make it listen there")
                .next("dns -o wide"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Reading, Why};

    #[test]
    fn udp_alone_is_found_whatever_tcp_says_instead() {
        for over_tcp in [Came::Closed, Came::Silence, Came::Unreachable, Came::Ended] {
            let half = tcp(over_tcp, asked("A", &reply(0, 1), &[1.0]));
            let f = &found(&CHECK, &with_servers(vec![server("10.0.0.1", vec![half])]))[0];
            assert_eq!(f.severity, Severity::Warning);
        }
    }

    #[test]
    fn both_alive_both_dead_and_not_tried_are_silent() {
        let both = tcp(reply(0, 1), asked("A", &reply(0, 1), &[1.0]));
        clear(&CHECK, &with_servers(vec![server("10.0.0.1", vec![both])]));
        let neither = tcp(Came::Closed, asked("A", &Came::Silence, &[900.0]));
        clear(&CHECK, &with_servers(vec![server("10.0.0.1", vec![neither])]));
        skipped(&CHECK, &with_servers(vec![healthy("10.0.0.1", 1.0)]));
        let mut cut = asked("A", &reply(0, 1), &[1.0]);
        cut.tcp = Reading::unseen(Why::TimedOut);
        unknown(&CHECK, &with_servers(vec![server("10.0.0.1", vec![cut])]), Why::TimedOut);
    }
}
