//! The pressure of the patient's own control group, or of the machine when the machine is the patient.

use crate::{
    areas::disk::facts::Pressure,
    model::{Psi, Seen, Untrusted, Why},
    source::{Moment, cgroup::Group, mounts},
};
use std::time::Instant;

/// What was read in the first look and in the latest.
#[derive(Default)]
pub(super) struct Series {
    first: Option<(Option<Untrusted>, Instant, u64)>,
    now: Option<Seen<(Option<Untrusted>, Psi)>>,
}

impl Series {
    /// Reads it once more.
    pub fn look(&mut self, m: &Moment) {
        let now = read(m);
        if let Ok((group, psi)) = &now
            && let Some(total) = psi.full.map(|l| l.total_us)
            && self.first.as_ref().is_none_or(|f| f.0 != *group)
        {
            self.first = Some((group.clone(), m.at, total));
        }
        self.now = Some(now);
    }

    /// What it came to.
    pub fn facts(&mut self, m: &Moment) -> Seen<Pressure> {
        let (group, io) = self.now.take().unwrap_or(Err(Why::NotAsked))?;
        let full_pct = match (&self.first, io.full) {
            (Some((_, at, total)), Some(full)) if m.at > *at => {
                let span_us = m.at.duration_since(*at).as_micros() as f64;
                Ok((full.total_us.saturating_sub(*total) as f64 * 100.0 / span_us).min(100.0))
            }
            (_, None) => Err(Why::Unsupported),
            _ => Err(Why::NotAsked),
        };
        // What is watched on begins its next window here.
        self.first = io.full.map(|f| (group.clone(), m.at, f.total_us));
        let stuck = m.processes().iter().filter(|p| p.state == b'D' && !p.kernel_thread);
        let first = stuck.clone().min_by_key(|p| (p.start_ticks, p.pid)).map(|p| m.name(p));
        Ok(Pressure { group, io, full_pct: full_pct.into(), waiting: stuck.count() as u64, first })
    }
}

fn read(m: &Moment) -> Seen<(Option<Untrusted>, Psi)> {
    // Version 1 counts no pressure for its groups: a name that no tree of version 1 has leads to version 2.
    let found = m.cgroups().of("pressure").ok().and_then(|h| {
        let who = mounts::patient(m).unwrap_or(1);
        let at = m.processes().iter().position(|p| p.pid == who).or(Some(0))?;
        let leaf = (*h.members.get(at)?).ok()? as usize;
        let group = h.groups.get(leaf)?;
        let top = h.upwards(leaf).last().map(|(_, g)| g)?;
        // Where no machine is in sight, the group at the top is the container itself.
        Some(if top.machine { group.clone() } else { top.clone() })
    });
    match found {
        Some(group) if !is_machine(&group) => {
            group.pressure("io.pressure").map(|psi| (Some(group.path), psi))
        }
        // Where groups are of version 1 everybody is in the root of version 2: that is the machine's pressure, and
        // not the patient's.
        _ if m.scope.is_everything() && on_the_machine(m) => {
            let text = m.world.text("pressure/io").map_err(|e| Why::from(&e))?;
            Psi::parse(&text).ok_or(Why::Malformed).map(|psi| (None, psi))
        }
        _ => Err(Why::Unsupported),
    }
}

/// The root, or where systemd keeps itself.
fn is_machine(group: &Group) -> bool {
    group.machine || group.path.as_str() == "/init.scope"
}

/// The first process is in the root of a tree that is the whole machine's: nobody put it into a container.
fn on_the_machine(m: &Moment) -> bool {
    let Some(first) = m.processes().iter().position(|p| p.pid == 1) else { return false };
    ["pressure", "memory", "io", "pids"].into_iter().filter_map(|c| m.cgroups().of(c).ok()).any(|h| {
        let group = h.members.get(first).and_then(|g| g.ok()).and_then(|g| h.groups.get(g as usize));
        group.is_some_and(is_machine)
    })
}
