//! The tables of `memory`.

use super::{
    args::{Args, Sort},
    facts::{Facts, Group, Machine, Row},
};
use crate::model::{Arrange, Block, Cell, Column, Reading};

/// Everything worth drawing.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    vec![groups(facts, args), processes(facts, args)]
}

/// Columns of the table of groups. `unreclaimable` is what a kill would be for; the other two are what others call "used".
const GROUPS: [Column; 13] = [
    Column::new("cgroup"),
    Column::unit("unreclaimable_bytes", "bytes"),
    Column::unit("limit_bytes", "bytes"),
    Column::unit("used_pct", "pct"),
    Column::new("oom_kills"),
    Column::unit("current_bytes", "bytes"),
    Column::unit("working_set_bytes", "bytes"),
    Column::unit("full_avg60_pct", "pct"),
    Column::unit("swap_bytes", "bytes").wide(),
    Column::unit("anon_bytes", "bytes").wide(),
    Column::unit("kernel_bytes", "bytes").wide(),
    Column::new("limit_at").wide(),
    Column::new("processes").wide(),
];

fn groups(facts: &Facts, args: &Args) -> Block {
    let mut rows: Vec<(f64, Vec<Cell>)> =
        facts.groups.top().iter().map(|g| (order(g, args.sort), cells(g))).collect();
    if args.sort != Sort::Pct {
        rows.arrange_by(|a, b| b.0.total_cmp(&a.0));
    }
    rows.truncate(args.rows as usize);
    let mut rows: Vec<_> = rows.into_iter().map(|r| r.1).collect();
    let mut total = facts.groups.total();
    if let Some(machine) = facts.machine.drawn() {
        rows.push(whole(machine));
        total += 1;
    }
    Block::Table { name: "groups", columns: GROUPS.to_vec(), rows, total }
}

fn order(g: &Group, sort: Sort) -> f64 {
    let charge = g.charge.drawn();
    match sort {
        Sort::Pct => g.used_pct.drawn().copied().flatten().unwrap_or(0.0),
        Sort::Size => charge.map_or(-1.0, |c| c.current as f64),
        Sort::Growth => g.per_s.drawn().copied().unwrap_or(f64::NEG_INFINITY),
        Sort::Swap => charge.and_then(|c| c.swap).map_or(-1.0, |s| s as f64),
    }
}

fn cells(g: &Group) -> Vec<Cell> {
    let told = |f: fn(&super::facts::Charge) -> Option<u64>| match g.charge.drawn() {
        Some(c) => f(c).map_or(Cell::Unseen, Cell::Int),
        None => Cell::Unseen,
    };
    let limit = |f: fn(&super::facts::Bound) -> Cell| match g.binds.drawn() {
        Some(bound) => bound.as_ref().map_or(Cell::None, f),
        None => Cell::Unseen,
    };
    vec![
        (&g.path).into(),
        told(|c| Some(c.unreclaimable)),
        limit(|b| b.bytes.into()),
        pct_of_binding(g),
        (&g.kills.map(|k| k.own.saturating_add(k.ended))).into(),
        told(|c| Some(c.current)),
        told(|c| Some(c.working_set)),
        full(&g.psi),
        told(|c| c.swap),
        told(|c| Some(c.anon)),
        told(|c| c.kernel),
        limit(|b| (&b.path).into()),
        g.processes.into(),
    ]
}

/// Its own use as a share of the limit that binds it, which may be set above it.
fn pct_of_binding(g: &Group) -> Cell {
    match (g.binds.drawn(), g.charge.drawn()) {
        (Some(None), _) => Cell::None,
        (Some(Some(b)), Some(c)) => super::facts::share(c.unreclaimable, b.bytes).into(),
        _ => Cell::Unseen,
    }
}

/// Share of the last minute in which every task waited. Two holes: no file, and a file without that line.
fn full(psi: &Reading<crate::model::Psi>) -> Cell {
    psi.drawn().and_then(|p| p.full).map_or(Cell::Unseen, |f| f.avg60.into())
}

fn whole(m: &Machine) -> Vec<Cell> {
    vec![
        "(machine)".into(),
        (&m.unreclaimable()).into(),
        m.total.into(),
        (&m.used_pct()).into(),
        (&m.kills).into(),
        m.current().into(),
        m.working_set().into(),
        m.psi.as_ref().map_or(Cell::None, full),
        m.swap_total.saturating_sub(m.swap_free).into(),
        Cell::Unseen,
        Cell::Unseen,
        Cell::None,
        Cell::Unseen,
    ]
}

fn processes(facts: &Facts, args: &Args) -> Block {
    let rates = facts.looks > 1;
    let mut kept: Vec<&Row> = facts.processes.top().iter().collect();
    let weight = |r: &Row| match args.sort {
        Sort::Pct | Sort::Size => r.rss_bytes as f64,
        Sort::Growth => r.per_s.drawn().copied().unwrap_or(f64::NEG_INFINITY),
        Sort::Swap => r.swap_bytes.drawn().map_or(-1.0, |s| *s as f64),
    };
    kept.arrange_by(|a, b| weight(b).total_cmp(&weight(a)));
    kept.truncate(args.rows as usize);
    Block::Table {
        name: "processes",
        columns: Row::columns(rates, args.pss),
        rows: kept.into_iter().map(|r| r.cells(rates, args.pss)).collect(),
        total: facts.processes.total(),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            checks::recorded::{MIB, group, process, with},
            facts::Bound,
        },
        *,
    };
    use crate::model::{Kept, Why};

    /// The keys of a table and its rows.
    fn table(facts: &Facts, args: &Args, wanted: &str) -> (Vec<&'static str>, Vec<Vec<Cell>>, u64) {
        let all = blocks(facts, args).into_iter().find_map(|b| match b {
            Block::Table { name, columns, rows, total } if name == wanted => {
                Some((columns.iter().map(|c| c.key).collect(), rows, total))
            }
            _ => None,
        });
        all.unwrap_or_else(|| panic!("no table {wanted}"))
    }
    fn row(pid: i32, rss: u64, per_s: f64) -> Row {
        Row {
            process: process(pid, "node"),
            rss_bytes: rss * MIB,
            pss_bytes: Reading::unseen(Why::Denied),
            swap_bytes: Reading::seen(0),
            per_s: Reading::seen(per_s),
            group: Reading::seen("/pod".into()),
        }
    }

    #[test]
    fn every_row_is_as_long_as_its_columns_with_every_flag() {
        let mut facts = with(vec![group("/pod", 5, Some(10)), group("/free", 7, None)]);
        facts.processes = Kept::whole(vec![row(1, 5, 0.0)]);
        for (looks, pss) in [(1, false), (1, true), (5, false), (5, true)] {
            facts.looks = looks;
            let args = Args { pss, ..Args::default() };
            for name in ["groups", "processes"] {
                let (keys, rows, _) = table(&facts, &args, name);
                assert!(!rows.is_empty() && rows.iter().all(|r| r.len() == keys.len()), "{name}");
            }
            let (keys, ..) = table(&facts, &args, "processes");
            assert_eq!((keys.contains(&"pss_bytes"), keys.contains(&"per_h_bytes")), (pss, looks > 1));
        }
        let (_, rows, total) = table(&facts, &Args::default(), "groups");
        assert_eq!((&rows[2][0], total), (&"(machine)".into(), 3), "the machine is a row too");
    }

    #[test]
    fn the_limit_that_binds_may_be_set_above_and_none_is_not_unseen() {
        let below = Group {
            binds: Reading::seen(Some(Bound { bytes: 20 * MIB, path: "/pod".into() })),
            ..group("/pod/app", 5, None)
        };
        let hidden = Group {
            binds: Reading::unseen(Why::Denied),
            charge: Reading::unseen(Why::Denied),
            kills: Reading::unseen(Why::Unsupported),
            psi: Reading::unseen(Why::Unsupported),
            ..group("/x", 5, None)
        };
        let of = |g: &Group| cells(g)[1..8].to_vec();
        let seen = of(&below);
        assert_eq!((&seen[1], &seen[2]), (&Cell::Int(20 * MIB), &Cell::Num(25.0)));
        assert_eq!(of(&group("/free", 5, None))[1..3], [Cell::None, Cell::None]);
        assert!(of(&hidden).iter().all(|c| *c == Cell::Unseen), "{:?}", of(&hidden));
    }

    #[test]
    fn tables_are_in_the_order_asked_for_and_cut_to_their_rows() {
        let groups =
            vec![group("/near", 9, Some(10)), group("/big", 900, None), group("/mid", 40, Some(100))];
        let mut facts =
            Facts { processes: Kept::whole(vec![row(1, 9, 5.0), row(2, 7, 9.0)]), ..with(groups) };
        facts.processes = Kept::worst(40, facts.processes.top().to_vec());
        let first = |sort, name| {
            let (_, rows, _) = table(&facts, &Args { sort, rows: 1, ..Args::default() }, name);
            rows[0][0].clone()
        };
        assert_eq!(
            (first(Sort::Pct, "groups"), first(Sort::Size, "groups")),
            ("/near".into(), "/big".into())
        );
        assert_eq!(
            (first(Sort::Pct, "processes"), first(Sort::Growth, "processes")),
            (Cell::Id(1), Cell::Id(2))
        );
        assert_eq!(table(&facts, &Args { rows: 1, ..Args::default() }, "processes").2, 40);
        let blind =
            Facts { machine: Reading::unseen(Why::Absent), ..super::super::checks::recorded::facts() };
        assert_eq!(table(&blind, &Args::default(), "groups").1.len(), 0);
    }
}
