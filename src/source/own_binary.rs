//! This very program as a file, and whether it would run elsewhere.

use rustix::rand::{GetRandomFlags, getrandom};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Read},
};

/// No program of ours is larger.
const MOST: u64 = 256 << 20;
/// `PT_INTERP`: it wants a loader, and with it the libraries of the machine that it was built on.
const INTERPRETER: u32 = 3;

/// The running program.
pub struct OwnBinary {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it runs on, as `uname -m` says it.
    pub machine: &'static str,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl OwnBinary {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be read, is for no machine that is known, or is linked against libraries of this machine.
    pub fn read() -> anyhow::Result<Self> {
        let mut bytes = Vec::new();
        File::open("/proc/self/exe")?.take(MOST).read_to_end(&mut bytes)?;
        let machine = machine(&bytes)?;
        let sha256 = hex(&Sha256::digest(&bytes));
        Ok(Self { bytes, machine, sha256 })
    }

    /// A word that nobody can guess.
    pub fn nonce(&self) -> String {
        let mut random = [0u8; 8];
        // Without it the name is only easier to guess, and a directory that is there already is not taken.
        let _ = getrandom(&mut random, GetRandomFlags::empty());
        hex(&random)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// What a static program runs on. <https://man7.org/linux/man-pages/man5/elf.5.html>
fn machine(elf: &[u8]) -> anyhow::Result<&'static str> {
    let strange =
        || io::Error::new(io::ErrorKind::InvalidData, "it is no 64-bit ELF program of this byte order");
    let at = |from: usize, n: usize| from.checked_add(n).and_then(|to| elf.get(from..to)).ok_or_else(strange);
    let short = |from| Ok::<_, io::Error>(u16::from_le_bytes([at(from, 2)?[0], at(from + 1, 1)?[0]]));
    if at(0, 6)? != b"\x7fELF\x02\x01" {
        return Err(strange().into());
    }
    let table = u64::from_le_bytes(at(32, 8)?.try_into().map_err(|_| strange())?);
    let (size, count) = (usize::from(short(54)?), usize::from(short(56)?));
    for n in 0..count {
        let from = usize::try_from(table).ok().and_then(|t| t.checked_add(n * size)).ok_or_else(strange)?;
        let kind = u32::from_le_bytes(at(from, 4)?.try_into().map_err(|_| strange())?);
        anyhow::ensure!(
            kind != INTERPRETER,
            "it is linked against libraries of this machine: use the static one (`cargo build --target \
             x86_64-unknown-linux-musl`)"
        );
    }
    match short(18)? {
        62 => Ok("x86_64"),
        183 => Ok("aarch64"),
        243 => Ok("riscv64"),
        n => anyhow::bail!("its machine, {n}, is not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program of one segment.
    fn elf(machine: u16, kind: u32) -> Vec<u8> {
        let mut b = vec![0u8; 64 + 56];
        b[..6].copy_from_slice(b"\x7fELF\x02\x01");
        b[18..20].copy_from_slice(&machine.to_le_bytes());
        b[32..40].copy_from_slice(&64u64.to_le_bytes());
        b[54..56].copy_from_slice(&56u16.to_le_bytes());
        b[56..58].copy_from_slice(&1u16.to_le_bytes());
        b[64..68].copy_from_slice(&kind.to_le_bytes());
        b
    }

    #[test]
    fn a_static_program_is_known_by_its_machine_and_a_linked_one_is_refused() {
        assert_eq!(machine(&elf(62, 1)).unwrap(), "x86_64");
        assert_eq!(machine(&elf(183, 1)).unwrap(), "aarch64");
        assert!(machine(&elf(62, INTERPRETER)).unwrap_err().to_string().contains("static"));
        assert!(machine(&elf(7, 1)).unwrap_err().to_string().contains('7'));
        let whole = elf(62, 1);
        for cut in 0..68 {
            assert!(machine(&whole[..cut]).is_err(), "cut at {cut}");
        }
        let mut far = elf(62, 1);
        far[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(machine(&far).is_err());
    }
}
