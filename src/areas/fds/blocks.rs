//! The tables of `fds`.

use super::{
    Kind,
    args::{Args, Kinds, Sort},
    facts::{Facts, Inotify, Row, System, share, short},
};
use crate::model::{Arrange, Block, Cell, Column, Reading};

/// Columns of the table of processes.
const COLUMNS: [Column; 9] = [
    Column::new("pid"),
    Column::new("name"),
    Column::new("user"),
    Column::new("open"),
    Column::new("soft_limit"),
    Column::new("hard_limit").wide(),
    Column::unit("used_pct", "pct"),
    Column::new("per_s"),
    Column::new("kinds"),
];
const OPEN: usize = 3;
const PER_S: usize = 7;

/// Everything worth drawing; tables of particulars only where there are any.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let mut out = vec![processes(facts, args)];
    if facts.narrowed || args.kinds == Kinds::All {
        out.extend(kinds(facts, args));
    }
    out.push(system(&facts.system));
    out.extend(inotify(&facts.inotify));
    out
}

/// The columns after so many looks; `--all` streams the same. One look has no rates, and a column of nothing but question
/// marks tells nobody anything.
pub(super) fn columns(looks: u32) -> Vec<Column> {
    COLUMNS.into_iter().filter(|c| looks > 1 || c.key != COLUMNS[PER_S].key).collect()
}

/// One row of the table of processes, as long as [`columns`].
pub(super) fn cells(row: &Row, looks: u32) -> Vec<Cell> {
    let p = &row.process;
    let mut cells = vec![
        Cell::Id(u64::try_from(p.pid).unwrap_or(0)),
        (&p.name).into(),
        p.user.clone().into(),
        (&row.open).into(),
        (&row.soft_limit).into(),
        (&row.hard_limit).into(),
        (&row.used_pct).into(),
        (&row.per_s).into(),
        (&row.kinds.clone().map(|k| short(&k))).into(),
    ];
    if looks < 2 {
        cells.remove(PER_S);
    }
    cells
}

fn processes(facts: &Facts, args: &Args) -> Block {
    let mut rows: Vec<Vec<Cell>> = facts.processes.top().iter().map(|r| cells(r, facts.looks)).collect();
    // They come nearest to the limit first; a sort that keeps equals in place leaves that as the second order.
    match args.sort {
        Sort::Pct => {}
        Sort::Open => rows.arrange_by(|a, b| number(&b[OPEN]).total_cmp(&number(&a[OPEN]))),
        Sort::Growth if facts.looks < 2 => {}
        Sort::Growth => rows.arrange_by(|a, b| number(&b[PER_S]).total_cmp(&number(&a[PER_S]))),
    }
    rows.truncate(args.rows as usize);
    let columns = columns(facts.looks);
    Block::Table { name: "processes", columns, rows, total: facts.processes.total() }
}

/// What a cell weighs in an order; what was not seen comes last.
fn number(cell: &Cell) -> f64 {
    match cell {
        Cell::Int(n) => *n as f64,
        Cell::Num(x) => *x,
        _ => f64::NEG_INFINITY,
    }
}

/// Every kind of the processes that were looked through.
fn kinds(facts: &Facts, args: &Args) -> Option<Block> {
    let columns = vec![Column::new("pid"), Column::new("name"), Column::new("kind"), Column::new("open")];
    let mut rows = Vec::new();
    for row in facts.processes.top() {
        let pid = Cell::Id(u64::try_from(row.process.pid).unwrap_or(0));
        let of = |kind| Cell::from(&row.kinds.clone().map(|k| k.get(&kind).copied().unwrap_or(0)));
        let mut held: Vec<_> = Kind::ALL.into_iter().map(|k| (k, of(k))).collect();
        held.retain(|(_, open)| number(open) > 0.0);
        held.arrange_by(|a, b| number(&b.1).total_cmp(&number(&a.1)));
        let cells =
            |(k, open): (Kind, Cell)| vec![pid.clone(), (&row.process.name).into(), k.name().into(), open];
        rows.extend(held.into_iter().map(cells));
    }
    let total = rows.len() as u64;
    // Worst process first as in the table above; in it the most frequent kind.
    rows.truncate(args.rows as usize);
    (total > 0).then_some(Block::Table { name: "kinds", columns, rows, total })
}

/// The whole machine in one row.
fn system(s: &Reading<System>) -> Block {
    let columns = vec![Column::new("open_files"), Column::new("max"), Column::unit("used_pct", "pct")];
    let row = vec![
        (&s.map(|s| s.open)).into(),
        (&s.map(|s| s.max)).into(),
        (&s.map(|s| share(s.open, s.max))).into(),
    ];
    Block::Table { name: "system", columns, rows: vec![row], total: 1 }
}

/// One row for each user that holds inotify instances.
fn inotify(i: &Inotify) -> Option<Block> {
    let columns = vec![
        Column::new("uid"),
        Column::new("user"),
        Column::new("instances"),
        Column::new("max"),
        Column::unit("used_pct", "pct"),
        Column::new("most_in"),
        Column::new("not_looked_through").wide(),
    ];
    let held = |u: &&super::facts::User| u.instances > 0;
    let rows: Vec<_> = i
        .users
        .top()
        .iter()
        .filter(held)
        .map(|u| {
            vec![
                Cell::Id(u.uid.into()),
                u.name.as_str().into(),
                u.instances.into(),
                (&i.max).into(),
                (&i.max.map(|max| share(u.instances, Some(max)))).into(),
                u.top.as_ref().map(|(p, n)| format!("{} {n}", p.label())).into(),
                u.unseen.into(),
            ]
        })
        .collect();
    let total = rows.len() as u64;
    (total > 0).then_some(Block::Table { name: "inotify", columns, rows, total })
}

#[cfg(test)]
mod tests {
    use super::{
        super::checks::recorded::{facts, row, user, with_growth, with_rows},
        *,
    };
    use crate::model::{Kept, Why};

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
    fn pids(facts: &Facts, args: &Args) -> Vec<Cell> {
        let (_, rows, _) = table(&blocks(facts, args), "processes").unwrap();
        rows.into_iter().map(|r| r[0].clone()).collect()
    }

    #[test]
    fn every_row_is_as_long_as_its_columns_with_one_look_and_with_many() {
        let kinds = Reading::seen([(Kind::File, 2), (Kind::Pipe, 3)].into());
        let mut facts = with_rows(vec![Row { kinds, ..row(1, 5, None, None) }]);
        facts.inotify.users = Kept::whole(vec![user(0, 3), user(5, 0)]);
        facts.narrowed = true;
        for looks in [1, 2] {
            facts.looks = looks;
            let blocks = blocks(&facts, &Args::default());
            for name in ["processes", "kinds", "system", "inotify"] {
                let (columns, rows, _) = table(&blocks, name).unwrap_or_else(|| panic!("{name}"));
                assert!(!rows.is_empty() && rows.iter().all(|r| r.len() == columns.len()), "{name}");
                assert_eq!(name == "processes" && looks > 1, columns.contains(&"per_s"), "{name}");
            }
        }
        let (_, kinds, total) = table(&blocks(&facts, &Args::default()), "kinds").unwrap();
        assert_eq!((&kinds[0][2], &kinds[1][2], total), (&"pipe".into(), &"file".into(), 2));
        let (_, users, _) = table(&blocks(&facts, &Args::default()), "inotify").unwrap();
        assert_eq!(users.len(), 1, "who holds none has no row");
    }

    #[test]
    fn the_table_is_in_the_order_asked_for_and_says_how_many_there_are() {
        let mut rows =
            vec![row(1, 9, Some(10), None), row(2, 500, Some(1_000), None), row(3, 50, Some(1_000), None)];
        rows[2].per_s = Reading::seen(4.0);
        rows[0].per_s = Reading::seen(-1.0);
        let facts = Facts { processes: Kept::worst(70, rows), ..with_growth(60.0, vec![]) };
        let by = |sort| pids(&facts, &Args { sort, ..Args::default() });
        assert_eq!(by(Sort::Pct), [1u64, 2, 3].map(Cell::Id));
        assert_eq!(by(Sort::Open), [2u64, 3, 1].map(Cell::Id));
        assert_eq!(by(Sort::Growth), [3u64, 1, 2].map(Cell::Id), "not seen comes last");
        let cut = blocks(&facts, &Args { rows: 2, ..Args::default() });
        let (_, rows, total) = table(&cut, "processes").unwrap();
        assert_eq!((rows.len(), total), (2, 70));
    }

    #[test]
    fn what_was_not_seen_is_unseen_and_no_limit_is_none() {
        let mut denied = row(1, 0, None, None);
        denied.open = Reading::unseen(Why::Denied);
        denied.used_pct = Reading::unseen(Why::Denied);
        let cells = cells(&denied, 1);
        assert_eq!((&cells[OPEN], &cells[OPEN + 1], &cells[6]), (&Cell::Unseen, &Cell::None, &Cell::Unseen));
        let unread = Facts { system: Reading::unseen(Why::Absent), ..facts() };
        let (_, rows, _) = table(&blocks(&unread, &Args::default()), "system").unwrap();
        assert_eq!(rows[0], [Cell::Unseen, Cell::Unseen, Cell::Unseen]);
    }
}
