//! Frames of the WebSocket protocol, as a client writes and reads them. <https://www.rfc-editor.org/rfc/rfc6455#section-5>

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The next part of a message that was begun.
    Continued,
    /// A message, or its first part. Text and bytes are one: channels carry bytes.
    Message,
    /// The server closes.
    Close,
    /// Wants a pong with the same bytes.
    Ping,
    /// The answer to a ping.
    Pong,
}

/// One frame that was read; `payload` of the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: Kind,
    /// Whether it is the last part of its message.
    pub last: bool,
    /// Where its payload is in the bytes.
    pub payload: std::ops::Range<usize>,
}

/// Why bytes are no frame of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// They break the protocol; what about them does.
    Wrong(&'static str),
    /// A frame or message is longer than is taken.
    Long,
}

/// The first frame of these bytes; `None` when it has not all come. `most` bounds its payload.
///
/// # Errors
/// What cannot be the beginning of a frame of a server.
pub fn decode(bytes: &[u8], most: usize) -> Result<Option<Frame>, Broken> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    if first & 0x70 != 0 {
        return Err(Broken::Wrong("a reserved bit is set"));
    }
    if second & 0x80 != 0 {
        return Err(Broken::Wrong("a frame of a server is masked"));
    }
    let (last, short) = (first & 0x80 != 0, second & 0x7f);
    let kind = match first & 0x0f {
        0 => Kind::Continued,
        1 | 2 => Kind::Message,
        8 => Kind::Close,
        9 => Kind::Ping,
        10 => Kind::Pong,
        _ => return Err(Broken::Wrong("an unknown opcode")),
    };
    if matches!(kind, Kind::Close | Kind::Ping | Kind::Pong) && (!last || short > 125) {
        return Err(Broken::Wrong("a control frame in parts"));
    }
    let (length, head) = match short {
        126 => match rest.first_chunk::<2>() {
            Some(n) => (u64::from(u16::from_be_bytes(*n)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(n) => (u64::from_be_bytes(*n), 10),
            None => return Ok(None),
        },
        n => (u64::from(n), 2),
    };
    let length = usize::try_from(length).ok().filter(|n| *n <= most).ok_or(Broken::Long)?;
    Ok((bytes.len() - head >= length).then_some(Frame { kind, last, payload: head..head + length }))
}

/// Appends one whole frame of a client: `head` and `rest` are its payload, masked by `mask`.
pub fn encode(kind: Kind, head: &[u8], rest: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    let opcode = match kind {
        Kind::Continued => 0,
        Kind::Message => 2,
        Kind::Close => 8,
        Kind::Ping => 9,
        Kind::Pong => 10,
    };
    let length = head.len() + rest.len();
    out.push(0x80 | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(n), _) if n < 126 => out.push(0x80 | n),
        (_, Ok(n)) => {
            out.push(0x80 | 126);
            out.extend(n.to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(head.iter().chain(rest).zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
}

/// One thing that the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A whole message.
    Message(Vec<u8>),
    /// A ping: its bytes are to be sent back.
    Ping(Vec<u8>),
    /// It closes.
    Close,
}

/// What came, put together to messages.
#[derive(Debug, Default)]
pub struct Incoming {
    bytes: Vec<u8>,
    /// So many of the bytes are done with.
    done: usize,
    message: Vec<u8>,
    begun: bool,
}

impl Incoming {
    /// More bytes came.
    pub fn take(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.done);
        self.done = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next thing that was said; `None` when it has not all come. `most` bounds a message.
    ///
    /// # Errors
    /// What breaks the protocol or is too long; nothing more can be read then.
    pub fn next(&mut self, most: usize) -> Result<Option<Said>, Broken> {
        while let Some(frame) = decode(&self.bytes[self.done..], most)? {
            let begin = self.done;
            let payload = &self.bytes[begin + frame.payload.start..begin + frame.payload.end];
            self.done += frame.payload.end;
            match frame.kind {
                Kind::Close => return Ok(Some(Said::Close)),
                Kind::Ping => return Ok(Some(Said::Ping(payload.to_vec()))),
                Kind::Pong => {}
                Kind::Message if self.begun => return Err(Broken::Wrong("a message within a message")),
                Kind::Continued if !self.begun => return Err(Broken::Wrong("a part of no message")),
                Kind::Message | Kind::Continued => {
                    if self.message.len() + payload.len() > most {
                        return Err(Broken::Long);
                    }
                    self.message.extend_from_slice(payload);
                    self.begun = !frame.last;
                    if frame.last {
                        return Ok(Some(Said::Message(std::mem::take(&mut self.message))));
                    }
                }
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As a server sends it: unmasked.
    fn served(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = vec![first];
        match payload.len() {
            n @ 0..126 => out.push(n as u8),
            n @ 126..65_536 => out.extend([&[126], &(n as u16).to_be_bytes()[..]].concat()),
            n => out.extend([&[127], &(n as u64).to_be_bytes()[..]].concat()),
        }
        out.extend_from_slice(payload);
        out
    }

    #[test]
    fn frames_of_the_specification_are_read() {
        let hello = |range| Some(Frame { kind: Kind::Message, last: true, payload: range });
        assert_eq!(decode(&[0x81, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f], 9), Ok(hello(2..7)));
        let mut out = Vec::new();
        encode(Kind::Message, b"He", b"llo", [0x37, 0xfa, 0x21, 0x3d], &mut out);
        assert_eq!(out, [0x82, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    #[test]
    fn what_breaks_the_protocol_is_refused_and_what_is_long_too() {
        for (bytes, what) in [
            (&[0xc1, 0][..], "reserved"),
            (&[0x81, 0x80, 0, 0, 0, 0], "masked"),
            (&[0x83, 0], "opcode"),
            (&[0x09, 0], "control"),
            (&[0x89, 126, 0, 126], "control"),
        ] {
            assert!(matches!(decode(bytes, 99), Err(Broken::Wrong(w)) if w.contains(what)), "{bytes:?}");
        }
        assert_eq!(decode(&[0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255], 99), Err(Broken::Long));
        let mut incoming = Incoming::default();
        incoming.take(&[0x80, 1, 7]);
        assert_eq!(incoming.next(9), Err(Broken::Wrong("a part of no message")));
        let mut incoming = Incoming::default();
        incoming.take(&[0x02, 1, 7, 0x82, 1, 8]);
        assert_eq!(incoming.next(9), Err(Broken::Wrong("a message within a message")));
        let mut incoming = Incoming::default();
        incoming.take(&[0x02, 3, 1, 2, 3, 0x80, 3, 4, 5, 6]);
        assert_eq!(incoming.next(5), Err(Broken::Long));
    }

    proptest! {
        /// However a message is cut into frames, and those into reads, with pings between: it comes out whole.
        #[test]
        fn messages_come_out_whole(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70_000), 1..4),
            part in 1..40_000usize,
            read in 1..9_000usize,
        ) {
            let mut wire = Vec::new();
            for message in &messages {
                let mut parts: Vec<&[u8]> = message.chunks(part).collect();
                if parts.is_empty() { parts.push(&[]); }
                for (i, p) in parts.iter().enumerate() {
                    let last = if i + 1 == parts.len() { 0x80 } else { 0 };
                    wire.extend(served(last | if i == 0 { 2 } else { 0 }, p));
                    wire.extend(served(0x89, b"ping"));
                }
            }
            wire.extend(served(0x88, &[3, 232]));
            let (mut incoming, mut whole, mut pings, mut closed) = (Incoming::default(), Vec::new(), 0, false);
            for bytes in wire.chunks(read) {
                incoming.take(bytes);
                while let Some(said) = incoming.next(1 << 20).expect("frames of a server") {
                    match said {
                        Said::Message(m) => whole.push(m),
                        Said::Ping(p) => { prop_assert_eq!(p, b"ping"); pings += 1; }
                        Said::Close => { closed = true; break; }
                    }
                }
            }
            prop_assert!(closed && pings >= messages.len());
            prop_assert_eq!(whole, messages);
        }

        /// What a client writes is what it meant, once the mask is taken off, whatever its length.
        #[test]
        fn what_is_written_can_be_read(payload in prop::collection::vec(any::<u8>(), 0..70_000), mask: [u8; 4], cut in 0..9usize) {
            let mut out = Vec::new();
            let cut = cut.min(payload.len());
            encode(Kind::Message, &payload[..cut], &payload[cut..], mask, &mut out);
            // A server's eyes: the mask bit off, the mask taken out and undone.
            let head = out.len() - payload.len() - 4;
            prop_assert_eq!(out[1] & 0x80, 0x80);
            out[1] &= 0x7f;
            out.drain(head..head + 4);
            let frame = decode(&out, 1 << 20).expect("a frame").expect("all of it");
            let read: Vec<u8> = out[frame.payload.clone()].iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m).collect();
            prop_assert_eq!((frame.kind, frame.last, frame.payload.end), (Kind::Message, true, out.len()));
            prop_assert_eq!(read, payload);
        }

        /// No bytes whatever make it panic or take more than it was allowed.
        #[test]
        fn any_bytes_are_borne(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut incoming = Incoming::default();
            incoming.take(&bytes);
            while let Ok(Some(said)) = incoming.next(64) {
                if let Said::Message(m) = said { prop_assert!(m.len() <= 64); }
            }
        }
    }
}
