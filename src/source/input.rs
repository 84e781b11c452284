//! Standard input as a rope: whoever runs us from far away gives a key on its first line, holds it while it listens, and when it
//! goes we go too. `kubectl exec` ends nothing of what it started: <https://github.com/kubernetes/kubernetes/issues/89031>.

use std::{
    io::{self, BufRead, Read},
    process, thread,
    time::{Duration, Instant},
};

/// The first line is no longer.
const MOST: u64 = 4 << 10;
/// Input that has ended by then was never held: `echo key | paramedic …`.
const HELD: Duration = Duration::from_millis(250);
/// The exit code of what was broken off.
const BROKEN_OFF: i32 = 3;

/// The first line of standard input without its end. Who holds the input longer than for the line has this process end with it,
/// at once.
///
/// # Errors
/// It is longer than 4 KiB, or cannot be read; `UnexpectedEof` when there is none.
pub fn first_line() -> io::Result<Vec<u8>> {
    let line = line(&mut io::stdin().lock())?;
    end_with_it(HELD)?;
    Ok(line)
}

/// Ends this process when its standard input ends. What comes in before that is thrown away.
///
/// # Errors
/// When no thread can be started to listen.
pub fn until_it_ends() -> io::Result<()> {
    end_with_it(Duration::ZERO)
}

/// Input that ends sooner than `held` was none to end with.
fn end_with_it(held: Duration) -> io::Result<()> {
    let began = Instant::now();
    let listen = move || {
        let mut input = io::stdin().lock();
        let mut part = [0u8; 512];
        loop {
            match input.read(&mut part) {
                Ok(n) if n > 0 => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                _ => break,
            }
        }
        if began.elapsed() >= held {
            process::exit(BROKEN_OFF);
        }
    };
    thread::Builder::new().name("input".into()).stack_size(64 << 10).spawn(listen).map(|_| ())
}

fn line(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.take(MOST + 1).read_until(b'\n', &mut line)?;
    if line.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its first line is longer than 4 KiB"));
    }
    let end = line.iter().rposition(|b| !b"\r\n".contains(b)).map_or(0, |last| last + 1);
    line.truncate(end);
    if line.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "its first line is empty"));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts_and_none_is_an_error() {
        let of = |text: &str| line(&mut text.as_bytes()).map_err(|e| e.kind());
        assert_eq!(of("key\nmore"), Ok(b"key".to_vec()));
        assert_eq!(of("key\r\n"), Ok(b"key".to_vec()));
        assert_eq!(of("key"), Ok(b"key".to_vec()));
        for none in ["", "\n", "\r\nkey\n"] {
            assert_eq!(of(none), Err(io::ErrorKind::UnexpectedEof), "{none:?}");
        }
        assert_eq!(of(&"x".repeat(5000)), Err(io::ErrorKind::InvalidData));
        assert_eq!(of(&"x".repeat(4095)).map(|l| l.len()), Ok(4095));
    }
}
