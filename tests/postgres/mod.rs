//! A Postgres server of one's own: Debian's packages, a cluster below a temporary folder, a socket in it and a port of the
//! loopback. Made from a template that is initialised once, so that a test waits for a copy only; gone when it is dropped.
//! `tests/pg.rs` uses it as it is, the lab by `#[path]`: there `argv` is started inside the case's host.
#![allow(dead_code)] // whoever takes it in uses a part of it

pub mod authority;

use std::{
    fs, io,
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A start, a stop or a statement takes no longer, also on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The folder of the newest server that is installed.
pub fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|v| v.path().join("bin")).filter(|b| b.join("postgres").exists()).max();
    newest.expect("Postgres is installed: apt-get install postgresql-15")
}

/// Whom the server runs as: it refuses root.
pub fn account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").expect("accounts");
    let of = |name: &str| {
        let line = accounts.lines().find(|l| l.split(':').next() == Some(name))?;
        let number = |nth| line.split(':').nth(nth)?.parse().ok();
        Some((number(2)?, number(3)?))
    };
    Some(of("postgres").or_else(|| of("nobody")).expect("an account for the server"))
}

/// A command that runs as that account.
pub fn unprivileged(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    if let Some((uid, gid)) = account() {
        command.uid(uid).gid(gid);
    }
    command.current_dir("/").env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C");
    command
}

fn done(command: &mut Command) -> String {
    let out = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&out.stderr));
    text
}

/// A folder that the account of the server owns.
pub fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a folder");
    give(folder.path());
    folder
}

/// Makes the server's account the owner.
pub fn give(path: &Path) {
    let (uid, gid) = account().unzip();
    std::os::unix::fs::chown(path, uid, gid).expect("an owner");
}

/// The template of all clusters of this build: kept beside the build, so that the next run has it too.
fn template(programs: &Path) -> PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    let _making = MAKING.lock().unwrap_or_else(|e| e.into_inner());
    let version = done(Command::new(programs.join("postgres")).arg("--version"));
    let version: String = version.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cluster-{version}"));
    if at.exists() {
        return at;
    }
    let made = folder();
    let data = made.path().join("data");
    let mut initdb = unprivileged(programs.join("initdb"));
    done(initdb.arg("-D").arg(&data).args([
        "-U",
        "postgres",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C",
        "-N",
    ]));
    // Another process may be as far: the first one's counts.
    let beside = at.with_extension(std::process::id().to_string());
    done(Command::new("cp").arg("-a").arg(&data).arg(&beside));
    if fs::rename(&beside, &at).is_err() {
        let _ = fs::remove_dir_all(&beside);
    }
    at
}

/// A port of the loopback that nobody has now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

/// A cluster that no server runs yet.
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    /// Where it will listen, on 127.0.0.1 and below `socket`.
    pub port: u16,
    settings: Vec<(String, String)>,
}

impl Cluster {
    /// A cluster for this port; as it is, everybody on this machine is let in as whom he says he is.
    pub fn new(port: u16) -> Self {
        Self::of(folder(), programs(), port)
    }

    /// The same of another major, which `tests/run` took from npm: `majors/package.json` says which there are.
    pub fn of_major(major: u32, port: u16) -> Self {
        let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("majors");
        let native = packages.join(format!("node_modules/postgres-{major}/native"));
        let at = packages.display();
        assert!(
            native.is_dir(),
            "Postgres {major} is missing: mkdir -p {at} && cp tests/postgres/majors/package*.json {at} && npm ci --prefix {at}"
        );
        // The account of the server may not get to where they are.
        let folder = folder();
        done(Command::new("cp").args(["-a", "--reflink=auto"]).arg(native).arg(folder.path()));
        let programs = folder.path().join("native/bin");
        Self::of(folder, programs, port)
    }

    fn of(folder: TempDir, programs: PathBuf, port: u16) -> Self {
        let template = template(&programs);
        done(Command::new("cp").args(["-a", "--reflink=auto"]).arg(template).arg(folder.path().join("data")));
        // Small, without a thought for a crash, and without what would be left behind by one.
        let settings = [
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("synchronous_commit", "off"),
            ("shared_buffers", "16MB"),
            ("dynamic_shared_memory_type", "mmap"),
            ("listen_addresses", "127.0.0.1"),
            ("log_destination", "stderr"),
            ("max_wal_size", "1GB"),
        ];
        let settings = settings.map(|(k, v)| (k.into(), v.into())).to_vec();
        Self { folder, programs, port, settings }
    }

    /// One on a port that is free now.
    pub fn anywhere() -> Self {
        Self::new(free_port())
    }

    /// A line of its configuration; the last of two counts.
    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.settings.push((key.into(), value.to_string()));
        self
    }

    /// Who is let in how: the whole of `pg_hba.conf`.
    pub fn hba(self, lines: &str) -> Self {
        self.file("pg_hba.conf", lines);
        self
    }

    /// A file of the data folder, for the server's eyes only.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.data().join(name);
        fs::write(&path, content).expect("a file of the cluster");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
        give(&path);
        path
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// The server as a command line, to be run as `account()`.
    pub fn argv(&self) -> Vec<String> {
        let mut argv = vec![self.programs.join("postgres").display().to_string()];
        argv.extend(["-D".into(), self.data().display().to_string(), "-p".into(), self.port.to_string()]);
        let socket = ("unix_socket_directories".into(), self.socket().display().to_string());
        for (key, value) in self.settings.iter().chain([&socket]) {
            argv.extend(["-c".into(), format!("{key}={value}")]);
        }
        argv
    }

    /// Whether the server of this cluster takes sessions now.
    pub fn is_ready(&self) -> bool {
        let state = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        // `standby` is as ready as one gets that replays and takes no sessions.
        state.lines().nth(7).is_some_and(|l| matches!(l.trim(), "ready" | "standby"))
    }

    /// Starts it, and waits until it takes sessions.
    pub fn start(mut self) -> Server {
        let log = self.folder.path().join("log");
        for _ in 0..3 {
            let argv = self.argv();
            let mut server = unprivileged(&argv[0]);
            let out = fs::File::create(&log).expect("a log");
            server.args(&argv[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(out);
            let mut child = server.spawn().expect("the server starts");
            let late = Instant::now() + PATIENCE;
            while Instant::now() < late && child.try_wait().expect("its state").is_none() {
                if self.is_ready() {
                    return Server { cluster: self, child };
                }
                thread::sleep(Duration::from_millis(10));
            }
            let _ = child.kill();
            let _ = child.wait();
            // Somebody was faster with that port.
            self.port = free_port();
        }
        panic!("patient: no server: {}", fs::read_to_string(&log).unwrap_or_default());
    }
}

/// A server that runs.
pub struct Server {
    pub cluster: Cluster,
    child: Child,
}

impl Server {
    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.cluster.port
    }

    /// The process that accepts.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// psql over its socket, as the superuser.
    pub fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(programs().join("psql"));
        psql.env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("PGCONNECT_TIMEOUT", "20")
            .arg("-XAtqv")
            .arg("ON_ERROR_STOP=1");
        psql.arg("-h").arg(self.cluster.socket()).arg("-p").arg(self.port().to_string());
        psql.args(["-U", "postgres", "-d", database]);
        psql
    }

    /// What statements say, rows by line and values by `|`.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        done(self.psql(database).arg("-c").arg(statements)).trim_end().into()
    }

    /// A URL for a user and a database, over TCP.
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgresql://{user}@127.0.0.1:{}/{database}", self.port())
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.cluster.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // At once, and it takes its processes and its shared memory with it.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        let late = Instant::now() + PATIENCE;
        while Instant::now() < late {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(5)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        let _ = self.child.kill();
        let _: io::Result<_> = self.child.wait();
    }
}
