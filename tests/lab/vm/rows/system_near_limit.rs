//! The open files of the whole machine against `fs.file-max`.

use crate::report::Report;
use crate::room;

const CODE: &str = "fds/system-near-limit";

#[test]
fn a_full_table_of_open_files_is_found_and_ranked_by_how_full_it_is() {
    for (shot, severity, exit) in [("warning", "warning", 1), ("critical", "critical", 2)] {
        let report = Report::of("system-near-limit", shot);
        let finding = report.finding(CODE);
        assert_eq!(finding["severity"], severity, "{finding}");
        assert_eq!(finding["subject"]["kind"], "host", "{finding}");
        assert_eq!(report.exit, exit, "{finding}");
    }
}

#[test]
fn the_figures_are_the_kernels() {
    let text = room::said("system-near-limit", "file-nr");
    let kernel: Vec<i64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let report = Report::of("system-near-limit", "critical");
    let evidence = &report.finding(CODE)["evidence"];
    assert_eq!(evidence["max"], kernel[2], "{evidence}");
    // Other processes come and go between the two readings.
    let open = evidence["open"].as_i64().unwrap();
    assert!((open - kernel[0]).abs() <= 64, "{open} and {}", kernel[0]);
}

#[test]
fn the_same_files_below_the_usual_limit_are_nothing_to_report() {
    Report::of("system-near-limit", "twin").assert_silent();
}
