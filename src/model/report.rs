//! `paramedic/1`: the report as it leaves the process. A versioned copy: no inner type leaks into it, and within `/1`
//! keys are only ever added.

mod member;
mod thing;

pub use member::{MemberV1, PodV1};
pub use thing::ThingV1;

use super::{
    Block, Cell, Column, Confidence, Counts, Edge, Finding, Gap, Node, Outcome, Section, Severity, Stamp, Why,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};

/// Name and version of the document.
pub const SCHEMA: &str = "paramedic/1";

/// The report of one look.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Always `paramedic/1`.
    pub schema: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// The command that was run: `check`, `sockets` …
    pub command: String,
    /// When the looking began.
    pub taken_at: Stamp,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// The machine or pod.
    pub host: Host,
    /// The worst severity, `unknown`, or `clear`.
    pub status: Status,
    /// The exit code that goes with this document.
    pub exit_code: u8,
    /// Findings, worst first, causes before their effects.
    pub findings: Vec<FindingV1>,
    /// One section an area.
    pub sections: Vec<SectionV1>,
    /// Findings that the settings ignore.
    pub suppressed: Vec<FindingV1>,
    /// `--on` and `-l` as they were given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// The places that were asked. With several of them, `findings` are those that all of them have, `checks` and
    /// `gaps` are of all together, and each place has a report of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberV1>,
}

/// One word for the whole report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing found, or notices only.
    Clear,
    /// At least one warning.
    Warning,
    /// At least one critical.
    Critical,
    /// Could not look.
    Unknown,
}

/// Where the facts come from.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Host name of the patient; null when unseen.
    pub hostname: Option<String>,
    /// Kernel release.
    pub kernel: Option<String>,
    /// Identity of this boot.
    pub boot_id: Option<String>,
    /// Pod name, inside a pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Namespace of the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Node of the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Container id, out of the cgroup path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Numeric user id that paramedic ran as: what it could see depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_as_uid: Option<u32>,
}

/// One finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FindingV1 {
    /// The check's code.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence.
    pub title: String,
    /// The culprit.
    pub subject: ThingV1,
    /// What else is tied to it.
    pub about: Vec<ThingV1>,
    /// Measured figures; the unit is in the key.
    pub evidence: Evidence,
    /// The reasoning.
    pub because: Vec<String>,
    /// When it began, or null.
    pub since: Option<Stamp>,
    /// Indexes into `findings` of what this one brings about.
    pub causes: Vec<usize>,
    /// Indexes into `findings` of what brings this one about.
    pub caused_by: Vec<usize>,
    /// How to mend it.
    pub remedy: String,
    /// Commands that show more.
    pub next: Vec<String>,
}

impl From<&Finding> for FindingV1 {
    fn from(f: &Finding) -> Self {
        FindingV1 {
            code: f.code,
            severity: f.severity,
            confidence: f.confidence,
            title: f.title.clone(),
            subject: (&f.subject).into(),
            about: f.about.iter().map(Into::into).collect(),
            evidence: Evidence(f.evidence.clone()),
            because: f.because.clone(),
            since: f.since,
            causes: vec![],
            caused_by: vec![],
            remedy: f.remedy.clone(),
            next: f.next.iter().map(|args| format!("paramedic {args}")).collect(),
        }
    }
}

/// Figures in the order in which they are shown; an object in JSON.
#[derive(Clone, Debug)]
pub struct Evidence(pub Vec<(&'static str, Cell)>);
impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(self.0.len()))?;
        for (k, v) in &self.0 {
            map.serialize_entry(k, v)?;
        }
        map.end()
    }
}
impl JsonSchema for Evidence {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Evidence".into()
    }
    fn json_schema(g: &mut schemars::SchemaGenerator) -> schemars::Schema {
        std::collections::BTreeMap::<String, Cell>::json_schema(g)
    }
}

/// What one area has to say.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SectionV1 {
    /// Name of the area.
    pub area: &'static str,
    /// How long it looked; 0 is one look without rates.
    pub span_s: f64,
    /// Tables and charts.
    pub blocks: Vec<BlockV1>,
    /// Every check with its outcome.
    pub checks: Vec<CheckV1>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
}

/// Something to draw.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum BlockV1 {
    /// Rows under columns.
    Table {
        /// What the rows are.
        name: &'static str,
        /// The columns.
        columns: Vec<Column>,
        /// The rows kept, each as long as `columns`; null is "not seen" or "there is none".
        rows: Vec<Vec<Cell>>,
        /// How many rows there are in all.
        total: u64,
    },
    /// Values over time.
    Chart {
        /// What is drawn.
        name: &'static str,
        /// Unit of the values.
        unit: &'static str,
        /// Milliseconds between two values.
        step_ms: u64,
        /// Named series.
        lines: Vec<(String, Vec<f64>)>,
        /// What happened when: milliseconds since the begin of the first step.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        marks_ms: Vec<(String, f64)>,
    },
    /// Things below one another.
    Tree {
        /// What is drawn.
        name: &'static str,
        /// The roots, the worst first.
        roots: Vec<Node>,
        /// How many roots there are in all.
        total: u64,
    },
    /// Things and what leads from one to another: what `-o dot` and `-o mermaid` draw.
    Graph {
        /// What is drawn.
        name: &'static str,
        /// The things; edges name them by their place here.
        nodes: Vec<String>,
        /// What leads from where to where.
        edges: Vec<Edge>,
    },
    /// How often which value was met.
    Histogram {
        /// What was measured.
        name: &'static str,
        /// Unit of the edges.
        unit: &'static str,
        /// Edges between the counts, rising: the first count is of values below the first edge, the last of those from the
        /// last one on.
        edges: Vec<f64>,
        /// What `beyond` of a series counts, in words.
        beyond: &'static str,
        /// Named series.
        lines: Vec<Counts>,
    },
}

/// What came of one check.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckV1 {
    /// The check's code.
    pub code: &'static str,
    /// `clear`, `found`, `unknown` or `skipped`.
    #[serde(flatten)]
    pub outcome: OutcomeV1,
}

/// An outcome.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum OutcomeV1 {
    /// Nothing found.
    Clear {
        /// Things looked at.
        looked: u64,
        /// Things that could not be looked at.
        unseen: u64,
    },
    /// In `findings`, or in `suppressed`.
    Found {
        /// Things that could not be looked at.
        unseen: u64,
    },
    /// Could not be decided.
    Unknown {
        /// Why not.
        why: Why,
        /// What was missing.
        detail: &'static str,
    },
    /// Not part of this run.
    Skipped {
        /// What it would need.
        detail: &'static str,
    },
}

impl From<&Outcome> for OutcomeV1 {
    fn from(o: &Outcome) -> Self {
        match o {
            Outcome::Clear { looked, unseen } => OutcomeV1::Clear { looked: *looked, unseen: *unseen },
            Outcome::Found { unseen, .. } => OutcomeV1::Found { unseen: *unseen },
            Outcome::Unknown { why, detail } => OutcomeV1::Unknown { why: *why, detail },
            Outcome::Skipped { detail } => OutcomeV1::Skipped { detail },
        }
    }
}

impl From<Section> for SectionV1 {
    fn from(s: Section) -> Self {
        SectionV1 {
            area: s.area,
            span_s: s.span_s,
            checks: s.checks.iter().map(|(code, o)| CheckV1 { code, outcome: o.into() }).collect(),
            blocks: s.blocks.into_iter().map(Into::into).collect(),
            gaps: s.gaps,
        }
    }
}

impl From<Block> for BlockV1 {
    fn from(b: Block) -> Self {
        match b {
            Block::Table { name, columns, rows, total } => BlockV1::Table { name, columns, rows, total },
            Block::Chart { name, unit, step_ms, lines, marks } => {
                BlockV1::Chart { name, unit, step_ms, lines, marks_ms: marks }
            }
            Block::Tree { name, roots, total } => BlockV1::Tree { name, roots, total },
            Block::Graph { name, nodes, edges } => BlockV1::Graph { name, nodes, edges },
            Block::Histogram { name, unit, edges, beyond, lines } => {
                BlockV1::Histogram { name, unit, edges, beyond, lines }
            }
        }
    }
}
