//! Messages: questions written, answers read. RFC 1035 section 4, RFC 6891.

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query},
    rr::{Name, RData, RecordType},
};
use std::net::IpAddr;

/// Answers of one message that are kept.
const ANSWERS: usize = 32;
/// Of one answer's text so much is kept, in characters.
const TEXT: usize = 128;
/// What glibc says it takes, with `edns0`: `RESOLV_EDNS_BUFFER_SIZE`.
const EDNS_BYTES: u16 = 1200;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name, with or without a dot at its end; `.` is the root.
    pub name: String,
    /// The type, as `A` or `MX`.
    pub kind: String,
    /// With EDNS.
    pub edns: bool,
}

/// An answer, as far as it matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The response code, without what EDNS adds.
    pub rcode: u8,
    /// It did not fit into the packet.
    pub truncated: bool,
    /// Whoever answered says that he asks on for us.
    pub recursion: bool,
    /// Records of the answer section.
    pub records: u32,
    /// Addresses in it, sorted; at most 32.
    pub addresses: Vec<IpAddr>,
    /// Its records of other types as text from outside; at most 32, each shortened.
    pub texts: Vec<String>,
    /// The shortest time to live in it, seconds.
    pub ttl: Option<u32>,
    /// Its length.
    pub bytes: u32,
}

/// A question that no message can carry.
#[derive(Debug, PartialEq, Eq)]
pub struct Unwritable;

impl Question {
    /// The message with this id.
    ///
    /// # Errors
    /// When the name or the type is none.
    pub fn write(&self, id: u16) -> Result<Vec<u8>, Unwritable> {
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(self.query()?);
        if self.edns {
            let mut edns = Edns::new();
            edns.set_max_payload(EDNS_BYTES);
            message.set_edns(edns);
        }
        message.to_vec().map_err(|_| Unwritable)
    }

    fn query(&self) -> Result<Query, Unwritable> {
        let labels = self.name.split('.').filter(|l| !l.is_empty()).map(str::as_bytes);
        let mut name = Name::from_labels(labels).map_err(|_| Unwritable)?;
        name.set_fqdn(true);
        let kind: RecordType = self.kind.parse().map_err(|_| Unwritable)?;
        Ok(Query::query(name, kind))
    }

    /// Whether the message answers this question.
    fn is_asked_by(&self, message: &Message) -> bool {
        let Ok(asked) = self.query() else { return false };
        let [query] = message.queries.as_slice() else { return false };
        query.query_type == asked.query_type && query.name.eq_ignore_root(&asked.name)
    }
}

/// What a datagram or a message of a stream is to a question.
#[derive(Debug, PartialEq)]
pub(super) enum Read {
    /// Its answer.
    Answer(Reply),
    /// Something with another id or another question.
    Foreign,
    /// It has our id and is no message.
    Malformed,
}

/// Reads what arrived for the question that was asked with this id.
pub(super) fn read(bytes: &[u8], id: u16, question: &Question) -> Read {
    if bytes.len() < 12 || bytes[..2] != id.to_be_bytes() || bytes[2] & 0x80 == 0 {
        return Read::Foreign;
    }
    let message = match Message::from_vec(bytes) {
        Ok(m) => m,
        // A server that truncates may cut in the middle of a record: the header is all that a resolver looks at then.
        Err(_) if bytes[2] & 0x02 != 0 => return Read::Answer(cut_short(bytes)),
        Err(_) => return Read::Malformed,
    };
    if !question.is_asked_by(&message) {
        return Read::Foreign;
    }
    let mut addresses: Vec<IpAddr> = message.answers.iter().filter_map(|r| r.data.ip_addr()).collect();
    addresses.sort_unstable();
    addresses.truncate(ANSWERS);
    let texts = message.answers.iter().filter(|r| r.data.ip_addr().is_none());
    let texts = texts.take(ANSWERS).map(|r| text(&r.data)).collect();
    Read::Answer(Reply {
        rcode: bytes[3] & 0x0f,
        truncated: message.metadata.truncation,
        recursion: message.metadata.recursion_available,
        records: message.answers.len() as u32,
        addresses,
        texts,
        ttl: message.answers.iter().map(|r| r.ttl).min(),
        bytes: bytes.len() as u32,
    })
}

fn cut_short(bytes: &[u8]) -> Reply {
    Reply {
        rcode: bytes[3] & 0x0f,
        truncated: true,
        recursion: bytes[3] & 0x80 != 0,
        records: 0,
        addresses: vec![],
        texts: vec![],
        ttl: None,
        bytes: bytes.len() as u32,
    }
}

fn text(data: &RData) -> String {
    let all = format!("{} {data}", data.record_type());
    all.chars().take(TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str) -> Question {
        Question { name: name.into(), kind: "A".into(), edns: false }
    }
    /// An answer with one address behind a pointer to the question.
    fn answer(id: u16, name: &str) -> Vec<u8> {
        let mut bytes = asked(name).write(id).unwrap();
        bytes[2] |= 0x80;
        bytes[7] = 1;
        bytes.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 0, 0, 7]);
        bytes
    }

    #[test]
    fn a_question_is_what_libc_sends() {
        let bytes = asked("db.a.test").write(0x1234).unwrap();
        let mut wanted = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        wanted.extend(b"\x02db\x01a\x04test\x00\x00\x01\x00\x01");
        assert_eq!(bytes, wanted);
        let edns = Question { edns: true, ..asked("db.a.test") }.write(0x1234).unwrap();
        assert_eq!(edns.len(), wanted.len() + 11);
        assert_eq!(&edns[wanted.len()..wanted.len() + 5], [0, 0, 41, 4, 176], "1200 bytes");
        assert_eq!(asked(".").write(1).unwrap().len(), 17);
    }

    #[test]
    fn what_no_message_carries_is_said() {
        assert_eq!(asked(&"a".repeat(64)).write(1), Err(Unwritable));
        assert_eq!(asked(&["a".repeat(60).as_str(); 5].join(".")).write(1), Err(Unwritable));
        assert_eq!(Question { kind: "NONE SUCH".into(), ..asked("a") }.write(1), Err(Unwritable));
    }

    #[test]
    fn id_and_question_both_count() {
        let question = asked("db.a.test");
        let Read::Answer(reply) = read(&answer(7, "db.a.test"), 7, &question) else { panic!() };
        assert_eq!(reply.addresses, [IpAddr::from([10, 0, 0, 7])]);
        assert_eq!((reply.rcode, reply.ttl, reply.records), (0, Some(30), 1));
        assert!(matches!(read(&answer(7, "DB.a.TEST"), 7, &question), Read::Answer(_)));
        assert_eq!(read(&answer(8, "db.a.test"), 7, &question), Read::Foreign);
        assert_eq!(read(&answer(7, "db.b.test"), 7, &question), Read::Foreign);
        assert_eq!(read(&question.write(7).unwrap(), 7, &question), Read::Foreign, "our own question");
        assert_eq!(read(b"", 7, &question), Read::Foreign);
    }

    #[test]
    fn loops_and_cuts_are_malformed_and_end() {
        let question = asked("db.a.test");
        let mut endless = answer(7, "db.a.test");
        let at = endless.len() - 16;
        endless[at + 1] = at as u8;
        assert_eq!(read(&endless, 7, &question), Read::Malformed);
        let whole = answer(7, "db.a.test");
        for end in 12..whole.len() {
            assert_eq!(read(&whole[..end], 7, &question), Read::Malformed, "{end}");
        }
        let mut truncated = whole[..whole.len() - 3].to_vec();
        truncated[2] |= 2;
        assert!(matches!(read(&truncated, 7, &question), Read::Answer(r) if r.truncated));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(mut bytes: Vec<u8>, garble in 0usize..40, with: u8) {
            read(&bytes, 0, &asked("a.test"));
            bytes = answer(9, "a.test");
            let at = garble % bytes.len();
            bytes[at] = with;
            read(&bytes, 9, &asked("a.test"));
        }
    }
}
