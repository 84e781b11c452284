//! Names that break the parsers and screens of other tools: each belongs to a process with a
//! finding, and must come through right in JSON and harmless in text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::harness::{Case, Patient, Program, Report};

const CODE: &str = "fds/near-limit";

/// Bytes of the name, and the text that JSON has for it.
const NAMES: [(&[u8], &str); 9] = [
    (b"nc (", "nc ("),
    (b"a)b", "a)b"),
    (b"a\"),(\"init", "a\"),(\"init"),
    (b"x\n127.0.0.1", "x\n127.0.0.1"),
    (b"\x1b[31mred\x1b[0m", "\u{1b}[31mred\u{1b}[0m"),
    (b"\x1b]0;owned\x07", "\u{1b}]0;owned\u{7}"),
    ("\u{202e}gnp.exe".as_bytes(), "\u{202e}gnp.exe"),
    (b"\xff\xfe", "\\xff\\xfe"),
    (b") R 1 1 1", ") R 1 1 1"),
];

fn start_all(case: &Case) -> Vec<Patient> {
    let start = |(name, _): &(&[u8], &str)| {
        let hex: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        let patient = Program::python("named.py").args([hex.as_str(), "60"]).nofile(100, 100);
        let patient = case.start(patient);
        let comm = case.proc_bytes(patient.pid(), "comm");
        assert_eq!(comm.strip_suffix(b"\n"), Some(*name), "patient");
        patient
    };
    NAMES.iter().map(start).collect()
}

fn must_name_all(report: &Report, patients: &[Patient]) {
    let findings = report.all(CODE);
    assert_eq!(findings.len(), NAMES.len(), "{report}");
    for ((bytes, text), patient) in NAMES.iter().zip(patients) {
        let own = findings.iter().find(|finding| finding.subject()["pid"] == patient.pid());
        let own = own.unwrap_or_else(|| panic!("no finding about {text:?} in:\n{report}"));
        assert_eq!(own.subject_name(), *text, "{report}");
        if std::str::from_utf8(bytes).is_err() {
            assert_eq!(own.subject()["name_b64"], STANDARD.encode(bytes), "{report}");
        }
    }
}

#[test]
fn hostile_names_come_through_right_in_json() {
    let case = Case::new("web");
    let patients = start_all(&case);
    for report in case.looks("fds", &[]) {
        must_name_all(&report, &patients);
    }
}

#[test]
fn hostile_names_put_no_control_byte_on_a_terminal() {
    let case = Case::new("web");
    start_all(&case);
    for args in [&["fds"][..], &[], &["fds", "-o", "wide"], &["fds", "--color", "never"]] {
        let (code, stdout) = case.paramedic_text(args);
        let text = String::from_utf8(stdout).expect("text is UTF-8");
        assert_eq!(code, 1, "paramedic {args:?}:\n{text}");
        let harmful = |c: &char| c.is_control() && *c != '\n' || ('\u{202a}'..='\u{202e}').contains(c);
        let found: Vec<char> = text.chars().filter(harmful).collect();
        assert!(found.is_empty(), "paramedic {args:?} printed {found:?}:\n{text}");
        assert!(text.contains("nc ("), "paramedic {args:?}:\n{text}");
        assert!(text.contains("a)b"), "paramedic {args:?}:\n{text}");
        let forged = text.lines().any(|line| line.starts_with("127.0.0.1"));
        assert!(!forged, "a name made a line of its own:\n{text}");
    }
}
