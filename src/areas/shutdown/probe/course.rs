//! The end itself, under load: what comes before the signal, the signal, the late window, the grace period, the kill.

use super::{
    super::{
        args::Args,
        facts::{Before, Client, Exit, Plan, Rehearsal, Started, Times},
    },
    no,
    ready::{Ready, too_early},
    who::{self, Who},
};
use crate::{
    model::{Fate, Fates, Gap, Gaps, Kept, Process, Reading, Traffic, Why, signal},
    source::{
        Moment,
        http::{Course, Loaded, Shape, load},
        rehearse::{Gone, How, Service, tree},
    },
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// How often it is looked whether something is due.
const TICK: Duration = Duration::from_millis(5);
/// The kubelet waits for so long after a signal that came at the end of the grace period, since preStop took it all.
/// <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-flow>
const EXTENSION: Duration = Duration::from_secs(2);
/// A first answer under load may take so much longer than the warm-up.
const FIRST: Duration = Duration::from_secs(3);
/// Who was killed and has not ended by then hangs in the kernel.
const GRAVE: Duration = Duration::from_secs(2);
/// A connection that is closed so shortly before the exit was seen, in seconds, was closed by the exit.
const AT_EXIT: f64 = 0.01;
/// Processes that are named of those that were left.
const NAMED: usize = 20;

/// Whoever leaves, also by a panic, ends the load: else it would be waited for without end.
struct Finish<'c>(&'c Course);
impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// Rehearses the end.
///
/// # Errors
/// It ended by itself before, no request was answered, or the client could not be had.
pub(super) fn run(
    args: &Args,
    m: &Moment,
    ready: Ready,
    started: Started,
    gaps: &mut Gaps,
) -> Result<Rehearsal, Gap> {
    let Ready { mut service, target, request, slow, said, listener } = ready;
    // Half of the rate over connections of their own, as clients without a pool have it.
    let half = args.rate / 2.0;
    let shape = Shape {
        kept_per_s: half,
        kept: args.connections,
        new_per_s: half,
        idle: args.idle,
        slow: slow.clone(),
    };
    let course = Course::default();
    let (ended, loaded) = thread::scope(|scope| {
        let loading = thread::Builder::new().name("load".into());
        let loading = loading.spawn_scoped(scope, || load(&target, &request, &shape, &course));
        let loading = loading.map_err(|e| no(Why::TooMany, format!("no thread for the load: {e}")))?;
        let ended = {
            let _finish = Finish(&course);
            let mut steering = Steering { args, m, service: &mut service, course: &course };
            steering.warm_up().and_then(|()| {
                let who = who::look(m, steering.service, listener, &said, args.signal);
                steering.end().map(|ended| (who, ended))
            })
        };
        let loaded = match loading.join() {
            Ok(loaded) => loaded.map_err(|e| no(Why::from(&e), format!("the load: {e}"))),
            Err(panicked) => std::panic::resume_unwind(panicked),
        };
        Ok::<_, Gap>((ended, loaded))
    })?;
    let all_ended = service.end();
    let ((who, ended), loaded) = (ended?, loaded?);
    if !all_ended {
        gaps.add(Why::Denied, "processes of the service that could not be ended", who.service.label());
    }
    if ended.gone.is_none() {
        gaps.add(Why::TimedOut, "the end of the service", "it was killed and hangs in the kernel: state D");
    }
    for (limit, n) in loaded.own.unsent.iter().filter(|(limit, _)| *limit != "connections") {
        gaps.add_many(Why::TooMany, "requests that were due and that we could not send", *n, limit);
    }
    Ok(whole(args, target.url.to_string(), started, slow.is_some(), &course, who, ended, loaded))
}

/// What came of it.
struct Ended {
    ending: Instant,
    lost_before: u64,
    before: Option<Before>,
    signalled: Option<Instant>,
    withdrawn: Option<Instant>,
    gone: Option<Gone>,
    killed: bool,
    left: Kept<Process>,
}

struct Steering<'a, 'm> {
    args: &'a Args,
    m: &'a Moment<'m>,
    service: &'a mut Service,
    course: &'a Course,
}

impl Steering<'_, '_> {
    /// Load on a service that is well.
    fn warm_up(&mut self) -> Result<(), Gap> {
        let begun = self.course.begun();
        let bar = self.m.progress.begin("load before the end, ms", self.args.warm_up.as_millis() as u64);
        loop {
            if let Some(gone) = self.service.ended(TICK) {
                return Err(too_early(self.m, self.service, gone));
            }
            let (sent, well, lost) = self.course.so_far();
            bar.at(begun.elapsed().as_millis() as u64, &format!("{sent} sent, {lost} lost"));
            if begun.elapsed() < self.args.warm_up {
                continue;
            }
            if well > 0 {
                return Ok(());
            }
            if begun.elapsed() >= self.args.warm_up + FIRST.max(self.args.request.request_timeout / 2) {
                return Err(no(
                    Why::Absent,
                    format!("not one of {sent} requests was answered under load: nothing can be told"),
                ));
            }
        }
    }

    /// The end, from what comes before the signal to the last breath.
    fn end(&mut self) -> Result<Ended, Gap> {
        let (args, m) = (self.args, self.m);
        let lost_before = self.course.so_far().2;
        self.course.ending();
        let ending = Instant::now();
        let mut out = Ended {
            ending,
            lost_before,
            before: None,
            signalled: None,
            withdrawn: None,
            gone: None,
            killed: false,
            left: Kept::default(),
        };
        let mut before = args.prestop.is_some() && !args.grace.is_zero();
        if before {
            self.service.before().map_err(|e| no(Why::Unsupported, format!("--prestop: {e}")))?;
        }
        let bar = m.progress.begin("the end, ms", args.grace.max(args.late).as_millis() as u64);
        let mut grace = ending + args.grace;
        loop {
            let now = Instant::now();
            let (sent, _, lost) = self.course.so_far();
            bar.at((now - ending).as_millis() as u64, &format!("{sent} sent, {lost} lost"));
            if out.withdrawn.is_none() && now >= ending + args.late {
                self.course.withdraw();
                out.withdrawn = Some(now);
            }
            if before {
                let exit = match self.service.before_ended(TICK) {
                    Some(gone) => Some((gone.at, exit(gone.how))),
                    None => (now >= grace).then_some((now, Reading::unseen(Why::TimedOut))),
                };
                if let Some((at, exit)) = exit {
                    out.before = Some(Before { took_s: seconds(at, ending), exit });
                    before = false;
                }
            }
            if !before && out.gone.is_none() && out.signalled.is_none() {
                match self.service.signal(args.signal) {
                    Ok(at) => {
                        out.signalled = Some(at);
                        if args.prestop.is_some() && at + TICK >= grace {
                            grace = at + EXTENSION;
                        }
                    }
                    Err(e) if e.raw_os_error() == Some(3) => {}
                    Err(e) => return Err(no(Why::from(&e), format!("{}: {e}", signal::name(args.signal)))),
                }
            }
            if out.gone.is_none() {
                out.gone = self.service.ended(TICK);
                if out.gone.is_some() {
                    out.left = self.left();
                    if before {
                        out.before =
                            Some(Before { took_s: seconds(now, ending), exit: Reading::unseen(Why::Absent) });
                        before = false;
                    }
                    // With the first process of a container all others end.
                    if let Service::Started(_) = self.service {
                        self.service.end();
                    }
                }
            } else {
                thread::sleep(TICK);
            }
            if out.gone.is_none() && !before && now >= grace && out.signalled.is_some() {
                if !out.killed {
                    let _ = self.service.signal(signal::KILL);
                    out.killed = true;
                } else if now >= grace + GRAVE {
                    return Ok(out);
                }
            }
            if out.gone.is_some() && out.withdrawn.is_some() {
                return Ok(out);
            }
        }
    }

    /// Who is alive when its first process has ended: in a container nobody would be.
    fn left(&self) -> Kept<Process> {
        let Service::Started(_) = self.service else { return Kept::default() };
        let all = tree(self.m.world, self.service.root(), self.m.deadline);
        Kept::worst(all.len() as u64, all.iter().take(NAMED).map(|p| self.m.name(p)).collect())
    }
}

#[allow(clippy::too_many_arguments, reason = "every part of the facts comes from somewhere else")]
fn whole(
    args: &Args,
    url: String,
    started: Started,
    slow: bool,
    course: &Course,
    who: Who,
    ended: Ended,
    loaded: Loaded,
) -> Rehearsal {
    let begun = course.begun();
    let at = |t: Instant| seconds(t, begun);
    let own = loaded.own;
    let ending_s = at(ended.ending);
    let exit_s = ended.gone.map(|g| at(g.at));
    // The kernel closes what a process leaves open when it exits, and that looks like an order.
    let died = |exit: f64| loaded.at_rest.iter().filter(|t| t.as_secs_f64() >= exit - AT_EXIT).count() as u64;
    let died = exit_s.map_or(0, died);
    Rehearsal {
        url,
        service: who.service,
        command: who.command,
        started,
        listener: who.listener,
        runtime: who.runtime,
        ears: who.ears,
        plan: Plan {
            warm_up_s: args.warm_up.as_secs_f64(),
            grace_s: args.grace.as_secs_f64(),
            late_s: args.late.as_secs_f64(),
            rate: args.rate,
            connections: args.connections,
            idle: args.idle,
            signal: args.signal,
            prestop: args.prestop.is_some(),
            slow,
        },
        times: Times {
            ending_s,
            signal_s: ended.signalled.map(at),
            withdrawn_s: ended.withdrawn.map(at),
            exit_s,
            last_byte_s: loaded.last_byte.map(|d| d.as_secs_f64()),
        },
        before: ended.before,
        exit: ended.gone.map_or(Reading::unseen(Why::TimedOut), |g| exit(g.how)),
        killed: ended.killed,
        left: ended.left,
        earlier: earlier(&loaded.traffic, ending_s, ended.lost_before),
        traffic: loaded.traffic,
        answers_ending: loaded.answers_ending,
        said_close: loaded.said_close,
        open_at_ending: loaded.open_at_ending,
        closed_at_rest: loaded.closed_at_rest.saturating_sub(died),
        open_at_last: loaded.open_at_last + died,
        client: Client {
            lag_p99_ms: own.lag_p99.as_secs_f64() * 1000.0,
            lag_max_ms: own.lag_max.as_secs_f64() * 1000.0,
            unsent: own.unsent.into_iter().map(|(what, n)| (what.to_string(), n)).collect(),
        },
    }
}

/// The fates that were known when the end began: steps of the time line that were over by then, and of the step in which it began
/// as many losses as had been counted.
fn earlier(traffic: &Traffic, ending_s: f64, lost: u64) -> Fates {
    let line = &traffic.line;
    let over = (ending_s * 1000.0 / line.step_ms.max(1) as f64).max(0.0) as usize;
    let mut out = Fates::default();
    line.steps.iter().take(over).for_each(|step| out.join(step));
    let missing = lost.saturating_sub(out.lost());
    let within = line.steps.get(over).into_iter().flat_map(Fates::each);
    let within = within.filter(|(f, _)| !f.well() && *f != Fate::LateRefused);
    let fates: Vec<Fate> = within.flat_map(|(f, n)| (0..n.min(missing)).map(move |_| f)).collect();
    fates.into_iter().take(missing as usize).for_each(|f| out.add(f));
    out
}

/// As the redactor of argument lists leaves it: a query may hold a secret.
fn exit(how: Option<How>) -> Reading<Exit> {
    match how {
        Some(How::Code(code)) => Reading::seen(Exit::Code(code)),
        Some(How::Signal(by)) => Reading::seen(Exit::Signal(by)),
        // Its parent alone is told.
        None => Reading::unseen(Why::Unsupported),
    }
}

fn seconds(at: Instant, since: Instant) -> f64 {
    at.saturating_duration_since(since).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::traffic::{Ended, Over};

    fn add(traffic: &mut Traffic, at: f64, fate: Fate) {
        let (over, detail) = (Over::New, String::new());
        traffic.add(Ended { over, sent_s: at, ended_s: at, fate, status: None, bytes: 0, detail });
    }

    #[test]
    fn what_was_lost_before_the_end_is_told_from_what_the_end_cost_also_within_one_step() {
        let mut traffic = Traffic::default();
        for (at, fate) in [
            (0.1, Fate::Whole),
            (0.3, Fate::TimedOut),
            (1.01, Fate::ResetBefore),
            (1.09, Fate::ResetBefore),
            (1.09, Fate::LateRefused),
            (1.5, Fate::Truncated),
        ] {
            add(&mut traffic, at, fate);
        }
        let before = earlier(&traffic, 1.05, 2);
        assert_eq!((before.all(), before.lost(), before.of(Fate::ResetBefore)), (3, 2, 1));
        assert_eq!(earlier(&traffic, 1.05, 1).lost(), 1);
        assert_eq!(earlier(&traffic, 0.0, 0).all(), 0);
    }
}
