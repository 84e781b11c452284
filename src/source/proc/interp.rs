//! Which loader a program asks for: it tells the C library, and so whose rules it resolves names by.
//! <https://man7.org/linux/man-pages/man5/elf.5.html>

use crate::{
    model::{Seen, Why},
    source::World,
};
use std::time::Duration;

/// The program headers and the loader's path lie at the begin of the file.
const MOST: usize = 16 << 10;
const PT_INTERP: u32 = 3;

/// The path of the loader of this process; `None` when its program is static.
///
/// # Errors
/// `Denied` without the right to trace it, `Absent` when it is gone or has no program, `Malformed` when that is no ELF file or
/// says it farther behind.
pub fn loader(world: &World, pid: i32, patience: Duration) -> Seen<Option<String>> {
    let path = world.proc_root.join(format!("{pid}/exe"));
    parse(&world.ask().read(&path, MOST, patience)?.bytes).ok_or(Why::Malformed)
}

/// Out of the begin of an ELF file.
fn parse(bytes: &[u8]) -> Option<Option<String>> {
    if bytes.get(..4)? != b"\x7fELF" {
        return None;
    }
    let wide = match bytes.get(4)? {
        1 => false,
        2 => true,
        _ => return None,
    };
    let little = *bytes.get(5)? == 1;
    let number = |at: usize, len: usize| {
        let slice = bytes.get(at..at.checked_add(len)?)?;
        let add = |sum: u64, b: &u8| sum << 8 | u64::from(*b);
        Some(if little { slice.iter().rev().fold(0, add) } else { slice.iter().fold(0, add) } as usize)
    };
    let (table, size, count) = match wide {
        true => (number(32, 8)?, number(54, 2)?, number(56, 2)?),
        false => (number(28, 4)?, number(42, 2)?, number(44, 2)?),
    };
    for i in 0..count.min(128) {
        let header = table.checked_add(i * size)?;
        if number(header, 4)? as u32 != PT_INTERP {
            continue;
        }
        let (at, len) = match wide {
            true => (number(header + 8, 8)?, number(header + 32, 8)?),
            false => (number(header + 4, 4)?, number(header + 16, 4)?),
        };
        let path = bytes.get(at..at.checked_add(len)?)?;
        let path = path.split(|b| *b == 0).next()?;
        return Some(Some(std::str::from_utf8(path).ok()?.into()));
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with one program header behind it and what that points to.
    fn elf(kind: u32, path: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = 1;
        bytes[64..68].copy_from_slice(&kind.to_le_bytes());
        bytes[72] = 120;
        bytes[96] = path.len() as u8;
        bytes.extend(path);
        bytes
    }

    #[test]
    fn the_loader_is_read_and_a_static_program_has_none() {
        let musl = b"/lib/ld-musl-x86_64.so.1\0";
        assert_eq!(parse(&elf(PT_INTERP, musl)), Some(Some("/lib/ld-musl-x86_64.so.1".into())));
        assert_eq!(parse(&elf(1, musl)), Some(None));
        let whole = elf(PT_INTERP, musl);
        for end in 0..whole.len() {
            assert_eq!(parse(&whole[..end]), None, "{end}");
        }
        assert_eq!(parse(b"#!/bin/sh\n"), None);
        let world = World::open("/proc".as_ref(), "/sys".as_ref()).unwrap();
        let own = loader(&world, std::process::id() as i32, Duration::from_secs(10)).unwrap();
        assert!(own.is_none_or(|l| l.contains("ld")), "whatever this test was built for");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>, at in 0usize..120, with: u8) {
            parse(&bytes);
            let mut garbled = elf(PT_INTERP, b"/lib/ld.so\0");
            garbled[at] = with;
            parse(&garbled);
        }
    }
}
