//! Tables that are queues, as the settings name them. Their conditions are the user's own SQL, run like all else READ ONLY,
//! with timeouts, in a transaction of its own.

use super::{super::facts::jobs::Queue, row::rows};
use crate::{
    model::{QueueTable, Seen, Why},
    source::pg::Rows,
};
use std::{collections::HashMap, time::Instant};

/// Rows are counted so far.
const MOST: u64 = 100_000;

/// Waiting rows of the look before, by queue.
pub(super) type Before = HashMap<String, (u64, Instant)>;

/// No statement about a queue takes longer: it is somebody's table, and there may be no index for it.
const SOON: &str = "SET LOCAL statement_timeout = '1s'; SET LOCAL timezone = 'UTC'; ";

/// How many wait, how many were given up.
pub(super) fn counts(of: &QueueTable) -> String {
    let count = |condition: &str| {
        format!(
            "(SELECT count(*) FROM (SELECT FROM {} WHERE ({condition}\n) LIMIT {}) rows)",
            of.table,
            MOST + 1
        )
    };
    let dead = of.dead.as_deref().map_or("NULL".into(), count);
    format!("{SOON}SELECT {} AS waiting, {dead} AS dead; ", count(&of.waiting))
}

/// How old the oldest is of those that wait. A time without a zone is taken for UTC.
pub(super) fn oldest(of: &QueueTable) -> String {
    format!(
        "{SOON}SELECT extract(epoch FROM clock_timestamp() - min({})) AS oldest_s FROM {} WHERE ({}\n); ",
        of.since, of.table, of.waiting
    )
}

/// What came of both.
pub(super) fn queue(
    of: &QueueTable,
    counts: Seen<Vec<Rows>>,
    oldest: Seen<Vec<Rows>>,
    before: &mut Before,
) -> Queue {
    let number = |column: &str| -> Seen<Option<u64>> {
        let tables = counts.as_ref().map_err(|why| *why)?;
        let row = tables.first().and_then(|t| rows(t).next()).ok_or(Why::Malformed)?;
        Ok(row.number(column))
    };
    let waiting = number("waiting").and_then(|n| n.ok_or(Why::Malformed));
    let now = Instant::now();
    let grown = match waiting {
        // What was not counted to its end does not tell how it grew.
        Ok(n) if n <= MOST => before.insert(of.name.clone(), (n, now)).map(|(then, at)| {
            let grown = n.cast_signed().saturating_sub(then.cast_signed());
            (grown, now.saturating_duration_since(at).as_secs_f64())
        }),
        _ => {
            before.remove(&of.name);
            None
        }
    };
    let oldest = oldest.and_then(|tables| {
        let row = tables.first().and_then(|t| rows(t).next()).ok_or(Why::Malformed)?;
        Ok(row.seconds("oldest_s"))
    });
    Queue {
        name: of.name.clone(),
        table: of.table.clone(),
        more: waiting.is_ok_and(|n| n > MOST),
        waiting: waiting.map(|n| n.min(MOST)).into(),
        oldest_s: oldest.into(),
        dead: of
            .dead
            .as_ref()
            .map(|_| number("dead").and_then(|n| n.ok_or(Why::Malformed)).map(|n| n.min(MOST)).into()),
        grown,
        limits: of.oldest_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reading;

    fn outbox() -> QueueTable {
        QueueTable {
            name: "outbox".into(),
            table: "\"public\".\"outbox\"".into(),
            waiting: "processed_at IS NULL".into(),
            since: "\"created_at\"".into(),
            dead: Some("attempts >= 5".into()),
            oldest_s: Some((60.0, 600.0)),
        }
    }
    fn table(column: &str, value: Option<&str>) -> Vec<Rows> {
        let columns = vec![column.to_string(), "dead".into()];
        vec![Rows { columns, rows: vec![vec![value.map(Into::into), Some("3".into())]], cut: false }]
    }

    #[test]
    fn a_queue_is_counted_up_to_a_bound() {
        assert!(counts(&outbox()).contains("LIMIT 100001"));
        let mut before = Before::new();
        let q = queue(
            &outbox(),
            Ok(table("waiting", Some("100001"))),
            Ok(table("oldest_s", Some("7.5"))),
            &mut before,
        );
        assert_eq!((q.waiting, q.more), (Reading::seen(100_000), true));
        assert_eq!((q.oldest_s, q.dead, q.grown), (Reading::seen(Some(7.5)), Some(Reading::seen(3)), None));
        assert!(before.is_empty(), "what was not counted to its end tells no growth");
    }

    #[test]
    fn what_grew_is_told_from_two_looks_and_what_failed_is_unseen() {
        let mut before = Before::new();
        let none = || Ok(table("oldest_s", None));
        assert_eq!(queue(&outbox(), Ok(table("waiting", Some("9"))), none(), &mut before).grown, None);
        let q = queue(&outbox(), Ok(table("waiting", Some("5"))), none(), &mut before);
        assert_eq!((q.grown.map(|g| g.0), q.oldest_s), (Some(-4), Reading::seen(None)));
        let q = queue(&outbox(), Err(Why::TimedOut), Err(Why::Absent), &mut before);
        assert_eq!((q.waiting, q.oldest_s), (Reading::unseen(Why::TimedOut), Reading::unseen(Why::Absent)));
        let q = queue(
            &QueueTable { dead: None, ..outbox() },
            Ok(table("waiting", Some("5"))),
            none(),
            &mut before,
        );
        assert_eq!((q.dead, q.grown), (None, None));
    }
}
