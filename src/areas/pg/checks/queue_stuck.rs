//! `pg/queue-stuck`

use super::{
    super::facts::{Facts, jobs::Queue},
    server::{named, peer},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Level, Severity, Thing, What, rates},
};

check! {
    /// ## What it sees
    ///
    /// Tables that are used as a queue or as an outbox, as `[[pg.queue]]` of the settings file names them: how old the oldest
    /// row is that waits, how many wait and how many were given up, and with `--watch` whether they grow. Which rows wait
    /// is a condition in SQL that the settings give; it is run as it is, in a transaction that only reads and gives up soon.
    ///
    /// ## Why it matters
    ///
    /// A queue that nobody empties looks well from everywhere else: rows are written, no request fails. Mails are not sent, events
    /// do not reach other services, and the table grows until every poll of it is slow. Rows that were given up stay
    /// until somebody looks.
    ///
    /// ## Confirm
    ///
    /// `SELECT count(*), min(created_at) FROM outbox WHERE processed_at IS NULL`, with the condition of the settings file. Who works on it:
    /// `paramedic pg activity`; who is in its way: `paramedic pg locks`.
    ///
    /// ## Fix
    ///
    /// Is the worker up, and does it fail on the same first row again and again? Workers that take rows with `FOR UPDATE SKIP LOCKED`
    /// do not wait for one that hangs. Rows that cannot be done belong aside (a count of attempts, a state of their own). Oldest
    /// first wants an index for just that: `CREATE INDEX CONCURRENTLY ON outbox (created_at) WHERE processed_at IS NULL`.
    "pg/queue-stuck": "a queue is not emptied"
    {
        oldest_s: "seconds that the oldest row has waited, unless the settings say so beside the queue" = 300, 1800;
        dead: "rows that were given up" = 1, 1000;
    }
    judge(Facts)
}

fn judge(f: &Facts, l: &Limits, out: &mut Judging) {
    let Some(queues) = out.part(&f.queues, "the settings name no queue: [[pg.queue]]") else { return };
    let server = peer(f, out);
    let database = out.aside(&f.server).map_or("", |s| s.database.as_str());
    for q in queues {
        let ages = q.limits.map_or_else(|| level(l), |(warning, critical)| Level { warning, critical });
        let waiting = out.aside(&q.waiting).copied();
        let oldest = out.see(&q.oldest_s).copied().flatten();
        let thing = named(&server, What::Relation, format!("{database}.{}", q.table.replace('"', "")));
        if let Some((age, severity)) = oldest.and_then(|age| Some((age, ages.of(age)?))) {
            out.find(stuck(q, age, waiting, severity, thing.clone(), &server));
        }
        let Some(dead) = q.dead.as_ref().and_then(|dead| out.see(dead).copied()) else { continue };
        if let Some(severity) = l.dead.of(dead as f64) {
            out.find(given_up(q, dead, severity, thing, &server));
        }
    }
}

fn level(l: &Limits) -> Level {
    Level { warning: l.oldest_s.warning, critical: l.oldest_s.critical }
}

fn stuck(
    q: &Queue,
    age: f64,
    waiting: Option<u64>,
    severity: Severity,
    thing: Thing,
    server: &str,
) -> Finding {
    let more = if q.more { "more than " } else { "" };
    let behind = match waiting {
        Some(n) => format!(", {more}{} rows", rates::count(n)),
        None => String::new(),
    };
    let title = format!(
        "queue {} is not emptied: its oldest row has waited for {}{behind}",
        q.name,
        rates::span(age)
    );
    let mut finding = Finding::new(severity, Confidence::High, thing, title)
        .about(Thing::Peer { address: server.into() })
        .evidence("oldest_s", age)
        .evidence("waiting", waiting)
        .evidence("queue", q.name.as_str());
    if let Some((grown, over)) = q.grown.filter(|g| g.1 > 0.0) {
        finding = finding.evidence("grown_per_s", grown as f64 / over);
        finding = finding.because(match grown {
            0 => format!("as many wait as {} before", rates::span(over)),
            n if n > 0 => format!(
                "{} more wait than {} before: more come in than go out",
                rates::count(n.unsigned_abs()),
                rates::span(over)
            ),
            n => format!(
                "{} fewer wait than {} before: it is being emptied",
                rates::count(n.unsigned_abs()),
                rates::span(over)
            ),
        });
    }
    finding
        .because("rows are written to it and nobody takes the oldest")
        .remedy("is its worker up, does it fail on the first row again and again, does it wait for a lock?")
        .next("pg locks")
}

fn given_up(q: &Queue, dead: u64, severity: Severity, thing: Thing, server: &str) -> Finding {
    let rows = if dead == 1 { "a row".to_string() } else { format!("{} rows", rates::count(dead)) };
    Finding::new(severity, Confidence::High, thing, format!("queue {} has given up {rows}", q.name))
        .about(Thing::Peer { address: server.into() })
        .evidence("dead", dead)
        .evidence("queue", q.name.as_str())
        .because("they fit the condition `dead` of the settings: nobody will try them again")
        .remedy("see why they failed; try them again, or put them aside")
        .next("pg jobs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Defaults, Outcome, Reading, Why};

    fn queue(oldest: Option<f64>) -> Queue {
        Queue {
            name: "outbox".into(),
            table: "\"public\".\"outbox\"".into(),
            waiting: Reading::seen(if oldest.is_some() { 1234 } else { 0 }),
            more: false,
            oldest_s: Reading::seen(oldest),
            dead: Some(Reading::seen(0)),
            grown: None,
            limits: None,
        }
    }
    fn judged(q: Queue) -> Outcome {
        let facts =
            Facts { target: "s".into(), queues: Reading::seen(vec![q]), ..Facts::unseen(Why::NotAsked) };
        Judging::run(&CHECK, &facts, &Defaults)
    }
    fn found(q: Queue) -> Vec<(Severity, String)> {
        match judged(q) {
            Outcome::Found { findings, .. } => findings.into_iter().map(|f| (f.severity, f.title)).collect(),
            Outcome::Clear { looked: 2, unseen: 0 } => vec![],
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_age_of_the_oldest_row_decides() {
        assert!(found(queue(None)).is_empty(), "an empty queue is a healthy one");
        assert!(found(queue(Some(299.0))).is_empty(), "and so is one that is busy");
        assert_eq!(
            found(queue(Some(300.0))),
            [(
                Severity::Warning,
                "queue outbox is not emptied: its oldest row has waited for 5m, 1,234 rows".into()
            )]
        );
        assert_eq!(found(queue(Some(1800.0)))[0].0, Severity::Critical);
        let own = |age| Queue { limits: Some((10.0, 20.0)), ..queue(Some(age)) };
        assert!(found(own(9.0)).is_empty());
        assert_eq!(found(own(10.0))[0].0, Severity::Warning);
        assert_eq!(found(own(20.0))[0].0, Severity::Critical);
        let many = Queue { more: true, waiting: Reading::seen(100_000), ..queue(Some(300.0)) };
        assert!(found(many)[0].1.ends_with("more than 100,000 rows"));
    }

    #[test]
    fn rows_given_up_are_a_finding_of_their_own() {
        let dead = |n| Queue { dead: Some(Reading::seen(n)), ..queue(None) };
        assert_eq!(found(dead(1)), [(Severity::Warning, "queue outbox has given up a row".into())]);
        assert_eq!(found(dead(1000))[0].0, Severity::Critical);
        let both = Queue { dead: Some(Reading::seen(5)), ..queue(Some(300.0)) };
        assert_eq!(found(both).len(), 2);
    }

    #[test]
    fn growth_is_told_where_there_were_two_looks() {
        for (grown, says) in [((50, 10.0), "50 more"), ((0, 10.0), "as many"), ((-7, 10.0), "7 fewer")] {
            let q = Queue { grown: Some(grown), ..queue(Some(300.0)) };
            let Outcome::Found { findings, .. } = judged(q) else { panic!() };
            assert!(findings[0].because[0].contains(says), "{:?}", findings[0].because);
        }
    }

    #[test]
    fn what_could_not_be_counted_is_not_clear() {
        let hidden = || Reading::unseen(Why::TimedOut);
        let q = Queue {
            oldest_s: Reading::unseen(Why::TimedOut),
            dead: Some(hidden()),
            waiting: hidden(),
            ..queue(None)
        };
        assert!(matches!(judged(q), Outcome::Unknown { why: Why::TimedOut, .. }));
        let q = Queue { oldest_s: Reading::unseen(Why::TimedOut), dead: None, ..queue(None) };
        assert!(matches!(judged(q), Outcome::Unknown { why: Why::TimedOut, .. }));
        let facts = Facts::unseen(Why::NotAsked);
        assert!(matches!(Judging::run(&CHECK, &facts, &Defaults), Outcome::Skipped { .. }));
    }
}
