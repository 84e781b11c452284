//! The two machines that all rows share: the first test that asks for a shot starts them, the others wait.

use crate::image;
use crate::kernel::Kernel;
use crate::machine::{self, Boot, tail};
use crate::record::{self, Record};
use crate::rows::MACHINES;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::thread;

static BOOT: OnceLock<Result<Outcome, String>> = OnceLock::new();

struct Outcome {
    records: BTreeMap<String, Record>,
    /// Why a machine did not come to its end, and what the kernels said: read when a row is missing.
    said: String,
}

impl Outcome {
    fn take(&mut self, boot: &Boot) {
        let took = boot.took.as_secs_f64();
        println!("a machine took {took:.1} s, boot included");
        if let Err(error) = record::parse(&boot.records, &mut self.records) {
            self.said.push_str(&format!("{error:#}\n"));
        }
        if !boot.ended {
            self.said.push_str(&format!("killed: it was still running after {took:.0} s\n"));
        }
        self.said.push_str(&tail(&boot.console));
    }
}

/// One command of a row, whatever its exit status.
///
/// # Panics
/// When the machine could not be built or booted, the row did not run to its end, or it has no such shot.
pub fn shot(row: &str, name: &str) -> Record {
    let outcome = match BOOT.get_or_init(|| boot().map_err(|error| format!("{error:#}"))) {
        Ok(outcome) => outcome,
        Err(error) => panic!("no machine: {error}"),
    };
    let Some(end) = outcome.records.get(&format!("{row}/row")) else {
        panic!("the row {row} never ended\n{}", outcome.said);
    };
    assert!(
        end.exit == 0,
        "the script of the row {row} ended with {} after {} ms (143: its deadline):\n{}{}",
        end.exit,
        end.ms,
        end.stderr,
        outcome.said
    );
    let shot = outcome.records.get(&format!("{row}/{name}"));
    shot.unwrap_or_else(|| panic!("the row {row} recorded no {name}")).clone()
}

/// The trimmed standard output of a shot that ended well: a pid, a count.
///
/// # Panics
/// As [`shot`] does, and when the command failed.
pub fn said(row: &str, name: &str) -> String {
    let shot = shot(row, name);
    assert_eq!(shot.exit, 0, "{row}/{name}: {}{}", shot.stdout, shot.stderr);
    shot.stdout.trim().to_owned()
}

/// The same as a number.
///
/// # Panics
/// As [`said`] does, and when it is no number.
pub fn number(row: &str, name: &str) -> u64 {
    let text = said(row, name);
    text.parse().unwrap_or_else(|_| panic!("{row}/{name} is no number: {text}"))
}

fn boot() -> Result<Outcome> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vm");
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let kernel = Kernel::find(&folder)?;
    let initramfs = folder.join("initramfs.cpio");
    fs::write(&initramfs, image::build(&kernel)?).context("write the initramfs")?;
    let machine = |rows, name: &str| -> Result<Boot> {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        machine::boot(&kernel.image, &initramfs, rows, &folder)
    };
    let [first, second] = MACHINES;
    let boots = thread::scope(|scope| {
        let other = scope.spawn(|| machine(second, "second"));
        [machine(first, "first"), other.join().expect("booting does not panic")]
    });
    let mut outcome = Outcome { records: BTreeMap::new(), said: String::new() };
    for boot in boots {
        // The rows that came to their end are judged, whatever became of the others.
        match boot {
            Ok(boot) => outcome.take(&boot),
            Err(error) => outcome.said.push_str(&format!("{error:#}\n")),
        }
    }
    for (name, record) in outcome.records.iter().filter(|(name, _)| name.ends_with("/row")) {
        println!("{name:24} {:6} ms", record.ms);
    }
    Ok(outcome)
}
