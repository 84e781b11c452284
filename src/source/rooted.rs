//! Paths below another root. `/proc/PID/root/etc/resolv.conf` may be a link to `/run/systemd/resolve/stub-resolv.conf`: the
//! kernel follows that from our own root, to our own file.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

/// Links that are followed; as many as the kernel does.
const LINKS: usize = 40;

/// Where `path` leads to when `root` is the root, all links followed. What cannot be looked at is left as it is, so that whoever
/// opens it hears why.
pub fn path(root: &Path, path: &str) -> PathBuf {
    let mut todo: VecDeque<OsString> = parts(Path::new(path));
    let mut at: Vec<OsString> = Vec::new();
    let mut links = 0;
    while let Some(part) = todo.pop_front() {
        if part == ".." {
            at.pop();
            continue;
        }
        at.push(part);
        let here = root.join(at.iter().collect::<PathBuf>());
        let Ok(target) = fs::read_link(here) else { continue };
        links += 1;
        if links > LINKS {
            break;
        }
        at.pop();
        if target.is_absolute() {
            at.clear();
        }
        for part in parts(&target).into_iter().rev() {
            todo.push_front(part);
        }
    }
    root.join(at.iter().collect::<PathBuf>())
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let part = |c: Component| match c {
        Component::Normal(name) => Some(name.to_os_string()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    };
    path.components().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_stay_below_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::create_dir_all(root.join("run/resolve")).unwrap();
        fs::write(root.join("run/resolve/conf"), "x").unwrap();
        symlink("/run", root.join("var")).unwrap();
        symlink("/var/resolve/conf", root.join("etc/absolute")).unwrap();
        symlink("../run/resolve/conf", root.join("etc/relative")).unwrap();
        symlink("../../../../run/resolve/conf", root.join("etc/above")).unwrap();
        symlink("loop", root.join("etc/loop")).unwrap();
        for name in ["absolute", "relative", "above"] {
            assert_eq!(path(root, &format!("/etc/{name}")), root.join("run/resolve/conf"), "{name}");
        }
        assert!(path(root, "/etc/loop").starts_with(root));
        assert_eq!(path(root, "/etc/none"), root.join("etc/none"));
    }
}
