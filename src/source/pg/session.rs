//! A session: text statements in, rows out.

use super::{
    Address, Encryption, Method, Refused, Rows, ServerError, Target,
    message::{Body, Messages, message, strange},
    open,
    refused::chain,
    startup::Started,
    wire::Wire,
};
use rustls::{ClientConnection, StreamOwned};
use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Read, Write},
    time::Instant,
};

/// Rows of one `run` that are kept at most.
const ROWS: usize = 200_000;
/// Bytes of values of one `run` that are kept at most.
const BYTES: usize = 12 << 20;
/// Bytes of one row that are kept at most: a longer one is left out and counts as cut.
const ROW: usize = 4 << 20;
/// No server sends a longer message: PostgreSQL's own limit for a row is 1 GB.
const MESSAGE: usize = 1 << 30;
/// What is read past of one `run` at most, bytes, before the connection is given up.
const PAST: usize = 256 << 20;

/// What carries the messages.
pub(super) enum Stream {
    /// In clear.
    Plain(Wire),
    /// Encrypted.
    Tls(Box<StreamOwned<ClientConnection, Wire>>),
}

impl Stream {
    pub fn wire(&mut self) -> &mut Wire {
        match self {
            Self::Plain(wire) => wire,
            Self::Tls(stream) => &mut stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.read(into),
            Self::Tls(stream) => stream.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(wire) => wire.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// Why a `run` failed, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedKind {
    /// The server said so; the session goes on.
    Server,
    /// The deadline passed; the session is over.
    TimedOut,
    /// The connection broke, or what came made no sense; the session is over.
    Lost,
}

/// A `run` that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// In one word.
    pub kind: FailedKind,
    /// What the server said, when it was the server.
    pub error: Option<Box<ServerError>>,
    /// In all of its words, which may be from outside.
    pub chain: String,
    /// What the statements before the one that failed returned.
    pub before: Vec<Rows>,
}

impl Failed {
    /// The SQLSTATE, when it was the server.
    pub fn sqlstate(&self) -> Option<&str> {
        self.error.as_ref().map(|e| e.sqlstate.as_str())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain)
    }
}

impl std::error::Error for Failed {}

/// One connection. It is ended politely when it is dropped.
pub struct Session {
    messages: Messages<Stream>,
    parameters: BTreeMap<String, String>,
    pid: Option<i32>,
    method: Method,
    address: Address,
    encryption: Encryption,
    /// Nothing can be asked any more.
    over: bool,
}

impl Session {
    /// Connects to the first host of the target that serves. Everything ends at the deadline, also each later `run`, until
    /// another one is set.
    ///
    /// # Errors
    /// When none serves: one attempt for each address, none after a server said no.
    pub fn open(target: &Target, deadline: Instant) -> Result<Self, Refused> {
        open::open(target, deadline)
    }

    pub(super) fn new(
        messages: Messages<Stream>,
        started: Started,
        address: Address,
        encryption: Encryption,
    ) -> Self {
        let Started { parameters, pid, method, .. } = started;
        let method = method.unwrap_or(Method::None);
        Self { messages, parameters, pid, method, address, encryption, over: false }
    }

    /// From now on everything ends then.
    pub fn until(&mut self, deadline: Instant) {
        self.messages.stream().wire().until = deadline;
    }

    /// Runs statements, separated by `;`, in one round trip of the simple protocol. Each that returns rows gives one
    /// `Rows`, also when there are none.
    ///
    /// # Errors
    /// When one of them fails: those behind it are not run, and the ones before it are in the error.
    pub fn run(&mut self, sql: &str) -> Result<Vec<Rows>, Failed> {
        if self.over {
            let chain = "the connection is over".into();
            return Err(Failed { kind: FailedKind::Lost, error: None, chain, before: Vec::new() });
        }
        let mut out = Vec::new();
        match self.exchange(sql, &mut out) {
            Ok(None) => Ok(out),
            Ok(Some(error)) => {
                let kind = FailedKind::Server;
                Err(Failed { kind, chain: error.to_string(), error: Some(Box::new(error)), before: out })
            }
            Err(error) => {
                self.over = true;
                let (kind, chain) = match error.kind() {
                    io::ErrorKind::TimedOut => {
                        (FailedKind::TimedOut, "the server did not answer in time".into())
                    }
                    io::ErrorKind::UnexpectedEof => {
                        (FailedKind::Lost, "the server ended the connection".into())
                    }
                    _ => (FailedKind::Lost, chain(&error)),
                };
                Err(Failed { kind, error: None, chain, before: out })
            }
        }
    }

    fn exchange(&mut self, sql: &str, out: &mut Vec<Rows>) -> io::Result<Option<ServerError>> {
        if sql.contains('\0') {
            return Err(strange("a statement with a zero byte"));
        }
        self.messages.send(&message(Some(b'Q'), &[sql.as_bytes(), b"\0"]))?;
        let (mut failed, mut rows, mut bytes, mut past) = (None, 0, 0, 0);
        // Whether the rows that come belong to the last of `out`.
        let mut open = false;
        loop {
            let full = rows >= ROWS || bytes >= BYTES;
            let head = self.messages.next(if full { 0 } else { ROW }, MESSAGE)?;
            past += if head.cut { head.length } else { 0 };
            if past > PAST {
                return Err(strange("the server sends more than is ever looked at"));
            }
            let mut body = Body(&self.messages.body);
            match head.tag {
                b'D' => {
                    let Some(last) = out.last_mut().filter(|_| open) else {
                        return Err(strange("a row of no statement"));
                    };
                    if full || head.cut {
                        last.cut = true;
                        continue;
                    }
                    let n = body.short()?;
                    if usize::from(n) != last.columns.len() {
                        return Err(strange("a row of another width than was announced"));
                    }
                    last.rows.push((0..n).map(|_| body.value()).collect::<io::Result<_>>()?);
                    rows += 1;
                    bytes += head.length + usize::from(n) * size_of::<Option<String>>();
                }
                b'E' if head.cut => failed = Some(ServerError::default()),
                b'E' => failed = failed.or(Some(body.error()?)),
                b'T' if !head.cut => {
                    out.push(Rows { columns: body.columns()?, ..Rows::default() });
                    open = true;
                }
                b'T' => {
                    out.push(Rows { cut: true, ..Rows::default() });
                    open = true;
                }
                b'C' | b'I' => open = false,
                b'S' if !head.cut => {
                    let (name, value) = (body.text()?, body.text()?);
                    self.parameters.insert(name, value);
                }
                b'Z' => return Ok(failed),
                b'N' | b'A' | b'S' => {}
                // COPY is none of ours, and the server waits in it for what never comes.
                b'G' | b'H' | b'W' => return Err(strange("a statement that copies")),
                _ => return Err(strange("a message that has no place here")),
            }
        }
    }

    /// What the server tells about itself: `server_version`, `in_hot_standby`, `is_superuser` … as of now.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// How the connection is protected.
    pub fn encryption(&self) -> &Encryption {
        &self.encryption
    }

    /// How we proved who we are.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Where the server listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The process that serves us, as `pg_stat_activity` counts them; through PgBouncer it is a number of its own.
    pub fn backend_pid(&self) -> Option<i32> {
        self.pid
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Terminate: without it the server writes into its log that the client went away.
        if !self.over {
            let _ = self.messages.send(&message(Some(b'X'), &[]));
            if let Stream::Tls(stream) = self.messages.stream() {
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    }
}
