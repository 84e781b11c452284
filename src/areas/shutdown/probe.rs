//! Starts the service or takes hold of it, waits until it answers, and rehearses its end once.

mod aim;
mod course;
mod ready;
mod who;

use super::{
    args::Args,
    facts::{Facts, Rehearsal, Started},
};
use crate::{
    model::{Gap, Gaps, Reading, Why, rates::span, signal},
    source::{
        Moment, World,
        dns::at_normal_priority,
        rehearse::{Held, Keeper, Service},
    },
};
use aim::Aim;
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// What the end of everything may take beyond the course itself: killing, collecting, the last look.
pub(super) const SLACK: Duration = Duration::from_secs(5);
/// What is not seen when there is no rehearsal.
const WHAT: &str = "the rehearsal";

/// The probe.
pub struct Shutdown {
    args: Args,
    facts: Facts,
    /// What was agreed to: held since the question, so that nobody else can be meant.
    held: Option<Held>,
}

impl Shutdown {
    pub(super) fn new(args: Args) -> Self {
        Self { args, facts: Facts::default(), held: None }
    }
    pub(super) fn seen(&self) -> &Facts {
        &self.facts
    }

    /// What will be done to a service that is not ours. None where it is, where it was agreed to by a flag, and where it will be
    /// refused anyway.
    pub(super) fn agreement(&mut self, pids: &[i32]) -> Option<String> {
        let [pid] = pids else { return None };
        if self.args.yes || !self.args.command.is_empty() {
            return None;
        }
        let held = Held::of(*pid).ok()?;
        let world = World::open(Path::new("/proc"), Path::new("/sys")).ok()?;
        let name = world.text(&format!("{pid}/comm")).unwrap_or_default();
        let plan = self.plan(&format!("{} (pid {pid})", name.trim()));
        self.held = Some(held);
        Some(format!("shutdown  {plan}"))
    }

    /// What is going to happen, in one sentence.
    fn plan(&self, whom: &str) -> String {
        let a = &self.args;
        let before = a.prestop.as_ref().map_or("", |_| "the line of --prestop, then ");
        let (name, grace) = (signal::name(a.signal), span(a.grace.as_secs_f64()));
        format!(
            "{} requests a second for {}, then {before}{name} to {whom}, and SIGKILL when it has not ended {grace} later",
            a.rate,
            span(a.warm_up.as_secs_f64()),
        )
    }

    /// All of it: an area apart looks once.
    ///
    /// # Errors
    /// Whatever kept the rehearsal from coming about; everything that was started has ended then.
    pub(super) fn run(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        at_normal_priority();
        let rehearsed = self.rehearse(m, gaps);
        m.world.ask().rest();
        self.facts.rehearsal = Reading::from(rehearsed.as_ref().map_err(|g| g.why).cloned());
        rehearsed.map(|_| ())
    }

    fn rehearse(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<Rehearsal, Gap> {
        let here = m.world.live && m.world.proc_root == Path::new("/proc");
        let scope = m.scope;
        if !here {
            return Err(no(
                Why::Unsupported,
                "signals are sent to processes of this machine: --proc-root has no place here",
            ));
        }
        if scope.tree.is_some()
            || !scope.names.is_empty()
            || scope.container.is_some()
            || scope.target.is_some()
        {
            return Err(no(
                Why::Unsupported,
                "one process is told to end: name it by --pid N, or start it by -- CMD",
            ));
        }
        let course = self.args.course() + SLACK;
        let ready_by = m.deadline.checked_sub(course).unwrap_or_else(Instant::now);
        let until = ready_by.min(Instant::now() + self.args.start_timeout);
        let args = &self.args;
        match (&args.command[..], &scope.pids[..]) {
            ([], []) => Err(no(
                Why::Absent,
                "nothing is named that could end: `shutdown -- CMD` starts a service, `shutdown --pid N` takes one that runs",
            )),
            ([], [pid]) => {
                let held = match self.held.take().filter(|h| h.pid() == *pid) {
                    Some(held) => held,
                    None if args.yes => Held::of(*pid).map_err(|e| no(refusal(&e), e))?,
                    // Nobody was asked: whoever cannot be held is refused in words all the same.
                    None => {
                        return Err(match Held::of(*pid) {
                            Ok(_) => no(Why::Denied, "nobody agreed to it: --yes is wanted"),
                            Err(e) => no(refusal(&e), e),
                        });
                    }
                };
                let keeper = match &args.prestop {
                    Some(line) => {
                        Some(Keeper::start(&[], Some(line), false).map_err(|e| no(Why::Unsupported, e))?)
                    }
                    None => None,
                };
                m.progress.announce(&format!("shutdown  {}", self.plan(&format!("pid {pid}"))));
                let until = until.max(Instant::now() + Duration::from_secs(2));
                let service = Service::Running(held, keeper);
                ready::running(args, m, service, until)
                    .and_then(|ready| course::run(args, m, ready, Started::Before, gaps))
            }
            ([], _) => Err(no(Why::Unsupported, "one process is told to end at a time: name one pid")),
            (_, [_, ..]) => {
                Err(no(Why::Unsupported, "either -- CMD or --pid: what is started has no pid yet"))
            }
            ([program, ..], []) => {
                let aim = Aim::of(args, until)?;
                aim.must_be_free()?;
                let name = program.to_string_lossy().into_owned();
                m.progress.announce(&format!("shutdown  starts {name}; {}", self.plan("it")));
                let started = if args.as_pid1 { Started::AsPid1 } else { Started::Here };
                let keeper = Keeper::start(&args.command, args.prestop.as_deref(), args.as_pid1)
                    .map_err(|e| no(Why::Absent, e))?;
                ready::started(args, m, aim, keeper, until)
                    .and_then(|ready| course::run(args, m, ready, started, gaps))
            }
        }
    }
}

/// Why there is no rehearsal.
fn no(why: Why, words: impl Into<String>) -> Gap {
    Gap::new(WHAT, why, words.into())
}

fn refusal(words: &str) -> Why {
    if words.starts_with("there is no process") { Why::Absent } else { Why::Denied }
}
