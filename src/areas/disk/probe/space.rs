//! Asks every file system how full it is, with a deadline for each and one for all.

use super::{
    devices::Devices,
    groups::{Group, groups},
};
use crate::{
    areas::disk::facts::Answer,
    model::{Gaps, Untrusted, Why},
    source::{
        Moment,
        child::{Budget, No, Statvfs},
        mounts::Table,
    },
};
use std::{collections::HashMap, time::Duration};

/// A question is late after so much; the last look asks once more who was late in the first.
const PATIENCE: Duration = Duration::from_millis(250);
/// The same when it is asked for the first time in the last look: nobody will ask again.
const ONLY: Duration = Duration::from_millis(400);
/// All that late answers may cost a look. A window ends at most a second late.
const FIRST_ALL: Duration = Duration::from_millis(500);
const LAST_ALL: Duration = Duration::from_millis(800);
/// So many names of one file system are tried.
const NAMES: usize = 3;

/// What the mounts answered, over all looks.
#[derive(Default)]
pub(super) struct Asked {
    /// Mounts that were late, by number.
    late: HashMap<u64, Late>,
    /// What they answered the last time.
    pub devices: Devices,
}

#[derive(Clone, Copy, Default)]
struct Late {
    waited: Duration,
    asked: u32,
    /// It is not asked any more.
    given_up: bool,
}

impl Late {
    fn waited_ms(self) -> u64 {
        u64::try_from(self.waited.as_millis()).unwrap_or(u64::MAX)
    }
    fn hung(self) -> Answer {
        Answer::Hung { waited_ms: self.waited_ms(), asked: self.asked }
    }
}

/// One file system that was asked.
pub(super) struct Reply {
    pub group: Group,
    /// The mount it was asked through.
    pub mount: usize,
    pub answer: Answer,
    pub raw: Option<Statvfs>,
}

impl Reply {
    fn none(group: Group) -> Self {
        Self { mount: group.mounts[0], answer: Answer::Unknown { why: Why::Unsupported }, raw: None, group }
    }
}

impl Asked {
    /// Asks every file system of the table.
    pub fn look(&mut self, m: &Moment, table: &Table, gaps: &mut Gaps) {
        // What we start here must not be in the list of the patient's processes.
        m.processes();
        let budget = if m.last() { LAST_ALL } else { FIRST_ALL }.min(m.left());
        let mut budget = Budget { late: budget, until: m.deadline };
        let mut replies: Vec<Reply> = groups(table).into_iter().map(Reply::none).collect();
        if m.world.procfs {
            // Another name is tried where one leads nowhere or is not for us.
            for round in 0..NAMES {
                self.round(m, table, &mut replies, round, &mut budget);
            }
        }
        say(table, &replies, gaps);
        self.devices = Devices::new(table, replies);
    }

    /// Asks every file system that has no answer yet under its next name, all in one go.
    fn round(&mut self, m: &Moment, table: &Table, replies: &mut [Reply], round: usize, budget: &mut Budget) {
        let mut asked = Vec::new();
        let mut questions = Vec::new();
        for (i, r) in replies.iter_mut().enumerate() {
            let again = matches!(r.answer, Answer::Unknown { why: Why::Denied | Why::Absent });
            let Some(name) = r.group.mounts.get(round).copied().filter(|_| round == 0 || again) else {
                continue;
            };
            r.mount = name;
            let mount = &table.mounts[name];
            let late = self.late.get(&mount.id).copied().unwrap_or_default();
            if late.given_up {
                r.answer = late.hung();
                continue;
            }
            let patience = if m.last() && late.asked == 0 { ONLY } else { PATIENCE };
            asked.push(i);
            questions.push((table.path(mount), patience));
        }
        let answers = m.world.ask().statvfs(&questions, budget);
        for (i, answer) in asked.into_iter().zip(answers) {
            let r = &mut replies[i];
            let id = table.mounts[r.mount].id;
            (r.answer, r.raw) = match self.judge(m.last(), id, answer) {
                Ok((answer, raw)) => (answer, Some(raw)),
                Err(answer) => (answer, None),
            };
        }
    }

    /// What an answer, or none, means of the mount.
    fn judge(&mut self, last: bool, id: u64, said: Result<Statvfs, No>) -> Result<(Answer, Statvfs), Answer> {
        let before = self.late.get(&id).copied().unwrap_or_default();
        match said {
            // Something was mounted there meanwhile.
            Ok(s) if s.mount_id.is_some_and(|found| found != id) => Err(Answer::Unknown { why: Why::Absent }),
            Ok(s) if before.asked > 0 => {
                self.late.remove(&id);
                Ok((Answer::Slow { waited_ms: before.waited_ms() }, s))
            }
            Ok(s) => Ok((Answer::Given, s)),
            Err(No::Late(waited)) => {
                // Cut short by the others it was not given its time: late, but that proves nothing.
                let given_up = last && waited >= PATIENCE;
                let late = Late { waited: before.waited + waited, asked: before.asked + 1, given_up };
                self.late.insert(id, late);
                Err(if given_up { late.hung() } else { Answer::Unknown { why: Why::TimedOut } })
            }
            Err(No::Error(errno)) if is_dead(errno) => Err(Answer::Dead { errno }),
            Err(no) => Err(Answer::Unknown { why: no.into() }),
        }
    }
}

/// Errors of a file system whose server or process is gone.
fn is_dead(errno: i32) -> bool {
    const EIO: i32 = 5;
    const ETIMEDOUT: i32 = 110;
    const EHOSTDOWN: i32 = 112;
    const EHOSTUNREACH: i32 = 113;
    const ENOTCONN: i32 = 107;
    const ESTALE: i32 = 116;
    matches!(errno, EIO | ETIMEDOUT | EHOSTDOWN | EHOSTUNREACH | ENOTCONN | ESTALE)
}

/// What was not seen of the mounts.
fn say(table: &Table, replies: &[Reply], gaps: &mut Gaps) {
    const SIZES: &str = "sizes of file systems";
    if table.cut {
        gaps.add(Why::TooMany, "mount table", "only its first megabyte was read");
    }
    gaps.add_many(Why::Malformed, "lines of the mount table", table.malformed, "mountinfo");
    for r in replies {
        if let Answer::Unknown { why } = r.answer {
            let m = &table.mounts[r.mount];
            let point = Untrusted::from_bytes(&m.point);
            gaps.add(why, SIZES, format!("{point} ({})", Untrusted::from_bytes(&m.filesystem)));
            if why == Why::Denied {
                gaps.remedy(why, SIZES, "sudo paramedic disk");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_gone_is_dead_and_a_right_that_is_missing_is_not() {
        assert!([107, 116, 5].into_iter().all(is_dead));
        assert!(![13, 1, 2].into_iter().any(is_dead));
    }
}
