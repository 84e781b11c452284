//! What was seen of descriptors: plain data, bounded, and all that checks and tables get.

use super::Kind;
use crate::model::{Arrange, Kept, Process, Reading, Why, rates};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many descriptors of each kind.
pub type Kinds = BTreeMap<Kind, u64>;

/// The descriptors of one machine, pod or scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Processes, the nearest to their soft limit first.
    pub processes: Kept<Row>,
    /// Processes left out of `processes` whose share of the limit was seen and is smaller than that of every row there.
    pub others: u64,
    /// Processes left out of `processes` whose share could not be seen, by reason.
    pub others_unseen: BTreeMap<Why, u64>,
    /// The run was limited to some processes.
    pub narrowed: bool,
    /// Open files of the whole machine.
    pub system: Reading<System>,
    /// What several looks tell.
    pub growth: Reading<Growth>,
    /// Looks so far; with one there are no rates.
    pub looks: u32,
    /// inotify instances by user.
    pub inotify: Inotify,
}

/// One process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Which.
    pub process: Process,
    /// Open descriptors.
    pub open: Reading<u64>,
    /// RLIMIT_NOFILE as it binds now; `None` is unlimited.
    pub soft_limit: Reading<Option<u64>>,
    /// How far the process may raise it; `None` is unlimited.
    pub hard_limit: Reading<Option<u64>>,
    /// Share of the soft limit in percent; `None` when there is none.
    pub used_pct: Reading<Option<f64>>,
    /// Slope over the looks, descriptors a second.
    pub per_s: Reading<f64>,
    /// Descriptors by kind.
    pub kinds: Reading<Kinds>,
}

/// Open files of the whole machine, `sys/fs/file-nr`: proc_sys_fs(5). The kernel counts open files, not descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// Open files.
    pub open: u64,
    /// The most there may be; `None` is as good as unlimited.
    pub max: Option<u64>,
}

impl System {
    /// Allocated, unused, maximum. `None` when the text is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace().map(str::parse::<u64>);
        let (allocated, unused, max) = (words.next()?.ok()?, words.next()?.ok()?, words.next()?.ok()?);
        // Current systems set the maximum to 2^63 - 1: no machine has memory for so many.
        let max = (max < 1 << 62).then_some(max);
        (max != Some(0)).then_some(Self { open: allocated.saturating_sub(unused), max })
    }
}

/// What several looks tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Growth {
    /// From the first look to the last, in seconds.
    pub window_s: f64,
    /// Processes seen at least twice.
    pub followed: u64,
    /// Processes that could not be followed, by reason.
    pub unseen: BTreeMap<Why, u64>,
    /// Processes whose count rose and did not fall, the soonest at their limit first.
    pub rising: Kept<Riser>,
}

/// A process whose count rose and did not fall.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Riser {
    /// Which.
    pub process: Process,
    /// Open descriptors at the last look.
    pub open: u64,
    /// How many more than at the start of the rise.
    pub gained: u64,
    /// Soft limit; `None` is unlimited.
    pub soft_limit: Reading<Option<u64>>,
    /// How long it has been rising, in seconds.
    pub span_s: f64,
    /// It never fell since the first look.
    pub whole: bool,
    /// It grew in every part of that time, not only in one.
    pub steady: bool,
    /// Descriptors a second.
    pub per_s: f64,
    /// Lower bound of the same; `None` after too few looks.
    pub low_per_s: Option<f64>,
    /// Upper bound of the same.
    pub high_per_s: Option<f64>,
    /// The kind that grew most.
    pub kind: Reading<Kind>,
}

impl Riser {
    /// Seconds until the soft limit at this rate.
    pub fn left_s(&self, soft_limit: Option<u64>) -> Option<f64> {
        Some(soft_limit?.saturating_sub(self.open) as f64 / self.per_s).filter(|s| s.is_finite())
    }
}

/// inotify instances by user: the kernel bounds them for each uid, not for each process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inotify {
    /// `fs.inotify.max_user_instances`; unseen as long as nothing was counted.
    pub max: Reading<u64>,
    /// Users whose instances were counted, most first.
    pub users: Kept<User>,
    /// Users that were not counted: all their descriptors together are less than [`Inotify::FLOOR_PCT`] of the limit.
    pub beneath: u64,
    /// Processes whose descriptors were not looked through, by reason.
    pub unseen: BTreeMap<Why, u64>,
    /// Our own user.
    pub own_uid: u32,
    /// An instance of our own could not be made: the proof for our own user, other containers included.
    pub proof: Reading<bool>,
}

impl Inotify {
    /// Below this share of the limit, in percent, nobody is counted.
    pub const FLOOR_PCT: f64 = 50.0;

    /// Nothing was counted.
    pub fn unseen(why: Why) -> Self {
        Self {
            max: Reading::unseen(why),
            users: Kept::default(),
            beneath: 0,
            unseen: BTreeMap::new(),
            own_uid: 0,
            proof: Reading::unseen(why),
        }
    }
}

/// The inotify instances of one user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// Who.
    pub uid: u32,
    /// The name, or the number where there is none.
    pub name: String,
    /// Instances seen. One that two processes share is seen twice.
    pub instances: u64,
    /// Processes of this user that were looked through.
    pub seen: u64,
    /// Processes of this user that were not.
    pub unseen: u64,
    /// Who holds most of them, and how many.
    pub top: Option<(Process, u64)>,
}

/// Share of a limit in percent; `None` when there is no limit.
pub fn share(open: u64, limit: Option<u64>) -> Option<f64> {
    Some(open as f64 * 100.0 / limit?.max(1) as f64)
}

/// `2,611 sockets, 38 files, 2 pipes`: the most frequent three, then the rest in one number.
pub fn sentence(kinds: &Kinds) -> String {
    let (top, rest) = ranked(kinds);
    let mut parts: Vec<_> =
        top.iter().map(|(k, n)| format!("{} {}", rates::count(*n), words(*k, *n))).collect();
    if rest > 0 {
        parts.push(format!("{} of other kinds", rates::count(rest)));
    }
    parts.join(", ")
}

/// `socket 2611 file 38 pipe 2 +4`: the same for a table.
pub fn short(kinds: &Kinds) -> String {
    let (top, rest) = ranked(kinds);
    let mut parts: Vec<_> = top.iter().map(|(k, n)| format!("{} {n}", k.name())).collect();
    if rest > 0 {
        parts.push(format!("+{rest}"));
    }
    parts.join(" ")
}

/// The most frequent three and how many descriptors are of none of them.
fn ranked(kinds: &Kinds) -> (Vec<(Kind, u64)>, u64) {
    let mut all: Vec<_> = kinds.iter().map(|(k, n)| (*k, *n)).filter(|(_, n)| *n > 0).collect();
    all.arrange_by_key(|(_, n)| std::cmp::Reverse(*n));
    let rest = all.iter().skip(3).map(|(_, n)| n).sum();
    all.truncate(3);
    (all, rest)
}

/// The kind as a sentence has it.
pub fn words(kind: Kind, n: u64) -> String {
    let one = match kind {
        Kind::Tcp => "TCP socket",
        Kind::Deleted => "deleted file",
        Kind::Epoll => "epoll instance",
        Kind::Inotify => "inotify instance",
        Kind::IoUring => "io_uring instance",
        Kind::Fanotify => "fanotify group",
        Kind::OtherAnon => "anonymous inode",
        Kind::Other => "other descriptor",
        k => k.name(),
    };
    format!("{one}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_nr_is_read_and_the_largest_number_is_no_limit() {
        let max = Some(2_466_170);
        assert_eq!(System::parse("190845\t0\t2466170\n"), Some(System { open: 190_845, max }));
        assert_eq!(System::parse("900 100 2466170"), Some(System { open: 800, max }));
        assert_eq!(System::parse("1664\t0\t9223372036854775807\n"), Some(System { open: 1664, max: None }));
        for bad in ["", "1 2", "1 2 x", "-1 0 5", "0 0 0"] {
            assert_eq!(System::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn kinds_are_told_worst_first_and_the_rest_is_counted() {
        let kinds = Kinds::from([
            (Kind::File, 38),
            (Kind::Socket, 2_611),
            (Kind::Pipe, 1),
            (Kind::Epoll, 1),
            (Kind::Eventfd, 0),
            (Kind::Device, 3),
        ]);
        assert_eq!(sentence(&kinds), "2,611 sockets, 38 files, 3 devices, 2 of other kinds");
        assert_eq!(short(&kinds), "socket 2611 file 38 device 3 +2");
        assert_eq!(words(Kind::Deleted, 1), "deleted file");
    }

    #[test]
    fn no_limit_is_nothing_to_be_near() {
        assert_eq!(share(100, None), None);
        assert_eq!(share(100, Some(200)), Some(50.0));
        assert_eq!(share(0, Some(0)), Some(0.0));
    }
}
