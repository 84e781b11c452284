//! Asks every member for its attributes and holds the answers against each other.

mod answer;
mod outside;
mod who;

use super::{
    args::Args,
    facts::{Facts, Kind, Seen, Skew, Table, fold_names},
};
use crate::{
    model::{Gap, Gaps, Reading, Why},
    source::{
        Moment,
        reach::{Door, Member, Reach, Spec, Template, Way, resolve},
    },
};
use answer::{Answered, Asking, key};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So much of the time there is is left for judging what came.
const REST: Duration = Duration::from_millis(500);
/// What members that are not named one by one are counted as.
const OTHERS: &str = "other members";

/// The probe.
pub struct Compare {
    args: Args,
    facts: Facts,
}

impl Compare {
    /// A probe that has not looked yet.
    pub fn new(args: Args) -> Self {
        Self { args, facts: Facts::default() }
    }

    pub(super) fn seen(&self) -> &Facts {
        &self.facts
    }

    /// Asks everybody.
    pub(super) fn run(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        let until = m.deadline.checked_sub(REST.min(m.left() / 10)).unwrap_or(m.deadline);
        let reach = Reach::at(self.args.cluster.clone());
        let members = members(&self.args, &reach, until)?;
        let table = Mutex::new(Table::default());
        let places: HashMap<&str, u32> =
            members.iter().enumerate().map(|(i, m)| (m.name.as_str(), i as u32)).collect();
        let question = Asking { args: &self.args, key: key(&self.args)?, until };
        let door = Door::open(&self.args.way_in, Some(&question.key), m.progress)
            .map_err(|e| Gap::new("compare", Why::Unsupported, format!("{e:#}")))?;
        let answers = Reach::each(&members, "members", m.progress, |member| {
            let (entry, answered) = answer::of(&reach, &door, member, &question)?;
            let index = places.get(member.name.as_str()).copied().unwrap_or(u32::MAX);
            let Some(entry) = entry else { return Ok(answered) };
            // What was read is entered and dropped at once: a thousand of them would not fit.
            let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
            table.add(index, entry.asked, entry.blind, entry.attributes);
            Ok(answered)
        });
        let mut table = table.into_inner().unwrap_or_else(PoisonError::into_inner);
        let pods: Vec<_> = members.iter().map(|m| m.way.pod()).collect();
        outside::enter(&mut table, &answers, &pods, gaps);
        self.judge(table, &members, answers, gaps)
    }

    fn judge(
        &mut self,
        table: Table,
        members: &[Member],
        answers: Vec<Option<Result<Answered, Gap>>>,
        gaps: &mut Gaps,
    ) -> Result<(), Gap> {
        let mut heard: Vec<Result<Answered, Gap>> = Vec::new();
        for (member, answer) in members.iter().zip(answers) {
            heard.push(
                answer.unwrap_or_else(|| {
                    Err(Gap::new(&member.name, Why::TimedOut, "it was not asked in time"))
                }),
            );
        }
        for gap in heard.iter().flatten().filter_map(|a| a.left.as_ref()) {
            gaps.named(gap.clone(), OTHERS);
        }
        for gap in heard.iter().filter_map(|h| h.as_ref().err()) {
            gaps.named(gap.clone(), OTHERS);
        }
        let identities: Vec<_> = heard.iter().flatten().map(|a| &a.identity).collect();
        let over_time = who::all_one(&identities);
        let names = who::names(members, &heard, over_time);
        let seen: Vec<Seen> =
            members.iter().zip(&heard).zip(&names).map(|((m, h), n)| seen(m, h, n)).collect();
        let reference = match &self.args.reference {
            None => None,
            Some(wanted) => Some(who::reference(wanted, members, &seen)?),
        };
        mixed(&heard, gaps);
        hints(&heard, &names, gaps);
        let facts = Facts {
            context: self.args.cluster.context.clone(),
            kubeconfig: self.args.cluster.kubeconfig.clone(),
            container: self.args.cluster.container.clone(),
            reference,
            over_time,
            ..Facts::default()
        };
        self.facts = table.judge(seen, facts);
        let answered = heard.iter().flatten().count();
        if answered < 2 {
            self.facts.compared = Reading::unseen(Why::Absent);
            let all = members.len();
            let said = format!("{answered} of {all} members answered, and it takes two to compare");
            return Err(Gap::new("compare", Why::Absent, said));
        }
        Ok(())
    }
}

/// What the words of the line mean.
///
/// # Errors
/// A word that means nothing, and nobody or somebody alone.
pub(super) fn named(args: &Args) -> Result<(Vec<Spec>, Option<Template>), Gap> {
    let bad = |words: String| Gap::new("compare", Why::Malformed, words);
    let template = args.exec.as_deref().map(Template::parse).transpose().map_err(bad)?;
    let mut specs = Vec::new();
    for word in &args.members {
        specs.push(Spec::parse(word, template.is_some()).map_err(bad)?);
    }
    let objects = args.deployment.iter().map(|d| format!("deploy/{d}"));
    for word in objects.chain(args.service.iter().map(|s| format!("service/{s}"))) {
        specs.push(Spec::parse(&word, false).map_err(bad)?);
    }
    match (&specs[..], &args.cluster.selector) {
        ([], None) => {
            let how = "name two snapshot files, pods (-l app=web, deploy/NAME, pod/NAME), ssh:HOST, or names with --exec";
            Err(bad(format!("nobody to compare: {how}")))
        }
        ([Spec::File(_) | Spec::Pod(_) | Spec::Ssh(_) | Spec::Name(_)], None) => Err(alone(&args.members[0])),
        _ => Ok((specs, template)),
    }
}

fn alone(name: &str) -> Gap {
    Gap::new("compare", Why::Malformed, format!("{name} is alone: it takes two to compare"))
}

/// Who is meant.
fn members(args: &Args, reach: &Reach, until: Instant) -> Result<Vec<Member>, Gap> {
    let (specs, template) = named(args)?;
    let members = resolve(reach, &specs, template.as_ref(), until).map_err(|e| e.gap("compare"))?;
    match &members[..] {
        [] => Err(Gap::new("compare", Why::Malformed, "nobody to compare")),
        [one] => Err(alone(&one.name)),
        _ => Ok(members),
    }
}

fn seen(member: &Member, heard: &Result<Answered, Gap>, name: &str) -> Seen {
    let kind = match member.way {
        Way::File(_) => Kind::File,
        Way::Pod(_) => Kind::Pod,
        Way::Ssh(_) => Kind::Ssh,
        Way::Exec(_) => Kind::Exec,
    };
    let mut seen = Seen { name: name.into(), kind, ..Seen::default() };
    if let Way::Pod(pod) = &member.way {
        who::of_pod(pod, &mut seen);
    }
    match heard {
        Err(gap) => seen.missing = Some(gap.detail.clone()),
        Ok(answered) => {
            let identity = &answered.identity;
            seen.node = seen.node.or_else(|| identity.node.clone());
            seen.namespace = seen.namespace.or_else(|| identity.namespace.clone());
            let started = answered.started.or(identity.started);
            seen.age_s = started.map(|s| (answered.clock.ms().saturating_sub(s.ms())) as f64 / 1000.0);
            seen.clock = answered.skew.map(|(ahead_s, within_s)| Skew { ahead_s, within_s });
        }
    }
    seen
}

/// A gap, and the members that have it.
type Hint<'g> = (&'g Gap, Vec<&'g str>);

/// What members could not see of themselves, each thing once.
fn hints(heard: &[Result<Answered, Gap>], names: &[String], gaps: &mut Gaps) {
    let mut all: BTreeMap<(&str, Option<&str>), Hint> = BTreeMap::new();
    for (answered, name) in heard.iter().zip(names).filter_map(|(h, n)| Some((h.as_ref().ok()?, n))) {
        for gap in &answered.hints {
            let known = all.entry((&gap.subject, gap.remedy.as_deref())).or_insert((gap, vec![]));
            known.1.push(name);
        }
    }
    for (gap, who) in all.into_values() {
        gaps.named(
            Gap { subject: format!("{} of {}", gap.subject, fold_names(&who)), ..gap.clone() },
            OTHERS,
        );
    }
}

/// Hashes under different keys say nothing beside each other.
fn mixed(heard: &[Result<Answered, Gap>], gaps: &mut Gaps) {
    let mut keys: Vec<&str> = heard.iter().flatten().map(|a| a.key_id.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() > 1 {
        let said = format!(
            "hashed under {} different keys, redacted and not comparable; names are compared all the same",
            keys.len()
        );
        let gap = Gap::new("secret values and contents of files", Why::Unsupported, said);
        gaps.named(gap.remedy("paramedic snapshot --compare-key KEY, the same at each"), OTHERS);
    }
}
