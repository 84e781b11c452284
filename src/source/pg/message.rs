//! Messages of protocol 3: a letter, a length, a body. Section 55.7 of the manual. Every length is held against a limit
//! before anything of it is kept.

use super::refused::ServerError;
use std::io::{self, Read, Write};

/// Buffered ahead, bytes.
const AHEAD: usize = 32 << 10;

/// What a message says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub tag: u8,
    /// Of the body, bytes.
    pub length: usize,
    /// The body was longer than its limit: it was read past, and none of it is here.
    pub cut: bool,
}

/// Messages out of a stream, one at a time.
pub(super) struct Messages<S> {
    stream: io::BufReader<S>,
    /// Of the message read last.
    pub body: Vec<u8>,
}

/// What no Postgres server says.
pub(super) fn strange(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}

impl<S: Read + Write> Messages<S> {
    pub fn new(stream: S) -> Self {
        Self { stream: io::BufReader::with_capacity(AHEAD, stream), body: Vec::new() }
    }

    pub fn stream(&mut self) -> &mut S {
        self.stream.get_mut()
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// The next message; a body of more than `keep` bytes is read past, one of more than `most` ends it all.
    pub fn next(&mut self, keep: usize, most: usize) -> io::Result<Head> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let tag = head[0];
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let length = length.checked_sub(4).ok_or_else(|| strange("a message without a length"))?;
        if !tag.is_ascii_alphanumeric() {
            return Err(strange("a message of no known kind"));
        }
        if length > most {
            return Err(strange("a message of more bytes than any server sends"));
        }
        self.body.clear();
        let cut = length > keep;
        let mut rest = (&mut self.stream).take(length as u64);
        // What is announced is no reason to take memory: it grows with what comes.
        let came = if cut {
            io::copy(&mut rest, &mut io::sink())?
        } else {
            rest.read_to_end(&mut self.body)? as u64
        };
        if came != length as u64 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Head { tag, length, cut })
    }
}

/// Reads the parts of a body.
pub(super) struct Body<'a>(pub &'a [u8]);

impl<'a> Body<'a> {
    fn take(&mut self, n: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) =
            self.0.split_at_checked(n).ok_or_else(|| strange("a message that ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }
    pub fn byte(&mut self) -> io::Result<u8> {
        Ok(self.take(1)?[0])
    }
    pub fn short(&mut self) -> io::Result<u16> {
        let b = self.take(2)?;
        Ok(u16::from_be_bytes([b[0], b[1]]))
    }
    pub fn int(&mut self) -> io::Result<i32> {
        let b = self.take(4)?;
        Ok(i32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }
    /// Text up to a zero byte; before the session says so the server's words are in its own encoding.
    pub fn text(&mut self) -> io::Result<String> {
        let end = self.0.iter().position(|b| *b == 0).ok_or_else(|| strange("a text that does not end"))?;
        let text = self.take(end)?;
        self.byte()?;
        Ok(String::from_utf8_lossy(text).into_owned())
    }
    /// A value of a row; `None` is NULL.
    pub fn value(&mut self) -> io::Result<Option<String>> {
        let Ok(length) = usize::try_from(self.int()?) else { return Ok(None) };
        Ok(Some(String::from_utf8_lossy(self.take(length)?).into_owned()))
    }
    /// The columns of a RowDescription, by name.
    pub fn columns(&mut self) -> io::Result<Vec<String>> {
        let n = self.short()?;
        let column = |_| {
            let name = self.text()?;
            self.take(18)?;
            Ok(name)
        };
        (0..n).map(column).collect()
    }
    /// The fields of an ErrorResponse or NoticeResponse.
    pub fn error(&mut self) -> io::Result<ServerError> {
        let mut out = ServerError::default();
        loop {
            let field = match self.byte()? {
                0 => return Ok(out),
                b'S' if out.severity.is_empty() => &mut out.severity,
                // Not translated, unlike S; since 9.6.
                b'V' => &mut out.severity,
                b'C' => &mut out.sqlstate,
                b'M' => &mut out.message,
                b'D' => &mut out.detail,
                b'H' => &mut out.hint,
                b'R' => &mut out.routine,
                _ => {
                    self.text()?;
                    continue;
                }
            };
            *field = self.text()?;
        }
    }
}

/// A message of ours: a letter, or none for the first one, and its body.
pub(super) fn message(tag: Option<u8>, body: &[&[u8]]) -> Vec<u8> {
    let length: usize = body.iter().map(|b| b.len()).sum();
    let mut out: Vec<u8> = tag.into_iter().collect();
    out.extend((length as u32 + 4).to_be_bytes());
    body.iter().for_each(|part| out.extend_from_slice(part));
    out
}
