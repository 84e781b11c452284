use super::*;
use crate::model::{Confidence, Doc, Gap, Process, Thing, Untrusted, What, Why};

fn process(pid: i32) -> Thing {
    Thing::Process(Process { pid, start_ticks: 7, start: None, name: Untrusted::from("node"), user: None })
}
fn finding(code: &'static str, severity: Severity, subject: Thing) -> Finding {
    Finding { code, ..Finding::new(severity, Confidence::High, subject, format!("{code} found")) }
}
fn section(area: &'static str, checks: Vec<(&'static str, Outcome)>) -> Section {
    Section { area, span_s: 1.0, blocks: vec![], checks, gaps: vec![] }
}
fn found(f: Finding) -> (&'static str, Outcome) {
    (f.code, Outcome::Found { findings: vec![f], unseen: 0 })
}
fn asked(named: &[&str]) -> Asked {
    Asked {
        command: "check".into(),
        named: named.iter().map(ToString::to_string).collect(),
        fail_on: FailOn::Warning,
        strict: false,
    }
}
fn report(sections: Vec<Section>, settings: &Settings, asked: &Asked) -> Report {
    let taken = Taken { at: Stamp::from_ms(1_795_300_380_123), duration_ms: 1.0, host: Host::default() };
    assemble(sections, settings, asked, taken)
}
const CLEAR: Outcome = Outcome::Clear { looked: 1, unseen: 0 };
const UNKNOWN: Outcome = Outcome::Unknown { why: Why::Denied, detail: "" };

#[test]
fn the_cause_stands_before_its_effect_even_when_the_effect_is_worse() {
    let leak = finding("sockets/close-wait-leak", Severity::Warning, process(41));
    let near = finding("fds/near-limit", Severity::Critical, process(41));
    let other = finding("fds/near-limit", Severity::Critical, process(42));
    let r = report(
        vec![section("fds", vec![found(near), found(other)]), section("sockets", vec![found(leak)])],
        &Settings::default(),
        &asked(&[]),
    );
    let codes: Vec<_> = r.findings.iter().map(|f| (f.code, f.causes.clone(), f.caused_by.clone())).collect();
    let leak = codes.iter().position(|c| c.0 == "sockets/close-wait-leak").unwrap();
    assert_eq!(codes[leak].1, [leak + 1]);
    assert_eq!((codes[leak + 1].0, &codes[leak + 1].2[..]), ("fds/near-limit", &[leak][..]));
    assert_eq!((r.exit_code, r.status), (2, Status::Critical));
}

#[test]
fn findings_about_different_processes_are_not_linked() {
    let leak = finding("sockets/close-wait-leak", Severity::Warning, process(41));
    let near = finding("fds/near-limit", Severity::Critical, process(42));
    let r = report(vec![section("fds", vec![found(near), found(leak)])], &Settings::default(), &asked(&[]));
    assert!(r.findings.iter().all(|f| f.causes.is_empty() && f.caused_by.is_empty()));
}

#[test]
fn an_ignored_cause_makes_its_effect_a_root_that_says_so() {
    let doc = Doc { code: "sockets/close-wait-leak", summary: "", body: "", file: "", limits: &[] };
    let toml =
        "[[ignore]]\ncode='sockets/close-wait-leak'\nsubject='no*'\nreason='known'\nexpires='2026-12-31'\n";
    let settings = Settings::parse(toml, "p.toml", &[&doc]).unwrap();
    let leak = finding("sockets/close-wait-leak", Severity::Warning, process(41));
    let near = finding("fds/near-limit", Severity::Warning, process(41));
    let r = report(vec![section("fds", vec![found(near), found(leak)])], &settings, &asked(&[]));
    assert_eq!(r.findings.iter().map(|f| f.code).collect::<Vec<_>>(), ["fds/near-limit"]);
    assert_eq!(r.suppressed.iter().map(|f| f.code).collect::<Vec<_>>(), ["sockets/close-wait-leak"]);
    assert!(r.findings[0].because[0].contains("ignored"), "{:?}", r.findings[0].because);
}

#[test]
fn an_expired_or_unused_ignore_is_itself_a_notice() {
    let doc = Doc { code: "fds/near-limit", summary: "", body: "", file: "", limits: &[] };
    let entry =
        |day| format!("[[ignore]]\ncode='fds/near-limit'\nsubject='x'\nreason='r'\nexpires='{day}'\n");
    let of = |day, outcome| {
        let settings = Settings::parse(&entry(day), "p.toml", &[&doc]).unwrap();
        let r = report(vec![section("fds", vec![("fds/near-limit", outcome)])], &settings, &asked(&[]));
        (r.findings.iter().map(|f| f.code).collect::<Vec<_>>(), r.exit_code)
    };
    assert_eq!(of("2026-01-01", CLEAR), (vec!["settings/ignore-expired"], 0));
    assert_eq!(of("2026-12-31", CLEAR), (vec!["settings/ignore-unused"], 0));
    // A check that could not be decided does not prove an entry useless.
    assert_eq!(of("2026-12-31", UNKNOWN).0, Vec::<&str>::new());
}

#[test]
fn could_not_look_is_three_only_for_what_was_named_or_when_all_failed() {
    let sections = || {
        vec![
            section("fds", vec![("fds/near-limit", UNKNOWN)]),
            section("sockets", vec![("sockets/x", CLEAR)]),
        ]
    };
    let code = |named: &[&str]| report(sections(), &Settings::default(), &asked(named)).exit_code;
    assert_eq!(
        [code(&[]), code(&["sockets"]), code(&["fds"]), code(&["fds/*"]), code(&["fds", "sockets"])],
        [0, 0, 3, 3, 3]
    );
    let all = vec![section("fds", vec![("fds/near-limit", UNKNOWN)])];
    assert_eq!(report(all, &Settings::default(), &asked(&[])).status, Status::Unknown);
}

#[test]
fn an_area_narrowed_to_what_no_check_is_about_was_looked_at_and_a_named_code_was_not() {
    let skipped = || vec![section("sockets", vec![("sockets/x", Outcome::Skipped { detail: "a window" })])];
    let code = |named: &[&str]| report(skipped(), &Settings::default(), &asked(named)).exit_code;
    assert_eq!([code(&["sockets"]), code(&["sockets/x"]), code(&["sockets/*"])], [0, 3, 3]);
}

#[test]
fn fail_on_moves_the_bar_and_strict_turns_gaps_into_unknown() {
    let with = |severity, fail_on, strict| {
        let mut s = section("fds", vec![found(finding("fds/near-limit", severity, process(1)))]);
        s.gaps = vec![Gap::new("x", Why::Denied, "")];
        report(vec![s], &Settings::default(), &Asked { fail_on, strict, ..asked(&[]) }).exit_code
    };
    assert_eq!(with(Severity::Notice, FailOn::Warning, false), 0);
    assert_eq!(with(Severity::Notice, FailOn::Notice, false), 1);
    assert_eq!(with(Severity::Warning, FailOn::Critical, false), 0);
    assert_eq!(with(Severity::Critical, FailOn::Critical, true), 2);
    assert_eq!(with(Severity::Critical, FailOn::Never, false), 0);
    assert_eq!(with(Severity::Notice, FailOn::Warning, true), 3);
}

#[test]
fn every_rule_names_codes_of_one_spelling() {
    assert!(links::codes().all(|c| c.split_once('/').is_some_and(|(a, d)| !a.is_empty() && !d.is_empty())));
}

#[test]
fn among_its_like_the_heavier_finding_stands_first_and_an_image_brings_the_rest_about() {
    let of = |code, name: &str, weight| {
        let member = Thing::Named { what: What::Member, server: "prod".into(), name: name.into() };
        finding(code, Severity::Warning, member).weight(weight)
    };
    let mut sure = of("compare/dns-differs", "web-9", 0.0);
    sure.confidence = Confidence::High;
    let mut guess = of("compare/disk-outlier", "web-1", 900.0);
    guess.confidence = Confidence::Low;
    let all = vec![
        guess,
        sure,
        of("compare/env-differs", "web-1", 80.0),
        of("compare/file-differs", "web-2", 370.0),
        of("compare/image-differs", "web-1", 90.0),
    ];
    let r = report(
        vec![section("compare", all.into_iter().map(found).collect())],
        &Settings::default(),
        &asked(&[]),
    );
    let codes: Vec<_> = r.findings.iter().map(|f| f.code).collect();
    assert_eq!(
        codes,
        [
            "compare/file-differs",
            "compare/image-differs",
            "compare/env-differs",
            "compare/dns-differs",
            "compare/disk-outlier"
        ]
    );
    assert_eq!(r.findings[2].caused_by, [1]);
}

#[test]
fn what_ends_a_pod_stands_before_its_restarts_and_a_workload_ties_no_two_pods() {
    let named = |what, name: &str| Thing::Named { what, server: String::new(), name: name.into() };
    let of = |code, severity, pod: &str| {
        finding(code, severity, named(What::Pod, pod)).about(named(What::Workload, "prod/deploy/web"))
    };
    let all = vec![
        of("pods/not-ready", Severity::Critical, "prod/web-1"),
        of("pods/crash-loop", Severity::Critical, "prod/web-1"),
        of("pods/oom-killed", Severity::Warning, "prod/web-1"),
        of("pods/crash-loop", Severity::Warning, "prod/web-2"),
    ];
    let sections = vec![section("pods", all.into_iter().map(found).collect())];
    let r = report(sections, &Settings::default(), &asked(&[]));
    let chain: Vec<_> = r.findings.iter().map(|f| (f.code, &f.caused_by[..])).collect();
    let own: [(&str, &[usize]); 4] = [
        ("pods/oom-killed", &[]),
        ("pods/crash-loop", &[0]),
        ("pods/not-ready", &[1]),
        ("pods/crash-loop", &[]),
    ];
    assert_eq!(chain, own);
}
