//! Numbers of processes, half a million of them looked up in a few milliseconds: pages of a table, for the processes of one
//! server are close to each other.

use std::collections::HashMap;

/// Numbers on one page.
const PAGE: usize = 1 << 10;
/// `PID_MAX_LIMIT` of Linux; what is above goes by a slower way.
const LIMIT: usize = 1 << 22;

/// From process to a number of our own.
#[derive(Default)]
pub(super) struct Pids {
    pages: Vec<Option<Box<[u32; PAGE]>>>,
    others: HashMap<i32, u32>,
}

impl Pids {
    /// The number of a process; of a new one what `new` gives.
    pub(super) fn number(&mut self, pid: i32, new: impl FnOnce() -> u32) -> u32 {
        let Some(at) = usize::try_from(pid).ok().filter(|at| *at < LIMIT) else {
            return *self.others.entry(pid).or_insert_with(new);
        };
        if self.pages.len() <= at / PAGE {
            self.pages.resize_with(at / PAGE + 1, || None);
        }
        let page = self.pages[at / PAGE].get_or_insert_with(|| Box::new([u32::MAX; PAGE]));
        if page[at % PAGE] == u32::MAX {
            page[at % PAGE] = new();
        }
        page[at % PAGE]
    }
}

/// The numbers of an array as the server writes it: `{41,42,0}`. What is no number is passed over.
pub(super) fn numbers(list: &str) -> impl Iterator<Item = i32> + '_ {
    list.as_bytes().split(|b| *b == b',').filter_map(|item| {
        let digits = item.trim_ascii().strip_prefix(b"{").unwrap_or(item.trim_ascii());
        let digits = digits.strip_suffix(b"}").unwrap_or(digits);
        let fits = !digits.is_empty() && digits.len() < 10 && digits.iter().all(u8::is_ascii_digit);
        fits.then(|| digits.iter().fold(0, |n, d| n * 10 + i32::from(d - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_its_numbers_and_nothing_else() {
        assert_eq!(numbers("{41,42,0}").collect::<Vec<_>>(), [41, 42, 0]);
        assert_eq!(numbers("{}").count() + numbers("").count() + numbers("{NULL,-1,99999999999}").count(), 0);
    }

    #[test]
    fn a_process_keeps_its_number() {
        let mut pids = Pids::default();
        for (n, pid) in [0, 1, 1023, 1024, 4_194_303, 4_194_304, i32::MAX, -1].into_iter().enumerate() {
            assert_eq!(pids.number(pid, || n as u32), n as u32);
            assert_eq!(pids.number(pid, || 99), n as u32);
        }
    }
}
