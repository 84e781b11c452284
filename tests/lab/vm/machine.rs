//! Starts a machine, waits for it no longer than it may take, and hands over what came out of its serial ports.
//!
//! What each flag is for:
//!
//! | flag | reason |
//! | --- | --- |
//! | `-accel tcg` | no `/dev/kvm` is asked for: CI machines are guests themselves |
//! | `-machine pc` | `microvm` starts no faster under TCG and hung in five of six boots |
//! | no `-cpu` | with `max` the kernel uses five levels of page tables and SMAP, which cost more time to emulate |
//! | `-smp 1` | 3.2 s to the first process against 4.1 s with two, and each of the two machines gets a core of the host |
//! | `-m 640` | 20,000 sockets take 100 MB of kernel memory; more memory only makes the boot longer |
//! | `-display none -nodefaults` | no screen, disk, network card or monitor to set up |
//! | two `-serial file:` | the kernel writes to the first; what the rows record goes through the second, where no kernel message can fall between its lines |
//! | `-no-reboot`, `panic=-1` | a panic ends qemu at once instead of booting for ever |
//! | `quiet` | the console is emulated byte by byte; without it the boot takes 0.7 s more |
//! | `mitigations=off nokaslr init_on_alloc=0` | they guard nothing here and cost emulated instructions |
//! | `random.trust_cpu=on` | `getrandom` never waits for entropy, Python and Rust ask for it when they start |

use crate::rows::Row;
use crate::tool;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KERNEL_LINE: &str =
    "console=ttyS0 quiet panic=-1 mitigations=off nokaslr init_on_alloc=0 random.trust_cpu=on rdinit=/init";
const FLAGS: &str = "-accel tcg -machine pc -smp 1 -m 640 -display none -nodefaults -monitor none -no-reboot";

/// How long all rows of a machine may take. They took 34 to 141 s beside a load of 5 to 15 on two cores.
pub const DEADLINE: Duration = Duration::from_secs(200);

/// What a boot left behind.
pub struct Boot {
    /// The kernel's console.
    pub console: String,
    /// The bytes of the second serial port.
    pub records: Vec<u8>,
    /// From the start of qemu to its end.
    pub took: Duration,
    /// Whether it switched itself off after the last row, or was killed at the [`DEADLINE`].
    pub ended: bool,
}

/// Boots `kernel` with `initramfs` and lets it run `rows`; the serial ports are files in `folder`.
///
/// # Errors
/// When qemu cannot be started or ends with an error.
pub fn boot(kernel: &Path, initramfs: &Path, rows: &[Row], folder: &Path) -> Result<Boot> {
    let names: Vec<String> = rows.iter().map(|row| format!("{}:{}", row.name, row.seconds)).collect();
    let (console, records) = (folder.join("console.log"), folder.join("records.log"));
    for old in [&console, &records] {
        fs::write(old, b"").with_context(|| format!("empty {}", old.display()))?;
    }
    let started = Instant::now();
    // `timeout` bounds the machine also when this test itself is killed.
    let mut child = Command::new("timeout")
        .args(["--signal=KILL", &(DEADLINE.as_secs() + 5).to_string(), "qemu-system-x86_64"])
        .args(FLAGS.split(' '))
        .arg("-serial")
        .arg(format!("file:{}", console.display()))
        .arg("-serial")
        .arg(format!("file:{}", records.display()))
        .arg("-kernel")
        .arg(kernel)
        .arg("-initrd")
        .arg(initramfs)
        .args(["-append", &format!("{KERNEL_LINE} rows={}", names.join(","))])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join("qemu.log")).context("make qemu.log")?)
        .spawn()
        .context("run `timeout` of coreutils")?;
    let ended = wait(&mut child, started).with_context(|| {
        let said = fs::read_to_string(folder.join("qemu.log")).unwrap_or_default();
        format!("qemu-system-x86_64 said: {said}\n({})", tool::INSTALL)
    })?;
    let took = started.elapsed();
    let console = String::from_utf8_lossy(&fs::read(&console).context("read the console")?).into_owned();
    let records = fs::read(&records).context("read the records")?;
    Ok(Boot { console, records, took, ended })
}

/// The end of the console, for a message.
pub fn tail(console: &str) -> String {
    let lines: Vec<&str> = console.lines().collect();
    format!("--- the console ends with\n{}", lines[lines.len().saturating_sub(40)..].join("\n"))
}

/// Whether the machine ended by itself before the deadline.
fn wait(child: &mut Child, started: Instant) -> Result<bool> {
    while started.elapsed() < DEADLINE {
        if let Some(status) = child.try_wait().context("wait for qemu")? {
            if status.success() {
                return Ok(true);
            }
            bail!("qemu ended with {status}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // SIGTERM, not SIGKILL: `timeout` passes it on to qemu, and a killed `timeout` would leave qemu behind.
    Command::new("kill").arg(child.id().to_string()).status().context("stop qemu")?;
    child.wait().context("wait for the killed qemu")?;
    Ok(false)
}
