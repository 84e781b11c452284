//! Who is in which group: the biggest and the oldest process of each, with all that is below it.

use crate::{
    model::Seen,
    source::{cgroup::Hierarchy, proc::Process},
};

/// For each group of a hierarchy what its processes have to say.
pub(super) struct Kin {
    /// Processes in it or below it.
    pub count: Vec<u64>,
    /// The biggest, as an index into the table.
    pub biggest: Vec<Option<usize>>,
    /// The one that has lived longest.
    pub oldest: Vec<Option<usize>>,
    /// For each process its group.
    pub of: Vec<Seen<u32>>,
}

impl Kin {
    /// Leaves our own process out: the tool does not report on itself.
    pub fn of(tree: &Hierarchy, table: &[Process], own: Option<i32>) -> Self {
        let groups = tree.groups.len();
        let mut kin = Self {
            count: vec![0; groups],
            biggest: vec![None; groups],
            oldest: vec![None; groups],
            of: tree.members.clone(),
        };
        for (i, p) in table.iter().enumerate() {
            let Some(Ok(group)) = tree.members.get(i) else { continue };
            if p.kernel_thread || Some(p.pid) == own {
                continue;
            }
            for (g, _) in tree.upwards(*group as usize) {
                kin.count[g] += 1;
                let beats = |other: Option<usize>, wins: &dyn Fn(&Process) -> bool| {
                    other.is_none_or(|o| wins(&table[o])).then_some(i).or(other)
                };
                kin.biggest[g] = beats(kin.biggest[g], &|o| p.rss_bytes > o.rss_bytes);
                // A zombie is dead, however old.
                if p.state != b'Z' {
                    kin.oldest[g] = beats(kin.oldest[g], &|o| p.start_ticks < o.start_ticks);
                }
            }
        }
        kin
    }

    /// Whether a process is in the group or below it.
    pub fn holds(&self, tree: &Hierarchy, group: usize, process: usize) -> bool {
        let Some(Ok(own)) = self.of.get(process) else { return false };
        tree.upwards(*own as usize).any(|(g, _)| g == group)
    }
}
