//! Tasks against their limits: the pids controller of control groups, and the machine.

use super::super::facts::{Group, Machine, Tasks};
use crate::{
    model::{Arrange, Gaps, Kept, Process, Seen, Why},
    source::{Moment, cgroup::Hierarchy},
};
use std::collections::BTreeMap;

/// So many groups are read, three small files each; those with the most visible threads come first.
const READ: usize = 512;

/// What the processes of one group have in common.
#[derive(Clone, Default)]
struct Held {
    processes: u64,
    threads: u64,
    /// Index of the process with the most threads.
    biggest: Option<usize>,
}

/// Every group with a limit.
pub(super) fn groups(m: &Moment, rows: usize, gaps: &mut Gaps) -> Seen<Tasks> {
    let tree = m.cgroups().of("pids")?;
    let held = held(m, &tree);
    let mut order: Vec<usize> = (0..tree.groups.len()).filter(|g| !tree.groups[*g].machine).collect();
    order.arrange_by_key(|g| std::cmp::Reverse(held[*g].threads));
    let (mut unseen, mut unlimited): (BTreeMap<Why, u64>, u64) = (tree.unreached.clone(), 0);
    let left = order.len().saturating_sub(READ) as u64;
    if left > 0 {
        *unseen.entry(Why::TooMany).or_default() += left;
        gaps.add_many(Why::TooMany, "task limits of control groups", left, "--container looks at one");
    }
    if tree.parents_hidden {
        let what = "task limits of parent control groups";
        gaps.add(Why::Denied, what, "that of a pod is above those of its containers");
    }
    let mut groups = Vec::new();
    for g in order.into_iter().take(READ) {
        match read(m, &tree, g, &held[g]) {
            Ok(Some(group)) => groups.push(group),
            Ok(None) => unlimited += 1,
            // The controller is not handed down to it, or it ended: no limit of its own.
            Err(Why::Absent) => unlimited += 1,
            Err(why) => {
                *unseen.entry(why).or_default() += 1;
                gaps.add(why, "task limits of control groups", &tree.groups[g].path);
            }
        }
    }
    groups.arrange_by(|a, b| b.used_pct().total_cmp(&a.used_pct()).then_with(|| b.tasks.cmp(&a.tasks)));
    let total = groups.len() as u64;
    groups.truncate(rows);
    // Those left out are further from their limits than every one that is kept, and were read.
    Ok(Tasks { groups: Kept::worst(total, groups), unlimited, unseen, parents_hidden: tree.parents_hidden })
}

fn read(m: &Moment, tree: &Hierarchy, g: usize, held: &Held) -> Seen<Option<Group>> {
    let group = &tree.groups[g];
    let Some(limit) = group.limit("pids.max")? else { return Ok(None) };
    let table = m.processes();
    let biggest: Option<(Process, u64)> =
        held.biggest.map(|i| (m.name(&table[i]), u64::from(table[i].threads)));
    Ok(Some(Group {
        path: group.path.clone(),
        tasks: group.number("pids.current")?,
        limit,
        refused: group.keyed("pids.events").and_then(|e| e.get("max").copied().ok_or(Why::Malformed)).into(),
        biggest,
        processes: held.processes,
    }))
}

/// What stands in each group and below it.
fn held(m: &Moment, tree: &Hierarchy) -> Vec<Held> {
    let mut out = vec![Held::default(); tree.groups.len()];
    for (i, p) in m.processes().iter().enumerate() {
        let Some(Ok(group)) = tree.members.get(i) else { continue };
        for (g, _) in tree.upwards(*group as usize) {
            let held = &mut out[g];
            held.processes += 1;
            held.threads += u64::from(p.threads);
            if held.biggest.is_none_or(|b| m.processes()[b].threads < p.threads) {
                held.biggest = Some(i);
            }
        }
    }
    out
}

/// All tasks of the machine against what the kernel lets it have. `/proc/loadavg` counts them for the whole machine in
/// every container; `kernel.pid_max` is a limit of the pid namespace since Linux 6.14, so it counts on the machine only.
pub(super) fn machine(m: &Moment, of_machine: bool) -> Seen<Machine> {
    let text = |path: &str| m.world.text(path).map_err(|e| Why::from(&e));
    let number = |path: &str| text(path)?.trim().parse::<u64>().map_err(|_| Why::Malformed);
    let tasks = Machine::parse_tasks(&text("loadavg")?).ok_or(Why::Malformed)?;
    let threads_max = number("sys/kernel/threads-max")?;
    let pid_max = number("sys/kernel/pid_max").ok().filter(|_| of_machine);
    let by_pid_max = pid_max.is_some_and(|max| max < threads_max);
    Ok(Machine { tasks, limit: pid_max.map_or(threads_max, |max| max.min(threads_max)), by_pid_max })
}
