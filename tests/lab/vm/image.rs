//! Puts the initramfs together: busybox, Debian's Python for patients, modules, scripts and the binary under test.

use crate::cpio::Archive;
use crate::kernel::Kernel;
use crate::tool;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// This room's folder in the source tree.
pub const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/vm");
/// Debian's own interpreter: one that a version manager put into PATH has its libraries elsewhere.
const PYTHON: &str = "/usr/bin/python3.11";
/// All that the patients import; each is either built into Debian's interpreter or one file.
const IMPORTS: &str = "import encodings.idna, errno, os, select, signal, socket, struct, sys, time";
/// In the order in which they have to be inserted by the rows.
const MODULES: [&str; 8] = [
    "inet_diag",
    "tcp_diag",
    "udp_diag",
    "unix_diag",
    "libcrc32c",
    "nf_defrag_ipv4",
    "nf_defrag_ipv6",
    "nf_conntrack",
];

/// The archive as bytes.
///
/// # Errors
/// When something that goes into it is missing on this machine; the text says what to install or build.
pub fn build(kernel: &Kernel) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    for folder in ["dev", "proc", "run", "sys", "tmp", "root"] {
        archive.directory(folder);
    }
    busybox(&mut archive)?;
    python(&mut archive)?;
    // That of busybox knows no control groups; what it is linked to comes with Python.
    archive.file("bin/unshare-cgroup", &read(Path::new("/usr/bin/unshare"))?, 0);
    for module in MODULES {
        archive.file(&format!("modules/{module}.ko"), &kernel.module(module)?, 0);
    }
    archive.file("etc/passwd", b"root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n", 0);
    archive.file("etc/group", b"root:x:0:\nnogroup:x:65534:\n", 0);
    folder(&mut archive, "rows")?;
    folder(&mut archive, "guest")?;
    archive.link("init", "guest/init");
    archive.link("bin/as-nobody", "/guest/as-nobody");
    archive.file("bin/paramedic", &read(&binary()?)?, 0);
    Ok(archive.finish())
}

fn busybox(archive: &mut Archive) -> Result<()> {
    let applets = tool::output("/bin/busybox", &["--list"], Path::new("/"))?;
    archive.file("bin/busybox", &read(Path::new("/bin/busybox"))?, 0);
    for applet in applets.lines().filter(|&applet| applet != "busybox") {
        archive.link(&format!("bin/{applet}"), "busybox");
    }
    Ok(())
}

/// The interpreter, the shared libraries it is linked to, and exactly the modules that the patients' imports load.
fn python(archive: &mut Archive) -> Result<()> {
    let list = "print(*{v for m in list(sys.modules.values()) for v in (getattr(m, '__file__', 0), \
                getattr(m, '__cached__', 0)) if v}, sep='\\n')";
    let loaded = tool::output(PYTHON, &["-I", "-S", "-c", &format!("{IMPORTS}; {list}")], Path::new("/"))?;
    let linked = tool::output("ldd", &[PYTHON], Path::new("/"))?;
    let libraries = linked.split_whitespace().filter(|word| word.starts_with('/'));
    let files: BTreeSet<&str> = loaded.lines().chain(libraries).chain([PYTHON]).collect();
    // A module that is frozen into the interpreter names a compiled file that need not exist.
    for file in files.into_iter().filter(|file| Path::new(file).exists()) {
        let path = Path::new(file);
        archive.file(&file[1..], &read(path)?, seconds(path)?);
    }
    archive.link("bin/python3", PYTHON);
    // The interpreter looks for this folder to tell where it is installed.
    archive.directory("usr/lib/python3.11/lib-dynload");
    Ok(())
}

/// Copies a folder of this room, without Rust files.
fn folder(archive: &mut Archive, name: &str) -> Result<()> {
    let path = Path::new(HERE).join(name);
    for entry in fs::read_dir(&path).with_context(|| format!("read {}", path.display()))? {
        let path = entry?.path();
        let file =
            path.file_name().and_then(|file| file.to_str()).context("a file name that is not UTF-8")?;
        if path.extension().is_none_or(|extension| extension != "rs") {
            archive.file(&format!("{name}/{file}"), &read(&path)?, seconds(&path)?);
        }
    }
    Ok(())
}

/// The static binary: `PARAMEDIC_STATIC`, else the newest one that was built below Cargo's target directory.
fn binary() -> Result<PathBuf> {
    if let Some(path) = env::var_os("PARAMEDIC_STATIC") {
        return Ok(PathBuf::from(path));
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().context("the target directory")?;
    let built = ["debug", "release", "ship"]
        .map(|profile| target.join("x86_64-unknown-linux-musl").join(profile).join("paramedic"));
    let newest = built
        .iter()
        .filter_map(|path| Some((fs::metadata(path).ok()?.modified().ok()?, path)))
        .max_by_key(|(modified, _)| *modified);
    match newest {
        Some((_, path)) => Ok(path.clone()),
        None => bail!(
            "no static binary below {}: run `rustup target add x86_64-unknown-linux-musl` and \
             `cargo build --target x86_64-unknown-linux-musl`, or name one with PARAMEDIC_STATIC",
            target.display()
        ),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("read {} ({})", path.display(), tool::INSTALL))
}

/// The time of the last change in seconds since the epoch.
fn seconds(path: &Path) -> Result<u32> {
    let modified = fs::metadata(path).with_context(|| format!("stat {}", path.display()))?.modified()?;
    Ok(u32::try_from(modified.duration_since(UNIX_EPOCH)?.as_secs())?)
}
