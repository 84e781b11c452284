//! What is asked together, and what an error of it means.

use super::{row::rows, sql};
use crate::{
    model::Why,
    source::pg::{Failed, FailedKind, Rows},
};

/// Databases by number.
pub(super) fn by_number(tables: &[Rows]) -> Vec<(u32, String)> {
    let of = tables.first().map(rows).into_iter().flatten();
    of.filter_map(|r| Some((r.number("oid")?, r.text("name")))).collect()
}

/// Statements that belong together.
pub(super) struct Ask {
    /// What they are about.
    pub name: &'static str,
    /// How many of them return rows.
    pub tables: usize,
    /// The statements, each ended by a semicolon.
    pub text: String,
}

/// A part of the first round trip.
#[derive(Clone, Copy)]
pub(super) enum Part {
    About,
    Databases,
    Activity,
    Locks,
    Replication,
    Cron,
}

impl Part {
    pub fn ask(self, version: u32) -> Ask {
        let (name, tables, text) = match self {
            Part::About => ("the server's settings", 3, [sql::SELF, sql::SETTINGS, sql::OWN].concat()),
            Part::Databases => ("databases and their counters", 1, sql::DATABASES.into()),
            Part::Activity => ("sessions", 1, sql::activity(version)),
            Part::Locks => ("locks that somebody waits for", 2, sql::locks(version) + sql::PREPARED),
            Part::Replication => {
                let text = sql::replication::text(version);
                ("standbys, slots and vacuums", sql::replication::TABLES, text)
            }
            Part::Cron => ("whether there is pg_cron", 1, sql::jobs::CRON.into()),
        };
        Ask { name, tables, text }
    }
}

/// `15.18 (Debian …)` is 150000: what columns there are goes by the major version.
pub(super) fn major(text: &str) -> u32 {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u32>().map_or(0, |v| v.saturating_mul(10_000))
}

/// What an error of a statement says about why something was not seen.
pub(super) fn why(failed: &Failed) -> Why {
    match (failed.kind, failed.sqlstate()) {
        // Cancelled by statement_timeout, or no lock within lock_timeout.
        (_, Some("57014" | "55P03")) | (FailedKind::TimedOut, _) => Why::TimedOut,
        (_, Some("42501")) => Why::Denied,
        (_, Some("42P01" | "42883" | "3F000")) => Why::Absent,
        (_, Some("42703" | "0A000")) => Why::Unsupported,
        (FailedKind::Server | FailedKind::Lost, _) => Why::Malformed,
    }
}
