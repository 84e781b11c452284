//! From inodes to owners: what is kept of each socket between the dump and the walk, and nothing more.

use crate::areas::sockets::facts::Mark;

/// 28 bytes a socket: with a million of them this list is what decides about our memory.
#[derive(Clone, Copy, Debug)]
pub struct Mini {
    pub inode: u32,
    /// Index of its state and end.
    pub group: u32,
    /// Index into the process table, or [`NOBODY`].
    pub owner: u32,
    /// The owner's number for it.
    pub fd: u32,
    /// [`NO_AGE`] where the kernel does not tell.
    pub age_s: u32,
    pub bytes: u32,
    pub marks: u16,
    pub tries: u8,
    /// Index into the list of user ids.
    pub user: u8,
}

/// No owner was found.
pub const NOBODY: u32 = u32::MAX;
/// The kernel does not tell.
pub const NO_AGE: u32 = u32::MAX;
/// Bytes for each socket that is kept: the socket, and at most two and a half slots of the index.
const EACH: u64 = size_of::<Mini>() as u64 + 10;

impl Mini {
    pub fn bears(&self, mark: Mark) -> bool {
        self.marks & mark.bit() != 0
    }
    pub fn age(&self) -> Option<u32> {
        (self.age_s != NO_AGE).then_some(self.age_s)
    }
}

/// The sockets whose owner is looked for.
#[derive(Default)]
pub struct Owners {
    minis: Vec<Mini>,
    /// Open addressing over `minis`: 4 bytes a slot, a power of two of them, built once the dump is over.
    slots: Vec<u32>,
    most: usize,
    /// Not kept, for want of memory.
    pub left_out: u64,
    missing: usize,
    /// (socket, process): further holders of a socket, met on the walk.
    pub shared: Vec<(u32, u32)>,
}

const EMPTY: u32 = u32::MAX;
/// More further holders than this are not remembered.
const SHARED: usize = 8192;

impl Owners {
    /// Forgets everything; from now on at most as many sockets are kept as `budget` bytes bear.
    pub fn clear(&mut self, budget: u64) {
        let most = (budget / EACH) as usize;
        *self = Self { minis: std::mem::take(&mut self.minis), most, ..Self::default() };
        self.minis.clear();
    }
    pub fn push(&mut self, mini: Mini) {
        if self.minis.len() < self.most { self.minis.push(mini) } else { self.left_out += 1 }
    }
    pub fn all(&self) -> &[Mini] {
        &self.minis
    }
    /// The dump is over: builds the index.
    pub fn seal(&mut self) {
        // Between a half and a quarter full: two probes on average.
        let size = (self.minis.len() * 4 / 3).next_power_of_two().max(16);
        self.slots = vec![EMPTY; size];
        for i in 0..self.minis.len() {
            let mut at = self.slot(self.minis[i].inode);
            while self.slots[at] != EMPTY {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = i as u32;
        }
        self.missing = self.minis.len();
    }
    /// Fibonacci hashing: inodes come in runs.
    fn slot(&self, inode: u32) -> usize {
        let bits = self.slots.len().trailing_zeros();
        (inode.wrapping_mul(0x9e37_79b9) >> (32 - bits)) as usize
    }
    /// How many have no owner yet.
    pub fn missing(&self) -> usize {
        self.missing
    }
    /// The socket of this inode.
    pub fn find(&self, inode: u32) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let mut at = self.slot(inode);
        loop {
            match self.slots[at] {
                EMPTY => return None,
                i if self.minis[i as usize].inode == inode => return Some(i as usize),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }
    /// A process holds this inode as descriptor `fd`. True when that is one of ours.
    pub fn held(&mut self, inode: u32, process: u32, fd: u32) -> bool {
        let Some(i) = self.find(inode) else { return false };
        let mini = &mut self.minis[i];
        if mini.owner == NOBODY {
            (mini.owner, mini.fd) = (process, fd);
            self.missing -= 1;
        } else if mini.owner != process && self.shared.len() < SHARED {
            self.shared.push((i as u32, process));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn mini(inode: u32) -> Mini {
        Mini { inode, group: 0, owner: NOBODY, fd: 0, age_s: 0, bytes: 0, marks: 0, tries: 0, user: 0 }
    }

    #[test]
    fn every_inode_is_found_whatever_their_distribution() {
        for step in [1u32, 2, 4096, 0x1_0001, 0x9e37_79b9] {
            let mut owners = Owners::default();
            owners.clear(1 << 20);
            let inodes: HashMap<u32, usize> =
                (0..5000usize).map(|i| ((i as u32).wrapping_mul(step).wrapping_add(7), i)).collect();
            inodes.keys().for_each(|i| owners.push(mini(*i)));
            owners.seal();
            assert!(inodes.keys().all(|i| owners.find(*i).is_some_and(|at| owners.all()[at].inode == *i)));
            assert_eq!(owners.find(3).is_some(), inodes.contains_key(&3));
            inodes.keys().for_each(|i| assert!(owners.held(*i, 1, 5)));
            assert_eq!(owners.missing(), 0);
        }
    }

    #[test]
    fn a_second_holder_is_remembered_and_the_first_stays_the_owner() {
        let mut owners = Owners::default();
        owners.clear(1 << 20);
        owners.push(mini(9));
        owners.seal();
        owners.held(9, 1, 5);
        owners.held(9, 2, 6);
        owners.held(9, 1, 7);
        assert_eq!((owners.all()[0].owner, owners.shared.as_slice()), (1, &[(0, 2)][..]));
    }

    #[test]
    fn what_the_memory_does_not_bear_is_counted() {
        let mut owners = Owners::default();
        owners.clear(EACH * 3);
        (1..=5).for_each(|i| owners.push(mini(i)));
        assert_eq!((owners.all().len(), owners.left_out), (3, 2));
    }
}
