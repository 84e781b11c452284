//! What is locked.

use super::Row;
use serde::{Deserialize, Serialize};

/// The object of a lock. Numbers of relations and classes mean something only in their own database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Tag {
    /// A table, index, sequence or view.
    Relation {
        /// Its database; 0 is all of them.
        database: u32,
        /// Its number.
        relation: u32,
    },
    /// The right to make it longer.
    Extend {
        /// Its database.
        database: u32,
        /// Its number.
        relation: u32,
    },
    /// A page of an index.
    Page {
        /// Its database.
        database: u32,
        /// Its number.
        relation: u32,
        /// The page.
        page: u32,
    },
    /// A row version: held by the first of those who wait for its owner.
    Tuple {
        /// Its database.
        database: u32,
        /// Its number.
        relation: u32,
        /// The page.
        page: u32,
        /// The place in the page.
        tuple: u16,
    },
    /// The end of a transaction.
    Transaction {
        /// Its id.
        xid: u32,
    },
    /// The end of a transaction that has no id yet.
    Virtual {
        /// Its virtual id, `3/42`.
        id: String,
    },
    /// A row that somebody is about to insert.
    Speculative {
        /// His transaction.
        xid: u32,
        /// Number of the attempt.
        token: u32,
    },
    /// A schema, type, role or any other object.
    Object {
        /// Its database; 0 is all of them.
        database: u32,
        /// The catalog that it is in.
        class: u32,
        /// Its number.
        object: u32,
        /// Its column, or 0.
        sub: u16,
    },
    /// A number that an application agreed on with itself: one of 64 bits.
    Advisory {
        /// Its database.
        database: u32,
        /// The number.
        key: i64,
    },
    /// The same with two numbers of 32 bits.
    AdvisoryPair {
        /// Its database.
        database: u32,
        /// The first.
        first: i32,
        /// The second.
        second: i32,
    },
    /// Anything else, by the server's name of its kind.
    Other {
        /// `frozenid`, `userlock`, `applytransaction` …
        name: String,
        /// Its database, 0 without one.
        database: u32,
        /// Its numbers.
        numbers: [u32; 4],
    },
}

impl Tag {
    /// The object of a row of `pg_locks`, by its columns: `src/backend/utils/adt/lockfuncs.c`.
    pub fn of(row: &Row) -> Self {
        let database = row.database.unwrap_or(0);
        let relation = row.relation.unwrap_or(0);
        let page = row.page.unwrap_or(0);
        let (class, object) = (row.classid.unwrap_or(0), row.objid.unwrap_or(0));
        let (sub, xid) = (row.objsubid.unwrap_or(0), row.transactionid.unwrap_or(0));
        match row.locktype {
            "relation" => Tag::Relation { database, relation },
            "extend" => Tag::Extend { database, relation },
            "page" => Tag::Page { database, relation, page },
            "tuple" => Tag::Tuple { database, relation, page, tuple: row.tuple.unwrap_or(0) },
            "transactionid" => Tag::Transaction { xid },
            "virtualxid" => Tag::Virtual { id: row.virtualxid.unwrap_or_default().into() },
            "spectoken" => Tag::Speculative { xid, token: object },
            "object" => Tag::Object { database, class, object, sub },
            "advisory" => Tag::advisory(database, class, object, sub),
            name => Tag::Other { name: name.into(), database, numbers: [class, object, sub.into(), xid] },
        }
    }
    /// An advisory lock by the numbers that the server keeps: `sub` is 1 for one number, 2 for two.
    pub fn advisory(database: u32, high: u32, low: u32, sub: u16) -> Self {
        if sub == 2 {
            Tag::AdvisoryPair { database, first: high as i32, second: low as i32 }
        } else {
            Tag::Advisory { database, key: (u64::from(high) << 32 | u64::from(low)) as i64 }
        }
    }
    /// Database and number of the relation that it is, or is a part of.
    pub fn relation(&self) -> Option<(u32, u32)> {
        match *self {
            Tag::Relation { database, relation }
            | Tag::Extend { database, relation }
            | Tag::Page { database, relation, .. }
            | Tag::Tuple { database, relation, .. } => Some((database, relation)),
            _ => None,
        }
    }
    /// The number of its relation, if its name may be asked for in `database`: elsewhere the number may be that of
    /// another relation.
    pub fn named_in(&self, database: u32) -> Option<u32> {
        self.relation().filter(|(d, _)| *d == 0 || *d == database).map(|(_, r)| r)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advisory_lock_is_one_number_or_two() {
        assert_eq!(Tag::advisory(5, 1, 42, 1), Tag::Advisory { database: 5, key: 4_294_967_338 });
        assert_eq!(Tag::advisory(5, u32::MAX, u32::MAX, 1), Tag::Advisory { database: 5, key: -1 });
        let pair = Tag::AdvisoryPair { database: 5, first: 7, second: -1 };
        assert_eq!(Tag::advisory(5, 7, u32::MAX, 2), pair);
    }

    #[test]
    fn a_relation_has_a_name_only_in_its_own_database() {
        let row = Tag::Tuple { database: 5, relation: 16_412, page: 0, tuple: 2 };
        assert_eq!((row.named_in(5), row.named_in(6)), (Some(16_412), None));
        assert_eq!(Tag::Relation { database: 0, relation: 1262 }.named_in(6), Some(1262));
        assert_eq!(Tag::Transaction { xid: 1 }.named_in(5), None);
    }
}
