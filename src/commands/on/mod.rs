//! `--on`: the same command, run in other places and judged here: with our limits, our ignores and one verdict.

mod argv;
mod ask;
mod line;

pub(super) use line::everywhere;

use super::{look::Plan, output::Out, progress::Stderr};
use crate::{
    areas::AREAS,
    cli::{self, Output, Shared},
    model::{
        WayIn,
        report::{Host, Report},
    },
    source::{
        Clock,
        reach::{Door, Member, Reach, Refusal, Refused, Spec, resolve},
    },
    verdict::{Everywhere, Taken},
};
use anyhow::{Context, Result, anyhow, bail, ensure};
use ask::{Asking, Seen};
use clap::{ArgMatches, parser::ValueSource};
use std::time::{Duration, Instant};

/// The whole run, unless a longer look was asked for.
const ACROSS: Duration = Duration::from_secs(60);
/// One place, beyond what the look itself takes.
const EACH: Duration = Duration::from_secs(30);

/// Runs the command elsewhere, where the line says so: the exit code; `None` when it is meant for here.
///
/// # Errors
/// A command that makes no sense there, members that cannot be found, output that cannot be written.
pub(super) fn elsewhere(name: &str, matches: &ArgMatches, shared: &Shared, out: &Out) -> Result<Option<u8>> {
    let area = AREAS.iter().find(|a| a.name == name);
    let local = matches!(name, "check" | "snapshot") || area.is_some_and(|a| a.local);
    if !local {
        ensure!(
            shared.on.is_empty(),
            "{name} is not run elsewhere: --on is for commands that look at one machine"
        );
        ensure!(
            name == "compare" || shared.way_in() == WayIn::default(),
            "{name} looks into no place: --inject and --debug-container are for --on and compare"
        );
        return Ok(None);
    }
    if shared.on.is_empty() && shared.selector.is_none() {
        let lonely = [
            (shared.namespace.is_some(), "-n"),
            (shared.all_namespaces, "-A"),
            (shared.in_container.is_some(), "-c"),
            (shared.context.is_some(), "--context"),
            (shared.kubeconfig.is_some(), "--kubeconfig"),
            (shared.inject, "--inject"),
            (shared.debug_container.is_some(), "--debug-container"),
        ];
        if let Some((_, flag)) = lonely.iter().find(|(given, _)| *given) {
            bail!(
                "{flag} is of other places: say which by --on pod/NAME, --on deploy/NAME, --on ssh:HOST or -l LABELS"
            );
        }
        return Ok(None);
    }
    let sub = matches.subcommand().map_or(matches, |(_, sub)| sub);
    sensible(sub, shared)?;
    super::consent::ask(shared)?;
    let begun = (Clock::now(), Instant::now());
    let takes = area.map_or(Duration::ZERO, |a| {
        // What cannot be opened here may well be there: only its patience is asked for.
        (a.open)(sub, &Default::default()).map_or(Duration::ZERO, |running| running.takes())
    });
    let look = shared.window + takes;
    let whole = shared.timeout.unwrap_or_else(|| ACROSS.max(look + EACH));
    ensure!(
        look < whole,
        "--timeout {} is too short for what was asked for, which takes {}",
        humantime::format_duration(whole),
        humantime::format_duration(look)
    );
    let until = begun.1 + whole;
    let reach = Reach::at(shared.cluster());
    let members = members(&reach, shared, until)?;
    let progress = Stderr::new(out.style());
    let argv = argv::there(&cli::command(), matches)?;
    let mut asking = Asking { reach: &reach, shared, argv, until, look, key: None };
    if name == "snapshot" {
        asking.key = key(sub)?;
        return snapshot(&asking, &members, &progress, out).map(Some);
    }
    ensure!(
        members.len() == 1 || shared.format() != Output::Snapshot,
        "{} members are no one snapshot: name one",
        members.len()
    );
    let only: Vec<String> =
        sub.try_get_many::<String>("only").ok().flatten().into_iter().flatten().cloned().collect();
    let plan = Plan::of(area.map(|a| a.name), only, shared)?;
    ensure!(
        takes.is_zero() || members.len() == 1,
        "what was asked for costs others something, and would from each of {} members: name one",
        members.len()
    );
    if shared.format() == Output::Snapshot {
        return snapshot(&asking, &members, &progress, out).map(Some);
    }
    let door = Door::open(&shared.way_in(), None, &progress)?;
    let heard = Reach::each(&members, "on", &progress, |member| ask::seen(&asking, &door, member));
    let judged = judge(&plan, area.map(|a| a.name), heard);
    let heard = members.iter().zip(judged).map(|(member, said)| ask::heard(&asking, member, said)).collect();
    let heard = ask::with_remedies(&asking, &members, heard);
    let namespaces: Vec<_> =
        heard.iter().filter_map(|h| h.pod.as_ref().map(|p| p.namespace.clone())).collect();
    let namespace = namespaces.first().filter(|n| namespaces.iter().all(|m| m == *n)).cloned();
    let host = Host { namespace, ..Host::default() };
    let duration_ms = begun.1.elapsed().as_secs_f64() * 1000.0;
    let of = Everywhere {
        command: name.into(),
        on: words(shared),
        taken: Taken { at: begun.0, duration_ms, host },
    };
    out.members(&of, heard).map(Some)
}

/// Everything that was seen, judged here. An ignore that is of use in one place is of use: what judging learns about that is
/// known only when all were judged once.
fn judge(
    plan: &Plan,
    area: Option<&str>,
    seen: Vec<Option<Result<Seen, Refused>>>,
) -> Vec<Result<Report, Refused>> {
    let of = |s: &Seen| s.judged(plan, area);
    if !plan.settings().ignores.is_empty() {
        for s in seen.iter().flatten().flatten() {
            let _ = of(s);
        }
    }
    let unasked = || Err(Refused::new(Refusal::Other, "it was not asked"));
    seen.into_iter().map(|s| s.unwrap_or_else(unasked).and_then(|s| of(&s))).collect()
}

/// What makes no sense with other places.
fn sensible(sub: &ArgMatches, shared: &Shared) -> Result<()> {
    ensure!(
        shared.from.is_none(),
        "--from judges a document that was written before: --on has no place beside it"
    );
    ensure!(
        shared.watch.is_none(),
        "--watch looks again and again at this machine: --on has no place beside it"
    );
    let given = |id| {
        sub.try_contains_id(id).unwrap_or(false) && sub.value_source(id) == Some(ValueSource::CommandLine)
    };
    ensure!(
        !given("all"),
        "--all prints rows as they are read, which only the machine itself can: give --rows N"
    );
    Ok(())
}

/// Where, in the words of the command line.
fn words(shared: &Shared) -> Vec<String> {
    let labels = shared.selector.iter().map(|l| format!("-l {l}"));
    shared.on.iter().cloned().chain(labels).collect()
}

fn members(reach: &Reach, shared: &Shared, until: Instant) -> Result<Vec<Member>> {
    let mut specs = Vec::new();
    for word in &shared.on {
        match Spec::parse(word, false) {
            Ok(Spec::File(path)) => {
                bail!("--on {word}: a file is judged by --from {}", path.display())
            }
            Ok(spec) => specs.push(spec),
            Err(_) => bail!("--on {word}: write pod/NAME, deploy/NAME, sts/NAME, service/NAME or ssh:HOST"),
        }
    }
    let found = resolve(reach, &specs, None, until).map_err(|e| refused(&e))?;
    ensure!(!found.is_empty(), "nobody is there to ask");
    Ok(found)
}

fn refused(refused: &Refused) -> anyhow::Error {
    match &refused.remedy {
        Some(line) => anyhow!("{}: {line}", refused.words),
        None => anyhow!("{}", refused.words),
    }
}

/// `-o snapshot` and `snapshot --on`: the facts of one place as they came.
fn snapshot(asking: &Asking, members: &[Member], progress: &Stderr, out: &Out) -> Result<u8> {
    let [member] = members else {
        bail!("{} members are no one snapshot: name one, or compare them", members.len());
    };
    let door = Door::open(&asking.shared.way_in(), asking.key.as_deref(), progress)?;
    let said = asking.text(&door, member).map_err(|e| refused(&e));
    // What may have been left behind was announced; the document is theirs as it came.
    let (text, _) = said.with_context(|| member.name.clone())?;
    crate::source::snapshot::open(&text).with_context(|| member.name.clone())?;
    out.bytes(text.as_bytes()).map(|()| 0)
}

/// The key of `snapshot`: it is told, and never shown.
fn key(sub: &ArgMatches) -> Result<Option<String>> {
    let key = match sub.get_one::<String>("compare_key").map(String::as_str) {
        Some("-") => {
            Some(std::io::read_to_string(std::io::stdin()).context("--compare-key -: cannot be read")?)
        }
        other => other.map(str::to_string),
    };
    Ok(key.map(|text| text.lines().next().unwrap_or_default().to_string()))
}
