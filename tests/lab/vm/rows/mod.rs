//! The rows: what runs inside is in `NAME.sh`, what is expected of it in the Rust file of the same name.

mod cgroup;
mod conntrack;
mod cpu;
mod fresh;
mod hidepid;
mod memory;
mod memory_pressure;
mod near_limit;
mod orphans;
mod own_limit;
mod sock_diag;
mod system_near_limit;
mod tcp_memory;

/// One scenario script and how many seconds it may take.
pub struct Row {
    /// Name of the script without `.sh`.
    pub name: &'static str,
    /// Its deadline inside the machine.
    pub seconds: u32,
}

/// The rows of each machine, in the order in which they run, which matters: the sock_diag modules are absent until
/// `sock-diag` inserts them, `cpu` comes before `memory-pressure`, whose traces the averages of the whole machine show for
/// a minute, and `cgroup` last because its 20,000 sockets take a second to close. Two machines because the hosts that run
/// this have two cores.
pub const MACHINES: [&[Row]; 2] = [
    &[
        row("fresh", 30),
        row("near-limit", 60),
        row("hidepid", 60),
        row("system-near-limit", 60),
        row("sock-diag", 60),
        row("own-limit", 60),
        row("memory", 60),
    ],
    &[
        row("conntrack", 60),
        row("orphans", 60),
        row("tcp-memory", 60),
        row("cpu", 100),
        row("memory-pressure", 60),
        row("cgroup", 100),
    ],
];

const fn row(name: &'static str, seconds: u32) -> Row {
    Row { name, seconds }
}

#[test]
fn every_script_is_run_and_has_its_expectations() {
    let folder = std::path::Path::new(crate::image::HERE).join("rows");
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(script) = name.strip_suffix(".sh") {
            scripts.push(script.to_owned());
        }
    }
    scripts.sort();
    let mut listed: Vec<&str> = MACHINES.iter().copied().flatten().map(|row| row.name).collect();
    listed.sort_unstable();
    assert_eq!(scripts, listed, "rows/mod.rs lists other rows than there are scripts");
    for row in listed {
        let file = folder.join(row.replace('-', "_")).with_extension("rs");
        assert!(file.exists(), "{} has no expectations in {}", row, file.display());
    }
}
