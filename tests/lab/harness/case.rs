//! One case: a host with the patient, perhaps a second host, and the binary run on the first.

use std::cell::Cell;
use std::ops::Deref;
use std::process::Command;
use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::cgroup::Cgroup;
use super::host::{Host, PATH};
use super::network;
use super::patient::{Patient, drop_rights};
use super::report::Report;
use super::run;

/// Cases run side by side, but those whose figures depend on time run alone.
static QUIET: RwLock<()> = RwLock::new(());

/// What a run of the binary may take. It runs at nice 19, so on a machine that compiles beside the
/// lab its own 10 s can pass before it had its turn; that is the machine's fault and no case's.
const TIMEOUT: &str = "50s";
/// What is of the whole machine, which compiles beside the lab: the other room has a machine of its own for it.
const WHOLE_MACHINE: &str = "cpu/pressure,cpu/steal,memory/pressure,disk/pressure";
/// When a run has not ended by then it hangs.
const DEADLINE: Duration = Duration::from_secs(70);

/// What every run of the binary is told.
const FLAGS: [&str; 4] = ["--timeout", TIMEOUT, "--skip", WHOLE_MACHINE];

thread_local! {
    /// This test has its turn. Its second case takes none: a case that waits to run alone would stand between, and both
    /// would wait for ever.
    static HAS_TURN: Cell<bool> = const { Cell::new(false) };
}

enum Turn {
    Shared(#[allow(dead_code, reason = "held, not read")] RwLockReadGuard<'static, ()>),
    Alone(#[allow(dead_code, reason = "held, not read")] RwLockWriteGuard<'static, ()>),
}

impl Turn {
    fn first(take: impl FnOnce() -> Turn) -> Option<Turn> {
        (!HAS_TURN.replace(true)).then(take)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        HAS_TURN.set(false);
    }
}

/// A case of the lab. It is its own first host; when it is dropped all of its programs die.
pub struct Case {
    here: Host,
    // Declared after the host: a group can be removed only when nothing runs in it.
    groups: Mutex<Vec<Arc<Cgroup>>>,
    // Declared last, so that it is given up only when the host is gone.
    _turn: Option<Turn>,
}

/// How the binary is run, where that is not as root with the usual limits.
#[derive(Clone, Copy, Default)]
pub struct Look {
    /// The user it runs as; root when there is none.
    pub uid: Option<u32>,
    /// Its own soft and hard limit of descriptors.
    pub nofile: Option<u64>,
}

impl Case {
    /// A case that may run beside others.
    pub fn new(name: &str) -> Self {
        let turn =
            Turn::first(|| Turn::Shared(QUIET.read().unwrap_or_else(|poisoned| poisoned.into_inner())));
        Self { here: Host::new(name), groups: Mutex::default(), _turn: turn }
    }

    /// A case that has the machine for itself, because its figures depend on time.
    pub fn timed(name: &str) -> Self {
        let turn =
            Turn::first(|| Turn::Alone(QUIET.write().unwrap_or_else(|poisoned| poisoned.into_inner())));
        Self { here: Host::new(name), groups: Mutex::default(), _turn: turn }
    }

    /// Another host, joined to this one by a wire. The binary sees nothing of it but its packets.
    pub fn second_host(&self) -> Host {
        let there = Host::new("there");
        network::join(&self.here, &there);
        there
    }

    /// A control group without limits, for programs of this case; removed after them.
    pub fn cgroup(&self) -> Arc<Cgroup> {
        let group = Arc::new(Cgroup::new());
        let mut groups = self.groups.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        groups.push(Arc::clone(&group));
        group
    }

    /// Runs the built binary as a user would and reads its JSON (`--json` is added).
    pub fn paramedic(&self, args: &[&str]) -> Report {
        self.paramedic_as(Look::default(), args)
    }

    /// [`Case::paramedic`] as another user or with other limits.
    pub fn paramedic_as(&self, look: Look, args: &[&str]) -> Report {
        let args = with(args, &["--json"]);
        let ended = self.run(look, &args);
        Report::read(&args, ended)
    }

    /// [`Case::paramedic`] beside a first process of its own namespace, as `kubectl exec` would run it in the container.
    pub fn paramedic_beside(&self, patient: &Patient, args: &[&str]) -> Report {
        let args = [args, &["--json"]].concat();
        let mut command = Command::new("nsenter");
        command.args([
            "--target",
            &patient.outside().to_string(),
            "--pid",
            "--mount",
            "--net",
            "--uts",
            "--ipc",
        ]);
        command.args(["--wd=/", "--", "/run/lab/paramedic"]).args(&args).args(FLAGS);
        command.env_clear().env("PATH", PATH);
        Report::read(&args, run::to_end(command, "", DEADLINE))
    }

    /// What an area's own command says, and what bare `paramedic` says with the same flags: a fault
    /// must be found by both.
    pub fn looks(&self, command: &str, flags: &[&str]) -> [Report; 2] {
        [self.paramedic(&[&[command], flags].concat()), self.paramedic(flags)]
    }

    /// Bare `paramedic` has nothing to warn of here.
    pub fn must_be_well(&self) {
        self.paramedic(&[]).must_be_silent();
    }

    /// Runs the built binary for people: its exit code and what it printed on stdout.
    pub fn paramedic_text(&self, args: &[&str]) -> (i32, Vec<u8>) {
        let ended = self.run(Look::default(), args);
        let code = ended.status.code();
        let code = code.unwrap_or_else(|| panic!("paramedic {args:?} ended by {}", ended.status));
        (code, ended.stdout)
    }

    fn run(&self, look: Look, args: &[&str]) -> run::Ended {
        let mut command = self.inside("prlimit");
        match look.nofile {
            Some(limit) => command.arg(format!("--nofile={limit}:{limit}")),
            None => command.arg("--nofile=1024:4096"),
        };
        drop_rights(&mut command, look.uid);
        command.arg("/run/lab/paramedic").args(with(args, &FLAGS));
        run::to_end(command, "", DEADLINE)
    }
}

/// Adds flags; what follows `--` is none of ours.
fn with<'a>(args: &[&'a str], flags: &[&'a str]) -> Vec<&'a str> {
    let at = args.iter().position(|a| *a == "--").unwrap_or(args.len());
    [&args[..at], flags, &args[at..]].concat()
}

impl Deref for Case {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.here
    }
}
