//! Groups of one state put together by who holds them: what most checks begin with.

use crate::{
    areas::sockets::facts::{Ages, End, Facts, Group, Listener, Mark, Marked, Owner},
    model::{
        Arrange, Confidence, Finding, Judging, Level, Process, Reading, Severity, TcpState, Thing, Why, rates,
    },
};
use std::collections::HashMap;

/// Ends that one finding is about; more are counted.
const ENDS: usize = 8;

/// Sockets of one holder.
#[derive(Clone, Debug)]
pub(super) struct Held<'f> {
    /// Who. `None`: somebody who cannot be seen from here, and need not be one.
    pub owner: Option<&'f Owner>,
    /// Their groups, the largest first.
    pub groups: Vec<&'f Group>,
}

/// Descriptors of a process that stay in a half-closed state.
pub(super) struct Room {
    /// Their ages, when all were seen.
    pub ages: Option<Ages>,
    /// Soft limit of descriptors, when there is one and it was seen.
    pub soft: Option<u64>,
    /// How bad their share of the soft limit is.
    pub share: Option<Severity>,
}

/// `they are 12 % of its 512 descriptors`
pub(super) fn share_of(count: u64, soft: u64) -> String {
    format!("they are {:.0} % of its {} descriptors", count as f64 * 100.0 / soft as f64, rates::count(soft))
}

/// The value; what was not seen is counted as a hole, what was is not counted twice beside its sockets.
pub(super) fn known<'t, T>(out: &mut Judging, r: &'t Reading<T>) -> Option<&'t T> {
    if out.aside(r).is_none() {
        out.see(r);
    }
    out.aside(r)
}

/// The groups in these states, if they were asked for and could be read.
pub(super) fn groups<'f>(
    f: &'f Facts,
    states: &[TcpState],
    narrow: &'static str,
    out: &mut Judging,
) -> Option<Vec<&'f Group>> {
    for state in states {
        out.part(&f.asked(*state), narrow)?;
    }
    let kept = out.part(&f.groups, "the list of sockets")?;
    out.unseen(kept.total() - kept.top().len() as u64, Why::TooMany);
    Some(kept.top().iter().filter(|g| states.contains(&g.state)).collect())
}

/// One [`Held`] for each process and each of its ends. Sockets that nobody holds are no process's doing and are left
/// out; those of owners that are not visible from here are a hole.
pub(super) fn by_end<'f>(groups: &[&'f Group], out: &mut Judging) -> Vec<Held<'f>> {
    let mut held: Vec<Held> = Vec::new();
    for g in groups {
        match known(out, &g.owner) {
            Some(owner) => {
                out.looked(g.count);
                held.extend(owner.as_ref().map(|o| Held { owner: Some(o), groups: vec![g] }));
            }
            None => held.push(Held { owner: None, groups: vec![g] }),
        }
    }
    held
}

/// One [`Held`] for each process, whatever the ends. Where the owner is not visible the ends stay apart: they are all that
/// tells one stranger from another.
pub(super) fn by_owner<'f>(groups: &[&'f Group], out: &mut Judging) -> Vec<Held<'f>> {
    let mut held: Vec<Held> = Vec::new();
    let mut at: HashMap<&Process, usize> = HashMap::new();
    for one in by_end(groups, out) {
        match one.owner.map(|o| *at.entry(&o.process).or_insert(held.len())) {
            Some(i) if i < held.len() => held[i].groups.extend(one.groups),
            _ => held.push(one),
        }
    }
    held
}

impl<'f> Held<'f> {
    /// How many sockets.
    pub fn count(&self) -> u64 {
        self.groups.iter().map(|g| g.count).sum()
    }
    /// The ages of all; none when those of some were not seen, which is a hole for each such group.
    pub fn ages(&self, out: &mut Judging) -> Option<Ages> {
        let mut all = Ages::default();
        let mut whole = true;
        for g in &self.groups {
            match known(out, &g.ages) {
                Some(ages) => all.merge(ages),
                None => whole = false,
            }
        }
        whole.then_some(all)
    }
    /// Those that bear a mark.
    pub fn marked(&self, mark: Mark) -> Marked {
        let mut all = Marked::default();
        for m in self.groups.iter().map(|g| g.marked(mark)) {
            all.count += m.count;
            all.bytes += m.bytes;
            all.tries = all.tries.max(m.tries);
            all.ages.merge(&m.ages);
        }
        all
    }
    /// The ends, each with its sockets, the one with the most first.
    pub fn ends(&self) -> Vec<(&'f End, u64)> {
        let mut ends: Vec<(&End, u64)> = Vec::new();
        let mut at: HashMap<String, usize> = HashMap::new();
        for g in &self.groups {
            let i = *at.entry(g.end.to_string()).or_insert(ends.len());
            match ends.get_mut(i) {
                Some(e) => e.1 += g.count,
                None => ends.push((&g.end, g.count)),
            }
        }
        ends.arrange_by_key(|e| std::cmp::Reverse(e.1));
        ends
    }
    /// The soft limit of descriptors; none where there is none or no process to have one.
    pub fn soft_limit(&self, out: &mut Judging) -> Option<u64> {
        self.owner.and_then(|o| *known(out, &o.soft_limit)?).filter(|n| *n > 0)
    }
    /// How much of the process's room they take. What is younger than `settle_s` is just being closed and takes none.
    pub fn room(&self, pct: Level, least: Level, settle_s: Level, out: &mut Judging) -> Room {
        let (ages, soft) = (self.ages(out), self.soft_limit(out));
        let settled = ages.map_or(self.count(), |a| a.at_least(settle_s.value())) as f64;
        let used = soft.map(|soft| settled * 100.0 / soft as f64);
        Room { ages, soft, share: used.filter(|_| settled >= least.value()).and_then(|used| pct.of(used)) }
    }
    /// So many that only their ages would tell a fault from a burst, and these were not seen: not to be called clear.
    pub fn undecided(&self, what: &'static str, out: &mut Judging) {
        self.groups.iter().for_each(|g| {
            out.part(&g.ages, what);
        });
    }
    /// As a title names the holder.
    pub fn name(&self) -> String {
        self.owner.map_or("someone who cannot be seen from here".into(), |o| o.process.label())
    }
    /// ` --pid 41`, for a command that shows more.
    pub fn scope(&self) -> String {
        self.owner.map_or(String::new(), |o| format!(" --pid {}", o.process.pid))
    }
    /// A finding about the holder and the ends; a guess at one culprit when none can be seen.
    pub fn finding(&self, severity: Severity, sure: Confidence, title: String) -> Finding {
        let (subject, sure) = match self.owner {
            Some(o) => (Thing::Process(o.process.clone()), sure),
            None => (Thing::Host, Confidence::Low),
        };
        let finding = Finding::new(severity, sure, subject, title);
        let known = self.ends().into_iter().filter(|e| !matches!(e.0, End::Nobody | End::Others));
        known.take(ENDS).fold(finding, |f, e| f.about(peer(e.0)))
    }
}

/// The end as a thing that findings have in common.
pub(super) fn peer(end: &End) -> Thing {
    Thing::Peer { address: end.to_string() }
}

/// `to 10.0.3.7:443`, `from clients of :3000`.
pub(super) fn towards(end: &End) -> String {
    match end {
        End::Peer(address) => format!("to {address}"),
        End::ClientsOf(port) => format!("from clients of :{port}"),
        End::Nobody | End::Others => "to peers that are not told apart".into(),
    }
}

/// ` --peer 10.0.3.7:443`, where a flag can say so.
pub(super) fn flag(end: &End) -> String {
    match end {
        End::Peer(address) => format!(" --peer {address}"),
        _ => String::new(),
    }
}

/// `also held by worker (pid 42)`: what a fork inherits is closed only when all holders close it.
pub(super) fn sharing(owner: &Owner) -> Option<String> {
    let names: Vec<_> = owner.also.iter().map(Process::label).collect();
    (!names.is_empty()).then(|| format!("also held by {}", names.join(", ")))
}

/// Who accepts at this listener; a hole when that cannot be seen.
pub(super) fn acceptor(l: &Listener, out: &mut Judging) -> Option<Process> {
    known(out, &l.owner)?.as_ref().map(|o| o.process.clone())
}

/// Beside the acceptor that is named: workers that share the listener, or nobody who can be seen.
pub(super) fn workers(l: &Listener, out: &mut Judging) -> Option<String> {
    match out.aside(&l.owner) {
        Some(owner) => owner.as_ref().and_then(sharing),
        None => Some("who listens there cannot be seen from here".into()),
    }
}

/// Judges each holder; what one holder does to several ends becomes one finding, that of the worst end, which names the
/// others.
pub(super) fn report(
    held: Vec<Held>,
    out: &mut Judging,
    mut judge: impl FnMut(&Held, &mut Judging) -> Option<Finding>,
) {
    let mut found: Vec<(Finding, Vec<Thing>)> = Vec::new();
    let mut worst: Vec<Finding> = held.iter().filter_map(|h| judge(h, out)).collect();
    worst.arrange_by_key(|f| std::cmp::Reverse(f.severity));
    for finding in worst {
        match found.iter_mut().find(|(f, _)| f.subject == finding.subject) {
            Some((_, more)) => more.extend(finding.about),
            None => found.push((finding, vec![])),
        }
    }
    for (finding, more) in found {
        let names = more.iter().filter_map(|t| match t {
            Thing::Peer { address } => Some(address.as_str()),
            _ => None,
        });
        let names: Vec<&str> = names.collect();
        let finding = match names.len() {
            0 => finding,
            n => {
                let shown = names[..n.min(3)].join(", ");
                let rest =
                    if n > 3 { format!(" and {} more", rates::count(n as u64 - 3)) } else { String::new() };
                finding.because(format!("the same holds of {shown}{rest}"))
            }
        };
        out.find(more.into_iter().take(ENDS).fold(finding, Finding::about));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, *};
    use crate::model::Kept;

    #[test]
    fn groups_that_facts_do_not_hold_are_a_hole_in_every_check() {
        let mut facts = with(vec![]);
        facts.groups = Reading::seen(Kept::worst(5_000, vec![group(TcpState::CloseWait, 4, &[1]); 2]));
        assert_eq!(outcome(&super::super::close_wait_leak::CHECK, &facts), "clear 8/4998");
    }

    #[test]
    fn a_process_that_reuses_a_pid_is_another() {
        let mut later = owner(41, "node", 4096);
        later.process.start_ticks = 8;
        let second =
            Group { owner: Reading::seen(Some(later)), ..group(TcpState::CloseWait, 80, &[5, 5_000, 9_000]) };
        let first = group(TcpState::CloseWait, 80, &[5, 5_000, 9_000]);
        let check = &super::super::close_wait_leak::CHECK;
        assert_eq!(outcome(check, &with(vec![first.clone(), second])), "clear 160/0");
        assert_eq!(outcome(check, &with(vec![first.clone(), first])), "found 1");
    }
}
