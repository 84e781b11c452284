use super::*;
use crate::{
    areas::memory::facts::Group,
    source::{Scope, World},
};
use std::{fs, time::Duration};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A tree of /proc and /sys that tests change between looks.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let m = Self(tempfile::tempdir().unwrap());
        m.put("proc/stat", "cpu  1 2 3 4\nbtime 1795300000\n");
        m.put(
            "proc/meminfo",
            "MemTotal: 8388608 kB\nMemFree: 1048576 kB\nMemAvailable: 4194304 kB\nInactive(file): 2097152 kB\n\
             AnonPages: 1048576 kB\nShmem: 1024 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
        );
        m.put("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
        m
    }
    fn put(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fn process(&self, pid: i32, name: &str, cgroup: &str, rss: u64) {
        let pages = rss / 4096;
        let line = format!(
            "{pid} ({name}) S 0 {pid} {pid} 0 -1 4194560 1 0 0 0 5 6 0 0 20 0 1 0 {pid} 1 {pages} 3\n"
        );
        self.put(&format!("proc/{pid}/stat"), &line);
        self.put(&format!("proc/{pid}/cgroup"), cgroup);
    }
    /// The root of version 2, of the whole machine or of a namespace.
    fn v2(&self, whole: bool) {
        self.put("sys/fs/cgroup/cgroup.controllers", "memory\n");
        self.put("sys/fs/cgroup/cgroup.procs", "");
        if !whole {
            self.put("sys/fs/cgroup/cgroup.type", "domain\n");
        }
    }
    fn group(&self, path: &str, anon: u64, limit: &str) {
        let put = |file: &str, text: &str| self.put(&format!("sys/fs/cgroup{path}/{file}"), text);
        put("cgroup.type", "domain\n");
        put("memory.current", &format!("{}\n", anon + 8 * MIB));
        put("memory.max", &format!("{limit}\n"));
        put("memory.high", "max\n");
        put(
            "memory.stat",
            &format!(
                "anon {anon}\nfile {}\nshmem 0\ninactive_file {}\nkernel 0\nnew_key 3\n",
                8 * MIB,
                2 * MIB
            ),
        );
        self.events(path, 0, 0);
        put(
            "memory.pressure",
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
        );
    }
    fn events(&self, path: &str, all: u64, own: u64) {
        let text =
            |n| format!("low 0\nhigh 0\nmax 3\noom 9\noom_kill {n}\noom_group_kill 0\nsock_throttled 7\n");
        self.put(&format!("sys/fs/cgroup{path}/memory.events"), &text(all));
        self.put(&format!("sys/fs/cgroup{path}/memory.events.local"), &text(own));
    }
    fn remove(&self, path: &str) {
        let path = self.0.path().join(path);
        fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path)).unwrap();
    }
    fn look(&self, probe: &mut Memory, phase: Phase) -> Vec<Gap> {
        let at = |d: &str| self.0.path().join(d);
        let world = World::open(&at("proc"), &at("sys")).unwrap();
        let scope = Scope::default();
        let m = Moment::now(&world, &scope, Instant::now() + Duration::from_secs(20), phase);
        let mut gaps = Gaps::default();
        probe.look_at(&m, &mut gaps).unwrap();
        gaps.list()
    }
    fn once(&self) -> (Facts, Vec<Gap>) {
        let mut probe = Memory::new(Args::default());
        let gaps = self.look(&mut probe, Phase::Last);
        (probe.seen().clone(), gaps)
    }
}

fn group<'f>(facts: &'f Facts, path: &str) -> &'f Group {
    let all = facts.groups.top();
    all.iter().find(|g| g.path.as_str() == path).unwrap_or_else(|| panic!("no {path} in {all:?}"))
}
fn seen<T: Clone>(r: &Reading<T>) -> T {
    r.drawn().unwrap().clone()
}

#[test]
fn a_limit_in_the_parent_binds_and_processes_count_upwards() {
    let m = Machine::new();
    m.v2(true);
    m.group("/pod", 60 * MIB, "67108864");
    m.group("/pod/app", 50 * MIB, "max");
    m.process(1, "init", "0::/\n", MIB);
    m.process(41, "node", "0::/pod/app\n", 50 * MIB);
    m.process(42, "child", "0::/pod/app\n", MIB);
    let (facts, gaps) = m.once();
    assert!(gaps.is_empty(), "{gaps:?}");
    let (pod, app) = (group(&facts, "/pod"), group(&facts, "/pod/app"));
    assert_eq!(facts.groups.top().len(), 2, "the root is the machine");
    assert_eq!((seen(&app.limit), seen(&pod.limit)), (None, Some(64 * MIB)));
    assert_eq!(seen(&app.binds).unwrap().path.as_str(), "/pod");
    assert_eq!((seen(&app.used_pct), seen(&pod.used_pct)), (None, Some(93.75)));
    assert_eq!((pod.processes, pod.biggest.as_ref().unwrap().process.pid), (2, 41));
    assert_eq!(pod.oldest.as_ref().unwrap().pid, 41);
    assert_eq!(facts.processes.top()[0].rss_bytes, 50 * MIB);
    assert_eq!(seen(&facts.processes.top()[0].group).as_str(), "/pod/app");
}

#[test]
fn kills_are_told_where_they_happened_and_within_the_window() {
    let m = Machine::new();
    m.v2(true);
    m.group("/pod", 0, "max");
    m.group("/pod/app", 0, "67108864");
    m.process(1, "node", "0::/pod/app\n", MIB);
    m.events("/pod", 3, 0);
    m.events("/pod/app", 1, 1);
    let mut probe = Memory::new(Args::default());
    m.look(&mut probe, Phase::Full);
    m.look(&mut probe, Phase::Cheap);
    m.events("/pod", 5, 0);
    m.events("/pod/app", 3, 3);
    m.look(&mut probe, Phase::Last);
    let facts = probe.seen().clone();
    let app = seen(&group(&facts, "/pod/app").kills);
    assert_eq!((app.own, app.ended, app.window), (3, 0, Reading::seen((2, 0))));
    let pod = seen(&group(&facts, "/pod").kills);
    assert_eq!(
        (pod.own, pod.ended, pod.window),
        (0, 2, Reading::seen((0, 0))),
        "two died in a group that has ended"
    );
    assert_eq!(facts.looks, 3);
    assert_eq!(seen(&facts.growth).followed, 1 + 1 + 1, "a process, a group, the machine");
    // A kernel without counts of the group alone.
    m.remove("sys/fs/cgroup/pod/app/memory.events.local");
    let (facts, _) = m.once();
    assert_eq!(seen(&group(&facts, "/pod/app").kills).own, 3);
    // The next window begins where this one ended.
    m.look(&mut probe, Phase::Last);
    assert_eq!(seen(&group(probe.seen(), "/pod/app").kills).window, Reading::seen((0, 0)));
}

#[test]
fn a_container_says_that_it_cannot_see_above_itself() {
    let m = Machine::new();
    m.v2(false);
    m.group("", 5 * MIB, "67108864");
    m.process(1, "node", "0::/\n", 5 * MIB);
    let (facts, gaps) = m.once();
    assert!(seen(&facts.tree).parents_hidden);
    assert_eq!(facts.groups.top()[0].path.as_str(), "/");
    let machine = seen(&facts.machine);
    assert_eq!(machine.psi, None, "the node's pressure is not the container's");
    assert_eq!(machine.total, 8 * GIB);
    let said: Vec<_> = gaps.iter().map(|g| (g.subject.as_str(), g.remedy.is_some())).collect();
    assert_eq!(
        said,
        [("OOM kills of earlier containers", true), ("memory limits of the groups above", true)]
    );
}

#[test]
fn no_group_mounted_is_a_hole_and_the_machine_is_asked() {
    let m = Machine::new();
    m.process(1, "node", "0::/\n", MIB);
    m.put("proc/vmstat", "nr_free_pages 5\noom_kill 4\n");
    let mut probe = Memory::new(Args::default());
    m.look(&mut probe, Phase::Full);
    m.put("proc/vmstat", "oom_kill 6\n");
    let gaps = m.look(&mut probe, Phase::Last);
    let facts = probe.seen();
    assert_eq!(facts.tree, Reading::unseen(Why::Absent));
    assert_eq!(gaps[0].subject, "memory of control groups");
    let machine = seen(&facts.machine);
    assert_eq!((machine.kills, machine.kills_now), (Reading::seen(6), Reading::seen(2)));
    assert!(machine.psi.is_some_and(|p| p.drawn().is_some()));
}

#[test]
fn broken_files_are_holes_and_never_nought() {
    let m = Machine::new();
    m.v2(true);
    m.process(1, "node", "0::/pod\n", MIB);
    let pod = |file: &str, text: &str| {
        m.group("/pod", 50 * MIB, "67108864");
        m.put(&format!("sys/fs/cgroup/pod/{file}"), text);
        let (facts, _) = m.once();
        group(&facts, "/pod").clone()
    };
    for bad in ["", "-5\n", "99999999999999999999999\n", "many\n"] {
        let g = pod("memory.max", bad);
        assert_eq!(
            (g.limit, g.used_pct),
            (Reading::unseen(Why::Malformed), Reading::unseen(Why::Malformed)),
            "{bad}"
        );
        let g = pod("memory.current", bad);
        assert_eq!(g.used_pct, Reading::unseen(Why::Malformed), "{bad}");
    }
    for bad in [
        "",
        "anon\n",
        "anon -4\n",
        "file 8\ninactive_file 8\nshmem 1\n",
        "anon 1\nanon 99999999999999999999\n",
    ] {
        assert_eq!(pod("memory.stat", bad).used_pct, Reading::unseen(Why::Malformed), "{bad}");
    }
    for bad in ["", "oom 4\n", "oom_kill many\noom 4\n"] {
        let why = if bad.is_empty() { Why::Malformed } else { Why::Unsupported };
        assert_eq!(pod("memory.events", bad).kills.map(|k| k.own), Reading::unseen(why), "{bad}");
    }
    for bad in ["", "some avg10=x avg60=0 avg300=0 total=0\n", "full avg10=0 avg60=0 avg300=0 total=0\n"] {
        assert_eq!(pod("memory.pressure", bad).psi, Reading::unseen(Why::Malformed), "{bad}");
    }
    m.remove("sys/fs/cgroup/pod/memory.pressure");
    let (facts, gaps) = m.once();
    assert_eq!(group(&facts, "/pod").psi, Reading::unseen(Why::Absent));
    assert_eq!(gaps[0].subject, "memory pressure of control groups");
    m.put("proc/meminfo", "MemTotal: many kB\n");
    let (facts, _) = m.once();
    assert_eq!(facts.machine, Reading::unseen(Why::Malformed));
    assert_eq!(
        group(&facts, "/pod").used_pct,
        Reading::unseen(Why::Absent),
        "whether there is swap is not known"
    );
}

#[test]
fn groups_without_the_controller_are_left_out_and_one_that_ended_is_too() {
    let m = Machine::new();
    m.v2(true);
    m.group("/pod", 50 * MIB, "67108864");
    m.put("sys/fs/cgroup/pod/app/cgroup.type", "domain\n");
    m.process(1, "node", "0::/pod/app\n", MIB);
    let mut probe = Memory::new(Args::default());
    m.look(&mut probe, Phase::Full);
    let paths: Vec<_> = probe.seen().groups.top().iter().map(|g| g.path.as_str().to_string()).collect();
    assert_eq!(paths, ["/pod"]);
    m.remove("sys/fs/cgroup/pod");
    m.look(&mut probe, Phase::Cheap);
    m.look(&mut probe, Phase::Last);
    assert_eq!(probe.seen().groups.total(), 0);
}

#[test]
fn version_1_has_no_pressure_and_an_old_kernel_no_kills() {
    let m = Machine::new();
    let put = |file: &str, text: &str| m.put(&format!("sys/fs/cgroup/memory{file}"), text);
    put("/release_agent", "");
    let files = |at: &str, limit: &str| {
        put(&format!("{at}/memory.usage_in_bytes"), "62914560\n");
        put(&format!("{at}/memory.limit_in_bytes"), limit);
        put(&format!("{at}/memory.stat"), "total_rss 31457280\ntotal_cache 4096\ntotal_inactive_file 4096\n");
        put(&format!("{at}/memory.failcnt"), "12\n");
        put(&format!("{at}/memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    };
    files("", "9223372036854771712\n");
    files("/docker/a", "62914560\n");
    files("/docker", "9223372036854771712\n");
    m.process(1, "node", "4:memory:/docker/a\n0::/\n", MIB);
    let (facts, gaps) = m.once();
    let (a, docker) = (group(&facts, "/docker/a"), group(&facts, "/docker"));
    assert_eq!((seen(&a.used_pct), seen(&docker.limit)), (Some(50.0), None));
    assert_eq!((seen(&a.kills).own, seen(&a.hits).max, a.version), (2, 12, 1));
    assert_eq!(a.psi, Reading::unseen(Why::Unsupported));
    assert_eq!((gaps[0].why, gaps[0].count), (Why::Unsupported, 2));
    put("/docker/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
    let (facts, _) = m.once();
    assert_eq!(group(&facts, "/docker/a").kills, Reading::unseen(Why::Unsupported));
}

#[test]
fn swap_that_is_left_to_the_group_takes_what_is_anonymous() {
    let m = Machine::new();
    let info = fs::read_to_string(m.0.path().join("proc/meminfo")).unwrap();
    m.put(
        "proc/meminfo",
        &info.replace("SwapTotal: 0", "SwapTotal: 1048576").replace("SwapFree: 0", "SwapFree: 524288"),
    );
    m.v2(true);
    m.process(1, "node", "0::/pod\n", MIB);
    m.put("proc/1/status", "Name:\tnode\nVmSwap:\t  2048 kB\n");
    let used = |max: Option<&str>| {
        m.group("/pod", 60 * MIB, "67108864");
        if let Some(max) = max {
            m.put("sys/fs/cgroup/pod/memory.swap.max", max);
            m.put("sys/fs/cgroup/pod/memory.swap.current", "10485760\n");
        }
        let (facts, _) = m.once();
        assert_eq!(seen(&facts.processes.top()[0].swap_bytes), 2 * MIB);
        group(&facts, "/pod").charge.map(|c| c.unreclaimable)
    };
    assert_eq!(used(None), Reading::seen(0), "all of it fits");
    assert_eq!(used(Some("20971520\n")), Reading::seen(50 * MIB));
    assert_eq!(used(Some("0\n")), Reading::seen(60 * MIB));
    assert_eq!(used(Some("max\n")), Reading::seen(0));
    assert_eq!(used(Some("soon\n")), Reading::unseen(Why::Malformed));
}

#[test]
fn only_so_many_rows_are_kept_and_the_rest_is_known_to_be_well() {
    let m = Machine::new();
    m.v2(true);
    for i in 0..30u64 {
        m.group(&format!("/g{i}"), i * MIB, "67108864");
        m.process(i as i32 + 1, "x", &format!("0::/g{i}\n"), MIB);
    }
    m.events("/g3", 1, 1);
    m.put("sys/fs/cgroup/g4/memory.pressure", "some avg10=9.00 avg60=2.00 avg300=0.00 total=1\n");
    let mut probe = Memory::new(Args { rows: 5, ..Args::default() });
    m.look(&mut probe, Phase::Last);
    let facts = probe.seen();
    let paths: Vec<_> = facts.groups.top().iter().map(|g| g.path.as_str()).collect();
    assert_eq!(paths, ["/g29", "/g28", "/g27", "/g26", "/g25", "/g4", "/g3", "/g0"], "and that of PID 1");
    assert_eq!((facts.groups.total(), facts.others.seen), (30, 22));
    assert_eq!(facts.others.top_pct, 37.5, "page cache is not counted");
    assert_eq!((facts.others.unkilled, facts.others.calm), (22, 22));
    assert_eq!(facts.processes.top().len(), 5);
    let text = serde_json::to_string(&facts).unwrap();
    let back: Facts = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text, "facts survive a snapshot");
}

#[test]
fn what_rises_is_told_with_the_room_that_is_left() {
    let m = Machine::new();
    m.v2(true);
    m.process(1, "init", "0::/\n", MIB);
    let mut probe = Memory::new(Args::default());
    for i in 0..9u64 {
        m.group("/pod", (20 + 2 * i) * MIB, "67108864");
        m.process(41, "node", "0::/pod\n", (20 + 2 * i) * MIB);
        m.look(
            &mut probe,
            if i == 0 {
                Phase::Full
            } else if i == 8 {
                Phase::Last
            } else {
                Phase::Cheap
            },
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let growth = seen(&probe.seen().growth);
    let pod = growth.limited.iter().find(|r| r.group.is_some()).unwrap();
    assert_eq!((pod.rise.now, pod.rise.gained), (36 * MIB, 16 * MIB));
    assert_eq!(seen(&pod.limit), Some((64 * MIB, 28 * MIB)));
    assert_eq!(pod.process.as_ref().unwrap().process.pid, 41);
    assert!(pod.rise.low_per_s.is_some_and(|low| low > 0.0));
    assert_eq!(growth.processes[0].process.as_ref().unwrap().process.pid, 41);
    assert_eq!(seen(&growth.processes[0].limit), Some((64 * MIB, 28 * MIB)));
}

#[test]
fn a_heap_is_asked_of_big_processes_with_a_limit_and_only_its_number_is_kept() {
    let m = Machine::new();
    m.v2(true);
    m.group("/pod", 50 * MIB, "67108864");
    m.group("/free", 50 * MIB, "max");
    m.process(1, "java", "0::/pod\n", 40 * MIB);
    m.put("proc/1/cmdline", "/usr/bin/java\0-Dpassword=hunter2\0-Xmx64m\0-jar\0app.jar\0");
    m.put("proc/1/environ", "PASSWORD=hunter2\0");
    m.process(2, "java", "0::/free\n", 40 * MIB);
    m.process(3, "small", "0::/pod\n", MIB);
    let (facts, _) = m.once();
    let heaps = seen(&facts.heaps);
    assert_eq!((heaps.told.len(), heaps.untold, heaps.unseen.len()), (1, 0, 0));
    let heap = &heaps.told[0];
    assert_eq!((heap.process.pid, heap.setting.as_str(), heap.bytes), (1, "-Xmx", 64 * MIB));
    assert_eq!((heap.limit.bytes, heap.group.as_str()), (64 * MIB, "/pod"));
    assert!(!serde_json::to_string(&facts).unwrap().contains("hunter2"));
}
