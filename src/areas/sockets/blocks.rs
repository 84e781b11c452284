//! The tables of `sockets`.

use super::{
    args::{Args, GroupBy},
    facts::{End, Facts, Group, Listener, Mark, Owner, Row},
};
use crate::model::{Arrange, Block, Cell, Column, Kept, Process, Reading, TcpState};
use std::collections::{BTreeMap, HashMap};

/// Connections, listeners, single sockets, states, ports: the most telling first.
pub fn blocks(f: &Facts, args: &Args) -> Vec<Block> {
    let rows = args.rows as usize;
    let mut out = Vec::new();
    if !args.listen {
        match args.group_by {
            GroupBy::State => {}
            by => out.push(connections(f, by, rows)),
        }
    }
    if args.mask() & TcpState::Listen.bit() != 0 {
        out.push(listeners(f, rows));
    }
    if !args.state.is_empty() || args.peer.is_some() || f.narrowed {
        out.push(sockets(&f.worst));
    }
    if !args.listen {
        out.push(states(f));
        out.push(ports(f));
    }
    out.retain(|b| !matches!(b, Block::Table { rows, .. } if rows.is_empty()));
    out
}

/// The columns pid and name of whoever holds sockets: `-` for nobody, `?` for some who are not seen.
fn pid_and_name(owner: &Reading<Option<Owner>>) -> [Cell; 2] {
    process(owner.drawn().map(|o| o.as_ref().map(|o| &o.process)))
}
fn process(p: Option<Option<&Process>>) -> [Cell; 2] {
    match p {
        Some(Some(p)) => [Cell::Id(p.pid as u64), (&p.name).into()],
        Some(None) => [Cell::None, Cell::None],
        None => [Cell::Unseen, Cell::Unseen],
    }
}

#[derive(Default)]
struct Sum {
    connections: u64,
    established: u64,
    close_wait: u64,
    fin_wait: u64,
    time_wait: u64,
    syn_sent: u64,
    awaiting: u64,
    stuck: u64,
    dead: u64,
    bytes: u64,
    oldest_s: Option<u64>,
    also: u64,
}

impl Sum {
    fn add(&mut self, g: &Group) {
        self.connections += g.count;
        match g.state {
            TcpState::Established => self.established += g.count,
            TcpState::CloseWait => self.close_wait += g.count,
            TcpState::FinWait1 | TcpState::FinWait2 => self.fin_wait += g.count,
            TcpState::TimeWait => self.time_wait += g.count,
            TcpState::SynSent => self.syn_sent += g.count,
            _ => {}
        }
        self.awaiting += g.marked(Mark::Awaiting).count;
        self.stuck += g.marked(Mark::Unread).count + g.marked(Mark::Unsent).count;
        self.dead += g.marked(Mark::Dead).count + g.marked(Mark::Hanging).count;
        self.bytes += g.bytes;
        if let Some(ages) = g.ages.drawn().filter(|a| a.total() > 0) {
            self.oldest_s = self.oldest_s.max(Some(ages.oldest_s.into()));
        }
        self.also =
            self.also.max(g.owner.drawn().and_then(|o| o.as_ref()).map_or(0, |o| o.also.len() as u64));
    }
}

/// One row for each end and owner, or for each owner; what leaks first, then what is most.
fn connections(f: &Facts, by: GroupBy, most: usize) -> Block {
    let columns = vec![
        Column::new("peer"),
        Column::new("pid"),
        Column::new("name"),
        Column::new("conns"),
        Column::new("close_wait"),
        Column::new("awaiting"),
        Column::unit("oldest_s", "s"),
        Column::new("established").wide(),
        Column::new("fin_wait").wide(),
        Column::new("time_wait").wide(),
        Column::new("syn_sent").wide(),
        Column::new("stuck").wide(),
        Column::new("unanswered").wide(),
        Column::unit("queued_bytes", "bytes").wide(),
        Column::new("shared_with").wide(),
    ];
    let mut sums: HashMap<(String, String), (Vec<Cell>, Sum)> = HashMap::new();
    let groups = f.groups.drawn().map_or(&[][..], Kept::top);
    for g in groups.iter().filter(|g| g.state != TcpState::Listen && g.end != End::Nobody) {
        let [pid, name] = pid_and_name(&g.owner);
        let end = if by == GroupBy::Owner { Cell::None } else { g.end.to_string().into() };
        let key = (end.plain().into_owned(), format!("{} {}", pid.plain(), name.plain()));
        sums.entry(key).or_insert_with(|| (vec![end, pid, name], Sum::default())).1.add(g);
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.arrange_by(|(ka, (_, a)), (kb, (_, b))| {
        (b.close_wait, b.dead, b.stuck, b.connections, ka).cmp(&(
            a.close_wait,
            a.dead,
            a.stuck,
            a.connections,
            kb,
        ))
    });
    let total = sums.len() as u64;
    sums.truncate(most);
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (_, (mut row, s)) in sums {
        row.extend([s.connections, s.close_wait, s.awaiting].map(Cell::Int));
        row.push(s.oldest_s.into());
        row.extend(
            [s.established, s.fin_wait, s.time_wait, s.syn_sent, s.stuck, s.dead, s.bytes].map(Cell::Int),
        );
        row.push(s.also.into());
        rows.push(row);
    }
    let mut block = Block::Table { name: "peers", columns, rows, total };
    if let (GroupBy::Owner, Block::Table { name, columns, rows, .. }) = (by, &mut block) {
        *name = "owners";
        columns.remove(0);
        rows.iter_mut().for_each(|r| drop(r.remove(0)));
    }
    block
}

fn listeners(f: &Facts, most: usize) -> Block {
    let columns = vec![
        Column::new("listener"),
        Column::new("pid"),
        Column::new("name"),
        Column::new("queue"),
        Column::new("backlog"),
        Column::new("drops"),
        Column::new("dropped_in_window").wide(),
        Column::new("shared_with").wide(),
    ];
    let row = |l: &Listener| {
        let [pid, name] = pid_and_name(&l.owner);
        let also = l
            .owner
            .drawn()
            .and_then(|o| o.as_ref())
            .map(|o| o.also.iter().map(|p| p.pid.to_string()).collect());
        let also = also.filter(|a: &Vec<_>| !a.is_empty()).map_or(Cell::None, Cell::List);
        let (queue, backlog) = (l.queue.into(), (&l.backlog).into());
        vec![
            l.address.as_str().into(),
            pid,
            name,
            queue,
            backlog,
            (&l.drops).into(),
            (&l.dropped).into(),
            also,
        ]
    };
    let all = f.listeners.drawn();
    let rows = all.map_or(&[][..], Kept::top).iter().take(most).map(row).collect();
    Block::Table { name: "listeners", columns, rows, total: all.map_or(0, Kept::total) }
}

fn sockets(worst: &Kept<Row>) -> Block {
    let columns = vec![
        Column::new("state"),
        Column::new("local"),
        Column::new("peer"),
        Column::new("pid"),
        Column::new("name"),
        Column::new("recv_q"),
        Column::new("send_q"),
        Column::unit("age_s", "s"),
    ];
    let row = |r: &Row| {
        let [pid, name] = process(r.owner.drawn().map(Option::as_ref));
        let (local, peer) = (r.local.as_str().into(), r.peer.as_str().into());
        vec![
            r.state.to_string().into(),
            local,
            peer,
            pid,
            name,
            r.recv_q.into(),
            r.send_q.into(),
            (&r.age_s).into(),
        ]
    };
    Block::Table {
        name: "sockets",
        columns,
        rows: worst.top().iter().map(row).collect(),
        total: worst.total(),
    }
}

fn states(f: &Facts) -> Block {
    let empty = BTreeMap::new();
    let states = f.states.drawn().unwrap_or(&empty);
    let rows: Vec<_> = states.iter().map(|(s, n)| vec![s.to_string().into(), (*n).into()]).collect();
    let columns = vec![Column::new("state"), Column::new("sockets")];
    Block::Table { name: "states", columns, total: rows.len() as u64, rows }
}

/// Only destinations that use a share worth showing.
fn ports(f: &Facts) -> Block {
    let columns = vec![
        Column::new("source"),
        Column::new("destination"),
        Column::new("ports_used"),
        Column::new("time_wait"),
        Column::new("available"),
        Column::unit("used_pct", "pct"),
    ];
    let all = f.ports.drawn().map_or(&[][..], Kept::top);
    let available = f.ports_available.drawn().copied().filter(|a| *a > 0);
    let share = |used: u64| available.map(|a| used as f64 * 100.0 / a as f64);
    let worth = all.iter().filter(|p| share(p.used).is_some_and(|s| s >= 5.0));
    let rows: Vec<_> = worth
        .map(|p| {
            let (source, peer) = (p.source.as_str().into(), p.peer.as_str().into());
            vec![
                source,
                peer,
                p.used.into(),
                p.time_wait.into(),
                (&f.ports_available).into(),
                share(p.used).into(),
            ]
        })
        .collect();
    Block::Table { name: "ports", columns, total: rows.len() as u64, rows }
}
