use super::*;
use proptest::prelude::*;

/// The logs beside `tests/fixtures/pg/log/record`, which says what was brought about in each.
fn fixture(name: &str) -> Vec<u8> {
    FIXTURES.iter().find(|f| f.0 == name).unwrap_or_else(|| panic!("{name}")).1.to_vec()
}
macro_rules! fixtures {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pg/log/", $name)))),*]
    };
}
const FIXTURES: &[(&str, &[u8])] = fixtures! {
    "pair.log" "pair.csv" "pair.json" "pair-23.csv" "pair-24.csv" "ring.log" "ring.csv" "ring.json"
    "kinds.log" "kinds.csv" "kinds.json" "quiet.log" "quiet.csv" "quiet.json" "bare.log" "bare.csv" "bare.json"
    "german.log" "german.csv" "german.json" "german-state.log" "german-state.csv" "german-state.json"
};
fn read(log: &[u8]) -> LogFacts {
    let mut scan = Scan::default();
    scan.feed(log);
    scan.finish(true)
}
fn file(name: &str) -> LogFacts {
    read(&fixture(name))
}
fn statements(group: &Group) -> Vec<&str> {
    group.steps.iter().map(|s| s.statement.as_ref().map_or("", |s| s.as_str())).collect()
}

const FIRST: &str = "UPDATE account SET owner = ? WHERE id = ?;";
const SECOND: &str = "UPDATE account SET owner = ?, balance = balance - ? WHERE id = ?;";

/// What `pair` of the recording brought about.
fn is_the_pair(facts: &LogFacts, name: &str) {
    assert_eq!((facts.deadlocks, facts.unread, facts.malformed), (1, 0, 0), "{name}");
    let [group] = facts.groups.top() else { panic!("{name}") };
    assert_eq!(statements(group), [FIRST, SECOND], "{name}");
    assert!(
        group.steps.iter().all(|s| matches!(s.tag, Tag::Transaction { .. }) && s.mode == Mode::Share),
        "{name}"
    );
    assert_eq!(group.steps.iter().map(|s| s.victim).collect::<Vec<_>>(), [0, 1], "the first to wait, {name}");
    assert_eq!(group.relations, ["account".into()], "{name}");
    assert_ne!(group.steps[0].pid, group.steps[1].pid);
}

#[test]
fn a_pair_is_read_from_every_format_and_layout() {
    for name in [
        "pair.log",
        "pair.csv",
        "pair-24.csv",
        "pair-23.csv",
        "pair.json",
        "bare.log",
        "bare.csv",
        "bare.json",
    ] {
        is_the_pair(&file(name), name);
    }
    let (text, csv, json) = (file("pair.log"), file("pair.csv"), file("pair.json"));
    assert_eq!([text.formats, csv.formats, json.formats], [[Format::Text], [Format::Csv], [Format::Json]]);
    let group = |f: &Kept<Group>| (f.top()[0].steps.clone(), f.top()[0].first.clone());
    assert_eq!(group(&text.groups), group(&csv.groups));
    assert_eq!(group(&csv.groups), group(&json.groups));
    assert_eq!((csv.first, csv.last), (json.first, json.last));
    assert_eq!(csv.groups.top()[0].databases, ["postgres".into()]);
    assert_eq!(json.groups.top()[0].applications, ["psql".into()]);
}

#[test]
fn a_pair_is_read_from_another_language_with_and_without_a_state() {
    for name in [
        "german.log",
        "german.csv",
        "german.json",
        "german-state.log",
        "german-state.csv",
        "german-state.json",
    ] {
        is_the_pair(&file(name), name);
    }
}

#[test]
fn who_held_the_lock_is_told_by_the_line_before() {
    for name in ["pair.log", "pair.csv", "pair.json"] {
        let facts = file(name);
        let steps = &facts.groups.top()[0].steps;
        assert_eq!(
            (steps[1].holders.clone(), steps[1].queue.clone()),
            (vec![steps[0].pid], vec![]),
            "{name}"
        );
        assert!(steps[0].holders.is_empty());
    }
}

#[test]
fn a_ring_of_three_keeps_its_order() {
    for name in ["ring.log", "ring.csv", "ring.json"] {
        let facts = file(name);
        let group = &facts.groups.top()[0];
        let mut said = statements(group);
        let first = said.iter().position(|s| s.starts_with("SELECT")).unwrap();
        said.rotate_left(first);
        let ring = [
            "SELECT * FROM account WHERE id = ? FOR UPDATE;",
            "DELETE FROM account WHERE id = ?;",
            "UPDATE account SET balance = ? WHERE id = ?;",
        ];
        assert_eq!((facts.deadlocks, facts.unread, group.members, said), (1, 0, 3, ring.to_vec()), "{name}");
    }
}

#[test]
fn every_kind_of_lock_is_a_deadlock_of_its_own() {
    for name in ["kinds.log", "kinds.csv", "kinds.json"] {
        let facts = file(name);
        assert_eq!((facts.deadlocks, facts.unread, facts.groups.total()), (3, 0, 3), "{name}");
        let tags: Vec<Vec<&Tag>> =
            facts.groups.top().iter().map(|g| g.steps.iter().map(|s| &s.tag).collect()).collect();
        assert!(
            matches!(tags[0][..], [Tag::Relation { database: 5, relation: 16_412 }, Tag::Relation { .. }]),
            "{tags:?}"
        );
        let (one, two) = (
            Tag::Advisory { database: 5, key: 4_294_967_338 },
            Tag::AdvisoryPair { database: 5, first: 7, second: 9 },
        );
        assert!(tags[1].contains(&&one) && tags[1].contains(&&two), "{tags:?}");
        assert_eq!(facts.groups.top()[2].relations, ["Order Item_pkey".into()]);
    }
}

#[test]
fn a_log_that_only_talks_of_deadlocks_has_none() {
    for name in ["quiet.log", "quiet.csv", "quiet.json"] {
        let facts = file(name);
        assert_eq!(
            (facts.deadlocks, facts.unread, facts.long_waits, facts.malformed),
            (0, 0, 1, 0),
            "{name}"
        );
        assert_eq!(facts.formats.len(), 1);
    }
    let other = read(b"just some\ntext:  of a program\n{\"level\":\"info\"}\n");
    assert_eq!((other.formats.len(), other.lines), (0, 3));
}

#[test]
fn a_deadlock_of_which_the_log_says_too_little_is_not_understood_and_not_none() {
    for log in [
        "2026-11-22 06:58:57.546 UTC [7] ERROR:  deadlock detected\n",
        "FEHLER:  Verklemmung (Deadlock) entdeckt\nANWEISUNG:  SELECT 1\n",
        "[7] 40P01 LỖI:  phát hiện\n[7] 40P01 CÂU LỆNH:  SELECT 1\n[7] 00000 LOG:  x\n",
        "{\"timestamp\":\"2026-11-22 06:58:57.546 UTC\",\"pid\":7,\"state_code\":\"40P01\"}\n",
        "\tProcess 2 waits for ShareLock on transaction 9; blocked by process 1.\n\tProcess 1: SELECT 1\n",
    ] {
        let facts = read(log.as_bytes());
        assert_eq!((facts.deadlocks, facts.unread), (0, 1), "{log}");
    }
}

#[test]
fn deadlocks_that_are_alike_are_one_group_with_a_rate() {
    let report = |minute: u32, (a, b): (u32, u32), (x, y): (&str, &str)| {
        format!(
            "2026-11-22 06:{minute:02}:00.000 UTC [{a}] ERROR:  deadlock detected\n\
             2026-11-22 06:{minute:02}:00.000 UTC [{a}] DETAIL:  Process {a} waits for ShareLock on transaction 1{a}; blocked by process {b}.\n\
             \tProcess {b} waits for ShareLock on transaction 1{b}; blocked by process {a}.\n\
             \tProcess {a}: UPDATE {x} SET v = {minute}\n\tProcess {b}: UPDATE {y} SET v = '{minute}'\n"
        )
    };
    let mut log = String::new();
    // Now the one is the victim, now the other.
    (0..30)
        .for_each(|m| log += &report(m, (m + 10, m + 50), if m % 3 == 0 { ("a", "b") } else { ("b", "a") }));
    log += &report(30, (7, 8), ("a", "c"));
    let facts = read(log.as_bytes());
    assert_eq!((facts.deadlocks, facts.groups.total()), (31, 2));
    let group = &facts.groups.top()[0];
    assert_eq!((group.count, group.per_hour), (30, Some(60.0)));
    assert_eq!(statements(group), ["UPDATE a SET v = ?", "UPDATE b SET v = ?"]);
    assert_eq!(group.steps.iter().map(|s| s.victim).collect::<Vec<_>>(), [10, 20]);
    assert_eq!(group.first.as_ref().unwrap().text, "2026-11-22 06:00:00.000 UTC");
    assert_eq!(group.last.as_ref().unwrap().utc.unwrap().to_string(), "2026-11-22T06:29:00.000Z");
}

#[test]
fn lines_of_a_container_runtime_are_read_as_those_of_the_server() {
    for name in ["bare.log", "pair.csv", "pair.json"] {
        for before in
            ["db-1  | ", "2026-11-22T06:58:57.546102938Z ", "2026-11-22T06:58:57.546102938Z stderr F "]
        {
            let text = String::from_utf8(fixture(name)).unwrap();
            let log: String = text.lines().map(|l| format!("{before}{l}\n")).collect();
            let facts = read(log.as_bytes());
            is_the_pair(&facts, &format!("{before}{name}"));
            if name == "bare.log" && before.starts_with("2026") {
                assert_eq!(facts.groups.top()[0].first.as_ref().unwrap().utc.unwrap().ms() % 1000, 546);
            }
        }
    }
}

#[test]
fn formats_may_follow_each_other_in_one_stream() {
    let all: Vec<u8> = ["pair.log", "pair.csv", "pair.json", "ring.csv", "ring.log"].map(fixture).concat();
    let facts = read(&all);
    assert_eq!((facts.deadlocks, facts.unread, facts.groups.total(), facts.formats.len()), (5, 0, 2, 3));
    assert_eq!(facts.groups.top()[0].count, 3);
}

#[test]
fn a_csv_record_that_never_ends_costs_itself_and_not_the_rest() {
    let mut log = b"2026-11-22 06:59:00.191 UTC,\"a\",\"b\",7,\"[local]\",6b0292b4.318e,1,\"x\",,,0,ERROR,40P01,\"deadlock det\n".to_vec();
    log.extend(fixture("pair.csv"));
    let facts = read(&log);
    assert_eq!((facts.deadlocks, facts.malformed), (1, 1));
}

#[test]
fn endless_lines_and_records_are_borne() {
    let mut scan = Scan::default();
    scan.feed(b"2026-11-22 06:58:57.546 UTC [7] LOG:  ");
    (0..64).for_each(|_| scan.feed(&[b'x'; 1 << 16]));
    scan.feed(b"\n2026-11-22 06:59:00.191 UTC,\"a\",\"b\",7,\"[local]\",6b0292b4.318e,1,\"x\n");
    (0..1 << 14).for_each(|_| scan.feed(&[&[b'y'; 255][..], b"\n"].concat()));
    scan.feed(&fixture("pair.csv"));
    let facts = scan.finish(true);
    assert_eq!((facts.cut_lines, facts.deadlocks, facts.malformed), (1, 1, 1));
}

#[test]
fn facts_survive_a_snapshot() {
    let facts = file("ring.csv");
    let text = serde_json::to_string(&facts).unwrap();
    assert!(text.len() < 4096);
    let back: LogFacts = serde_json::from_str(&text).unwrap();
    assert_eq!((back.groups.top(), back.first), (facts.groups.top(), facts.first));
}

fn any_log() -> impl Strategy<Value = &'static str> {
    let all: Vec<&str> = FIXTURES.iter().map(|f| f.0).collect();
    prop::sample::select(all)
}

proptest! {
    #[test]
    fn pieces_of_any_size_read_the_same(name in any_log(), size in 1..400usize) {
        let log = fixture(name);
        let mut scan = Scan::default();
        log.chunks(size).for_each(|c| scan.feed(c));
        prop_assert_eq!(format!("{:?}", scan.finish(true)), format!("{:?}", read(&log)));
    }

    #[test]
    fn a_log_cut_anywhere_shows_no_literal_and_invents_nothing(
        name in any_log(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(),
    ) {
        let log = fixture(name);
        let (from, to) = (from.index(log.len()), to.index(log.len() + 1));
        let (from, to) = if to % 3 == 0 { (0, to) } else { (from.min(to), log.len()) };
        let (part, whole) = (read(&log[from..to]), read(&log));
        prop_assert!(part.deadlocks <= whole.deadlocks);
        prop_assert!(part.deadlocks + part.unread <= whole.deadlocks + 1);
        // How long the part was is no literal, and may be any number.
        let text = serde_json::to_string(&LogFacts { bytes: 0, ..part }).unwrap();
        for secret in ["secret", "mine", "4711", "it'"] {
            prop_assert!(!text.contains(secret), "{} of {}", secret, text);
        }
    }

    #[test]
    fn any_bytes_are_borne(bytes: Vec<u8>, lines in prop::collection::vec("[\t{\"0-9,:A-Z ]{0,40}", 0..20)) {
        let mut scan = Scan::default();
        scan.feed(&bytes);
        scan.feed(lines.join("\n").as_bytes());
        prop_assert!(scan.finish(true).deadlocks == 0);
    }
}
