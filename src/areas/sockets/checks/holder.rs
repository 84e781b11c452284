//! Who holds a group of sockets, and how a finding names that holder and the other end.

pub(super) use super::by_owner::{peer, towards};
use crate::{
    areas::sockets::facts::{End, Facts, Group},
    model::{Confidence, Finding, Judging, Process, Severity, Thing, Why},
};

/// Who holds a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holder<'f> {
    /// This process.
    Process(&'f Process),
    /// No process any more, or none yet: what becomes of them is the kernel's business.
    Nobody,
    /// Somebody who cannot be seen from here, and need not be one.
    Unseen,
}

impl<'f> Holder<'f> {
    /// The holder of a group, whose sockets then count as looked at; one that was not seen is a hole.
    pub fn of(g: &'f Group, out: &mut Judging) -> Self {
        match out.aside(&g.owner) {
            Some(owner) => {
                out.looked(g.count);
                owner.as_ref().map_or(Holder::Nobody, |o| Holder::Process(&o.process))
            }
            None => {
                out.see(&g.owner);
                Holder::Unseen
            }
        }
    }
    /// As a title names it.
    pub fn name(self) -> String {
        match self {
            Holder::Process(p) => p.label(),
            Holder::Nobody => "the kernel".into(),
            Holder::Unseen => "someone who cannot be seen from here".into(),
        }
    }
    /// A finding about it. Sockets without a visible owner are never one culprit: then it is a guess about the machine.
    pub fn finding(self, severity: Severity, sure: Confidence, title: String) -> Finding {
        match self {
            Holder::Process(p) => Finding::new(severity, sure, Thing::Process(p.clone()), title),
            Holder::Nobody => Finding::new(severity, sure, Thing::Host, title),
            Holder::Unseen => Finding::new(severity, Confidence::Low, Thing::Host, title),
        }
    }
    /// The command that shows its sockets, narrowed to an end where a flag can say so.
    pub fn sockets(self, end: &End) -> String {
        let scope = match self {
            Holder::Process(p) => format!(" --pid {}", p.pid),
            _ => String::new(),
        };
        match end {
            End::Peer(address) => format!("sockets{scope} --peer {address}"),
            _ => format!("sockets{scope}"),
        }
    }
}

/// The groups that were kept; those left out are a hole.
pub(super) fn groups<'f>(f: &'f Facts, out: &mut Judging) -> Option<&'f [Group]> {
    let kept = out.part(&f.groups, "the list of sockets")?;
    out.unseen(kept.total().saturating_sub(kept.top().len() as u64), Why::TooMany);
    Some(kept.top())
}

/// `1 connection`, `12 connections`.
pub(super) fn connections(n: u64) -> String {
    let noun = if n == 1 { "connection" } else { "connections" };
    format!("{} {noun}", crate::model::rates::count(n))
}
