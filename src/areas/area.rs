//! What an area is, and the same with its types erased: what the runner, the command line and the registry see.

use crate::{
    model::{Block, Check, Doc, Gap, Gaps, Judging, Levels, Outcome, RowSink, Section, Why, glob, json},
    settings::Settings,
    source::{Moment, Walked, Wanting},
};
use clap::{ArgMatches, FromArgMatches};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

/// Where an area does its looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the main thread, one area after another, sharing the moment and the walk of every look.
    Here,
    /// On a thread of its own, once, from the first look on: it waits for others, and neither may they make the local
    /// areas late nor a local walk its figures worse. When it is late it is a gap, and its thread is left behind.
    Apart,
}

/// One subject of diagnosis. The value is the probe: it lives as long as the run and remembers between looks.
pub trait Area: Sized + Send + 'static {
    /// Its own flags.
    type Args: clap::Args + Clone + Send + Serialize + DeserializeOwned;
    /// What a snapshot holds of it and checks judge: bounded, whatever the machine looks like.
    type Facts: Send + Serialize + DeserializeOwned;
    /// Folder, command and prefix of its codes.
    const NAME: &'static str;
    /// One line for `--help`.
    const ABOUT: &'static str;
    /// Where it looks from.
    const PLACE: Place = Place::Here;
    /// Whether what it sees is seen from this machine. One that is told whom to ask, or is given files, says the same wherever
    /// it is run: it cannot be sent elsewhere, `check` does not ask it, and its report is not of this machine.
    const LOCAL: bool = true;
    /// Its checks.
    const CHECKS: &'static [Check<Self::Facts>];

    /// What plain `check` asks of this area.
    ///
    /// # Errors
    /// When `check` does not ask this area: the gap that is said instead, if there is anything to say.
    fn in_check(settings: &Settings) -> Result<Self::Args, Option<Gap>>;
    /// Whether flags that clap took make sense together.
    ///
    /// # Errors
    /// What does not, and what to write instead: nothing is looked at then.
    fn usable(_: &Self::Args) -> Result<(), Gap> {
        Ok(())
    }
    /// Adds to the flags of its own command what the settings file says and no flag does.
    fn with_settings(args: Self::Args, _: &Settings) -> Self::Args {
        args
    }
    /// How long what was asked for takes by itself, at most, whatever the machine looks like: the run's own deadline is
    /// that much later. Zero for a look.
    fn takes(_args: &Self::Args) -> Duration {
        Duration::ZERO
    }
    /// How long it may have to wait for others, at most: the deadline that nobody gave is that much later, and one that
    /// somebody gave may be shorter.
    fn may_take(_args: &Self::Args) -> Duration {
        Duration::ZERO
    }
    /// Starts a probe; reads nothing yet.
    fn open(args: &Self::Args) -> Self;
    /// What must be agreed to before it begins, since it hurts somebody: what it does to whom. `pids` are those of `--pid`. None
    /// where nothing hurts, and where it was agreed to by a flag.
    fn question(&mut self, _pids: &[i32]) -> Option<String> {
        None
    }
    /// First half of a look: cheap reading, and finding out what the shared walk is wanted for.
    ///
    /// # Errors
    /// When the area cannot be looked at at all; what is in `self` already is kept.
    fn read(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap>;
    /// Is anything wanted of the descriptors of this process?
    fn wants(&self, _process: usize) -> bool {
        false
    }
    /// One descriptor, met on the shared walk. False when nothing more of this process is wanted.
    fn meet(&mut self, _process: usize, _fd: u32, _link: &[u8]) -> bool {
        false
    }
    /// The descriptors of a process that was wanted could not be read, or not to the end.
    fn missed(&mut self, _process: usize, _why: Why) {}
    /// Second half of a look, after the walk.
    ///
    /// # Errors
    /// As for [`Area::read`].
    fn look(&mut self, moment: &Moment, walked: &Walked, gaps: &mut Gaps) -> Result<(), Gap>;
    /// What all looks so far amount to.
    fn facts(&self) -> Self::Facts;
    /// A command that a finding names, so that it reaches what was looked at.
    fn next(_: &Self::Facts, line: String) -> String {
        line
    }
    /// What to draw.
    fn blocks(facts: &Self::Facts, args: &Self::Args) -> Vec<Block>;
    /// `--all`: one row for each thing, as it is read. False when this run did not ask for it.
    ///
    /// # Errors
    /// When the output cannot be written or the source cannot be read.
    fn list(&mut self, _: &Moment, _: &mut dyn RowSink, _: &mut Gaps) -> io::Result<bool> {
        Ok(false)
    }
}

/// Which checks of a run count: all, or those that a glob on the command line names, less those skipped.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Globs over codes and area names; empty is all.
    pub only: Vec<String>,
    /// Globs over codes and area names that are left out.
    pub skip: Vec<String>,
}

impl Chosen {
    /// Whether the check of this code is part of the run.
    pub fn holds(&self, code: &str) -> bool {
        let area = code.split('/').next().unwrap_or(code);
        let hit = |g: &String| glob(g, code) || glob(g, area);
        (self.only.is_empty() || self.only.iter().any(hit)) && !self.skip.iter().any(hit)
    }
    /// Whether any check of the area is.
    pub fn touches(&self, docs: &[&Doc]) -> bool {
        docs.iter().any(|d| self.holds(d.code))
    }
}

/// An area at work, or why it is not.
pub type Opened<E> = Result<Box<dyn Running>, E>;

/// An area with its types erased.
pub struct Entry {
    /// Folder, command and prefix of its codes.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// Whether what it sees is seen from this machine, see [`Area::LOCAL`].
    pub local: bool,
    /// Its checks' documentation.
    pub docs: fn() -> Vec<&'static Doc>,
    /// Adds its flags to a command.
    pub flags: fn(clap::Command) -> clap::Command,
    /// Starts it with the flags of its own command.
    pub open: fn(&ArgMatches, &Settings) -> Opened<Gap>,
    /// Starts it with what plain `check` asks of it.
    pub open_in_check: fn(&Settings) -> Opened<Option<Gap>>,
    /// Takes it out of a snapshot.
    pub replay: fn(&RawValue) -> serde_json::Result<Box<dyn Recorded>>,
}

/// Makes the record of an area that never came back, out of the reason.
pub type StandIn = Box<dyn Fn(Why, &str) -> Box<dyn Recorded>>;

/// An area at work.
pub trait Running: Wanting + Send {
    /// Where it looks from.
    fn place(&self) -> Place;
    /// How long what was asked of it takes by itself, at most; zero for a look.
    fn takes(&self) -> Duration {
        Duration::ZERO
    }
    /// How long it may have to wait for others, at most.
    fn may_take(&self) -> Duration {
        Duration::ZERO
    }
    /// Makes what stands in its place in the report when it does not come back.
    fn stand_in(&self) -> StandIn;
    /// What must be agreed to before it begins, see [`Area::question`].
    fn question(&mut self, _pids: &[i32]) -> Option<String> {
        None
    }
    /// First half of a look.
    fn read(&mut self, m: &Moment);
    /// Second half, after the walk.
    fn look(&mut self, m: &Moment, w: &Walked);
    /// The facts so far, looked at for `span_s` seconds.
    fn record(&self, span_s: f64) -> Box<dyn Recorded>;
    /// Streams all rows.
    ///
    /// # Errors
    /// When the output cannot be written or the source cannot be read.
    fn list(&mut self, m: &Moment, sink: &mut dyn RowSink) -> io::Result<bool>;
}

/// The facts of an area, live or out of a snapshot.
pub trait Recorded: Send {
    /// Judges them.
    fn examine(&self, levels: &dyn Levels, chosen: &Chosen) -> Section;
    /// Why nothing at all came of it, and what could not be seen on the way.
    fn failed(&self) -> Option<(&Gap, &[Gap])>;
    /// Writes them for a snapshot.
    ///
    /// # Errors
    /// When the output cannot be written.
    fn write(&self, out: &mut dyn io::Write) -> serde_json::Result<()>;
}

impl Entry {
    /// Erases the types of one area.
    pub const fn of<A: Area>() -> Self {
        Self {
            name: A::NAME,
            about: A::ABOUT,
            local: A::LOCAL,
            docs: || A::CHECKS.iter().map(|c| c.doc).collect(),
            flags: <A::Args as clap::Args>::augment_args,
            open: |m, settings| {
                let args = A::Args::from_arg_matches(m).map_err(|e| {
                    // The line says already that it is an error.
                    let said = e.to_string();
                    Gap::new(A::NAME, Why::Malformed, said.trim_start_matches("error: ").trim_end())
                })?;
                let args = A::with_settings(args, settings);
                A::usable(&args).map(|()| Live::<A>::boxed(args))
            },
            open_in_check: |settings| {
                Ok(Live::<A>::boxed(A::with_settings(A::in_check(settings)?, settings)))
            },
            replay: |raw| Ok(Box::new(json::from_str::<Record<A>>(raw.get())?)),
        }
    }
}

struct Live<A: Area> {
    args: A::Args,
    probe: A,
    gaps: Gaps,
    /// Why this look came to nothing, if it did.
    failed: Option<Gap>,
}

impl<A: Area> Live<A> {
    fn boxed(args: A::Args) -> Box<dyn Running> {
        Box::new(Self { probe: A::open(&args), args, gaps: Gaps::default(), failed: None })
    }
    fn broken(&self) -> bool {
        self.failed.as_ref().is_some_and(|g| g.why == Why::Broken)
    }
}

/// A panic in one area or check costs that one, not the report; it needs `panic = "unwind"`.
fn guarded<T>(what: &str, f: impl FnOnce() -> T) -> Result<T, Gap> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|_| {
        Gap::new(what, Why::Broken, "a bug in paramedic: please report it with the message on stderr")
    })
}

impl<A: Area> Wanting for Live<A> {
    fn wants(&mut self, process: usize) -> bool {
        self.failed.is_none() && self.probe.wants(process)
    }
    fn meet(&mut self, process: usize, fd: u32, link: &[u8]) -> bool {
        self.probe.meet(process, fd, link)
    }
    fn missed(&mut self, process: usize, why: Why) {
        self.probe.missed(process, why);
    }
}

impl<A: Area> Running for Live<A> {
    fn place(&self) -> Place {
        A::PLACE
    }
    fn takes(&self) -> Duration {
        A::takes(&self.args)
    }
    fn may_take(&self) -> Duration {
        A::may_take(&self.args)
    }
    fn question(&mut self, pids: &[i32]) -> Option<String> {
        self.probe.question(pids)
    }
    fn stand_in(&self) -> StandIn {
        let args = self.args.clone();
        Box::new(move |why, detail| {
            Box::new(Record::<A> {
                area: A::NAME.into(),
                span_s: 0.0,
                args: args.clone(),
                facts: None,
                failed: Some(Gap::new(A::NAME, why, detail)),
                gaps: vec![],
            })
        })
    }
    fn read(&mut self, m: &Moment) {
        if self.broken() {
            return;
        }
        self.gaps.clear();
        self.failed = guarded(A::NAME, || self.probe.read(m, &mut self.gaps)).and_then(|r| r).err();
    }
    fn look(&mut self, m: &Moment, w: &Walked) {
        if self.failed.is_none() {
            self.failed = guarded(A::NAME, || self.probe.look(m, w, &mut self.gaps)).and_then(|r| r).err();
        }
    }
    fn record(&self, span_s: f64) -> Box<dyn Recorded> {
        let facts =
            if self.broken() { Err(()) } else { guarded(A::NAME, || self.probe.facts()).map_err(|_| ()) };
        Box::new(Record::<A> {
            area: A::NAME.into(),
            span_s,
            args: self.args.clone(),
            facts: facts.ok(),
            failed: self.failed.clone(),
            gaps: self.gaps.list(),
        })
    }
    fn list(&mut self, m: &Moment, sink: &mut dyn RowSink) -> io::Result<bool> {
        self.probe.list(m, sink, &mut self.gaps)
    }
}

/// One area inside a snapshot.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Record<A: Area> {
    area: String,
    span_s: f64,
    args: A::Args,
    facts: Option<A::Facts>,
    failed: Option<Gap>,
    gaps: Vec<Gap>,
}

impl<A: Area> Record<A> {
    /// The outcome with commands that reach what was looked at.
    fn reaching(&self, mut outcome: Outcome) -> Outcome {
        if let (Some(facts), Outcome::Found { findings, .. }) = (&self.facts, &mut outcome) {
            for line in findings.iter_mut().flat_map(|f| &mut f.next) {
                *line = A::next(facts, std::mem::take(line));
            }
        }
        outcome
    }
}

impl<A: Area> Recorded for Record<A> {
    fn examine(&self, levels: &dyn Levels, chosen: &Chosen) -> Section {
        let mut gaps = self.gaps.clone();
        gaps.extend(self.failed.clone());
        let why = self.failed.as_ref().map_or(Why::Broken, |g| g.why);
        let mut checks = Vec::new();
        for check in A::CHECKS.iter().filter(|c| chosen.holds(c.doc.code)) {
            let outcome = match &self.facts {
                None => Outcome::Unknown { why, detail: "the area could not be looked at" },
                Some(f) => guarded(check.doc.code, || Judging::run(check, f, levels)).unwrap_or_else(|g| {
                    gaps.push(g);
                    Outcome::Unknown { why: Why::Broken, detail: "the check failed" }
                }),
            };
            checks.push((check.doc.code, self.reaching(outcome)));
        }
        let blocks = self.facts.as_ref().map_or_else(Vec::new, |f| {
            guarded(A::NAME, || A::blocks(f, &self.args)).unwrap_or_else(|g| {
                gaps.push(g);
                vec![]
            })
        });
        Section { area: A::NAME, span_s: self.span_s, blocks, checks, gaps }
    }
    fn failed(&self) -> Option<(&Gap, &[Gap])> {
        self.failed.as_ref().map(|why| (why, &self.gaps[..]))
    }
    fn write(&self, out: &mut dyn io::Write) -> serde_json::Result<()> {
        serde_json::to_writer(out, self)
    }
}
