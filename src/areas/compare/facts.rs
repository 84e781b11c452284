//! What holding members against each other came to: bounded, however many there are.

mod figure;
mod held;
mod members;
mod origin;
mod table;
mod vote;

pub use figure::{Figure, Unit};
pub use held::{Held, with_unit};
pub use members::{Members, fold, fold_names};
pub use origin::{Origin, behind_the_image, origin};
pub use table::{Asked, Blind, Table};

use crate::model::{Class, Group, Kept, Reading, Why};
use serde::{Deserialize, Serialize};

/// So many differences are kept; those beyond are counted.
pub const DIFFERENCES: usize = 500;
/// Of one difference so many values are kept; all others are one more.
pub const VALUES: usize = 8;

/// Everything that the checks judge and the tables show.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// How many answered; not seen where fewer than two did.
    pub compared: Reading<u64>,
    /// `--context`, for the commands that are printed.
    pub context: Option<String>,
    /// `--kubeconfig`, for the same.
    #[serde(default)]
    pub kubeconfig: Option<String>,
    /// The container that was named, for the same.
    pub container: Option<String>,
    /// The member that is right by decree.
    pub reference: Option<u32>,
    /// All members are one and the same pod or host at different times.
    pub over_time: bool,
    /// Who was asked, in order; every index below is into this.
    pub members: Vec<Seen>,
    /// What was held against each other, by group.
    pub groups: Vec<Compared>,
    /// What differs, the most telling first.
    pub differences: Kept<Difference>,
    /// Figures that vary.
    pub figures: Kept<Figure>,
    /// So many attributes should be another everywhere.
    pub unique: u64,
    /// Of these those that are not.
    pub duplicates: Kept<Duplicate>,
    /// Names of what was another everywhere and was learned to be so by nature, such as a start time.
    pub own: Kept<String>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            compared: Reading::unseen(Why::Absent),
            context: None,
            kubeconfig: None,
            container: None,
            reference: None,
            over_time: false,
            members: vec![],
            groups: vec![],
            differences: Kept::default(),
            figures: Kept::default(),
            unique: 0,
            duplicates: Kept::default(),
            own: Kept::default(),
        }
    }
}

/// How a member was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A snapshot that was written before.
    #[default]
    File,
    /// A pod.
    Pod,
    /// A host.
    Ssh,
    /// A command line of the user's own.
    Exec,
}

/// One member.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// As it is named: the pod's or the host's name, or the file's.
    pub name: String,
    /// How it was reached.
    pub kind: Kind,
    /// Namespace of a pod.
    pub namespace: Option<String>,
    /// Why it is not compared.
    pub missing: Option<String>,
    /// Node.
    pub node: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// The template that it was made of.
    pub revision: Option<String>,
    /// The digest of its image.
    pub image: Option<String>,
    /// The image as its spec names it.
    pub image_name: Option<String>,
    /// What its cluster says of it: `Running`, `not ready`.
    pub state: Option<String>,
    /// Restarts.
    pub restarts: Option<u64>,
    /// Why its last run ended.
    pub last_end: Option<String>,
    /// Seconds since its container or first process started.
    pub age_s: Option<f64>,
    /// In so many attributes it is unlike the norm.
    pub differs: u64,
    /// How surprising these are taken together, in bits.
    pub bits: f64,
    /// How far its clock is from ours.
    pub clock: Option<Skew>,
}

/// How far a clock is from ours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skew {
    /// So much it is ahead, in seconds.
    pub ahead_s: f64,
    /// As far as the time it took to ask can tell: so much more or less.
    pub within_s: f64,
}

/// What of one group was held against each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The group.
    pub group: Group,
    /// Attributes that at least two members could show.
    pub attributes: u64,
    /// The same everywhere.
    pub equal: u64,
    /// Not the same everywhere.
    pub differ: u64,
    /// Each member's own, or anything: not judged.
    pub own: u64,
    /// Figures that vary.
    pub figures: u64,
    /// What could not be compared, counted for each attribute and member.
    pub unseen: Vec<(Why, u64)>,
    /// Of these so many because they were hashed under different keys or shown by one and hidden by another.
    pub redacted: u64,
}

/// One attribute that is not the same everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// What it is of.
    pub group: Group,
    /// Its name.
    pub name: String,
    /// Of a set the element that some have and others have not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// What was expected of it.
    pub class: Class,
    /// The values and who has them, the most frequent first.
    pub values: Vec<Value>,
    /// Members that have yet other values.
    pub others: Members,
    /// Which of the values is the norm: of more than half, or the reference's. Without one there is no culprit.
    pub norm: Option<u32>,
    /// Members of which it could not be seen.
    pub unseen: Members,
    /// How telling it is, in bits.
    pub bits: f64,
}

impl Difference {
    /// Who has not the norm, if there is one.
    pub fn odd(&self) -> Option<Members> {
        let norm = self.norm? as usize;
        let odd = self.values.iter().enumerate().filter(|(i, _)| *i != norm).map(|(_, v)| &v.members);
        Some(Members::union(odd.chain([&self.others])))
    }
    /// The norm.
    pub fn usual(&self) -> Option<&Value> {
        self.values.get(self.norm? as usize)
    }
    /// What it is called.
    pub fn label(&self) -> String {
        match &self.element {
            Some(element) => format!("{element} in {}", plain_name(&self.name)),
            None => plain_name(&self.name),
        }
    }
}

/// A name without its unit: what is shown has it.
pub fn plain_name(name: &str) -> String {
    // A path and a kernel parameter are what they are.
    if name.contains(['/', '.']) || !name.contains('_') || name.chars().any(char::is_uppercase) {
        return name.into();
    }
    let units = ["_bytes", "_pct", "_s", "_count"];
    units.iter().find_map(|u| name.strip_suffix(u)).unwrap_or(name).replace('_', " ")
}

/// One value and who has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// The value.
    pub held: Held,
    /// Who.
    pub members: Members,
}

/// What should be another everywhere, and some have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Duplicate {
    /// What it is of.
    pub group: Group,
    /// Its name.
    pub name: String,
    /// What they have in common.
    pub held: Held,
    /// Who.
    pub members: Members,
}
