//! One member's answer: asked for, its seal checked, made into what is entered.

use super::super::{
    args::Args,
    facts::{Asked, Blind},
};
use super::outside::Outside;
use crate::{
    model::{Attribute, Attributes, Class, Gap, Group, Identity, PodStatus, Reading, Stamp, Value, Why},
    source::{
        reach::{Answer, Door, Member, Question, Reach, Refusal, Way, joined},
        snapshot,
    },
};
use serde::Deserialize;
use std::{fmt::Write as _, time::Instant};

/// No snapshot that a member sends is larger, in bytes.
const MOST: usize = 8 << 20;
/// Bytes of a key that is made for one run.
const KEY: usize = 16;
/// Groups of which an empty list means that nothing could be read.
pub(super) const GROUPS: [Group; 13] = [
    Group::Env,
    Group::File,
    Group::Dns,
    Group::Image,
    Group::Limit,
    Group::Sysctl,
    Group::Version,
    Group::Mount,
    Group::Disk,
    Group::Memory,
    Group::Fd,
    Group::Socket,
    Group::Process,
];

/// The key under which the members hash: the one that was given, else one of this run.
pub(super) fn key(args: &Args) -> Result<String, Gap> {
    if let Some(key) = &args.compare_key {
        return Ok(key.clone());
    }
    let mut bytes = [0; KEY];
    let got = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    got.map_err(|e| Gap::new("compare", Why::Unsupported, format!("no random key: {e}")))?;
    Ok(bytes.iter().fold(String::new(), |mut hex, b| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{b:02x}");
        hex
    }))
}

/// What a member is asked.
pub(super) struct Asking<'a> {
    pub args: &'a Args,
    pub key: String,
    pub until: Instant,
}

impl Question for Asking<'_> {
    fn binary(&self) -> &str {
        &self.args.binary
    }
    fn args(&self, _: Instant, key: bool) -> Vec<String> {
        let mut argv: Vec<String> = ["snapshot", "--brief", "--window", "0"].map(str::to_string).into();
        let rope: &[&str] = if key { &["--compare-key", "-"] } else { &["--until-stdin-ends"] };
        argv.extend(rope.iter().map(ToString::to_string));
        let mut add = |flag: &str, values: &[String]| {
            argv.extend(values.iter().map(|v| format!("{flag}={v}")));
        };
        add("--file", &self.args.files);
        add("--exec-version", &self.args.exec_version);
        add("--show-env", &self.args.show_env);
        argv
    }
    fn key(&self) -> Option<&str> {
        Some(&self.key)
    }
    fn most(&self) -> usize {
        MOST
    }
    fn deadline(&self) -> Instant {
        self.until
    }
    fn end(&self) -> Instant {
        self.until
    }
}

/// What is entered into the table.
pub(super) struct Entry {
    pub asked: Asked,
    pub blind: Blind,
    pub attributes: Attributes,
}

/// What stays of an answer.
pub(super) struct Answered {
    pub identity: Identity,
    pub key_id: String,
    pub clock: Stamp,
    /// As the cluster says.
    pub started: Option<Stamp>,
    /// How far its clock is ahead, and within what.
    pub skew: Option<(f64, f64)>,
    /// What was left behind there.
    pub left: Option<Gap>,
    /// What it could not see and knows a line for.
    pub hints: Vec<Gap>,
    /// It has no paramedic: what its cluster says of it, not entered yet.
    pub outside: Option<Outside>,
}

/// An answer that was understood.
pub(super) struct Whole {
    record: Record,
    attributes: Attributes,
    asked: Option<(Stamp, f64)>,
}

/// The record of the attributes, as snapshots have it.
#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    args: Recorded,
    facts: Option<Attributes>,
    #[serde(default)]
    failed: Option<Gap>,
    #[serde(default)]
    gaps: Vec<Gap>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Recorded {
    files: Vec<String>,
    exec_version: Vec<String>,
}

/// Asks one member: what is entered, unless it must wait for the others, and what stays.
pub(super) fn of(
    reach: &Reach,
    door: &Door,
    member: &Member,
    asking: &Asking,
) -> Result<(Option<Entry>, Answered), Gap> {
    let bad = |why: Why, words: String| Gap::new(&member.name, why, words);
    if let Way::File(path) = &member.way {
        let text = snapshot::text(path).map_err(|e| {
            let why = e.downcast_ref::<std::io::Error>().map_or(Why::Malformed, Why::from);
            bad(why, format!("{:#}", e.root_cause()))
        })?;
        let whole = parse(&text, None).map_err(|words| bad(Why::Malformed, words))?;
        let (entry, answered) = whole.split(member);
        return Ok((Some(entry), answered));
    }
    let (Answer { said, asked, took }, left) = match (door.ask(reach, member, asking), &member.way) {
        (Err(e), Way::Pod(pod)) if e.kind == Refusal::NoBinary => {
            return super::outside::of(reach, pod, asking, &e).map(|answered| (None, answered));
        }
        (other, _) => other.map_err(|e| e.gap(&member.name))?,
    };
    let words = String::from_utf8_lossy(&said.stderr);
    if said.stdout.is_empty() {
        let last = words.lines().rfind(|l| !l.trim().is_empty()).unwrap_or("it said nothing").trim();
        let code = said.code.map_or("a signal".into(), |c| c.to_string());
        return Err(bad(Why::Malformed, format!("its paramedic ended with {code}: {last}")));
    }
    let text =
        String::from_utf8(said.stdout).map_err(|_| bad(Why::Malformed, "its answer is no text".into()))?;
    let whole =
        parse(&text, Some((asked, took.as_secs_f64()))).map_err(|words| bad(Why::Malformed, words))?;
    let (entry, answered) = whole.split(member);
    Ok((Some(entry), Answered { left, ..answered }))
}

fn parse(text: &str, asked: Option<(Stamp, f64)>) -> Result<Whole, String> {
    let envelope = snapshot::open(text).map_err(|e| format!("{e:#}"))?;
    let raw = envelope.records.iter().find(|r| r.0 == "attributes").map(|r| r.1);
    let raw = raw.ok_or("it holds no attributes: `paramedic snapshot` of this version records them")?;
    let mut record: Record =
        serde_json::from_str(raw.get()).map_err(|e| format!("its attributes are not understood: {e}"))?;
    match (record.facts.take(), &record.failed) {
        (Some(attributes), None) => Ok(Whole { record, attributes, asked }),
        (_, Some(gap)) => Err(format!("its attributes could not be read: {}: {}", gap.why, gap.detail)),
        (None, None) => Err("its attributes could not be read".into()),
    }
}

impl Whole {
    /// What is entered, and what stays.
    pub fn split(self, member: &Member) -> (Entry, Answered) {
        let Whole { record, mut attributes, asked } = self;
        let skew = asked.map(|(at, took)| {
            let middle = at.ms() as f64 + took * 500.0;
            ((attributes.clock.ms() as f64 - middle) / 1000.0, took / 2.0)
        });
        let mut blind = blind(&attributes, &record);
        let mut started = None;
        if let Way::Pod(pod) = &member.way {
            started = pod.started;
            blind.retain(|b| b.0 != Group::Image);
            let mut all = attributes.list.top().to_vec();
            let left_out = attributes.list.total() - all.len() as u64;
            all.extend(of_pod(pod));
            attributes.list = crate::model::Kept::worst(all.len() as u64 + left_out, all);
        }
        let answered = Answered {
            identity: attributes.identity.clone(),
            key_id: attributes.key_id.clone(),
            clock: attributes.clock,
            started,
            skew,
            left: None,
            hints: record.gaps.into_iter().filter_map(|gap| hint(gap, &member.way)).collect(),
            outside: None,
        };
        let asked = Asked { files: record.args.files, exec_version: record.args.exec_version };
        (Entry { asked, blind, attributes }, answered)
    }
}

/// A gap of a member with a line that is run here, or at whoever wrote the document. In a pod there is nobody to become.
fn hint(gap: Gap, way: &Way) -> Option<Gap> {
    let line = gap.remedy.clone()?;
    match way {
        Way::File(_) => Some(gap),
        Way::Ssh(host) => Some(gap.remedy(format!("ssh {} {line}", joined(std::slice::from_ref(host))))),
        Way::Pod(_) | Way::Exec(_) => None,
    }
}

/// Groups of which nothing was seen, where something could not be: what is not on the list is not known to be missing.
fn blind(attributes: &Attributes, record: &Record) -> Blind {
    let seen = |g: &Group| attributes.list.top().iter().any(|a| a.group == *g);
    let why = record.gaps.first().map(|g| g.why);
    // No process has an empty environment in a container; one that could not be read looks like it.
    let of = |g: Group| why.or((g == Group::Env).then_some(Why::Denied)).map(|w| (g, w));
    GROUPS.into_iter().filter(|g| !seen(g)).filter_map(of).collect()
}

/// What the cluster knows of a pod, as attributes: they are voted on like all others.
pub(super) fn of_pod(pod: &PodStatus) -> Vec<Attribute> {
    let text = |t: &str| Reading::seen(Value::Text { text: t.into() });
    let or_absent = |v: Option<Value>| v.map_or(Reading::unseen(Why::Absent), Reading::seen);
    let digest = pod.image_id.as_deref().map(super::who::digest);
    let attribute = |group, name: &str, class, value| Attribute { group, name: name.into(), class, value };
    let mut out = Vec::new();
    match (&digest, &pod.image) {
        // One tag may be two images, and two tags one: what runs is the digest.
        (Some(digest), _) => out.push(attribute(Group::Image, "image", Class::Equal, text(digest))),
        (None, Some(image)) => out.push(attribute(Group::Image, "image name", Class::Equal, text(image))),
        (None, None) => {}
    }
    let memory = pod.memory_limit_bytes.map(|b| Value::Number { number: b as f64 });
    let cpu = pod.cpu_limit_cores.map(|number| Value::Number { number });
    out.push(attribute(Group::Limit, "spec_memory_limit_bytes", Class::Equal, or_absent(memory)));
    out.push(attribute(Group::Limit, "spec_cpu_limit", Class::Equal, or_absent(cpu)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_no_argument_and_another_in_every_run() {
        let args = Args { binary: "paramedic".into(), files: vec!["/etc/x*".into()], ..Args::default() };
        let asking = Asking { args: &args, key: "s3cr3t".into(), until: Instant::now() };
        let argv = asking.args(asking.until, true);
        assert_eq!(argv.last().map(String::as_str), Some("--file=/etc/x*"));
        assert!(argv.windows(2).any(|w| w == ["--compare-key", "-"]));
        let (one, two) = (key(&args).unwrap(), key(&args).unwrap());
        assert!(one != two && one.len() == 32, "{one} {two}");
        let given = Args { compare_key: Some("k".into()), ..args };
        assert_eq!(key(&given).unwrap(), "k");
        assert!(!serde_json::to_string(&given).unwrap().contains("compare_key"));
    }
}
