//! One exec over one connection: channels in frames of a WebSocket, and at the end a Status that says how the program ended.
//! <https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/remotecommand/constants.go>

use super::{
    frame::{Broken, Incoming, Kind, Said as Message, encode},
    http::{HEAD, Head, V5, request},
    random,
};
use crate::{
    model::PodStatus,
    source::reach::{Input, Refusal, Refused, Said, kubectl::escaped, words},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use serde_json::Value;
use std::{
    fmt::Write as _,
    io::{self, ErrorKind, Read, Write},
    os::{fd::AsFd, unix::net::UnixStream},
    time::Instant,
};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
/// Of version 5: the channel that the next byte names gets nothing more.
const END: u8 = 255;

/// Of what the program complains so much is kept, from its end.
const COMPLAINTS: usize = 8 << 10;
/// A message of the server may have so many bytes besides what the program prints.
const SLACK: usize = 64 << 10;
/// So much of the input goes into one frame.
const PART: usize = 64 << 10;
/// No refusal of a server is longer.
const WORDS: usize = 64 << 10;

/// What came of an exec.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The program ran to its end.
    Said(Said),
    /// Not over this way; kubectl has another (SPDY). The refusal counts when it fails too.
    Elsewhere(Option<Refused>),
}

/// Asks over a fresh connection.
pub fn exec(
    stream: UnixStream,
    pod: &PodStatus,
    argv: &[String],
    input: &Input,
    most: usize,
    until: Instant,
) -> Result<Outcome, Refused> {
    let telling = input.held || !input.bytes.is_empty();
    let broken =
        |e: io::Error| Refused::new(Refusal::Unreachable, format!("the connection to kubectl proxy: {e}"));
    stream.set_nonblocking(true).map_err(broken)?;
    let mut nonce = [0; 16];
    random(&mut nonce).map_err(broken)?;
    let mut wire = Wire { stream, until, out: request(&path(pod, argv, telling), nonce), sent: 0 };
    let mut bytes = Vec::new();
    let head = loop {
        match Head::parse(&bytes).map_err(no_websocket)? {
            Some(head) => break head,
            None if wire.step(&mut bytes, true)? => {}
            None => return Err(Refused::new(Refusal::Cut, "the connection ended before any answer")),
        }
    };
    if head.code != 101 {
        return refusal(&mut wire, &head, bytes, &pod.namespace);
    }
    let version = head.agreed(nonce).map_err(no_websocket)?;
    if version != V5 && !input.held && !input.bytes.is_empty() {
        // The older version cannot tell the end of the input but by its own end, and what is printed is lost with it.
        return Ok(Outcome::Elsewhere(None));
    }
    let mut talk = Talk { incoming: Incoming::default(), said: Said::default(), most };
    talk.incoming.take(&bytes[head.length..]);
    let mut rest = &input.bytes[..];
    let mut open = telling && version == V5;
    loop {
        if let Some(status) = talk.hear(&mut wire)? {
            return ended(&status, talk.said, &pod.namespace).map(Outcome::Said);
        }
        // One part at a time: what the server does not take yet is not held twice.
        if wire.out.is_empty() && !rest.is_empty() {
            let (part, more) = rest.split_at(rest.len().min(PART));
            wire.frame(Kind::Message, &[STDIN], part)?;
            rest = more;
        } else if wire.out.is_empty() && open && !input.held {
            wire.frame(Kind::Message, &[END], &[STDIN])?;
            open = false;
        }
        bytes.clear();
        if !wire.step(&mut bytes, true)? {
            return Err(Refused::new(Refusal::Cut, CUT));
        }
        talk.incoming.take(&bytes);
    }
}

const CUT: &str = "the stream was cut: the connection ended and nobody said how the program had";

fn no_websocket(why: &str) -> Refused {
    Refused::new(Refusal::Cut, format!("what answers kubectl proxy is no exec: {why}"))
}

fn path(pod: &PodStatus, argv: &[String], telling: bool) -> String {
    let mut path = format!(
        "/api/v1/namespaces/{}/pods/{}/exec?container={}&stdout=true&stderr=true",
        escaped(&pod.namespace),
        escaped(&pod.name),
        escaped(&pod.container)
    );
    if telling {
        path.push_str("&stdin=true");
    }
    for word in argv {
        let _ = write!(path, "&command={}", escaped(word));
    }
    path
}

/// The connection, and what is still to be sent over it.
struct Wire {
    stream: UnixStream,
    until: Instant,
    out: Vec<u8>,
    sent: usize,
}

impl Wire {
    fn frame(&mut self, kind: Kind, head: &[u8], rest: &[u8]) -> Result<(), Refused> {
        let mut mask = [0; 4];
        random(&mut mask).map_err(|e| Refused::new(Refusal::Other, format!("no random numbers: {e}")))?;
        encode(kind, head, rest, mask, &mut self.out);
        Ok(())
    }

    /// Waits until something can be sent or has come, and sends and reads it. False when the other side has ended.
    fn step(&mut self, into: &mut Vec<u8>, mut open: bool) -> Result<bool, Refused> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Refused::new(Refusal::Late, "it had not answered in time"));
        }
        let mut wanted = PollFlags::IN;
        wanted.set(PollFlags::OUT, !self.out.is_empty());
        let mut polled = [PollFd::from_borrowed_fd(self.stream.as_fd(), wanted)];
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        let ready = match poll(&mut polled, Some(&left)) {
            Ok(_) | Err(Errno::INTR) => polled[0].revents(),
            Err(e) => return Err(Refused::new(Refusal::Other, format!("poll: {e}"))),
        };
        if ready.contains(PollFlags::OUT) {
            match self.stream.write(&self.out[self.sent..]) {
                Ok(n) => self.sent += n,
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                // It does not listen any more; what it said before still counts.
                Err(_) => self.sent = self.out.len(),
            }
            if self.sent == self.out.len() {
                (self.out, self.sent) = (Vec::new(), 0);
            }
        }
        if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            let before = into.len();
            into.resize(before + PART, 0);
            let read = self.stream.read(&mut into[before..]);
            into.truncate(before + read.as_ref().copied().unwrap_or(0));
            match read {
                Ok(0) => open = false,
                Ok(_) => {}
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(_) => open = false,
            }
        }
        Ok(open)
    }
}

/// What the program said so far.
struct Talk {
    incoming: Incoming,
    said: Said,
    most: usize,
}

impl Talk {
    /// Takes in all messages that have come; the Status when it was one of them.
    fn hear(&mut self, wire: &mut Wire) -> Result<Option<Vec<u8>>, Refused> {
        loop {
            let next = self.incoming.next(self.most.saturating_add(SLACK)).map_err(|e| match e {
                Broken::Wrong(why) => {
                    Refused::new(Refusal::Cut, format!("its answer is no WebSocket's: {why}"))
                }
                Broken::Long => Refused::new(Refusal::TooMuch, "it answered more than is taken"),
            })?;
            let message = match next {
                None => return Ok(None),
                Some(Message::Close) => return Err(Refused::new(Refusal::Cut, CUT)),
                Some(Message::Ping(bytes)) => {
                    wire.frame(Kind::Pong, &bytes, &[])?;
                    continue;
                }
                Some(Message::Message(message)) => message,
            };
            match message.split_first() {
                Some((&STDOUT, data)) => {
                    self.said.stdout.extend_from_slice(data);
                    if self.said.stdout.len() > self.most {
                        return Err(Refused::new(Refusal::TooMuch, "it answered more than is taken"));
                    }
                }
                Some((&STDERR, data)) => {
                    self.said.stderr.extend_from_slice(data);
                    let over = self.said.stderr.len().saturating_sub(COMPLAINTS);
                    self.said.stderr.drain(..over);
                }
                // Every channel may begin with nothing.
                Some((&STATUS, data)) if !data.is_empty() => return Ok(Some(data.to_vec())),
                _ => {}
            }
        }
    }
}

/// The exit code out of the last word of the server.
fn ended(status: &[u8], said: Said, namespace: &str) -> Result<Said, Refused> {
    let cut = || Refused::new(Refusal::Cut, "how the program ended was said in no way that can be read");
    let status: Value = serde_json::from_slice(status).map_err(|_| cut())?;
    match status.get("status").and_then(Value::as_str) {
        Some("Success") => return Ok(Said { code: Some(0), ..said }),
        Some("Failure") => {}
        _ => return Err(cut()),
    }
    let causes = status.pointer("/details/causes").and_then(Value::as_array);
    let code = causes
        .into_iter()
        .flatten()
        .find(|c| c.get("reason").and_then(Value::as_str) == Some("ExitCode"))
        .and_then(|c| c.get("message")?.as_str()?.parse::<i32>().ok());
    match code {
        // As kubectl would tell it: a runtime that finds no program says 126 or 127.
        Some(code) => {
            let words = format!(
                "{}\ncommand terminated with exit code {code}",
                String::from_utf8_lossy(&said.stderr).trim_end()
            );
            match words::of_kubectl(code, &words, namespace) {
                Some(refused) => Err(refused),
                None => Ok(Said { code: Some(code), ..said }),
            }
        }
        None => {
            let words = status.get("message").and_then(Value::as_str).unwrap_or_default();
            Err(words::of_words(words, namespace))
        }
    }
}

/// The server did not let us in: its words are in the body.
fn refusal(wire: &mut Wire, head: &Head, mut bytes: Vec<u8>, namespace: &str) -> Result<Outcome, Refused> {
    let length = head.field("content-length").and_then(|n| n.parse().ok()).unwrap_or(WORDS);
    let whole = head.length + length.min(WORDS);
    while bytes.len() < whole.min(HEAD + WORDS) && wire.step(&mut bytes, true)? {}
    let body = String::from_utf8_lossy(&bytes[head.length..]);
    // In chunks the object still stands between its braces.
    let object = body.find('{').zip(body.rfind('}')).and_then(|(a, b)| body.get(a..=b));
    let status: Option<Value> = object.and_then(|o| serde_json::from_str(o).ok());
    let message = status.as_ref().and_then(|s| s.get("message")).and_then(Value::as_str);
    let words = message.unwrap_or(body.trim()).to_string();
    let refused = match head.code {
        401 => Refused::new(Refusal::Unauthenticated, words),
        403 => words::forbidden(&words, namespace),
        404 => Refused::new(Refusal::Gone, words),
        502..=504 => Refused::new(Refusal::Unreachable, words),
        code => Refused::new(Refusal::Other, format!("{words} (HTTP {code})")),
    };
    // Where the first is not granted, or something between us and the cluster knows no WebSocket, kubectl goes another way.
    let another = head.code == 400 || head.code == 403 && refused.words.contains("cannot get ");
    if another { Ok(Outcome::Elsewhere(Some(refused))) } else { Err(refused) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: &str) -> Result<Option<i32>, Refusal> {
        ended(status.as_bytes(), Said::default(), "prod").map(|s| s.code).map_err(|r| r.kind)
    }

    #[test]
    fn the_status_tells_the_exit_code_or_that_there_was_none() {
        assert_eq!(of(r#"{"metadata":{},"status":"Success"}"#), Ok(Some(0)));
        let failed = |code: &str| {
            format!(
                r#"{{"status":"Failure","reason":"NonZeroExitCode","message":"command terminated with non-zero exit code",
                     "details":{{"causes":[{{"reason":"ExitCode","message":"{code}"}}]}}}}"#
            )
        };
        assert_eq!(of(&failed("7")), Ok(Some(7)));
        assert_eq!(of(&failed("127")), Err(Refusal::NoBinary));
        let missing = r#"{"status":"Failure","reason":"InternalError","message":"Internal error occurred: OCI runtime exec failed: exec: \"paramedic\": executable file not found in $PATH: unknown","code":500}"#;
        assert_eq!(of(missing), Err(Refusal::NoBinary));
        for cut in ["", "{", "{}", r#"{"status": "Succ"#] {
            assert_eq!(of(cut), Err(Refusal::Cut), "{cut}");
        }
    }

    #[test]
    fn the_path_holds_every_word_as_a_query_has_it() {
        let pod = PodStatus {
            namespace: "prod".into(),
            name: "web-0".into(),
            container: "app".into(),
            ..PodStatus::default()
        };
        let path = path(&pod, &["sh".into(), "-c".into(), "echo a&b é".into()], true);
        assert_eq!(
            path,
            "/api/v1/namespaces/prod/pods/web-0/exec?container=app&stdout=true&stderr=true&stdin=true\
             &command=sh&command=-c&command=echo%20a%26b%20%C3%A9"
        );
    }
}
