//! Who runs us: the name that libpq takes for the user, and his home. Out of the passwd file and never through libc, whose
//! `getpwuid` has no place in a static binary.

use std::{fs, io::Read, path::PathBuf};

/// At most this much of a passwd file is read.
const MOST: u64 = 1 << 20;

/// Name and home, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    pub name: Option<String>,
    pub home: Option<PathBuf>,
}

impl Account {
    /// The account of this process.
    pub fn own() -> Self {
        Self::of(rustix::process::geteuid().as_raw())
    }

    /// The account of a user id.
    pub fn of(uid: u32) -> Self {
        let mut text = String::new();
        let read = fs::File::open("/etc/passwd").and_then(|f| f.take(MOST).read_to_string(&mut text));
        read.map_or_else(|_| Self::default(), |_| Self::parse(&text, uid))
    }

    fn parse(text: &str, uid: u32) -> Self {
        let accounts = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let mine = accounts.filter(|fields| fields.len() >= 6).find(|f| f[2].parse() == Ok(uid));
        mine.map_or_else(Self::default, |f| Self { name: Some(f[0].into()), home: Some(f[5].into()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_an_account_has_neither_name_nor_home() {
        let text = "root:x:0:0::/root:/bin/sh\nbad\napp:x:1000:1000:,,,:/srv/app:/bin/sh\n";
        let app = Account { name: Some("app".into()), home: Some("/srv/app".into()) };
        assert_eq!(Account::parse(text, 1000), app);
        assert_eq!(Account::parse(text, 7), Account::default());
    }
}
