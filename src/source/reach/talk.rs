//! A program of the user's own (`kubectl`, `ssh`, what `--exec` says), spoken to until it ends: it has the user's
//! environment, what it prints is bounded, its time too, and it ends with us.
#![allow(unsafe_code)] // what the new process does before it becomes the program

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    io::Errno,
    process::{Pid, Signal, kill_process_group, set_parent_process_death_signal},
};
use std::{
    io::{self, Read, Write},
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Of what a program complains so much is kept, from its end.
const COMPLAINTS: usize = 8 << 10;
/// An end that cannot be waited for with a descriptor is looked for so often.
const AGAIN: Duration = Duration::from_millis(1);
/// Who was killed and has not ended by then never will: it is left.
const GRAVE: Duration = Duration::from_millis(100);

/// What a program is told on its standard input.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The input stays open until the program ends: who listens to it on the other side knows by its end that we are gone.
    pub held: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// The end of what it complained about.
    pub stderr: Vec<u8>,
}

/// Runs a program to its end. `most` bounds what it may print, in bytes.
///
/// # Errors
/// `TimedOut`: it had not ended by then and was killed with all that it started. `InvalidData`: it printed more than `most`
/// bytes. Else what the system said: `NotFound` when there is no such program.
pub fn talk(argv: &[String], input: &Input, most: usize, until: Instant) -> io::Result<Said> {
    let (program, args) = argv.split_first().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut command = Command::new(program);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command.stdin(if input.bytes.is_empty() && !input.held { Stdio::null() } else { Stdio::piped() });
    // SAFETY: one system call without memory, between fork and exec.
    unsafe {
        command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
    }
    let mut child = command.spawn()?;
    let heard = hear(&mut child, input, most, until).and_then(|said| {
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Said { code: status.code(), ..said });
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

/// Tells it what is to be told and hears both of its outputs to their ends.
fn hear(child: &mut Child, input: &Input, most: usize, until: Instant) -> io::Result<Said> {
    let (mut stdin, mut stdout, mut stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    if let Some(pipe) = &stdin {
        fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
    }
    let mut said = Said::default();
    let mut rest = &input.bytes[..];
    let mut part = vec![0u8; 64 << 10];
    while stdout.is_some() || stderr.is_some() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late());
        }
        if rest.is_empty() && !input.held {
            stdin = None;
        }
        // Once all is told, the input is only held: its readiness would wake us for nothing.
        let telling = stdin.as_ref().filter(|_| !rest.is_empty());
        let ready = {
            let mut all = Vec::with_capacity(3);
            all.extend(stdout.as_ref().map(|p| PollFd::from_borrowed_fd(p.as_fd(), PollFlags::IN)));
            all.extend(stderr.as_ref().map(|p| PollFd::from_borrowed_fd(p.as_fd(), PollFlags::IN)));
            all.extend(telling.map(|p| PollFd::from_borrowed_fd(p.as_fd(), PollFlags::OUT)));
            let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            match poll(&mut all, Some(&left)) {
                Ok(0) | Err(Errno::INTR) => continue,
                Ok(_) => {}
                Err(e) => return Err(e.into()),
            }
            let mut at = all.iter().map(|p| !p.revents().is_empty());
            let mut next = |there: bool| there && at.next().unwrap_or(false);
            [next(stdout.is_some()), next(stderr.is_some()), next(telling.is_some())]
        };
        if ready[0]
            && let Some(pipe) = &mut stdout
        {
            match pipe.read(&mut part)? {
                0 => stdout = None,
                n => said.stdout.extend_from_slice(&part[..n]),
            }
            if said.stdout.len() > most {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it printed too much"));
            }
        }
        if ready[1]
            && let Some(pipe) = &mut stderr
        {
            match pipe.read(&mut part)? {
                0 => stderr = None,
                n => said.stderr.extend_from_slice(&part[..n]),
            }
            let over = said.stderr.len().saturating_sub(COMPLAINTS);
            said.stderr.drain(..over);
        }
        if ready[2]
            && let Some(pipe) = &mut stdin
        {
            match pipe.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                // It does not listen any more; what it prints still counts.
                Err(_) => (rest, stdin) = (&[], None),
            }
        }
    }
    Ok(said)
}

/// Kills the program and what it started. Only processes of a group that we made ourselves, whose leader is not yet reaped.
pub(super) fn end(child: &mut Child) {
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

    fn sh(line: &str, input: &Input, within: u64) -> io::Result<Said> {
        let argv = ["/bin/sh", "-c", line].map(String::from);
        talk(&argv, input, 1 << 20, Instant::now() + Duration::from_secs(within))
    }

    #[test]
    fn both_outputs_are_heard_while_the_input_is_told() {
        let bytes = vec![b'x'; 300_000];
        let said = sh("tee /dev/stderr; exit 7", &Input { bytes, held: false }, 20).unwrap();
        assert_eq!((said.code, said.stdout.len(), said.stderr.len()), (Some(7), 300_000, COMPLAINTS));
    }

    #[test]
    fn an_input_that_is_held_ends_with_the_program_and_not_before() {
        let held = Input { bytes: b"key\n".to_vec(), held: true };
        let said = sh("read key; echo \"$key\"", &held, 20).unwrap();
        assert_eq!((said.code, said.stdout.as_slice()), (Some(0), &b"key\n"[..]));
        assert_eq!(sh("cat", &held, 1).unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn who_is_late_prints_without_end_or_is_not_there_is_an_error() {
        let none = Input::default();
        assert_eq!(sh("sleep 60 & wait", &none, 1).unwrap_err().kind(), io::ErrorKind::TimedOut);
        let endless = sh("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done", &none, 20);
        assert_eq!(endless.unwrap_err().kind(), io::ErrorKind::InvalidData);
        let nowhere = talk(&["/none".into()], &none, 9, Instant::now() + Duration::from_secs(20));
        assert_eq!(nowhere.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
