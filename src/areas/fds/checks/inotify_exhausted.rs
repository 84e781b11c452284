//! `fds/inotify-exhausted`

use super::super::facts::{Facts, Inotify, User, share};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// A user whose processes hold nearly as many inotify instances as `fs.inotify.max_user_instances` allows for one
    /// user. Instances are counted in the descriptors of processes that are small enough to be looked through; an
    /// instance that two processes share is counted in both. For its own user paramedic makes one instance and closes
    /// it at once: when that is refused the limit is reached, whoever holds them, and nothing else can prove it, for
    /// processes of other containers with the same user count too and are not visible.
    ///
    /// ## Why it matters
    ///
    /// The refusal is EMFILE, so the log says "too many open files" although hardly any are open, and raising the limit
    /// of descriptors changes nothing. File watchers, `kubectl logs -f`, container runtimes, systemd and desktop
    /// programs stop working for this user on the whole machine.
    ///
    /// ## Confirm
    ///
    /// `cat /proc/sys/fs/inotify/max_user_instances` beside
    /// `find /proc/[1-9]*/fd -lname anon_inode:inotify | cut -d/ -f3 | sort | uniq -c | sort -n`.
    ///
    /// ## Fix
    ///
    /// `sysctl fs.inotify.max_user_instances=N` raises the limit at once, for every container of the machine. Then look
    /// at who holds most: a process needs one instance for all its watches, many of them are a leak.
    "fds/inotify-exhausted": "inotify instances of one user near their limit"
    {
        used_pct: "instances of one user, % of fs.inotify.max_user_instances" = 80, 95;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let i = &f.inotify;
    let Some(max) = out.part(&i.max, "sys/fs/inotify/max_user_instances").copied() else { return };
    // A settings file may ask for a level below the share from which users are counted at all.
    if at.used_pct.warning < Inotify::FLOOR_PCT {
        out.unseen(i.beneath, Why::NotAsked);
    } else {
        out.looked(i.beneath);
    }
    i.unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    let proof = out.aside(&i.proof).copied();
    for user in i.users.top() {
        // Nobody is clear of whom nothing was looked through; our own attempt is a look at ourselves.
        let own = if user.uid == i.own_uid { proof } else { None };
        out.looked(u64::from(user.seen > 0 || own.is_some()));
        let pct = share(user.instances, Some(max)).unwrap_or(0.0);
        let severity = match own {
            Some(true) => Some(Severity::Critical),
            // One more could be made: it is not used up, whatever the count says.
            Some(false) => at.used_pct.of(pct).map(|s| s.min(Severity::Warning)),
            None => at.used_pct.of(pct),
        };
        if let Some(severity) = severity {
            out.find(finding(user, max, own, severity));
        }
    }
    if proof == Some(true) && !i.users.top().iter().any(|u| u.uid == i.own_uid) {
        let unseen =
            User { uid: i.own_uid, name: String::new(), instances: 0, seen: 0, unseen: 0, top: None };
        out.find(finding(&unseen, max, proof, Severity::Critical));
    }
}

fn finding(user: &User, max: u64, proof: Option<bool>, severity: Severity) -> Finding {
    let who = match user.name.as_str() {
        name if name.is_empty() || name == user.uid.to_string() => format!("uid {}", user.uid),
        name => format!("{name} (uid {})", user.uid),
    };
    let (held, max_text) = (rates::count(user.instances), rates::count(max));
    let title = match proof {
        Some(true) => format!("{who} gets no more inotify instances: {held} of {max_text} are visible"),
        _ => format!("{who} holds {held} of {max_text} inotify instances"),
    };
    let confidence = if proof == Some(true) { Confidence::High } else { Confidence::Medium };
    let mut finding = Finding::new(severity, confidence, Thing::User { uid: user.uid }, title)
        .evidence("instances", user.instances)
        .evidence("max", max)
        .evidence("proof", proof == Some(true));
    if proof == Some(true) {
        finding = finding.because("an instance of our own was refused with EMFILE");
        if user.instances < max {
            finding = finding
                .because("the others belong to processes that are not visible or too big to look through");
        }
    }
    if let Some((process, n)) = &user.top {
        finding = finding
            .because(format!("{} holds {} of them", process.label(), rates::count(*n)))
            .about(Thing::Process(process.clone()))
            .next(format!("fds --pid {} --kinds all", process.pid));
    }
    finding
        .remedy("sysctl fs.inotify.max_user_instances=N raises the limit at once; then mend who holds many")
        .next("fds --kinds all")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Kept, Outcome, Reading};

    /// Own user is 0 and may make one more, unless `proof` says otherwise.
    fn machine(users: Vec<User>, proof: Reading<bool>) -> Facts {
        let inotify = Inotify { users: Kept::whole(users), beneath: 3, proof, ..facts().inotify };
        Facts { inotify, ..facts() }
    }

    #[test]
    fn the_user_is_the_subject_and_the_process_with_most_is_named() {
        let f = &found(&CHECK, &machine(vec![user(1000, 120), user(7, 3)], Reading::seen(false)))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Medium));
        assert_eq!(f.subject, Thing::User { uid: 1000 });
        assert_eq!(f.about, [Thing::Process(process(7, "watcher"))]);
        assert_eq!(
            f.evidence,
            [("instances", Cell::Int(120)), ("max", Cell::Int(128)), ("proof", Cell::Bool(false))]
        );
    }

    #[test]
    fn levels_begin_exactly_at_their_share() {
        for (n, severity) in [(102, None), (103, Some(Severity::Warning)), (122, Some(Severity::Critical))] {
            let got = match outcome(&CHECK, &machine(vec![user(1000, n)], Reading::seen(false))) {
                Outcome::Found { findings, .. } => Some(findings[0].severity),
                _ => None,
            };
            assert_eq!(got, severity, "{n}");
        }
    }

    #[test]
    fn a_refusal_is_proof_even_when_hardly_any_are_visible() {
        for users in [vec![user(0, 4)], vec![]] {
            let f = &found(&CHECK, &machine(users, Reading::seen(true)))[0];
            assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::High));
            assert_eq!(f.subject, Thing::User { uid: 0 });
            assert!(f.evidence.contains(&("proof", Cell::Bool(true))));
        }
    }

    #[test]
    fn one_that_could_still_be_made_overrules_a_count_that_shares_inflate() {
        let f = &found(&CHECK, &machine(vec![user(0, 140)], Reading::seen(false)))[0];
        assert_eq!(f.severity, Severity::Warning);
        let f = &found(&CHECK, &machine(vec![user(0, 140)], Reading::unseen(Why::Unsupported)))[0];
        assert_eq!(f.severity, Severity::Critical);
    }

    #[test]
    fn few_instances_are_clear_and_processes_not_looked_through_are_counted() {
        let mut facts = machine(vec![user(0, 12)], Reading::seen(false));
        facts.inotify.unseen = [(Why::TooMany, 20), (Why::Denied, 2)].into();
        assert_eq!(clear(&CHECK, &facts), (4, 22));
    }

    #[test]
    fn a_user_of_whom_nothing_was_looked_through_is_not_clear() {
        let blind = User { seen: 0, unseen: 9, ..user(1000, 0) };
        let mut facts = machine(vec![blind], Reading::unseen(Why::Unsupported));
        (facts.inotify.beneath, facts.inotify.unseen) = (0, [(Why::Denied, 9)].into());
        assert!(matches!(outcome(&CHECK, &facts), Outcome::Unknown { why: Why::Denied, .. }));
        // What another user holds nobody can tell, but of ourselves one attempt tells enough.
        facts.inotify.proof = Reading::seen(false);
        assert!(matches!(outcome(&CHECK, &facts), Outcome::Unknown { why: Why::Denied, .. }));
        facts.inotify.own_uid = 1000;
        assert_eq!(clear(&CHECK, &facts), (1, 9));
    }

    #[test]
    fn without_the_limit_it_is_unknown() {
        let facts = Facts { inotify: Inotify::unseen(Why::Absent), ..facts() };
        assert!(matches!(outcome(&CHECK, &facts), Outcome::Unknown { why: Why::Absent, .. }));
    }
}
