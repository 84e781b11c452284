//! The probe on this machine, and on recorded trees.

use super::*;
use crate::{
    areas::disk::{
        args::Args,
        facts::{Answer, Kind},
    },
    source::{Scope, Walked, Wanting, World, walk},
};
use std::{
    fs,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

/// What the runner does with one area.
struct Alone<'a>(&'a mut Disk);
impl Wanting for Alone<'_> {
    fn wants(&mut self, process: usize) -> bool {
        self.0.wanted(process)
    }
    fn meet(&mut self, process: usize, fd: u32, link: &[u8]) -> bool {
        self.0.met(process, fd, link)
    }
    fn missed(&mut self, process: usize, why: Why) {
        self.0.lost(process, why);
    }
}

fn look(disk: &mut Disk, world: &World, scope: &Scope, phase: Phase) -> (Gaps, Walked) {
    let m = Moment::now(world, scope, Instant::now() + Duration::from_secs(20), phase);
    let mut gaps = Gaps::default();
    disk.begin(&m, &mut gaps).unwrap();
    let walked = walk(&m, &mut Alone(disk), &mut gaps);
    disk.end(&m, &mut gaps);
    world.ask().rest();
    (gaps, walked)
}

fn here() -> (World, Scope) {
    let world = World::open(Path::new("/proc"), Path::new("/sys")).unwrap();
    (world, Scope { pids: vec![std::process::id() as i32], ..Scope::default() })
}

#[test]
fn a_deleted_file_of_ours_is_found_with_its_bytes_and_one_that_has_a_name_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let held = |name: &str, size: usize| {
        let mut file = fs::File::create(dir.path().join(name)).unwrap();
        file.write_all(&vec![1; size]).unwrap();
        file.sync_all().unwrap();
        file
    };
    let log = held("app.log", 3 << 20);
    let again = log.try_clone().unwrap();
    let _kept = held("kept (deleted)", 1 << 20);
    fs::remove_file(dir.path().join("app.log")).unwrap();
    let (world, scope) = here();
    let mut disk = Disk::new(Args::default());
    let (_, walked) = look(&mut disk, &world, &scope, Phase::Last);
    assert!(walked.links > 0);
    let deleted = disk.facts.deleted.drawn().unwrap();
    let path = dir.path().join("app.log");
    let mine: Vec<_> =
        deleted.holders.top().iter().filter(|h| h.largest.as_str() == path.to_str().unwrap()).collect();
    assert_eq!(mine.len(), 1, "{deleted:?}");
    // Other tests of this process may hold deleted files as well.
    assert!((3 << 20..64 << 20).contains(&mine[0].largest_bytes), "{deleted:?}");
    assert_eq!((mine[0].writes.drawn(), mine[0].sharers, deleted.looked), (Some(&true), 0, 1));
    assert!(mine[0].on.drawn().is_some_and(|on| on.size_bytes > 3 << 20), "{deleted:?}");
    assert!(!deleted.holders.top().iter().any(|h| h.largest.as_str().contains("kept")), "{deleted:?}");
    drop((log, again));
}

#[test]
fn the_mounts_of_this_machine_answer() {
    let (world, scope) = here();
    let mut disk = Disk::new(Args::default());
    look(&mut disk, &world, &scope, Phase::Full);
    assert!(disk.facts.mounts.drawn().is_none(), "facts are put together in the last look");
    look(&mut disk, &world, &scope, Phase::Cheap);
    look(&mut disk, &world, &scope, Phase::Last);
    let mounts = disk.facts.mounts.drawn().unwrap();
    assert!(mounts.devices.total() > 0);
    let answered =
        mounts.devices.top().iter().filter(|d| d.answer == Answer::Given && d.space.drawn().is_some());
    assert!(answered.count() > 0, "{mounts:?}");
}

/// A recorded tree with this mount table.
fn recorded(mountinfo: &str) -> (tempfile::TempDir, World) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("1")).unwrap();
    fs::write(dir.path().join("1/mountinfo"), mountinfo).unwrap();
    fs::write(dir.path().join("stat"), "btime 1000\n").unwrap();
    let world = World::open(dir.path(), dir.path()).unwrap();
    (dir, world)
}

#[test]
fn in_a_recorded_tree_the_table_is_read_and_nothing_is_asked() {
    let text = "1 0 0:50 / / rw - overlay overlay rw,upperdir=/u\n2 1 8:1 /v /data rw - ext4 /dev/sda1 ro,errors=remount-ro\n";
    let (_dir, world) = recorded(text);
    let mut disk = Disk::new(Args::default());
    let (gaps, _) = look(&mut disk, &world, &Scope::default(), Phase::Last);
    let mounts = disk.facts.mounts.drawn().unwrap();
    let rows: Vec<_> = mounts.devices.top().iter().map(|d| (d.mount.as_str(), d.kind, d.answer)).collect();
    let mute = Answer::Unknown { why: Why::Unsupported };
    assert_eq!(rows, [("/data", Kind::Volume, mute), ("/", Kind::WritableLayer, mute)]);
    assert!(mounts.devices.top()[0].refused.as_ref().is_some_and(|r| r.on_errors));
    let said = gaps.list();
    assert!(said.iter().any(|g| g.why == Why::Unsupported && g.count == 2), "{said:?}");
    assert_eq!(disk.facts.deleted.drawn().map(|d| d.looked), None);
}

#[test]
fn without_a_mount_table_the_rest_is_still_looked_at() {
    let (dir, world) = recorded("");
    fs::remove_file(dir.path().join("1/mountinfo")).unwrap();
    let mut disk = Disk::new(Args::default());
    let (gaps, _) = look(&mut disk, &world, &Scope::default(), Phase::Last);
    assert!(disk.facts.mounts.drawn().is_none());
    assert!(gaps.list().iter().any(|g| g.why == Why::Absent && g.subject == "mount table"));
}
