//! Fleets of pods out of a seed: five that are well, with names, addresses, ages and loads of their own, and what can be planted
//! in one of them.

use paramedic::{
    model::{Attribute, Attributes, Class, Group, Identity, Kept, Reading, Stamp, Value, report::Host},
    source::snapshot::{Head, seal},
};
use std::{fs, path::Path};

/// A generator of which every run has the same numbers: xorshift64*.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    /// Less than `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        (self.draw() >> 11) % n
    }
    /// Between the two.
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.below(1_000_000) as f64 / 1e6
    }
    fn hash(&mut self) -> String {
        format!("{:016x}", self.draw())
    }
}

/// What can be wrong with one of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plant {
    EnvValue,
    EnvSecret,
    EnvMissing,
    EnvExtra,
    FileContent,
    FileMode,
    FileMissing,
    Nameserver,
    ResolverOption,
    MemoryLimit,
    OpenFiles,
    Sysctl,
    ReadOnlyMount,
    Command,
    Version,
    Image,
    FullDisk,
    Memory,
    Descriptors,
    CloseWait,
}

impl Plant {
    pub const ALL: [Plant; 20] = [
        Plant::EnvValue,
        Plant::EnvSecret,
        Plant::EnvMissing,
        Plant::EnvExtra,
        Plant::FileContent,
        Plant::FileMode,
        Plant::FileMissing,
        Plant::Nameserver,
        Plant::ResolverOption,
        Plant::MemoryLimit,
        Plant::OpenFiles,
        Plant::Sysctl,
        Plant::ReadOnlyMount,
        Plant::Command,
        Plant::Version,
        Plant::Image,
        Plant::FullDisk,
        Plant::Memory,
        Plant::Descriptors,
        Plant::CloseWait,
    ];
    /// The code that finds it.
    pub fn code(self) -> &'static str {
        match self {
            Plant::EnvValue | Plant::EnvSecret | Plant::EnvMissing | Plant::EnvExtra => "compare/env-differs",
            Plant::FileContent | Plant::FileMode | Plant::FileMissing => "compare/file-differs",
            Plant::Nameserver | Plant::ResolverOption => "compare/dns-differs",
            Plant::MemoryLimit | Plant::OpenFiles => "compare/limits-differ",
            Plant::Sysctl => "compare/sysctl-differs",
            Plant::ReadOnlyMount => "compare/mounts-differ",
            Plant::Command => "compare/process-differs",
            Plant::Version => "compare/version-differs",
            Plant::Image => "compare/image-differs",
            Plant::FullDisk => "compare/disk-outlier",
            Plant::Memory => "compare/memory-outlier",
            Plant::Descriptors | Plant::CloseWait => "compare/fd-outlier",
        }
    }
}

struct Pod {
    identity: Identity,
    key: String,
    clock: Stamp,
    all: Vec<Attribute>,
}

/// All of them.
pub struct Fleet(Vec<Pod>);

/// 2026-11-21T22:33:00.123Z
const NOW: i64 = 1_795_300_380_123;
const MIB: f64 = 1_048_576.0;

impl Pod {
    fn put(&mut self, group: Group, name: &str, class: Class, value: Value) {
        self.drop(group, name);
        self.all.push(Attribute { group, name: name.into(), class, value: Reading::seen(value) });
    }
    fn drop(&mut self, group: Group, name: &str) {
        self.all.retain(|a| (a.group, a.name.as_str()) != (group, name));
    }
    fn text(&mut self, group: Group, name: &str, text: &str) {
        self.put(group, name, Class::Equal, Value::Text { text: text.into() });
    }
    fn free(&mut self, group: Group, name: &str, text: &str) {
        self.put(group, name, Class::Free, Value::Text { text: text.into() });
    }
    fn secret(&mut self, name: &str, hash: &str) {
        self.put(Group::Env, name, Class::Equal, Value::Sealed { hash: hash.into(), bytes: 12 });
    }
    fn file(&mut self, name: &str, hash: &str, mode: u32, age_s: f64) {
        let modified = Some(Stamp::from_ms(NOW).earlier(age_s));
        let value = Value::File { hash: hash.into(), bytes: 1800, mode, uid: 0, gid: 0, modified };
        self.put(Group::File, name, Class::Equal, value);
    }
    fn number(&mut self, group: Group, name: &str, number: f64) {
        self.put(group, name, Class::Number, Value::Number { number });
    }
    fn limit(&mut self, name: &str, number: f64) {
        self.put(Group::Limit, name, Class::Equal, Value::Number { number });
    }
    fn set(&mut self, group: Group, name: &str, elements: &[&str]) {
        let set = elements.iter().map(|e| (*e).into()).collect();
        self.put(group, name, Class::Set, Value::Set { set });
    }
}

impl Fleet {
    /// So many pods that are well.
    pub fn healthy(n: usize, rng: &mut Rng) -> Self {
        // What they have in common is this fleet's own.
        let secrets: Vec<String> = (0..12).map(|_| rng.hash()).collect();
        let files: Vec<String> = (0..8).map(|_| rng.hash()).collect();
        Self((0..n).map(|i| pod(i, n, &secrets, &files, rng)).collect())
    }

    /// Makes one of them odd.
    pub fn plant(&mut self, at: usize, plant: Plant) {
        let pod = &mut self.0[at];
        match plant {
            Plant::EnvValue => pod.text(Group::Env, "TZ", "Asia/Tokyo"),
            Plant::EnvSecret => pod.secret("DB_PASSWORD", "1a2b3c4d5e6f7081"),
            Plant::EnvMissing => pod.drop(Group::Env, "FEATURE_7"),
            Plant::EnvExtra => pod.text(Group::Env, "NODE_OPTIONS", "--inspect"),
            Plant::FileContent => pod.file("/etc/app/app.yaml", "feedfeedfeedfeed", 0o644, 864_000.0),
            Plant::FileMode => {
                let hash = pod.all.iter().find_map(|a| match a.value.gathered() {
                    Ok(Value::File { hash, .. }) if a.name.as_str() == "/etc/app/tls.crt" => {
                        Some(hash.clone())
                    }
                    _ => None,
                });
                pod.file("/etc/app/tls.crt", &hash.unwrap(), 0o600, 60.0);
            }
            Plant::FileMissing => pod.drop(Group::File, "/etc/app/features.json"),
            Plant::Nameserver => pod.text(Group::Dns, "nameservers", "192.0.2.53"),
            Plant::ResolverOption => pod.set(Group::Dns, "options", &["ndots:1"]),
            Plant::MemoryLimit => pod.limit("memory_max_bytes", 256.0 * MIB),
            Plant::OpenFiles => pod.limit("nofile_soft_count", 1024.0),
            Plant::Sysctl => pod.text(Group::Sysctl, "net.core.somaxconn", "128"),
            Plant::ReadOnlyMount => {
                pod.set(Group::Mount, "mounts", &["/ overlay rw", "/data ext4 ro", "/tmp tmpfs rw"])
            }
            Plant::Command => pod.text(Group::Process, "command", "node --inspect server.js"),
            Plant::Version => pod.text(Group::Version, "node --version", "v18.20.1"),
            Plant::Image => pod.text(Group::Image, "image", "sha256:bbbbbbbbbbbbbbbb"),
            Plant::FullDisk => pod.number(Group::Disk, "/data used_pct", 97.0),
            Plant::Memory => pod.number(Group::Memory, "working_set_bytes", 980.0 * MIB),
            Plant::Descriptors => pod.number(Group::Fd, "all_open_count", 3900.0),
            Plant::CloseWait => pod.number(Group::Socket, "close_wait_count", 2611.0),
        }
    }

    /// All of them are the first, at different times.
    pub fn same_pod(&mut self) {
        let first = self.0[0].identity.clone();
        for (i, pod) in self.0.iter_mut().enumerate() {
            pod.identity = first.clone();
            pod.clock = Stamp::from_ms(NOW + i as i64 * 3_600_000);
        }
    }

    /// Each has a key of its own, and so hashes of its own.
    pub fn own_keys(&mut self) {
        for (i, pod) in self.0.iter_mut().enumerate() {
            pod.key = format!("key{i}");
            for a in &mut pod.all {
                let mut value = a.value.gathered().unwrap().clone();
                if let Value::Sealed { hash, .. } | Value::File { hash, .. } = &mut value {
                    *hash = format!("{i}{}", &hash[1..]);
                }
                a.value = Reading::seen(value);
            }
        }
    }

    /// A document each; the names of the files.
    pub fn write(&self, dir: &Path) -> Vec<&'static str> {
        const NAMES: [&str; 12] = [
            "web-0.json",
            "web-1.json",
            "web-2.json",
            "web-3.json",
            "web-4.json",
            "web-5.json",
            "web-6.json",
            "web-7.json",
            "web-8.json",
            "web-9.json",
            "web-10.json",
            "web-11.json",
        ];
        for (pod, name) in self.0.iter().zip(NAMES) {
            let facts = Attributes {
                identity: pod.identity.clone(),
                key_id: pod.key.clone(),
                clock: pod.clock,
                list: Kept::whole(pod.all.clone()),
            };
            let record = serde_json::json!({
                "area": "attributes", "span_s": 0.0, "args": {"files": [], "exec_version": [], "show_env": [], "brief": true},
                "facts": facts, "failed": null, "gaps": [],
            });
            fs::write(dir.join(name), document(&record.to_string())).unwrap();
        }
        NAMES[..self.0.len()].to_vec()
    }
}

fn document(records: &str) -> Vec<u8> {
    let head = Head::new(Stamp::from_ms(NOW), 12.0, Host::default(), &[]);
    seal(&head, |out| {
        out.extend(records.bytes());
        Ok(())
    })
    .unwrap()
}

/// A snapshot that holds no attributes, as an older version wrote it.
pub fn empty() -> Vec<u8> {
    document("")
}

fn pod(i: usize, of: usize, secrets: &[String], files: &[String], rng: &mut Rng) -> Pod {
    let age_s = rng.between(60.0, 900_000.0);
    let identity = Identity {
        hostname: Some(format!("web-{i}")),
        pod: Some(format!("web-{i}")),
        namespace: Some("prod".into()),
        pod_uid: Some(rng.hash()),
        node: Some(format!("n{}", rng.below(9))),
        container: Some(rng.hash()),
        boot_id: Some(rng.hash()),
        addresses: vec![format!("10.0.{i}.{}", 1 + rng.below(250))],
        machine: Some("x86_64".into()),
        started: Some(Stamp::from_ms(NOW).earlier(age_s)),
    };
    let mut pod = Pod { identity, key: "one".into(), clock: Stamp::from_ms(NOW), all: vec![] };
    let (uid, ip) = (rng.hash(), format!("10.0.{i}.9"));
    for (name, own) in [("HOSTNAME", format!("web-{i}")), ("POD_IP", ip), ("POD_UID", uid)] {
        pod.free(Group::Env, name, &own);
    }
    // Its own names inside other values stand as placeholders before they are hashed.
    pod.text(Group::Env, "ADVERTISE", "http://${POD_IP}:8080");
    pod.text(Group::Env, "TZ", "Europe/Berlin");
    if of > 2 {
        // Nobody knows that this is each one's own: of two it cannot be learned.
        pod.secret("STARTED_AT", &rng.hash());
        pod.text(Group::Process, "boot_token", &rng.hash());
    }
    for (n, hash) in secrets.iter().enumerate() {
        pod.secret(&format!("FEATURE_{n}"), hash);
    }
    pod.secret("DB_PASSWORD", &secrets[0]);
    // Of the services that there were when it started.
    for n in 0..rng.below(6) {
        pod.free(Group::Env, &format!("SVC{n}_SERVICE_HOST"), &format!("10.96.0.{n}"));
    }
    for (name, hash) in ["app.yaml", "tls.crt", "features.json", "log.conf"].iter().zip(files) {
        // Each was written when its pod started.
        pod.file(&format!("/etc/app/{name}"), hash, 0o644, age_s);
    }
    pod.file("/etc/resolv.conf", &files[5], 0o644, age_s);
    pod.text(Group::Dns, "nameservers", "10.96.0.10");
    pod.text(Group::Dns, "search", "prod.svc.cluster.local svc.cluster.local cluster.local");
    pod.set(Group::Dns, "options", &["ndots:5"]);
    pod.text(Group::Image, "image", "sha256:aaaaaaaaaaaaaaaa");
    pod.limit("memory_max_bytes", 1024.0 * MIB);
    pod.limit("nofile_soft_count", 1_048_576.0);
    pod.text(Group::Limit, "pids_max_count", "unlimited");
    for name in ["net.core.somaxconn", "net.ipv4.tcp_keepalive_time"] {
        pod.text(Group::Sysctl, name, "4096");
    }
    pod.text(Group::Version, "kernel", "6.1.0-28-amd64");
    pod.text(Group::Version, "node --version", "v20.18.0");
    pod.set(Group::Mount, "mounts", &["/ overlay rw", "/data ext4 rw", "/tmp tmpfs rw"]);
    pod.text(Group::Process, "command", "node server.js");
    pod.number(Group::Disk, "/data used_pct", rng.between(30.0, 46.0));
    pod.number(Group::Disk, "/data inodes_pct", rng.between(2.0, 9.0));
    pod.number(Group::Disk, "/data free_bytes", rng.between(1e9, 9e9));
    pod.number(Group::Memory, "working_set_bytes", rng.between(150.0, 220.0) * MIB);
    pod.number(Group::Memory, "oom_kills_count", rng.below(2) as f64);
    pod.number(Group::Fd, "all_open_count", rng.between(40.0, 220.0).round());
    pod.number(Group::Process, "threads_count", rng.between(11.0, 60.0).round());
    pod.number(Group::Socket, "established_count", rng.between(0.0, 400.0).round());
    pod.number(Group::Socket, "time_wait_count", rng.between(0.0, 3000.0).round());
    pod.number(Group::Socket, "close_wait_count", rng.below(8) as f64);
    pod
}
