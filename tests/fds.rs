//! The area `fds` on this machine and on recorded trees, driven as the runner drives it: read, walk, look, examine.

use paramedic::{
    areas::{AREAS, Chosen, Entry, Running},
    model::{Block, Cell, Defaults, Gaps, Outcome, Section, Why},
    settings::Settings,
    source::{Moment, Phase, Scope, Walked, Wanting, World, proc, walk},
};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

fn entry() -> &'static Entry {
    AREAS.iter().find(|a| a.name == "fds").expect("the area is registered")
}

fn open(flags: &[&str]) -> Box<dyn Running> {
    let command = (entry().flags)(clap::Command::new("fds"));
    let matches = command.try_get_matches_from(std::iter::once(&"fds").chain(flags)).expect("flags parse");
    (entry().open)(&matches, &paramedic::settings::Settings::default()).expect("fds opens")
}

/// One look; gives what the walk cost.
fn look(probe: &mut dyn Running, world: &World, scope: &Scope, last: bool) -> Walked {
    let moment = Moment::now(
        world,
        scope,
        Instant::now() + Duration::from_secs(10),
        if last { Phase::Last } else { Phase::Full },
    );
    probe.read(&moment);
    let wanting: &mut dyn Wanting = probe;
    let walked = walk(&moment, wanting, &mut Gaps::default());
    probe.look(&moment, &walked);
    walked
}

fn examine(probe: &dyn Running, span_s: f64) -> Section {
    probe.record(span_s).examine(&Defaults, &Chosen::default())
}

fn live() -> World {
    World::open(Path::new("/proc"), Path::new("/sys")).expect("/proc opens")
}

fn recorded(scenario: &str) -> World {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fds").join(scenario);
    World::open(&root.join("proc"), &root.join("sys")).expect("the fixture opens")
}

/// One look at a recorded tree.
fn judged(scenario: &str) -> Section {
    let mut probe = (entry().open_in_check)(&Settings::default()).expect("check asks for fds");
    look(probe.as_mut(), &recorded(scenario), &Scope::default(), true);
    examine(probe.as_ref(), 0.0)
}

fn outcome<'s>(section: &'s Section, code: &str) -> &'s Outcome {
    &section.checks.iter().find(|(c, _)| *c == code).unwrap_or_else(|| panic!("no {code}")).1
}

fn titles(section: &Section, code: &str) -> Vec<String> {
    match outcome(section, code) {
        Outcome::Found { findings, .. } => findings.iter().map(|f| f.title.clone()).collect(),
        _ => vec![],
    }
}

/// The cells of one column of a table, by the pid of their row.
fn column(section: &Section, table: &str, key: &str) -> Vec<(u64, Cell)> {
    let found = section.blocks.iter().find_map(|b| match b {
        Block::Table { name, columns, rows, .. } if *name == table => Some((columns, rows)),
        _ => None,
    });
    let (columns, rows) = found.unwrap_or_else(|| panic!("no table {table}"));
    let at =
        |key: &str| columns.iter().position(|c| c.key == key).unwrap_or_else(|| panic!("no column {key}"));
    let (pid, value) = (at("pid"), at(key));
    rows.iter()
        .map(|r| match r[pid] {
            Cell::Id(pid) => (pid, r[value].clone()),
            ref other => panic!("pid {other:?}"),
        })
        .collect()
}

fn cell(section: &Section, key: &str, pid: u64) -> Cell {
    let cells = column(section, "processes", key);
    cells.into_iter().find(|(p, _)| *p == pid).unwrap_or_else(|| panic!("pid {pid} is not in the table")).1
}

/// A bash that opens what it is told to, one line at a time.
struct Patient {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Patient {
    fn start() -> Self {
        let mut child = Command::new("bash")
            .args(["--norc", "--noprofile"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Not ours: that may be a file, and files are counted.
            .stderr(Stdio::null())
            .spawn()
            .expect("bash starts (apt-get install bash)");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, input, output }
    }
    fn run(&mut self, line: &str) {
        writeln!(self.input, "{line}; echo done").expect("bash listens");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("bash answers");
        assert_eq!(answer, "done\n", "{line}");
    }
    fn pid(&self) -> i32 {
        self.child.id() as i32
    }
    fn scope(&self) -> Scope {
        Scope { pids: vec![self.pid()], ..Scope::default() }
    }
    fn listed(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("our own child").count()
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn counts_and_kinds_of_a_live_process_agree_with_its_directory() {
    let dir = tempfile::tempdir().unwrap();
    let gone = dir.path().join("gone");
    let mut patient = Patient::start();
    patient.run("exec 11</dev/null 12</dev/null 13</etc/passwd 14<>/dev/full");
    patient.run(&format!("exec 15>{0} 16>{0}; rm {0}", gone.display()));
    patient.run("ulimit -Sn 40");

    let (world, mut probe) = (live(), open(&[]));
    let walked = look(probe.as_mut(), &world, &patient.scope(), true);
    let section = examine(probe.as_ref(), 0.0);
    let pid = patient.pid() as u64;
    assert_eq!(cell(&section, "open", pid), Cell::Int(patient.listed() as u64));
    assert_eq!(cell(&section, "soft_limit", pid), Cell::Int(40));
    assert_eq!((walked.processes, walked.links), (1, patient.listed() as u64));
    let (kinds, counts) = (column(&section, "kinds", "kind"), column(&section, "kinds", "open"));
    let of = |kind: &str| {
        let at = kinds.iter().position(|(_, k)| *k == Cell::Text(kind.into()));
        at.map_or(Cell::Int(0), |at| counts[at].1.clone())
    };
    // What the directory itself says, told apart by the beginnings of the links alone.
    let links: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .map(|e| fs::read_link(e.unwrap().path()).unwrap().to_str().unwrap().to_string())
        .collect();
    let beginning = |with: &str| Cell::Int(links.iter().filter(|l| l.starts_with(with)).count() as u64);
    assert_eq!((of("file"), of("deleted")), (Cell::Int(1), Cell::Int(2)));
    assert_eq!((of("device"), of("pipe")), (beginning("/dev/"), beginning("pipe:")));
    assert!(links.iter().filter(|l| l.starts_with("/dev/")).count() >= 3, "{links:?}");
}

/// In a thread of its own, which gives up its rights for good when it has any.
#[test]
fn without_rights_counts_are_seen_where_the_kernel_allows_and_kinds_are_denied() {
    let mut patient = Patient::start();
    patient.run("exec 11</dev/null 12</dev/null");
    let (pid, listed) = (patient.pid(), patient.listed() as u64);
    let seen = std::thread::spawn(move || {
        let nobody = rustix::process::Uid::from_raw(65_534);
        if rustix::process::geteuid().is_root() {
            rustix::thread::set_thread_res_uid(nobody, nobody, nobody).expect("root may become nobody");
        }
        let (world, mut probe) = (live(), open(&["--kinds", "all"]));
        // As root the child is somebody else's now; without root it is ours, and PID 1 is not.
        let pid = if rustix::process::geteuid() == nobody { pid } else { 1 };
        let scope = Scope { pids: vec![pid], ..Scope::default() };
        look(probe.as_mut(), &world, &scope, true);
        let section = examine(probe.as_ref(), 0.0);
        let pid = pid as u64;
        (world.counts_by_size, pid, cell(&section, "open", pid), cell(&section, "kinds", pid), section)
    });
    let (by_size, looked_at, open, kinds, section) = seen.join().unwrap();
    assert_eq!(kinds, Cell::Unseen);
    if !by_size {
        assert_eq!(open, Cell::Unseen);
        assert!(section.gaps.iter().any(|g| g.why == Why::Denied), "{:?}", section.gaps);
    } else if looked_at == pid as u64 {
        assert_eq!(open, Cell::Int(listed));
    } else {
        assert!(matches!(open, Cell::Int(1..)), "{open:?}");
    }
    match outcome(&section, "fds/inotify-exhausted") {
        Outcome::Clear { .. } => {}
        Outcome::Unknown { why, .. } => assert_eq!(*why, Why::Denied),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_visible_process_is_counted_as_its_directory_says() {
    let (world, mut probe) = (live(), open(&["--rows", "10000"]));
    let patient = Patient::start();
    look(probe.as_mut(), &world, &Scope::default(), true);
    let section = examine(probe.as_ref(), 0.0);
    let open = column(&section, "processes", "open");
    assert!(open.contains(&(patient.pid() as u64, Cell::Int(patient.listed() as u64))), "{open:?}");
    let own = proc::own::pid(&world).expect("we are in our own /proc") as u64;
    assert!(!open.iter().any(|(pid, _)| *pid == own), "the tool reports on the patient, not on itself");
    let kernel = fs::read_dir("/proc/2/fd").is_ok_and(|mut d| d.next().is_none());
    assert!(!kernel || !open.iter().any(|(pid, _)| *pid == 2), "kernel threads hold none and are left out");
}

#[test]
fn a_leak_is_followed_over_the_looks_and_its_kind_is_told() {
    let (world, mut probe, mut patient) = (live(), open(&[]), Patient::start());
    patient.run("ulimit -Sn 60");
    let scope = patient.scope();
    let mut next = 20;
    for n in 0..9 {
        look(probe.as_mut(), &world, &scope, n == 8);
        for _ in 0..3 {
            // The last look has nothing after it.
            patient.run(&format!("exec {next}</etc/passwd"));
            next += 1;
        }
        std::thread::sleep(Duration::from_millis(40));
    }
    let section = examine(probe.as_ref(), 0.3);
    let pid = patient.pid() as u64;
    match cell(&section, "per_s", pid) {
        Cell::Num(per_s) => assert!((10.0..90.0).contains(&per_s), "3 every 40 ms or slower: {per_s}"),
        other => panic!("{other:?}"),
    }
    // 28 of 60 descriptors is not near: so short a window gives no verdict, and no "clear" either.
    assert!(matches!(outcome(&section, "fds/growing"), Outcome::Skipped { .. }), "{section:?}");

    // Near the limit the same rise is a finding, however short the window.
    patient.run("ulimit -Sn 40");
    look(probe.as_mut(), &world, &scope, true);
    let section = examine(probe.as_ref(), 0.3);
    let Outcome::Found { findings, .. } = outcome(&section, "fds/growing") else { panic!("{section:?}") };
    assert!(findings[0].title.contains(" files a second, "), "{}", findings[0].title);
    assert!(findings[0].evidence.contains(&("kind", Cell::Text("file".into()))));
    assert_eq!(titles(&section, "fds/near-limit").len(), 1);
}

#[test]
fn a_count_that_rises_and_falls_is_no_leak() {
    let (world, mut probe, mut patient) = (live(), open(&[]), Patient::start());
    patient.run("ulimit -Sn 40");
    for n in 0..10 {
        let line = if n % 3 == 2 { "exec 20<&- 21<&-" } else { "exec 20</dev/null 21</dev/null" };
        patient.run(line);
        patient.run(&format!("exec {}</dev/null", 22 + n));
        look(probe.as_mut(), &world, &patient.scope(), n == 9);
    }
    let section = examine(probe.as_ref(), 0.3);
    assert!(titles(&section, "fds/growing").is_empty(), "{section:?}");
}

#[test]
fn instances_of_inotify_are_found_in_the_process_that_holds_them() {
    use rustix::fs::inotify::{CreateFlags, init};
    let world = live();
    let max: u64 = world.text("sys/fs/inotify/max_user_instances").unwrap().trim().parse().unwrap();
    let held: Vec<OwnedFd> =
        (0..5).map(|_| init(CreateFlags::CLOEXEC).expect("an instance is left")).collect();
    // Enough descriptors that this user cannot be ruled out by their number.
    let filler: Vec<_> = (0..=max / 2).map(|_| fs::File::open("/dev/null").unwrap()).collect();
    let scope = Scope { pids: vec![std::process::id() as i32], ..Scope::default() };
    let mut probe = open(&["--kinds", "all"]);
    look(probe.as_mut(), &world, &scope, true);
    let section = examine(probe.as_ref(), 0.0);
    drop(filler);
    let table = section.blocks.iter().find_map(|b| match b {
        Block::Table { name: "inotify", rows, .. } => Some(rows),
        _ => None,
    });
    let rows = table.unwrap_or_else(|| panic!("no table of inotify instances: {section:?}"));
    assert_eq!(rows[0][0], Cell::Id(rustix::process::geteuid().as_raw().into()));
    assert_eq!((&rows[0][2], &rows[0][3]), (&Cell::Int(held.len() as u64), &Cell::Int(max)));
    assert!(matches!(outcome(&section, "fds/inotify-exhausted"), Outcome::Clear { unseen: 0, .. }));
    assert_eq!(proc::own::inotify_used_up(&world), Ok(false), "and one more could be made");
}

#[test]
fn the_leaking_process_is_named_and_its_twin_is_not() {
    let section = judged("near");
    assert_eq!(titles(&section, "fds/near-limit"), ["node (pid 41) holds 20 of 24 descriptors (83 %)"]);
    let Outcome::Found { findings, unseen: 0 } = outcome(&section, "fds/near-limit") else { panic!() };
    assert_eq!(findings[0].because[0], "15 sockets, 3 devices, 2 deleted files");
    assert!(matches!(outcome(&section, "fds/system-near-limit"), Outcome::Clear { looked: 1, unseen: 0 }));
    assert!(matches!(outcome(&section, "fds/growing"), Outcome::Skipped { .. }));
    assert_eq!(cell(&section, "soft_limit", 43), Cell::None, "unlimited was seen");
    let pids: Vec<_> = column(&section, "processes", "pid").into_iter().map(|(p, _)| p).collect();
    assert_eq!(pids, [41, 42, 1, 43], "the nearest first, no kernel thread");
    assert!(section.gaps.is_empty(), "{:?}", section.gaps);
}

#[test]
fn a_kernel_thread_that_is_asked_for_holds_none() {
    let mut probe = open(&[]);
    let scope = Scope { pids: vec![2], ..Scope::default() };
    look(probe.as_mut(), &recorded("near"), &scope, true);
    assert_eq!(cell(&examine(probe.as_ref(), 0.0), "open", 2), Cell::Int(0));
}

#[test]
fn the_full_machine_and_the_user_of_its_watchers_are_named() {
    let section = judged("full");
    assert_eq!(
        titles(&section, "fds/system-near-limit"),
        ["the machine has 97,000 of 100,000 files open (97 %)"]
    );
    let Outcome::Found { findings, .. } = outcome(&section, "fds/inotify-exhausted") else {
        panic!("{section:?}")
    };
    assert!(findings[0].title.ends_with("holds 14 of 16 inotify instances"), "{}", findings[0].title);
    assert_eq!(findings[0].because, ["watcher (pid 50) holds 10 of them"]);
    assert!(findings[0].evidence.contains(&("proof", Cell::Bool(false))), "a recorded tree is never proved");
}

#[test]
fn names_that_break_parsers_are_kept_whole() {
    let names: Vec<_> = column(&judged("names"), "processes", "name").into_iter().collect();
    let text = |s: &str| Cell::Text(s.into());
    assert_eq!(
        names,
        [(60, text("nc (")), (61, text("a)b")), (62, text("x\n127.0.0.1")), (63, text("\\xff\\xfe"))]
    );
    assert_eq!(titles(&judged("names"), "fds/near-limit").len(), 4);
}

#[test]
fn damaged_trees_give_holes_and_gaps_and_never_nought() {
    let section = judged("broken");
    assert_eq!(cell(&section, "soft_limit", 70), Cell::Unseen, "no limits file");
    assert_eq!(cell(&section, "used_pct", 71), Cell::Unseen, "limits in words");
    assert_eq!(cell(&section, "open", 72), Cell::Unseen, "no directory of descriptors");
    assert_eq!(cell(&section, "open", 75), Cell::Int(4));
    match outcome(&section, "fds/near-limit") {
        Outcome::Clear { looked, unseen } => assert_eq!((*looked, *unseen), (1, 3)),
        other => panic!("{other:?}"),
    }
    for code in ["fds/system-near-limit", "fds/inotify-exhausted"] {
        assert!(matches!(outcome(&section, code), Outcome::Unknown { why: Why::Malformed, .. }), "{code}");
    }
    let said: Vec<_> = section.gaps.iter().map(|g| (g.subject.as_str(), g.why, g.count)).collect();
    assert_eq!(
        said,
        [
            ("descriptor counts of processes", Why::Absent, 1),
            ("descriptor limits of processes", Why::Absent, 1),
            ("descriptor limits of processes", Why::Malformed, 1),
        ]
    );
}

#[test]
fn facts_survive_a_snapshot_and_are_judged_the_same() {
    let mut probe = open(&["--kinds", "all"]);
    look(probe.as_mut(), &recorded("near"), &Scope::default(), true);
    let record = probe.record(0.0);
    let mut text = Vec::new();
    record.write(&mut text).unwrap();
    let raw = serde_json::value::RawValue::from_string(String::from_utf8(text).unwrap()).unwrap();
    let replayed = (entry().replay)(&raw).unwrap();
    let [a, b] = [&record, &replayed].map(|r| format!("{:?}", r.examine(&Defaults, &Chosen::default())));
    assert_eq!(a, b);
}
