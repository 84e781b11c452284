//! Load on the servers, one after the other, as it was asked for by name: what it will be is said before it begins, and it ends
//! where too much fails.

use super::{
    super::{
        args::load::{Load as Asked, Shape, WAIT},
        facts::{
            conf::Conf,
            load::{EDGES_MS, Load, Loaded, Own, QUANTILES, Quantile, Step, Stopped, Times},
            wire::{self, NO_ERROR, NX_DOMAIN, ServerSeen, Speed, Try},
        },
    },
    measure::{self, Target},
};
use crate::{
    model::{Gaps, Progress, Reading, Seen, Why, rates},
    source::{
        cgroup::Group,
        dns::{self, Ask, Manner, Question, load as engine},
    },
};
use std::{
    io,
    time::{Duration, Instant},
};

/// More failures than this end it, %.
const STOP_PCT: f64 = 5.0;
/// For the one question when it is over.
const AFTER: Duration = Duration::from_millis(2500);
/// The picture is put together from so many steps of equal ratio: finer than what it is drawn in.
const GRAIN: usize = 400;
/// What gaps are about.
const VERDICT: &str = "what a nameserver bears";

/// What there is to do.
pub(super) struct Loading<'a> {
    pub asked: &'a Asked,
    pub confs: &'a [Conf],
    /// Those that get it.
    pub targets: &'a [Target],
    pub progress: &'a dyn Progress,
    /// Our own control groups, which may keep us from asking in time.
    pub groups: Seen<Vec<Group>>,
    /// When all of it must be over.
    pub end: Instant,
}

/// What did not come to a verdict, and why.
pub(super) type Holes = Vec<(Why, String)>;

/// Says them.
pub(super) fn say(holes: Holes, gaps: &mut Gaps) {
    for (why, what) in holes {
        gaps.add(why, VERDICT, what);
    }
}

impl Loading<'_> {
    /// Loads each server with what it was seen to answer.
    pub fn run(&self, seen: &[ServerSeen]) -> (Load, Holes) {
        let wait = self.confs.first().map_or(WAIT, |c| Duration::from_secs(c.timeout_s.max(1).into()));
        let timeout = wait.min(WAIT);
        let mut holes = Holes::new();
        let fit: Vec<(&Target, Vec<&wire::Asked>)> =
            self.targets.iter().map(|t| (t, answered(t, seen))).collect();
        let names: Vec<&str> =
            fit.iter().filter(|(_, a)| !a.is_empty()).map(|(t, _)| t.label.as_str()).collect();
        if !names.is_empty() {
            self.progress.announce(&budget(self.asked, &names));
        }
        let questions = fit.iter().flat_map(|(_, a)| a.iter().map(|a| format!("{} {}", a.name, a.kind)));
        let mut questions: Vec<String> = questions.collect();
        questions.sort();
        questions.dedup();
        let servers = fit.iter().map(|(t, asked)| self.one(t, asked, timeout, &mut holes)).collect();
        let ramp = self.asked.shape == Shape::Ramp;
        (Load { ramp, questions, timeout_ms: ms(timeout), servers }, holes)
    }

    fn one(&self, target: &Target, asked: &[&wire::Asked], timeout: Duration, holes: &mut Holes) -> Loaded {
        let edns = self.confs.iter().any(|c| c.edns0);
        let question = |a: &&wire::Asked| Question { name: a.name.clone(), kind: a.kind.clone(), edns };
        let questions: Vec<Question> = asked.iter().map(question).collect();
        let mut loaded = Loaded {
            address: target.label.clone(),
            peer: target.at.to_string(),
            idle_ms: idle(asked).map_or(Reading::unseen(Why::TimedOut), Reading::seen),
            steps: Reading::unseen(Why::Absent),
            after: Reading::unseen(Why::NotAsked),
        };
        let Some(first) = questions.first().cloned() else {
            holes.push((Why::Absent, format!("{} fails these questions without any load", target.label)));
            return loaded;
        };
        let mut steps: Vec<Step> = Vec::new();
        for per_s in self.asked.steps() {
            let step = match self.step(target, &questions, per_s, timeout) {
                Ok(step) => step,
                Err(e) => {
                    let why = Why::from(&e);
                    holes.push((why, format!("{}: {e}", target.label)));
                    if steps.is_empty() {
                        loaded.steps = Reading::unseen(why);
                        return loaded;
                    }
                    break;
                }
            };
            let throttled = step.own.throttled.drawn().is_some_and(|n| *n > 0);
            let ours = step.ours(throttled);
            if let Some(ours) = ours {
                let lag = step.own.lag_p99_ms;
                holes.push((
                    ours.why(),
                    format!(
                        "{} at {}: {}; p99 of our lateness {lag:.1} ms",
                        target.label,
                        step.name(),
                        ours.reason()
                    ),
                ));
            }
            // One of ten is chance, and no end of a ramp.
            let many = step.failed() >= engine::LEAST_FAILED;
            let failed = step.stopped.is_some() || many && step.failed_pct().is_some_and(|p| p >= STOP_PCT);
            steps.push(step);
            if failed || ours.is_some() {
                break;
            }
        }
        if steps.iter().any(|s| s.failed() > 0) {
            loaded.after = self.after(target, first);
        }
        loaded.steps = Reading::seen(steps);
        loaded
    }

    fn step(
        &self,
        target: &Target,
        questions: &[Question],
        per_s: f64,
        timeout: Duration,
    ) -> io::Result<Step> {
        let (shape, workers) = match self.asked.shape {
            Shape::Workers(n) => (engine::Shape::Closed { workers: n, most_per_s: per_s }, Some(n)),
            Shape::Steady(_) | Shape::Ramp => (engine::Shape::Open { per_s }, None),
        };
        let open = (per_s * timeout.as_secs_f64() * 1.2) as u32 + 64;
        let load = engine::Load {
            server: target.at,
            questions: questions.to_vec(),
            shape,
            length: self.asked.each,
            timeout,
            deadline: self.end,
            // More than a server that answers nothing leaves open: what is kept back is kept back by us.
            most_waiting: workers.unwrap_or(open).min(engine::MOST_WAITING),
            stop_at_failed_pct: STOP_PCT,
        };
        let name = workers.map_or(format!("{per_s}/s"), |n| format!("{n} workers"));
        let most = (per_s * self.asked.each.as_secs_f64()).ceil() as u64;
        let work = self.progress.begin(&format!("load {name} to {}", target.label), most);
        let before = self.throttled();
        let loaded = engine::load(&load, &|sent, failed| {
            work.at(sent, &format!("{} failed", rates::count(failed)));
        })?;
        let throttled = before.and_then(|before| Ok(self.throttled()?.saturating_sub(before)));
        Ok(step(&loaded, workers, throttled))
    }

    /// Is it there, once the load is over?
    fn after(&self, target: &Target, question: Question) -> Reading<Try> {
        let how = Manner { patience: AFTER, resend: AFTER / 3, sends: 3, deadline: self.end };
        let heard = dns::ask_udp(&[(target.at, vec![Ask::new(question)])], how);
        heard.iter().flatten().next().map_or(Reading::unseen(Why::Broken), measure::told)
    }

    /// How often our control group and those above it were throttled so far.
    fn throttled(&self) -> Seen<u64> {
        let groups = self.groups.as_ref().map_err(|why| *why)?;
        let all: Vec<u64> = groups
            .iter()
            .filter_map(|g| g.keyed("cpu.stat").ok().and_then(|stat| stat.get("nr_throttled").copied()))
            .collect();
        if all.is_empty() { Err(Why::Absent) } else { Ok(all.iter().sum()) }
    }
}

/// What the server was asked and answered without load: only that is worth asking for under load.
fn answered<'s>(target: &Target, seen: &'s [ServerSeen]) -> Vec<&'s wire::Asked> {
    let peer = target.at.to_string();
    let well = |t: &Try| t.came.reply().is_some_and(|r| matches!(r.rcode, NO_ERROR | NX_DOMAIN));
    let all = seen.iter().filter(|s| s.peer == peer).flat_map(ServerSeen::real);
    all.filter(|a| a.udp.iter().filter_map(Reading::drawn).next_back().is_some_and(well)).collect()
}

/// The slowest middle answer of them.
fn idle(asked: &[&wire::Asked]) -> Option<f64> {
    let of = |a: &&wire::Asked| {
        let tries: Vec<&Try> = a.udp.iter().filter_map(Reading::drawn).collect();
        match wire::Asked::speed(&tries) {
            Some(Speed::Median(ms)) => Some(ms),
            _ => None,
        }
    };
    asked.iter().filter_map(of).max_by(f64::total_cmp)
}

/// What it will be, in one line.
fn budget(asked: &Asked, servers: &[&str]) -> String {
    let (steps, each) = (asked.steps(), asked.each);
    let questions: f64 = steps.iter().map(|per_s| (per_s * each.as_secs_f64()).ceil()).sum();
    let (questions, whole) = (rates::count(questions as u64), each * steps.len() as u32);
    let whole = rates::span(whole.as_secs_f64());
    let what = match asked.shape {
        Shape::Steady(per_s) => format!("{questions} questions in {whole} at {per_s}/s"),
        Shape::Workers(n) => {
            format!("{n} workers for {whole}, at most {questions} questions at {}/s,", asked.most)
        }
        Shape::Ramp => format!(
            "at most {questions} questions in {whole}, {} steps from {}/s to {}/s,",
            steps.len(),
            steps.first().unwrap_or(&asked.most),
            asked.most
        ),
    };
    let each = if servers.len() > 1 { " each" } else { "" };
    format!("load  {what} to {}{each}, stops at {STOP_PCT} % failures", servers.join(", then "))
}

fn step(l: &engine::Loaded, workers: Option<u32>, throttled: Seen<u64>) -> Step {
    let codes = (0u8..).zip(l.rcodes).filter(|(_, n)| *n > 0);
    let counted = |n: Option<u64>| n.map_or(Reading::unseen(Why::Unsupported), Reading::seen);
    Step {
        asked_per_s: l.per_s_asked,
        workers,
        sent_per_s: l.per_s_sent,
        answered_per_s: l.per_s_answered,
        length_s: l.length.as_secs_f64(),
        sent: l.sent,
        shed: l.shed,
        barred: l.barred,
        answered: l.answered,
        rcodes: codes.collect(),
        truncated: l.truncated,
        silent: l.silent,
        closed: l.closed,
        late: l.late,
        foreign: l.foreign,
        duplicate: l.duplicate,
        cut: l.cut,
        stopped: l.stopped.map(|s| match s {
            engine::Stopped::FailedPct => Stopped::Failed,
            engine::Stopped::Deadline => Stopped::Deadline,
        }),
        // Of workers the schedule is made up: how much is known depends on the questions that were asked.
        from_schedule: times(&l.from_schedule, l.service.n()),
        service: times(&l.service, l.service.n()),
        own: Own {
            lag_p99_ms: l.own.lag_p99_us / 1000.0,
            lag_max_ms: l.own.lag_max_us / 1000.0,
            socket_drops: counted(l.own.socket_drops),
            receive_errors: counted(l.own.receive_errors),
            ports_exhausted: l.own.ports_exhausted,
            throttled: throttled.into(),
            cpu_pct: l.own.cpu_pct,
        },
    }
}

fn times(of: &engine::Latency, n: u64) -> Times {
    let told = |q: engine::Quantile| Quantile { ms: q.us / 1000.0, at_least: q.at_least };
    let at = |share: u16| Some((share, told(of.quantile_us(f64::from(share) / 10_000.0)?)));
    let mut out = Times {
        n,
        quantiles: QUANTILES.into_iter().filter(|q| Times::bears(n, *q)).filter_map(at).collect(),
        max: of.max_us().map(told),
        counts: vec![0; EDGES_MS.len() + 1],
        beyond: 0,
    };
    for bucket in of.buckets(GRAIN) {
        let middle = if bucket.from_us > 0.0 { (bucket.from_us * bucket.to_us).sqrt() } else { bucket.to_us };
        let place = EDGES_MS.partition_point(|edge| *edge <= middle / 1000.0);
        out.counts[place] += bucket.ended;
        out.beyond += bucket.at_least;
    }
    out
}

fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(shape: Shape, most: f64, servers: &[&str]) -> String {
        budget(&Asked { shape, each: Duration::from_secs(10), most }, servers)
    }

    #[test]
    fn the_budget_says_how_many_how_long_where_and_when_it_stops() {
        assert_eq!(
            said(Shape::Steady(200.0), 200.0, &["10.96.0.10"]),
            "load  2,000 questions in 10s at 200/s to 10.96.0.10, stops at 5 % failures"
        );
        assert_eq!(
            said(Shape::Ramp, 100.0, &["10.0.0.1", "10.0.0.2"]),
            "load  at most 1,800 questions in 40s, 4 steps from 10/s to 100/s, to 10.0.0.1, then 10.0.0.2 each, stops at 5 % failures"
        );
        assert_eq!(
            said(Shape::Workers(2), 200.0, &["10.0.0.1"]),
            "load  2 workers for 10s, at most 2,000 questions at 200/s, to 10.0.0.1, stops at 5 % failures"
        );
    }
}
