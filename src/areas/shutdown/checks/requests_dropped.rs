//! `shutdown/requests-dropped`

use super::{
    super::facts::{Facts, Loss, Rehearsal, phrase, took},
    about, because, rehearsal, see_also,
};
use crate::{
    check,
    model::{Fate, Finding, Judging, Severity, rates::count, signal, traffic::Over},
};

check! {
    /// ## What it sees
    ///
    /// A service was put under load, told to end as an orchestrator tells it, and every request was accounted for. These are the
    /// requests that the end itself cost: cut off before the first byte of an answer, reset in its middle, answered with half a
    /// body (a 200 all the same), sent into a connection that was being closed as idle, answered with 5xx, or not answered in
    /// time. The client sends nothing twice: what others hide by a retry is seen here.
    ///
    /// Requests that were lost before the end began are not the end's; they are said apart. Connections that were refused after
    /// the end had begun are `shutdown/late-refused`.
    ///
    /// ## Why it matters
    ///
    /// Every deploy, every scale-down and every move of a pod pays this. A few requests each time never show in an error rate, and
    /// whoever calls sees a reset that no log of the service mentions. A request that is not idempotent cannot be sent again.
    ///
    /// ## Confirm
    ///
    /// `paramedic shutdown --url http://127.0.0.1:3000/ -- CMD` shows each class by the kind of connection and over time; `-o json`
    /// has the first losses one by one. With the signal of the image: `docker inspect -f '{{.Config.StopSignal}}' IMAGE`.
    /// During a real rollout: `paramedic http URL --for 10m`.
    ///
    /// ## Fix
    ///
    /// After the signal go on accepting until routing is withdrawn, answer with `Connection: close`, end what is in flight, close idle
    /// connections, exit. Where the program cannot wait, `preStop: sleep` does it for requests that come late. Node.js:
    /// `server.close()` and a timer, not `process.exit()`. Go: `srv.Shutdown(ctx)`, and wait for it. gunicorn: `graceful_timeout`.
    /// uvicorn: `--timeout-graceful-shutdown`. nginx: `STOPSIGNAL SIGQUIT`. Spring Boot: `server.shutdown=graceful`.
    "shutdown/requests-dropped": "requests that were cut off by the end of the service"
    {
        lost: "requests lost by the end, from so many on" = 1;
        lost_pct: "lost requests from which on it is critical, % of those underway or sent since the end began" = 10;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(r) = rehearsal(f, out) else { return };
    let dropped = r.dropped();
    if dropped as f64 >= at.lost.value() && dropped > 0 {
        let of = r.ending().all();
        let share = dropped as f64 * 100.0 / of.max(1) as f64;
        let severity = if share >= at.lost_pct.value() { Severity::Critical } else { Severity::Warning };
        let finding = finding(r, severity, dropped, of, out);
        // Before what was refused late, of which there are many as a rule.
        out.find(finding.weight(1e6 + dropped as f64));
    }
}

fn finding(r: &Rehearsal, severity: Severity, dropped: u64, of: u64, out: &mut Judging) -> Finding {
    let ending = r.ending();
    let losses = || ending.each().filter(|(f, _)| !f.well() && *f != Fate::LateRefused);
    let title =
        format!("{} loses {} of {} requests when it is told to end", r.label(), count(dropped), count(of));
    let mut finding = about(r, severity, title).evidence("lost", dropped).evidence("of", of);
    for (fate, n) in losses() {
        finding = finding.evidence(fate.key(), n);
    }
    finding = finding.because(phrase(losses()));
    let slow = r.traffic.over(Over::Slow);
    // One that found no connection never had its body on the way.
    if slow.lost() > slow.of(Fate::LateRefused) {
        finding = finding.because("the request whose body was still on its way is among them");
    }
    if let Some(exit) = r.times.since_signal(r.times.exit_s) {
        let name = signal::name(r.plan.signal);
        finding = finding.evidence("exit_after_s", exit).because(if r.killed {
            format!("it was killed at the end of the grace period, {} after {name}", took(exit))
        } else {
            format!("it was gone {} after {name}", took(exit))
        });
    }
    finding = because(r, finding, out);
    let before = r.earlier.lost();
    if before > 0 {
        finding = finding.evidence("lost_before", before).because(format!(
            "{} more were lost before the end began: they are not counted here",
            count(before)
        ));
    }
    see_also(r, finding.remedy(r.advice(out.aside(&r.ears), Loss::Dropped)))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::shutdown::facts::{Runtime, Started},
        model::{Cell, Confidence, Reading, Why, role::Role, sigterm::Handler},
    };

    #[test]
    fn losses_of_the_end_are_named_by_class_and_those_before_it_are_not_the_ends() {
        let r = more(drained(), Over::Kept, Fate::ResetBefore, 5);
        let r = more(more(r, Over::New, Fate::Truncated, 2), Over::New, Fate::LateRefused, 9);
        let r = earlier(r, Fate::TimedOut, 3);
        let f = &found(&CHECK, &facts(r))[0];
        assert_eq!(f.title, "node (pid 41) loses 7 of 256 requests when it is told to end");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert_eq!(
            f.evidence,
            [
                ("runtime", Cell::from("node")),
                ("lost", Cell::from(7u64)),
                ("of", Cell::from(256u64)),
                ("truncated", Cell::from(2u64)),
                ("reset_before", Cell::from(5u64)),
                ("exit_after_s", Cell::from(5.5)),
                ("lost_before", Cell::from(3u64)),
            ]
        );
        assert!(f.because[0].starts_with("5 cut off before the first byte"), "{:?}", f.because);
        assert!(f.remedy.contains("server.close"), "{}", f.remedy);
    }

    #[test]
    fn a_drain_is_silent_also_when_requests_were_lost_before_or_refused_late() {
        assert_eq!(clear(&CHECK, &facts(drained())), (1, 0));
        assert_eq!(clear(&CHECK, &facts(earlier(drained(), Fate::ResetBefore, 50))), (1, 0));
        assert_eq!(clear(&CHECK, &facts(more(drained(), Over::New, Fate::LateRefused, 50))), (1, 0));
    }

    #[test]
    fn a_tenth_is_critical() {
        let severity = |n| found(&CHECK, &facts(more(drained(), Over::New, Fate::ClosedIdle, n)))[0].severity;
        // 26 of 266 and 27 of 267.
        assert_eq!((severity(26), severity(27)), (Severity::Warning, Severity::Critical));
    }

    #[test]
    fn what_took_the_signal_is_said_and_what_we_could_not_send_lowers_the_confidence() {
        let mut r = more(drained(), Over::Slow, Fate::ResetBefore, 1);
        r.ears = Reading::seen(ears(Role::Wrapper, Handler::Default));
        (r.started, r.runtime) = (Started::AsPid1, Runtime::Other);
        r.client.unsent = vec![("ports".into(), 3)];
        let f = &found(&CHECK, &facts(r))[0];
        assert!(f.because.iter().any(|b| b.contains("is a shell: as PID 1")), "{:?}", f.because);
        assert!(f.because.iter().any(|b| b.contains("still on its way")), "{:?}", f.because);
        assert_eq!(f.confidence, Confidence::Medium);
    }

    #[test]
    fn a_slow_body_that_found_no_connection_is_not_among_the_dropped() {
        let r = more(more(drained(), Over::Slow, Fate::LateRefused, 2), Over::Idle, Fate::ResetBefore, 1);
        let f = &found(&CHECK, &facts(r))[0];
        assert!(!f.because.iter().any(|b| b.contains("still on its way")), "{:?}", f.because);
    }

    #[test]
    fn without_a_rehearsal_it_is_unknown() {
        unknown(&CHECK, &Facts { rehearsal: Reading::unseen(Why::TimedOut) }, Why::TimedOut);
        unknown(&CHECK, &Facts::default(), Why::Absent);
    }
}
