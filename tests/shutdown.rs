//! `shutdown` and bad input: what cannot be rehearsed is said in words, exit 3, and nothing that was started is left.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

use serde_json::Value;
use std::{
    fs,
    io::Read,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

/// Short, so that a case takes a second or two.
const SHORT: [[&str; 2]; 6] = [
    ["--start-timeout", "10s"],
    ["--warm-up", "300ms"],
    ["--late", "500ms"],
    ["--grace", "1s"],
    ["--rate", "20"],
    ["--request-timeout", "2s"],
];

/// A server on this port that ends on SIGTERM: what it says is up to `answer`.
fn server(port: u16, answer: &str) -> String {
    format!(
        "import socket, threading\n\
         s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n\
         s.bind(('127.0.0.1', {port})); s.listen(100)\n\
         def serve(c):\n\
         \x20   with c:\n\
         \x20       c.recv(65536); c.sendall({answer})\n\
         while True:\n\
         \x20   threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()\n"
    )
}
const WELL: &str = r"b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'";

/// A mark in the environment of everything that a case starts: whoever has it belongs to the case.
struct Case {
    mark: String,
    dir: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::SeqCst);
        let mark = format!("PARAMEDIC_REHEARSAL={}-{n}", std::process::id());
        Self { mark, dir: tempfile::tempdir().unwrap() }
    }
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
    fn command(&self, args: &[&str]) -> Command {
        let binary =
            std::env::var_os("PARAMEDIC_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_paramedic").into());
        let mut command = Command::new(binary);
        let at = args.iter().position(|a| *a == "--").unwrap_or(args.len());
        let short = SHORT.iter().filter(|[flag, _]| !args.contains(flag)).flatten();
        command.arg("shutdown").args(short).args(&args[..at]).arg("--json").args(&args[at..]);
        let (name, value) = self.mark.split_once('=').unwrap();
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env(name, value);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary runs")
    }
    /// Everybody who has the mark.
    fn marked(&self) -> Vec<String> {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let of = |p: &Path| {
            let environment = fs::read(p.join("environ")).ok()?;
            let ours = environment.split(|b| *b == 0).any(|v| v == self.mark.as_bytes());
            let line = fs::read(p.join("cmdline")).ok()?;
            (ours && !line.is_empty())
                .then(|| format!("{} {}", p.display(), String::from_utf8_lossy(&line).replace('\0', " ")))
        };
        entries.filter_map(|e| of(&e.path())).collect()
    }
    /// Our own helper, which reads what may hang, ends with us and not before us: a moment is given.
    fn nothing_is_left(&self) {
        soon("nothing is left", || self.marked().is_empty());
    }
    /// Exit 3 for this reason, and nothing is left.
    fn refused(&self, args: &[&str], says: &str) {
        let out = self.run(args);
        let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert_eq!(out.status.code(), Some(3), "{args:?}: {stdout}{stderr}");
        let said = match serde_json::from_str::<Value>(&stdout) {
            Ok(report) => report["sections"][0]["gaps"].to_string(),
            Err(_) => stderr.into_owned(),
        };
        assert!(said.contains(says), "{args:?} says {said}, not {says:?}");
        self.nothing_is_left();
    }
    /// The same of a service in Python that listens on a port of its own.
    fn refused_of(&self, program: impl Fn(u16) -> String, flags: &[&str], says: &str) {
        let port = port();
        let script = self.file("service.py", &program(port));
        let ready = port.to_string();
        let mut args = flags.to_vec();
        if !flags.iter().any(|f| f.starts_with("--url")) {
            args.extend(["--ready", &ready]);
        }
        args.extend(["--", "python3", script.to_str().unwrap()]);
        self.refused(&args, says);
    }
}

/// A port that nobody has.
fn port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn soon(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < until, "{what}");
        sleep(Duration::from_millis(20));
    }
}

/// A process of the test's own, ended with it.
struct Own(Child);
impl Own {
    fn start(line: &[&str]) -> Self {
        let mut command = Command::new(line[0]);
        command.args(&line[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
    fn pid(&self) -> String {
        self.0.id().to_string()
    }
    fn lives(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}
impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn commands_that_cannot_be_started() {
    let case = Case::new();
    let plain = case.file("plain", "#!/bin/sh\nsleep 60\n");
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).unwrap();
    case.refused(&["--", "no-such-command"], "no command `no-such-command` in the PATH");
    case.refused(&["--", plain.to_str().unwrap()], "not executable");
    case.refused(&[], "nothing is named that could end");
    case.refused(&["--ready", "80", "--tree", "1", "--", "true"], "name it by --pid N");
    case.refused(&["--url", "ftp://a/", "--", "sleep", "60"], "http:// or https://");
    case.refused(
        &["--ready", "80", "--cacert", "/none", "--url", "https://127.0.0.1/", "--", "sleep", "60"],
        "/none",
    );
}

#[test]
fn services_that_end_or_go_away_before_they_are_told_to() {
    let case = Case::new();
    let says = "it ended with exit status 7 before it was told to; its last words: token=*** is wrong";
    case.refused(&["--", "sh", "-c", "echo first; echo token=hunter2 is wrong >&2; exit 7"], says);
    case.refused(&["--", "sh", "-c", "kill -9 $$"], "it ended by SIGKILL");
    case.refused(&["--", "sh", "-c", "setsid sleep 61 & exit 0"], "goes into the background");
    // It answers first and ends then, while it is under load.
    let brief = |port| {
        server(port, WELL).replace(
            "while True:",
            "import os\nthreading.Timer(0.5, lambda: os._exit(4)).start()\nwhile True:",
        )
    };
    case.refused_of(brief, &["--warm-up", "10s"], "it ended with exit status 4 before");
}

#[test]
fn services_that_never_get_ready() {
    let case = Case::new();
    let brief = ["--start-timeout", "1s"];
    case.refused(&[&brief[..], &["--", "sleep", "61"]].concat(), "nothing of it listens for TCP");
    case.refused_of(|_| "import time; time.sleep(61)".into(), &brief, "it was not ready after");
    let sick = WELL.replace("200 OK", "503 No");
    case.refused_of(|port| server(port, &sick), &brief, "it answers with 503");
    let two = |port| {
        format!(
            "{}\n{}",
            "import socket\nt = socket.socket(); t.bind(('127.0.0.1', 0)); t.listen()",
            server(port, WELL)
        )
    };
    let script = case.file("two.py", &two(port()));
    case.refused(&["--", "python3", script.to_str().unwrap()], "say which one by --url");
}

#[test]
fn answers_that_are_no_use() {
    let case = Case::new();
    let redirect = r"b'HTTP/1.1 301 Moved\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n'";
    case.refused_of(|port| server(port, redirect), &[], "redirects to https://example.com/ (301)");
    case.refused_of(|port| server(port, r"b'SSH-2.0-OpenSSH_9.2\r\n'"), &[], "speaks no HTTP/1.1");
}

#[test]
fn a_certificate_of_an_unknown_authority() {
    let case = Case::new();
    let (key, certificate) = (case.dir.path().join("key.pem"), case.dir.path().join("cert.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .arg("-config")
        .arg(case.file(
            "openssl.cnf",
            "[req]\ndistinguished_name=dn\nx509_extensions=own\n[dn]\n[own]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
        ))
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl runs");
    assert!(made.status.success());
    let port = port();
    let secured = format!(
        "import ssl\n{}",
        server(port, WELL).replace(
            "s.accept()[0]",
            "c.wrap_socket(s.accept()[0], server_side=True, do_handshake_on_connect=False)"
        )
    );
    let context = format!(
        "c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain({certificate:?}, {key:?})\nwhile True:"
    );
    let script = case.file("secured.py", &secured.replace("while True:", &context));
    let url = format!("https://127.0.0.1:{port}/");
    let command = ["--", "python3", script.to_str().unwrap()];
    case.refused(&[&["--url", &url][..], &command].concat(), "--cacert FILE names who is trusted");
    // The twin: told whom to trust, it is rehearsed.
    let out = case.run(&[&["--url", &url, "--cacert", certificate.to_str().unwrap()][..], &command].concat());
    assert!(matches!(out.status.code(), Some(0..=2)), "{}", String::from_utf8_lossy(&out.stdout));
    case.nothing_is_left();
}

#[test]
fn a_port_that_somebody_has_is_refused_before_anything_is_started() {
    let case = Case::new();
    let holder = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    let flag = case.dir.path().join("started");
    case.refused(&["--ready", &port, "--", "touch", flag.to_str().unwrap()], "nothing was started");
    assert!(!flag.exists());
}

#[test]
fn a_child_that_ignores_signals_and_left_the_session_is_ended_too() {
    let case = Case::new();
    let port = port();
    let service = case.file("service.py", &server(port, WELL));
    let line = format!(
        "setsid sh -c 'trap \"\" TERM HUP INT; while :; do sleep 1; done' & exec python3 {}",
        service.display()
    );
    let out = case.run(&["--ready", &port.to_string(), "--", "sh", "-c", &line]);
    assert!(matches!(out.status.code(), Some(0..=2)), "{}", String::from_utf8_lossy(&out.stdout));
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.contains("\"left\""), "who was left is said: {text}");
    case.nothing_is_left();
}

#[test]
fn whoever_ends_us_ends_what_we_started() {
    for signal in ["-INT", "-TERM", "-KILL"] {
        let case = Case::new();
        let port = port();
        let service = case.file("service.py", &server(port, WELL));
        let line = format!(
            "setsid sh -c 'trap \"\" TERM HUP INT; sleep 61; sleep 61' & exec python3 {}",
            service.display()
        );
        let ready = port.to_string();
        let mut own = Own(case
            .command(&["--warm-up", "60s", "--ready", &ready, "--", "sh", "-c", &line])
            .spawn()
            .unwrap());
        soon("it was started", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() && case.marked().len() >= 3
        });
        assert!(Command::new("kill").args([signal, &own.pid()]).status().unwrap().success());
        own.0.wait().unwrap();
        soon("nothing is left", || case.marked().is_empty());
    }
}

#[test]
fn a_deadline_of_our_own_leaves_nothing_behind() {
    let case = Case::new();
    case.refused(&["--timeout", "5s", "--", "sleep", "61"], "--timeout");
    // Enough for the course, not for a start that never ends.
    case.refused(
        &["--timeout", "10s", "--start-timeout", "60s", "--", "sleep", "61"],
        "nothing of it listens",
    );
}

#[test]
fn a_service_that_is_not_ours_is_asked_for_and_ourselves_are_refused() {
    let case = Case::new();
    let mut sleeper = Own::start(&["sleep", "61"]);
    let pid = sleeper.pid();
    case.refused(&["--pid", "1", "--yes"], "pid 1 is the first process");
    case.refused(&["--pid", "1"], "pid 1 is the first process");
    case.refused(&["--pid", &std::process::id().to_string(), "--yes"], "runs paramedic");
    case.refused(&["--pid", &pid], "--yes agrees");
    case.refused(&["--pid", &pid, "--yes"], "nothing of it listens");
    case.refused(&["--pid", &pid, "--yes", "--", "sleep", "61"], "either -- CMD or --pid");
    case.refused(&["--pid", "2147483647", "--yes"], "no process");
    assert!(sleeper.lives(), "nobody touched it");
}

#[test]
fn a_service_that_runs_is_rehearsed_with_consent() {
    let case = Case::new();
    let port = port();
    let script = case.file("service.py", &server(port, WELL));
    let mut service = Own::start(&["/usr/bin/python3", script.to_str().unwrap()]);
    soon("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let out = case.run(&["--pid", &service.pid(), "--yes"]);
    let text = String::from_utf8_lossy(&out.stdout);
    let report: Value = serde_json::from_str(&text).unwrap();
    // It has no handler: it died of the signal, and whoever came late was refused.
    let codes: Vec<&str> =
        report["findings"].as_array().unwrap().iter().filter_map(|f| f["code"].as_str()).collect();
    assert!(codes.contains(&"shutdown/late-refused") && !codes.contains(&"shutdown/killed"), "{text}");
    assert!(!service.lives());
    let mut said = String::new();
    assert!(
        out.stderr.as_slice().read_to_string(&mut said).is_ok() && said.contains("SIGTERM to pid"),
        "{said}"
    );
}

/// Runs a command on a terminal of its own, answers the first question with its first argument, and passes the exit code on.
const TERMINAL: &str = "import os, pty, sys\n\
    pid, fd = pty.fork()\n\
    if pid == 0: os.execv(sys.argv[2], sys.argv[2:])\n\
    out, said = b'', False\n\
    while True:\n\
    \x20   try: part = os.read(fd, 4096)\n\
    \x20   except OSError: break\n\
    \x20   if not part: break\n\
    \x20   out += part\n\
    \x20   if b'[y/N]' in out and not said:\n\
    \x20       said = True\n\
    \x20       os.write(fd, sys.argv[1].encode() + b'\\n')\n\
    sys.stdout.write(out.decode())\n\
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n";

#[test]
fn on_a_terminal_the_question_names_the_process_and_only_yes_is_yes() {
    let case = Case::new();
    let port = port();
    let script = case.file("service.py", &server(port, WELL));
    let terminal = case.file("terminal.py", TERMINAL);
    let mut service = Own::start(&["/usr/bin/python3", script.to_str().unwrap()]);
    soon("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let pid = service.pid();
    let mut answer = |said: &str| {
        let ours = case.command(&["--pid", &pid]);
        let mut command = Command::new("/usr/bin/python3");
        command.arg(&terminal).arg(said).arg(ours.get_program()).args(ours.get_args()).stdin(Stdio::null());
        let out = command.output().unwrap();
        (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned(), service.lives())
    };
    let (code, said, lives) = answer("");
    assert!(code == Some(3) && lives, "{said}");
    assert!(
        said.contains(&format!("SIGTERM to python3 (pid {pid})")) && said.contains("nothing was done"),
        "{said}"
    );
    let (code, said, lives) = answer("yes");
    assert!(matches!(code, Some(1 | 2)) && !lives, "{code:?} {said}");
}
