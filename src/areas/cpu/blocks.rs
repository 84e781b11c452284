//! The tables of `cpu`.

use super::{
    args::{Args, Sort},
    facts::{Facts, Group, Groups, Machine, Periods, Thread},
};
use crate::model::{Arrange, Block, Cell, Column, Kept, Reading};

/// Everything worth drawing. What needs a window has no column without one: a column of nothing but question marks tells
/// nobody anything.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let rates = facts.window_s.drawn().is_some();
    let mut out = Vec::new();
    out.extend(facts.groups.drawn().map(|g| groups(g, args, rates)));
    out.extend(facts.threads.drawn().filter(|t| t.total() > 0).map(|t| threads(t, args)));
    out.push(machine(&facts.machine, rates));
    out
}

fn groups(groups: &Groups, args: &Args, rates: bool) -> Block {
    const COLUMNS: [(Column, bool); 9] = [
        (Column::new("cgroup"), false),
        (Column::new("quota_cores"), false),
        (Column::new("used_cores"), true),
        (Column::unit("throttled_pct", "pct"), true),
        (Column::unit("ever_throttled_pct", "pct").wide(), false),
        (Column::unit("some_avg10_pct", "pct"), false),
        (Column::unit("some_avg60_pct", "pct"), false),
        (Column::unit("full_avg60_pct", "pct").wide(), false),
        (Column::new("busiest"), true),
    ];
    let row = |g: &Group| {
        // Without a quota nothing can be throttled: that is no nought.
        let free = matches!(g.quota_cores.drawn(), Some(None));
        let share = |p: &Reading<Periods>| {
            if free { Cell::None } else { (&p.map(|p| (p.periods > 0).then(|| p.pct()))).into() }
        };
        let cells = [
            Cell::from(&g.path),
            (&g.quota_cores).into(),
            (&g.used_cores).into(),
            share(&g.window),
            share(&g.life),
            (&g.pressure.map(|p| p.some.avg10)).into(),
            (&g.pressure.map(|p| p.some.avg60)).into(),
            (&g.pressure.map(|p| p.full.map(|l| l.avg60))).into(),
            g.busiest.as_ref().map(|(p, _)| p.label()).into(),
        ];
        shown(&COLUMNS, cells, rates)
    };
    let rows = groups.rows.top().iter().take(args.rows as usize).map(row).collect();
    let columns = COLUMNS.iter().filter(|c| rates || !c.1).map(|c| c.0).collect();
    Block::Table { name: "groups", columns, rows, total: groups.rows.total() }
}

/// The cells whose column is there.
fn shown<const N: usize>(columns: &[(Column, bool); N], cells: [Cell; N], rates: bool) -> Vec<Cell> {
    cells.into_iter().zip(columns).filter(|(_, c)| rates || !c.1).map(|(cell, _)| cell).collect()
}

fn threads(threads: &Kept<Thread>, args: &Args) -> Block {
    let columns = vec![
        Column::new("pid"),
        Column::new("name"),
        Column::new("tid"),
        Column::new("thread"),
        Column::new("state"),
        Column::unit("share_pct", "pct"),
        Column::unit("wait_pct", "pct"),
    ];
    let mut rows: Vec<&Thread> = threads.top().iter().collect();
    let by: fn(&Thread) -> f64 = match args.sort {
        Sort::Share => |t| t.share_pct,
        Sort::Wait => |t| t.wait_pct,
    };
    rows.arrange_by(|a, b| by(b).total_cmp(&by(a)));
    let row = |t: &&Thread| {
        vec![
            Cell::Id(u64::try_from(t.process.pid).unwrap_or(0)),
            (&t.process.name).into(),
            Cell::Id(t.tid),
            (&t.name).into(),
            t.state.to_string().into(),
            t.share_pct.into(),
            t.wait_pct.into(),
        ]
    };
    let rows = rows.iter().take(args.rows as usize).map(row).collect();
    Block::Table { name: "threads", columns, rows, total: threads.total() }
}

fn machine(m: &Machine, rates: bool) -> Block {
    const COLUMNS: [(Column, bool); 6] = [
        (Column::new("cores"), false),
        (Column::unit("user_pct", "pct"), true),
        (Column::unit("system_pct", "pct"), true),
        (Column::unit("iowait_pct", "pct"), true),
        (Column::unit("steal_pct", "pct"), true),
        (Column::unit("idle_pct", "pct"), true),
    ];
    let s = &m.shares;
    let cells = [
        (&m.cores).into(),
        (&s.map(|s| s.user_pct)).into(),
        (&s.map(|s| s.system_pct)).into(),
        (&s.map(|s| s.iowait_pct)).into(),
        (&s.map(|s| s.steal_pct)).into(),
        (&s.map(|s| s.idle_pct)).into(),
    ];
    let columns = COLUMNS.iter().filter(|c| rates || !c.1).map(|c| c.0).collect();
    Block::Table { name: "machine", columns, rows: vec![shown(&COLUMNS, cells, rates)], total: 1 }
}

#[cfg(test)]
mod tests {
    use super::{
        super::checks::recorded::{facts, free, group, process, with_groups, with_steal},
        *,
    };
    use crate::model::Why;

    /// Keys, rows and total of one table.
    type Drawn = (Vec<&'static str>, Vec<Vec<Cell>>, u64);

    fn table(blocks: &[Block], wanted: &str) -> Option<Drawn> {
        blocks.iter().find_map(|b| match b {
            Block::Table { name, columns, rows, total } if *name == wanted => {
                Some((columns.iter().map(|c| c.key).collect(), rows.clone(), *total))
            }
            _ => None,
        })
    }
    fn thread(tid: u64, share_pct: f64, wait_pct: f64) -> Thread {
        Thread { process: process(41, "node"), tid, name: "w".into(), state: 'R', share_pct, wait_pct }
    }

    #[test]
    fn every_row_is_as_long_as_its_columns_with_one_look_and_with_many() {
        let mut facts =
            Facts { machine: with_steal(1.0, 1.0, 1.0).machine, ..with_groups(1.0, vec![group("/a")]) };
        facts.threads = Reading::seen(Kept::whole(vec![thread(1, 2.0, 3.0)]));
        for rates in [true, false] {
            if !rates {
                facts.window_s = Reading::unseen(Why::NotAsked);
            }
            let blocks = blocks(&facts, &Args::default());
            for name in ["groups", "threads", "machine"] {
                let (columns, rows, _) = table(&blocks, name).unwrap_or_else(|| panic!("{name}"));
                assert!(!rows.is_empty() && rows.iter().all(|r| r.len() == columns.len()), "{name}");
            }
            let (columns, ..) = table(&blocks, "groups").unwrap();
            assert_eq!(columns.contains(&"throttled_pct"), rates);
        }
        assert!(
            table(&blocks(&super::super::checks::recorded::facts(), &Args::default()), "groups").is_none()
        );
    }

    #[test]
    fn no_quota_is_no_nought_and_what_was_not_seen_is_neither() {
        let denied = Group {
            quota_cores: Reading::unseen(Why::Denied),
            window: Reading::unseen(Why::Denied),
            pressure: Reading::unseen(Why::Unsupported),
            ..group("/c")
        };
        let facts = with_groups(1.0, vec![group("/a"), free("/b"), denied]);
        let (_, rows, _) = table(&blocks(&facts, &Args::default()), "groups").unwrap();
        let of = |r: usize| (rows[r][1].clone(), rows[r][3].clone());
        assert_eq!(of(0), (Cell::Num(0.5), Cell::Num(0.0)));
        assert_eq!(of(1), (Cell::None, Cell::None));
        assert_eq!(of(2), (Cell::Unseen, Cell::Unseen));
        assert_eq!(rows[2][5], Cell::Unseen, "pressure that is not counted is not 0");
    }

    #[test]
    fn threads_are_in_the_order_asked_for() {
        let threads = Kept::worst(9, vec![thread(1, 90.0, 1.0), thread(2, 5.0, 80.0)]);
        let facts = Facts { threads: Reading::seen(threads), ..facts() };
        let of = |sort| {
            let (_, rows, total) =
                table(&blocks(&facts, &Args { sort, ..Args::default() }), "threads").unwrap();
            (rows[0][2].clone(), total)
        };
        assert_eq!(of(Sort::Share), (Cell::Id(1), 9));
        assert_eq!(of(Sort::Wait), (Cell::Id(2), 9));
    }
}
