//! The password file: `host:port:database:user:password`. Section 32.16 of the manual, `passwordFromFile` of `fe-connect.c`.

use super::super::Secret;
use super::service;
use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

/// What a line must match.
pub(super) struct Wanted<'a> {
    pub host: &'a str,
    pub port: &'a str,
    pub dbname: &'a str,
    pub user: &'a str,
}

/// The lines of a password file that may be used.
pub(super) struct Passfile(String);

impl Passfile {
    /// Reads it; the second part is why it was left out, when somebody should know. A file that is not there is nothing to
    /// speak of.
    pub fn read(path: &Path) -> (Option<Self>, Option<String>) {
        let left_out =
            |why: String| (None, Some(format!("the password file {} is left out: {why}", path.display())));
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (None, None),
            Err(error) => left_out(error.to_string()),
            Ok(meta) if !meta.is_file() => left_out("it is no regular file".into()),
            Ok(meta) if meta.mode() & 0o077 != 0 => {
                let mode = meta.mode() & 0o777;
                left_out(format!("its mode {mode:04o} lets group or others in; libpq wants 0600 or less"))
            }
            Ok(_) => match service::read(path) {
                Ok(text) => (Some(Self(text)), None),
                Err(error) => left_out(error.to_string()),
            },
        }
    }

    /// The password of the first line that matches.
    pub fn look_up(&self, wanted: &Wanted) -> Option<Secret> {
        let lines = self.0.lines().filter(|l| !l.starts_with('#'));
        lines
            .filter_map(|line| {
                let rest = [wanted.host, wanted.port, wanted.dbname, wanted.user]
                    .iter()
                    .try_fold(line, |rest, wanted| matched(rest, wanted))?;
                Some(Secret::new(unescaped(rest)))
            })
            .next()
    }
}

/// What follows the field and its colon, when the field is this text or a star.
fn matched<'a>(line: &'a str, wanted: &str) -> Option<&'a str> {
    if let Some(rest) = line.strip_prefix("*:") {
        return Some(rest);
    }
    let (mut line, mut wanted) = (line.chars(), wanted.chars());
    loop {
        match line.next()? {
            ':' => return wanted.next().is_none().then_some(line.as_str()),
            '\\' => (line.next() == wanted.next()).then_some(())?,
            c => (wanted.next() == Some(c)).then_some(())?,
        }
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            // libpq ends the password here, too.
            ':' => break,
            '\\' => out.push(chars.next().unwrap_or('\\')),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, host: &str, user: &str) -> Option<Secret> {
        Passfile(file.into()).look_up(&Wanted { host, port: "5432", dbname: "shop", user })
    }
    fn secret(text: &str) -> Option<Secret> {
        Some(Secret::new(text))
    }

    #[test]
    fn the_first_line_that_matches_counts() {
        let file = "# db:5432:shop:app:comment\ndb:5433:shop:app:port\ndb:*:shop:app:first\n*:*:*:*:last\n";
        assert_eq!(found(file, "db", "app"), secret("first"));
        assert_eq!(found(file, "other", "app"), secret("last"));
        assert_eq!(found("db:5432:shop:app:x", "db2", "app"), None);
        assert_eq!(found("db2:5432:shop:app:x", "db", "app"), None);
        assert_eq!(found("db:5432:shop", "db", "app"), None);
    }

    #[test]
    fn backslashes_hide_colons_in_fields_and_password() {
        let file = r"fe80\:\:1:5432:shop:a\\b:p\:w\\x";
        assert_eq!(found(file, "fe80::1", r"a\b"), secret(r"p:w\x"));
    }

    #[test]
    fn a_star_is_all_of_a_field_or_a_star() {
        assert_eq!(found("d*:5432:shop:app:x", "db", "app"), None);
        assert_eq!(found("*b:5432:shop:app:x", "db", "app"), None);
    }

    #[test]
    fn who_may_read_it_counts_as_with_libpq_and_a_mount_of_kubernetes_is_fine() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        fs::write(&path, "*:*:*:*:x\n").unwrap();
        for (mode, taken) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let (file, said) = Passfile::read(&path);
            assert_eq!((file.is_some(), said.is_none()), (taken, taken), "{mode:o}");
        }
        assert!(matches!(Passfile::read(&folder.path().join("none")), (None, None)));
        assert!(Passfile::read(folder.path()).1.is_some_and(|said| said.contains("regular")));
    }
}
