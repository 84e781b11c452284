//! What a rehearsal came to: plain data, bounded, and all that checks and tables get.

mod advice;

pub use advice::{Loss, advice};

use crate::model::{
    Fate, Fates, Kept, Process, Reading, Traffic, Untrusted, Why, rates,
    role::Role,
    signal,
    sigterm::{Handler, Judged},
};
use serde::{Deserialize, Serialize};

/// A rehearsal, or why there was none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// What it came to.
    pub rehearsal: Reading<Rehearsal>,
}

impl Default for Facts {
    /// None came about.
    fn default() -> Self {
        Self { rehearsal: Reading::unseen(Why::Absent) }
    }
}

/// How the service came to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Started {
    /// We started it.
    Here,
    /// We started it as the first process of a pid namespace.
    AsPid1,
    /// It ran before.
    Before,
}

/// What a service is made with, as far as its end goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// Node.js.
    Node,
    /// Python under gunicorn.
    Gunicorn,
    /// Python under uvicorn.
    Uvicorn,
    /// Python.
    Python,
    /// A Java machine.
    Java,
    /// A program that Go's linker made.
    Go,
    /// nginx.
    Nginx,
    /// Whatever else.
    Other,
}

impl Runtime {
    /// As evidence and sentences have it.
    pub fn name(self) -> &'static str {
        match self {
            Runtime::Node => "node",
            Runtime::Gunicorn => "gunicorn",
            Runtime::Uvicorn => "uvicorn",
            Runtime::Python => "python",
            Runtime::Java => "java",
            Runtime::Go => "go",
            Runtime::Nginx => "nginx",
            Runtime::Other => "other",
        }
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It exited with this status.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl Exit {
    /// In a sentence: `exit status 3`.
    pub fn phrase(self) -> String {
        match self {
            Exit::Code(code) => format!("exit status {code}"),
            Exit::Signal(n) => format!("ended by {}", signal::name(n)),
        }
    }
    /// As orchestrators report it: 128 and the signal.
    pub fn status(self) -> u64 {
        match self {
            Exit::Code(code) => code.max(0) as u64,
            Exit::Signal(n) => 128 + n.max(0) as u64,
        }
    }
}

/// What ran before the signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// How long it took, or ran until the grace period was over, s.
    pub took_s: f64,
    /// How it ended; unseen when it did not within the grace period.
    pub exit: Reading<Exit>,
}

/// What was planned. Spans in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Load before the end.
    pub warm_up_s: f64,
    /// From the begin of the end to the SIGKILL.
    pub grace_s: f64,
    /// Requests are still routed there for so long.
    pub late_s: f64,
    /// Requests a second.
    pub rate: f64,
    /// Connections that are kept.
    pub connections: u32,
    /// Connections that idle.
    pub idle: u32,
    /// The signal.
    pub signal: i32,
    /// Something runs before the signal.
    pub prestop: bool,
    /// A request whose body is sent slowly was part of it.
    pub slow: bool,
}

/// When what happened, in seconds since the load began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// The end began: what runs before the signal, or the signal.
    pub ending_s: f64,
    /// The signal was sent; none when the process had ended by itself before.
    pub signal_s: Option<f64>,
    /// Routing was withdrawn.
    pub withdrawn_s: Option<f64>,
    /// The process had ended; none when it was left running.
    pub exit_s: Option<f64>,
    /// The last byte came; none when there was none.
    pub last_byte_s: Option<f64>,
}

impl Times {
    /// From the signal, or where there was none from the begin of the end, to this moment.
    pub fn since_signal(&self, at: Option<f64>) -> Option<f64> {
        at.map(|at| (at - self.signal_s.unwrap_or(self.ending_s)).max(0.0))
    }
}

/// What the client itself was like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Requests were sent so late against their schedule, ms: 99 of 100, and the worst.
    pub lag_p99_ms: f64,
    /// The worst.
    pub lag_max_ms: f64,
    /// Requests that were due and not sent, by the limit of our own that was in the way.
    pub unsent: Vec<(String, u64)>,
}

/// What the signal meets, read before it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ears {
    /// What the process is there for.
    pub role: Role,
    /// What its main thread does with the signal.
    pub handler: Handler,
    /// What would become of a SIGTERM if it were the first process of a namespace.
    pub judged: Judged,
    /// Of an init or a shell its first child.
    pub below: Option<Below>,
}

/// Who is to be given the signal by an init or a shell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Below {
    /// Which.
    pub process: Process,
    /// What it is there for.
    pub role: Role,
    /// What its main thread does with the signal.
    pub handler: Reading<Handler>,
    /// It has children itself.
    pub works: bool,
}

/// One rehearsal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rehearsal {
    /// What was asked.
    pub url: String,
    /// The process that got the signal.
    pub service: Process,
    /// Its argument list, redacted.
    pub command: Reading<Untrusted>,
    /// How it came to run.
    pub started: Started,
    /// Who listens, when that is another process.
    pub listener: Option<Process>,
    /// What it is made with.
    pub runtime: Runtime,
    /// What the signal meets.
    pub ears: Reading<Ears>,
    /// What was planned.
    pub plan: Plan,
    /// When what happened.
    pub times: Times,
    /// What ran before the signal.
    pub before: Option<Before>,
    /// How the process ended; unseen when its parent alone is told, or when it did not end.
    pub exit: Reading<Exit>,
    /// We killed it at the end of the grace period.
    pub killed: bool,
    /// Processes of the service that were alive when its first process had ended.
    pub left: Kept<Process>,
    /// The requests.
    pub traffic: Traffic,
    /// The fates that were known when the end began.
    pub earlier: Fates,
    /// Answers over kept connections since the end began.
    pub answers_ending: u64,
    /// Those of them that said that the connection ends.
    pub said_close: u64,
    /// Connections that were kept or idle when the end began.
    pub open_at_ending: u64,
    /// Of those, closed by the server in good order.
    pub closed_at_rest: u64,
    /// Connections that died with the server.
    pub open_at_last: u64,
    /// The client.
    pub client: Client,
}

impl Rehearsal {
    /// The fates of the end: all, less those that were known when it began.
    pub fn ending(&self) -> Fates {
        let mut out = Fates::default();
        for (fate, n) in self.traffic.fates().each() {
            (0..n.saturating_sub(self.earlier.of(fate))).for_each(|_| out.add(fate));
        }
        out
    }
    /// Requests that were lost by the end, those left out that were sent where nobody listened any more.
    pub fn dropped(&self) -> u64 {
        let ending = self.ending();
        ending.lost() - ending.of(Fate::LateRefused)
    }
    /// The signal itself ended it: it had no handler of its own.
    pub fn died_of_it(&self, exit: Option<Exit>) -> bool {
        !self.killed && exit == Some(Exit::Signal(self.plan.signal))
    }
    /// The thing that a sentence is about: `node (pid 41)`.
    pub fn label(&self) -> String {
        self.service.label()
    }
    /// What it takes from the begin of the end: what runs before the signal, then the way from the signal to the exit.
    pub fn took_s(&self) -> Option<f64> {
        self.times.exit_s.map(|at| (at - self.times.ending_s).max(0.0))
    }
    /// The arithmetic of the plan: `preStop 5s + drain 0.3s = 5.3s of 30s; requests may come for 5s`.
    pub fn arithmetic(&self) -> String {
        let span = took;
        let before = self.before.map(|b| format!("preStop {} + ", span(b.took_s)));
        let before = before.unwrap_or_default();
        let drain = match self.times.since_signal(self.times.exit_s) {
            Some(s) if self.killed => format!("killed {} after the signal", span(s)),
            Some(s) => format!("{} from the signal to the exit", span(s)),
            None => "no exit".into(),
        };
        let (grace, late) = (took(self.plan.grace_s), took(self.plan.late_s));
        format!("{before}{drain}, of a grace of {grace}; requests may come for {late}")
    }
}

/// A span as people say it, with milliseconds where it is shorter than a second.
pub fn took(s: f64) -> String {
    if s < 0.9995 { format!("{:.0} ms", s.max(0.0) * 1000.0) } else { rates::span((s * 10.0).round() / 10.0) }
}

/// Fates in words, the most frequent first: `5 cut off …, 2 refused a connection`.
pub fn phrase(fates: impl IntoIterator<Item = (Fate, u64)>) -> String {
    let mut each: Vec<_> = fates.into_iter().filter(|(f, _)| !f.well()).collect();
    each.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let words: Vec<_> = each.iter().map(|(f, n)| format!("{} {}", rates::count(*n), f.phrase())).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_fates_read_as_people_say_them() {
        assert_eq!(
            [0.0, 0.0046, 0.48, 1.53, 5.0, 72.0].map(took),
            ["0 ms", "5 ms", "480 ms", "1.5s", "5s", "1m12s"]
        );
        let mut fates = Fates::default();
        for fate in [Fate::Whole, Fate::Refused, Fate::ResetBefore, Fate::ResetBefore] {
            fates.add(fate);
        }
        assert_eq!(
            phrase(fates.each()),
            "2 cut off before the first byte of an answer, 1 refused a connection"
        );
    }

    #[test]
    fn a_signal_reads_as_orchestrators_report_it() {
        assert_eq!((Exit::Signal(9).status(), Exit::Code(3).status()), (137, 3));
        assert_eq!(Exit::Signal(15).phrase(), "ended by SIGTERM");
    }
}
