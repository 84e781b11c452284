//! `lifecycle/sigterm-dropped`: what becomes of a SIGTERM for the first process of a container. Each verdict is held against
//! the truth: after the report the signal is sent from outside of the namespace, as the runtime of a container does.

use serde_json::Value;

use crate::harness::{Case, LIMITS, Look, NOBODY, Patient, Program, Report, must_have};

const CODE: &str = "lifecycle/sigterm-dropped";
const WRAPPER: &str = "lifecycle/shell-wrapper";
/// Nobody can wait until a service of the lab is old.
const AT_ONCE: &str =
    "[limits.\"lifecycle/sigterm-dropped\"]\nage_s = 0\n[limits.\"lifecycle/shell-wrapper\"]\nage_s = 0\n";

/// A host with this program in a container of its own.
fn container(program: Program) -> (Case, Patient) {
    let case = Case::new("web");
    case.write(LIMITS, AT_ONCE);
    let group = case.cgroup();
    let patient = case.start(program.first_of_its_namespace().in_cgroup(&group));
    (case, patient)
}

/// What the table of first processes says of this pid: verdict and confidence.
fn verdict(report: &Report, pid: u32) -> (String, String) {
    let sections = report.json["sections"].as_array().into_iter().flatten();
    let blocks = sections.flat_map(|s| s["blocks"].as_array().into_iter().flatten());
    let table =
        blocks.into_iter().find(|b| b["name"] == "pid1").expect("there is a table of first processes");
    let columns = table["columns"].as_array().expect("a table has columns");
    let at = |key: &str| columns.iter().position(|c| c["key"] == key).expect("a column");
    let rows = table["rows"].as_array().into_iter().flatten();
    let row = rows.into_iter().find(|r| r[at("pid")] == pid);
    let row = row.unwrap_or_else(|| panic!("no first process {pid} in {table}"));
    let text = |key: &str| row[at(key)].as_str().unwrap_or_else(|| panic!("no {key} in {row}")).to_string();
    (text("verdict"), text("confidence"))
}

/// The reports beside the process and from the host say the same.
fn both(case: &Case, patient: &Patient) -> [(Report, u32); 2] {
    let args = ["lifecycle", "--window", "0", "--config", LIMITS];
    [(case.paramedic_beside(patient, &args), 1), (case.paramedic(&args), patient.pid())]
}

/// The verdict is this one from both sides, and no warning comes of it; the signal does what was said.
fn is_left_alone(program: Program, expected: (&str, &str), ends: bool) {
    let (case, patient) = container(program);
    for (report, pid) in both(&case, &patient) {
        let (verdict, confidence) = verdict(&report, pid);
        assert_eq!((verdict.as_str(), confidence.as_str()), expected, "{report}");
        report.must_be_silent();
    }
    assert_eq!(patient.ends_by_sigterm(ends), ends, "the truth about {}", patient.name());
}

/// It is a warning from both sides and in bare `paramedic`, and the process survives the signal.
fn is_accused(program: Program, runtime: &str) {
    let (case, patient) = container(program);
    for (report, pid) in both(&case, &patient) {
        assert_eq!(verdict(&report, pid), ("dropped".into(), "high".into()), "{report}");
        let finding = report.must_find(CODE).must_be("warning").must_say("handler", "default");
        finding.must_say("verdict", "dropped").must_say("runtime", runtime).must_say("pid_in_namespace", 1);
        assert_eq!((&finding.subject()["pid"], finding.subject_name()), (&Value::from(pid), patient.name()));
        report.must_not_find(WRAPPER);
        report.must_exit(1);
    }
    case.paramedic(&["--config", LIMITS]).must_find(CODE).must_blame(&patient);
    assert!(!patient.ends_by_sigterm(false), "{} was said to drop SIGTERM and ended", patient.name());
}

fn java(flags: &[&str]) -> Program {
    must_have("/usr/bin/java");
    // A server that every Java runtime brings along.
    let line =
        [&["/usr/bin/java"], flags, &["-Xmx64m", "-m", "java.rmi/sun.rmi.registry.RegistryImpl", "1099"]]
            .concat();
    Program::line("java", &line).listens(1099)
}

#[test]
fn python_without_a_handler_is_accused_and_survives() {
    is_accused(Program::python("obeys.py").args(["no"]), "python");
}

#[test]
fn twin_python_with_a_handler_ends() {
    is_left_alone(Program::python("obeys.py").args(["yes"]), ("handler present (not proof)", "medium"), true);
}

#[test]
fn node_cannot_be_told_until_it_has_dropped_one() {
    let (case, patient) = container(Program::node("obeys.js").args(["no"]));
    for (report, pid) in both(&case, &patient) {
        assert_eq!(verdict(&report, pid), ("unknown".into(), "low".into()), "{report}");
        // From the host there are first processes that can be told.
        assert_eq!(report.outcome(CODE), if pid == 1 { "unknown" } else { "clear" }, "{report}");
        report.must_be_silent();
    }
    assert!(!patient.ends_by_sigterm(false), "patient: node without a handler survives");
    // Its own handler is spent: now the masks tell.
    for (report, pid) in both(&case, &patient) {
        assert_eq!(verdict(&report, pid), ("dropped".into(), "high".into()), "{report}");
        report.must_find(CODE).must_be("warning").must_say("runtime", "node").must_say("handler", "default");
    }
    assert!(!patient.ends_by_sigterm(false), "and it survives the next one too");
}

#[test]
fn twin_node_with_a_handler_cannot_be_told_and_ends() {
    is_left_alone(Program::node("obeys.js").args(["yes"]), ("unknown", "low"), true);
}

#[test]
fn java_told_to_leave_signals_alone_is_accused_and_survives() {
    is_accused(java(&["-Xrs"]), "java");
}

#[test]
fn twin_java_ends() {
    is_left_alone(java(&[]), ("handler present (not proof)", "high"), true);
}

#[test]
fn twin_tini_gives_it_on_and_ends() {
    must_have("/usr/bin/tini");
    let line = ["/usr/bin/tini", "--", "/usr/bin/python3", "/run/lab/patients/obeys.py", "no"];
    is_left_alone(Program::line("tini", &line), ("delegated to init", "high"), true);
}

#[test]
fn twin_a_container_that_only_sleeps_is_a_notice() {
    let (case, patient) = container(Program::line("sleep", &["sleep", "infinity"]).sleeps());
    for (report, pid) in both(&case, &patient) {
        assert_eq!(verdict(&report, pid), ("dropped".into(), "high".into()), "{report}");
        report.must_find(CODE).must_be("notice");
        report.must_be_silent();
    }
    assert!(!patient.ends_by_sigterm(false), "patient: sleep survives");
}

#[test]
fn twin_a_service_that_has_just_started_is_a_notice() {
    let case = Case::new("web");
    let group = case.cgroup();
    let python = Program::python("obeys.py").args(["no"]).first_of_its_namespace().in_cgroup(&group);
    let _python = case.start(python);
    // By its own limit: nothing of the lab lives for half a minute.
    let report = case.paramedic(&["lifecycle", "--window", "0"]);
    report.must_find(CODE).must_be("notice");
}

#[test]
fn twin_a_sandbox_in_the_group_of_its_maker_is_nobodys_container() {
    let case = Case::new("web");
    case.write(LIMITS, AT_ONCE);
    let python = case.start(Program::python("obeys.py").args(["no"]).first_of_its_namespace());
    let report = case.paramedic(&["lifecycle", "--window", "0", "--config", LIMITS]);
    assert_eq!(verdict(&report, python.pid()), ("dropped".into(), "high".into()), "{report}");
    report.must_be_silent();
    // Whoever looks at it from within takes it for what it looks like: a container.
    let report = case.paramedic_beside(&python, &["lifecycle", "--window", "0", "--config", LIMITS]);
    report.must_find(CODE).must_be("warning");
}

#[test]
fn another_user_sees_the_same_with_less_confidence() {
    must_have("/usr/bin/tini");
    let case = Case::new("web");
    case.write(LIMITS, AT_ONCE);
    let group = case.cgroup();
    let contained = |program: Program| case.start(program.first_of_its_namespace().in_cgroup(&group));
    let python = contained(Program::python("obeys.py").args(["no"]));
    let line = ["/usr/bin/tini", "--", "/usr/bin/python3", "/run/lab/patients/obeys.py", "no"];
    let tini = contained(Program::line("tini", &line));
    let look = Look { uid: Some(NOBODY), ..Look::default() };
    let report = case.paramedic_as(look, &["lifecycle", "--window", "0", "--config", LIMITS]);
    assert_eq!(verdict(&report, python.pid()), ("dropped".into(), "medium".into()), "{report}");
    assert_eq!(verdict(&report, tini.pid()), ("delegated to init".into(), "medium".into()), "{report}");
    report.must_find(CODE).must_blame(&python).must_be("warning");
}
