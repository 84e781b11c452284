//! The checks of `shutdown`: a file each, and here its two lines.

mod exit_status;
mod keepalive_not_drained;
mod killed;
mod late_refused;
mod requests_dropped;

use super::facts::{Facts, Rehearsal, Started};
use crate::model::{Check, Finding, Judging, Severity, Thing, signal};

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] = &[
    requests_dropped::CHECK,
    killed::CHECK,
    late_refused::CHECK,
    keepalive_not_drained::CHECK,
    exit_status::CHECK,
];

/// Why requests stay unsent where all connections wait for answers: that is the server's doing.
const BUSY: &str = "connections";

/// The rehearsal, if there was one.
fn rehearsal<'f>(f: &'f Facts, out: &mut Judging) -> Option<&'f Rehearsal> {
    let rehearsal = out.part(&f.rehearsal, "there was no rehearsal");
    out.looked(u64::from(rehearsal.is_some()));
    rehearsal
}

/// A finding about the service, with what all of them have.
fn about(r: &Rehearsal, severity: Severity, title: String) -> Finding {
    use crate::model::Confidence::{High, Medium};
    // Requests that we did not send in time are no losses, but they thin out what the counts are made of.
    let ours = r.client.unsent.iter().any(|(limit, _)| limit != BUSY);
    let confidence = if ours { Medium } else { High };
    let finding = Finding::new(severity, confidence, Thing::Process(r.service.clone()), title);
    let finding = match &r.listener {
        Some(other) => finding.about(Thing::Process(other.clone())),
        None => finding,
    };
    finding.evidence("runtime", r.runtime.name())
}

/// What became of the signal, and who else was there when it ended.
fn because(r: &Rehearsal, mut finding: Finding, out: &mut Judging) -> Finding {
    let exit = out.aside(&r.exit).copied();
    let ate = out.aside(&r.ears).and_then(|e| r.ate(e));
    if let Some(said) = ate {
        finding = finding.because(said);
    } else if r.died_of_it(exit) {
        let name = signal::name(r.plan.signal);
        finding =
            finding.because(format!("{} has no handler for {name}: the signal itself ended it", r.label()));
    }
    let left = r.left.total();
    if let Some(one) = r.left.top().first() {
        finding = finding.evidence("left", left).because(format!(
            "{} was alive when its first process ended: in a container it ends with that, so it was killed",
            one.label()
        ));
        if r.started == Started::Here {
            finding = finding.because(
                "as the first process of a container it may end otherwise: --as-pid1 rehearses that",
            );
        }
    }
    finding
}

/// What more there is to look at: what specs say, and of a service that runs again by now what masks say.
fn see_also(r: &Rehearsal, finding: Finding) -> Finding {
    finding.next(if r.started == Started::Before { "lifecycle -o wide" } else { "pods" })
}

#[cfg(test)]
pub(super) mod recorded;
