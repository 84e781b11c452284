//! Figures that vary: memory, descriptors, processes, age.

use super::{Look, limits, mounted::tenths, sheet::Sheet};
use crate::{
    model::{Class, Group, Seen, Why},
    source::{
        cgroup::{self, Version},
        proc::own,
    },
};

pub(super) fn read(look: &Look, sheet: &mut Sheet) {
    memory(look, sheet);
    let table = look.moment.processes();
    let own = own::pid(look.moment.world);
    let running = || table.iter().filter(|p| !p.kernel_thread && Some(p.pid) != own);
    let dead = running().filter(|p| p.state == b'Z').count();
    sheet.number(Group::Process, "processes_count", Ok(running().count() as f64));
    sheet.number(Group::Process, "threads_count", Ok(running().map(|p| f64::from(p.threads)).sum()));
    sheet.number(Group::Process, "zombies_count", Ok(dead as f64));
    let open: Vec<Seen<u64>> = running().filter(|p| p.state != b'Z').map(|p| p.open).collect();
    // Of a process that may not be counted nothing is known: a sum of the others would be too small.
    let all = open.iter().try_fold(0.0, |sum, n| n.map(|n| sum + n as f64));
    sheet.number(Group::Fd, "all_open_count", all);
    if look.patient.contained {
        let process = look.patient.process.as_ref().ok_or(Why::Absent);
        sheet.number(Group::Fd, "first_process_open_count", process.and_then(|p| p.open).map(|n| n as f64));
        sheet.number(Group::Memory, "first_process_rss_bytes", process.map(|p| p.rss_bytes as f64));
        sheet.number(Group::Process, "first_process_threads_count", process.map(|p| f64::from(p.threads)));
        let start = process.and_then(|p| look.moment.world.clock.start(p.start_ticks).ok_or(Why::Absent));
        let age = start.map(|s| (look.moment.stamp.ms() - s.ms()).max(0) as f64 / 1000.0);
        sheet.figure(Group::Process, "age_s", Class::Free, age.map(tenths));
    }
    let uptime = look.moment.world.text("uptime").map_err(|e| Why::from(&e));
    let uptime = uptime.and_then(|t| t.split(' ').next().and_then(|n| n.parse().ok()).ok_or(Why::Malformed));
    sheet.figure(Group::Process, "uptime_s", Class::Free, uptime);
}

fn memory(look: &Look, sheet: &mut Sheet) {
    if look.patient.pid.is_none() {
        return machine(look, sheet);
    }
    let found = limits::of(look, "memory");
    let group = found.as_ref().map(|(h, at)| &h.groups[*at]).map_err(|why| *why);
    let used = group.and_then(working_set);
    sheet.number(Group::Memory, "working_set_bytes", used);
    let least = found.as_ref().ok().and_then(|(h, at)| {
        let limit =
            |g: &cgroup::Group| g.limit(file(g, "memory.limit_in_bytes", "memory.max")).ok().flatten();
        h.upwards(*at).filter(|(_, g)| !g.machine).filter_map(|(_, g)| limit(g)).min()
    });
    if let Some(limit) = least.filter(|l| *l > 0) {
        sheet.number(Group::Memory, "of_limit_pct", used.map(|u| tenths(100.0 * u / limit as f64)));
    }
    if let Ok(kills) = group
        .and_then(|g| g.keyed(file(g, "memory.oom_control", "memory.events")))
        .map(|k| k.get("oom_kill").copied())
        && let Some(kills) = kills
    {
        sheet.number(Group::Memory, "oom_kills_count", Ok(kills as f64));
    }
}

/// What the kubelet evicts by: all but the pages of files that nobody uses.
fn working_set(group: &cgroup::Group) -> Seen<f64> {
    if group.machine {
        return Err(Why::Unsupported);
    }
    let used = group.number(file(group, "memory.usage_in_bytes", "memory.current"))?;
    let stat = group.keyed("memory.stat")?;
    let idle = stat.get(file(group, "total_inactive_file", "inactive_file")).copied().unwrap_or(0);
    Ok(used.saturating_sub(idle) as f64)
}

fn file(group: &cgroup::Group, first: &'static str, second: &'static str) -> &'static str {
    if group.version == Version::V1 { first } else { second }
}

/// Of a whole machine.
fn machine(look: &Look, sheet: &mut Sheet) {
    let text = look.moment.world.text("meminfo").map_err(|e| Why::from(&e));
    let line = |key: &str| {
        let text = text.as_ref().map_err(|why| *why)?;
        let rest = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(':')).ok_or(Why::Absent)?;
        let kilobytes = rest.split_ascii_whitespace().next().and_then(|n| n.parse::<f64>().ok());
        kilobytes.map(|n| n * 1024.0).ok_or(Why::Malformed)
    };
    let (total, available) = (line("MemTotal"), line("MemAvailable"));
    sheet.number(Group::Memory, "available_bytes", available);
    let used = total.and_then(|t| available.map(|a| tenths(100.0 * (t - a) / t.max(1.0))));
    sheet.number(Group::Memory, "used_pct", used);
    sheet.figure(Group::Memory, "total_bytes", Class::Number, total);
}
