//! Another program, run for what it says: its environment is what it is given, its time is bounded, and it ends with us.
#![allow(unsafe_code)] // what the new process does before it becomes the program

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, Signal, kill_process_group, set_parent_process_death_signal},
};
use std::{
    io::{self, Read},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// An end that cannot be waited for with a descriptor is looked for so often.
const AGAIN: Duration = Duration::from_millis(1);
/// Who was killed and has not ended by then never will: it is left.
const GRAVE: Duration = Duration::from_millis(100);

/// What came of a program.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// From before its start to its end.
    pub took: Duration,
}

/// Runs a program to its end, in `/`, without input and with nothing but this environment; its complaints are not heard.
/// It is in the network namespace of the calling thread.
///
/// # Errors
/// `TimedOut`: it had not ended by then and was killed, with all that it started. `InvalidData`: it printed more than
/// `most` bytes. Else what the system said: `NotFound` when there is no such program.
pub fn run(
    program: &Path,
    args: &[&str],
    environment: &[(&str, &str)],
    most: usize,
    until: Instant,
) -> io::Result<Ended> {
    let begun = Instant::now();
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(environment.iter().copied()).current_dir("/");
    // Its own group: a wrapper script is killed together with what it started.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    // SAFETY: one system call without memory, between fork and exec.
    unsafe {
        command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
    }
    let mut child = command.spawn()?;
    let heard = hear(&mut child, most, until).and_then(|stdout| {
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Ended { code: status.code(), stdout, took: begun.elapsed() });
            }
            if Instant::now() >= until {
                return Err(late());
            }
            thread::sleep(AGAIN);
        }
    });
    if heard.is_err() {
        end(&mut child);
    }
    heard
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it had not ended in time and was killed")
}

/// All that it prints.
fn hear(child: &mut Child, most: usize, until: Instant) -> io::Result<Vec<u8>> {
    let Some(mut stdout) = child.stdout.take() else { return Ok(vec![]) };
    let mut all = Vec::new();
    let mut part = [0u8; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late());
        }
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&stdout, PollFlags::IN)], Some(&left)) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(e) => return Err(e.into()),
        }
        match stdout.read(&mut part)? {
            0 => return Ok(all),
            n => all.extend_from_slice(&part[..n]),
        }
        if all.len() > most {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it printed too much"));
        }
    }
}

/// Kills the program and what it started. Only processes of a group that we made ourselves, whose leader is not yet reaped.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let until = Instant::now() + GRAVE;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        thread::sleep(AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(line: &str, within: Duration) -> io::Result<Ended> {
        let environment = [("PATH", "/usr/bin:/bin"), ("A", "b")];
        run(Path::new("/bin/sh"), &["-c", line, "sh", "$(x)"], &environment, 1000, Instant::now() + within)
    }

    #[test]
    fn it_is_heard_to_its_end_with_its_own_environment_and_no_input() {
        let ended = sh("cat; pwd; echo \"$A $HOME $1\"; exit 7", Duration::from_secs(20)).unwrap();
        assert_eq!((ended.code, ended.stdout.as_slice()), (Some(7), &b"/\nb  $(x)\n"[..]));
        let killed = sh("kill -9 $$", Duration::from_secs(20)).unwrap();
        assert_eq!((killed.code, killed.stdout.len()), (None, 0));
    }

    #[test]
    fn who_is_late_or_prints_without_end_is_killed_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pid");
        let line = format!("sleep 60 & echo $! > {0}; wait", path.display());
        let began = Instant::now();
        let late = sh(&line, Duration::from_secs(1)).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() < Duration::from_secs(20));
        let grandchild = std::fs::read_to_string(path).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", grandchild.trim()));
        let gone = |t: String| t.rsplit_once(')').is_some_and(|(_, rest)| rest.trim().starts_with('Z'));
        let until = Instant::now() + Duration::from_secs(20);
        while !state().map_or(true, gone) {
            assert!(Instant::now() < until, "it was killed too");
            thread::sleep(AGAIN);
        }
        let endless = sh("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaa; done", Duration::from_secs(20));
        assert_eq!(endless.unwrap_err().kind(), io::ErrorKind::InvalidData);
        let none = run(Path::new("/none"), &[], &[], 9, Instant::now() + Duration::from_secs(20));
        assert_eq!(none.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
