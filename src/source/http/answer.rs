//! One answer of HTTP/1.1, byte by byte as it comes: whole, cut or garbage is told apart, since a 200 with half a body is a
//! loss. RFC 9112; the head by `httparse`.

use httparse::{EMPTY_HEADER, Status};

/// No head is longer, in bytes.
const HEAD: usize = 64 << 10;
/// No head has more fields.
const FIELDS: usize = 100;
/// No line of a chunked body is longer, in bytes.
const LINE: usize = 4 << 10;

/// What the head of an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Status code.
    pub status: u16,
    /// The connection may carry another request.
    pub keeps: bool,
    /// `timeout` of the `Keep-Alive` field, in seconds: what the server claims.
    pub claimed_s: Option<u64>,
    /// `Location`, of a redirection.
    pub location: Option<Vec<u8>>,
    /// `Server`.
    pub server: Option<Vec<u8>>,
}

/// How the end of the body is told. RFC 9112, 6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// So many bytes are to come.
    Length(u64),
    /// A line with the size of a chunk is to come.
    Size,
    /// So many bytes of a chunk are to come.
    Chunk(u64),
    /// The line end behind a chunk.
    Behind,
    /// Trailing fields, to an empty line.
    Trailer,
    /// All there is until the connection ends.
    ToTheEnd,
    /// Nothing more.
    Whole,
}

/// How far an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Far {
    /// Not one byte of it has come.
    Nothing,
    /// A part has come.
    Part,
    /// All of it; a body without a length is whole only when the connection has ended.
    Whole,
}

/// One answer being read.
#[derive(Debug)]
pub struct Answer {
    to_head: bool,
    held: Vec<u8>,
    head: Option<Head>,
    body: Body,
    bytes: u64,
    came: bool,
}

impl Answer {
    /// The answer to a request; that to `HEAD` has no body.
    pub fn new(to_head: bool) -> Self {
        Self { to_head, held: vec![], head: None, body: Body::Size, bytes: 0, came: false }
    }
    /// The head, once it is there.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }
    /// Bytes of the body so far, without its framing.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
    /// How far it is.
    pub fn far(&self) -> Far {
        match (&self.head, self.body) {
            (Some(_), Body::Whole) => Far::Whole,
            _ if self.came => Far::Part,
            _ => Far::Nothing,
        }
    }

    /// More bytes. What is left over belongs to the next answer, or to nobody: its length is returned.
    ///
    /// # Errors
    /// What is no HTTP/1 in it.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<usize, &'static str> {
        self.came |= !bytes.is_empty();
        if self.head.is_none() {
            self.held.extend_from_slice(bytes);
            let Some(length) = self.open()? else { return Ok(0) };
            let rest = self.held.split_off(length);
            self.held.clear();
            // An interim answer is followed by another head.
            if self.head.is_none() {
                return if rest.is_empty() { Ok(0) } else { self.feed(&rest) };
            }
            return self.take(&rest);
        }
        self.take(bytes)
    }

    /// The connection has ended in good order; true when the answer is whole.
    pub fn end(&mut self) -> bool {
        if self.head.is_some() && self.body == Body::ToTheEnd {
            self.body = Body::Whole;
        }
        self.far() == Far::Whole
    }

    /// Reads the head out of what is held: its length, once it is whole.
    fn open(&mut self) -> Result<Option<usize>, &'static str> {
        let mut fields = [EMPTY_HEADER; FIELDS];
        let mut answer = httparse::Response::new(&mut fields);
        let length = match answer.parse(&self.held) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) if self.held.len() <= HEAD => return Ok(None),
            Ok(Status::Partial) => return Err("the head of the answer does not end"),
            Err(_) => return Err("what came is no HTTP/1 answer"),
        };
        let status = answer.code.unwrap_or_default();
        let field = |name: &'static str| {
            answer.headers.iter().filter(move |f| f.name.eq_ignore_ascii_case(name)).map(|f| f.value)
        };
        let tokens = |name: &'static str| -> Vec<String> {
            let all = field(name).flat_map(|v| v.split(|b| *b == b','));
            all.map(|t| String::from_utf8_lossy(t).trim().to_ascii_lowercase()).collect()
        };
        if status < 200 && status != 101 {
            return Ok(Some(length));
        }
        let connection = tokens("connection");
        let named = |token: &str| connection.iter().any(|t| t == token);
        let keeps = if answer.version == Some(0) { named("keep-alive") } else { !named("close") };
        let coded = tokens("transfer-encoding");
        let lengths: Vec<Option<u64>> = tokens("content-length").iter().map(|t| t.parse().ok()).collect();
        self.body = if self.to_head || matches!(status, 101 | 204 | 304) {
            Body::Whole
        } else if coded.last().is_some_and(|t| t == "chunked") {
            Body::Size
        } else if !coded.is_empty() {
            Body::ToTheEnd
        } else {
            match lengths[..] {
                [] => Body::ToTheEnd,
                // The same length twice is one; two are an attack or a bug. RFC 9110, 8.6.
                [Some(first), ref more @ ..] if more.iter().all(|l| *l == Some(first)) => {
                    if first == 0 {
                        Body::Whole
                    } else {
                        Body::Length(first)
                    }
                }
                _ => return Err("the length of the answer is no number, or there are two"),
            }
        };
        let claimed_s =
            tokens("keep-alive").iter().find_map(|t| t.strip_prefix("timeout=")?.trim().parse().ok());
        let first = |name: &'static str| field(name).next().map(<[u8]>::to_vec);
        let keeps = keeps && self.body != Body::ToTheEnd;
        self.head =
            Some(Head { status, keeps, claimed_s, location: first("location"), server: first("server") });
        Ok(Some(length))
    }

    /// Bytes of the body.
    fn take(&mut self, mut bytes: &[u8]) -> Result<usize, &'static str> {
        loop {
            match self.body {
                Body::Whole => return Ok(bytes.len()),
                _ if bytes.is_empty() => return Ok(0),
                Body::ToTheEnd => {
                    self.bytes += bytes.len() as u64;
                    return Ok(0);
                }
                Body::Length(left) => {
                    let n = left.min(bytes.len() as u64);
                    self.bytes += n;
                    bytes = &bytes[n as usize..];
                    self.body = if n == left { Body::Whole } else { Body::Length(left - n) };
                }
                Body::Chunk(left) => {
                    let n = left.min(bytes.len() as u64);
                    self.bytes += n;
                    bytes = &bytes[n as usize..];
                    self.body = if n == left { Body::Behind } else { Body::Chunk(left - n) };
                }
                Body::Size | Body::Behind | Body::Trailer => {
                    let end = bytes.iter().position(|b| *b == b'\n');
                    let part = &bytes[..end.map_or(bytes.len(), |at| at + 1)];
                    if self.held.len() + part.len() > LINE {
                        return Err("a line of the chunked body does not end");
                    }
                    self.held.extend_from_slice(part);
                    bytes = &bytes[part.len()..];
                    if end.is_some() {
                        self.line()?;
                    }
                }
            }
        }
    }

    /// One line of a chunked body. RFC 9112, 7.1.
    fn line(&mut self) -> Result<(), &'static str> {
        let line = std::mem::take(&mut self.held);
        let line = line.trim_ascii();
        self.body = match self.body {
            Body::Size => {
                let digits = line.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
                let text = std::str::from_utf8(digits)
                    .ok()
                    .filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_hexdigit()));
                let size = text
                    .and_then(|t| u64::from_str_radix(t, 16).ok())
                    .ok_or("the size of a chunk is no number")?;
                if size == 0 { Body::Trailer } else { Body::Chunk(size) }
            }
            Body::Behind if line.is_empty() => Body::Size,
            Body::Behind => return Err("a chunk is longer than it said"),
            _ if line.is_empty() => Body::Whole,
            other => other,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Fed in pieces of every size: how far it is, what was left over, its head and the bytes of its body.
    fn read(text: &str, ended: bool) -> (Far, usize, Option<Head>, u64) {
        let mut all = Vec::new();
        for size in 1..=text.len().max(1) {
            let mut answer = Answer::new(false);
            let mut left = 0;
            for part in text.as_bytes().chunks(size) {
                left += answer.feed(part).unwrap();
            }
            if ended {
                answer.end();
            }
            all.push((answer.far(), left, answer.head().cloned(), answer.bytes()));
        }
        assert!(all.windows(2).all(|w| w[0] == w[1]), "{all:?}");
        all.remove(0)
    }

    #[test]
    fn a_body_is_whole_when_its_framing_says_so() {
        let (far, left, head, bytes) =
            read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nKeep-Alive: timeout=5\r\n\r\nabcX", false);
        assert_eq!((far, left, bytes), (Far::Whole, 1, 3));
        assert_eq!(head.map(|h| (h.status, h.keeps, h.claimed_s)), Some((200, true, Some(5))));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
        assert_eq!(read(chunked, false).3, 13);
        assert_eq!(read(chunked, false).0, Far::Whole);
        assert_eq!(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", false).0, Far::Whole);
    }

    #[test]
    fn half_a_body_is_a_part_whatever_the_status() {
        for cut in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        ] {
            let want = if cut.is_empty() { Far::Nothing } else { Far::Part };
            assert_eq!(read(cut, true).0, want, "{cut}");
        }
        // Without a length the end of the connection is the end of the body.
        let open = "HTTP/1.0 200 OK\r\n\r\nabc";
        assert_eq!((read(open, false).0, read(open, true).0), (Far::Part, Far::Whole));
        assert!(!read(open, true).2.unwrap().keeps);
    }

    #[test]
    fn garbage_is_an_error_and_no_answer() {
        for bad in [
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        ] {
            assert!(Answer::new(false).feed(bad.as_bytes()).is_err(), "{bad}");
        }
        let endless = [b"HTTP/1.1 200 OK\r\n".to_vec(), vec![b'x'; HEAD + 1]].concat();
        assert!(Answer::new(false).feed(&endless).is_err());
    }

    /// An answer of any shape and the length of its body; none of them ends with the connection.
    fn answers() -> impl Strategy<Value = (Vec<u8>, u64)> {
        let chunk = proptest::collection::vec(any::<u8>(), 1..40);
        let chunks = proptest::collection::vec(chunk, 0..5);
        let fields = proptest::collection::vec("[A-Za-z-]{1,12}: [ -~]{0,20}\r\n", 0..4);
        (chunks, fields, any::<bool>(), any::<bool>()).prop_map(|(chunks, fields, chunked, interim)| {
            let fields = fields.iter().map(|f| format!("x-{f}")).collect::<String>();
            let interim = if interim { "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" } else { "" };
            let bytes: usize = chunks.iter().map(Vec::len).sum();
            let mut all = format!("{interim}HTTP/1.1 200 OK\r\n{fields}").into_bytes();
            if chunked {
                all.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                for chunk in &chunks {
                    all.extend_from_slice(format!("{:x};a=b\r\n", chunk.len()).as_bytes());
                    all.extend_from_slice(chunk);
                    all.extend_from_slice(b"\r\n");
                }
                all.extend_from_slice(b"0\r\nTrailer: x\r\n\r\n");
            } else {
                all.extend_from_slice(format!("Content-Length: {bytes}\r\n\r\n").as_bytes());
                chunks.iter().for_each(|chunk| all.extend_from_slice(chunk));
            }
            (all, bytes as u64)
        })
    }

    fn fed(parts: &[&[u8]]) -> (Result<usize, &'static str>, Answer) {
        let mut answer = Answer::new(false);
        let left = parts.iter().try_fold(0, |left, part| answer.feed(part).map(|l| left + l));
        (left, answer)
    }

    proptest! {
        #[test]
        fn however_it_is_split_an_answer_is_the_same(
            (all, bytes) in answers(),
            splits in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
            behind in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let all = [all, behind.clone()].concat();
            let mut at: Vec<usize> = splits.iter().map(|s| s.index(all.len())).collect();
            at.extend([0, all.len()]);
            at.sort_unstable();
            let parts: Vec<&[u8]> = at.windows(2).map(|w| &all[w[0]..w[1]]).collect();
            let (left, answer) = fed(&parts);
            prop_assert_eq!((left, answer.far(), answer.bytes()), (Ok(behind.len()), Far::Whole, bytes));
        }

        #[test]
        fn an_answer_that_is_cut_is_never_whole((all, _) in answers(), at: proptest::sample::Index) {
            let cut = at.index(all.len());
            let (left, mut answer) = fed(&[&all[..cut]]);
            prop_assert_eq!(left, Ok(0));
            prop_assert!(!answer.end());
            prop_assert_eq!(answer.far(), if cut == 0 { Far::Nothing } else { Far::Part });
        }

        #[test]
        fn any_bytes_are_read_without_holding_more_than_a_head(all in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let (_, answer) = fed(&[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &all]);
            prop_assert!(answer.held.len() <= LINE);
        }
    }
}
