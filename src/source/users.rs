//! Names of user ids, out of the patient's own passwd file. Never through libc: `getpwuid` loads the host's name
//! service modules into a static binary and takes it down.

use std::{collections::HashMap, fs, io::Read, path::Path};

/// At most this much of a passwd file is read.
const MOST: u64 = 1 << 20;

/// uid → name.
#[derive(Debug, Default)]
pub struct Users(HashMap<u32, String>);

impl Users {
    pub(super) fn read(proc_root: &Path) -> Self {
        // The patient's file first (a debug container has its own), then ours.
        let paths = [proc_root.join("1/root/etc/passwd"), "/etc/passwd".into()];
        let text = paths.iter().find_map(|p| {
            let mut text = String::new();
            fs::File::open(p).ok()?.take(MOST).read_to_string(&mut text).ok().map(|_| text)
        });
        Self::parse(text.as_deref().unwrap_or(""))
    }
    fn parse(text: &str) -> Self {
        let mut names = HashMap::new();
        for line in text.lines() {
            let mut fields = line.split(':');
            if let (Some(name), Some(uid)) = (fields.next(), fields.nth(1).and_then(|u| u.parse().ok())) {
                names.entry(uid).or_insert_with(|| name.to_string());
            }
        }
        Self(names)
    }
    /// The name, or the number where there is none.
    pub fn name(&self, uid: u32) -> String {
        self.0.get(&uid).cloned().unwrap_or_else(|| uid.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_a_uid_counts_and_unknown_ones_stay_numbers() {
        let users =
            Users::parse("root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:\nbad line\napp:x:1000:1000::/:\n");
        assert_eq!(["root", "app", "7"].map(str::to_string), [0, 1000, 7].map(|u| users.name(u)));
    }
}
