//! Hosts by the real ssh, to a real sshd on loopback with keys of its own.

use crate::kube::{Ended, binary};
use serde_json::Value;
use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Hosts that an `ssh` of their own reaches. Dropped, they end.
struct Hosts {
    folder: TempDir,
    servers: Vec<Child>,
}

impl Hosts {
    /// An sshd for each name; `path` is where programs are found there.
    fn start(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut hosts = Self { folder, servers: vec![] };
        for key in ["host", "user"] {
            let file = hosts.file(key);
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&file).status();
            assert!(made.unwrap().success(), "ssh-keygen");
        }
        fs::create_dir_all("/run/sshd").unwrap();
        let config: String = names.iter().map(|n| hosts.host(n)).collect();
        fs::write(hosts.file("config"), config).unwrap();
        // The real one, with another configuration: the user's own would be found by his name, not by HOME.
        let ssh = hosts.file("bin/ssh");
        fs::create_dir(hosts.file("bin")).unwrap();
        fs::write(&ssh, format!("#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n", hosts.file("config")))
            .unwrap();
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
        hosts
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_string()
    }

    /// One more sshd; what the client has to know of it.
    fn host(&mut self, name: &str) -> String {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let there = self.file(&format!("{name}-bin"));
        fs::create_dir(&there).unwrap();
        std::os::unix::fs::symlink(binary(), Path::new(&there).join("paramedic")).unwrap();
        let server = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPermitRootLogin yes\nSetEnv PATH={there}:/usr/bin:/bin\n",
            self.file("host"),
            self.file("user.pub"),
        );
        let config = self.file(&format!("{name}.conf"));
        fs::write(&config, server).unwrap();
        let mut sshd = Command::new("/usr/sbin/sshd");
        let child = sshd.args(["-D", "-e", "-f", &config]).stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        self.servers.push(child.expect("openssh-server is installed"));
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "sshd listens");
            sleep(Duration::from_millis(10));
        }
        format!(
            "Host {name}\n  HostName 127.0.0.1\n  Port {port}\n  User root\n  IdentityFile {}\n  IdentitiesOnly yes\n  \
             StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n",
            self.file("user")
        )
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .env("PATH", format!("{}:/usr/bin:/bin", self.file("bin")))
            .args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Ended {
        self.command(args).stdin(Stdio::null()).output().unwrap().into()
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

#[test]
fn hosts_are_asked_as_pods_are() {
    let hosts = Hosts::start(&["web-0", "web-1"]);
    fs::remove_file(hosts.file("web-1-bin/paramedic")).unwrap();
    let own = std::process::id().to_string();
    let one = hosts.run(&["--on", "ssh:web-0", "fds", "--window", "0", "--pid", &own, "--json"]);
    let doc: Value = serde_json::from_str(&one.out).unwrap_or_else(|e| panic!("{e}: {one:?}"));
    assert_eq!(
        (doc["members"][0]["name"].as_str(), &doc["members"][0]["pod"]),
        (Some("ssh:web-0"), &Value::Null)
    );
    let both = hosts.run(&[
        "--on",
        "ssh:web-0,ssh:web-1",
        "--on",
        "ssh:nowhere.invalid",
        "fds",
        "--window",
        "0",
        "--pid",
        &own,
    ]);
    assert_eq!(both.code, Some(3), "{both:?}");
    assert!(both.out.contains("ssh:web-1: not there; no `paramedic` there"), "{}", both.out);
    assert!(both.out.contains("paramedic --on ssh:web-1 --inject fds"), "{}", both.out);
    assert!(both.out.contains("ssh:nowhere.invalid: not there"), "{}", both.out);
}

#[test]
fn a_key_is_told_and_never_shown() {
    let hosts = Hosts::start(&["web-0"]);
    let key = "b1f0c0de";
    let said =
        hosts.run(&["snapshot", "--on", "ssh:web-0", "--compare-key", key, "--brief", "--window", "0"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("paramedic-snapshot/1") && !said.out.contains(key), "{said:?}");
}

#[test]
fn hosts_are_compared_and_the_odd_one_is_named() {
    let hosts = Hosts::start(&["web-0", "web-1", "web-2"]);
    for (host, version) in [("web-0", "1.2.3"), ("web-1", "1.2.2"), ("web-2", "1.2.3")] {
        let tool = hosts.file(&format!("{host}-bin/tool"));
        fs::write(&tool, format!("#!/bin/sh\necho tool {version}\n")).unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let line = [
        "compare",
        "ssh:web-0",
        "ssh:web-1",
        "ssh:web-2",
        "ssh:nowhere.invalid",
        "--exec-version",
        "tool",
        "--json",
    ];
    let said = hosts.run(&line);
    let doc: Value = serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said:?}"));
    let finding = &doc["findings"][0];
    assert_eq!(finding["code"], "compare/version-differs", "{said:?}");
    assert_eq!(
        finding["title"], "ssh:web-1 alone has another tool: tool 1.2.2, the 2 others tool 1.2.3",
        "{finding}"
    );
    assert_eq!((said.code, doc["findings"].as_array().map(Vec::len)), (Some(1), Some(1)), "{said:?}");
    let gap = &doc["sections"][0]["gaps"][0];
    assert!(gap["subject"] == "ssh:nowhere.invalid", "{gap}");
}
