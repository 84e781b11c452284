//! The vote, from members to findings.

use super::{
    super::{
        clock_skew, disk_outlier, duplicate_identity, env_differs, fd_outlier, file_differs, image_differs,
        memory_outlier, version_differs,
    },
    *,
};
use crate::{
    areas::compare::facts::Skew,
    model::{Check, Confidence, Finding, Severity},
};

#[track_caller]
fn one(check: &Check<Facts>, facts: &Facts) -> Finding {
    let mut all = found(check, facts);
    assert_eq!(all.len(), 1, "{:?}", all.iter().map(|f| &f.title).collect::<Vec<_>>());
    all.remove(0)
}

#[test]
fn one_of_five_is_named_with_both_values() {
    let mut pods = fleet(5);
    pods[3].env("TZ", "Asia/Tokyo");
    let f = one(&env_differs::CHECK, &judged(&pods));
    assert_eq!(f.title, "web-3 alone has another TZ: Asia/Tokyo, the 4 others Europe/Berlin");
    assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
    clear(&env_differs::CHECK, &judged(&fleet(5)));
}

#[test]
fn a_secret_is_shown_as_a_hash_and_missing_is_another_thing() {
    let mut pods = fleet(5);
    pods[1].secret("DB_PASSWORD", "1a2b000000000000");
    let f = one(&env_differs::CHECK, &judged(&pods));
    assert_eq!(
        f.title,
        "web-1 alone has another DB_PASSWORD: a value with hash 1a2b…, the 4 others hash 3c4d…"
    );
    pods = fleet(5);
    pods[1].without("TZ");
    let f = one(&env_differs::CHECK, &judged(&pods));
    assert_eq!(f.title, "web-1 alone has no TZ; the 4 others have it: Europe/Berlin");
    pods = fleet(5);
    pods[1].env("DEBUG", "1");
    let f = one(&env_differs::CHECK, &judged(&pods));
    assert_eq!(f.title, "web-1 alone has DEBUG, which the 4 others have not: 1");
}

#[test]
fn what_cannot_be_read_has_no_voice_and_is_counted() {
    let mut pods = fleet(5);
    pods[4].unseen(Group::Env, "TZ", Why::Denied);
    let (looked, unseen) = clear(&env_differs::CHECK, &judged(&pods));
    assert_eq!((looked, unseen), (2, 1));
    // Nothing of the environment of one could be listed: nothing of it is missing there.
    pods = fleet(5);
    pods[4].all.clear();
    pods[4].unseen(Group::Env, "*", Why::Denied);
    let (_, unseen) = clear(&env_differs::CHECK, &judged(&pods));
    assert_eq!(unseen, 2);
}

#[test]
fn without_a_majority_nobody_is_named_unless_one_is_the_reference() {
    let mut pods = fleet(4);
    pods[2].env("TZ", "Asia/Tokyo");
    pods[3].env("TZ", "Asia/Tokyo");
    let f = one(&env_differs::CHECK, &judged(&pods));
    assert_eq!(f.title, "the 4 members are split over TZ: web-[0,1] Europe/Berlin, web-[2,3] Asia/Tokyo");
    assert_eq!(f.confidence, Confidence::Low);
    let facts = Facts { reference: Some(0), ..Facts::default() };
    let f = one(&env_differs::CHECK, &judged_with(&pods, facts));
    assert_eq!(f.title, "web-[2,3] have another TZ: Asia/Tokyo, the 2 others Europe/Berlin");
    let two = &mut fleet(2);
    two[1].env("TZ", "Asia/Tokyo");
    let f = one(&env_differs::CHECK, &judged(two));
    assert_eq!(f.title, "web-0 and web-1 differ in TZ: web-0 Europe/Berlin, web-1 Asia/Tokyo");
}

#[test]
fn what_is_another_everywhere_is_each_ones_own() {
    let mut pods = fleet(5);
    for (i, pod) in pods.iter_mut().enumerate() {
        pod.env("STARTED_AT", &format!("{i}")).set(
            Group::Mount,
            "mounts",
            &["/ rw", &format!("/tmp/{i} rw")],
        );
    }
    let facts = judged(&pods);
    clear(&env_differs::CHECK, &facts);
    assert_eq!((facts.own.total(), facts.differences.total()), (1, 0));
    assert_eq!(facts.own.top(), ["STARTED_AT"]);
}

#[test]
fn hashes_under_other_keys_are_not_compared_and_names_are() {
    let mut pods = fleet(5);
    pods[0].key = "other".into();
    pods[0].secret("DB_PASSWORD", "ffff000000000000");
    let facts = judged(&pods);
    assert_eq!(facts.groups[0].redacted, 1);
    assert_eq!(clear(&env_differs::CHECK, &facts).1, 1);
    pods[0].without("DB_PASSWORD");
    assert!(one(&env_differs::CHECK, &judged(&pods)).title.starts_with("web-0 alone has no DB_PASSWORD"));
}

#[test]
fn what_was_not_asked_of_a_member_is_not_missing_there() {
    let mut pods = fleet(3);
    for pod in &mut pods[..2] {
        pod.asked.files = vec!["/etc/app*".into()];
        pod.file("/etc/app.conf", "aaaa", 0o644);
    }
    assert_eq!(clear(&file_differs::CHECK, &judged(&pods)), (1, 1));
    pods[2].asked.files = pods[0].asked.files.clone();
    let f = one(&file_differs::CHECK, &judged(&pods));
    assert!(f.title.starts_with("web-2 alone has no /etc/app.conf; the 2 others have it"), "{}", f.title);
}

#[test]
fn a_file_is_told_by_what_differs_of_it() {
    let mut pods = fleet(4);
    pods.iter_mut().for_each(|p| _ = p.file("/etc/app.conf", "aaaa1", 0o644));
    pods[2].file("/etc/app.conf", "aaaa1", 0o600);
    let f = one(&file_differs::CHECK, &judged(&pods));
    assert_eq!(f.title, "web-2 alone has another /etc/app.conf: mode 0600, the 3 others mode 0644");
}

#[test]
fn several_with_one_node_in_common_are_explained_by_it() {
    let mut pods = fleet(8);
    for (i, pod) in pods.iter_mut().enumerate() {
        pod.seen.node = Some(if i > 5 { "n7".into() } else { format!("n{}", i / 2) });
        pod.text(Group::Version, "kernel", if i > 5 { "6.8" } else { "6.1" });
    }
    let f = one(&version_differs::CHECK, &judged(&pods));
    assert_eq!(f.title, "web-[6,7] have another kernel: 6.8, the 6 others 6.1");
    assert!(f.because.contains(&"they alone run on node n7".to_string()), "{:?}", f.because);
    assert_eq!(f.severity, Severity::Notice);
}

#[test]
fn one_tag_that_is_two_images_is_said_so() {
    let mut pods = fleet(3);
    for pod in &mut pods {
        pod.seen.image_name = Some("app:1".into());
        pod.text(Group::Image, "image", "sha256:aaaa");
    }
    pods[1].text(Group::Image, "image", "sha256:bbbb");
    let f = one(&image_differs::CHECK, &judged(&pods));
    assert!(f.because.iter().any(|b| b == "all are named app:1: one name, two images"), "{:?}", f.because);
    skipped(&image_differs::CHECK, &judged(&fleet(3)));
}

#[test]
fn what_should_be_unique_is_found_where_some_share_it_and_not_where_all_do() {
    let mut pods = fleet(5);
    for (i, pod) in pods.iter_mut().enumerate() {
        pod.unique("machine_id", &format!("{}", i.min(3)));
    }
    let f = one(&duplicate_identity::CHECK, &judged(&pods));
    assert_eq!(f.title, "web-[3,4] have one machine id: 3");
    pods.iter_mut().for_each(|p| _ = p.unique("machine_id", "7"));
    clear(&duplicate_identity::CHECK, &judged(&pods));
    skipped(&duplicate_identity::CHECK, &judged(&fleet(3)));
}

fn with_numbers(group: Group, name: &str, values: &[f64]) -> Facts {
    let mut pods = fleet(values.len());
    for (pod, value) in pods.iter_mut().zip(values) {
        pod.number(group, name, *value);
    }
    judged(&pods)
}

const MIB: f64 = 1_048_576.0;

#[test]
fn a_full_disk_is_found_among_few_and_many_and_uneven_use_is_not() {
    let disk = |values: &[f64]| with_numbers(Group::Disk, "/data used_pct", values);
    let f = one(&disk_outlier::CHECK, &disk(&[40.0, 42.0, 95.0]));
    assert_eq!(f.title, "web-2: /data used_pct 95 %, the others about 41 %");
    assert_eq!(f.confidence, Confidence::Medium);
    clear(&disk_outlier::CHECK, &disk(&[40.0, 50.0, 58.0]));
    clear(&disk_outlier::CHECK, &disk(&[93.0, 92.0, 94.0, 91.0, 95.0]));
    clear(&disk_outlier::CHECK, &disk(&[10.0, 30.0, 50.0, 70.0, 74.0, 20.0]));
    one(&disk_outlier::CHECK, &disk(&[10.0, 12.0, 11.0, 9.0, 88.0, 12.0]));
}

#[test]
fn memory_is_an_outlier_by_ratio_and_by_size() {
    let memory = |values: &[f64]| {
        let values: Vec<f64> = values.iter().map(|v| v * MIB).collect();
        with_numbers(Group::Memory, "working_set_bytes", &values)
    };
    let f = one(&memory_outlier::CHECK, &memory(&[100.0, 110.0, 700.0]));
    assert_eq!(f.title, "web-2: working set 700.0 MiB, the others about 105.0 MiB");
    assert_eq!(f.severity, Severity::Warning);
    assert_eq!(one(&memory_outlier::CHECK, &memory(&[200.0, 200.0, 320.0])).severity, Severity::Notice);
    clear(&memory_outlier::CHECK, &memory(&[10.0, 12.0, 60.0]));
    clear(&memory_outlier::CHECK, &memory(&[1000.0, 1010.0, 1400.0]));
    // Of a pair either may be the odd one.
    assert_eq!(one(&memory_outlier::CHECK, &memory(&[100.0, 900.0])).confidence, Confidence::Low);
    let files = with_numbers(Group::Memory, "file_cache_bytes", &[1.0, 1.0, 1e9]);
    clear(&memory_outlier::CHECK, &files);
}

#[test]
fn descriptors_are_an_outlier_and_connections_are_not() {
    let counts = |group, name: &str| with_numbers(group, name, &[40.0, 44.0, 41.0, 46.0, 900.0]);
    let f = one(&fd_outlier::CHECK, &counts(Group::Fd, "all_open_count"));
    assert_eq!(f.title, "web-4: all open 900, the others about 43");
    let mut pods = fleet(5);
    for (i, pod) in pods.iter_mut().enumerate() {
        pod.number(Group::Fd, "all_open_count", 50.0);
        pod.number(Group::Socket, "established_count", (i * i * 100) as f64);
    }
    clear(&fd_outlier::CHECK, &judged(&pods));
}

#[test]
fn a_clock_is_off_only_beyond_what_the_asking_took() {
    let with = |clocks: &[(f64, f64)]| {
        let mut pods = fleet(clocks.len());
        for (pod, (ahead_s, within_s)) in pods.iter_mut().zip(clocks) {
            pod.seen.clock = Some(Skew { ahead_s: *ahead_s, within_s: *within_s });
        }
        judged(&pods)
    };
    let f = one(&clock_skew::CHECK, &with(&[(0.0, 0.1), (0.1, 0.1), (-7.5, 0.2)]));
    assert_eq!(f.title, "the clock of web-2 is 7.5s behind");
    clear(&clock_skew::CHECK, &with(&[(0.0, 0.1), (0.1, 0.1), (2.0, 1.5)]));
    // Ours is off: theirs agree.
    clear(&clock_skew::CHECK, &with(&[(60.0, 0.1), (60.1, 0.1), (60.0, 0.1)]));
    one(&clock_skew::CHECK, &with(&[(0.0, 0.1), (30.0, 0.1)]));
    skipped(&clock_skew::CHECK, &judged(&fleet(3)));
}

#[test]
fn fewer_than_two_answers_are_unknown_and_never_clear() {
    let mut pods = fleet(3);
    pods[1..].iter_mut().for_each(|p| p.seen.missing = Some("gone".into()));
    for check in super::super::CHECKS {
        unknown(check, &judged(&pods), Why::Absent);
        unknown(check, &Facts::default(), Why::Absent);
    }
}

#[test]
fn a_thousand_members_stay_small() {
    let mut pods = fleet(1000);
    for (i, pod) in pods.iter_mut().enumerate() {
        for n in 0..50 {
            pod.env(&format!("OWN_{n}"), &format!("{i}")).env(&format!("SAME_{n}"), "x");
        }
        pod.number(Group::Memory, "working_set_bytes", i as f64);
    }
    pods[7].env("SAME_3", "y");
    let facts = judged(&pods);
    assert_eq!((facts.differences.total(), facts.own.total()), (1, 50));
    let size = serde_json::to_vec(&facts).unwrap().len();
    assert!(size < 400_000, "{size} bytes");
    assert_eq!(one(&env_differs::CHECK, &facts).evidence[1], ("like_the_norm", 999u64.into()));
}
