//! The tables: who was compared, what differs, which figures stand out, and what was held against each other.

use super::{
    args::Args,
    facts::{Difference, Facts, Figure, Members, Seen, Unit, fold, plain_name, with_unit},
};
use crate::model::{Arrange, Block, Cell, Column, Group};

/// A value in a cell is cut after so many characters.
const LONG: usize = 28;
/// From so many members on those that are like the norm share one row.
const MANY: usize = 16;
/// A figure stands out from this multiple of the middle on.
const STANDS_OUT: f64 = 1.2;

/// Everything there is to draw.
pub(super) fn blocks(f: &Facts, args: &Args) -> Vec<Block> {
    let rows = args.rows.max(1) as usize;
    let mut out = vec![members(f, rows)];
    if f.differences.total() > 0 {
        out.push(differences(f, rows));
    }
    let figures: Vec<&Figure> = f.figures.top().iter().filter(|n| stands_out(n)).collect();
    if !figures.is_empty() {
        out.push(numbers(f, &figures, rows));
    }
    if !f.groups.is_empty() {
        out.push(compared(f));
    }
    if f.own.total() > 0 {
        out.push(own(f));
    }
    out
}

/// Those who differ most first, then those who did not answer.
fn members(f: &Facts, rows: usize) -> Block {
    let plain = |m: &Seen| m.missing.is_none() && m.differs == 0;
    // Of many only those that stand out have a row of their own.
    let many = f.members.len() > MANY;
    let alike = Members::of((0..f.members.len() as u32).filter(|i| many && plain(&f.members[*i as usize])));
    let mut order: Vec<&Seen> = f.members.iter().filter(|m| !many || !plain(m)).collect();
    let total = order.len() as u64 + u64::from(!alike.is_empty());
    order.arrange_by(|a, b| b.bits.total_cmp(&a.bits).then(b.missing.is_some().cmp(&a.missing.is_some())));
    let row = |m: &&Seen| {
        let state = match (&m.missing, &m.state) {
            (Some(_), _) => Cell::Text("no answer".into()),
            (None, Some(state)) => Cell::Text(state.clone()),
            (None, None) => Cell::Text("answered".into()),
        };
        let unseen = m.missing.is_some();
        let or_unseen = |cell: Cell| if unseen { Cell::Unseen } else { cell };
        vec![
            m.name.as_str().into(),
            state,
            or_unseen(m.differs.into()),
            m.node.clone().into(),
            m.restarts.into(),
            or_unseen(m.age_s.map_or(Cell::None, Cell::from)),
            m.last_end.clone().into(),
            m.revision.clone().into(),
            m.zone.clone().into(),
            or_unseen(m.bits.into()),
        ]
    };
    let mut shown: Vec<Vec<Cell>> = order.iter().take(rows).map(row).collect();
    if !alike.is_empty() {
        let (name, state) = (fold(&alike, &f.members), format!("{} answered", alike.len()));
        let mut one = vec![name.into(), state.into(), Cell::Int(0)];
        one.extend(std::iter::repeat_n(Cell::None, 6));
        one.push(Cell::Num(0.0));
        shown.push(one);
    }
    Block::Table {
        name: "members",
        columns: vec![
            Column::new("member"),
            Column::new("state"),
            Column::new("differs"),
            Column::new("node"),
            Column::new("restarts"),
            Column::unit("age_s", "s"),
            Column::new("last_end").wide(),
            Column::new("revision").wide(),
            Column::new("zone").wide(),
            Column::new("surprise").wide(),
        ],
        rows: shown,
        total,
    }
}

fn differences(f: &Facts, rows: usize) -> Block {
    let row = |d: &Difference| {
        let what = format!("{} {}", word(d.group), d.label());
        let (norm, odd, theirs) = match (d.usual(), d.odd()) {
            (Some(usual), Some(odd)) => {
                let other = d.values.iter().find(|v| v.members != usual.members);
                let others = d.values.len() - 1 + usize::from(!d.others.is_empty());
                let shown = other.map(|v| v.held.said(&d.name, Some(&usual.held)));
                let theirs = match others {
                    0 | 1 => shown.unwrap_or_default(),
                    n => format!("{n} values"),
                };
                let usually = usual.held.said(&d.name, other.map(|v| &v.held));
                (counted(&usually, usual.members.len()), fold(&odd, &f.members), theirs)
            }
            _ => {
                let mut all: Vec<String> = Vec::new();
                for v in d.values.iter().take(2) {
                    let beside = d.values.iter().find(|o| o.held != v.held).map(|o| &o.held);
                    all.push(counted(&v.held.said(&d.name, beside), v.members.len()));
                }
                (
                    all.first().cloned().unwrap_or_default(),
                    "split".into(),
                    all.get(1).cloned().unwrap_or_default(),
                )
            }
        };
        vec![cut(&what).into(), odd.into(), cut(&theirs).into(), norm.into(), d.unseen.len().into()]
    };
    Block::Table {
        name: "differences",
        columns: vec![
            Column::new("attribute"),
            Column::new("odd"),
            Column::new("its_value"),
            Column::new("norm"),
            Column::new("unseen").wide(),
        ],
        rows: f.differences.top().iter().take(rows).map(row).collect(),
        total: f.differences.total(),
    }
}

/// `4x Europe/Berlin`.
fn counted(value: &str, times: usize) -> String {
    format!("{times}x {}", cut(value))
}

fn stands_out(n: &Figure) -> bool {
    let Some((_, highest)) = n.highest.first() else { return false };
    match n.unit() {
        Unit::Other => false,
        Unit::Pct => *highest - n.median >= 5.0,
        Unit::Bytes | Unit::Count => *highest > n.median * STANDS_OUT && *highest > 0.0,
    }
}

fn numbers(f: &Facts, figures: &[&Figure], rows: usize) -> Block {
    let row = |n: &&Figure| {
        let (member, highest) = n.highest.first().copied().unwrap_or((0, 0.0));
        let who = f.members.get(member as usize).map(|m| m.name.clone());
        let ratio = if n.median > 0.0 { Cell::from(highest / n.median) } else { Cell::None };
        vec![
            format!("{} {}", word(n.group), plain_name(&n.name)).into(),
            with_unit(n.median, &n.name).into(),
            with_unit(highest, &n.name).into(),
            who.into(),
            ratio,
            n.of.into(),
        ]
    };
    Block::Table {
        name: "figures",
        columns: vec![
            Column::new("figure"),
            Column::new("median"),
            Column::new("highest"),
            Column::new("of"),
            Column::new("times").wide(),
            Column::new("members").wide(),
        ],
        rows: figures.iter().take(rows).map(row).collect(),
        total: figures.len() as u64,
    }
}

fn compared(f: &Facts) -> Block {
    let rows = f.groups.iter().map(|g| {
        let unseen: u64 = g.unseen.iter().map(|u| u.1).sum();
        vec![
            word(g.group).into(),
            g.attributes.into(),
            g.equal.into(),
            g.differ.into(),
            g.own.into(),
            g.figures.into(),
            unseen.into(),
        ]
    });
    Block::Table {
        name: "compared",
        columns: vec![
            Column::new("group"),
            Column::new("attributes"),
            Column::new("equal"),
            Column::new("differ"),
            Column::new("own"),
            Column::new("figures"),
            Column::new("not_seen"),
        ],
        rows: rows.collect(),
        total: f.groups.len() as u64,
    }
}

/// What is another everywhere and was learned to be each one's own: one line, never so many deviants.
fn own(f: &Facts) -> Block {
    const NAMED: usize = 5;
    let names = f.own.top();
    let mut said = names.iter().take(NAMED).map(|n| cut(n)).collect::<Vec<_>>().join(", ");
    if f.own.total() > NAMED as u64 {
        said += &format!(" and {} more", f.own.total() - NAMED as u64);
    }
    let columns = vec![Column::new("another_in_each_and_not_judged")];
    Block::Table { name: "own", columns, rows: vec![vec![said.into()]], total: 1 }
}

fn word(group: Group) -> &'static str {
    match group {
        Group::Env => "env",
        Group::File => "file",
        Group::Dns => "dns",
        Group::Image => "image",
        Group::Limit => "limit",
        Group::Sysctl => "sysctl",
        Group::Version => "version",
        Group::Mount => "mount",
        Group::Disk => "disk",
        Group::Memory => "memory",
        Group::Fd => "fd",
        Group::Socket => "socket",
        Group::Process => "process",
    }
}

fn cut(text: &str) -> String {
    text.char_indices().nth(LONG).map_or_else(|| text.to_string(), |(at, _)| format!("{}…", &text[..at]))
}
