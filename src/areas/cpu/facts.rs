//! What was seen of processor time: plain data, bounded, and all that checks and tables get.

use crate::model::{Kept, Process, Psi, Reading, Untrusted, Why};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The processor time of one machine, pod or scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Looks so far.
    pub looks: u32,
    /// From the first look of the window to the last, in seconds; not asked for with one look.
    pub window_s: Reading<f64>,
    /// Control groups of the patient and their visible parents.
    pub groups: Reading<Groups>,
    /// The whole machine.
    pub machine: Machine,
    /// Threads that were followed over the looks, the busiest first.
    pub threads: Reading<Kept<Thread>>,
    /// Processes one thread of which computes without a pause.
    pub loops: Reading<Loops>,
    /// Tasks that sleep where no signal reaches them.
    pub blocked: Reading<Blocked>,
}

/// Control groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Groups {
    /// The worst first: throttled, under pressure, busy.
    pub rows: Kept<Group>,
    /// Groups left out of `rows` that have neither quota nor pressure.
    pub others: u64,
    /// There are parents, and so perhaps quotas, that cannot be seen from here.
    pub parents_hidden: bool,
    /// Groups that could not be reached at all, by reason.
    pub unseen: BTreeMap<Why, u64>,
}

/// One control group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Its path as `/proc/PID/cgroup` has it.
    pub path: Untrusted,
    /// It is the root of the whole machine.
    pub machine: bool,
    /// Processors' worth of time that it may use; `None` is no quota.
    pub quota_cores: Reading<Option<f64>>,
    /// Length of a period of its quota in seconds.
    pub period_s: f64,
    /// Processors' worth of time that it used over the window, without our own.
    pub used_cores: Reading<f64>,
    /// Share of what it used over the window that was our own, in percent.
    pub own_pct: Reading<f64>,
    /// What its quota did since the group was made.
    pub life: Reading<Periods>,
    /// What its quota did over the window.
    pub window: Reading<Periods>,
    /// Its own pressure.
    pub pressure: Reading<Psi>,
    /// The process in it, or in a group below it, that used most over the window, and how many processors' worth.
    pub busiest: Option<(Process, f64)>,
    /// That process is in a group below this one.
    pub below: bool,
}

/// Periods of a quota. Only those count in which somebody had something to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Periods {
    /// Periods.
    pub periods: u64,
    /// Of these, periods in which the quota ran out.
    pub throttled: u64,
    /// Time for which something was held back, in seconds, added up over processors.
    pub throttled_s: f64,
}

impl Periods {
    /// Share of the periods in which the quota ran out, in percent.
    pub fn pct(&self) -> f64 {
        self.throttled as f64 * 100.0 / self.periods.max(1) as f64
    }
    /// What came on top of `before`; `None` when it is not the same count any more.
    pub fn since(&self, before: &Self) -> Option<Self> {
        Some(Self {
            periods: self.periods.checked_sub(before.periods)?,
            throttled: self.throttled.checked_sub(before.throttled)?,
            throttled_s: (self.throttled_s - before.throttled_s).max(0.0),
        })
    }
}

/// The whole machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Processors at work.
    pub cores: Reading<u64>,
    /// What they did over the window.
    pub shares: Reading<Shares>,
}

/// What the processors of a machine did, in percent of their time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// Programs.
    pub user_pct: f64,
    /// The kernel, interrupts included.
    pub system_pct: f64,
    /// Idle while somebody waited for a disk.
    pub iowait_pct: f64,
    /// The hypervisor gave it to others.
    pub steal_pct: f64,
    /// The least that it gave to others in any part of the window.
    pub steal_least_pct: f64,
    /// Idle.
    pub idle_pct: f64,
}

/// `/proc/stat`: proc_stat(5). Times in clock ticks, of all processors together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    user: u64,
    system: u64,
    idle: u64,
    iowait: u64,
    steal: u64,
    /// Processors at work.
    pub cores: u64,
}

impl Times {
    /// Reads the lines of the processors. `None` when the text is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let all = text.lines().next()?.strip_prefix("cpu ")?;
        let n: Vec<u64> = all.split_ascii_whitespace().map_while(|w| w.parse().ok()).take(8).collect();
        let [user, nice, system, idle, iowait, irq, softirq, steal] = *n.as_slice() else { return None };
        let one =
            |l: &&str| l.strip_prefix("cpu").is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
        let sum = |of: &[u64]| of.iter().fold(0u64, |a, b| a.saturating_add(*b));
        Some(Self {
            user: sum(&[user, nice]),
            system: sum(&[system, irq, softirq]),
            idle,
            iowait,
            steal,
            cores: text.lines().filter(one).count() as u64,
        })
    }
    /// What happened since `before`. `None` when nothing did: some sandboxes show a row of noughts.
    pub fn since(&self, before: &Self) -> Option<Shares> {
        let part = |f: fn(&Self) -> u64| f(self).saturating_sub(f(before)) as f64;
        let parts =
            [part(|t| t.user), part(|t| t.system), part(|t| t.idle), part(|t| t.iowait), part(|t| t.steal)];
        let all: f64 = parts.iter().sum();
        let [user_pct, system_pct, idle_pct, iowait_pct, steal_pct] = parts.map(|p| p * 100.0 / all);
        let shares =
            Shares { user_pct, system_pct, iowait_pct, steal_pct, steal_least_pct: steal_pct, idle_pct };
        (all > 0.0).then_some(shares)
    }
}

/// One thread over the looks in which it was followed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Thread {
    /// Whose.
    pub process: Process,
    /// Its id.
    pub tid: u64,
    /// Its own name.
    pub name: Untrusted,
    /// `R`, `S`, `D` … at the last look.
    pub state: char,
    /// Time on a processor, in percent of one.
    pub share_pct: f64,
    /// Time ready to run and waiting for a processor, in percent.
    pub wait_pct: f64,
}

/// Processes that computed at most of the time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Loops {
    /// Processes that were followed over the window.
    pub followed: u64,
    /// Processes that could not be, by reason.
    pub unseen: BTreeMap<Why, u64>,
    /// Processes with a thread that computed without a pause, the busiest first.
    pub hot: Kept<Hot>,
}

/// A process with a thread that computed without a pause.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hot {
    /// Which.
    pub process: Process,
    /// The thread.
    pub tid: u64,
    /// Its name.
    pub thread: Untrusted,
    /// It is the first thread of the process, in which single-threaded event loops run.
    pub main: bool,
    /// How many threads of the process computed like that.
    pub threads: u64,
    /// For how long it was seen to, in seconds.
    pub span_s: f64,
    /// Time on a processor, in percent of one.
    pub share_pct: f64,
    /// Time on a processor or ready for one, in percent.
    pub ready_pct: f64,
    /// Who waits for the process.
    pub waiting: Reading<Waiting>,
}

/// Connections that came in at the listeners of a process and wait to be accepted or read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Samples of its sockets.
    pub samples: u32,
    /// The listener at which most of them wait; the first one when nobody does; none when it does not listen.
    pub address: Option<String>,
    /// Connections that the kernel holds for it until they are accepted.
    pub queue: u64,
    /// Connections that wait now, accepted or not.
    pub waiting: u64,
    /// Of these, those of which nothing was accepted or read for [`Waiting::UNTOUCHED_S`].
    pub untouched: u64,
    /// Bytes that wait in these.
    pub bytes: u64,
    /// Time since the oldest of them last brought something, in seconds: it waits for at least as long.
    pub oldest_s: f64,
}

impl Waiting {
    /// From so many seconds on a connection counts as untouched. A loop that turns comes by several times in it.
    pub const UNTOUCHED_S: f64 = 0.4;
}

/// Tasks in uninterruptible sleep.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Blocked {
    /// Tasks whose state was seen in every look.
    pub looked: u64,
    /// Tasks whose state was not, by reason.
    pub unseen: BTreeMap<Why, u64>,
    /// Tasks that slept so in every look without running once between them, the oldest first.
    pub stuck: Kept<Stuck>,
}

/// One task that sleeps where no signal reaches it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stuck {
    /// Whose.
    pub process: Process,
    /// Its thread id.
    pub tid: u64,
    /// Where in the kernel; `None` where it does not say.
    pub wchan: Reading<Option<Untrusted>>,
    /// For how long it was watched, in seconds.
    pub watched_s: f64,
    /// For how long it has not run at all, in seconds, where the kernel tells.
    pub still_s: Reading<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    // As a virtual machine of two processors told it, five seconds apart; the second text is made up.
    const BEFORE: &str = "cpu  1338178 99535 293117 774386 4340 0 13399 9237 0 0\n\
        cpu0 675153 46651 146070 385276 2320 0 6101 4507 0 0\n\
        cpu1 663025 52883 147046 389109 2020 0 7298 4730 0 0\nintr 5\n";

    #[test]
    fn shares_of_a_window_add_up_and_stolen_time_is_one_of_them() {
        let before = Times::parse(BEFORE).unwrap();
        let after = Times::parse(
            &BEFORE.replace("1338178", "1338578").replace("774386", "774586").replace("9237", "9637"),
        );
        let after = after.unwrap();
        assert_eq!((before.cores, after.cores), (2, 2));
        let s = after.since(&before).unwrap();
        assert_eq!(
            (s.user_pct, s.steal_pct, s.idle_pct, s.system_pct, s.iowait_pct),
            (40.0, 40.0, 20.0, 0.0, 0.0)
        );
        assert_eq!(before.since(&before), None, "no time has passed, which is not 0 % of anything");
    }

    #[test]
    fn a_text_without_stolen_time_is_not_one_without_any_stolen() {
        for bad in ["", "cpu", "cpu  1 2 3 4", "cpu0 1 2 3 4 5 6 7 8", "cpu  1 2 3 4 5 6 7 -8 0", "intr 1"] {
            assert_eq!(Times::parse(bad), None, "{bad}");
        }
        assert!(Times::parse("cpu  1 2 3 4 5 6 7 8").is_some(), "later kernels append");
        assert!(Times::parse(&format!("cpu  {0} {0} 1 1 1 1 1 1", u64::MAX)).is_some());
    }

    #[test]
    fn periods_are_a_difference_and_a_group_made_anew_has_none() {
        let p = |periods, throttled| Periods { periods, throttled, throttled_s: 1.0 };
        assert_eq!(
            p(30, 20).since(&p(10, 15)),
            Some(Periods { periods: 20, throttled: 5, throttled_s: 0.0 })
        );
        assert_eq!(p(20, 5).pct(), 25.0);
        assert_eq!(p(0, 0).pct(), 0.0);
        assert_eq!(p(3, 0).since(&p(10, 0)), None);
    }
}
