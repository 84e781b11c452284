//! From sockets with owners to groups, listeners and rows: what the facts hold.

use super::{
    gather::{Far, Gathered, OTHER_USER, Sums},
    owners::NOBODY,
};
use crate::{
    areas::sockets::facts::{Ages, Group, Mark, Marked, Owner, PortUse, Row},
    model::{Arrange, Gaps, Kept, Process, Reading, Seen, Why},
    source::{Moment, net::Endpoint},
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Groups that facts hold.
const MOST: usize = 4096;
/// Further holders that are named.
const ALSO: usize = 8;

/// Turns an index of the process table into an owner, once each.
pub struct Naming<'m, 'w> {
    m: &'m Moment<'w>,
    also: HashMap<u32, Vec<u32>>,
}

impl<'m, 'w> Naming<'m, 'w> {
    pub fn new(m: &'m Moment<'w>, gathered: &Gathered) -> Self {
        let mut also: HashMap<u32, Vec<u32>> = HashMap::new();
        for (mini, process) in &gathered.owners.shared {
            let list = also.entry(*mini).or_default();
            if list.len() < ALSO && !list.contains(process) {
                list.push(*process);
            }
        }
        Self { m, also }
    }
    pub fn process(&self, index: u32) -> Process {
        self.m.name(&self.m.processes()[index as usize])
    }
    pub fn owner(&self, index: u32, also: &[u32]) -> Owner {
        let limit = self.m.processes()[index as usize].limit;
        Owner {
            process: self.process(index),
            soft_limit: limit.map(|l| l.soft).into(),
            also: also.iter().filter(|a| **a != index).map(|a| self.process(*a)).collect(),
        }
    }
    /// Other holders of one socket.
    pub fn sharing(&self, mini: u32) -> &[u32] {
        self.also.get(&mini).map_or(&[], |v| v)
    }
}

#[derive(Default)]
struct Sum {
    count: u64,
    bytes: u64,
    aged: u64,
    ages: Ages,
    marks: BTreeMap<Mark, Marked>,
    also: Vec<u32>,
}

/// All groups. `lost`: why sockets without an owner have none. `lately`: sums of the first look, to tell what was sent since.
pub fn groups(
    naming: &Naming,
    g: &Gathered,
    lost: Why,
    lately: Option<&Sums>,
    everything: bool,
) -> Kept<Group> {
    let mut sums: HashMap<(u32, u32), Sum> = HashMap::new();
    for (i, mini) in g.owners.all().iter().enumerate() {
        if mini.owner == NOBODY && !everything {
            continue;
        }
        let sum = sums.entry((mini.group, mini.owner)).or_default();
        sum.count += 1;
        sum.bytes += u64::from(mini.bytes);
        if let Some(age) = mini.age() {
            sum.aged += 1;
            sum.ages.add(age);
        }
        for mark in Mark::ALL.into_iter().filter(|m| mini.bears(*m)) {
            let marked = sum.marks.entry(mark).or_default();
            marked.count += 1;
            marked.bytes += u64::from(mini.bytes);
            marked.tries = marked.tries.max(mini.tries.into());
            if let Some(age) = mini.age() {
                marked.ages.add(age);
            }
        }
        for other in naming.sharing(i as u32) {
            if sum.also.len() < ALSO && !sum.also.contains(other) {
                sum.also.push(*other);
            }
        }
    }
    let mut out: Vec<Group> = Vec::with_capacity(sums.len());
    let group = |at: u32, owner: Reading<Option<Owner>>, sum: Sum| {
        let pre = &g.groups[at as usize];
        let before = lately.and_then(|l| l.get(&(pre.state, pre.far))).copied().unwrap_or_default();
        // Per end, not per owner: processes that share a peer share its losses.
        let (segments, retransmitted) =
            (pre.segments.saturating_sub(before.0), pre.retransmitted.saturating_sub(before.1));
        let ages = if sum.aged == sum.count { Ok(sum.ages) } else { Err(Why::Unsupported) };
        Group {
            state: pre.state,
            end: pre.far.end(),
            owner,
            count: sum.count,
            bytes: sum.bytes,
            ages: ages.into(),
            segments,
            retransmitted,
            marks: sum.marks,
        }
    };
    for ((at, owner), sum) in sums {
        let owner = if owner == NOBODY {
            Reading::unseen(lost)
        } else {
            Reading::seen(Some(naming.owner(owner, &sum.also)))
        };
        out.push(group(at, owner, sum));
    }
    if everything {
        for (at, pre) in g.groups.iter().enumerate() {
            if pre.unheld > 0 {
                let sum = Sum { count: pre.unheld, bytes: pre.unheld_bytes, ..Sum::default() };
                out.push(group(at as u32, Reading::seen(None), sum));
            }
            if pre.left_out > 0 {
                let sum = Sum { count: pre.left_out, ..Sum::default() };
                out.push(group(at as u32, Reading::unseen(Why::TooMany), sum));
            }
        }
    }
    let telling = |g: &Group| g.marks.keys().any(|m| !matches!(m, Mark::NoKeepalive | Mark::Awaiting));
    out.arrange_by(|a, b| {
        let key = |g: &Group| (telling(g), g.count);
        key(b)
            .cmp(&key(a))
            .then_with(|| a.state.cmp(&b.state))
            .then_with(|| a.end.to_string().cmp(&b.end.to_string()))
    });
    let total = out.len() as u64;
    out.truncate(MOST);
    Kept::worst(total, out)
}

/// Says whose sockets have no visible owner.
pub fn unowned(g: &Gathered, lost: Why, m: &Moment, gaps: &mut Gaps) {
    let mut by_user: BTreeMap<u8, u64> = BTreeMap::new();
    for mini in g.owners.all().iter().filter(|i| i.owner == NOBODY) {
        *by_user.entry(mini.user).or_default() += 1;
    }
    let total: u64 = by_user.values().sum();
    let uid = |u: &u8| if *u == OTHER_USER { None } else { g.users.get(usize::from(*u)).copied() };
    let users: Vec<String> = by_user
        .iter()
        .take(5)
        .map(|(u, n)| {
            uid(u).map_or(format!("others: {n}"), |id| format!("{} (uid {id}): {n}", m.world.users.name(id)))
        })
        .collect();
    let what = "owners of sockets";
    let whose = format!("sockets of {}", users.join(", "));
    let detail = match lost {
        Why::Absent => format!("{whose}; held in another container or pid namespace, or closed meanwhile"),
        _ => whose,
    };
    gaps.add_many(lost, what, total, detail);
    if lost == Why::Denied {
        gaps.remedy(lost, what, "sudo paramedic sockets");
    }
    gaps.add_many(
        Why::TooMany,
        "owners of sockets (memory is short)",
        g.owners.left_out,
        "the rest is counted by peer",
    );
}

/// The worst rows, oldest first.
pub fn rows(naming: &Naming, g: &mut Gathered, lost: Why, most: usize, everything: bool) -> Kept<Row> {
    let seeds = std::mem::take(&mut g.worst).into_sorted_vec();
    let mut rows = Vec::new();
    for std::cmp::Reverse(seed) in seeds {
        let s = seed.sock;
        let owner: Seen<Option<Process>> = match g.owners.find(s.inode).map(|i| g.owners.all()[i].owner) {
            _ if s.inode == 0 => Ok(None),
            Some(NOBODY) => Err(lost),
            Some(owner) => Ok(Some(naming.process(owner))),
            None => Err(Why::TooMany),
        };
        if !everything && !matches!(owner, Ok(Some(_))) {
            continue;
        }
        rows.push(Row {
            state: s.state,
            local: s.local.to_string(),
            peer: if s.remote.port == 0 { "-".into() } else { s.remote.to_string() },
            owner: owner.into(),
            recv_q: s.rqueue.into(),
            send_q: s.wqueue.into(),
            age_s: seed.class.age_s.map(u64::from).ok_or(Why::Unsupported).into(),
            marks: Mark::ALL.into_iter().filter(|m| seed.class.marks & m.bit() != 0).collect(),
        });
        if rows.len() == most {
            break;
        }
    }
    let total = if everything { g.states.values().sum() } else { rows.len() as u64 };
    Kept::worst(total, rows)
}

/// Ports by source and destination, the most used first, with the process that has most connections there.
pub fn ports(naming: &Naming, g: &Gathered, most: usize) -> Kept<PortUse> {
    let mut used: Vec<_> = g.ports.iter().collect();
    used.arrange_by_key(|(pair, p)| (std::cmp::Reverse(p.used), pair.1, pair.0));
    let total = used.len() as u64;
    used.truncate(most);
    let wanted: HashSet<Far> = used.iter().map(|(p, _)| Far::Peer(p.1.ip, p.1.port, p.1.scope)).collect();
    let mut by_owner: HashMap<(Far, u32), u64> = HashMap::new();
    for mini in g.owners.all().iter().filter(|i| i.owner != NOBODY) {
        let far = g.groups[mini.group as usize].far;
        if wanted.contains(&far) {
            *by_owner.entry((far, mini.owner)).or_default() += 1;
        }
    }
    let mut top: HashMap<Far, (u64, u32)> = HashMap::new();
    for ((far, owner), n) in by_owner {
        let best = top.entry(far).or_insert((n, owner));
        if (n, std::cmp::Reverse(owner)) > (best.0, std::cmp::Reverse(best.1)) {
            *best = (n, owner);
        }
    }
    let row = |(pair, p): (&super::gather::Pair, &super::gather::Ports)| PortUse {
        source: Endpoint { ip: pair.0, port: 0, scope: 0 }.addr().to_string(),
        peer: pair.1.to_string(),
        used: p.used,
        time_wait: p.time_wait,
        owner: top.get(&Far::Peer(pair.1.ip, pair.1.port, pair.1.scope)).map(|(_, o)| naming.process(*o)),
    };
    Kept::worst(total, used.into_iter().map(row).collect())
}
