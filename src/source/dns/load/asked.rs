//! A question written once and sent often: only its id changes. And what of an answer is looked at, no more than that.

use super::super::Question;
use rustix::io::Errno;

/// A header: RFC 1035, section 4.1.1.
const HEADER: usize = 12;

/// A question, ready to be sent.
pub(super) struct Asked {
    bytes: Vec<u8>,
    /// Where its name, type and class end.
    end: usize,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Its code.
    pub rcode: u8,
    /// It did not fit into the packet.
    pub truncated: bool,
}

impl Asked {
    pub fn new(question: &Question) -> Result<Self, Errno> {
        let bytes = question.write(0).map_err(|_| Errno::INVAL)?;
        let mut end = HEADER;
        while bytes[end] != 0 {
            end += 1 + usize::from(bytes[end]);
        }
        Ok(Self { bytes, end: end + 5 })
    }

    /// The message with this id, into a buffer that is used again.
    pub fn write(&self, id: u16, into: &mut Vec<u8>) {
        into.clear();
        into.extend(id.to_be_bytes());
        into.extend(&self.bytes[2..]);
    }

    /// What a datagram with the id of this question says; none when it answers something else.
    pub fn read(&self, bytes: &[u8]) -> Option<Answer> {
        let header = bytes.get(..HEADER).filter(|h| h[2] & 0x80 != 0)?;
        let answer = Answer { rcode: header[3] & 0x0f, truncated: header[2] & 0x02 != 0 };
        match u16::from_be_bytes([header[4], header[5]]) {
            // Servers mix the case of names, or keep that of another asker.
            1 => bytes
                .get(HEADER..self.end)?
                .eq_ignore_ascii_case(&self.bytes[HEADER..self.end])
                .then_some(answer),
            // Who could not read the question does not repeat it.
            0 if answer.rcode != 0 => Some(answer),
            _ => None,
        }
    }
}

/// The id that a datagram bears.
pub(super) fn id(bytes: &[u8]) -> Option<u16> {
    (bytes.len() >= HEADER && bytes[2] & 0x80 != 0).then(|| u16::from_be_bytes([bytes[0], bytes[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(edns: bool) -> Asked {
        Asked::new(&Question { name: "db.a.test".into(), kind: "A".into(), edns }).unwrap()
    }
    fn answer(to: &Asked, flags: u8, code: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        to.write(0x1234, &mut bytes);
        bytes[2] |= flags;
        bytes[3] |= code;
        bytes
    }

    #[test]
    fn what_is_sent_is_the_question_with_the_id() {
        for edns in [false, true] {
            let asked = asked(edns);
            let whole = Question { name: "db.a.test".into(), kind: "A".into(), edns }.write(0x1234).unwrap();
            assert_eq!(answer(&asked, 0, 0), whole);
            assert_eq!(asked.end, HEADER + 11 + 4, "edns {edns}");
        }
        let root = Asked::new(&Question { name: ".".into(), kind: "NS".into(), edns: false }).unwrap();
        assert_eq!(root.end, HEADER + 1 + 4);
        assert!(Asked::new(&Question { name: "a".repeat(64), kind: "A".into(), edns: false }).is_err());
    }

    #[test]
    fn an_answer_repeats_the_question_or_says_why_not() {
        let asked = asked(true);
        let whole = answer(&asked, 0x82, 5);
        assert_eq!(id(&whole), Some(0x1234));
        assert_eq!(asked.read(&whole), Some(Answer { rcode: 5, truncated: true }));
        let mut other = answer(&asked, 0x80, 0);
        other[HEADER + 1] = b'D';
        assert_eq!(asked.read(&other), Some(Answer { rcode: 0, truncated: false }), "only the case differs");
        other[HEADER + 1] = b'x';
        assert_eq!(asked.read(&other), None, "another name");
        let mut bare = answer(&asked, 0x80, 1)[..HEADER].to_vec();
        bare[5] = 0;
        assert_eq!(asked.read(&bare), Some(Answer { rcode: 1, truncated: false }));
        bare[3] = 0;
        assert_eq!(asked.read(&bare), None, "no error and no question");
        assert_eq!(asked.read(&answer(&asked, 0, 0)), None, "our own question");
        assert_eq!((id(&answer(&asked, 0, 0)), id(&whole[..5])), (None, None));
        (0..asked.end).for_each(|n| assert_eq!(asked.read(&whole[..n]), None, "{n} bytes"));
    }
}
