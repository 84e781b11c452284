//! Asking one place, and what becomes of its answer.

use super::{
    super::look::Plan,
    line::{self, Here},
};
use crate::{
    cli::Shared,
    model::{Gap, WayIn, report::Report},
    run::{self, Snapshot},
    source::{
        reach::{Answer, Door, Member, Question, Reach, Refusal, Refused, Way},
        snapshot,
    },
    verdict::Heard,
};
use std::time::{Duration, Instant};

/// What is asked, everywhere the same.
pub(super) struct Asking<'a> {
    /// How places are reached.
    pub reach: &'a Reach,
    /// The flags.
    pub shared: &'a Shared,
    /// The command line there, without the program.
    pub argv: Vec<String>,
    /// When the whole run must have ended.
    pub until: Instant,
    /// How long a look takes there.
    pub look: Duration,
    /// The key that it is told for hashing.
    pub key: Option<String>,
}

/// What a place has for answering and ending, beyond the look.
const SLACK: Duration = Duration::from_secs(10);

impl Question for Asking<'_> {
    fn binary(&self) -> &str {
        &self.shared.binary
    }
    fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
    fn most(&self) -> usize {
        snapshot::MOST as usize
    }
    /// One that hangs must not take the time of those that come after it.
    fn deadline(&self) -> Instant {
        self.until.min(Instant::now() + self.look + super::EACH)
    }
    fn end(&self) -> Instant {
        self.until
    }
    /// It ends by its own deadline, a little before ours: then what it saw comes all the same.
    fn args(&self, until: Instant, key: bool) -> Vec<String> {
        let left = until.saturating_duration_since(Instant::now());
        let there = (self.look + SLACK).min(left.saturating_sub((left / 5).min(Duration::from_secs(3))));
        let mut words = self.argv.clone();
        // What follows `--` is no flag: ours go before it.
        let at = words.iter().position(|w| w == "--").unwrap_or(words.len());
        let mut ours =
            vec!["--output=snapshot".to_string(), format!("--timeout={}ms", there.as_millis().max(1))];
        ours.push(if key { "--compare-key=-" } else { "--until-stdin-ends" }.into());
        words.splice(at..at, ours);
        words
    }
}

impl Asking<'_> {
    /// The document of one place, and a gap if something was left behind there.
    ///
    /// # Errors
    /// Whatever kept it from answering.
    pub fn text(&self, door: &Door, member: &Member) -> Result<(String, Option<Gap>), Refused> {
        let (answer, left) = door.ask(self.reach, member, self)?;
        document(answer).map(|text| (text, left))
    }
}

/// The text that a place printed, if it came to its end.
fn document(answer: Answer) -> Result<String, Refused> {
    if answer.said.code != Some(0) {
        return Err(Refused::new(Refusal::Other, complaint(&answer)));
    }
    String::from_utf8(answer.said.stdout)
        .map_err(|_| Refused::new(Refusal::Cut, "what it answered is no text"))
}

/// What the program there complained about: its own line, not the advice around it.
fn complaint(answer: &Answer) -> String {
    let words = String::from_utf8_lossy(&answer.said.stderr);
    let lines = || words.lines().map(str::trim).filter(|l| !l.is_empty());
    let own = lines().find_map(|l| l.strip_prefix("paramedic: ").or_else(|| l.strip_prefix("error: ")));
    let line = own.or_else(|| lines().next_back()).unwrap_or("it said nothing");
    let code = answer.said.code.map_or_else(|| "a signal".to_string(), |c| c.to_string());
    let line: String = line.chars().take(400).collect();
    format!("paramedic there ended with {code}: {line}")
}

/// What one place saw.
pub(super) struct Seen {
    snapshot: Snapshot,
    /// What `--inject` left behind there.
    left: Option<Gap>,
    here: Here,
}

impl Seen {
    /// Its report, with lines that are run here.
    ///
    /// # Errors
    /// When it saw nothing of what was asked.
    pub fn judged(&self, plan: &Plan, area: Option<&str>) -> Result<Report, Refused> {
        let mut report = plan.judge(&self.snapshot, area).map_err(|e| cut(&e))?;
        if let (Some(gap), Some(section)) = (&self.left, report.sections.last_mut()) {
            section.gaps.push(gap.clone());
        }
        line::from_there(&mut report, &self.here);
        Ok(report)
    }
}

fn cut(e: &anyhow::Error) -> Refused {
    Refused::new(Refusal::Cut, format!("{e:#}"))
}

/// Asks one place.
///
/// # Errors
/// Whatever kept it from answering; an answer that is cut.
pub(super) fn seen(asking: &Asking, door: &Door, member: &Member) -> Result<Seen, Refused> {
    if Instant::now() >= asking.until {
        let words = "the time was over before its turn came; give a longer --timeout";
        return Err(Refused::new(Refusal::Late, words));
    }
    let (text, left) = asking.text(door, member)?;
    let snapshot = run::parse_snapshot(&text).map_err(|e| cut(&e))?;
    Ok(Seen { snapshot, left, here: Here::of(member, asking.shared) })
}

/// With what the cluster knows of it, as the verdict takes it.
pub(super) fn heard(
    asking: &Asking,
    member: &Member,
    said: Result<Report, Refused>,
) -> (Heard, Option<Refused>) {
    let pod = match &member.way {
        Way::Pod(pod) => Some((**pod).clone()),
        _ => None,
    };
    let (said, refused) = match said {
        Ok(report) => (Ok(report), None),
        Err(refused) => {
            (Err((refused.gap(&member.name), refused.remedy.iter().cloned().collect())), Some(refused))
        }
    };
    let on = Here::of(member, asking.shared).on;
    (Heard { name: member.name.clone(), on, pod, said }, refused)
}

/// The lines that help where the binary is missing: for a few of them, each asks the cluster for the pod's user.
pub(super) fn with_remedies(
    asking: &Asking,
    members: &[Member],
    heard: Vec<(Heard, Option<Refused>)>,
) -> Vec<Heard> {
    const FEW: usize = 3;
    let mut said = 0;
    let mut out = Vec::new();
    for ((mut one, refused), member) in heard.into_iter().zip(members) {
        let missing = refused.filter(|r| r.kind == Refusal::NoBinary);
        if let (Some(refused), Err((gap, lines))) = (missing, &mut one.said) {
            gap.detail = match &member.way {
                // It was to be sent: what was in the way of that is what matters.
                _ if asking.shared.way_in() != WayIn::default() => refused.words.clone(),
                Way::Pod(pod) => format!("no `{}` in its container {}", asking.shared.binary, pod.container),
                _ => format!("no `{}` there", asking.shared.binary),
            };
            if said < FEW {
                said += 1;
                *lines = line::without_binary(asking, member);
                lines.extend(refused.remedy);
                gap.remedy = lines.first().cloned();
            }
        }
        out.push(one);
    }
    out
}
