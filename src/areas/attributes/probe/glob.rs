//! The files that a pattern names, below the root of the patient.

use crate::{
    model::{Why, glob},
    source::rooted,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// So many entries of directories are looked at for one pattern.
const ENTRIES: usize = 20_000;
/// `**` goes no deeper.
const DEPTH: usize = 12;

/// What a walk has found.
#[derive(Default)]
pub(super) struct Walk {
    /// Paths as the patient has them.
    pub found: Vec<String>,
    /// Directories that could not be read, and why.
    pub missed: Vec<(Why, String)>,
    seen: usize,
}

/// Whether any part of it is no plain name.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

impl Walk {
    /// All that the pattern names, at most `most` of them.
    pub fn of(root: &Path, pattern: &str, most: usize) -> Self {
        let mut walk = Self::default();
        let parts: Vec<&str> = pattern.split('/').filter(|p| !p.is_empty()).collect();
        walk.down(root, String::new(), &parts, 0, most);
        walk.found.sort();
        walk.found.dedup();
        walk
    }

    fn down(&mut self, root: &Path, at: String, parts: &[&str], depth: usize, most: usize) {
        let Some((part, rest)) = parts.split_first() else {
            self.found.push(at);
            return;
        };
        if self.found.len() >= most {
            return;
        }
        if !is_pattern(part) {
            let next = format!("{at}/{part}");
            // What is not there is no match, unless the whole path was named.
            if !rest.is_empty() || there(root, &next) {
                self.down(root, next, rest, depth, most);
            }
            return;
        }
        let deep = *part == "**";
        if deep {
            // Also without anything between.
            self.down(root, at.clone(), rest, depth, most);
        }
        for (name, directory) in self.list(root, &at) {
            let next = format!("{at}/{name}");
            if deep {
                // A link may lead back up.
                if directory && depth < DEPTH {
                    self.down(root, next, parts, depth + 1, most);
                }
            } else if glob(part, &name) && (!name.starts_with('.') || part.starts_with('.')) {
                self.down(root, next, rest, depth, most);
            }
        }
    }

    /// The names in a directory, and which are directories themselves, links not followed.
    fn list(&mut self, root: &Path, at: &str) -> Vec<(String, bool)> {
        let path: PathBuf = rooted::path(root, if at.is_empty() { "/" } else { at });
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return vec![];
            }
            Err(e) => {
                self.missed.push((Why::from(&e), at.into()));
                return vec![];
            }
        };
        let mut out = Vec::new();
        for entry in entries.flatten() {
            self.seen += 1;
            if self.seen > ENTRIES {
                self.missed.push((Why::TooMany, at.into()));
                break;
            }
            // A name that is no text cannot be written in a pattern either.
            let Ok(name) = entry.file_name().into_string() else { continue };
            out.push((name, entry.file_type().is_ok_and(|t| t.is_dir())));
        }
        out.sort();
        out
    }
}

fn there(root: &Path, path: &str) -> bool {
    fs::symlink_metadata(rooted::path(root, path)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn patterns_stay_below_the_root_and_follow_links_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for path in
            ["app/conf/a.yml", "app/conf/b.yaml", "app/conf/.c.yml", "app/conf/deep/er/d.yml", "data/e.yml"]
        {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "x").unwrap();
        }
        symlink("/data", root.join("app/link")).unwrap();
        symlink("..", root.join("app/conf/deep/up")).unwrap();
        let found = |pattern: &str| Walk::of(root, pattern, 100).found;
        assert_eq!(found("/app/conf/*.yml"), ["/app/conf/a.yml"]);
        assert_eq!(found("/app/conf/?.y*ml"), ["/app/conf/a.yml", "/app/conf/b.yaml"]);
        assert_eq!(found("/app/*/e.yml"), ["/app/link/e.yml"]);
        assert_eq!(found("/app/**/*.yml"), ["/app/conf/a.yml", "/app/conf/deep/er/d.yml"]);
        assert_eq!(found("/app/../../etc/*").len(), 0);
        assert_eq!(found("/none/*").len() + found("/app/conf/a.yml/*").len(), 0);
        assert_eq!(Walk::of(root, "/app/**/*.yml", 1).found.len(), 1);
    }
}
