//! Names of the settings file: plain `paramedic` asks every nameserver for them.

use crate::harness::Case;

const FILE: &str = "/run/lab/work/names.toml";
const FLAGS: [&str; 4] = ["--config", FILE, "--skip", "fds,sockets,memory,cpu,disk,lifecycle"];

fn case(rules: &[&str]) -> Case {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", rules);
    case.resolv_conf("nameserver 127.0.0.11\nsearch a.test\n");
    case.write(FILE, "[dns]\nnames = [\"api.example.com\", \"db\"]\n");
    case
}

#[test]
fn a_name_that_nobody_answers_is_found_by_plain_check() {
    let case = case(&["api.example.com=silent", "*=10.0.0.7"]);
    let report = case.paramedic(&FLAGS);
    report.must_find("dns/dead-server").must_be("warning");
    assert!(report.to_string().contains("does not answer for api.example.com (A, AAAA)"), "{report}");
    // Without the file nobody asks for it.
    case.must_be_well();
}

#[test]
fn twin_is_asked_for_each_name_and_type_once_and_for_its_search_domain() {
    let case = case(&["*=10.0.0.7"]);
    case.paramedic(&FLAGS).must_be_silent();
    let mut asked: Vec<String> = case.queries().into_iter().map(|q| q.what).collect();
    asked.sort();
    let wanted = [
        "a.test A",
        "a.test AAAA",
        "api.example.com A",
        "api.example.com AAAA",
        "db.a.test A",
        "db.a.test AAAA",
        "localhost A",
    ];
    assert_eq!(asked, wanted);
}

#[test]
fn what_is_no_name_is_said_with_its_file_and_key_and_nothing_is_sent() {
    let case = case(&["*=10.0.0.7"]);
    case.write(FILE, "[dns]\nnames = [\"api example\"]\n");
    let (code, stdout) = case.paramedic_text(&FLAGS);
    assert_eq!((code, stdout.len()), (3, 0));
    assert!(case.queries().is_empty());
}
