//! Looks at trees that were made up: what is missing or broken in them is a hole.

use super::{
    super::facts::{Handler, Home, Role, Verdict},
    *,
};
use crate::source::{Scope, World};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

const NOTHING: &str = "0000000000000000";
const TERM: &str = "0000000000004000";

/// One process of a tree: `stat`, `status` and `cmdline`.
fn put(
    root: &Path,
    pid: i32,
    ppid: i32,
    state: char,
    (comm, cmdline): (&str, &str),
    (ns, caught): (&str, &str),
) {
    let dir = root.join(pid.to_string());
    fs::create_dir_all(&dir).unwrap();
    let stat =
        format!("{pid} ({comm}) {state} {ppid} 1 1 0 -1 4194560 1 0 0 0 5 6 0 0 20 0 1 0 1000 1 {pid} 3");
    fs::write(dir.join("stat"), stat).unwrap();
    let status = format!(
        "NSpid:\t{ns}\nSigBlk:\t{NOTHING}\nSigIgn:\t{NOTHING}\nSigCgt:\t{caught}\nShdPnd:\t{NOTHING}\n"
    );
    fs::write(dir.join("status"), status).unwrap();
    fs::write(dir.join("cmdline"), cmdline.replace(' ', "\0") + "\0").unwrap();
    fs::write(dir.join("cgroup"), format!("0::/{pid}\n")).unwrap();
}

fn look(root: &Path) -> (Facts, Gaps) {
    let world = World::open(root, Path::new("/nowhere")).unwrap();
    let scope = Scope::default();
    let mut gaps = Gaps::default();
    let mut probe = Lifecycle::new(Args::default());
    let moment = Moment::now(&world, &scope, Instant::now() + Duration::from_secs(30), Phase::Last);
    probe.see(&moment, &mut gaps);
    (probe.seen().clone(), gaps)
}

#[test]
fn a_shell_with_its_child_and_a_container_below_are_told_from_a_tree() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), 1, 0, 'S', ("sh", "/bin/sh -c node;true"), ("1", NOTHING));
    put(root.path(), 7, 1, 'S', ("node", "node s.js --token hunter2"), ("7", TERM));
    put(root.path(), 8, 1, 'S', ("tail", "tail -f x"), ("8", NOTHING));
    put(root.path(), 20, 7, 'S', ("tini", "tini -- app"), ("20 1", NOTHING));
    put(root.path(), 21, 20, 'Z', ("app", ""), ("21 2", NOTHING));
    let (facts, _) = look(root.path());

    let inits = facts.inits.top();
    assert_eq!(inits.iter().map(|i| i.process.pid).collect::<Vec<_>>(), [1, 20]);
    let (shell, tini) = (&inits[0], &inits[1]);
    assert_eq!(
        (shell.home, shell.role, shell.handler),
        (Home::Container, Role::Wrapper, Reading::seen(Handler::Default))
    );
    assert_eq!(shell.judged.drawn().unwrap().verdict, Verdict::ShellWrapper);
    // The tail is the bigger one in this tree: resident memory is its pid.
    let wrapper = shell.wrapper.as_ref().unwrap();
    assert_eq!((wrapper.child.pid, wrapper.background, wrapper.below_init), (8, false, false));
    assert_eq!((shell.children, shell.grandchildren), (2, 1));
    assert_eq!((tini.home, tini.judged.drawn().unwrap().verdict), (Home::Container, Verdict::Delegated));
    let zombies = facts.zombies.drawn().unwrap();
    assert_eq!((zombies.total, zombies.parents.top()[0].process.pid), (1, 20));
    let text = serde_json::to_string(&facts).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    assert!(facts.tasks.drawn().is_none() && facts.machine.drawn().is_none());
}

#[test]
fn kernel_threads_beside_it_make_the_first_process_that_of_a_machine() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), 1, 0, 'S', ("init", "/init"), ("1", NOTHING));
    fs::create_dir_all(root.path().join("2")).unwrap();
    let kthreadd = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0";
    fs::write(root.path().join("2/stat"), kthreadd).unwrap();
    let (facts, _) = look(root.path());
    assert_eq!(facts.inits.top().len(), 1);
    assert_eq!(facts.inits.top()[0].home, Home::Machine);
}

#[test]
fn what_is_missing_or_broken_is_a_hole() {
    let root = tempfile::tempdir().unwrap();
    for pid in [1, 5, 6] {
        put(root.path(), pid, 0, 'S', ("app", "app"), ("1", TERM));
    }
    fs::remove_file(root.path().join("1/status")).unwrap();
    fs::remove_file(root.path().join("1/cmdline")).unwrap();
    fs::write(root.path().join("5/status"), "NSpid:\nSigCgt:\tzz\n").unwrap();
    fs::write(root.path().join("6/status"), b"\xff\xfe\0").unwrap();
    fs::write(root.path().join("loadavg"), "nonsense").unwrap();
    let (facts, gaps) = look(root.path());
    let init = &facts.inits.top()[0];
    assert_eq!(facts.inits.total(), 1);
    assert_eq!((init.handler, init.judged), (Reading::unseen(Why::Absent), Reading::unseen(Why::Absent)));
    assert_eq!(init.command, Reading::unseen(Why::Absent));
    assert_eq!(facts.inits_unseen, BTreeMap::from([(Why::Unsupported, 2)]));
    assert_eq!(facts.machine, Reading::unseen(Why::Malformed));
    assert!(gaps.list().len() >= 2, "{:?}", gaps.list());
}
