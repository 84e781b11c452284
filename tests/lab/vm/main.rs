//! The second room of the lab: faults on Debian 12's own kernel, Linux 6.1, instead of the kernel of the machine that
//! runs the tests. What differs there: no size on `/proc/PID/fd` (that came with 6.2), sock_diag as modules that need
//! not be loaded, `hidepid`, a control group of version 2, and tables of the whole machine that a test may fill.
//!
//! Two virtual machines are booted side by side for all rows (`machine.rs` says how, and why without KVM). Their initramfs holds busybox,
//! Debian's Python for the patients and the static `paramedic` (`image.rs`). A row is a pair of files in `rows/`: the
//! shell script that runs inside and records shots, and the Rust file with what is expected of them.
//!
//! ```text
//! cargo build --target x86_64-unknown-linux-musl && cargo test --test vm
//! ```
//!
//! `PARAMEDIC_STATIC=PATH` names another binary. The kernel package is downloaded once into Cargo's target directory;
//! what came out of the last boots stays there: `tmp/vm/*/records.log` and `console.log`.

#![allow(clippy::unwrap_used, reason = "this is a test: where it does not hold it panics")]

mod cpio;
mod image;
mod kernel;
mod machine;
mod record;
mod report;
mod room;
mod rows;
mod tool;
