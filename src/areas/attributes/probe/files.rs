//! Files of the patient: those that decide how names are resolved, what is mounted into it as configuration, and those asked for.

use super::{
    Look, PATIENCE,
    glob::{Walk, is_pattern},
    mounted,
    sheet::Sheet,
};
use crate::{
    model::{Class, Gaps, Group, Reading, Seen, Stamp, Value, Why},
    source::{child::Budget, expires, rooted},
};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::PathBuf,
    time::Duration,
};

/// So many files are read.
const FILES: usize = 256;
/// A larger one is not hashed: half a hash would say "equal" of what differs.
const MOST: usize = 1 << 20;
/// All files together.
const MOST_ALL: usize = 32 << 20;
/// What all late answers together may cost.
const LATE: Duration = Duration::from_millis(1500);
/// So deep a volume of configuration is followed.
const DEPTH: usize = 3;
const WHAT: &str = "files";

/// Those that are read everywhere.
const ALWAYS: [&str; 5] =
    ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/os-release", "/etc/localtime"];
/// Written for each container: even a name that counts members is its own in there.
const OWN: [&str; 2] = ["/etc/hosts", "/etc/hostname"];
/// Mounted over one another for the container's own sake.
const NOT_CONFIG: [&str; 3] = ["/dev", "/proc", "/sys"];

/// The files whose content others read.
pub(super) type Texts = HashMap<String, Seen<Vec<u8>>>;

pub(super) fn read(look: &Look, sheet: &mut Sheet, gaps: &mut Gaps) -> Texts {
    let mut paths: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut total = 0;
    let mut add = |path: String| {
        total += 1;
        if paths.len() < FILES || paths.contains_key(&path) {
            let at = rooted::path(&look.patient.root, &path);
            paths.insert(path, at);
            return true;
        }
        false
    };
    ALWAYS.iter().for_each(|path| {
        add((*path).into());
    });
    for pattern in &look.args.files {
        for path in asked(look, pattern, gaps) {
            add(path);
        }
    }
    let mut more = 0;
    for path in mounted_files(look) {
        more += u64::from(!add(path));
    }
    gaps.add_many(Why::TooMany, WHAT, more, format!("only {FILES} of {total} were read"));
    hash(look, &paths, sheet, gaps)
}

/// What a pattern names. A path without a pattern is named whether it is there or not.
fn asked(look: &Look, pattern: &str, gaps: &mut Gaps) -> Vec<String> {
    if !pattern.starts_with('/') {
        gaps.add(Why::Malformed, "files of --file: a path begins with /", pattern);
        return vec![];
    }
    let root = &look.patient.root;
    if !is_pattern(pattern) {
        let below = rooted::path(root, pattern);
        if !below.is_dir() {
            return vec![pattern.into()];
        }
        return Walk::of(root, &format!("{}/*", pattern.trim_end_matches('/')), FILES + 1).found;
    }
    let walk = Walk::of(root, pattern, FILES + 1);
    for (why, at) in walk.missed {
        gaps.add(why, "directories of --file", at);
    }
    walk.found
}

/// What somebody mounted into the container: single files, and volumes that the kubelet writes, which have a link `..data`.
fn mounted_files(look: &Look) -> Vec<String> {
    let Ok(table) = &look.patient.table else { return vec![] };
    if !look.patient.contained {
        return vec![];
    }
    let mut out = Vec::new();
    let own = |path: &str| {
        NOT_CONFIG.iter().any(|n| path.strip_prefix(n).is_some_and(|r| r.is_empty() || r.starts_with('/')))
    };
    for mount in table.mounts.iter().filter(|m| !m.hidden && !mounted::is_remote(&m.filesystem)) {
        let Ok(point) = String::from_utf8(mount.point.clone()) else { continue };
        if own(&point) || point == "/" || mounted::is_of_others(point.as_bytes()) {
            continue;
        }
        let here = table.path(mount);
        let Ok(kind) = fs::metadata(&here) else { continue };
        if kind.is_file() {
            out.push(point);
        } else if kind.is_dir() && fs::symlink_metadata(here.join("..data")).is_ok_and(|m| m.is_symlink()) {
            volume(&here, &point, 0, &mut out);
        }
    }
    out
}

/// The files of a volume, as the application names them; never those behind `..data` a second time.
fn volume(here: &PathBuf, point: &str, depth: usize, out: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(here) else { return };
    for entry in entries.flatten().take(FILES) {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with("..") || out.len() > 4 * FILES {
            continue;
        }
        let path = entry.path();
        let said = format!("{point}/{name}");
        if path.is_dir() && depth < DEPTH {
            volume(&path, &said, depth + 1, out);
        } else {
            out.push(said);
        }
    }
}

fn hash(look: &Look, paths: &BTreeMap<String, PathBuf>, sheet: &mut Sheet, gaps: &mut Gaps) -> Texts {
    let ask = look.moment.world.ask();
    let here: Vec<PathBuf> = paths.values().cloned().collect();
    let mut budget = Budget { late: LATE, until: look.moment.deadline };
    let stats = ask.stat(&here, PATIENCE, &mut budget);
    let mut texts = Texts::new();
    let (settings, mut all) = (look.own.for_settings(), 0);
    for ((path, here), stat) in paths.iter().zip(stats) {
        let class = if is_token(path, None) { Class::Free } else { Class::Equal };
        let read = match stat {
            Err(no) => Err(Why::from(no)),
            // A directory, a device, a socket: nothing to compare by content.
            Ok(stat) if stat.mode & 0o170_000 != 0o100_000 => Err(Why::Unsupported),
            Ok(stat) if stat.size > MOST as u64 || all > MOST_ALL => Err(Why::TooMany),
            Ok(stat) => {
                let mut one = ask.read_all(std::slice::from_ref(here), MOST, PATIENCE, &mut budget);
                match one.pop().unwrap_or(Err(Why::Broken)) {
                    Ok(read) if read.cut => Err(Why::TooMany),
                    Ok(read) => Ok((stat, read.bytes)),
                    Err(why) => Err(why),
                }
            }
        };
        if let Err(why) = &read
            && *why != Why::Absent
        {
            gaps.add(*why, WHAT, path);
        }
        if ALWAYS.contains(&path.as_str()) {
            texts.insert(path.clone(), read.as_ref().map(|(_, bytes)| bytes.clone()).map_err(|why| *why));
        }
        let (stat, bytes) = match read {
            Ok(read) => read,
            Err(why) => {
                sheet.put(Group::File, path, class, Reading::unseen(why));
                continue;
            }
        };
        all += bytes.len();
        let class = if is_token(path, Some(&bytes)) { Class::Free } else { class };
        let own = if OWN.contains(&path.as_str()) { &look.own } else { &settings };
        // On a plain host these files are the same on many, and name it among others.
        let replaced = if look.patient.contained { own.replace(&bytes) } else { bytes.as_slice().into() };
        if let Some(end) = expires(&bytes) {
            sheet.text(Group::File, format!("{path} not_after"), Class::Equal, Ok(end.to_string()));
        }
        let value = Value::File {
            hash: look.seal.hash(&replaced),
            bytes: stat.size,
            mode: (stat.mode & 0o7777) as u32,
            uid: stat.uid as u32,
            gid: stat.gid as u32,
            modified: Some(Stamp::from_ms(stat.modified_ms as i64)),
        };
        sheet.put(Group::File, path, class, Reading::seen(value));
    }
    texts
}

/// A token of the service account: another one for each pod, and a new one every hour.
fn is_token(path: &str, bytes: Option<&[u8]>) -> bool {
    let named = path.contains("serviceaccount/") && path.ends_with("/token");
    // `{"alg":` in base64: any other projected token.
    named || bytes.is_some_and(|b| b.starts_with(b"eyJ") && !b.contains(&b' '))
}
