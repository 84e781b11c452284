//! `lifecycle/zombies` and `lifecycle/no-init`: children that nobody collects.

use crate::harness::{Case, Host, LIMITS, Patient, Program, must_have, soon};

const CODE: &str = "lifecycle/zombies";
const NO_INIT: &str = "lifecycle/no-init";
/// Nobody can wait until zombies of the lab are old.
const AT_ONCE: &str =
    "[limits.\"lifecycle/zombies\"]\nfor_s = 1\n[limits.\"lifecycle/no-init\"]\nfor_s = 1\n";

/// So many zombies have this parent.
fn stand(host: &Host, parent: &Patient, count: usize) -> Result<(), String> {
    let listing = host.tool(&["ps", "-eo", "ppid=,stat="]);
    let of = |line: &&str| {
        let mut words = line.split_whitespace();
        words.next() == Some(&parent.pid().to_string()) && words.next().is_some_and(|s| s.starts_with('Z'))
    };
    let seen = listing.lines().filter(of).count();
    if seen == count { Ok(()) } else { Err(format!("patient: {seen} zombies, not {count}:\n{listing}")) }
}

#[test]
fn a_parent_that_never_waits_is_named() {
    let case = Case::new("jobs");
    case.write(LIMITS, AT_ONCE);
    let mut python = case.start(Program::python("never_waits.py").args(["25"]));
    soon(|| stand(&case, &python, 25));

    // Longer than the limit: they were seen dead for all of it.
    for report in case.looks("lifecycle", &["--window", "2s", "--config", LIMITS]) {
        let finding = report.must_find(CODE).must_blame(&python).must_be("warning").must_say("count", 25);
        finding.must_measure("oldest_s", 1.0..=600.0);
        report.must_not_find(NO_INIT);
        report.must_exit(1);
    }

    python.order("collect");
    case.paramedic(&["--config", LIMITS]).must_be_silent();
}

#[test]
fn a_first_process_that_inherits_orphans_is_no_init() {
    let case = Case::new("jobs");
    case.write(LIMITS, AT_ONCE);
    let group = case.cgroup();
    let program = Program::python("never_waits.py").args(["25", "orphans"]);
    let python = case.start(program.first_of_its_namespace().in_cgroup(&group));
    soon(|| stand(&case, &python, 25));

    let args = ["lifecycle", "--window", "2s", "--config", LIMITS];
    for (report, pid) in [(case.paramedic_beside(&python, &args), 1), (case.paramedic(&args), python.pid())] {
        for code in [CODE, NO_INIT] {
            let finding = report.must_find(code).must_be("warning");
            assert_eq!(finding.subject()["pid"], pid, "{report}");
        }
        report.must_find(NO_INIT).must_say("zombies", 25);
        report.must_find(CODE).must_say("count", 25);
    }
    assert!(python.ends_by_sigterm(true), "patient: it has a handler");
}

#[test]
fn twin_tini_collects_the_orphans() {
    must_have("/usr/bin/tini");
    let case = Case::new("jobs");
    case.write(LIMITS, AT_ONCE);
    let group = case.cgroup();
    let line =
        ["/usr/bin/tini", "--", "/usr/bin/python3", "/run/lab/patients/never_waits.py", "25", "orphans"];
    let tini = case.start(Program::line("tini", &line).first_of_its_namespace().in_cgroup(&group));
    soon(|| stand(&case, &tini, 0));
    let args = ["lifecycle", "--config", LIMITS];
    for report in [case.paramedic_beside(&tini, &args), case.paramedic(&args)] {
        report.must_not_find(CODE);
        report.must_not_find(NO_INIT);
    }
    case.paramedic(&["--config", LIMITS]).must_be_silent();
}

#[test]
fn twin_a_few_zombies_are_ordinary() {
    let case = Case::new("jobs");
    case.write(LIMITS, AT_ONCE);
    let python = case.start(Program::python("never_waits.py").args(["5"]));
    soon(|| stand(&case, &python, 5));
    case.paramedic(&["--config", LIMITS]).must_be_silent();
}

#[test]
fn twin_children_that_come_and_go_are_well() {
    let case = Case::new("build");
    case.write(LIMITS, AT_ONCE);
    case.start(Program::python("churns.py").args(["10"]));
    case.paramedic(&["--config", LIMITS]).must_be_silent();
}
