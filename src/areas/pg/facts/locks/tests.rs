use super::*;

/// A table of the current database, number 5.
fn row<'r>(locktype: &'r str, number: u32, pid: i32, mode: Mode, granted: bool, since_us: i64) -> Row<'r> {
    let mut row = Row {
        locktype,
        pid: Some(pid),
        mode: mode.name(),
        granted,
        waitstart_us: Some(since_us).filter(|s| *s > 0),
        virtualtransaction: "1/1",
        ..Row::default()
    };
    match locktype {
        "transactionid" => row.transactionid = Some(number),
        "advisory" => {
            (row.database, row.classid, row.objid, row.objsubid) = (Some(5), Some(0), Some(number), Some(1))
        }
        _ => (row.database, row.relation) = (Some(5), Some(number)),
    }
    if locktype == "tuple" {
        (row.page, row.tuple) = (Some(0), Some(7));
    }
    row
}

const ACCOUNT: Tag = Tag::Relation { database: 5, relation: 16_412 };
const ROW: Tag = Tag::Tuple { database: 5, relation: 16_412, page: 0, tuple: 7 };

/// One session has a row, `n` wait for it: the first for its transaction, the others for the lock of the first.
fn hot_row(n: i32) -> Table {
    let mut table = Table::default();
    table.row(&row("transactionid", 700, 1, Mode::Exclusive, true, 0));
    let mut ahead = String::from("{1");
    for waiter in 2..n + 2 {
        let since = i64::from(waiter) * 1000;
        if waiter == 2 {
            table.row(&row("tuple", 16_412, waiter, Mode::Exclusive, true, 0));
            table.row(&row("transactionid", 700, waiter, Mode::Share, false, since));
        } else {
            table.row(&row("tuple", 16_412, waiter, Mode::Exclusive, false, since));
        }
        table.blockers(waiter, &format!("{ahead}}}"));
        match waiter {
            2 => ahead = "{2".into(),
            _ => ahead.push_str(&format!(",{waiter}")),
        }
    }
    table
}

#[test]
fn a_hot_row_is_two_lines_however_many_wait() {
    let (forest, places) = hot_row(1000).forest(Some(10_002_000));
    assert_eq!((forest.waiting, forest.changed, forest.unlisted), (1000, 0, 0));
    let [root] = forest.roots.top() else { panic!("{forest:?}") };
    assert_eq!((root.who[0].clone(), root.kind), (Who::Session { pid: 1 }, RootKind::Session));
    assert_eq!((root.direct, root.behind, root.depth, root.more), (1, 1000, 2, 0));
    assert_eq!(root.longest_us, Some(10_000_000));
    let [head, others] = &root.below[..] else { panic!("{root:?}") };
    assert_eq!((head.depth, head.sessions, head.behind, head.pids.clone()), (1, 1, 999, vec![2]));
    assert_eq!(head.wait.row, Some(ROW), "the row has a name although a transaction is waited for");
    assert_eq!((others.depth, others.sessions, others.wait.tag.clone()), (2, 999, ROW));
    assert_eq!(others.pids, [3, 4, 5, 6, 7, 8, 9, 10], "who waits longest comes first");
    assert!(serde_json::to_string(&forest).unwrap().len() < 2000);
    let head = places.iter().find(|p| p.who.pid() == Some(2)).unwrap();
    assert_eq!((head.blocker.clone(), head.behind), (Some(Who::Session { pid: 1 }), 999));
}

#[test]
fn more_lists_than_are_borne_are_counted_and_lose_nobody() {
    let (forest, _) = hot_row(2500).forest(None);
    assert!(forest.unlisted > 0);
    assert_eq!((forest.waiting, forest.changed, forest.roots.top()[0].behind), (2500, 0, 2500));
}

#[test]
fn everything_behind_a_waiting_alter_table_is_one_queue() {
    let mut table = Table::default();
    table.row(&row("relation", 16_412, 1, Mode::AccessShare, true, 0));
    table.row(&row("relation", 16_412, 2, Mode::AccessShare, true, 0));
    table.row(&row("relation", 16_412, 3, Mode::AccessExclusive, false, 1_000_000));
    table.blockers(3, "{1,2}");
    for pid in 10..60 {
        table.row(&row("relation", 16_412, pid, Mode::AccessShare, false, 2_000_000));
        table.blockers(pid, "{3}");
    }
    let (forest, _) = table.forest(Some(9_000_000));
    let [queue] = forest.queues.top() else { panic!("{forest:?}") };
    assert_eq!((queue.pid, queue.mode, queue.tag.clone()), (3, Mode::AccessExclusive, ACCOUNT));
    assert_eq!(
        (queue.queued, queue.holders, queue.for_us, queue.longest_us),
        (50, 2, Some(8_000_000), Some(7_000_000))
    );
    assert_eq!(queue.waits_for, [Who::Session { pid: 1 }, Who::Session { pid: 2 }]);
    assert_eq!(forest.roots.total(), 2, "both readers are in the way");
    let root = &forest.roots.top()[0];
    assert_eq!((root.behind, root.below.len()), (51, 2));
    assert_eq!((root.below[0].others, root.below[1].wait.hard, root.below[1].sessions), (1, false, 50));
    assert_eq!(forest.roots.top()[1].behind, 0);
}

#[test]
fn a_cycle_of_what_they_have_is_a_deadlock_and_a_place_in_the_queue_makes_it_none() {
    let mut table = Table::default();
    for (pid, next) in [(1, 2), (2, 3), (3, 1)] {
        table.row(&row("transactionid", pid as u32, pid, Mode::Exclusive, true, 0));
        table.row(&row("transactionid", next as u32, pid, Mode::Share, false, 1));
        table.blockers(pid, &format!("{{{next}}}"));
    }
    table.row(&row("transactionid", 3, 9, Mode::Share, false, 1));
    let (forest, places) = table.forest(None);
    let root = &forest.roots.top()[0];
    assert_eq!((root.kind, root.members, root.behind, forest.roots.total()), (RootKind::Deadlock, 3, 1, 1));
    assert_eq!(root.who, [1, 2, 3].map(|pid| Who::Session { pid }));
    assert_eq!(root.cycle[2].tag, Tag::Transaction { xid: 1 });
    assert!(places.iter().filter(|p| p.who.pid() != Some(9)).all(|p| p.blocker.is_none()));

    // 1 reads a, 2 wants a alone, 3 has b and stands behind 2, 2 … no: 1 wants b.
    let mut table = Table::default();
    table.row(&row("relation", 1, 1, Mode::AccessShare, true, 0));
    table.row(&row("relation", 1, 2, Mode::AccessExclusive, false, 1));
    table.row(&row("relation", 1, 3, Mode::AccessShare, false, 1));
    table.row(&row("relation", 2, 3, Mode::AccessExclusive, true, 0));
    table.row(&row("relation", 2, 1, Mode::AccessShare, false, 1));
    table.blockers(2, "{1}");
    table.blockers(3, "{2}");
    table.blockers(1, "{3}");
    let (forest, _) = table.forest(None);
    let root = &forest.roots.top()[0];
    assert_eq!((root.kind, root.members), (RootKind::SoftCycle, 3));
    assert_eq!(root.cycle.iter().filter(|w| !w.hard).count(), 1);
}

#[test]
fn a_parallel_query_is_one_session_and_its_workers_are_not_in_its_way() {
    let mut table = Table::default();
    table.leader(11, 10);
    table.leader(12, 10);
    table.row(&row("relation", 1, 10, Mode::ShareUpdateExclusive, true, 0));
    table.row(&row("relation", 1, 11, Mode::ShareUpdateExclusive, false, 1));
    table.row(&row("relation", 1, 20, Mode::AccessExclusive, false, 1));
    table.blockers(20, "{10,10}");
    table.blockers(11, "{}");
    let (forest, _) = table.forest(None);
    assert_eq!((forest.waiting, forest.changed), (2, 1));
    assert_eq!(forest.roots.top()[0].who, [Who::Session { pid: 10 }]);
    assert_eq!(forest.roots.top()[0].behind, 1);
}

#[test]
fn a_prepared_transaction_is_a_root_with_its_name() {
    let mut table = Table::default();
    let prepared = |r: Row<'static>| Row { pid: None, virtualtransaction: "-1/700", ..r };
    table.prepared(700, "order-42");
    table.row(&prepared(row("transactionid", 700, 0, Mode::Exclusive, true, 0)));
    table.row(&prepared(row("relation", 16_412, 0, Mode::RowExclusive, true, 0)));
    table.row(&row("relation", 16_412, 3, Mode::AccessExclusive, false, 1));
    table.blockers(3, "{0}");
    let (forest, _) = table.forest(None);
    let root = &forest.roots.top()[0];
    assert_eq!((root.kind, root.behind), (RootKind::Prepared, 1));
    assert_eq!(root.who, [Who::Prepared { gid: Some("order-42".into()) }]);
}

#[test]
fn who_is_listed_and_has_nothing_any_more_is_in_nobodys_way() {
    let mut table = Table::default();
    table.row(&row("advisory", 42, 3, Mode::Exclusive, false, 1));
    table.blockers(3, "{1,0}");
    let (forest, _) = table.forest(None);
    assert_eq!((forest.waiting, forest.changed, forest.roots.total()), (1, 1, 0));
}

#[test]
fn a_chain_of_ten_thousand_and_a_ring_of_as_many_are_borne() {
    for ring in [false, true] {
        let mut table = Table::default();
        for pid in 1..=10_000 {
            table.row(&row("transactionid", pid as u32, pid, Mode::Exclusive, true, 0));
            let next = if pid < 10_000 { pid + 1 } else { 1 };
            if pid < 10_000 || ring {
                table.row(&row("transactionid", next as u32, pid, Mode::Share, false, 1));
                table.blockers(pid, &format!("{{{next}}}"));
            }
        }
        let (forest, _) = table.forest(None);
        let [root] = forest.roots.top() else { panic!("one root") };
        assert!(serde_json::to_string(&forest).unwrap().len() < 20_000);
        match ring {
            true => assert_eq!((root.kind, root.members, root.who.len()), (RootKind::Deadlock, 10_000, 32)),
            false => assert_eq!((root.depth, root.behind, root.more), (9_999, 9_999, 9_951)),
        }
    }
}
