//! `check`, every area's own command and `snapshot`: look, judge, say.

use super::{consent::agreed, output::Out, progress::Stderr, settings};
use crate::{
    areas::{AREAS, ATTRIBUTES, Chosen, Entry, Recorded, Running},
    cli::{Output, Shared},
    model::{
        Gap, RowSink, Seal, Section, Stamp, glob,
        report::{Host, Report},
    },
    render::output::Ended,
    run::{self, Session, Snapshot, Timing},
    settings::Settings,
    source::{Clock, World, input},
    verdict::{self, Asked, Taken},
};
use anyhow::{Context, Result, bail, ensure};
use clap::ArgMatches;
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

/// What a run is about.
pub(super) struct Plan {
    asked: Asked,
    chosen: Chosen,
    settings: Settings,
    /// Whether its report is of this machine.
    local: bool,
}

impl Plan {
    fn new(command: &str, named: Vec<String>, chosen: Chosen, shared: &Shared) -> Result<Self> {
        let asked = Asked { command: command.into(), named, fail_on: shared.fail_on, strict: shared.strict };
        let local = AREAS.iter().find(|a| a.name == command).is_none_or(|a| a.local);
        Ok(Self { asked, chosen, settings: settings::read(shared)?, local })
    }
    /// What `check` or the command of an area is about.
    ///
    /// # Errors
    /// Globs that name nothing, settings that hold a mistake.
    pub fn of(area: Option<&str>, only: Vec<String>, shared: &Shared) -> Result<Self> {
        known(&only)?;
        known(&shared.skip)?;
        let chosen = Chosen { only: only.clone(), skip: shared.skip.clone() };
        match area {
            Some(name) => Self::new(name, vec![name.into()], chosen, shared),
            None => Self::new("check", only, chosen, shared),
        }
    }
    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
    /// Whom the report is about: this machine, or, where others were asked, those that the report names.
    fn host(&self, session: &Session) -> Host {
        if self.local {
            return session.host();
        }
        Host { namespace: self.settings.cluster.namespace.clone(), ..Host::default() }
    }
    /// Judges a snapshot: of this area, or all that is in it.
    ///
    /// # Errors
    /// When it holds nothing about the area.
    pub fn judge(&self, snapshot: &Snapshot, area: Option<&str>) -> Result<Report> {
        let (at, duration_ms, host) = (snapshot.taken_at, snapshot.duration_ms, snapshot.host.clone());
        let records = snapshot.records.iter().filter(|(name, _)| area.is_none_or(|a| a == *name));
        let records: Vec<_> = records.map(|(_, r)| &**r).collect();
        if let (Some(area), true) = (area, records.is_empty()) {
            bail!("it holds nothing about {area}");
        }
        Ok(self.report(records, &snapshot.gaps, Taken { at, duration_ms, host }))
    }
    fn report<'r>(
        &self,
        records: impl IntoIterator<Item = &'r (dyn Recorded + 'r)>,
        gaps: &[Gap],
        taken: Taken,
    ) -> Report {
        let mut sections: Vec<Section> = records
            .into_iter()
            .map(|r| r.examine(&self.settings, &self.chosen))
            .filter(|s| !s.checks.is_empty())
            .collect();
        if !gaps.is_empty() {
            sections.push(Section {
                area: "host",
                span_s: 0.0,
                blocks: vec![],
                checks: vec![],
                gaps: gaps.to_vec(),
            });
        }
        verdict::assemble(sections, &self.settings, &self.asked, taken)
    }
}

/// `check [AREA|CODE…]`.
///
/// # Errors
/// Bad input, a scope that matches nothing, output that cannot be written.
pub fn check(only: Vec<String>, pg: Option<Option<String>>, shared: &Shared, out: &Out) -> Result<u8> {
    let mut plan = Plan::of(None, only, shared)?;
    plan.settings.pg = pg;
    plan.settings.named = !plan.asked.named.is_empty();
    if shared.from.is_some() {
        return replay(&plan, shared, out, None);
    }
    let mut unasked = vec![];
    let mut running: Vec<Box<dyn Running>> = vec![];
    for area in AREAS.iter().filter(|a| plan.chosen.touches(&(a.docs)())) {
        match (area.open_in_check)(&plan.settings) {
            Ok(r) => running.push(r),
            Err(gap) => unasked.extend(gap),
        }
    }
    ensure!(!running.is_empty() || !unasked.is_empty(), "--skip leaves nothing to look at");
    live(&plan, running, unasked, shared, out)
}

/// The command of one area.
///
/// # Errors
/// As for [`check`].
pub fn area(area: &'static Entry, matches: &ArgMatches, shared: &Shared, out: &Out) -> Result<u8> {
    let plan = Plan::of(Some(area.name), vec![], shared)?;
    if shared.from.is_some() {
        return replay(&plan, shared, out, Some(area.name));
    }
    match (area.open)(matches, &plan.settings) {
        Ok(running) => live(&plan, vec![running], vec![], shared, out),
        Err(gap) => bail!("{}: {}", gap.subject, gap.detail),
    }
}

/// `snapshot`: the facts themselves.
///
/// # Errors
/// As for [`check`].
pub fn snapshot(matches: &ArgMatches, shared: &Shared, out: &Out) -> Result<u8> {
    let mut settings = settings::read(shared)?;
    ensure!(shared.from.is_none(), "snapshot reads this machine; --from has no place here");
    ensure!(shared.watch.is_none(), "snapshot is one document; --watch has no place here");
    settings.seal = matches.get_one::<String>("compare_key").map(|key| seal(key)).transpose()?;
    let mut running = match (ATTRIBUTES.open)(matches, &settings) {
        Ok(running) => vec![running],
        Err(gap) => bail!("{}: {}", gap.subject, gap.detail),
    };
    if !matches.get_flag("brief") {
        running.extend(AREAS.iter().filter_map(|a| (a.open_in_check)(&settings).ok()));
    }
    let (at, start) = (Clock::now(), Instant::now());
    let mut session = open(running, shared)?;
    session.observe(timing(shared, Duration::ZERO, Duration::ZERO)?)?;
    record(&session, session.host(), at, start, out)
}

/// The key that was given, at work.
fn seal(key: &str) -> Result<Seal> {
    let key = if key == "-" {
        input::first_line().context("--compare-key -: the key on stdin")?
    } else {
        key.as_bytes().to_vec()
    };
    ensure!(!key.is_empty(), "--compare-key: the key is empty");
    Ok(Seal::new(&key))
}

/// The facts of a run as a document.
fn record(session: &Session, host: Host, at: Stamp, start: Instant, out: &Out) -> Result<u8> {
    let records = session.records();
    let document = run::write_snapshot(at, ms(start), host, session.gaps(), &records)?;
    out.bytes(&document).map(|()| 0)
}

/// Every glob must name something there is: a misspelt code must not read as "clear".
fn known(globs: &[String]) -> Result<()> {
    for g in globs {
        let docs = settings::docs();
        let hit = docs.iter().any(|d| glob(g, d.code)) || AREAS.iter().any(|a| glob(g, a.name));
        if !hit {
            let areas: Vec<_> = AREAS.iter().map(|a| a.name).collect();
            bail!("`{g}` is no area and no code; areas: {}; codes: `paramedic explain`", areas.join(", "));
        }
    }
    Ok(())
}

/// `takes` is what something that was asked for takes by itself: the deadline that nobody gave counts it, one that somebody
/// gave must have room for it. Half a load would be a figure of something that nobody asked for. `may` is what others may make
/// us wait: only the deadline that nobody gave counts it.
fn timing(shared: &Shared, takes: Duration, may: Duration) -> Result<Timing> {
    let window = shared.window;
    let timeout = shared.timeout.unwrap_or(window + takes + may + Duration::from_secs(10));
    ensure!(!timeout.is_zero(), "--timeout 0 leaves no time to look");
    ensure!(
        window < timeout,
        "--window {} does not fit into --timeout {}: give a longer timeout or a shorter window",
        humantime::format_duration(window),
        humantime::format_duration(timeout)
    );
    ensure!(
        takes <= timeout,
        "--timeout {} is too short for what was asked for, which takes up to {}: leave it out, or give more",
        humantime::format_duration(timeout),
        humantime::format_duration(takes)
    );
    Ok(Timing { window, timeout })
}

fn open(areas: Vec<Box<dyn Running>>, shared: &Shared) -> Result<Session> {
    let world = World::open(&shared.proc_root, &shared.sys_root)?;
    Ok(Session::open(world, shared.scope(), areas))
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

fn live(
    plan: &Plan,
    mut areas: Vec<Box<dyn Running>>,
    unasked: Vec<Gap>,
    shared: &Shared,
    out: &Out,
) -> Result<u8> {
    let takes = areas.iter().map(|a| a.takes()).max().unwrap_or_default();
    ensure!(
        takes.is_zero() || shared.watch.is_none(),
        "--watch would begin it again and again: what takes so long is asked for once"
    );
    let may = areas.iter().map(|a| a.may_take()).max().unwrap_or_default();
    let timing = timing(shared, takes, may)?;
    areas.iter_mut().filter_map(|a| a.question(&shared.pid)).try_for_each(|question| agreed(&question))?;
    let mut session = open(areas, shared)?.telling(Arc::new(Stderr::new(out.style())));
    let host = plan.host(&session);
    let report = |session: &Session, at: Stamp, start: Instant| {
        let mut gaps = session.gaps().to_vec();
        gaps.extend_from_slice(&unasked);
        let records = session.records();
        let taken = Taken { at, duration_ms: ms(start), host: host.clone() };
        plan.report(records.iter().map(|r| &**r), &gaps, taken)
    };
    let (at, start) = (Clock::now(), Instant::now());
    session.observe(timing)?;
    if shared.format() == Output::Snapshot {
        ensure!(shared.watch.is_none(), "a snapshot is one document; --watch has no place here");
        return record(&session, host.clone(), at, start, out);
    }
    if !plan.local && matches!(shared.format(), Output::Text | Output::Wide) {
        for record in session.records() {
            if let Some((why, gaps)) = record.failed() {
                bail!("{}", in_one_line(why, gaps));
            }
        }
    }
    let mut now = report(&session, at, start);
    let Some(every) = shared.watch else {
        let list = |sink: &mut dyn RowSink| session.list(timing.timeout, sink);
        out.report(&now, list)?;
        return Ok(now.exit_code);
    };
    loop {
        if out.tick(&now)? == Ended::Closed {
            return Ok(now.exit_code);
        }
        std::thread::sleep(every);
        let (at, start) = (Clock::now(), Instant::now());
        session.again(start + timing.timeout)?;
        now = report(&session, at, start);
    }
}

/// For people: a screen of checks that were not decided says nothing where nobody could be asked.
fn in_one_line(why: &Gap, gaps: &[Gap]) -> String {
    const NAMED: usize = 3;
    let mut line = format!("{}: {}", why.subject, why.detail);
    for gap in gaps.iter().take(NAMED) {
        line += &format!("; {}: {}", gap.subject, gap.detail);
    }
    if gaps.len() > NAMED {
        line += &format!("; and {} more", gaps.len() - NAMED);
    }
    let remedy = why.remedy.iter().chain(gaps.iter().filter_map(|g| g.remedy.as_ref())).next();
    line + &remedy.map(|r| format!(": {r}")).unwrap_or_default()
}

/// Judges a snapshot instead of this machine.
fn replay(plan: &Plan, shared: &Shared, out: &Out, area: Option<&str>) -> Result<u8> {
    let Some(path) = &shared.from else { bail!("--from is wanted") };
    let snapshot = run::read_snapshot(path)?;
    let report = plan.judge(&snapshot, area).with_context(|| path.display().to_string())?;
    out.report(&report, |_| Ok::<(), io::Error>(()))?;
    Ok(report.exit_code)
}
