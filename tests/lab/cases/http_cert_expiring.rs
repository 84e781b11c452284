//! `http/cert-expiring`: certificates of openssl that end in two days, in ten, in a year, and one that has ended.

use crate::harness::{Case, Program};

const CODE: &str = "http/cert-expiring";

/// A certificate for 127.0.0.1 that begins and ends so many days from now.
const MAKE: &str = r#"cd /run/lab/work && mkdir -p "$1" && cd "$1"
    at() { date -u -d "@$(($(date +%s) + $1 * 86400))" +%Y%m%d%H%M%SZ; }
    printf '[ca]\ndefault_ca=x\n[x]\nnew_certs_dir=.\ndatabase=index\nserial=serial\ndefault_md=sha256\npolicy=any\nx509_extensions=for\n[any]\ncommonName=supplied\n[for]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:false\n[req]\ndistinguished_name=any\n' > conf
    : > index; echo 01 > serial
    openssl req -new -config conf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=web -keyout key -out csr 2>err || { cat err >&2; exit 1; }
    openssl ca -batch -selfsign -notext -config conf -keyfile key -in csr -out crt -startdate "$(at "$2")" -enddate "$(at "$3")" 2>err || { cat err >&2; exit 1; }"#;

/// A server with such a certificate, whose authority is itself.
fn serve(case: &Case, port: &str, from: &str, to: &str) -> String {
    case.tool(&["sh", "-c", MAKE, "sh", port, from, to]);
    let file = |name: &str| format!("/run/lab/work/{port}/{name}");
    let line = [port.to_string(), "60".into(), file("crt"), file("key")];
    case.start(Program::python("closes_idle.py").args(line));
    file("crt")
}

#[test]
fn a_certificate_that_ends_soon_is_named_by_how_soon() {
    let case = Case::new("web");
    for (port, from, to, severity) in [
        ("4001", "-88", "2", Some("critical")),
        ("4002", "-80", "10", Some("warning")),
        ("4003", "-10", "355", None),
        // Made for three days altogether: it is renewed every day.
        ("4004", "0", "3", None),
    ] {
        let authority = serve(&case, port, from, to);
        let report = case.paramedic(&["http", &format!("https://127.0.0.1:{port}/"), "--cacert", &authority]);
        match severity {
            Some(severity) => {
                let days: f64 = to.parse().expect("a number");
                let found = report.must_find(CODE).must_be(severity);
                found.must_measure("left_s", (days - 0.1) * 86_400.0..=days * 86_400.0);
            }
            None => {
                assert!(report.gaps().is_empty(), "{port}: {report}");
                assert_eq!(report.outcome(CODE), "clear", "{port}: {report}");
                report.must_be_silent();
            }
        }
    }
}

#[test]
fn one_that_has_ended_is_a_finding_and_an_unknown_authority_is_an_error() {
    let case = Case::new("web");
    let ended = serve(&case, "4001", "-90", "-1");
    let report = case.paramedic(&["http", "https://127.0.0.1:4001/", "--cacert", &ended]);
    report.must_find(CODE).must_be("critical").must_measure("left_s", -2.0 * 86_400.0..-86_400.0 + 60.0);
    report.must_exit(2);
    serve(&case, "4002", "-1", "300");
    let stranger = case.paramedic(&["http", "https://127.0.0.1:4002/", "--cacert", &ended]);
    stranger.must_exit(3);
    let said = stranger.gaps().iter().any(|g| g["detail"].as_str().is_some_and(|d| d.contains("--cacert")));
    assert!(said, "{stranger}");
    case.paramedic(&["http", "https://127.0.0.1:4002/", "--insecure"]).must_be_silent();
}
