//! `dns/dead-server`

use super::{
    super::facts::{
        Facts,
        conf::{Conf, Libc},
        plan::glibc_waits,
        wire::{Asked, Came, ServerSeen, Try},
    },
    first, name_and_types, peer, servers, took, uses,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// A nameserver of the settings that answers nothing, or nothing of one type: several packets were sent to it and
    /// nothing came back, or an ICMP message said that nobody is there. Every server is asked by itself, so one that others
    /// make up for is seen as well. A server to which this network has no way at all is not judged: it is said to be
    /// unreachable from here.
    ///
    /// ## Why it matters
    ///
    /// glibc asks the servers in the order of the file, from the first one in every lookup: a dead one in front costs
    /// each lookup its whole timeout. musl asks all of them at once and does not notice. With all of them dead no name
    /// is found: applications say EAI_AGAIN, and sometimes ENOTFOUND. A type that is never answered, AAAA most often, costs
    /// glibc three timeouts in each process.
    ///
    /// ## Confirm
    ///
    /// `dig @SERVER NAME +tries=1 +time=2` for this server, and for each other one of `/etc/resolv.conf`. `paramedic dns NAME`
    /// asks all of them and shows beside it what a lookup costs.
    ///
    /// ## Fix
    ///
    /// Mend or replace the server; take it out of `/etc/resolv.conf` (of the kubelet, the DHCP server or
    /// `systemd-resolved`, whoever writes that file). Until then `options timeout:1 attempts:2` makes it cost less. In a
    /// cluster look at the endpoints of the DNS service and at network policies that forbid port 53.
    "dns/dead-server": "a nameserver answers nothing"
    {
        min_packets: "packets without an answer before it is silence" = 3;
    }
    judge(Facts)
}

/// So long no server keeps silent about the root, whatever its upstream does.
const GIVEN_UP_MS: f64 = 2500.0;

/// What is dead of one server.
struct Dead<'f> {
    server: &'f ServerSeen,
    place: usize,
    /// Everything, or these questions only.
    whole: bool,
    of: Vec<(&'f Asked, &'f Try)>,
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(servers) = servers(f, out) else { return };
    let mut dead = Vec::new();
    let (mut alive, mut unseen) = (0, 0);
    for (place, server) in servers.iter().enumerate() {
        let tries: Vec<_> = server.asked.iter().map(|a| (a, first(a, out))).collect();
        let seen: Vec<(&Asked, &Try)> = tries.iter().filter_map(|(a, t)| Some((*a, (*t)?))).collect();
        let answered = seen.iter().filter(|(_, t)| answers(&t.came)).count();
        let gone = |(_, t): &(&Asked, &Try)| match t.came {
            Came::Silence => f64::from(t.sends) >= at.min_packets.value(),
            Came::Closed | Came::Unreachable => true,
            _ => false,
        };
        let mut of: Vec<_> = seen.iter().copied().filter(gone).collect();
        if answered > 0 {
            // Our own choices only show whether it is there.
            of.retain(|(a, _)| !a.control && a.name != ".");
        }
        // Nobody named it, nobody listens: a machine without DNS, which the settings say elsewhere.
        let nobody = server.default && of.iter().all(|(_, t)| t.came == Came::Closed);
        match (answered, of.is_empty() || nobody) {
            (_, true) if seen.is_empty() || nobody => unseen += 1,
            (0, false) => dead.push(Dead { server, place, whole: true, of }),
            (_, false) => {
                alive += 1;
                dead.push(Dead { server, place, whole: false, of });
            }
            (..) => alive += 1,
        }
    }
    let all = alive == 0 && unseen == 0;
    let conf = out.aside(&f.settings.conf).and_then(|c| c.iter().find(|c| c.libc == Libc::Glibc));
    let conf = conf.filter(|_| uses(f, Libc::Glibc, out));
    for d in dead {
        out.find(finding(&d, servers.len(), all, conf));
    }
}

fn answers(came: &Came) -> bool {
    matches!(came, Came::Reply(_) | Came::Malformed)
}

fn finding(d: &Dead, servers: usize, all: bool, conf: Option<&Conf>) -> Finding {
    let worst = d.of.iter().map(|(_, t)| t.ms).fold(0.0, f64::max);
    let packets: u32 = d.of.iter().map(|(_, t)| t.sends).sum();
    let (asked, one) = d.of[0];
    let came = match one.came {
        Came::Closed => "nobody listens on its port".to_string(),
        Came::Unreachable => "the network says that there is no such host".to_string(),
        _ => format!("{packets} packets, no answer in {}", took(worst)),
    };
    let name = &d.server.address;
    let title = match (d.whole, one.came == Came::Silence) {
        (true, true) => format!("nameserver {name} does not answer"),
        (true, false) => format!("nameserver {name} is not there: {came}"),
        (false, _) => {
            let kinds: Vec<&Asked> = d.of.iter().map(|o| o.0).collect();
            format!("nameserver {name} does not answer for {}", name_and_types(&kinds))
        }
    };
    let severity = if all { Severity::Critical } else { Severity::Warning };
    // The root was our own choice: a server with no way out of its network may still be asking for it.
    let guess = asked.name == "." && one.came == Came::Silence && worst < GIVEN_UP_MS;
    let confidence = match d.whole {
        true if guess => Confidence::Low,
        true => Confidence::High,
        false => Confidence::Medium,
    };
    let mut finding = Finding::new(severity, confidence, peer(d.server), title)
        .evidence("came", one.came.word(&asked.kind))
        .evidence("waited_ms", worst)
        .evidence("packets", packets)
        .evidence("place", d.place + 1)
        .evidence("servers", servers)
        .because(came);
    let wait = conf.and_then(|c| Some((c, *glibc_waits(c).get(d.place)?)));
    finding = match (d.whole, wait) {
        _ if all && servers > 1 => finding.because("no other server answers either"),
        (true, _) if all => finding.because("it is the only one: no name can be looked up"),
        (true, Some((c, wait))) if d.place == 0 && one.came == Came::Silence => {
            let often = if c.rotate { "every other lookup" } else { "every lookup" };
            finding
                .evidence("lookup_waits_s", wait)
                .because(format!("it is the first of {servers}: under glibc {often} waits {wait} s for it"))
        }
        (true, _) => finding.because("another server makes up for it"),
        (false, _) if d.server.real().count() == d.of.len() => {
            finding.because("it is there and answers other questions: who it asks for this one does not")
        }
        (false, _) => finding.because(format!(
            "it answers other types of {}: under glibc a lookup waits for this one up to three times",
            asked.name
        )),
    };
    let late: u32 = d.of.iter().map(|(a, _)| a.odd.late).sum();
    if late > 0 {
        finding = finding
            .evidence("late", late)
            .because("an answer came when nobody waited for it any more: it is slow rather than dead");
    }
    finding
        .remedy("mend or replace it, or take it out of /etc/resolv.conf at whoever writes that file")
        .next(format!("dns {} --server {name}", asked.name.trim_start_matches('.')).replace("dns  ", "dns "))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Thing, Why};

    #[test]
    fn one_of_two_is_a_warning_with_what_it_costs_each_lookup() {
        let f = &found(&CHECK, &with_servers(vec![silent("10.0.0.1"), healthy("10.0.0.2", 1.0)]))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert_eq!(f.title, "nameserver 10.0.0.1 does not answer");
        assert_eq!(f.subject, Thing::Peer { address: "10.0.0.1:53".into() });
        assert!(f.evidence.contains(&("lookup_waits_s", Cell::Int(5))), "{f:?}");
        let keys: Vec<_> = f.evidence.iter().map(|e| e.0).collect();
        assert_eq!(keys, ["came", "waited_ms", "packets", "place", "servers", "lookup_waits_s"]);
        assert_eq!(f.next, ["dns db.test --server 10.0.0.1"]);
        let behind = &found(&CHECK, &with_servers(vec![healthy("10.0.0.2", 1.0), silent("10.0.0.1")]))[0];
        assert!(behind.because.contains(&"another server makes up for it".to_string()), "{behind:?}");
    }

    #[test]
    fn all_of_them_is_critical_unless_one_was_not_seen() {
        let both = found(&CHECK, &with_servers(vec![silent("10.0.0.1"), silent("10.0.0.2")]));
        assert_eq!((both.len(), both[0].severity), (2, Severity::Critical));
        let far = server("10.0.0.2", vec![unseen("A", Why::Unsupported)]);
        let one = found(&CHECK, &with_servers(vec![silent("10.0.0.1"), far]));
        assert_eq!((one.len(), one[0].severity), (1, Severity::Warning));
    }

    #[test]
    fn a_closed_port_is_said_but_not_where_nobody_named_a_server() {
        let closed = server("10.0.0.1", vec![asked("A", &Came::Closed, &[0.1])]);
        let f = &found(&CHECK, &with_servers(vec![closed.clone()]))[0];
        assert!(f.title.contains("nobody listens"), "{}", f.title);
        let default = ServerSeen { default: true, ..closed };
        assert_eq!(clear(&CHECK, &with_servers(vec![default])).1, 0);
    }

    #[test]
    fn a_type_that_is_never_answered_is_told_from_a_dead_server() {
        let half = vec![asked("A", &reply(0, 1), &[1.0, 1.0, 1.0]), asked("AAAA", &Came::Silence, &[900.0])];
        let f = &found(&CHECK, &with_servers(vec![server("10.0.0.1", half)]))[0];
        assert_eq!(f.title, "nameserver 10.0.0.1 does not answer for db.test (AAAA)");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Medium));
    }

    #[test]
    fn a_server_that_is_silent_about_one_name_is_there() {
        let no = |kind| asked(kind, &Came::Silence, &[900.0]);
        let control = Asked {
            chosen: true,
            control: true,
            name: "localhost".into(),
            ..asked("A", &reply(3, 0), &[1.0])
        };
        let f =
            &found(&CHECK, &with_servers(vec![server("10.0.0.1", vec![no("A"), no("AAAA"), control])]))[0];
        assert_eq!(f.title, "nameserver 10.0.0.1 does not answer for db.test (A, AAAA)");
        assert_eq!(f.severity, Severity::Warning);
        assert!(f.because[1].starts_with("it is there"), "{f:?}");
    }

    #[test]
    fn an_answer_that_came_too_late_is_kept_as_evidence() {
        let mut slow = asked("A", &Came::Silence, &[3000.0]);
        let title = |a: &Asked| {
            let f = found(&CHECK, &with_servers(vec![server("10.0.0.1", vec![a.clone()])])).remove(0);
            (
                f.because.iter().any(|b| b.contains("slow rather than dead")),
                f.evidence.iter().any(|e| e.0 == "late"),
            )
        };
        assert_eq!(title(&slow), (false, false));
        slow.odd.late = 2;
        assert_eq!(title(&slow), (true, true));
    }

    #[test]
    fn silence_about_the_root_is_a_guess_until_it_has_lasted() {
        let root = |ms| Asked { name: ".".into(), ..asked("A", &Came::Silence, &[ms]) };
        let of = |ms| found(&CHECK, &with_servers(vec![server("10.0.0.1", vec![root(ms)])])).remove(0);
        assert_eq!((of(900.0).severity, of(900.0).confidence), (Severity::Warning, Confidence::Low));
        assert_eq!((of(3000.0).severity, of(3000.0).confidence), (Severity::Critical, Confidence::High));
        let control = Asked { chosen: true, control: true, ..asked("A", &reply(0, 1), &[1.0]) };
        clear(&CHECK, &with_servers(vec![server("10.0.0.1", vec![root(900.0), control])]));
    }

    #[test]
    fn healthy_servers_one_lost_packet_and_no_way_there_are_silent() {
        assert_eq!(clear(&CHECK, &with_servers(vec![healthy("10.0.0.1", 1.0)])), (2, 0));
        let mut once = asked("A", &Came::Silence, &[900.0]);
        once.udp = vec![crate::model::Reading::seen(Try { came: Came::Silence, ms: 900.0, sends: 2 })];
        clear(&CHECK, &with_servers(vec![server("10.0.0.1", vec![once])]));
        let far = server("10.0.0.1", vec![unseen("A", Why::Unsupported)]);
        unknown(&CHECK, &with_servers(vec![far]), Why::Unsupported);
        skipped(&CHECK, &with_conf(Libc::Glibc, "nameserver 10.0.0.1\n"));
    }
}
