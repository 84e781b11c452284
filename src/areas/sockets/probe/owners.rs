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
/// Bytes for each socket that is kept. A list that grows doubles, so half of it may be empty.
const EACH: u64 = size_of::<Mini>() as u64 * 3 / 2;

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
    /// In order of inode once the dump is over.
    minis: Vec<Mini>,
    /// Where the last one was found: the descriptors of a process come in rising order of inode.
    hint: usize,
    most: usize,
    /// Not kept, for want of memory.
    pub left_out: u64,
    missing: usize,
    /// (socket, process): further holders of a socket, met on the walk.
    pub shared: Vec<(u32, u32)>,
}

/// So many places behind the last one are tried before the whole list is searched.
const NEAR: usize = 4;
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
    /// The dump is over: from now on sockets are found by inode.
    pub fn seal(&mut self) {
        self.minis.sort_unstable_by_key(|m| m.inode);
        (self.missing, self.hint) = (self.minis.len(), 0);
    }
    /// How many have no owner yet.
    pub fn missing(&self) -> usize {
        self.missing
    }
    /// The socket of this inode.
    pub fn find(&self, inode: u32) -> Option<usize> {
        let near =
            self.minis.get(self.hint..).unwrap_or(&[]).iter().take(NEAR).position(|m| m.inode == inode);
        match near {
            Some(at) => Some(self.hint + at),
            None => self.minis.binary_search_by_key(&inode, |m| m.inode).ok(),
        }
    }
    /// A process holds this inode as descriptor `fd`. True when that is one of ours.
    pub fn held(&mut self, inode: u32, process: u32, fd: u32) -> bool {
        let Some(i) = self.find(inode) else { return false };
        self.hint = i + 1;
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
    use std::collections::HashSet;

    fn mini(inode: u32) -> Mini {
        Mini { inode, group: 0, owner: NOBODY, fd: 0, age_s: 0, bytes: 0, marks: 0, tries: 0, user: 0 }
    }

    #[test]
    fn every_inode_is_found_whatever_their_distribution() {
        for step in [1u32, 2, 4096, 0x1_0001, 0x9e37_79b9] {
            let mut owners = Owners::default();
            owners.clear(1 << 20);
            let inodes: HashSet<u32> = (0..5000u32).map(|i| i.wrapping_mul(step).wrapping_add(7)).collect();
            inodes.iter().for_each(|i| owners.push(mini(*i)));
            owners.seal();
            assert!(inodes.iter().all(|i| owners.find(*i).is_some_and(|at| owners.all()[at].inode == *i)));
            assert_eq!(owners.find(3).is_some(), inodes.contains(&3));
            inodes.iter().for_each(|i| assert!(owners.held(*i, 1, 5)));
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
