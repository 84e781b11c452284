//! `cpu/uninterruptible`: whoever spawns a child that cannot begin sleeps where no signal reaches it.

use std::time::{Duration, Instant};

use crate::harness::{Case, LIMITS, Patient, Program, soon};

const CODE: &str = "cpu/uninterruptible";
const FIFO: &str = "/run/lab/work/input";
/// So that nobody has to wait for ten seconds.
const SOON: &str = "[limits.\"cpu/uninterruptible\"]\nage_s = [1.5, 120]\n";

/// The state of a thread.
fn state(case: &Case, pid: u32, tid: u32) -> String {
    let stat = case.proc(pid, &format!("task/{tid}/stat"));
    let rest = stat.rsplit_once(')').expect("a name in brackets").1;
    rest.split_whitespace().next().expect("a state").to_owned()
}

/// Waits until a thread of the process sleeps so; gives its id.
fn asleep(case: &Case, python: &Patient) -> u32 {
    soon(|| {
        let tids = case.tool(&["ls", &format!("/proc/{}/task", python.pid())]);
        let mut tids = tids.split_whitespace().filter_map(|t| t.parse().ok());
        let found = tids.find(|tid| state(case, python.pid(), *tid) == "D");
        found.ok_or_else(|| "patient: no thread is in state D".to_owned())
    })
}

#[test]
fn process_that_sleeps_in_the_kernel_is_named_with_its_place() {
    let case = Case::timed("web");
    let began = Instant::now();
    let python = case.start(Program::python("spawns.py").args([FIFO, "main"]));
    assert_eq!(asleep(&case, &python), python.pid(), "patient");
    // A second of it is any slow disk.
    case.paramedic(&["cpu", "--window", "0.6s"]).must_be_silent();
    case.write(LIMITS, SOON);
    std::thread::sleep(Duration::from_millis(1_500));

    for report in case.looks("cpu", &["--config", LIMITS]) {
        report
            .must_find(CODE)
            .must_blame(&python)
            .must_be("warning")
            .must_say("count", 1)
            .must_measure("oldest_s", 1.5..=began.elapsed().as_secs_f64() + 1.0);
        report.must_exit(1);
    }
    let report = case.paramedic(&["cpu", "--config", LIMITS]);
    let wchan = report.must_find(CODE).said("wchan");
    assert_eq!(wchan, case.proc(python.pid(), "wchan"), "{report}");
    assert_eq!(case.paramedic(&["cpu", "--window", "0"]).outcome(CODE), "skipped");
}

#[test]
fn thread_beside_the_first_is_found_too() {
    let case = Case::new("web");
    let python = case.start(Program::python("spawns.py").args([FIFO, "thread"]));
    assert_ne!(asleep(&case, &python), python.pid(), "patient");
    assert_ne!(state(&case, python.pid(), python.pid()), "D", "patient");
    case.write(LIMITS, SOON);
    std::thread::sleep(Duration::from_millis(1_500));
    let report = case.paramedic(&["cpu", "--config", LIMITS]);
    report.must_find(CODE).must_blame(&python).must_say("count", 1);
}

#[test]
fn twin_whose_child_begins_at_once_is_well() {
    let case = Case::new("web");
    case.tool(&["mkfifo", FIFO]);
    // Opened for both, a FIFO has a reader and a writer at once.
    let _open = case.start(Program::python("keeps_open.py").args([FIFO]));
    let python = case.start(Program::python("spawns.py").args([FIFO, "main"]));
    soon(|| match state(&case, python.pid(), python.pid()).as_str() {
        "S" => Ok(()),
        other => Err(format!("patient is in state {other}")),
    });
    case.write(LIMITS, SOON);
    case.must_be_well();
    case.paramedic(&["cpu", "--config", LIMITS]).must_be_silent();
}

#[test]
fn twin_that_a_busy_disk_puts_to_sleep_again_and_again_is_well() {
    let case = Case::timed("db");
    let _writes = case.start(Program::python("syncs.py").args(["/var/tmp"]));
    case.write(LIMITS, SOON);
    case.paramedic(&["cpu", "--window", "3s", "--config", LIMITS]).must_be_silent();
}
