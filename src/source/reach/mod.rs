//! Other places that can be asked: pods through the user's own `kubectl`, hosts through `ssh`, anything else through a
//! command line of the user's own, and documents that were written before.

mod beside;
mod inject;
pub mod kubectl;
pub mod pod;
mod proxy;
mod refused;
mod spec;
mod talk;
mod way_in;
mod words;

pub use kubectl::Kubectl;
pub use refused::{Refusal, Refused};
pub use spec::{Spec, Template, joined, resolve};
pub use talk::{Input, Said, talk};
pub use way_in::{Door, Question};

use crate::model::{Cluster, PodStatus, Progress, Stamp};
use proxy::{Outcome, Proxy};
use std::{
    num::NonZero,
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// At most so many are asked at once: what many clients did to API servers is known
/// (<https://github.com/kubernetes/kubernetes/issues/67913>).
pub const AT_ONCE: NonZero<usize> = NonZero::new(16).expect("16 is not 0");

/// One place that can be asked.
#[derive(Clone, Debug)]
pub struct Member {
    /// As reports name it: a pod's name, `ssh:host`, a path.
    pub name: String,
    /// How it is reached.
    pub way: Way,
}

/// How a member is reached.
#[derive(Clone, Debug)]
pub enum Way {
    /// A document that was written before: there is nobody to ask.
    File(PathBuf),
    /// `kubectl exec`.
    Pod(Box<PodStatus>),
    /// `ssh`.
    Ssh(String),
    /// The user's own command line: the argument list goes behind it.
    Exec(Vec<String>),
}

impl Way {
    /// What is known of a pod.
    pub fn pod(&self) -> Option<&PodStatus> {
        match self {
            Way::Pod(pod) => Some(pod),
            _ => None,
        }
    }
}

/// What a member answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The exit code of the program there, and what it printed.
    pub said: Said,
    /// When it was asked, by our clock.
    pub asked: Stamp,
    /// From asking to the end of the answer.
    pub took: Duration,
}

/// Asks members.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// The cluster, for pods.
    pub kubectl: Kubectl,
    /// For many pods, once it is known that they are many; `None` in it: it did not come up.
    proxy: Arc<OnceLock<Option<Proxy>>>,
}

impl Reach {
    /// Asks this cluster, configured as it is here.
    pub fn at(cluster: Cluster) -> Self {
        Self::of(Kubectl { cluster })
    }

    /// Asks by this kubectl.
    pub fn of(kubectl: Kubectl) -> Self {
        Self { kubectl, proxy: Arc::default() }
    }

    /// Prepares for these members: many pods are asked over one `kubectl proxy`, which lives as long as this and its clones,
    /// and no longer than the thread that calls. Nothing is lost when there is none: each pod costs a `kubectl` then.
    /// [`resolve`] does this.
    pub fn prepare(&self, members: &[Member], until: Instant) {
        if members.iter().filter(|m| matches!(m.way, Way::Pod(_))).count() >= proxy::FROM {
            self.proxy.get_or_init(|| Proxy::start(&self.kubectl, until).ok());
        }
    }

    /// The command line that runs `argv` there; none for a file.
    pub fn command(&self, member: &Member, argv: &[String], input: bool) -> Option<Vec<String>> {
        match &member.way {
            Way::File(_) => None,
            Way::Pod(pod) => Some(self.kubectl.exec(pod, argv, input)),
            Way::Ssh(host) => {
                // A question on the terminal would be answered by nobody.
                let mut line: Vec<String> =
                    ["ssh", "-o", "BatchMode=yes", "-T"].iter().map(ToString::to_string).collect();
                line.extend(["--".into(), host.clone(), spec::quoted(argv)]);
                Some(line)
            }
            Way::Exec(before) => Some(before.iter().chain(argv).cloned().collect()),
        }
    }

    /// Runs `argv` there and hears its answer; `most` bounds it, in bytes.
    ///
    /// # Errors
    /// What came between us and the program there, or in the way of its start; a program that ran and did not end with 0 is
    /// no error here.
    pub fn ask(
        &self,
        member: &Member,
        argv: &[String],
        input: &Input,
        most: usize,
        until: Instant,
    ) -> Result<Answer, Refused> {
        let telling = input.held || !input.bytes.is_empty();
        let line = self.command(member, argv, telling).ok_or_else(Refused::nobody)?;
        let (asked, begun) = (super::Clock::now(), Instant::now());
        let mut elsewhere = None;
        if let (Way::Pod(pod), Some(Some(proxy))) = (&member.way, self.proxy.get()) {
            match proxy.exec(pod, argv, input, most, until)? {
                Outcome::Said(said) => return Ok(Answer { said, asked, took: begun.elapsed() }),
                Outcome::Elsewhere(refused) => elsewhere = refused.map(|r| (proxy, r)),
            }
        }
        let said = talk(&line, input, most, until).map_err(|e| Refused::of_start(&line[0], &e))?;
        let refused = words::of_transport(&member.way, &said);
        if let Some((proxy, first)) = elsewhere {
            let again = refused.as_ref().is_some_and(|r| r.kind == first.kind);
            proxy.learn(!again);
        }
        match refused {
            Some(refused) => Err(refused),
            None => Ok(Answer { said, asked, took: begun.elapsed() }),
        }
    }

    /// Does the same for every member, at most [`AT_ONCE`] at once, in their order. `what` names the work in the bar. Files wait
    /// for nobody: for them there are no more threads than processors.
    pub fn each<T: Send>(
        members: &[Member],
        what: &str,
        progress: &dyn Progress,
        ask: impl Fn(&Member) -> T + Sync,
    ) -> Vec<Option<T>> {
        let work = progress.begin(what, members.len() as u64);
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let answers: Vec<Mutex<Option<T>>> = members.iter().map(|_| Mutex::new(None)).collect();
        let worker = || {
            while let Some(i) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < members.len()) {
                let answer = ask(&members[i]);
                *answers[i].lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
                work.at(done.fetch_add(1, Ordering::Relaxed) as u64 + 1, &members[i].name);
            }
        };
        let files = members.iter().all(|m| matches!(m.way, Way::File(_)));
        let cores = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let at_once = if files { cores.min(AT_ONCE) } else { AT_ONCE };
        thread::scope(|s| {
            // A thread that cannot be started is one worker less; this one works too.
            for n in 1..at_once.get().min(members.len()) {
                let _ = thread::Builder::new().name(format!("reach-{n}")).spawn_scoped(s, worker);
            }
            worker();
        });
        answers.into_iter().map(|a| a.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
    }
}
