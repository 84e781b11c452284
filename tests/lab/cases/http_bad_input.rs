//! What is no answer: a clear word and exit 3, at once.

use crate::harness::{Case, Program, Report};

/// The one gap that says why.
fn said(report: &Report, what: &str) {
    report.must_exit(3);
    let all = report.gaps();
    let found = all.iter().any(|g| g["detail"].as_str().is_some_and(|d| d.contains(what)));
    assert!(found, "no `{what}` in {report}");
}

/// Answers whatever comes with this.
const SAYS: &str = "import socket, sys
s = socket.create_server(('127.0.0.1', 4000))
while True:
    c = s.accept()[0]
    c.recv(4096)
    c.sendall(sys.argv[1].encode().decode('unicode_escape').encode())
    c.close()";

#[test]
fn what_is_no_answer_is_an_error_and_says_which() {
    let case = Case::new("web");
    said(&case.paramedic(&["http", "http://127.0.0.1:4009/"]), "refused");
    said(&case.paramedic(&["http", "http://127.0.0.1:4009/", "--for", "5s"]), "refused");
    case.resolv_conf("nameserver 127.0.0.11\noptions timeout:1 attempts:1\n");
    case.dns_server("127.0.0.11", &["*=none"]);
    said(&case.paramedic(&["http", "http://web.test/"]), "no address");
    said(&case.paramedic(&["http", "ftp://127.0.0.1/"]), "http://");
    said(&case.paramedic(&["http", "http://user:hunter2@127.0.0.1/"]), "leave it out");
    let line = ["/usr/bin/python3", "-c", SAYS, "SSH-2.0-OpenSSH_9.2\\r\\n\\r\\n"];
    case.start(Program::line("python3", &line).listens(4000));
    said(&case.paramedic(&["http", "http://127.0.0.1:4000/?key=hunter2"]), "no HTTP");
    let tls = case.paramedic(&["http", "https://127.0.0.1:4000/"]);
    tls.must_exit(3);
    assert!(!tls.json.to_string().contains("hunter2"));
}

#[test]
fn a_redirection_is_shown_and_not_followed_and_half_an_answer_is_none() {
    let case = Case::new("web");
    let redirect = "HTTP/1.1 302 Found\\r\\nLocation: http://127.0.0.1:4009/login?session=hunter2\\r\\nContent-Length: 0\\r\\n\\r\\n";
    let line = ["/usr/bin/python3", "-c", SAYS, redirect];
    let server = case.start(Program::line("python3", &line).listens(4000));
    let report = case.paramedic(&["http", "http://127.0.0.1:4000/"]);
    report.must_be_silent();
    assert!(report.json.to_string().contains("http://127.0.0.1:4009/login?…"), "{report}");
    assert!(!report.json.to_string().contains("hunter2"));
    case.tool(&["kill", "-KILL", &server.pid().to_string()]);
    let half = "HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nrow\\n";
    case.start(Program::line("python3", &["/usr/bin/python3", "-c", SAYS, half]).listens(4000));
    said(&case.paramedic(&["http", "http://127.0.0.1:4000/"]), "4 bytes");
}
