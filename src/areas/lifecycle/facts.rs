//! What was seen of life and death of the services: plain data, bounded, and all that checks and tables get.

#[cfg(test)]
pub use crate::model::sigterm::Reason;
pub use crate::model::{
    role::{Role, role},
    sigterm::{Handler, Judged, Signs, Verdict, decide},
};

use crate::model::{Kept, Process, Reading, Untrusted, Why};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// First processes, zombies and tasks of one machine, pod or scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// The first process of every visible pid namespace, the worst first.
    pub inits: Kept<Init>,
    /// Processes of which it is not known whether they are the first of a namespace, by reason.
    pub inits_unseen: BTreeMap<Why, u64>,
    /// Zombies; unseen as long as the process table was not read.
    pub zombies: Reading<Zombies>,
    /// Tasks against the limits of control groups; unseen where no tree of theirs can be reached.
    pub tasks: Reading<Tasks>,
    /// Tasks of the machine.
    pub machine: Reading<Machine>,
}

/// What a pid namespace belongs to, and so who sends SIGTERM to its first process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Home {
    /// The machine itself: nobody asks its first process to end by SIGTERM.
    Machine,
    /// A container: whoever runs it sends SIGTERM to the first process and waits.
    Container,
    /// A sandbox inside a service, in the control group of who made it: browsers and builders make such.
    Sandbox,
}

/// The first process of a pid namespace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Init {
    /// Which.
    pub process: Process,
    /// Its argument list, redacted.
    pub command: Reading<Untrusted>,
    /// Whose first process it is.
    pub home: Home,
    /// What it is there for.
    pub role: Role,
    /// What its main thread does with SIGTERM.
    pub handler: Reading<Handler>,
    /// What becomes of a SIGTERM.
    pub judged: Reading<Judged>,
    /// It is paramedic itself, or it runs paramedic: no patient.
    pub ours: bool,
    /// Seconds since it started.
    pub age_s: Reading<f64>,
    /// What a shell or a small init runs: its biggest living child.
    pub child: Option<Process>,
    /// Seconds since that child started; much younger than its parent is one that was started again.
    pub child_age_s: Reading<f64>,
    /// A shell that stands between SIGTERM and the process that does the work: itself, or the child of a small init.
    pub wrapper: Option<Wrapper>,
    /// Its living children.
    pub children: u64,
    /// Children of these: when their parent ends it inherits them.
    pub grandchildren: u64,
}

/// A shell and the process that it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wrapper {
    /// The shell.
    pub shell: Process,
    /// What the shell does with SIGTERM.
    pub handler: Reading<Handler>,
    /// The child that does the work: the biggest one.
    pub child: Process,
    /// Its argument list, redacted.
    pub command: Reading<Untrusted>,
    /// What it would do with SIGTERM.
    pub child_handler: Reading<Handler>,
    /// It only keeps the namespace alive.
    pub child_idles: bool,
    /// The shell started it in the background, as those do that wait for it in a trap: shells let such children ignore
    /// SIGINT and SIGQUIT.
    pub background: bool,
    /// The first process is a small init, and the shell is its child.
    pub below_init: bool,
}

/// Processes that ended and were not collected.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Zombies {
    /// All of them.
    pub total: u64,
    /// How long was looked, in seconds.
    pub window_s: f64,
    /// Those who do not collect them, most first.
    pub parents: Kept<Parent>,
    /// Zombies whose parent is not visible.
    pub orphaned: u64,
}

/// A shorter window proves nothing: collecting takes a moment.
pub const SETTLED_S: f64 = 0.5;
/// Where zombies are counted by age, in seconds.
pub const EDGES_S: [f64; 12] =
    [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 21_600.0, 86_400.0];

/// Who does not collect its children.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parent {
    /// Which.
    pub process: Process,
    /// Its zombies at the last look.
    pub zombies: u64,
    /// Those of them that were dead at every look and for at least [`SETTLED_S`].
    pub settled: u64,
    /// Of the settled ones, how many were seen dead for each of [`EDGES_S`].
    pub dead: [u64; 12],
    /// Of the settled ones, how many *started* so long ago. When they ended nothing tells.
    pub born: [u64; 12],
    /// Seconds since the oldest of the settled ones started.
    pub oldest_s: f64,
    /// The most frequent name among them.
    pub name: Untrusted,
    /// Those that are of another session or process group than the parent: most likely inherited.
    pub inherited: u64,
    /// It is the first process of its pid namespace, and this is what it is there for.
    pub first: Option<(Home, Role)>,
}

impl Parent {
    /// How many settled zombies were seen dead for at least so long. A span between two edges counts as the longer one.
    pub fn dead_for(&self, s: f64) -> u64 {
        at(&self.dead, s)
    }
    /// How many settled zombies started at least so long ago.
    pub fn born_before(&self, s: f64) -> u64 {
        at(&self.born, s)
    }
}

fn at(counts: &[u64; 12], s: f64) -> u64 {
    EDGES_S.iter().zip(counts).find(|(edge, _)| **edge >= s).map_or(0, |(_, n)| *n)
}

/// Tasks against the limits of control groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tasks {
    /// Groups with a limit, the nearest to it first.
    pub groups: Kept<Group>,
    /// Groups without any.
    pub unlimited: u64,
    /// Groups that could not be read, by reason.
    pub unseen: BTreeMap<Why, u64>,
    /// There are parents that cannot be seen from here, and so their limits.
    pub parents_hidden: bool,
}

/// Tasks of one control group and of those below it: processes, threads and zombies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Which.
    pub path: Untrusted,
    /// `pids.current`.
    pub tasks: u64,
    /// `pids.max`.
    pub limit: u64,
    /// How often a task was refused since the group was made.
    pub refused: Reading<u64>,
    /// The process in it with the most threads, and how many.
    pub biggest: Option<(Process, u64)>,
    /// Its visible processes, those of groups below it counted in.
    pub processes: u64,
}

impl Group {
    /// Share of the limit in percent.
    pub fn used_pct(&self) -> f64 {
        self.tasks as f64 * 100.0 / self.limit.max(1) as f64
    }
}

/// Tasks of the machine: `/proc/loadavg` and `kernel.*`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Threads of all processes, kernel threads counted in.
    pub tasks: u64,
    /// The least of the limits.
    pub limit: u64,
    /// Which one that is: `threads_max` or `pid_max`.
    pub by_pid_max: bool,
}

impl Machine {
    /// Share of the limit in percent.
    pub fn used_pct(&self) -> f64 {
        self.tasks as f64 * 100.0 / self.limit.max(1) as f64
    }
    /// The name of the limit that binds.
    pub fn limit_name(&self) -> &'static str {
        if self.by_pid_max { "kernel.pid_max" } else { "kernel.threads-max" }
    }
    /// The task count of `/proc/loadavg`: the number behind the slash of the fourth word.
    pub fn parse_tasks(loadavg: &str) -> Option<u64> {
        loadavg.split_ascii_whitespace().nth(3)?.split_once('/')?.1.parse().ok()
    }
}

impl Init {
    /// Nothing is served: a sleeper, or a shell that waits for somebody to type.
    pub fn idles(&self) -> bool {
        let wrapped = self.wrapper.as_ref().is_some_and(|w| !w.below_init && w.child_idles);
        matches!(self.role, Role::KeepAlive | Role::Prompt) || wrapped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_of_the_machine_stand_behind_the_slash() {
        assert_eq!(Machine::parse_tasks("0.05 0.24 1.03 2/412 31269\n"), Some(412));
        for bad in ["", "1 2 3", "0 0 0 412 9", "0 0 0 1/x 9"] {
            assert_eq!(Machine::parse_tasks(bad), None, "{bad}");
        }
    }

    #[test]
    fn facts_survive_a_snapshot() {
        let judged = decide(&Signs {
            role: Role::Python,
            handler: Handler::Default,
            in_sigwait: None,
            pending: false,
            works: false,
        });
        let process: Process =
            serde_json::from_str(r#"{"pid": 1, "start_ticks": 9, "name": "app"}"#).unwrap();
        let init = Init {
            process: process.clone(),
            command: Reading::unseen(Why::TimedOut),
            home: Home::Container,
            role: Role::Python,
            handler: Reading::seen(Handler::Default),
            judged: Reading::seen(judged),
            ours: false,
            age_s: Reading::seen(3.5),
            child: None,
            child_age_s: Reading::unseen(Why::Absent),
            wrapper: None,
            children: 0,
            grandchildren: 0,
        };
        let machine = Machine { tasks: 9, limit: 90, by_pid_max: true };
        let facts = Facts {
            inits: Kept::worst(7, vec![init]),
            inits_unseen: [(Why::TooMany, 3)].into(),
            zombies: Reading::unseen(Why::NotAsked),
            tasks: Reading::unseen(Why::Absent),
            machine: Reading::seen(machine),
        };
        let text = serde_json::to_string(&facts).unwrap();
        let back: Facts = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
        assert_eq!(
            (back.inits.top()[0].judged, back.machine),
            (Reading::seen(judged), Reading::seen(machine))
        );
    }

    #[test]
    fn a_span_between_two_edges_counts_as_the_longer_one() {
        let mut counts = [0; 12];
        counts[4] = 7;
        counts[5] = 3;
        assert_eq!((at(&counts, 60.0), at(&counts, 61.0), at(&counts, 100_000.0)), (7, 3, 0));
    }

    #[test]
    fn shares_are_of_the_limit_and_a_limit_of_nought_breaks_nothing() {
        let machine = Machine { tasks: 90, limit: 100, by_pid_max: true };
        assert_eq!((machine.used_pct(), machine.limit_name()), (90.0, "kernel.pid_max"));
        assert_eq!(Machine { tasks: 2, limit: 0, by_pid_max: false }.used_pct(), 200.0);
    }
}
