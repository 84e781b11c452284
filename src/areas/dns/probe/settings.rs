//! What the application goes by: the files of its own root, its environment, its C library.

use super::super::{
    args::{Args, Library},
    facts::{
        Host, Pool, Settings,
        conf::{Around, Conf, FILE_MOST, Libc},
    },
};
use crate::{
    model::{Environ, Gaps, Process, Reading, Seen, Setting, Why},
    source::{
        Moment, World,
        proc::{argv, interp},
        rooted,
    },
};
use std::{
    env, fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// A file of a dead mount is not waited for longer.
const PATIENCE: Duration = Duration::from_millis(250);
/// What Node.js has when nobody says otherwise.
const THREADS: u32 = 4;
/// The most that libuv makes of the setting.
const THREADS_MOST: u32 = 1024;
const LIBRARIES: [&str; 3] = ["lib", "lib64", "usr/lib"];

/// Whose settings are read.
pub(super) struct Patient {
    /// The process that somebody named, or the first of the scope.
    pub pid: Option<i32>,
    process: Option<Process>,
    root: PathBuf,
}

impl Patient {
    pub fn of(m: &Moment) -> Self {
        let scope = m.scope;
        let first = || m.processes().first().map(|p| p.pid).filter(|_| !scope.is_everything());
        let pid = scope.target.or(scope.pids.first().copied()).or_else(first);
        let process = pid.and_then(|pid| m.processes().iter().find(|p| p.pid == pid)).map(|p| m.name(p));
        let proc_root = &m.world.proc_root;
        let root = match pid {
            Some(pid) => proc_root.join(format!("{pid}/root")),
            None if proc_root == Path::new("/proc") => "/".into(),
            None => proc_root.join("1/root"),
        };
        Self { pid, process, root }
    }

    /// Programs of our root are those that it would run: the same mounts, and the same root in them.
    pub fn is_of_our_root(&self, world: &World) -> bool {
        let Some(pid) = self.pid else { return self.root == Path::new("/") };
        let mounts = |pid: &str| fs::read_link(world.proc_root.join(pid).join("ns/mnt")).ok();
        let root = |path: &Path| fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
        let own = mounts("self");
        own.is_some() && own == mounts(&pid.to_string()) && root(&self.root) == root(Path::new("/"))
    }

    /// A file of its root. Without its root nothing is absent from it.
    fn read(&self, world: &World, path: &str) -> Seen<Vec<u8>> {
        fs::metadata(&self.root).map_err(|e| match Why::from(&e) {
            Why::Absent => Why::Unsupported,
            other => other,
        })?;
        Ok(world.ask().read(&rooted::path(&self.root, path), FILE_MOST, PATIENCE)?.bytes)
    }
}

/// What was read, and what it says.
pub(super) struct Read {
    pub settings: Settings,
    /// The file itself, for whoever reads it by rules of his own; empty when there is none.
    pub resolv_conf: Vec<u8>,
    /// The same of `/etc/hosts`.
    pub hosts: Vec<u8>,
    pub around: Around,
}

/// The files and what they say.
pub(super) fn read(m: &Moment, patient: &Patient, args: &Args, gaps: &mut Gaps) -> Read {
    let world = m.world;
    let (library, library_by) = match args.libc {
        Library::Glibc => (Ok(Libc::Glibc), "asked for".into()),
        Library::Musl => (Ok(Libc::Musl), "asked for".into()),
        Library::Auto => library(world, patient),
    };
    let both = match library {
        Ok(one) => vec![one],
        Err(_) => vec![Libc::Glibc, Libc::Musl],
    };
    let around = around(world, patient, gaps);
    let file = patient.read(world, "/etc/resolv.conf");
    let absent = file == Err(Why::Absent);
    let text = if absent { Ok(vec![]) } else { file };
    if let Err(why) = text {
        gaps.add(why, "settings of the resolver", "/etc/resolv.conf");
    }
    let conf = text.as_ref().map(|text| both.iter().map(|one| Conf::read(*one, text, &around)).collect());
    let conf = conf.map_err(|why| *why);
    let lines = |path: &str| {
        let text = match patient.read(world, path) {
            Err(Why::Absent) => Ok(vec![]),
            other => other,
        };
        text.map(|t| String::from_utf8_lossy(&t).into_owned())
    };
    let order = lines("/etc/nsswitch.conf").map(|t| t.lines().find_map(hosts_line));
    let hosts_file = lines("/etc/hosts");
    let found = hosts_file.as_ref().map(|t| hosts(t, &args.names)).map_err(|why| *why);
    let settings = Settings {
        process: patient.process.clone(),
        library: library.into(),
        library_by,
        conf: conf.into(),
        absent,
        order: order.into(),
        hosts: found.into(),
    };
    let hosts = hosts_file.unwrap_or_default().into_bytes();
    Read { settings, resolv_conf: text.unwrap_or_default(), hosts, around }
}

/// Which library the process uses, and how that is known.
fn library(world: &World, patient: &Patient) -> (Seen<Libc>, String) {
    if let Some(pid) = patient.pid {
        return match interp::loader(world, pid, PATIENCE) {
            Ok(Some(loader)) => (of_loader(&loader).ok_or(Why::Unsupported), format!("loader {loader}")),
            Ok(None) => (Err(Why::Unsupported), "a static program may have a resolver of its own".into()),
            Err(why) => (Err(why), "its program could not be read".into()),
        };
    }
    // PID 1 of a container is the application; of a pod that shares its processes it is somebody else.
    let mounts = |pid: &str| fs::read_link(world.proc_root.join(pid).join("ns/mnt")).ok();
    if mounts("1").is_some() && mounts("1") == mounts("self") {
        let loader = interp::loader(world, 1, PATIENCE).ok().flatten();
        if let Some((one, loader)) = loader.and_then(|l| Some((of_loader(&l)?, l))) {
            return (Ok(one), format!("loader {loader} of PID 1"));
        }
    }
    match installed(&patient.root)[..] {
        [one] => (Ok(one), "the only one installed".into()),
        [] => (Err(Why::Absent), "no loader of either is installed".into()),
        _ => (Err(Why::Unsupported), "both are installed".into()),
    }
}

fn of_loader(path: &str) -> Option<Libc> {
    let name = path.rsplit('/').next()?;
    if name.starts_with("ld-musl-") {
        return Some(Libc::Musl);
    }
    ["ld-linux", "ld64.so", "ld.so"].iter().any(|l| name.starts_with(l)).then_some(Libc::Glibc)
}

fn installed(root: &Path) -> Vec<Libc> {
    let mut out = Vec::new();
    for dir in LIBRARIES {
        let entries = fs::read_dir(rooted::path(root, dir)).into_iter().flatten().take(10_000).flatten();
        out.extend(entries.filter_map(|e| of_loader(e.file_name().to_str()?)));
    }
    out.sort_unstable();
    out.dedup();
    out
}

fn around(world: &World, patient: &Patient, gaps: &mut Gaps) -> Around {
    let uts = |pid: &str| fs::read_link(world.proc_root.join(pid).join("ns/uts")).ok();
    let own = patient.pid.is_none_or(|pid| uts(&pid.to_string()) == uts("self"));
    // What /proc says is the name of whoever reads.
    let hostname = if own {
        world.text("sys/kernel/hostname").ok()
    } else {
        patient.read(world, "/etc/hostname").ok().map(|t| String::from_utf8_lossy(&t).into_owned())
    };
    let hostname = hostname.map(|h| h.trim().to_string()).filter(|h| !h.is_empty());
    let (res_options, localdomain) = match patient.pid {
        // Who named no process asks as this shell does; in a container its environment is the container's.
        None => (env::var("RES_OPTIONS").ok(), env::var("LOCALDOMAIN").ok()),
        Some(pid) => match argv::environ(world, pid, PATIENCE) {
            Ok(environ) => (setting(&environ, Setting::ResOptions), setting(&environ, Setting::LocalDomain)),
            Err(why) => {
                gaps.add(why, "environment of the process: RES_OPTIONS, LOCALDOMAIN", pid);
                (None, None)
            }
        },
    };
    Around { res_options, localdomain, hostname }
}

fn setting(environ: &Environ, of: Setting) -> Option<String> {
    Some(String::from_utf8_lossy(environ.value(of)?).chars().take(1024).collect())
}

fn hosts_line(line: &str) -> Option<String> {
    let line = line.split('#').next()?.trim();
    Some(line.strip_prefix("hosts:")?.trim().chars().take(256).collect())
}

/// The names that the file knows, with the first address of each.
fn hosts(text: &str, names: &[String]) -> Vec<Host> {
    let find = |name: &String| {
        let bare = name.strip_suffix('.').unwrap_or(name);
        text.lines().find_map(|line| {
            let mut words = line.split('#').next()?.split_whitespace();
            let address = words.next()?.parse::<std::net::IpAddr>().ok()?.to_string();
            let hit = words.any(|w| w.eq_ignore_ascii_case(bare));
            hit.then(|| Host { name: name.clone(), address })
        })
    };
    names.iter().filter_map(find).collect()
}

/// What a Node.js process has for lookups. Nobody else's is known.
pub(super) fn pool(m: &Moment, patient: &Patient, args: &Args) -> Reading<Pool> {
    let node = patient.process.as_ref().filter(|_| !args.brief);
    let Some(process) = node.filter(|p| matches!(p.name.as_str(), "node" | "nodejs")) else {
        return Reading::unseen(Why::NotAsked);
    };
    let environ = argv::environ(m.world, process.pid, PATIENCE);
    let pool = environ.map(|environ| {
        let set = setting(&environ, Setting::UvThreadpoolSize).and_then(|v| v.trim().parse::<u32>().ok());
        let threads = set.map_or(THREADS, |n| n.clamp(1, THREADS_MOST));
        Pool { process: process.clone(), threads, set: set.is_some() }
    });
    pool.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loaders_tell_the_library() {
        for (path, whose) in [
            ("/lib64/ld-linux-x86-64.so.2", Some(Libc::Glibc)),
            ("/lib/ld-linux-aarch64.so.1", Some(Libc::Glibc)),
            ("/lib/ld-musl-x86_64.so.1", Some(Libc::Musl)),
            ("/system/bin/linker64", None),
        ] {
            assert_eq!(of_loader(path), whose, "{path}");
        }
    }

    #[test]
    fn names_of_the_hosts_file_are_found_whatever_their_case_and_comments_are_none() {
        let text = "127.0.0.1 localhost\n# 10.0.0.1 db\n10.0.0.2\tDB db.test # web\nnonsense db\n";
        let names = ["db".to_string(), "web".into(), "db.test.".into()];
        let found = hosts(text, &names);
        let found: Vec<_> = found.iter().map(|h| (h.name.as_str(), h.address.as_str())).collect();
        assert_eq!(found, [("db", "10.0.0.2"), ("db.test.", "10.0.0.2")]);
        assert_eq!(hosts_line("hosts:  files dns # x").as_deref(), Some("files dns"));
        assert_eq!(hosts_line("# hosts: files"), None);
    }
}
