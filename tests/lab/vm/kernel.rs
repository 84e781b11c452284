//! Debian's own kernel, taken out of its package without installing it.
//!
//! The package lands in the cache directory below Cargo's target directory, so a second run needs no network, and
//! nothing of the machine under `/boot` or `/lib/modules` is touched.

use crate::tool;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// The meta package that depends on the present kernel of Debian 12. The cloud flavour has no drivers for real
/// hardware, so it is 27 MB instead of 70 MB, and it still has the serial port, which is all that is needed here.
const META: &str = "linux-image-cloud-amd64";
/// What the rows are about: no size on `/proc/PID/fd` (6.2), cgroup v2, sock_diag as modules.
const SERIES: &str = "6.1.";

/// An unpacked kernel package.
pub struct Kernel {
    /// The compressed image that qemu starts.
    pub image: PathBuf,
    modules: PathBuf,
}

impl Kernel {
    /// Finds the unpacked kernel below `cache`, or downloads and unpacks it.
    ///
    /// # Errors
    /// When apt knows no such package, its archive cannot be had, or it is not of the 6.1 series.
    pub fn find(cache: &Path) -> Result<Self> {
        let root = cache.join("kernel");
        if !root.is_dir() {
            download(cache, &root)?;
        }
        let boot = root.join("boot");
        let name = names(&boot)?
            .into_iter()
            .find_map(|name| name.strip_prefix("vmlinuz-").map(str::to_owned))
            .with_context(|| format!("no vmlinuz in {}", boot.display()))?;
        ensure!(
            name.starts_with(SERIES),
            "the rows are about Linux {SERIES}x of Debian 12, but {META} is {name} here; \
             remove {} when this machine's packages were changed since",
            root.display()
        );
        Ok(Self {
            image: boot.join(format!("vmlinuz-{name}")),
            modules: root.join("lib/modules").join(&name).join("kernel"),
        })
    }

    /// The bytes of one module, such as `nf_conntrack`.
    ///
    /// # Errors
    /// When the package has no such module.
    pub fn module(&self, name: &str) -> Result<Vec<u8>> {
        let wanted = format!("{name}.ko");
        let mut folders = vec![self.modules.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if entry.file_name() == *wanted {
                    return fs::read(entry.path()).with_context(|| format!("read module {name}"));
                }
            }
        }
        bail!("the kernel package has no module {name}")
    }
}

fn download(cache: &Path, root: &Path) -> Result<()> {
    let folder = cache.join("package");
    let unpacked = cache.join("kernel.partial");
    for path in [&folder, &unpacked] {
        if path.exists() {
            fs::remove_dir_all(path).with_context(|| format!("empty {}", path.display()))?;
        }
        fs::create_dir_all(path).with_context(|| format!("make {}", path.display()))?;
    }
    let depends = tool::output("apt-cache", &["depends", META], cache)?;
    let package = depends
        .lines()
        .find_map(|line| line.trim().strip_prefix("Depends: "))
        .with_context(|| format!("apt knows no package {META}: run `apt-get update` (Debian 12) first"))?;
    // As root apt would drop to a user who cannot write here, and warn about it on every run.
    tool::output("apt-get", &["-o", "APT::Sandbox::User=root", "download", package], &folder)
        .with_context(|| format!("download {package}; `apt-get update` helps when the index is old"))?;
    let archive = names(&folder)?.into_iter().next().context("apt-get download left no file")?;
    let archive = folder.join(archive);
    tool::output("dpkg-deb", &["-x", tool::text(&archive)?, tool::text(&unpacked)?], cache)?;
    fs::remove_file(&archive).context("remove the unpacked archive")?;
    // Renamed last: an unpacking that was cut short is never taken for a kernel.
    fs::rename(&unpacked, root).with_context(|| format!("move the kernel to {}", root.display()))
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}
