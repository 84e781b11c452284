//! `cpu/steal`

use super::{
    super::facts::{Facts, Shares},
    WINDOW,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// Time in which this virtual machine had something to compute and the hypervisor gave the processor to others: `steal`
    /// of `/proc/stat`, as a share of all processors' time over the window. It counts only when it holds in both halves of
    /// the window; over a short one more of it is asked for, and it is never critical. It is a figure of the machine, the
    /// same inside every container of it.
    ///
    /// ## Why it matters
    ///
    /// Everything here takes longer and nothing here is the reason: no process, no quota, no lock. Clocks jump, timers fire
    /// late, health checks fail for moments.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// paramedic cpu --window 30s
    /// vmstat 1 10        # column st
    /// ```
    ///
    /// ## Fix
    ///
    /// Nothing inside the machine helps. An instance that lives on credits (T or B types of the clouds) has used them up:
    /// take a larger or an unlimited one. On a host of your own: fewer virtual processors on it, or move this machine.
    "cpu/steal": "the hypervisor gives this machine's processors to others"
    {
        steal_pct: "time given to others, % of all" = 10, 30;
        short_pct: "the same over a short window, %" = 25;
        short_s: "a window of fewer seconds is short" = 10;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(&window_s) = out.part(&f.window_s, WINDOW) else { return };
    let Some(shares) = out.part(&f.machine.shares, "the processors' times in /proc/stat") else { return };
    out.looked(1);
    let least = shares.steal_least_pct;
    let severity = match window_s >= at.short_s.value() {
        true => at.steal_pct.of(least),
        false => (least >= at.short_pct.value()).then_some(Severity::Warning),
    };
    if let Some(severity) = severity {
        out.find(finding(shares, window_s, severity));
    }
}

fn finding(s: &Shares, window_s: f64, severity: Severity) -> Finding {
    let title =
        format!("the hypervisor takes {:.0} % of this machine's processor time for others", s.steal_pct);
    Finding::new(severity, Confidence::High, Thing::Host, title)
        .evidence("steal_pct", s.steal_pct)
        .evidence("window_s", window_s)
        .because(format!(
            "in no part of the last {} it was less than {:.0} %; programs got {:.0} %, {:.0} % were idle",
            rates::span(window_s),
            s.steal_least_pct,
            s.user_pct + s.system_pct,
            s.idle_pct
        ))
        .remedy(
            "nothing inside helps: a larger instance or one without credits, or fewer neighbours on the host",
        )
        .next("cpu --window 30s")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Outcome, Reading, Why};

    fn severity(window_s: f64, steal: f64, least: f64) -> Option<Severity> {
        findings(&CHECK, &with_steal(window_s, steal, least)).first().map(|f| f.severity)
    }

    #[test]
    fn a_stolen_machine_is_said_with_its_share_and_its_window() {
        let f = &found(&CHECK, &with_steal(30.0, 34.5, 31.0))[0];
        assert_eq!(f.title, "the hypervisor takes 34 % of this machine's processor time for others");
        assert_eq!((f.severity, &f.subject), (Severity::Critical, &Thing::Host));
        assert_eq!(f.evidence, [("steal_pct", Cell::Num(34.5)), ("window_s", Cell::Num(30.0))]);
    }

    #[test]
    fn levels_begin_exactly_at_their_share_and_a_short_window_asks_for_more() {
        assert_eq!(severity(10.0, 10.0, 10.0), Some(Severity::Warning));
        assert_eq!(severity(10.0, 10.0, 9.9), None);
        assert_eq!(severity(10.0, 30.0, 30.0), Some(Severity::Critical));
        assert_eq!(severity(9.9, 24.0, 24.0), None);
        assert_eq!(severity(1.0, 90.0, 25.0), Some(Severity::Warning), "never critical");
        assert_eq!(severity(1.0, 90.0, 10.0), None, "a moment of it");
    }

    #[test]
    fn needs_a_window_and_the_times_of_the_machine() {
        assert!(matches!(outcome(&CHECK, &facts()), Outcome::Skipped { .. }));
        let mut blind = with_steal(1.0, 0.0, 0.0);
        assert_eq!(clear(&CHECK, &blind), (1, 0));
        blind.machine.shares = Reading::unseen(Why::Unsupported);
        assert!(matches!(outcome(&CHECK, &blind), Outcome::Unknown { why: Why::Unsupported, .. }));
    }
}
