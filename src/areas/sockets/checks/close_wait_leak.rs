//! `sockets/close-wait-leak`

use super::arrivals::Course;
use super::by_owner::{Held, by_owner, flag, groups, report, share_of, sharing, towards};
use crate::{
    areas::sockets::facts::{Facts, Mark},
    check,
    model::{Cell, Confidence, Finding, Judging, Severity, TcpState, rates},
};

check! {
    /// ## What it sees
    ///
    /// Connections in CLOSE_WAIT: the peer has closed its side, and the process has not closed its own. They are put
    /// together by process and judged by how many are old while more arrive, and by their share of the soft limit of
    /// descriptors. A batch to which nothing is added counts only by its share, and what is younger than a moment never
    /// counts: a busy server always has some that it is just about to close.
    ///
    /// Why they stay is told by the receive queue: empty means that the process has read the end of the stream and forgot
    /// to close; not empty means that it never looked at the connection again. Ages are lower bounds, by the last
    /// segment of the peer.
    ///
    /// ## Why it matters
    ///
    /// CLOSE_WAIT has no timeout: only the process can end it. Each one holds a descriptor and memory until none is left,
    /// and then `accept`, `connect` and `open` fail with EMFILE. Connection pools keep a few for hours, which is harmless.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// ss -tnp state close-wait
    /// ```
    ///
    /// Recv-Q of each line tells whether the end was read (0) or not. `ss -tnpi state close-wait` shows `lastack`, the
    /// milliseconds since the peer's last segment.
    ///
    /// ## Fix
    ///
    /// Close the connection on every path, errors and time-outs included. A restart only buys time.
    ///
    /// - Node: leave `allowHalfOpen` off or call `socket.end()` on `'end'`; consume or `destroy()` every response, and
    ///   `await response.body.cancel()` of a `fetch` whose body is not wanted.
    /// - Python: `with` around sockets and responses; `response.close()` where `stream=True`; one `Session`, not one for
    ///   each call.
    /// - Java: try-with-resources around responses and streams; let the pool evict idle connections.
    /// - Go: `defer resp.Body.Close()` as soon as the error was checked, and read the body to its end.
    /// - nginx and other proxies: look at the module or upstream that holds the request; a worker that is old after a reload
    ///   keeps its connections.
    "sockets/close-wait-leak": "connections that the peer closed and the process did not"
    {
        count: "old connections in CLOSE_WAIT of one process, while more arrive" = 100;
        age_s: "seconds from which on one is old" = 120;
        recent_s: "seconds within which the last must have arrived" = 600;
        share_pct: "connections in CLOSE_WAIT, % of the soft limit of descriptors" = 10, 80;
        share_min: "fewer than this are no share worth a word" = 20;
        settle_s: "younger ones, in seconds, are still being closed and count in no share" = 1;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let narrow = "sockets in CLOSE_WAIT: --state leaves them out";
    let Some(groups) = groups(f, &[TcpState::CloseWait], narrow, out) else { return };
    let held = by_owner(&groups, out);
    report(held, out, |held, out| one(held, at, out));
}

fn one(held: &Held, at: &Limits, out: &mut Judging) -> Option<Finding> {
    let count = held.count();
    let few = |least: f64| (count as f64) < least;
    if few(at.share_min.value().min(at.count.value())) {
        return None;
    }
    let room = held.room(at.share_pct, at.share_min, at.settle_s, out);
    let (ages, soft) = (room.ages, room.soft);
    let leaks = ages.is_some_and(|a| {
        let recent = a.younger_than(at.recent_s.value()) > a.younger_than(at.settle_s.value());
        let fresh = a.youngest_s <= a.oldest_s / 4;
        a.at_least(at.age_s.value()) as f64 >= at.count.value() && recent && fresh
    });
    let severity = room.share.max(leaks.then_some(Severity::Warning));
    if severity.is_none() && ages.is_none() && !few(at.count.value()) {
        held.undecided("the ages of connections in CLOSE_WAIT", out);
    }
    Some(finding(held, severity?, ages.map(|a| Course::of(&a, at.age_s.value(), at.recent_s.value())), soft))
}

fn finding(held: &Held, severity: Severity, course: Option<Course>, soft: Option<u64>) -> Finding {
    let (count, ends) = (held.count(), held.ends());
    let (main, most) = ends[0];
    let n = rates::count(count);
    let single = most * 5 >= count * 4;
    let title = match ends.len() {
        1 => format!("{} keeps {n} connections {} half closed", held.name(), towards(main)),
        _ if single => {
            format!("{} keeps {n} connections half closed, nearly all {}", held.name(), towards(main))
        }
        ends => format!(
            "{} keeps {n} connections of {ends} peers half closed, most {}",
            held.name(),
            towards(main)
        ),
    };
    let (read, unread) = (held.marked(Mark::EofRead).count, held.marked(Mark::EofUnread).count);
    let mut finding = held
        .finding(severity, Confidence::High, title)
        .evidence("count", count)
        .evidence("oldest_s", course.as_ref().map_or(Cell::Unseen, |c| c.ages.oldest_s.into()))
        .evidence("eof_read", read)
        .evidence("eof_unread", unread)
        .evidence("peer", main.to_string())
        .evidence("per_min", course.as_ref().map_or(Cell::Unseen, |c| c.per_min.into()))
        .evidence("pattern", course.as_ref().map_or(Cell::Unseen, |c| c.pattern.into()));
    for sentence in causes(read, unread) {
        finding = finding.because(sentence);
    }
    finding =
        finding.because(course.as_ref().map_or("how old they are was not seen".into(), Course::sentence));
    let mut remedy = match read >= unread {
        true => "close the connection on every path once its end was read".to_string(),
        false => "read or cancel every response, then close the connection".to_string(),
    };
    if let Some(soft) = soft {
        finding = finding.because(share_of(count, soft));
        let rate = course.as_ref().filter(|c| c.pattern == "steady").map_or(0.0, |c| c.per_min / 60.0);
        if rate > 0.0 {
            let [left, whole] = [soft.saturating_sub(count), soft].map(|n| rates::span(n as f64 / rate));
            finding = finding.because(format!("at this rate none is left in {left} at the latest: EMFILE"));
            remedy += &format!("; a restart buys {whole} at most");
        }
    }
    if let Some(shared) = held.owner.and_then(sharing) {
        finding = finding.because(shared);
    }
    let narrow = if single { flag(main) } else { String::new() };
    finding.remedy(remedy).next(format!("sockets{}{narrow} --state close-wait", held.scope()))
}

fn causes(read: u64, unread: u64) -> Vec<String> {
    let forgot = "read the end of the stream and never closed its side";
    let blind = "never read the end: nobody watches these descriptors";
    match (read, unread) {
        (0, 0) => vec!["the peer closed, and the process did not".into()],
        (_, 0) => vec![format!("the peer closed, the process {forgot}")],
        (0, _) => vec![format!("the peer closed, the process {blind}")],
        (r, u) => vec![
            format!("the peer closed; of {} the process {forgot}", rates::count(r)),
            format!("of {} it {blind}", rates::count(u)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, *};
    use crate::{
        areas::sockets::facts::{End, Group},
        model::{Process, Reading, Thing, Why},
    };
    use TcpState::CloseWait;

    /// Evenly from 8 seconds on, one every `step`.
    fn even(count: u64, step: u32) -> Vec<u32> {
        (0..count as u32).map(|i| 8 + i * step).collect()
    }
    fn to(mut g: Group, end: End) -> Group {
        g.end = end;
        g
    }
    fn only(groups: Vec<Group>) -> Finding {
        let mut found = findings(&CHECK, &with(groups));
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }
    fn severities(groups: Vec<Group>) -> Vec<Severity> {
        findings(&CHECK, &with(groups)).iter().map(|f| f.severity).collect()
    }
    fn text<'f>(f: &'f Finding, key: &str) -> &'f Cell {
        evidence(f, key).unwrap()
    }

    #[test]
    fn a_steady_leak_names_process_peer_cause_and_the_time_left() {
        let mut leak = marked(group(CloseWait, 312, &even(312, 13)), Mark::EofRead, 312, &[8]);
        leak.owner = Reading::seen(Some(owner(41, "node", 4096)));
        let f = only(vec![leak]);
        assert_eq!(f.title, "node (pid 41) keeps 312 connections to 10.0.3.7:443 half closed");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert!(matches!(&f.subject, Thing::Process(p) if p.pid == 41));
        assert_eq!(f.about, [Thing::Peer { address: "10.0.3.7:443".into() }]);
        let keys: Vec<_> = f.evidence.iter().map(|e| e.0).collect();
        assert_eq!(keys, ["count", "oldest_s", "eof_read", "eof_unread", "peer", "per_min", "pattern"]);
        assert_eq!((text(&f, "count"), text(&f, "oldest_s")), (&Cell::Int(312), &Cell::Int(4051)));
        assert_eq!((text(&f, "eof_read"), text(&f, "eof_unread")), (&Cell::Int(312), &Cell::Int(0)));
        assert_eq!(text(&f, "pattern"), &Cell::Text("steady".into()));
        // 46 of them came in the last ten minutes.
        assert_eq!(text(&f, "per_min"), &Cell::Num(4.6));
        assert_eq!(
            f.because[0],
            "the peer closed, the process read the end of the stream and never closed its side"
        );
        assert_eq!(f.because[1], "ages 8s to 1h07m, spread out: one more every 13s");
        assert_eq!(f.because[3], "at this rate none is left in 13h42m at the latest: EMFILE");
        assert!(f.remedy.ends_with("a restart buys 14h50m at most"), "{}", f.remedy);
        assert_eq!(f.next, ["sockets --pid 41 --peer 10.0.3.7:443 --state close-wait"]);
    }

    #[test]
    fn one_is_old_from_two_minutes_on_and_a_hundred_of_them_are_a_leak() {
        let leak = |old: u64, age: u32| {
            let ages: Vec<u32> = std::iter::repeat_n(age, old as usize).chain([30]).collect();
            severities(vec![group(CloseWait, old + 1, &ages)])
        };
        assert_eq!(leak(100, 120), [Severity::Warning]);
        assert_eq!(leak(99, 120), []);
        assert_eq!(leak(100, 119), []);
    }

    #[test]
    fn pools_and_batches_and_what_is_just_being_closed_are_healthy() {
        for (count, ages) in
            [(50, vec![20_000, 30]), (400, vec![90_000]), (300, vec![300, 310]), (2_000, vec![0])]
        {
            let facts = with(vec![group(CloseWait, count, &ages)]);
            assert_eq!(outcome(&CHECK, &facts), format!("clear {count}/0"), "{ages:?}");
        }
        assert_eq!(outcome(&CHECK, &quiet()), "clear 0/0");
    }

    #[test]
    fn a_share_of_a_low_soft_limit_is_found_whatever_the_ages() {
        let at = |count, soft, ages: &[u32]| {
            let mut g = group(CloseWait, count, ages);
            g.owner = Reading::seen(Some(owner(41, "node", soft)));
            severities(vec![g])
        };
        assert_eq!(at(60, 512, &[2]), [Severity::Warning]);
        assert_eq!(at(26, 256, &[2]), [Severity::Warning]);
        assert_eq!(at(25, 256, &[2]), []);
        assert_eq!(at(205, 256, &[2]), [Severity::Critical]);
        assert_eq!(at(204, 256, &[2]), [Severity::Warning]);
        // Few are no share, and young ones are only being closed.
        assert_eq!(at(12, 100, &[5_000]), []);
        assert_eq!(at(20, 100, &[5_000]), [Severity::Warning]);
        assert_eq!(at(200, 256, &[0]), []);
    }

    #[test]
    fn ends_of_one_process_are_put_together_and_the_main_one_is_named_when_it_is() {
        let parts = |a, b| {
            vec![
                to(group(CloseWait, a, &[5, 1_500, 2_900]), End::ClientsOf(3000)),
                to(group(CloseWait, b, &[5, 1_500, 2_900]), End::Peer("[2001:db8::1]:443".into())),
            ]
        };
        let f = only(parts(160, 40));
        assert_eq!(
            f.title,
            "node (pid 41) keeps 200 connections half closed, nearly all from clients of :3000"
        );
        assert_eq!(evidence(&f, "peer"), Some(&Cell::Text("clients of :3000".into())));
        assert_eq!(f.about.len(), 2);
        assert_eq!(f.next, ["sockets --pid 41 --state close-wait"]);
        let f = only(parts(150, 50));
        assert_eq!(
            f.title,
            "node (pid 41) keeps 200 connections of 2 peers half closed, most from clients of :3000"
        );
    }

    #[test]
    fn unread_ends_are_another_cause_and_both_are_told_apart() {
        let mut g = group(CloseWait, 60, &[2]);
        g.owner = Reading::seen(Some(owner(41, "node", 512)));
        let f = only(vec![marked(g.clone(), Mark::EofUnread, 60, &[2])]);
        assert_eq!(
            f.because[0],
            "the peer closed, the process never read the end: nobody watches these descriptors"
        );
        assert!(f.remedy.starts_with("read or cancel every response"), "{}", f.remedy);
        let f = only(vec![marked(marked(g, Mark::EofUnread, 20, &[2]), Mark::EofRead, 40, &[2])]);
        assert!(f.because[0].contains("of 40 the process read the end"), "{:?}", f.because);
        assert!(f.because[1].contains("of 20 it never read the end"), "{:?}", f.because);
    }

    #[test]
    fn other_holders_are_named() {
        let mut g = group(CloseWait, 60, &[2]);
        let mut o = owner(41, "nginx", 256);
        let worker: Process = owner(42, "nginx", 256).process;
        o.also = vec![worker];
        g.owner = Reading::seen(Some(o));
        assert!(only(vec![g]).because.contains(&"also held by nginx (pid 42)".into()));
    }

    #[test]
    fn strangers_are_a_guess_and_never_added_up() {
        let strange = |port: u16, n| {
            let mut g = to(group(CloseWait, n, &even(n, 13)), End::Peer(format!("10.0.3.7:{port}")));
            g.owner = hole(Why::Denied);
            g
        };
        let f = only(vec![strange(443, 312), strange(444, 200)]);
        assert_eq!(
            (f.severity, f.confidence, &f.subject),
            (Severity::Warning, Confidence::Low, &Thing::Host)
        );
        assert!(f.title.starts_with("someone who cannot be seen from here keeps 312"), "{}", f.title);
        assert!(f.because.contains(&"the same holds of 10.0.3.7:444".into()), "{:?}", f.because);
        // Sixty each for many peers may be as many healthy pools; but clear it is not.
        let many: Vec<_> = (1..20).map(|p| strange(p, 60)).collect();
        assert_eq!(outcome(&CHECK, &with(many.clone())), "unknown Denied");
        let some = [many, vec![group(CloseWait, 5, &[9])]].concat();
        assert_eq!(outcome(&CHECK, &with(some)), "clear 5/19");
    }

    #[test]
    fn connections_that_nobody_has_accepted_are_no_leak() {
        let mut g = group(CloseWait, 900, &even(900, 3));
        g.owner = Reading::seen(None);
        assert_eq!(outcome(&CHECK, &with(vec![g])), "clear 900/0");
    }

    #[test]
    fn without_ages_the_share_still_counts_and_many_are_not_called_clear() {
        let blind = |count, soft| {
            let mut g = group(CloseWait, count, &[]);
            g.owner = Reading::seen(Some(owner(41, "node", soft)));
            g.ages = hole(Why::Unsupported);
            with(vec![g])
        };
        let f = &findings(&CHECK, &blind(60, 512))[0];
        assert_eq!(
            (evidence(f, "oldest_s"), evidence(f, "pattern")),
            (Some(&Cell::Unseen), Some(&Cell::Unseen))
        );
        assert_eq!(outcome(&CHECK, &blind(99, 65_536)), "clear 99/1");
        assert_eq!(outcome(&CHECK, &blind(100, 65_536)), "unknown Unsupported");
    }

    #[test]
    fn an_unseen_or_absent_limit_leaves_the_other_rule() {
        let with_limit = |limit| {
            let mut o = owner(41, "node", 1);
            o.soft_limit = limit;
            let mut g = group(CloseWait, 90, &[5_000, 5]);
            g.owner = Reading::seen(Some(o));
            outcome(&CHECK, &with(vec![g]))
        };
        assert_eq!(with_limit(Reading::seen(None)), "clear 90/0");
        assert_eq!(with_limit(hole(Why::Absent)), "clear 90/1");
    }

    #[test]
    fn a_narrowed_run_is_skipped_and_an_unread_list_is_unknown() {
        let facts = Facts { mask: TcpState::Listen.bit(), ..quiet() };
        assert_eq!(outcome(&CHECK, &facts), "skipped");
        assert_eq!(outcome(&CHECK, &Facts { groups: hole(Why::Denied), ..quiet() }), "unknown Denied");
    }
}
