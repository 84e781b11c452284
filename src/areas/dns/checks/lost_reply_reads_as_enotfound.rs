//! `dns/lost-reply-reads-as-enotfound`

use super::{
    super::facts::{
        Facts,
        conf::Libc,
        plan::{End, From, Outcome},
        wire::{Step, Walked},
    },
    took,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// A lookup, made here as glibc makes it, that ended with "no such name" although nobody said so of the name that was
    /// meant: no server answered for a domain of the search list, glibc gave the rest of the list up, asked for the bare
    /// name as it is, and got the right answer to that wrong question.
    ///
    /// ## Why it matters
    ///
    /// The application logs ENOTFOUND (Node.js), "Name or service not known" (Python, curl), UnknownHostException (Java): that
    /// reads as a wrong name, and it is packet loss or a server that is down. Nobody retries it, and some keep it in a cache. The
    /// sign is the time: a name that does not exist is denied in milliseconds, a lost answer takes attempts times timeout.
    ///
    /// ## Confirm
    ///
    /// `time getent ahosts NAME` ends without an answer after seconds. `dig NAME.DOMAIN` with the domain of the search list shows
    /// that nobody answers there. `paramedic dns NAME` shows every step with its time.
    ///
    /// ## Fix
    ///
    /// Find out who loses the answer: `dns/dead-server`, `dns/pair-race`, limits on packets, conntrack. Ask for inner services
    /// by their full name with a dot at the end (`db.prod.svc.cluster.local.`): then a loss is EAI_AGAIN, which clients
    /// retry. A cache on the node makes fewer packets cross the network.
    "dns/lost-reply-reads-as-enotfound": "a lost answer that applications log as a wrong name"
    { }
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(walks) = out.part(&f.walks, "no name was looked up: name one") else { return };
    for walk in walks.iter().filter(|w| w.libc == Libc::Glibc) {
        let Some(end) = out.see(&walk.end) else { continue };
        let Some((lost, outcome)) = lost(walk, out).filter(|_| *end == End::NoName) else { continue };
        let subject = f.settings.process.clone().map_or(Thing::Host, Thing::Process);
        let title = format!(
            "`{}` ends as ENOTFOUND because nobody {} for {}: it is no wrong name",
            walk.name,
            if outcome == Outcome::Refused { "would answer" } else { "answered" },
            lost.name
        );
        let silent = lost.silent.join(" ");
        let finding = Finding::new(Severity::Critical, Confidence::High, subject, title)
            .evidence("name", walk.name.as_str())
            .evidence("lost", lost.name.as_str())
            .evidence("waited_ms", lost.ms)
            .evidence("packets", lost.packets)
            .evidence("lookup_ms", walk.ms)
            .evidence("silent", silent)
            .because(format!(
                "{}: {} packets, {}",
                lost.name,
                lost.packets,
                match outcome {
                    Outcome::Refused => "every server refused".to_string(),
                    _ => format!("no answer in {}", took(lost.ms)),
                }
            ))
            .because("glibc gives up the search list then and asks for the name as it is, which does not exist")
            .remedy("find who loses the answer; ask for the full name with a dot at the end, then it is EAI_AGAIN")
            .next(format!("dns {} -o wide", walk.name));
        out.find(
            lost.silent.iter().fold(finding, |f, server| f.about(Thing::Peer { address: server.clone() })),
        );
    }
}

/// The first candidate of the search list that nobody answered for.
fn lost<'w>(walk: &'w Walked, out: &mut Judging) -> Option<(&'w Step, Outcome)> {
    let searched = walk.steps.iter().filter(|s| s.from != From::AsIs);
    let mut lost = searched.filter_map(|s| Some((s, *out.aside(&s.outcome)?)));
    lost.find(|(_, o)| matches!(o, Outcome::Timeout | Outcome::Refused))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Reading, Why};

    fn step(name: &str, from: From, outcome: Reading<Outcome>) -> Step {
        Step {
            name: name.into(),
            from,
            outcome,
            ms: 2001.0,
            packets: 4,
            server: None,
            silent: vec!["10.0.0.1".into()],
            half: false,
            sent: vec![],
        }
    }
    fn walk(whose: Libc, first: Reading<Outcome>, end: Reading<End>) -> Facts {
        let steps = vec![
            step("db.a.test", From::Search(0), first),
            step("db", From::AsIs, Reading::seen(Outcome::NxDomain)),
        ];
        let walked = Walked { name: "db".into(), libc: whose, steps, end, addresses: vec![], ms: 2003.0 };
        let mut facts = with_conf(whose, "search a.test\nnameserver 10.0.0.1\n");
        facts.walks = Reading::seen(vec![walked]);
        facts
    }
    const NO_NAME: Reading<End> = Reading::seen(End::NoName);

    #[test]
    fn loss_that_ends_as_no_such_name_is_told_with_what_was_lost() {
        let f = &found(&CHECK, &walk(Libc::Glibc, Reading::seen(Outcome::Timeout), NO_NAME))[0];
        assert_eq!(
            f.title,
            "`db` ends as ENOTFOUND because nobody answered for db.a.test: it is no wrong name"
        );
        assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::High));
        let keys: Vec<_> = f.evidence.iter().map(|e| e.0).collect();
        assert_eq!(keys, ["name", "lost", "waited_ms", "packets", "lookup_ms", "silent"]);
        let f = &found(&CHECK, &walk(Libc::Glibc, Reading::seen(Outcome::Refused), NO_NAME))[0];
        assert!(f.title.contains("nobody would answer"), "{}", f.title);
    }

    #[test]
    fn a_name_that_does_not_exist_and_a_loss_that_reads_as_one_are_silent() {
        clear(&CHECK, &walk(Libc::Glibc, Reading::seen(Outcome::NxDomain), NO_NAME));
        clear(&CHECK, &walk(Libc::Glibc, Reading::seen(Outcome::Timeout), Reading::seen(End::Again)));
        clear(&CHECK, &walk(Libc::Musl, Reading::seen(Outcome::Timeout), Reading::seen(End::Again)));
    }

    #[test]
    fn what_our_deadline_cut_is_not_lost() {
        let cut = walk(Libc::Glibc, Reading::unseen(Why::TimedOut), Reading::unseen(Why::TimedOut));
        unknown(&CHECK, &cut, Why::TimedOut);
        skipped(&CHECK, &with_conf(Libc::Glibc, ""));
    }
}
