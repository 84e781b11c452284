//! `lifecycle/shell-wrapper`: a shell keeps SIGTERM from its child. The signal is sent afterwards, and the truth compared.

use crate::harness::{Case, LIMITS, Patient, Program, Report, must_have};

const CODE: &str = "lifecycle/shell-wrapper";
const DROPPED: &str = "lifecycle/sigterm-dropped";
const AT_ONCE: &str =
    "[limits.\"lifecycle/sigterm-dropped\"]\nage_s = 0\n[limits.\"lifecycle/shell-wrapper\"]\nage_s = 0\n";
/// A service with the best of handlers.
const SERVICE: &str = "/usr/bin/node /run/lab/patients/obeys.js yes";

fn container(program: Program) -> (Case, Patient) {
    let case = Case::new("web");
    case.write(LIMITS, AT_ONCE);
    let group = case.cgroup();
    let patient = case.start(program.first_of_its_namespace().in_cgroup(&group));
    (case, patient)
}

fn both(case: &Case, patient: &Patient) -> [(Report, u32); 2] {
    let args = ["lifecycle", "--window", "0", "--config", LIMITS];
    [(case.paramedic_beside(patient, &args), 1), (case.paramedic(&args), patient.pid())]
}

/// The shell is blamed, the child is named, and neither hears the signal.
fn is_accused(program: Program) {
    let (case, shell) = container(program);
    for (report, pid) in both(&case, &shell) {
        let finding = report.must_find(CODE).must_be("warning").must_say("shell", shell.name());
        let finding = finding.must_say("child", "node").must_say("child_handler", "caught");
        assert_eq!(
            (finding.subject()["pid"].as_u64(), finding.subject_name()),
            (Some(pid.into()), shell.name())
        );
        report.must_not_find(DROPPED);
        report.must_exit(1);
    }
    case.paramedic(&["--config", LIMITS]).must_find(CODE).must_blame(&shell);
    assert!(!shell.ends_by_sigterm(false), "{} was said to keep SIGTERM and ended", shell.name());
}

/// Nobody is blamed, and the service ends.
fn is_left_alone(program: Program) {
    let (case, patient) = container(program);
    for (report, _) in both(&case, &patient) {
        report.must_not_find(CODE);
        report.must_be_silent();
    }
    assert!(patient.ends_by_sigterm(true), "the truth about {}", patient.name());
}

#[test]
fn sh_with_another_command_behind_keeps_it() {
    is_accused(Program::line("sh", &["/bin/sh", "-c", &format!("{SERVICE}; true")]));
}

#[test]
fn bash_with_several_commands_keeps_it() {
    is_accused(Program::line("bash", &["/bin/bash", "-c", &format!("umask 022 && {SERVICE} && true")]));
}

#[test]
fn a_script_without_exec_keeps_it() {
    let script = format!("#!/bin/sh\nset -e\n{SERVICE}\nexit 0\n");
    let case = Case::new("web");
    case.write(LIMITS, AT_ONCE);
    case.write("/run/lab/work/entrypoint.sh", &script);
    let group = case.cgroup();
    let line = ["/bin/sh", "/run/lab/work/entrypoint.sh"];
    let shell = case.start(Program::line("sh", &line).first_of_its_namespace().in_cgroup(&group));
    for (report, _) in both(&case, &shell) {
        report.must_find(CODE).must_be("warning").must_say("child", "node");
    }
    assert!(!shell.ends_by_sigterm(false), "patient: a shell without a handler survives");
}

#[test]
fn below_tini_the_shell_dies_and_the_service_is_killed() {
    must_have("/usr/bin/tini");
    let line = ["/usr/bin/tini", "--", "/bin/sh", "-c", &format!("{SERVICE}; true")];
    let (case, tini) = container(Program::line("tini", &line));
    for (report, _) in both(&case, &tini) {
        let finding =
            report.must_find(CODE).must_be("warning").must_say("shell", "sh").must_say("child", "node");
        assert_eq!(finding.subject_name(), "sh", "{report}");
    }
    assert!(tini.ends_by_sigterm(true), "patient: tini ends after the shell");
}

#[test]
fn twin_sh_that_execs_is_its_program() {
    is_left_alone(Program::line("node", &["/bin/sh", "-c", &format!("exec {SERVICE}")]));
}

#[test]
fn twin_bash_that_execs_is_its_program() {
    is_left_alone(Program::line("node", &["/bin/bash", "-c", &format!("umask 022; exec {SERVICE}")]));
}

#[test]
fn twin_tini_that_sends_to_the_group_reaches_the_service() {
    must_have("/usr/bin/tini");
    let line = ["/usr/bin/tini", "-g", "--", "/bin/sh", "-c", &format!("{SERVICE}; true")];
    is_left_alone(Program::line("tini", &line));
}

/// What people write who know that shells give signals to nobody.
fn trapping(service: &str) -> Program {
    let line = format!("trap 'kill -TERM $pid' TERM; {service} & pid=$!; wait $pid; wait $pid");
    Program::line("bash", &["/bin/bash", "-c", &line])
}

#[test]
fn twin_a_script_that_traps_and_waits_gives_it_on() {
    is_left_alone(trapping("/usr/bin/python3 /run/lab/patients/obeys.py yes"));
}

#[test]
fn twin_a_trap_that_cannot_be_judged_is_a_notice_with_low_confidence() {
    // Node.js wipes out the traces that a shell leaves on a child in the background.
    let (case, shell) = container(trapping(SERVICE));
    for (report, _) in both(&case, &shell) {
        report.must_find(CODE).must_be("notice");
        report.must_be_silent();
    }
    assert!(shell.ends_by_sigterm(true), "patient: it gives the signal on");
}

#[test]
fn twin_a_shell_that_only_sleeps_is_a_notice() {
    let line = "echo 'ready {\"pid\": 1}'; while :; do sleep 1000; done";
    let (case, shell) = container(Program::line("sh", &["/bin/sh", "-c", line]));
    crate::harness::soon(|| {
        let report = case.paramedic(&["lifecycle", "--window", "0", "--config", LIMITS]);
        report.must_be_silent();
        match report.all(CODE).first() {
            Some(finding) if finding.severity() == "notice" => Ok(()),
            _ => Err(format!("no notice in:\n{report}")),
        }
    });
    assert!(!shell.ends_by_sigterm(false), "patient: a shell without a handler survives");
}
