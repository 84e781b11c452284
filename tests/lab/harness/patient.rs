//! Programs started on a host of the lab: the patients, and those who make them sick.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::cgroup::Cgroup;
use super::host::{Host, Orders};
use super::run::{self, soon};

/// How long a program may take until it says that its state stands.
const READY: Duration = Duration::from_secs(20);
/// What production gives a service since systemd 240, unless the case says otherwise.
const NOFILE: (u64, u64) = (4096, 4096);

/// A program that is still to be started.
pub struct Program {
    name: &'static str,
    line: Vec<OsString>,
    nofile: (u64, u64),
    uid: Option<u32>,
    listens: Option<u16>,
    netns: Option<&'static str>,
    /// Where its pid is written before it starts.
    doors: Vec<PathBuf>,
}

impl Program {
    /// A script of `patients/` run by Node.js. Note that node raises its soft limit to the hard one.
    pub fn node(script: &str) -> Self {
        Self::new("node", ["/usr/bin/node".into(), patient(script)])
    }

    /// A script of `patients/` run by Python 3.
    pub fn python(script: &str) -> Self {
        Self::new("python3", ["/usr/bin/python3".into(), patient(script)])
    }

    /// Python's own web server, exactly as people start it.
    pub fn python_http_server(port: u16, bind: &str) -> Self {
        let line = ["/usr/bin/python3", "-m", "http.server", "--directory", "/run/lab/work"];
        let program = Self::new("python3", line.map(OsString::from));
        program.args(["--bind", bind, &port.to_string()]).listens(port)
    }

    /// nginx in the foreground with a configuration of `patients/` that listens on `port`.
    pub fn nginx(configuration: &str, port: u16) -> Self {
        let line = ["/usr/sbin/nginx".into(), "-p".into(), "/run/lab/work".into(), "-c".into()];
        Self::new("nginx", line).args([patient(configuration)]).listens(port)
    }

    /// dnsmasq in the foreground on these addresses of loopback, with nothing but these arguments.
    pub fn dnsmasq(listen: &str) -> Self {
        let line = [
            "/usr/sbin/dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
        ];
        let line =
            line.into_iter().chain(["--bind-interfaces", "--pid-file=", "--user=root"]).map(OsString::from);
        Self::new("dnsmasq", line).args([format!("--listen-address={listen}")]).listens(53)
    }

    fn new(name: &'static str, line: impl IntoIterator<Item = OsString>) -> Self {
        let line = line.into_iter().collect();
        Self { name, line, nofile: NOFILE, uid: None, listens: None, netns: None, doors: vec![] }
    }

    /// Adds arguments.
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.line.extend(args.into_iter().map(Into::into));
        self
    }

    /// Soft and hard limit of open descriptors.
    pub fn nofile(mut self, soft: u64, hard: u64) -> Self {
        self.nofile = (soft, hard);
        self
    }

    /// Gives it one variable of the environment.
    pub fn env(variable: &str, mut program: Self) -> Self {
        program.line.splice(0..0, ["/usr/bin/env".into(), variable.into()]);
        program
    }

    /// Runs it as this user and group, with no other group.
    pub fn uid(mut self, uid: u32) -> Self {
        self.uid = Some(uid);
        self
    }

    /// Runs it in a network namespace inside the host, which [`Host::add_netns`] made.
    pub fn netns(mut self, name: &'static str) -> Self {
        self.netns = Some(name);
        self
    }

    /// Runs it in a control group of the case.
    pub fn in_cgroup(mut self, group: &Cgroup) -> Self {
        self.doors = group.doors().collect();
        self
    }

    /// It prints nothing when it is ready: a listener on `port` tells.
    fn listens(mut self, port: u16) -> Self {
        self.listens = Some(port);
        self
    }
}

fn patient(file: &str) -> OsString {
    format!("/run/lab/patients/{file}").into()
}

/// A program that runs on a host of the lab. It ends with its host.
pub struct Patient {
    name: &'static str,
    pid: u32,
    told: Value,
    lines: Receiver<String>,
    orders: Orders,
    stderr: Arc<Mutex<String>>,
}

impl Host {
    /// Starts `program` and waits until its state stands.
    pub fn start(&self, program: Program) -> Patient {
        let (soft, hard) = program.nofile;
        let mut command = match program.doors.is_empty() {
            true => self.inside("prlimit"),
            // The shell goes through the doors and becomes the program.
            false => {
                let mut command = self.inside("sh");
                command
                    .arg("-ec")
                    .arg("while [ \"$1\" != -- ]; do echo 0 > \"$1\"; shift; done; shift; exec \"$@\"");
                command.arg("sh").args(&program.doors).args(["--", "prlimit"]);
                command
            }
        };
        command.arg(format!("--nofile={soft}:{hard}"));
        if let Some(name) = program.netns {
            // Not `ip netns exec`: that would mount a /sys of its own on top.
            command.args(["nsenter", &format!("--net=/run/netns/{name}"), "--"]);
        }
        drop_rights(&mut command, program.uid);
        command.args(&program.line);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}", run::cannot_start(&command, &error)));
        let orders = Arc::new(Mutex::new(child.stdin.take().expect("stdin is piped")));
        let stdout = child.stdout.take().expect("stdout is piped");
        let errors = child.stderr.take().expect("stderr is piped");
        self.keep(child, Arc::clone(&orders));

        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&stderr);
        thread::spawn(move || keep_errors(errors, &kept));

        let name = program.name;
        let mut patient = Patient { name, pid: 0, told: Value::Null, lines, orders, stderr };
        match program.listens {
            Some(port) => patient.pid = soon(|| self.listener(port)),
            None => patient.await_ready(),
        }
        patient
    }
}

/// Adds what makes the rest of the command line run as `uid`.
pub fn drop_rights(command: &mut Command, uid: Option<u32>) {
    if let Some(uid) = uid {
        command.args(["setpriv", "--clear-groups"]);
        command.args([format!("--reuid={uid}"), format!("--regid={uid}")]);
    }
}

fn keep_errors(mut from: impl Read, kept: &Mutex<String>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let mut kept = kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        kept.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
}

impl Patient {
    /// Its pid as seen inside the host.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The name the kernel shows for it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// A number it told with its last `ready` line.
    pub fn told(&self, key: &str) -> u64 {
        let value = self.told[key].as_u64();
        value.unwrap_or_else(|| panic!("{} told no number {key}: {}", self.name, self.told))
    }

    /// Gives it an order on its stdin and waits until it says `ready` again.
    pub fn order(&mut self, order: &str) {
        self.order_without_answer(order);
        self.await_ready();
    }

    /// Gives it an order that it cannot answer, such as to block for ever.
    pub fn order_without_answer(&mut self, order: &str) {
        let mut orders = self.orders.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let sent = writeln!(orders, "{order}").and_then(|()| orders.flush());
        sent.unwrap_or_else(|error| panic!("{} takes no orders: {error}{}", self.name, self.errors()));
    }

    fn await_ready(&mut self) {
        loop {
            match self.lines.recv_timeout(READY) {
                Ok(line) => {
                    let Some(told) = line.strip_prefix("ready ") else { continue };
                    self.told = serde_json::from_str(told).expect("ready is followed by JSON");
                    self.pid = u32::try_from(self.told("pid")).expect("a pid is small");
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("patient {} not ready within {READY:?}{}", self.name, self.errors())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("patient {} died before it was ready{}", self.name, self.errors())
                }
            }
        }
    }

    fn errors(&self) -> String {
        // Its last words may still be on their way through the pipe.
        thread::sleep(Duration::from_millis(100));
        let stderr = self.stderr.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        format!("; its stderr: {stderr:?}")
    }
}
