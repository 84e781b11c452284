//! Lock modes, and which of them conflict: one table for every kind of lock, as in the server.

use serde::{Deserialize, Serialize};

/// A mode of a heavyweight lock, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// `SELECT`.
    AccessShare,
    /// `SELECT … FOR UPDATE`.
    RowShare,
    /// `UPDATE`, `DELETE`, `INSERT`.
    RowExclusive,
    /// `VACUUM`, `ANALYZE`, `CREATE INDEX CONCURRENTLY`, some `ALTER TABLE`.
    ShareUpdateExclusive,
    /// `CREATE INDEX`; of a transaction: to wait for its end.
    Share,
    /// `CREATE TRIGGER`, foreign keys.
    ShareRowExclusive,
    /// `REFRESH MATERIALIZED VIEW CONCURRENTLY`; of a transaction or row: to own it.
    Exclusive,
    /// `ALTER TABLE`, `DROP`, `TRUNCATE`, `VACUUM FULL`, `LOCK TABLE`.
    AccessExclusive,
}

use Mode::{
    AccessExclusive, AccessShare, Exclusive, RowExclusive, RowShare, Share, ShareRowExclusive,
    ShareUpdateExclusive,
};

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 8] = [
        AccessShare,
        RowShare,
        RowExclusive,
        ShareUpdateExclusive,
        Share,
        ShareRowExclusive,
        Exclusive,
        AccessExclusive,
    ];
    /// Its name in `pg_locks.mode` and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            AccessShare => "AccessShareLock",
            RowShare => "RowShareLock",
            RowExclusive => "RowExclusiveLock",
            ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            Share => "ShareLock",
            ShareRowExclusive => "ShareRowExclusiveLock",
            Exclusive => "ExclusiveLock",
            AccessExclusive => "AccessExclusiveLock",
        }
    }
    /// The mode of this name, none for `SIReadLock`, which never makes anybody wait.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.name() == name)
    }
    /// As a bit of a set of modes.
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }
    /// The modes that may not be held beside this one, as bits: `LockConflicts` of `src/backend/storage/lmgr/lock.c`,
    /// <https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES>.
    pub const fn conflicts(self) -> u8 {
        let strong = AccessExclusive.bit();
        match self {
            AccessShare => strong,
            RowShare => strong | Exclusive.bit(),
            RowExclusive => strong | Exclusive.bit() | ShareRowExclusive.bit() | Share.bit(),
            ShareUpdateExclusive => RowExclusive.conflicts() | ShareUpdateExclusive.bit(),
            Share => (ShareUpdateExclusive.conflicts() | RowExclusive.bit()) & !Share.bit(),
            ShareRowExclusive => ShareUpdateExclusive.conflicts() | RowExclusive.bit(),
            Exclusive => !AccessShare.bit(),
            AccessExclusive => u8::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_those_of_the_manual() {
        // Rows and columns in the manual's order, X where they conflict.
        let manual =
            [".......X", "......XX", "....XXXX", "...XXXXX", "..XX.XXX", "..XXXXXX", ".XXXXXXX", "XXXXXXXX"];
        for (mode, row) in Mode::ALL.into_iter().zip(manual) {
            let ours: String =
                Mode::ALL.iter().map(|o| if mode.conflicts() & o.bit() != 0 { 'X' } else { '.' }).collect();
            assert_eq!(ours, row, "{mode:?}");
        }
    }

    #[test]
    fn names_are_the_servers() {
        for mode in Mode::ALL {
            assert_eq!(Mode::parse(mode.name()), Some(mode));
        }
        assert_eq!(Mode::parse("SIReadLock"), None);
    }
}
