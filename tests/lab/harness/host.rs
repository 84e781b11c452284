//! A host of the lab: pid, mount, network, uts and ipc namespaces with a healthy PID 1 in them.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use super::run::{self, Ended};

const LAB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab");
/// A search path that shows Debian's own programs and nothing that was put before them.
pub const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// The stdin of a program of the lab.
pub type Orders = Arc<Mutex<ChildStdin>>;

/// Namespaces in which programs run as on a machine of their own. Dropped, everything in it dies.
pub struct Host {
    /// `unshare`: PID 1 of the namespace is its child and dies with it.
    namespaces: Child,
    /// PID 1 of this host, as the machine that runs the lab sees it.
    init: u32,
    /// The `nsenter` in front of each program started here, and the program's stdin: both are kept
    /// until the host dies, also when the case has no more use for the program itself.
    entered: Mutex<Vec<(Child, Orders)>>,
}

impl Host {
    /// A new host named `name`, with loopback up and nothing but PID 1 running.
    pub fn new(name: &str) -> Self {
        let mut command = Command::new("unshare");
        command
            .args(["--fork", "--pid", "--mount-proc", "--net", "--uts", "--ipc"])
            .args(["--kill-child", "--", "sh"])
            .arg(format!("{LAB}/harness/host.sh"))
            .arg(binary())
            .arg(format!("{LAB}/patients"))
            .arg(format!("{LAB}/harness/init.py"))
            .arg(name)
            .env_clear()
            .env("PATH", PATH);
        let mut namespaces = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}", run::cannot_start(&command, &error)));
        await_up(&mut namespaces);
        let init = only_child(namespaces.id());
        Self { namespaces, init, entered: Mutex::new(Vec::new()) }
    }

    /// PID 1 of this host, as seen from outside.
    pub fn init(&self) -> u32 {
        self.init
    }

    /// `program` inside this host, with a clean environment; the arguments are still to be added.
    pub fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.init.to_string()])
            .args(["--pid", "--mount", "--net", "--uts", "--ipc", "--wd=/", "--"])
            .arg(program)
            .env_clear()
            .env("PATH", PATH)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// Runs a tool inside to its end; panics when it fails.
    pub fn tool(&self, line: &[&str]) -> String {
        self.tool_fed(line, "")
    }

    /// [`Host::tool`] with `input` on its stdin.
    pub fn tool_fed(&self, line: &[&str], input: &str) -> String {
        let mut command = self.inside(line[0]);
        command.args(&line[1..]);
        let Ended { status, stdout, stderr } = run::to_end(command, input, Duration::from_secs(20));
        if !status.success() && stderr.contains("failed to execute") {
            panic!("{} is missing: {}", line[0], run::how_to_install(line[0]));
        }
        assert!(status.success(), "{line:?} failed with {status}: {stderr}{input}");
        String::from_utf8_lossy(&stdout).into_owned()
    }

    /// A path of this host, as seen from outside.
    pub fn path(&self, inside: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{inside}", self.init))
    }

    /// Writes a file inside, with the directories above it.
    pub fn write(&self, inside: &str, content: &str) {
        let path = self.path(inside);
        let above = path.parent().expect("a file lies in a directory");
        fs::create_dir_all(above).expect("a directory in /run/lab can be made");
        fs::write(&path, content).expect("a file in /run/lab can be written");
    }

    /// Sets a setting of this host's network namespace, such as `net/ipv4/tcp_fin_timeout`.
    pub fn sysctl(&self, key: &str, value: &str) {
        let path = format!("/proc/sys/{key}");
        self.tool_fed(&["tee", &path], value);
    }

    /// Reads such a setting, or a count that stands beside them.
    pub fn setting(&self, key: &str) -> u64 {
        // Not over /proc/PID/root: the kernel shows the settings of whoever reads.
        let text = self.tool(&["cat", &format!("/proc/sys/{key}")]);
        text.trim().parse().unwrap_or_else(|_| panic!("{key} is no number: {text:?}"))
    }

    /// Keeps the `nsenter` in front of a program, and its stdin, until the host dies.
    pub(super) fn keep(&self, child: Child, orders: Orders) {
        let mut entered = self.entered.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        entered.push((child, orders));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SIGKILL to `unshare` is SIGKILL to PID 1 (--kill-child), and so to all of the namespace.
        let _ = self.namespaces.kill();
        let _ = self.namespaces.wait();
        let mut entered = self.entered.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for (child, _) in entered.iter_mut() {
            // When its program is stopped, `nsenter` stops itself and would never end.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The binary under test: what cargo built, or what `PARAMEDIC_BIN` names (the static one).
pub fn binary() -> PathBuf {
    let path = std::env::var_os("PARAMEDIC_BIN")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_paramedic")), PathBuf::from);
    let full = path.canonicalize();
    full.unwrap_or_else(|error| panic!("no binary to test at {}: {error}", path.display()))
}

/// Waits for the line `up` of PID 1.
fn await_up(namespaces: &mut Child) {
    let stdout = namespaces.stdout.take().expect("stdout is piped");
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(stdout).read_line(&mut line);
        let _ = tell.send(line);
    });
    let line = told.recv_timeout(Duration::from_secs(20)).unwrap_or_default();
    if line.trim() == "up" {
        return;
    }
    let _ = namespaces.kill();
    let mut reason = String::new();
    if let Some(stderr) = namespaces.stderr.as_mut() {
        let _ = stderr.read_to_string(&mut reason);
    }
    panic!("no namespaces for the lab (it needs root, ip and python3): {reason}");
}

/// The one child of `unshare`: PID 1 of the new namespace.
fn only_child(parent: u32) -> u32 {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.trim().parse().unwrap_or_else(|_| panic!("{path} does not hold one pid: {text:?}"))
}
