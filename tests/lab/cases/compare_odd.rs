//! One container of five is unlike the others, in whatever a container can be unlike others; and five that are alike.
//! What only a cluster knows of a pod (its image), clocks and identities of whole machines are not in here: containers of one
//! machine have them in common.

use crate::harness::{Finding, Fleet, Program};

const ODD: usize = 3;

fn usual() -> Program {
    Program::env("COLOUR=blue", Program::python("holds.py").args(["5", "8"]))
}

#[test]
fn containers_that_are_alike_have_no_finding() {
    let fleet = Fleet::new((0..5).map(|_| usual()).collect());
    let report = fleet.compare();
    report.must_be_silent();
    report.must_exit(0);
    assert_eq!(report.findings().count(), 0, "{}", report.json);
}

#[test]
fn each_way_to_be_odd_is_named() {
    let odd =
        || Program::env("COLOUR=red", Program::python("holds.py").args(["400", "200"])).nofile(900, 900);
    let fleet = Fleet::new((0..5).map(|n| if n == ODD { odd() } else { usual() }).collect());
    let host = fleet.host(ODD);
    host.write("/run/lab/work/settings", "colour = red\n");
    host.write("/run/lab/work/tool", "#!/bin/sh\necho tool 1.2.2\n");
    host.sysctl("net/ipv4/tcp_fin_timeout", "7");
    // In the container, whose mounts are its own.
    let pid = fleet.name(ODD);
    let inside = |script: &str| {
        let mut command = std::process::Command::new("nsenter");
        let line = [
            "--target", &pid, "--pid", "--mount", "--net", "--uts", "--ipc", "--wd=/", "--", "sh", "-ec",
            script,
        ];
        let ended = command.args(line).output().expect("nsenter starts");
        assert!(ended.status.success(), "{script}: {ended:?}");
    };
    inside("mkdir /run/lab/more; mount -t tmpfs -o size=1m more /run/lab/more");
    inside(
        "echo nameserver 10.9.9.9 > /run/lab/resolv.conf; mount --bind /run/lab/resolv.conf /etc/resolv.conf",
    );
    inside("head -c 60000000 /dev/zero > /run/lab/work/full");
    let report = fleet.compare();
    report.must_exit(1);
    for (code, what) in [
        ("compare/env-differs", "COLOUR"),
        ("compare/file-differs", "/run/lab/work/settings"),
        ("compare/dns-differs", "10.9.9.9"),
        ("compare/limits-differ", "nofile"),
        ("compare/sysctl-differs", "tcp_fin_timeout"),
        ("compare/mounts-differ", "/run/lab/more"),
        ("compare/process-differs", ""),
        ("compare/version-differs", "tool 1.2.2"),
        ("compare/disk-outlier", "/run used"),
        ("compare/memory-outlier", "first process rss"),
        ("compare/fd-outlier", "first process open"),
    ] {
        let all = report.all(code);
        let said = |f: &Finding| {
            let words = format!("{} {}", f.title(), f.because());
            f.title().starts_with(&pid) && words.contains(what)
        };
        let titles: Vec<&str> = all.iter().map(|f| f.title()).collect();
        assert!(all.iter().any(said), "{code} {what}: {titles:?}");
    }
    assert!(report.findings().all(|f| f.title().starts_with(&pid)), "{}", report.json["findings"]);
}
