//! `shutdown/late-refused`

use super::{
    super::facts::{Facts, Loss, Rehearsal, took},
    about, because, rehearsal, see_also,
};
use crate::{
    check,
    model::{Fate, Finding, Judging, Severity, rates::count},
};

check! {
    /// ## What it sees
    ///
    /// Connections that the service refused after its end had begun, while routing still pointed there. An orchestrator takes an
    /// address out of the routing at the same time as it sends the signal, not before: balancers, proxies and other nodes learn of
    /// it later, and until then they send requests. The rehearsal does the same for as long as `--late` says.
    ///
    /// ## Why it matters
    ///
    /// Each of them is an error for whoever called, or a retry that hides it for requests that may be repeated. It is the loss of
    /// the best of programs: a handler that closes the listener at once, as most runtimes' own graceful shutdown does.
    ///
    /// ## Confirm
    ///
    /// `paramedic shutdown --prestop 'sleep 5' -- CMD`: with the sleep they are gone. The time line shows when the refusals begin.
    /// How long routing takes in your cluster: `paramedic http URL --for 10m` through the balancer during a rollout.
    ///
    /// ## Fix
    ///
    /// `preStop: sleep` (Kubernetes has a native one, which needs no binary in the image) as long as routing needs, or go on
    /// accepting for so long after the signal. Failing the readiness probe adds nothing: the address is taken out at once. The
    /// sleep is part of the grace period: preStop and drain together must be shorter.
    "shutdown/late-refused": "connections refused while routing still points to the service"
    {
        refused: "connections refused in the late window, from so many on" = 1;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(r) = rehearsal(f, out) else { return };
    let refused = r.ending().of(Fate::LateRefused);
    if refused > 0 && refused as f64 >= at.refused.value() {
        let finding = finding(r, refused, out);
        out.find(finding.weight(refused as f64));
    }
}

fn finding(r: &Rehearsal, refused: u64, out: &mut Judging) -> Finding {
    let ending = r.ending();
    let late = refused + ending.of(Fate::LateAccepted);
    let title = format!(
        "{} refuses {} of {} requests that come late: routing still points there",
        r.label(),
        count(refused),
        count(late)
    );
    let mut finding = about(r, Severity::Warning, title)
        .evidence("late_refused", refused)
        .evidence("late_accepted", ending.of(Fate::LateAccepted))
        .evidence("late_s", r.plan.late_s);
    let lost = r.traffic.lost.top();
    let first = lost.iter().filter(|e| e.fate == Fate::LateRefused).map(|e| e.ended_s).min_by(f64::total_cmp);
    if let Some(after) = first.map(|at| (at - r.times.ending_s).max(0.0)) {
        finding = finding
            .evidence("first_after_s", after)
            .because(format!("the first one {} after the end began", took(after)));
    }
    finding = finding.because(match r.before {
        Some(b) if b.took_s < r.plan.late_s => format!(
            "preStop holds the signal back for {}, requests may come for {}",
            took(b.took_s),
            took(r.plan.late_s)
        ),
        _ => format!("nothing keeps it accepting for the {} that routing may take", took(r.plan.late_s)),
    });
    finding = finding.because(r.arithmetic());
    finding = because(r, finding, out);
    let exit = out.aside(&r.exit).copied();
    // Who has no handler at all needs one first.
    let loss = if r.died_of_it(exit) { Loss::Dropped } else { Loss::LateRefused };
    see_also(r, finding.remedy(r.advice(out.aside(&r.ears), loss)))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::shutdown::facts::{Before, Exit},
        model::{Cell, Reading, traffic::Over},
    };

    #[test]
    fn refusals_in_the_late_window_are_counted_and_dated() {
        let f = &found(&CHECK, &facts(more(drained(), Over::New, Fate::LateRefused, 60)))[0];
        assert_eq!(
            f.title,
            "node (pid 41) refuses 60 of 300 requests that come late: routing still points there"
        );
        assert!(f.evidence.contains(&("first_after_s", Cell::from(0.5))), "{:?}", f.evidence);
        assert!(f.because[1].contains("nothing keeps it"), "{:?}", f.because);
    }

    #[test]
    fn a_prestop_that_is_too_short_is_named() {
        let mut r = more(drained(), Over::New, Fate::LateRefused, 1);
        r.before = Some(Before { took_s: 2.0, exit: Reading::seen(Exit::Code(0)) });
        let f = &found(&CHECK, &facts(r))[0];
        assert!(f.because[1].contains("for 2s, requests may come for 5s"), "{:?}", f.because);
    }

    #[test]
    fn refusals_before_the_end_are_none_of_it() {
        assert_eq!(clear(&CHECK, &facts(drained())), (1, 0));
        assert_eq!(clear(&CHECK, &facts(earlier(drained(), Fate::Refused, 9))), (1, 0));
    }
}
