//! Limits of the control groups that the first process is in, and its own.

use super::{Look, sheet::Sheet};
use crate::{
    model::{Group, Seen, Why},
    source::cgroup::{self, Hierarchy, Version},
};

/// Of `/proc/PID/limits`: the line, its name here, and whether both ends are worth telling.
const OWN: [(&str, &str, &str); 6] = [
    ("Max open files", "nofile", "count"),
    ("Max processes", "nproc", "count"),
    ("Max core file size", "core", "bytes"),
    ("Max stack size", "stack", "bytes"),
    ("Max locked memory", "memlock", "bytes"),
    ("Max address space", "as", "bytes"),
];

pub(super) fn read(look: &Look, sheet: &mut Sheet) {
    if !look.patient.contained {
        return;
    }
    let memory = of(look, "memory");
    let least = |files: (&'static str, &'static str)| {
        memory.as_ref().map_err(|why| *why).and_then(|(h, at)| lowest(h, *at, files))
    };
    sheet.limit(Group::Limit, "memory_max_bytes", least(("memory.limit_in_bytes", "memory.max")));
    if memory.as_ref().is_ok_and(|(h, at)| h.groups[*at].version == Version::V2) {
        sheet.limit(Group::Limit, "memory_high_bytes", least(("", "memory.high")));
        sheet.limit(Group::Limit, "memory_swap_max_bytes", least(("", "memory.swap.max")));
    }
    sheet.limit(Group::Limit, "cpu_quota_cores", of(look, "cpu").and_then(|(h, at)| cores(&h, at)));
    let pids = of(look, "pids").and_then(|(h, at)| lowest(&h, at, ("pids.max", "pids.max")));
    sheet.limit(Group::Limit, "pids_max_count", pids);
    own(look, sheet);
}

/// The groups of a controller, and which one the first process is in.
pub(super) fn of(look: &Look, controller: &str) -> Seen<(Hierarchy, usize)> {
    let table = look.moment.processes();
    let pid = look.patient.pid.ok_or(Why::NotAsked)?;
    let at = table.iter().position(|p| p.pid == pid).ok_or(Why::Absent)?;
    let hierarchy = look.moment.cgroups().of(controller)?;
    let group = hierarchy.members.get(at).copied().unwrap_or(Err(Why::Absent))? as usize;
    Ok((hierarchy, group))
}

/// The lowest limit from this group upwards; a group without the file has none. `files` are those of version 1 and 2.
fn lowest(h: &Hierarchy, at: usize, files: (&str, &str)) -> Seen<Option<f64>> {
    let mut found = Err(Why::Absent);
    for (_, group) in h.upwards(at).filter(|(_, g)| !g.machine) {
        let file = if group.version == Version::V1 { files.0 } else { files.1 };
        match group.limit(file) {
            Ok(limit) => found = Ok(least(found.unwrap_or(None), limit.map(|n| n as f64))),
            Err(Why::Absent) => {}
            Err(why) => return Err(why),
        }
    }
    // Of the machine itself nothing is limited.
    if h.groups[at].machine { Ok(None) } else { found }
}

fn least(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn cores(h: &Hierarchy, at: usize) -> Seen<Option<f64>> {
    let mut found = Err(Why::Absent);
    for (_, group) in h.upwards(at).filter(|(_, g)| !g.machine) {
        match quota(group) {
            Ok(cores) => found = Ok(least(found.unwrap_or(None), cores)),
            Err(Why::Absent) => {}
            Err(why) => return Err(why),
        }
    }
    if h.groups[at].machine { Ok(None) } else { found }
}

/// Time per time: so many processors.
fn quota(group: &cgroup::Group) -> Seen<Option<f64>> {
    let (quota, period) = match group.version {
        Version::V1 => (group.limit("cpu.cfs_quota_us")?, group.number("cpu.cfs_period_us")?),
        Version::V2 => {
            let text = group.text("cpu.max").map_err(|e| Why::from(&e))?;
            let (quota, period) = text.trim().split_once(' ').ok_or(Why::Malformed)?;
            let number = |text: &str| text.parse::<u64>().map_err(|_| Why::Malformed);
            (if quota == "max" { None } else { Some(number(quota)?) }, number(period)?)
        }
    };
    if period == 0 { Err(Why::Malformed) } else { Ok(quota.map(|q| q as f64 / period as f64)) }
}

fn own(look: &Look, sheet: &mut Sheet) {
    let text = look.moment.world.text(&format!("{}/limits", look.patient.name())).map_err(|e| Why::from(&e));
    for (line, name, unit) in OWN {
        let both = text.as_ref().map_err(|why| *why).and_then(|text| limit(text, line));
        for (i, end) in ["soft", "hard"].into_iter().enumerate() {
            sheet.limit(Group::Limit, &format!("{name}_{end}_{unit}"), both.map(|b| b[i]));
        }
    }
}

fn limit(text: &str, line: &str) -> Seen<[Option<f64>; 2]> {
    let rest = text.lines().find_map(|l| l.strip_prefix(line)).ok_or(Why::Malformed)?;
    let mut words = rest.split_ascii_whitespace();
    let mut next = || match words.next() {
        Some("unlimited") => Ok(None),
        Some(n) => n.parse::<f64>().map(Some).map_err(|_| Why::Malformed),
        None => Err(Why::Malformed),
    };
    Ok([next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_a_process_are_numbers_or_none() {
        let text = "Limit   Soft Limit Hard Limit Units\nMax open files            1024   524288  files\n\
                    Max processes  unlimited unlimited processes\nMax core file size many 1 bytes\n";
        assert_eq!(limit(text, "Max open files"), Ok([Some(1024.0), Some(524_288.0)]));
        assert_eq!(limit(text, "Max processes"), Ok([None, None]));
        assert_eq!(limit(text, "Max core file size"), Err(Why::Malformed));
        assert_eq!(limit(text, "Max stack size"), Err(Why::Malformed));
    }
}
