//! `dns/config`: lines that do not do what they look like, under the library of the process.

use crate::harness::{Case, Program};

const CODE: &str = "dns/config";

#[test]
fn a_comment_behind_the_search_list_is_searched_and_said() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\nsearch a.test # office\n");
    for report in case.looks("dns", &[]) {
        report.must_find(CODE).must_be("warning");
        assert!(report.to_string().contains("# is searched as a domain"), "{report}");
    }
}

#[test]
fn options_are_held_against_the_library_of_the_process() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\noptions rotate\n");
    let node = case.start(Program::node("looks_up.js").args(["db.test"]));
    assert_eq!(node.told("found"), 1, "patient");
    let pid = node.pid().to_string();
    let glibc = case.paramedic(&["dns", "--pid", &pid]);
    assert_eq!(glibc.rows("settings")[0][0], "glibc", "{glibc}");
    glibc.must_not_find(CODE);
    case.paramedic(&["dns", "--pid", &pid, "--libc", "musl"]).must_find(CODE).must_be("notice");
}

#[test]
fn twin_with_an_ordinary_file_is_well() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=10.0.0.7"]);
    case.resolv_conf(
        "# made by somebody\nnameserver 127.0.0.11\nsearch a.test b.test\noptions edns0 trust-ad\n",
    );
    case.must_be_well();
    case.paramedic(&["dns"]).must_not_find(CODE);
}
