use super::{super::recorded::*, *};
use crate::{
    areas::memory::facts::{Others, Tree},
    model::{Cell, Kept, Outcome, Psi, Reading},
};

/// A group of 100 MiB under pressure.
fn tight(used: u64) -> Group {
    Group { psi: Reading::seen(psi(4.0, 2.0)), ..group("/pod/app", used, Some(100)) }
}
fn severity_of(g: Group) -> Option<Severity> {
    match outcome(&CHECK, &with(vec![g])) {
        Outcome::Found { findings, .. } => Some(findings[0].severity),
        _ => None,
    }
}
fn unseen<T>(why: Why) -> Reading<T> {
    Reading::unseen(why)
}

#[test]
fn the_group_is_named_with_its_three_figures_and_its_biggest_process() {
    let g = Group { hits: Reading::seen(hits(7, 0, Some(3))), ..tight(93) };
    let f = &found(&CHECK, &with(vec![g]))[0];
    assert_eq!(f.title, "/pod/app holds 93.0 MiB of 100.0 MiB that cannot be freed (93 %)");
    assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
    assert_eq!(f.subject, Thing::Cgroup { path: "/pod/app".into() });
    assert_eq!(f.about, [Thing::Process(process(41, "node"))]);
    let keys: Vec<_> = f.evidence.iter().map(|(k, _)| *k).collect();
    assert_eq!(
        keys,
        [
            "unreclaimable_bytes",
            "working_set_bytes",
            "current_bytes",
            "limit_bytes",
            "used_pct",
            "full_avg60_pct",
            "max_events",
            "limit"
        ]
    );
    assert_eq!(f.evidence[7].1, Cell::Text("memory.max".into()));
    assert!(
        f.because.iter().any(|b| b.contains("node (pid 41) is the biggest: 93.0 MiB")),
        "{:?}",
        f.because
    );
    assert_eq!(f.next, ["memory --container /pod/app --window 60s"]);
}

#[test]
fn levels_begin_exactly_at_their_share() {
    assert_eq!(
        [89, 90, 96, 97, 100].map(|used| severity_of(tight(used))),
        [
            None,
            Some(Severity::Warning),
            Some(Severity::Warning),
            Some(Severity::Critical),
            Some(Severity::Critical)
        ]
    );
}

#[test]
fn a_heap_that_lives_close_to_its_limit_is_silent_until_it_hurts() {
    let java = || group("/pod/app", 93, Some(100));
    assert_eq!(severity_of(java()), None);
    let with = |psi: Psi, max, refaults| {
        severity_of(Group { psi: Reading::seen(psi), hits: Reading::seen(hits(max, 0, refaults)), ..java() })
    };
    assert_eq!(with(psi(1.0, 1.0), 0, Some(0)), None, "exactly the level is not above it");
    assert_eq!(with(psi(2.0, 1.1), 0, Some(0)), Some(Severity::Warning));
    assert_eq!(with(psi(0.3, 0.0), 5, Some(9)), Some(Severity::Warning), "some wait, and pages come back");
    assert_eq!(with(psi(0.0, 0.0), 5, Some(9)), None, "it writes its log: nobody waits");
    assert_eq!(with(psi(0.3, 0.0), 5, Some(0)), None, "nothing comes back");
    assert_eq!(with(psi(0.3, 0.0), 0, Some(9)), None, "the limit was not run into");
    assert_eq!(severity_of(group("/pod/app", 97, Some(100))), Some(Severity::Critical), "no sign needed");
}

#[test]
fn of_a_big_limit_much_is_left_all_the_same() {
    let big = |left: u64| group("/pod/app", 100 * 1024 - left, Some(100 * 1024));
    assert_eq!(severity_of(big(2047)), Some(Severity::Critical));
    assert_eq!(severity_of(big(2048)), None);
    let waits = Group { psi: Reading::seen(psi(4.0, 2.0)), ..big(2048) };
    assert_eq!(severity_of(waits), Some(Severity::Warning));
    let machine = |available: u64| {
        let machine = Machine { total: 512 << 30, available: Reading::seen(available << 20), ..machine() };
        outcome(&CHECK, &Facts { machine: Reading::seen(machine), ..facts() })
    };
    assert!(matches!(machine(2048), Outcome::Clear { .. }));
    assert!(matches!(machine(2047), Outcome::Found { .. }));
}

#[test]
fn without_pressure_files_what_happens_in_the_window_decides() {
    let old = |hits: Reading<crate::areas::memory::facts::Hits>| Group {
        version: 1,
        psi: unseen(Why::Unsupported),
        hits,
        ..group("/pod/app", 93, Some(100))
    };
    let f = &found(&CHECK, &with(vec![old(Reading::seen(hits(3, 0, None)))]))[0];
    assert_eq!(f.evidence.last(), Some(&("limit", Cell::Text("memory.limit_in_bytes".into()))));
    assert!(f.evidence.iter().all(|(k, _)| *k != "full_avg60_pct"), "not seen is not 0");
    assert!(f.because.iter().any(|b| b.contains("memory of the kernel is not counted")), "{:?}", f.because);
    assert_eq!(severity_of(old(Reading::seen(hits(3, 0, Some(0))))), None, "page cache only");
    // One look: whether it hurts is not known, and that is said.
    assert_eq!(clear(&CHECK, &with(vec![old(unseen(Why::NotAsked))])), (2, 1));
}

#[test]
fn at_memory_high_a_sign_is_always_needed_and_nobody_is_killed() {
    let high = |hits| Group {
        limit: Reading::seen(Some(1000 * MIB)),
        used_pct: Reading::seen(Some(9.9)),
        high: Reading::seen(Some(100 * MIB)),
        hits: Reading::seen(hits),
        psi: Reading::seen(psi(3.0, 0.5)),
        ..group("/pod/app", 99, None)
    };
    let f = &found(&CHECK, &with(vec![high(hits(0, 8, Some(2)))]))[0];
    assert_eq!(f.severity, Severity::Critical);
    assert_eq!(f.evidence.last(), Some(&("limit", Cell::Text("memory.high".into()))));
    assert!(f.because[0].contains("slowed down"), "{:?}", f.because);
    assert_eq!(severity_of(high(hits(9, 0, Some(2)))), None, "it never was above memory.high");
}

#[test]
fn page_cache_no_limit_and_no_use_are_healthy() {
    let mut cache = group("/pod/cache", 8, Some(100));
    cache.charge =
        cache.charge.map(|c| Charge { current: 100 * MIB, working_set: 60 * MIB, file: 92 * MIB, ..c });
    cache.hits = Reading::seen(hits(900, 0, Some(5)));
    let groups = vec![cache, group("/pod/free", 5000, None), group("/pod/idle", 0, Some(100))];
    assert_eq!(clear(&CHECK, &with(groups)), (4, 0));
}

#[test]
fn a_pod_is_told_only_what_its_container_does_not_explain() {
    let pod =
        |used| Group { path: "/pod".into(), psi: Reading::seen(psi(4.0, 2.0)), ..group("", used, Some(100)) };
    let told = |groups| found(&CHECK, &with(groups)).iter().map(|f| f.title.clone()).collect::<Vec<_>>();
    let one = told(vec![pod(95), tight(93)]);
    assert!(one.len() == 1 && one[0].starts_with("/pod/app"), "{one:?}");
    let small =
        Group { path: "/pod/app".into(), psi: Reading::seen(psi(4.0, 2.0)), ..group("", 19, Some(20)) };
    assert_eq!(told(vec![pod(95), small]).len(), 2, "another limit, other memory");
}

#[test]
fn what_was_not_seen_is_counted_and_is_not_nought() {
    let denied = Group { used_pct: unseen(Why::Denied), charge: unseen(Why::Denied), ..tight(99) };
    assert_eq!(clear(&CHECK, &with(vec![denied])), (1, 1));
    let none = Facts { tree: unseen(Why::Absent), ..facts() };
    assert_eq!(clear(&CHECK, &none), (1, 1), "the machine was looked at, the limit of the container was not");
    let hidden =
        Facts { tree: Reading::seen(Tree { parents_hidden: true }), ..with(vec![group("/", 5, Some(100))]) };
    assert_eq!(clear(&CHECK, &hidden), (2, 1), "limits of the groups above");
    let blind = Facts { machine: unseen(Why::Malformed), ..none };
    assert!(matches!(outcome(&CHECK, &blind), Outcome::Unknown { .. }));
}

#[test]
fn groups_left_out_are_looked_at_only_as_far_as_they_are_known_to_be_well() {
    let others = |top_pct| Facts {
        groups: Kept::worst(31, vec![group("/a", 5, Some(100))]),
        others: Others { seen: 30, top_pct, ..Others::default() },
        ..facts()
    };
    assert_eq!(clear(&CHECK, &others(89.0)), (32, 0));
    assert_eq!(clear(&CHECK, &others(90.0)), (2, 30));
}

#[test]
fn the_machine_is_judged_like_a_group_and_pressure_only_where_it_is_its_own() {
    let of = |available: u64, full: Option<f64>| {
        let machine = Machine {
            available: Reading::seen(available * MIB),
            psi: full.map(|f| Reading::seen(psi(f, f))),
            ..machine()
        };
        outcome(&CHECK, &Facts { machine: Reading::seen(machine), ..facts() })
    };
    match of(100, None) {
        Outcome::Found { findings, .. } => {
            assert_eq!((findings[0].severity, &findings[0].subject), (Severity::Critical, &Thing::Host));
            assert_eq!(findings[0].evidence.last(), Some(&("limit", Cell::Text("machine".into()))));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(of(500, Some(2.0)), Outcome::Found { .. }));
    assert!(matches!(of(500, Some(0.5)), Outcome::Clear { unseen: 0, .. }));
    assert!(
        matches!(of(500, None), Outcome::Clear { unseen: 1, .. }),
        "in a container whether it hurts is not seen"
    );
    assert!(matches!(of(4096, None), Outcome::Clear { unseen: 0, .. }));
}
