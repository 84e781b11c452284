//! `http/slower-than-lb`

use super::{super::facts::Facts, NO_ANSWER, seconds, subject};
use crate::{
    check,
    model::{Cell, Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// An answer whose first byte comes later than the load balancer waits for it. What the balancer waits is said by `--lb-idle
    /// DUR`; the one answer is then waited for a little longer than that. Without a figure the usual default of balancers is taken,
    /// and the finding is a notice.
    ///
    /// ## Why it matters
    ///
    /// The client gets a 504 while the work goes on. It tries again, the balancer or a queue tries again, and the work is done twice
    /// or three times beside itself: slow becomes overloaded.
    ///
    /// ## Confirm
    ///
    /// `curl -s -o /dev/null -w '%{time_starttransfer}\n' URL` against the server itself. The balancer's side: 504 with a target
    /// processing time of -1 in an ALB's log, `upstream timed out` of nginx, `sH--` of HAProxy.
    ///
    /// ## Fix
    ///
    /// Answer at once with 202 and a place to ask again, and do the work in the background; or send the head early. Raise
    /// what the balancer waits only for this path: `proxy_read_timeout` of nginx, `timeout server` of HAProxy, the idle timeout of an
    /// ALB. Make the work safe to do twice, with a key that the sender chooses.
    "http/slower-than-lb": "an answer comes later than the balancer waits for it"
    {
    }
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let lb = f.lb.idle_s;
    let late = f.late_s.filter(|s| *s >= lb).map(|s| (s, Cell::AtLeast(s), "has not answered after"));
    let came = || {
        let s = out.part(&f.answer, NO_ANSWER)?.first_byte_ms / 1000.0;
        out.looked(1);
        (s > lb).then(|| (s, s.into(), "answers after"))
    };
    let Some((s, cell, does)) = late.or_else(came) else { return };
    let (severity, waits) = if f.lb.told {
        (Severity::Warning, format!("the load balancer waits {}", seconds(lb)))
    } else {
        (Severity::Notice, format!("load balancers usually wait {}", seconds(lb)))
    };
    let title = format!("{} {does} {}, and {waits}", f.url, seconds(s));
    let finding = Finding::new(severity, Confidence::High, subject(f, out), title)
        .evidence("first_byte_s", cell)
        .evidence("lb_idle_s", lb)
        .because(
            "the balancer answers 504 while the server goes on working: whoever tries again doubles the work",
        )
        .remedy(
            "answer 202 at once and work in the background, or raise the balancer's timeout for this path",
        )
        .next(format!("http {} -o wide", f.url));
    out.find(finding);
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::facts::{Answered, Balancer},
            recorded::*,
        },
        *,
    };
    use crate::model::{Reading, Why};

    fn taking(first_byte_ms: f64, lb: Balancer) -> Facts {
        Facts { lb, answer: Reading::seen(Answered { first_byte_ms, ..answered() }), ..plain() }
    }
    const TOLD: Balancer = Balancer { idle_s: 2.0, told: true };

    #[test]
    fn an_answer_that_comes_too_late_is_found_and_one_in_time_is_not() {
        let f = &found(&CHECK, &taking(2900.0, TOLD))[0];
        assert_eq!(f.title, "http://web:3000/ answers after 2.9 s, and the load balancer waits 2 s");
        assert_eq!(f.severity, Severity::Warning);
        assert_eq!(f.evidence[0], ("first_byte_s", Cell::Num(2.9)));
        assert_eq!(clear(&CHECK, &taking(2000.0, TOLD)), (1, 0));
        clear(&CHECK, &plain());
    }

    #[test]
    fn what_nobody_said_of_the_balancer_is_a_notice() {
        assert_eq!(found(&CHECK, &taking(61_000.0, plain().lb))[0].severity, Severity::Notice);
    }

    #[test]
    fn an_answer_that_never_came_is_at_least_so_late() {
        let facts = Facts { lb: TOLD, late_s: Some(4.0), ..silent(Why::TimedOut) };
        let f = &found(&CHECK, &facts)[0];
        assert_eq!(f.title, "http://web:3000/ has not answered after 4 s, and the load balancer waits 2 s");
        assert_eq!(f.evidence[0], ("first_byte_s", Cell::AtLeast(4.0)));
        // We gave up before the balancer would have.
        unknown(&CHECK, &Facts { late_s: Some(10.0), ..silent(Why::TimedOut) }, Why::TimedOut);
        unknown(&CHECK, &silent(Why::Absent), Why::Absent);
    }
}
