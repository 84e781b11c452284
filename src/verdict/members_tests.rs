use super::*;
use crate::model::{
    Confidence, Finding, Process, Severity, Stamp, Thing, Why,
    report::{Host, Report},
};

fn process(pid: i32, name: &str) -> Thing {
    Thing::Process(Process { pid, start_ticks: 1, start: None, name: name.into(), user: None })
}
fn finding(code: &'static str, severity: Severity, subject: Thing) -> FindingV1 {
    let f = Finding::new(severity, Confidence::High, subject, format!("{code} {severity:?}"));
    FindingV1::from(&Finding { code, ..f })
}
fn everywhere() -> Everywhere {
    let taken = Taken { at: Stamp::from_ms(0), duration_ms: 1.0, host: Host::default() };
    Everywhere { command: "fds".into(), on: vec!["deploy/web".into()], taken }
}
fn heard(name: &str, status: Status, findings: Vec<FindingV1>, outcome: OutcomeV1) -> Heard {
    let checks = vec![CheckV1 { code: "fds/near-limit", outcome }];
    let gaps = vec![Gap { count: 7, ..Gap::new("processes", Why::Denied, "pid 4") }];
    let sections = vec![SectionV1 { area: "fds", ..section(checks, gaps) }];
    let exit_code = match status {
        Status::Clear => 0,
        Status::Warning => 1,
        Status::Critical => 2,
        Status::Unknown => 3,
    };
    let report = Report { status, exit_code, ..blank(&everywhere(), findings, sections) };
    Heard { name: name.into(), on: format!("--on pod/{name}"), pod: None, said: Ok(report) }
}
fn lost(name: &str) -> Heard {
    let gap = Gap::new(name, Why::Denied, "no right");
    Heard { name: name.into(), on: String::new(), pod: None, said: Err((gap, vec!["line".into()])) }
}
const CLEAR: OutcomeV1 = OutcomeV1::Clear { looked: 4, unseen: 1 };
const FOUND: OutcomeV1 = OutcomeV1::Found { unseen: 0 };

#[test]
fn what_all_have_is_said_once_and_what_one_has_stays_its_own() {
    use Severity::{Critical, Warning};
    let leak = |pid, severity| finding("sockets/leak", severity, process(pid, "node"));
    let a = heard("a", Status::Warning, vec![leak(1, Warning)], FOUND);
    let own = finding("fds/near-limit", Critical, process(9, "node"));
    let mut b = heard("b", Status::Critical, vec![own, leak(2, Critical)], FOUND);
    if let Ok(r) = &mut b.said {
        r.findings[0].causes = vec![1];
        r.findings[1].caused_by = vec![0];
    }
    let c = heard("c", Status::Warning, vec![leak(3, Warning)], FOUND);
    let all = together(&everywhere(), vec![a, b, c]);
    assert_eq!((all.exit_code, all.status), (2, Status::Critical));
    let [said] = &all.findings[..] else { panic!("{:?}", all.findings) };
    assert_eq!((said.code, said.severity), ("sockets/leak", Critical));
    assert!(
        said.because.last().unwrap().contains("All 3") && said.because.last().unwrap().contains("those of b")
    );
    assert!(said.caused_by.is_empty(), "its cause is not what all have");
    assert_eq!(all.members.iter().map(|m| m.shared.clone()).collect::<Vec<_>>(), [[0], [1], [0]]);
}

#[test]
fn subjects_are_paired_by_what_they_are_called_and_what_is_left_by_their_kind() {
    let f = |pid, name| finding("x/y", Severity::Warning, process(pid, name));
    let (a, b) = ([f(1, "node"), f(2, "java")], [f(3, "java"), f(4, "ruby"), f(5, "perl")]);
    assert_eq!(shared(&[&a, &b]), [[0, 1], [1, 0]]);
    assert!(shared(&[&a]).is_empty(), "one alone shares nothing");
    let mount = [finding("x/y", Severity::Warning, Thing::Host)];
    assert!(shared(&[&a, &mount]).is_empty(), "another kind of subject is another finding");
}

#[test]
fn a_place_that_could_not_be_asked_is_three_and_hides_nothing() {
    let sick = vec![finding("fds/near-limit", Severity::Critical, process(1, "node"))];
    let all = together(&everywhere(), vec![heard("a", Status::Critical, sick, FOUND), lost("b")]);
    assert_eq!((all.exit_code, all.status), (3, Status::Critical));
    assert!(all.findings.is_empty(), "one alone shares nothing");
    assert_eq!(all.members[1].remedies, ["line"]);
    assert_eq!(all.sections.last().unwrap().gaps[0].subject, "b");
    let none = together(&everywhere(), vec![lost("a"), lost("b")]);
    assert_eq!((none.exit_code, none.status), (3, Status::Unknown));
    let healthy = together(&everywhere(), vec![heard("a", Status::Clear, vec![], CLEAR), lost("b")]);
    assert_eq!((healthy.exit_code, healthy.status), (3, Status::Unknown));
}

#[test]
fn a_check_is_clear_only_where_it_is_clear_in_all() {
    let unknown = OutcomeV1::Unknown { why: Why::Denied, detail: "x" };
    let of = |b: OutcomeV1| {
        let members = vec![heard("a", Status::Clear, vec![], CLEAR), heard("b", Status::Clear, vec![], b)];
        together(&everywhere(), members).sections.remove(0).checks.remove(0).outcome
    };
    assert!(matches!(of(CLEAR), OutcomeV1::Clear { looked: 8, unseen: 2 }));
    assert!(matches!(of(FOUND), OutcomeV1::Found { unseen: 1 }));
    assert!(matches!(of(unknown), OutcomeV1::Unknown { .. }));
}

#[test]
fn what_several_could_not_see_is_said_once_with_their_names() {
    let members = |n: usize| -> Vec<Heard> {
        (0..n).map(|i| heard(&format!("web-{i}"), Status::Clear, vec![], CLEAR)).collect()
    };
    let gaps = |heard: Vec<Heard>| together(&everywhere(), heard).sections.last().unwrap().gaps.clone();
    let all = gaps(members(3));
    assert_eq!((all[0].subject.as_str(), all[0].count, all.len()), ("processes in all 3", 21, 1));
    let mut five = members(6);
    if let Ok(r) = &mut five[5].said {
        r.sections[0].gaps.clear();
    }
    assert_eq!(gaps(five)[0].subject, "processes in web-0, web-1, web-2 and 2 more");
}

#[test]
fn one_place_alone_is_its_own_report() {
    let one = alone(&everywhere(), heard("a", Status::Clear, vec![], CLEAR));
    assert_eq!((one.exit_code, one.sections.len(), one.on), (0, 1, vec!["deploy/web".to_string()]));
    assert!(one.members[0].report.is_none(), "it would be there twice");
    let none = alone(&everywhere(), lost("a"));
    assert_eq!((none.exit_code, none.status), (3, Status::Unknown));
}
