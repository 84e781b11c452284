//! A machine that has just started.

use crate::report::Report;
use crate::room;

#[test]
fn the_room_is_a_kernel_that_does_not_tell_the_number_of_descriptors_by_a_size() {
    assert_eq!(room::said("fresh", "size-of-fd"), "0\n0", "st_size of /proc/PID/fd came with Linux 6.2");
    let report = Report::of("fresh", "check");
    let kernel = report.document()["host"]["kernel"].as_str().unwrap();
    assert!(kernel.starts_with("6.1."), "{kernel}");
}

#[test]
fn a_machine_that_has_just_started_is_called_healthy() {
    let report = Report::of("fresh", "check");
    report.assert_silent();
    assert_eq!(report.document()["status"], "clear");
    let text = room::said("fresh", "text");
    assert!(text.contains("CLEAR"), "{text}");
}

#[test]
fn connection_tracking_that_is_not_there_is_not_called_clear() {
    let report = Report::of("fresh", "check");
    let check = report.check("sockets/conntrack-near-limit");
    assert!(check["outcome"] == "unknown" || check["outcome"] == "skipped", "{check}");
}
