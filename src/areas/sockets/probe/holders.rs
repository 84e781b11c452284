//! All holders of a shared socket, without reading all descriptors: a child inherits a descriptor under the same number,
//! so one link of each relative tells.

use super::owners::{Mini, Owners};
use crate::{
    areas::sockets::facts::Mark,
    source::{Moment, link_of, proc::link::socket_inode},
};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Links read for this in one look: about 40 ms at the most.
const PROBES: usize = 4096;
/// Relatives asked of one owner.
const RELATIVES: usize = 64;
/// Sockets of one owner that are asked for.
const SAMPLE: usize = 8;

/// Adds the holders that the walk did not meet. `walked` tells which processes it read.
pub fn complete(m: &Moment, owners: &mut Owners, walked: &[bool], listens: impl Fn(&Mini) -> bool) {
    let telling = Mark::EofRead.bit() | Mark::EofUnread.bit() | Mark::Unread.bit() | Mark::Dead.bit();
    let mut asked: HashMap<u32, Vec<u32>> = HashMap::new();
    for (i, mini) in owners.all().iter().enumerate() {
        if mini.owner != super::owners::NOBODY && (mini.marks & telling != 0 || listens(mini)) {
            let list = asked.entry(mini.owner).or_default();
            if list.len() < SAMPLE {
                list.push(i as u32);
            }
        }
    }
    let table = m.processes();
    let end = Instant::now() + (m.left() / 4).min(Duration::from_millis(200));
    let mut probes = 0;
    for (owner, sockets) in asked {
        let o = &table[owner as usize];
        let related = table.iter().enumerate().filter(|(i, p)| {
            let family = p.ppid == o.pid || p.pid == o.ppid || (p.ppid == o.ppid && p.comm == o.comm);
            *i != owner as usize && !walked[*i] && family && !p.kernel_thread
        });
        for (i, p) in related.take(RELATIVES) {
            for socket in &sockets {
                let mini = owners.all()[*socket as usize];
                probes += 1;
                if probes > PROBES || Instant::now() >= end {
                    return;
                }
                match link_of(m, p, mini.fd) {
                    Ok(link) if socket_inode(&link) == Some(mini.inode) => {
                        owners.held(mini.inode, i as u32, mini.fd);
                    }
                    // Not shared under this number: relatives that share one socket mostly share the first.
                    _ => break,
                }
            }
        }
    }
}
