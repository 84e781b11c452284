//! One process, and its row of the table, which `--all` streams too.

use crate::model::{Cell, Column, Process, Reading, Untrusted};
use serde::{Deserialize, Serialize};

/// One process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Which.
    pub process: Process,
    /// Resident memory in bytes; what it shares with others counts in full.
    pub rss_bytes: u64,
    /// The same with what it shares counted in part.
    pub pss_bytes: Reading<u64>,
    /// In swap, in bytes.
    pub swap_bytes: Reading<u64>,
    /// Slope of its resident memory, bytes a second.
    pub per_s: Reading<f64>,
    /// Its control group.
    pub group: Reading<Untrusted>,
}

impl Row {
    /// The columns of the table. One look has no rates, and what nobody asked for has no column.
    pub fn columns(rates: bool, pss: bool) -> Vec<Column> {
        let all = [
            Some(Column::new("pid")),
            Some(Column::new("name")),
            Some(Column::new("user")),
            Some(Column::unit("rss_bytes", "bytes")),
            pss.then_some(Column::unit("pss_bytes", "bytes")),
            Some(Column::unit("swap_bytes", "bytes")),
            rates.then_some(Column::unit("per_h_bytes", "bytes")),
            Some(Column::new("cgroup")),
        ];
        all.into_iter().flatten().collect()
    }
    /// As many cells as there are columns.
    pub fn cells(&self, rates: bool, pss: bool) -> Vec<Cell> {
        let all = [
            Some(Cell::Id(u64::try_from(self.process.pid).unwrap_or(0))),
            Some((&self.process.name).into()),
            Some(self.process.user.clone().into()),
            Some(self.rss_bytes.into()),
            pss.then(|| (&self.pss_bytes).into()),
            Some((&self.swap_bytes).into()),
            rates.then(|| (&self.per_s.map(|b| b * 3600.0)).into()),
            Some((&self.group.clone().map(|p| p.as_str().to_string())).into()),
        ];
        all.into_iter().flatten().collect()
    }
}
