//! `http/requests-lost`

mod bursts;

use super::{
    super::facts::{Facts, Load},
    Runtime, runtime, subject,
};
use crate::{
    check,
    model::{
        Cell, Confidence, Fate, Fates, Finding, Judging, Severity, Stamp, Thing, Why, rates, traffic::Over,
    },
};
use bursts::{Bursts, Course};

check! {
    /// ## What it sees
    ///
    /// Requests without a whole answer among those that were sent for as long as `--for` says: refused, reset, cut in the middle of
    /// the body, closed as idle, answered with 5xx by a balancer, not in time. No request is sent a second time: clients and
    /// balancers that try again hide exactly these. It tells losses in bursts, as a rollout makes them, from those that come all
    /// along. Without `--for` it looks at the one answer only, and says whether that is an error of the server. Requests that this
    /// machine itself could not send, or answers that it was too busy to read in time, are not the server's.
    ///
    /// ## Why it matters
    ///
    /// A few requests lost in each deploy are orders, payments and jobs that failed in somebody's hands, and nobody owns them: the
    /// pods that lost them are gone, the balancer's log says 502 and the service's own says nothing.
    ///
    /// ## Confirm
    ///
    /// The balancer's log at the time that is named: 502 and 503 by target. `kubectl get events` or the deploy's own time line: bursts
    /// stand where an instance went away. `paramedic shutdown` does the same to one instance alone and counts what it drops.
    ///
    /// ## Fix
    ///
    /// By kind. Refused or reset during a rollout: the instance stops listening before it is taken out of routing; wait first
    /// (`preStop` sleep), then stop. Cut or reset in the middle: SIGTERM does not drain; finish what is in flight (`server.close()` in
    /// Node.js, `--graceful-timeout` of gunicorn, `Shutdown` in Go, `server.shutdown=graceful` in Spring, SIGQUIT for nginx). Closed as
    /// idle, one at a time all along: the server's keep-alive is shorter than the balancer's, see `http/keepalive-below-lb`. 5xx: the
    /// balancer found nobody behind it. Not in time: too few instances while some are replaced.
    "http/requests-lost": "requests without a whole answer"
    {
        min_lost: "fewer of them are chance" = 1;
        critical_pct: "requests lost from which on it hurts now, % of those sent" = 1;
    }
    judge(Facts)
}

/// What stands for the load when there was none.
const UNASKED: &str = "a load, by --for";

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let subject = subject(f, out);
    let answer = out.aside(&f.answer);
    let Some(load) = out.part(&f.load, UNASKED) else {
        if let Some(status) = answer.map(|a| a.status).filter(|s| *s >= 500) {
            out.find(
                Finding::new(
                    Severity::Warning,
                    Confidence::High,
                    subject,
                    format!("{} answers {status}", f.url),
                )
                .evidence("status", Cell::Id(status.into()))
                .because("the one request that was sent came back as an error of the server")
                .remedy("look at the server's log; a balancer that says 502 or 503 has nobody behind it")
                .next(format!("http {} -o wide", f.url)),
            );
        }
        return;
    };
    let lost = Lost::of(load);
    out.looked(lost.all - lost.ours);
    out.unseen(lost.ours, Why::TooMany);
    if lost.lost < (at.min_lost.value() as u64).max(1) {
        return;
    }
    let pct = lost.pct();
    let severity = if pct >= at.critical_pct.value() { Severity::Critical } else { Severity::Warning };
    out.find(finding(f, load, &lost, severity, subject, runtime(answer)));
}

/// What was lost, less what may be our own doing.
struct Lost {
    all: u64,
    lost: u64,
    /// Answers that we may have been too busy to read in time.
    ours: u64,
    fates: Fates,
}

impl Lost {
    fn of(load: &Load) -> Self {
        let fates = load.traffic.fates();
        let busy = load.own.lag_max_ms >= load.timeout_s * 500.0;
        let ours = if busy { fates.of(Fate::TimedOut) } else { 0 };
        Self { all: fates.all(), lost: fates.lost() - ours, ours, fates }
    }
    fn pct(&self) -> f64 {
        self.lost as f64 * 100.0 / self.all.max(1) as f64
    }
    /// Kinds of loss, the most frequent first.
    fn kinds(&self) -> Vec<(Fate, u64)> {
        let kept = |(fate, n): (Fate, u64)| {
            let n = if fate == Fate::TimedOut { n - self.ours } else { n };
            (!fate.well() && n > 0).then_some((fate, n))
        };
        let mut all: Vec<_> = self.fates.each().filter_map(kept).collect();
        // A handful.
        for from in 1..all.len() {
            let mut at = from;
            while at > 0 && all[at - 1].1 < all[at].1 {
                all.swap(at - 1, at);
                at -= 1;
            }
        }
        all
    }
}

fn finding(
    f: &Facts,
    load: &Load,
    lost: &Lost,
    severity: Severity,
    subject: Thing,
    runs: Runtime,
) -> Finding {
    let bursts = Bursts::of(&load.traffic.line, load.length_s);
    let kinds = lost.kinds();
    let title = format!(
        "{} loses {} of {} requests ({}), {}",
        f.url,
        rates::count(lost.lost),
        rates::count(lost.all),
        share(lost.pct()),
        bursts.phrase()
    );
    let first = bursts.first_s.map(|s| at(load.begun, s));
    let mut finding = Finding::new(severity, Confidence::High, subject, title)
        .evidence("lost", lost.lost)
        .evidence("sent", lost.all)
        .evidence("lost_pct", lost.pct())
        .evidence("bursts", bursts.count)
        .evidence("longest_burst_s", bursts.longest_s)
        .since(first);
    for (fate, n) in &kinds {
        finding = finding.evidence(fate.key(), *n);
    }
    for (fate, n) in kinds.iter().take(3) {
        let over = |kind: Over| load.traffic.over(kind).of(*fate);
        let way = match (over(Over::New), over(Over::Kept)) {
            (0, _) => ", over connections that are kept",
            (_, 0) => ", over new connections",
            _ => "",
        };
        finding = finding.because(format!("{} {}{way}", rates::count(*n), fate.phrase()));
    }
    let statuses: Vec<String> = load
        .traffic
        .statuses
        .iter()
        .filter(|(status, _)| *status >= 500)
        .map(|(status, n)| format!("{} with {status}", rates::count(*n)))
        .collect();
    if !statuses.is_empty() {
        finding = finding.because(format!("the server's errors: {}", statuses.join(", ")));
    }
    finding = finding.because(bursts.because(load.begun));
    let main = kinds.first().map_or(Fate::Refused, |k| k.0);
    let next = match bursts.course {
        Course::Bursts => "lifecycle".into(),
        Course::Steady => format!("http {} --probe idle", f.url),
    };
    finding.remedy(remedy(main, bursts.course, runs)).next(next)
}

fn at(begun: Stamp, s: f64) -> Stamp {
    begun.earlier(-s)
}

/// A share that is not 0 is never shown as 0.
fn share(pct: f64) -> String {
    match pct {
        p if p < 0.095 => format!("{}%", (p * 1000.0).ceil() / 1000.0),
        p => format!("{}%", (p * 10.0).round() / 10.0),
    }
}

fn remedy(main: Fate, course: Course, runs: Runtime) -> &'static str {
    let drain = match runs {
        Runtime::Node => "on SIGTERM wait for routing, then server.close() and let requests in flight end",
        Runtime::Gunicorn => {
            "a preStop sleep before SIGTERM, and --graceful-timeout above the longest request"
        }
        Runtime::Uvicorn => {
            "a preStop sleep before SIGTERM, and --timeout-graceful-shutdown above the longest request"
        }
        Runtime::Nginx => "a preStop sleep, then SIGQUIT and not SIGTERM",
        _ => "a preStop sleep while routing is withdrawn, then stop listening and let requests in flight end",
    };
    match (main, course) {
        (Fate::ClosedIdle, _) | (Fate::ResetBefore, Course::Steady) => {
            "let the server keep idle connections longer than the balancer does: --probe idle measures it"
        }
        (Fate::ServerError, Course::Steady) => {
            "the balancer's log says which target: one that closes idle connections too soon, or that is sick"
        }
        (Fate::TimedOut, Course::Steady) => {
            "look at what is slow, or at how many requests it serves at a time"
        }
        (Fate::TimedOut, _) => "fewer instances at a time are to be replaced: those left were too slow",
        (Fate::Garbled, _) => "see what answers there: it does not speak HTTP",
        (Fate::Refused, Course::Steady) => {
            "nobody listens some of the time: look for restarts and for a full accept queue"
        }
        _ => drain,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::facts::Answered, recorded::*},
        *,
    };
    use crate::model::Reading;

    const NEW: Over = Over::New;
    const KEPT: Over = Over::Kept;

    #[test]
    fn one_of_many_is_a_warning_and_none_is_clear() {
        assert_eq!(clear(&CHECK, &load(&[])), (1200, 0));
        let f = &found(&CHECK, &load(&[(12.34, Fate::ResetBefore, KEPT)]))[0];
        assert_eq!(f.severity, Severity::Warning);
        assert_eq!(f.title, "http://web:3000/ loses 1 of 1,200 requests (0.084%), 12s after the begin");
        assert_eq!(f.evidence[0], ("lost", Cell::Int(1)));
        assert_eq!(f.since.map(|s| s.to_string()).as_deref(), Some("2026-11-21T22:33:12.300Z"));
    }

    #[test]
    fn a_rollout_is_told_from_a_steady_loss() {
        let burst = |from: f64, n: u32| (0..n).map(move |i| (from + f64::from(i) * 0.1, Fate::Refused, NEW));
        let two: Vec<_> = burst(10.0, 8).chain(burst(30.0, 8)).collect();
        let f = &found(&CHECK, &load(&two))[0];
        assert_eq!(f.title, "http://web:3000/ loses 16 of 1,200 requests (1.3%), in 2 bursts of up to 0.8s");
        assert_eq!(f.severity, Severity::Critical);
        assert!(
            f.because.iter().any(|b| b == "16 refused a connection, over new connections"),
            "{:?}",
            f.because
        );
        assert!(f.remedy.contains("preStop"), "{}", f.remedy);
        let steady: Vec<_> = (0..6).map(|i| (5.0 + f64::from(i) * 9.0, Fate::ClosedIdle, KEPT)).collect();
        let f = &found(&CHECK, &load(&steady))[0];
        assert!(f.title.ends_with("one at a time, all along"), "{}", f.title);
        assert!(f.remedy.contains("idle"), "{}", f.remedy);
    }

    #[test]
    fn what_a_balancer_says_is_counted_by_status() {
        let lost: Vec<_> = (0..4).map(|i| (20.0 + f64::from(i) * 0.2, Fate::ServerError, KEPT)).collect();
        let f = &found(&CHECK, &load(&lost))[0];
        assert!(f.because.iter().any(|b| b == "the server's errors: 4 with 502"), "{:?}", f.because);
        assert!(f.title.ends_with("in one burst of 0.7s, 20s after the begin"), "{}", f.title);
    }

    #[test]
    fn what_we_were_too_busy_to_read_is_not_the_servers() {
        let late = [(10.0, Fate::TimedOut, NEW), (11.0, Fate::TimedOut, NEW)];
        let busy = changed(&late, |l| l.own.lag_max_ms = 6000.0);
        assert_eq!(clear(&CHECK, &busy), (1198, 2));
        assert_eq!(found(&CHECK, &load(&late))[0].evidence[0], ("lost", Cell::Int(2)));
    }

    #[test]
    fn one_answer_is_looked_at_only_for_an_error() {
        skipped(&CHECK, &plain());
        let error = Facts { answer: Reading::seen(Answered { status: 503, ..answered() }), ..plain() };
        assert_eq!(found(&CHECK, &error)[0].title, "http://web:3000/ answers 503");
        let redirect = Facts { answer: Reading::seen(Answered { status: 301, ..answered() }), ..plain() };
        skipped(&CHECK, &redirect);
        unknown(&CHECK, &silent(Why::Absent), Why::Absent);
    }
}
