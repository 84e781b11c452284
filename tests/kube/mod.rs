//! The stand-in API server (`apiserver.py`) and its pods, for tests: `README.md` says what it can do.
#![allow(dead_code)] // each test file that takes this in uses a part of it

use paramedic::{
    model::Cluster,
    source::reach::{Kubectl, Reach},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    sync::Mutex,
};
use tempfile::TempDir;

/// The namespace of pods that name no other.
pub const NAMESPACE: &str = "prod";

/// A running stand-in. Dropped, it ends, and with it every pod.
pub struct Kube {
    folder: TempDir,
    server: Child,
    /// `None` only while it is dropped.
    talk: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
    /// Where it listens on loopback.
    pub port: u16,
}

/// A pod that was made.
#[derive(Debug)]
pub struct Pod {
    /// Its first process, as this machine sees it; 0 for a canned one.
    pub pid: u32,
    /// Its address.
    pub address: String,
    /// Its uid.
    pub uid: String,
    /// Whether it has a control group of its own.
    pub cgroup: bool,
}

/// How a program ended and what it printed.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Kube {
    /// A new one, without pods.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("kube-").tempdir().expect("a folder");
        let mut server = Command::new("/usr/bin/python3")
            .arg("-I")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kube/apiserver.py"))
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let stdin = server.stdin.take().expect("stdin is piped");
        let mut stdout = BufReader::new(server.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it talks");
        let told: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("the stand-in did not come up (root, openssl, ip): {line}"));
        let port = told["port"].as_u64().expect("a port") as u16;
        Self { folder, server, talk: Mutex::new(Some((stdin, stdout))), port }
    }

    /// Says one thing to the stand-in and hears its answer.
    pub fn tell(&self, order: &Value) -> Value {
        let mut talk = self.talk.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let talk = talk.as_mut().expect("it is not dropped");
        writeln!(talk.0, "{order}").expect("the stand-in listens");
        let mut line = String::new();
        talk.1.read_line(&mut line).expect("the stand-in answers");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{order}: {line:?}"));
        assert!(answer.get("error").is_none(), "{order}: {answer}");
        answer
    }

    /// Makes a pod; `spec` as the README has it, at least `{"name": "web-0"}`. Unless it says otherwise, the binary under
    /// test is in its PATH.
    pub fn pod(&self, mut spec: Value) -> Pod {
        if spec.get("binary").is_none() {
            spec["binary"] = json!(binary());
        }
        let made = self.tell(&json!({ "pod": spec }));
        let text = |key: &str| made[key].as_str().unwrap_or_default().to_string();
        Pod {
            pid: made["pid"].as_u64().unwrap_or(0) as u32,
            address: text("address"),
            uid: text("uid"),
            cgroup: made["cgroup"] == true,
        }
    }

    /// `web-0` to `web-N`, all alike but for what must differ.
    pub fn pods(&self, count: usize) -> Vec<Pod> {
        (0..count).map(|n| self.pod(json!({"name": format!("web-{n}")}))).collect()
    }

    /// A pod that has no namespaces: every exec there prints these bytes and ends with 0.
    pub fn canned(&self, name: &str, bytes: &[u8]) {
        let path = self.folder.path().join(format!("canned-{name}"));
        std::fs::write(&path, bytes).expect("a file");
        self.pod(json!({"name": name, "canned": {"file": path}}));
    }

    /// What goes wrong with exec in a pod from now on (`exec.py` lists it); `{}`: nothing.
    pub fn fault(&self, pod: &str, fault: Value) {
        self.tell(&json!({"fault": [NAMESPACE, pod], "is": fault}));
    }

    /// Makes an object known, as `kubectl get -o json` would show it.
    pub fn object(&self, object: Value) {
        self.tell(&json!({ "object": object }));
    }

    /// Verbs that are forbidden from now on, such as `create pods/exec`, `list pods`.
    pub fn deny(&self, verbs: &[&str]) {
        self.tell(&json!({ "deny": verbs }));
    }

    /// Runs something in a pod, as root, past the API server.
    pub fn run(&self, pod: &str, argv: &[&str]) -> Ended {
        let said = self.tell(&json!({"run": [NAMESPACE, pod], "argv": argv}));
        let text = |key: &str| said[key].as_str().unwrap_or_default().to_string();
        Ended { code: said["code"].as_i64().map(|c| c as i32), out: text("out"), err: text("err") }
    }

    /// The requests since the last time, as `GET /path?query`, and the most execs that ran at once.
    pub fn log(&self) -> (Vec<String>, u64) {
        let said = self.tell(&json!({"log": true}));
        let all = said["requests"].as_array().expect("a list");
        (
            all.iter().filter_map(|r| r.as_str().map(str::to_string)).collect(),
            said["most"].as_u64().expect("a number"),
        )
    }

    /// How often a credential plugin ran: `gives-token`, `fails`.
    pub fn plugin_runs(&self, name: &str) -> usize {
        let runs = self.folder.path().join(format!("{name}.runs"));
        std::fs::read_to_string(runs).map_or(0, |text| text.lines().count())
    }

    /// A file of its folder; `config` is the kubeconfig.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Gives a program the kubeconfig, the newest kubectl there is, and nothing else of the user's.
    pub fn clothe<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let mut path = "/usr/sbin:/usr/bin:/sbin:/bin".to_string();
        if let Some(folder) = fetched("new").as_deref().and_then(Path::parent) {
            path = format!("{}:{path}", folder.display());
        }
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", self.file("config"))
    }

    /// The binary under test as a user of this cluster runs it.
    pub fn paramedic(&self, args: &[&str]) -> Ended {
        self.clothe(&mut Command::new(binary())).args(args).output().expect("the binary starts").into()
    }

    /// A kubectl, run as its user would.
    pub fn kubectl(&self, program: &Path, args: &[&str], input: &[u8]) -> Ended {
        let mut command = Command::new(program);
        self.clothe(&mut command).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{}: {e}", program.display()));
        let mut stdin = child.stdin.take().expect("stdin is piped");
        std::thread::scope(|s| {
            // It may end without reading; and a large input must not wait for its output.
            s.spawn(move || {
                let _ = stdin.write_all(input);
            });
            child.wait_with_output().expect("it ends").into()
        })
    }

    /// Asks this cluster out of the test's own process, by a context of the kubeconfig (`good`, `expired` …).
    pub fn reach(&self, context: &str) -> Reach {
        let kubeconfig = Some(self.file("config").display().to_string());
        let cluster = Cluster { context: Some(context.into()), kubeconfig, ..Cluster::default() };
        Reach::of(Kubectl { cluster })
    }
}

impl Drop for Kube {
    fn drop(&mut self) {
        // The end of its input ends it in order: control groups are removed.
        drop(self.talk.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner()).take());
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while matches!(self.server.try_wait(), Ok(None)) && std::time::Instant::now() < until {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The binary under test: what cargo built, or what `PARAMEDIC_BIN` names (the static one).
pub fn binary() -> PathBuf {
    let path = std::env::var_os("PARAMEDIC_BIN")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_paramedic")), PathBuf::from);
    path.canonicalize().unwrap_or_else(|e| panic!("no binary to test at {}: {e}", path.display()))
}

/// A kubectl that `tests/kube/kubectls` fetched: `new` or `debian`.
pub fn fetched(which: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?;
    Some(target.join("kubectl").join(which).join("kubectl")).filter(|p| p.exists())
}
