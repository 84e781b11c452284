//! `sockets/listen-loopback-only`: the service listens where nobody else can reach it.

use crate::harness::{Case, Program};

const CODE: &str = "sockets/listen-loopback-only";

#[test]
fn server_on_loopback_is_a_notice() {
    let case = Case::new("files");
    let server = case.start(Program::python_http_server(8000, "127.0.0.1"));
    for report in case.looks("sockets", &[]) {
        let finding = report.must_find(CODE).must_blame(&server).must_be("notice");
        finding.must_say("address", "127.0.0.1:8000");
        assert_eq!(finding.about("listener"), "127.0.0.1:8000", "{report}");
        report.must_be_silent();
    }
}

#[test]
fn twin_on_all_addresses_has_no_notice() {
    let case = Case::new("files");
    case.start(Program::python_http_server(8000, "0.0.0.0"));
    let report = case.paramedic(&[]);
    report.must_not_find(CODE);
    report.must_be_silent();
}
