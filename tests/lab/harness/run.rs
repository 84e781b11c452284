//! Programs run to their end, and waits: nothing here waits without a deadline.

use std::io::{ErrorKind, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a program that has ended left behind.
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: Vec<u8>,
    /// All of its standard error, lossy.
    pub stderr: String,
}

/// Runs `command` with `input` on stdin. Panics when it cannot start or outlives `deadline`.
pub fn to_end(mut command: Command, input: &str, deadline: Duration) -> Ended {
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}", cannot_start(&command, &error)));
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let mut stdout = child.stdout.take().expect("stdout is piped");
    let mut stderr = child.stderr.take().expect("stderr is piped");
    // A program may end without reading its input: a broken pipe here is its own business.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let out = thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).map(|_| bytes)
    });
    let err = thread::spawn(move || {
        let mut bytes = Vec::new();
        stderr.read_to_end(&mut bytes).map(|_| bytes)
    });
    let until = Instant::now() + deadline;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        if Instant::now() > until {
            let _ = child.kill();
            let _ = child.wait();
            panic!("still running after {deadline:?}: {shown}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let out = out.join().expect("the reader of stdout ends");
    let err = err.join().expect("the reader of stderr ends");
    Ended {
        status,
        stdout: out.expect("stdout can be read"),
        stderr: String::from_utf8_lossy(&err.expect("stderr can be read")).into_owned(),
    }
}

/// The reason why a program did not start, with the package that holds it.
pub fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    if error.kind() == ErrorKind::NotFound {
        return format!("{program} is missing: {}", how_to_install(&program));
    }
    format!("{program} does not start: {error}")
}

/// The line that installs a tool the lab needs, on Debian 12.
pub fn how_to_install(program: &str) -> String {
    let package = match program.rsplit('/').next().unwrap_or(program) {
        "node" => "nodejs",
        "python3" => "python3",
        "nginx" => "nginx-light",
        "haproxy" => "haproxy",
        "openssl" => "openssl",
        "ip" | "ss" | "tc" => "iproute2",
        "nft" => "nftables",
        "tini" => "tini",
        "gunicorn" => "gunicorn",
        "uvicorn" => "uvicorn python3-uvicorn",
        "java" => "default-jre-headless",
        "ps" => "procps",
        "dnsmasq" => "dnsmasq-base",
        "unshare" | "nsenter" | "setpriv" | "prlimit" | "mount" => "util-linux",
        other => return format!("the fault lab needs {other}"),
    };
    format!("the fault lab needs it; apt-get install -y --no-install-recommends {package}")
}

/// Fails the case, naming the package, when this program is not installed.
pub fn must_have(program: &str) {
    let there = std::path::Path::new(program).exists();
    assert!(there, "{program} is missing: {}", how_to_install(program));
}

/// Waits until `look` gives something; panics after `deadline` with the last reason it gave.
pub fn eventually<T>(deadline: Duration, mut look: impl FnMut() -> Result<T, String>) -> T {
    let until = Instant::now() + deadline;
    loop {
        match look() {
            Ok(found) => return found,
            Err(reason) if Instant::now() > until => panic!("not within {deadline:?}: {reason}"),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// [`eventually`] with the deadline that holds for whatever needs no timer of the kernel.
pub fn soon<T>(look: impl FnMut() -> Result<T, String>) -> T {
    eventually(Duration::from_secs(10), look)
}
