//! `dns/fails-under-load`

use super::{
    super::facts::{
        Facts,
        load::{Load, Loaded, Ours, Quantile, Step, pct},
        wire::{REFUSED, SERV_FAIL, rcode},
    },
    took,
};
use crate::{
    check,
    model::{Cell, Confidence, Finding, Judging, Reading, Severity, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// A nameserver that answers well while nobody asks much, and loses questions, fails them or takes its time at a higher
    /// rate. It looks only when a load was asked for by name, with `--load` or `--workers`. A ramp names the first step at which
    /// it begins; latency counts from the moment a question was due, and a question without an answer stays in it as "at
    /// least as long as the timeout". Refusals are SERVFAIL and REFUSED. A server that fails these questions without any load
    /// is not judged here. Where this machine itself was the limit (questions that left late, answers dropped unread, no
    /// ports, a throttled control group) there is no verdict, and the reason is said.
    ///
    /// ## Why it matters
    ///
    /// Each lost question costs a lookup the whole timeout of the resolver, five seconds as a rule, and can end as
    /// ENOTFOUND. It is seen at peak only, while the server's processor is idle and every test by hand is fine.
    ///
    /// ## Confirm
    ///
    /// `dnsperf -s SERVER -d FILE -Q RATE -q 1000 -l 10` with the name in the file, at the rate that is named and at half of it:
    /// compare its lost and its response codes. On the server's side look at its own limits while it runs:
    /// `max_concurrent` of CoreDNS's `forward`, `num-queries-per-thread` of unbound, `dns-forward-max` of dnsmasq,
    /// `nstat -az UdpRcvbufErrors` in its network namespace, and the rules of the way there, `nft list ruleset`.
    ///
    /// ## Fix
    ///
    /// Ask less: fewer search domains (`ndots`), a trailing dot, a cache on the node (NodeLocal DNSCache) or in the process.
    /// Answer more: another replica, a higher limit of the kind above, more CPU. Loss that begins near a thousand packets a
    /// second from one machine is the limit of a cloud's network interface towards its resolver: no server's setting mends
    /// that, only a cache in between.
    "dns/fails-under-load": "a nameserver fails at a rate that it should bear"
    {
        failed_pct: "questions lost or refused at one step, %" = 1, 5;
        min_failed: "fewer of them at one step are chance" = 5;
        slow_ms: "p95 of the answers, from when they were due, ms" = 200, 2000;
        slow_times: "and so many times the middle answer without load" = 5;
        ramp_peak_per_s: "steps of a ramp above this are a warning at most: nobody said that they are needed, questions a second" = 200;
    }
    judge(Facts)
}

/// What stands for the load when there was none.
const UNASKED: &str = "a load by --load or --workers";
/// The server fails the same questions anyway: other checks say so.
const ANYWAY: &str = "the server fails these questions without any load";
/// Packets a second that an interface of a cloud machine may send to its resolver, all protocols of that link counted, and how
/// near to it answers level off. What is above is dropped, and no log says so.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>
const INTERFACE_PER_S: f64 = 1024.0;
const NEAR: std::ops::Range<f64> = 0.85..1.1;

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(load) = out.part(&f.load, UNASKED) else { return };
    for server in &load.servers {
        let Some(steps) = out.part(&server.steps, ANYWAY) else { continue };
        let run = Run { load, server, idle: out.aside(&server.idle_ms).copied() };
        run.judge(steps, at, out);
    }
}

/// One server's load.
struct Run<'f> {
    load: &'f Load,
    server: &'f Loaded,
    /// The middle answer without load, ms.
    idle: Option<f64>,
}

/// What is wrong at one step.
struct Trouble<'f> {
    step: &'f Step,
    kind: Kind,
    severity: Severity,
    /// Lost or refused, without what we may have dropped ourselves.
    failed_pct: f64,
    /// Of the silent ones, so many may be ours; `None` when that could not be seen.
    dropped: Option<u64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Lost,
    Closed,
    Refused(u8),
    /// This share of ten thousand took so long, and the middle one so long without load.
    Slow(u16, f64, f64),
}

impl Run<'_> {
    fn judge(&self, steps: &[Step], at: &Limits, out: &mut Judging) {
        let (mut first, mut well): (Option<&Step>, Option<&Step>) = (None, None);
        let mut troubles: Vec<Trouble> = Vec::new();
        for step in steps {
            let usual = first.and_then(|w| w.from_schedule.at(5000)).map(|q| q.ms).or(self.idle);
            let throttled = out.aside(&step.own.throttled).is_some_and(|n| *n > 0);
            let trouble = self.trouble(step, usual, at, out);
            let refused = |t: &Trouble| matches!(t.kind, Kind::Refused(_));
            match (trouble, step.ours(throttled)) {
                // Nothing of our own makes a server refuse.
                (Some(t), ours) if ours.is_none() || refused(&t) => troubles.push(t),
                (_, Some(ours)) => {
                    withheld(ours, out);
                    break;
                }
                (None, None) if lost_to_us(step, at, out) => {
                    withheld(Ours::Drops, out);
                    break;
                }
                _ if troubles.is_empty() => (first, well) = (first.or(Some(step)), Some(step)),
                _ => {}
            }
            out.looked(1);
        }
        if let Some((begin, more)) = troubles.split_first() {
            let finding = self.finding(begin, more.last(), well, out);
            out.find(finding);
        }
    }

    fn trouble<'s>(
        &self,
        step: &'s Step,
        usual: Option<f64>,
        at: &Limits,
        out: &mut Judging,
    ) -> Option<Trouble<'s>> {
        let dropped = dropped(step, out);
        let ours = dropped.unwrap_or(0).min(step.silent);
        let (failed, ended) = (step.failed() - ours, step.ended() - ours);
        let failed_pct = pct(failed, ended);
        let peak = |s: Severity| match step.asked_per_s {
            Some(q) if self.load.ramp && q > at.ramp_peak_per_s.value() => s.min(Severity::Warning),
            _ => s,
        };
        let of = |kind, severity| Some(Trouble { step, kind, severity: peak(severity), failed_pct, dropped });
        if let Some(severity) =
            at.failed_pct.of(failed_pct).filter(|_| failed as f64 >= at.min_failed.value())
        {
            let lost = step.silent - ours;
            let code = if step.code(REFUSED) > step.code(SERV_FAIL) { REFUSED } else { SERV_FAIL };
            let kind = match () {
                () if step.refusals() > lost.max(step.closed) => Kind::Refused(code),
                () if step.closed > lost => Kind::Closed,
                () => Kind::Lost,
            };
            return of(kind, severity);
        }
        let ((share, q), usual) = step.from_schedule.usual().zip(usual)?;
        let severity = at.slow_ms.of(q.ms).filter(|_| q.ms >= usual * at.slow_times.value())?;
        of(Kind::Slow(share, q.ms, usual), severity)
    }

    fn finding(
        &self,
        begin: &Trouble,
        worst: Option<&Trouble>,
        well: Option<&Step>,
        out: &mut Judging,
    ) -> Finding {
        let (step, server) = (begin.step, &self.server.address);
        let (at, share) = (step.name(), percent(begin.failed_pct));
        let elsewhere = match well {
            Some(w) if w.failed() == 0 => format!(" and none at {}", w.name()),
            Some(w) => format!(" and {} at {}", percent(w.failed_pct().unwrap_or(0.0)), w.name()),
            None => String::new(),
        };
        let title = match begin.kind {
            Kind::Lost => format!("nameserver {server} loses {share} of the questions at {at}{elsewhere}"),
            Kind::Closed => {
                format!("nameserver {server} is not there for {share} of the questions at {at}{elsewhere}")
            }
            Kind::Refused(code) => {
                let said = rcode(code);
                format!("nameserver {server} answers {said} to {share} of the questions at {at}{elsewhere}")
            }
            Kind::Slow(share, ms, usual) => format!(
                "nameserver {server} takes {} for one answer in {} at {at}, and {} without load",
                waited(ms),
                10_000 / (10_000 - u32::from(share)),
                waited(usual)
            ),
        };
        let after = out.aside(&self.server.after);
        let lasts = after.is_some_and(|t| t.came.reply().is_none());
        let sure = begin.dropped.is_some() && self.idle.is_some() && !lasts;
        let severity = worst.map_or(begin.severity, |w| w.severity.max(begin.severity));
        let confidence = if sure { Confidence::High } else { Confidence::Medium };
        let subject = Thing::Peer { address: self.server.peer.clone() };
        let mut f = Finding::new(severity, confidence, subject, title);
        for (key, value) in figures(begin) {
            f = f.evidence(key, value);
        }
        let well_per_s = ("well_per_s", Cell::from(well.and_then(|w| w.asked_per_s)));
        for (key, value) in
            [well_per_s, ("idle_ms", self.idle.into())].into_iter().filter(|e| e.1 != Cell::None)
        {
            f = f.evidence(key, value);
        }
        f = f.because(match self.idle {
            Some(ms) => format!("the same questions, asked one at a time just before, took {}", waited(ms)),
            None => "the same questions, asked one at a time just before, were answered".into(),
        });
        if let Some((w, below)) = well.and_then(|w| Some((w, w.below_pct()?))) {
            f = f.because(format!(
                "at {} all of {} were answered: less than {} fail there",
                w.name(),
                rates::count(w.ended()),
                percent(below)
            ));
        }
        if let Some(w) = worst.filter(|w| w.failed_pct > begin.failed_pct) {
            f = f.because(format!("at {} it is {}", w.step.name(), percent(w.failed_pct)));
        }
        let plateau = [Some(begin), worst].into_iter().flatten().find(|t| levels_off(t));
        if let Some(t) = plateau {
            f = f.because(format!(
                "the answers level off at {}/s: a cloud's network interface sends its resolver {} packets a second, \
                 drops what is above and logs nothing",
                rates::count(t.step.answered_per_s as u64),
                rates::count(INTERFACE_PER_S as u64)
            ));
        }
        f = match (lasts, after) {
            (true, _) => {
                f.because("it did not answer once the load was over either: it may have gone down meanwhile")
            }
            (false, Some(_)) => f.because("it answers again now that the load is over"),
            (false, None) => f,
        };
        if let Some(n) = begin.dropped.filter(|n| *n > 0) {
            f = f.because(format!(
                "{} more were dropped by this machine, and are not counted",
                rates::count(n)
            ));
        }
        let name = self.load.questions.first().and_then(|q| q.split(' ').next()).unwrap_or_default();
        f.remedy(match (begin.kind, plateau.is_some()) {
            (_, true) => "a cache on this node, so that fewer packets go there; no setting of the server mends it",
            (Kind::Refused(_), _) => "raise what it may ask its upstream at once, or give it a cache that holds these names",
            (Kind::Slow(..), _) => "look at its CPU limit and its upstream; a cache on this node takes most of it away",
            (Kind::Lost | Kind::Closed, _) => {
                "look for limits of rate on the way and for full buffers at the server; a cache on this node asks less"
            }
        })
        .next(format!("dns {name} -o wide"))
    }
}

/// The figures of a step that is in trouble.
fn figures(t: &Trouble) -> Vec<(&'static str, Cell)> {
    let step = t.step;
    let at = |share: u16| step.from_schedule.at(share).map(cell);
    let mut all: Vec<(&'static str, Cell)> = vec![
        ("step_per_s", step.asked_per_s.into()),
        ("workers", step.workers.into()),
        ("sent_per_s", step.sent_per_s.into()),
        ("answered_per_s", step.answered_per_s.into()),
        ("failed_pct", t.failed_pct.into()),
        ("questions", step.ended().into()),
        ("silent", step.silent.into()),
        ("servfail", step.code(SERV_FAIL).into()),
        ("refused", step.code(REFUSED).into()),
        ("closed", step.closed.into()),
        ("p50_ms", at(5000).into()),
        ("p95_ms", at(9500).into()),
        ("p99_ms", at(9900).into()),
        ("max_ms", step.from_schedule.max.map(cell).into()),
    ];
    // What there is none of says nothing here, but for the failures that a reader looks for.
    all.retain(|(key, value)| *value != Cell::None && (*value != Cell::Int(0) || *key == "silent"));
    all
}

fn cell(q: Quantile) -> Cell {
    if q.at_least { Cell::AtLeast(q.ms) } else { q.ms.into() }
}

/// What this machine dropped of answers that had arrived. Those of our own sockets are known better than those of everybody.
fn dropped(step: &Step, out: &mut Judging) -> Option<u64> {
    out.aside(&step.own.socket_drops).or(out.aside(&step.own.receive_errors)).copied()
}

/// Questions failed, and would not have been found to if this machine had not dropped their answers.
fn lost_to_us(step: &Step, at: &Limits, out: &mut Judging) -> bool {
    let dropped = dropped(step, out).is_some_and(|n| n > 0);
    dropped && at.failed_pct.of(pct(step.failed(), step.ended())).is_some()
}

/// The verdict would be about us and not about the server: none.
fn withheld(ours: Ours, out: &mut Judging) {
    out.unseen(1, ours.why());
    out.part(&Reading::<()>::unseen(ours.why()), ours.reason());
}

fn levels_off(t: &Trouble) -> bool {
    let more = t.step.asked_per_s.is_some_and(|q| q > INTERFACE_PER_S);
    t.kind == Kind::Lost && more && NEAR.contains(&(t.step.answered_per_s / INTERFACE_PER_S))
}

/// Milliseconds as people say them; in one cluster answers take less than one.
fn waited(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1} ms") } else { took(ms) }
}

/// A share as people say it.
fn percent(x: f64) -> String {
    if x < 9.95 { format!("{x:.1}%") } else { format!("{x:.0}%") }
}

#[cfg(test)]
mod tests;
