//! A hash for keys that come from the kernel by the hundred thousand. Not for keys that somebody may choose to collide:
//! addresses and ports of peers are mixed with a seed of this run, which a peer cannot know.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Builds [`Quick`] hashers with one random seed.
#[derive(Clone)]
pub struct Seeded(u64);

impl Default for Seeded {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0u8))
    }
}
impl BuildHasher for Seeded {
    type Hasher = Quick;
    fn build_hasher(&self) -> Quick {
        Quick(self.0)
    }
}

/// Folded multiplication, eight bytes at a time.
pub struct Quick(u64);

impl Quick {
    fn mix(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (wide as u64) ^ ((wide >> 64) as u64);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word) ^ (chunk.len() as u64) << 56);
        }
    }
    fn write_u8(&mut self, n: u8) {
        self.mix(n.into());
    }
    fn write_u16(&mut self, n: u16) {
        self.mix(n.into());
    }
    fn write_u32(&mut self, n: u32) {
        self.mix(n.into());
    }
    fn write_u64(&mut self, n: u64) {
        self.mix(n);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Ports as a set: 8 KiB, and a look-up is one load.
pub struct Ports(Box<[u64; 1024]>);

impl Default for Ports {
    fn default() -> Self {
        Self(Box::new([0; 1024]))
    }
}
impl Ports {
    pub fn insert(&mut self, port: u16) {
        self.0[usize::from(port / 64)] |= 1 << (port % 64);
    }
    pub fn contains(&self, port: u16) -> bool {
        self.0[usize::from(port / 64)] & (1 << (port % 64)) != 0
    }
    pub fn clear(&mut self) {
        self.0.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn addresses_that_differ_in_one_bit_spread_over_the_table() {
        let build = Seeded::default();
        let hashes: HashSet<u64> = (0..10_000u32)
            .map(|i| build.hash_one(([0u8, 0, 10, i.to_le_bytes()[0]], i as u16, i)) & 0xffff)
            .collect();
        // 10,000 in 65,536 places: with an even spread about 9,270 are taken.
        assert!(hashes.len() > 8_500, "{}", hashes.len());
    }

    #[test]
    fn a_port_is_in_the_set_that_it_was_put_into() {
        let mut ports = Ports::default();
        [0, 63, 64, 3000, 65_535].into_iter().for_each(|p| ports.insert(p));
        let held: Vec<u16> = (0..=65_535).filter(|p| ports.contains(*p)).collect();
        assert_eq!(held, [0, 63, 64, 3000, 65_535]);
    }
}
