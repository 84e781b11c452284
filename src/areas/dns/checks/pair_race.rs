//! `dns/pair-race`

use super::super::facts::Facts;
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// Pairs of questions for A and AAAA, sent at once: some over one socket, as glibc and musl send them, and as many over two
    /// sockets. Exactly one answer of a pair is lost on one socket, again and again, and never on two. Anything else that loses
    /// packets loses them in both. A few pairs that all arrive do not prove that there is no race: it is rarer on a quiet
    /// node.
    ///
    /// ## Why it matters
    ///
    /// This is the stall of five seconds: two packets of one new port reach the address translation of the node at the
    /// same time, both are taken for the first of a connection, and one is dropped. The library waits for its whole
    /// timeout, then asks again. It happens by chance, under load, and to every application of the node.
    ///
    /// ## Confirm
    ///
    /// On the node: `conntrack -S | grep -o 'insert_failed=[0-9]*'`, or the last columns of `/proc/net/stat/nf_conntrack`, rise.
    /// `RES_OPTIONS=single-request-reopen getent ahosts NAME` never stalls.
    ///
    /// ## Fix
    ///
    /// Best: a cache on the node that is reached without translation (NodeLocal DNSCache), or a kernel since 5.0. For glibc:
    /// `options single-request-reopen` in `dnsConfig` of the pod. musl has no such option: ask over a cache in the pod, or
    /// use an image with glibc. IPVS and eBPF proxies have races of their own: look at their issues.
    "dns/pair-race": "one answer of a pair is lost when both share a socket"
    {
        min_half: "pairs on one socket that lose exactly one answer" = 2;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(race) = out.part(&f.race, "pairs are sent by the command dns only") else { return };
    out.looked(u64::from(race.pairs));
    let only_here = race.half_two_sockets == 0 && race.none_two_sockets == 0;
    if f64::from(race.half_one_socket) < at.min_half.value() || !only_here {
        return;
    }
    let title = format!(
        "{} of {} pairs lose one answer when A and AAAA share a socket, none on two sockets",
        race.half_one_socket, race.pairs
    );
    let confidence =
        if race.half_one_socket * 3 >= race.pairs { Confidence::High } else { Confidence::Medium };
    let subject = Thing::Peer { address: race.server.clone() };
    out.find(
        Finding::new(Severity::Warning, confidence, subject, title)
            .evidence("half_lost", race.half_one_socket)
            .evidence("pairs", race.pairs)
            .evidence("half_lost_on_two_sockets", race.half_two_sockets)
            .evidence("all_lost", race.none_one_socket)
            .evidence("waited_ms", race.waited_ms)
            .because("libraries send both from one port at once; whatever loses packets at random would hit two sockets too")
            .because("each lookup that is hit waits for its whole timeout, five seconds unless set otherwise")
            .remedy("a cache on the node, or `options single-request-reopen` where the library is glibc")
            .next("dns --plan"),
    );
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{conf::Libc, wire::Race},
        super::recorded::*,
        *,
    };
    use crate::model::{Reading, Why};

    fn with(half_one_socket: u32, half_two_sockets: u32, none_two_sockets: u32) -> Facts {
        let race = Race {
            server: "10.0.0.1:53".into(),
            pairs: 10,
            half_one_socket,
            half_two_sockets,
            none_one_socket: 0,
            none_two_sockets,
            waited_ms: 1000.0,
        };
        Facts { race: Reading::seen(race), ..with_conf(Libc::Glibc, "") }
    }

    #[test]
    fn loss_on_one_socket_alone_is_the_race() {
        let f = &found(&CHECK, &with(10, 0, 0))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert!(f.title.starts_with("10 of 10 pairs"), "{}", f.title);
        assert_eq!(found(&CHECK, &with(2, 0, 0))[0].confidence, Confidence::Medium);
    }

    #[test]
    fn loss_everywhere_one_loss_and_none_are_not() {
        assert_eq!(clear(&CHECK, &with(0, 0, 0)), (10, 0));
        clear(&CHECK, &with(1, 0, 0));
        clear(&CHECK, &with(4, 1, 0));
        clear(&CHECK, &with(4, 0, 1));
        skipped(&CHECK, &with_conf(Libc::Glibc, ""));
        let cut = Facts { race: Reading::unseen(Why::TimedOut), ..with_conf(Libc::Glibc, "") };
        unknown(&CHECK, &cut, Why::TimedOut);
    }
}
