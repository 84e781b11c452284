//! The one request that a connection begins with, and the head of its answer. <https://www.rfc-editor.org/rfc/rfc9112>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

/// No head of an answer is longer, in bytes.
pub const HEAD: usize = 16 << 10;
/// What is offered, the better first. <https://github.com/kubernetes/enhancements/issues/4006>
const PROTOCOLS: [&str; 2] = [V5, "v4.channel.k8s.io"];
/// The one in which the end of the input can be told.
pub const V5: &str = "v5.channel.k8s.io";

/// Wants a WebSocket. `nonce` is 16 random bytes.
pub fn request(path: &str, nonce: [u8; 16]) -> Vec<u8> {
    let (key, offered) = (STANDARD.encode(nonce), PROTOCOLS.join(", "));
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {offered}\r\n\r\n"
    )
    .into_bytes()
}

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub code: u16,
    /// Names in lower case, and values.
    fields: Vec<(String, String)>,
    /// So many bytes it is long.
    pub length: usize,
}

impl Head {
    /// The head at the beginning of these bytes; `None` when it has not all come.
    ///
    /// # Errors
    /// What is no answer of HTTP/1, or has a longer head than is taken.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, &'static str> {
        let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
            return if bytes.len() > HEAD { Err("its head is too long") } else { Ok(None) };
        };
        let text = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = text.split("\r\n");
        let mut first = lines.next().unwrap_or_default().splitn(3, ' ');
        let version = first.next().unwrap_or_default();
        let code = first.next().and_then(|c| c.parse().ok());
        let code = code.filter(|_| version.starts_with("HTTP/1.")).ok_or("it speaks no HTTP/1")?;
        let fields = lines
            .filter_map(|l| l.split_once(':'))
            .map(|(k, v)| (k.trim().to_ascii_lowercase(), v.trim().to_string()))
            .collect();
        Ok(Some(Self { code, fields, length: end + 4 }))
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// The protocol that was agreed on.
    ///
    /// # Errors
    /// When the server did not take part in the handshake, or in none of our protocols.
    pub fn agreed(&self, nonce: [u8; 16]) -> Result<&'static str, &'static str> {
        let is = |name: &str, value: &str| {
            self.field(name).is_some_and(|v| v.split(',').any(|p| p.trim().eq_ignore_ascii_case(value)))
        };
        if !is("upgrade", "websocket") || !is("connection", "upgrade") {
            return Err("it switched to something else than WebSocket");
        }
        if self.field("sec-websocket-accept") != Some(&accepted(nonce)) {
            return Err("its handshake does not answer ours");
        }
        let named = self.field("sec-websocket-protocol");
        PROTOCOLS.into_iter().find(|p| Some(*p) == named).ok_or("it speaks no channel protocol of ours")
    }
}

/// What a server makes of our key.
fn accepted(nonce: [u8; 16]) -> String {
    let mut sum = Sha1::new();
    sum.update(STANDARD.encode(nonce));
    sum.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(sum.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; 16] = *b"the sample nonce";

    #[test]
    fn the_handshake_of_the_specification_is_agreed_on() {
        assert_eq!(accepted(NONCE), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n";
        for n in 0..head.len() {
            assert_eq!(Head::parse(&head.as_bytes()[..n]), Ok(None), "{n}");
        }
        let parsed = Head::parse(format!("{head}rest").as_bytes()).unwrap().unwrap();
        assert_eq!((parsed.code, parsed.length, parsed.agreed(NONCE)), (101, head.len(), Ok(V5)));
        assert!(parsed.agreed([0; 16]).unwrap_err().contains("ours"));
        let other = head.replace("v5.channel", "chat");
        assert!(Head::parse(other.as_bytes()).unwrap().unwrap().agreed(NONCE).is_err());
        let other = head.replace("Upgrade: WebSocket", "Upgrade: h2c");
        assert!(Head::parse(other.as_bytes()).unwrap().unwrap().agreed(NONCE).is_err());
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        assert!(Head::parse(b"SSH-2.0-x\r\n\r\n").is_err());
        assert!(Head::parse(&[b'x'; HEAD + 1]).is_err());
        let asked = String::from_utf8(request("/a?b=c", NONCE)).unwrap();
        assert!(
            asked.starts_with("GET /a?b=c HTTP/1.1\r\nHost: localhost\r\n") && asked.ends_with("\r\n\r\n")
        );
        assert!(asked.contains("Sec-WebSocket-Protocol: v5.channel.k8s.io, v4.channel.k8s.io\r\n"));
    }
}
