//! `dns/servers-disagree`

use super::{
    super::facts::{
        Facts,
        wire::{NX_DOMAIN, Reply, ServerSeen},
    },
    first, peer, servers, tries,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// Two nameservers of the same settings of which one has an answer and the other says that there is no such name. Different
    /// addresses are no finding: that is how load is spread.
    ///
    /// ## Why it matters
    ///
    /// A list of servers is for one that is down, not for one that knows something else: "no such name" is an answer, and
    /// nobody asks the next server after it. Under glibc the first that is alive decides for all; when it is down or slow, names
    /// appear and vanish. musl asks all at once and takes the first answer: the same lookup works and fails by chance.
    ///
    /// ## Confirm
    ///
    /// `dig @ONE NAME +short` and `dig @OTHER NAME +short`. `paramedic dns NAME` shows all of them in one table.
    ///
    /// ## Fix
    ///
    /// List only servers that know the same names. To reach inner and outer names, list one server that forwards each zone to
    /// whom it belongs (`server=/corp.example/10.0.0.1` of dnsmasq, a `forward` block of CoreDNS, a link's domain of
    /// `systemd-resolved`).
    "dns/servers-disagree": "one nameserver knows a name that another denies"
    { }
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(servers) = servers(f, out) else { return };
    let mut questions: Vec<(&str, &str)> = Vec::new();
    let mut said: Vec<(&str, &str, &ServerSeen, bool)> = Vec::new();
    for server in servers {
        for asked in server.real() {
            if first(asked, out).is_none() {
                continue;
            }
            let key = (asked.name.as_str(), asked.kind.as_str());
            let replies: Vec<&Reply> = tries(asked, out).iter().filter_map(|t| t.came.reply()).collect();
            let known = |r: &&Reply| r.knows(&asked.kind);
            let denied = |r: &&Reply| r.rcode == NX_DOMAIN;
            // One that changes its mind is no witness.
            let knows = match (replies.iter().all(known), replies.iter().all(denied)) {
                _ if replies.is_empty() => continue,
                (true, _) => true,
                (_, true) => false,
                _ => continue,
            };
            if !questions.contains(&key) {
                questions.push(key);
            }
            said.push((key.0, key.1, server, knows));
        }
    }
    // A name is denied in all its types at once.
    let mut told: Vec<&str> = Vec::new();
    for (name, kind) in questions {
        let of = |knows: bool| {
            said.iter().filter(move |s| (s.0, s.1) == (name, kind) && s.3 == knows).map(|s| s.2)
        };
        let (yes, no): (Vec<_>, Vec<_>) = (of(true).collect(), of(false).collect());
        let (Some(one), Some(other)) = (yes.first(), no.first()) else { continue };
        if told.contains(&name) {
            continue;
        }
        told.push(name);
        let title = format!(
            "nameserver {} knows {name} and {} says there is no such name",
            one.address, other.address
        );
        let list = |all: &[&ServerSeen]| all.iter().map(|s| s.address.clone()).collect::<Vec<_>>().join(" ");
        let about: Vec<Thing> = yes.iter().chain(&no[1..]).map(|s| peer(s)).collect();
        let mut finding = Finding::new(Severity::Warning, Confidence::High, peer(other), title)
            .evidence("name", name)
            .evidence("type", kind)
            .evidence("known_by", list(&yes))
            .evidence("denied_by", list(&no))
            .because("under glibc the first server that is alive decides; no other is asked after it")
            .because("under musl the first answer wins: the same lookup works and fails by chance")
            .remedy("list only servers that know the same names; forward zones by name instead")
            .next(format!("dns {name}"));
        finding.about = about;
        out.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::Why;

    fn says(address: &str, code: u8, records: u32) -> ServerSeen {
        server(address, vec![asked("A", &reply(code, records), &[1.0, 1.0, 1.0])])
    }

    #[test]
    fn one_that_knows_and_one_that_denies_are_both_named() {
        let found = found(&CHECK, &with_servers(vec![says("10.0.0.1", 0, 1), says("10.0.0.2", 3, 0)]));
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].title,
            "nameserver 10.0.0.1 knows db.test and 10.0.0.2 says there is no such name"
        );
        assert_eq!(found[0].about, [Thing::Peer { address: "10.0.0.1:53".into() }]);
    }

    #[test]
    fn other_addresses_other_failures_and_no_address_of_a_type_are_no_disagreement() {
        for other in [says("10.0.0.2", 0, 2), says("10.0.0.2", 2, 0), says("10.0.0.2", 0, 0)] {
            clear(&CHECK, &with_servers(vec![says("10.0.0.1", 0, 1), other]));
        }
        clear(&CHECK, &with_servers(vec![says("10.0.0.1", 3, 0), says("10.0.0.2", 0, 0)]));
        clear(&CHECK, &with_servers(vec![says("10.0.0.1", 0, 1), silent("10.0.0.2")]));
        let far = server("10.0.0.1", vec![unseen("A", Why::TimedOut)]);
        unknown(&CHECK, &with_servers(vec![far]), Why::TimedOut);
    }
}
