//! Figures that vary from member to member: the middle, the distance from it, and who is farthest above.

use super::{Members, table::Column};
use crate::model::Arrange;
use crate::{
    model::Group,
    stats::{Spread, median},
};
use serde::{Deserialize, Serialize};

/// Of a figure so many members are kept, the highest: outliers of many are few.
const HIGHEST: usize = 64;

/// What a figure counts, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `_bytes`.
    Bytes,
    /// `_pct`.
    Pct,
    /// `_count`.
    Count,
    /// Anything else.
    Other,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is of.
    pub group: Group,
    /// Its name, its unit at the end.
    pub name: String,
    /// How many members have it.
    pub of: u64,
    /// The middle.
    pub median: f64,
    /// The usual distance from it.
    pub distance: f64,
    /// The same of the logarithms: sizes vary by factors.
    pub log_median: f64,
    /// The same of the logarithms.
    pub log_distance: f64,
    /// The highest and who has them.
    pub highest: Vec<(u32, f64)>,
    /// The reference's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<f64>,
    /// Who could not tell.
    pub unseen: Members,
}

/// As logarithms want it: nothing is not infinitely far from something.
fn log(value: f64) -> f64 {
    value.max(0.0).ln_1p()
}

impl Figure {
    /// Of those who have it; `None` where fewer than two do.
    pub(super) fn of(column: &Column, reference: Option<u32>, unseen: Members) -> Option<Self> {
        let mut all: Vec<(u32, f64)> = column.numbers.iter().copied().filter(|n| n.1.is_finite()).collect();
        if all.len() < 2 {
            return None;
        }
        let plain = Spread::of(all.iter().map(|n| n.1))?;
        let logs = Spread::of(all.iter().map(|n| log(n.1)))?;
        all.arrange_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let of = all.len() as u64;
        let reference = reference.and_then(|r| all.iter().find(|n| n.0 == r)).map(|n| n.1);
        all.truncate(HIGHEST);
        Some(Self {
            group: column.group,
            name: column.name.clone(),
            of,
            median: plain.median,
            distance: plain.distance,
            log_median: logs.median,
            log_distance: logs.distance,
            highest: all,
            reference,
            unseen,
        })
    }

    /// What it counts.
    pub fn unit(&self) -> Unit {
        match &self.name {
            n if n.ends_with("_bytes") => Unit::Bytes,
            n if n.ends_with("_pct") => Unit::Pct,
            n if n.ends_with("_count") => Unit::Count,
            _ => Unit::Other,
        }
    }

    /// What a member is held against: the reference's figure; the middle of the others where they are few, so that it does not
    /// hide behind itself; else the middle of all.
    pub fn base(&self, member: u32) -> f64 {
        if let Some(reference) = self.reference {
            return reference;
        }
        if self.of as usize > self.highest.len() {
            return self.median;
        }
        let mut others: Vec<f64> = self.highest.iter().filter(|n| n.0 != member).map(|n| n.1).collect();
        median(&mut others).unwrap_or(self.median)
    }

    /// How many of the usual distances above the middle this value is.
    pub fn score(&self, value: f64) -> f64 {
        Spread { median: self.median, distance: self.distance }.score(value)
    }

    /// The same by factors.
    pub fn log_score(&self, value: f64) -> f64 {
        Spread { median: self.log_median, distance: self.log_distance }.score(log(value))
    }
}
