//! What secrets are compared by: HMAC-SHA-256 under a key of the run. RFC 2104.

use sha2::{Digest, Sha256};
use std::fmt::{self, Write};

const BLOCK: usize = 64;
/// Hexadecimal digits of a hash that are kept: two of ten million values are alike by chance once in 368,000 runs.
const DIGITS: usize = 16;
/// What is hashed to name the key itself.
const LABEL: &[u8] = b"paramedic compare key 1";

/// A key at work. Equal bytes give equal hashes under one key; without the key a hash tells nothing, not even of a short value.
#[derive(Clone)]
pub struct Seal {
    inner: Sha256,
    outer: Sha256,
}

impl Seal {
    /// Takes a key of any length.
    pub fn new(key: &[u8]) -> Self {
        let mut block = [0u8; BLOCK];
        let hashed = Sha256::digest(key);
        let short = if key.len() > BLOCK { &hashed[..] } else { key };
        block.iter_mut().zip(short).for_each(|(to, b)| *to = *b);
        let pad = |with: u8| Sha256::new_with_prefix(block.map(|b| b ^ with));
        Self { inner: pad(0x36), outer: pad(0x5c) }
    }
    fn mac(&self, bytes: &[u8]) -> [u8; 32] {
        let inner = self.inner.clone().chain_update(bytes).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }
    /// The hash of these bytes: sixteen hexadecimal digits.
    pub fn hash(&self, bytes: &[u8]) -> String {
        hex(&self.mac(bytes), DIGITS)
    }
    /// Which key this is: eight digits that do not tell it.
    pub fn key_id(&self) -> String {
        hex(&self.mac(LABEL), 8)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({})", self.key_id())
    }
}

fn hex(bytes: &[u8], digits: usize) -> String {
    bytes.iter().take(digits / 2).fold(String::with_capacity(digits), |mut hex, b| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{b:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hmac_of_rfc_4231() {
        let mac = |key: &[u8], data: &[u8]| hex(&Seal::new(key).mac(data), 64);
        assert_eq!(
            mac(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            mac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn keys_differ_in_everything_and_are_told_nowhere() {
        let (a, b) = (Seal::new(b"hunter2"), Seal::new(b"hunter3"));
        assert_ne!((a.hash(b"x"), a.key_id()), (b.hash(b"x"), b.key_id()));
        assert_eq!((a.hash(b"x").len(), a.key_id().len()), (16, 8));
        assert!(!format!("{a:?}").contains("hunter"));
    }
}
