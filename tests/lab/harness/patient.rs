//! Programs started on a host of the lab: the patients, and those who make them sick.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::cgroup::Cgroup;
use super::host::{Host, Orders};
use super::run::{self, soon};

/// How long a program may take until it says that its state stands.
const READY: Duration = Duration::from_secs(20);
/// What production gives a service since systemd 240, unless the case says otherwise.
const NOFILE: (u64, u64) = (4096, 4096);

/// How it is known that the state of a program stands.
#[derive(Clone, Copy)]
enum Ready {
    /// It says so.
    Told,
    /// A listener on this port tells.
    Listens(u16),
    /// It runs and sleeps: for programs that have nothing to say.
    Sleeps,
}

/// A program that is still to be started.
pub struct Program {
    name: &'static str,
    line: Vec<OsString>,
    nofile: (u64, u64),
    uid: Option<u32>,
    ready: Ready,
    netns: Option<&'static str>,
    first: bool,
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

    /// HAProxy in the foreground with a configuration of `patients/` that listens on `port`.
    pub fn haproxy(configuration: &str, port: u16) -> Self {
        let line = ["/usr/sbin/haproxy".into(), "-db".into(), "-f".into(), patient(configuration)];
        Self::new("haproxy", line).listens(port)
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

    /// Any command line; `name` is what the kernel will show for it.
    pub fn line(name: &'static str, line: &[&str]) -> Self {
        Self::new(name, line.iter().map(OsString::from))
    }

    fn new(name: &'static str, line: impl IntoIterator<Item = OsString>) -> Self {
        let line = line.into_iter().collect();
        Self {
            name,
            line,
            nofile: NOFILE,
            uid: None,
            ready: Ready::Told,
            netns: None,
            first: false,
            doors: vec![],
        }
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

    /// Makes it the first process of a pid namespace of its own, as the program of a container is. Its pid is still that
    /// which the host sees.
    pub fn first_of_its_namespace(mut self) -> Self {
        self.first = true;
        self
    }

    /// It prints nothing when it is ready: a listener on `port` tells.
    pub fn listens(mut self, port: u16) -> Self {
        self.ready = Ready::Listens(port);
        self
    }

    /// It prints nothing at all: that it runs and sleeps has to do.
    pub fn sleeps(mut self) -> Self {
        self.ready = Ready::Sleeps;
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
    outside: u32,
    told: Value,
    lines: Receiver<String>,
    orders: Orders,
    stderr: Arc<Mutex<String>>,
}

impl Host {
    /// Starts `program` and waits until its state stands.
    pub fn start(&self, program: Program) -> Patient {
        let (soft, hard) = program.nofile;
        let mut command = self.inside("prlimit");
        command.arg(format!("--nofile={soft}:{hard}"));
        if let Some(name) = program.netns {
            // Not `ip netns exec`: that would mount a /sys of its own on top.
            command.args(["nsenter", &format!("--net=/run/netns/{name}"), "--"]);
        }
        if program.first {
            command.args(["unshare", "--fork", "--pid", "--mount-proc", "--kill-child", "--"]);
        }
        if !program.doors.is_empty() {
            // The shell goes through the doors and becomes the program. A first process does so inside its namespace: it
            // has a group of its own, and who made the namespace stays outside.
            command.args(["sh", "-ec"]);
            command.arg("while [ \"$1\" != -- ]; do echo 0 > \"$1\"; shift; done; shift; exec \"$@\"");
            command.arg("sh").args(&program.doors).arg("--");
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
        let entered = child.id();
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
        let mut patient = Patient { name, pid: 0, outside: 0, told: Value::Null, lines, orders, stderr };
        match program.ready {
            Ready::Listens(port) => patient.pid = soon(|| self.listener(port)),
            Ready::Told => patient.await_ready(),
            Ready::Sleeps => {}
        }
        if program.first || matches!(program.ready, Ready::Sleeps) {
            // nsenter forks to enter a pid namespace, unshare to make one.
            let depth = if program.first { 2 } else { 1 };
            (patient.outside, patient.pid) = soon(|| patient.find(entered, depth));
        }
        patient
    }
}

/// The text of a file below `/proc`, as the machine that runs the lab sees it.
fn proc_text(pid: u32, file: &str) -> Result<String, String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
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
    /// Finds it `depth` generations below the `nsenter` that started it, when it has become what it is and sleeps: its pid
    /// as seen by the machine that runs the lab and by the host.
    fn find(&self, entered: u32, depth: u32) -> Result<(u32, u32), String> {
        let mut pid = entered;
        for _ in 0..depth {
            let children = proc_text(pid, &format!("task/{pid}/children"))?;
            pid = children
                .trim()
                .parse()
                .map_err(|_| format!("{} has not started yet: {children:?}", self.name))?;
        }
        let stat = proc_text(pid, "stat")?;
        let became = stat.contains(&format!("({}) S", self.name));
        let status = proc_text(pid, "status")?;
        let line = status.lines().find_map(|l| l.strip_prefix("NSpid:")).unwrap_or_default();
        let pids: Vec<u32> = line.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        // The machine's, the host's, and, of a first process, 1.
        match pids.get(1) {
            Some(host) if became => Ok((pid, *host)),
            _ => Err(format!("{} has not become itself yet: {stat} {line}", self.name)),
        }
    }

    /// Its pid as seen by the machine that runs the lab; only of a first process of its own namespace.
    pub fn outside(&self) -> u32 {
        assert_ne!(self.outside, 0, "{} shares the pid namespace of its host", self.name);
        self.outside
    }

    /// Sends it SIGTERM from outside of its namespace, as the runtime of a container does, and tells whether it ended. One
    /// that ends takes a moment, so `Ok` is waited for; one that does not is looked at for a second.
    pub fn ends_by_sigterm(&self, expected: bool) -> bool {
        let pid = self.outside().to_string();
        let sent = Command::new("/bin/kill").args(["-TERM", &pid]).status();
        assert!(sent.is_ok_and(|s| s.success()), "SIGTERM to {} could not be sent", self.name);
        let until = Instant::now() + if expected { READY } else { Duration::from_secs(1) };
        loop {
            match proc_text(self.outside(), "stat") {
                Ok(stat) if !stat.contains(") Z ") => {}
                _ => return true,
            }
            if Instant::now() > until {
                return false;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

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
