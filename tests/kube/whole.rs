//! Through the whole program: what it leaves behind when it is killed, and what it says where nothing can be reached.

use crate::kube::{Ended, Kube, binary};
use serde_json::json;
use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// Waits for what comes soon, and says what did not.
fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match look() {
            Some(found) => return found,
            None if Instant::now() > until => panic!("not within 30 s: {what}"),
            None => sleep(Duration::from_millis(10)),
        }
    }
}

/// The process whose command line has all of these words.
fn running(words: &[&str]) -> Option<PathBuf> {
    let all = fs::read_dir("/proc").expect("/proc").flatten().map(|e| e.path());
    all.filter(|p| {
        let line = fs::read(p.join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        words.iter().all(|w| line.contains(w))
    })
    .find(|p| p.file_name().is_some_and(|n| n.to_string_lossy().bytes().all(|b| b.is_ascii_digit())))
}

#[test]
fn killed_in_the_middle_it_leaves_neither_a_kubectl_nor_a_socket() {
    let kube = Kube::start();
    for n in 0..40 {
        let name = format!("web-{n}");
        kube.canned(&name, b"{}");
        kube.fault(&name, json!({"hanging": "after"}));
    }
    let own = kube.file("tmp");
    fs::create_dir(&own).expect("a folder");
    let mut command = Command::new(binary());
    kube.clothe(&mut command).env("TMPDIR", &own).args(["-n", "prod", "-l", "app=web", "sockets"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    let folder = own.display().to_string();
    wait("a kubectl proxy", || running(&["proxy", "--unix-socket=", &folder]));
    wait("execs", || Some(()).filter(|()| kube.log().0.iter().any(|r| r.contains("/exec?"))));
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    wait("the end of kubectl", || {
        Some(()).filter(|()| running(&["proxy", "--unix-socket=", &folder]).is_none())
    });
    let left: Vec<_> = fs::read_dir(&own).expect("the folder").flatten().map(|e| e.path()).collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

#[test]
fn where_there_is_no_kubectl_or_no_cluster_it_says_so_and_ends_with_3() {
    let kube = Kube::start();
    kube.canned("web-0", b"{}");
    let said = |path: &str, config: &str, words: &str| {
        let mut command = Command::new(binary());
        kube.clothe(&mut command).args(["--on", "pod/web-0", "sockets"]);
        if !path.is_empty() {
            command.env("PATH", path);
        }
        if !config.is_empty() {
            command.env("KUBECONFIG", config);
        }
        let ended: Ended = command.output().expect("the binary starts").into();
        assert_eq!(ended.code, Some(3), "{ended:?}");
        let all = format!("{}{}", ended.out, ended.err);
        assert!(all.contains(words), "{words}: {ended:?}");
    };
    said("/nonexistent", "", "`kubectl` is not installed here");
    said("", "/nonexistent", "localhost:8080");
    let cut = kube.file("cut");
    fs::write(&cut, "apiVersion: v1\nkind: Config\nclusters: [").expect("a file");
    said("", &cut.display().to_string(), "error loading config file");
}
