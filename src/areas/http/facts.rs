//! What was seen of one URL: plain data, bounded, without what follows the path and without any field or body of a request.

use crate::model::{Reading, Stamp, Traffic, Untrusted, Why};
use serde::{Deserialize, Serialize};

/// One URL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// As it was given, without its query: `http://web:3000/health`.
    pub url: String,
    /// What the balancer in front waits.
    pub lb: Balancer,
    /// One answer.
    pub answer: Reading<Answered>,
    /// No byte of an answer had come after so long, s; an answer that came later, or nobody knows.
    pub late_s: Option<f64>,
    /// The server's certificate; not asked for without TLS.
    pub certificate: Reading<Certificate>,
    /// Connections that were idle after one answer.
    pub idle: Reading<Idle>,
    /// A head that came a byte a second.
    pub headers: Reading<Drip>,
    /// A body that did.
    pub body: Reading<Drip>,
    /// What became of the requests of a load.
    pub load: Reading<Load>,
}

/// What is known of the balancer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balancer {
    /// It keeps an idle connection, and waits for an answer, so long, s.
    pub idle_s: f64,
    /// Somebody said so; else it is what balancers have when nobody changes it.
    pub told: bool,
}

/// One answer and the time of each step to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Who answered, `address:port`.
    pub peer: String,
    /// Addresses of the name; 1 of what is one itself.
    pub addresses: u32,
    /// From the name to its addresses, ms; there is none where the URL holds an address.
    pub name_ms: Option<f64>,
    /// The TCP handshake, ms.
    pub connect_ms: f64,
    /// The TLS handshake, ms.
    pub tls_ms: Option<f64>,
    /// From the request to the first byte, ms.
    pub first_byte_ms: f64,
    /// From the first byte to the last, ms.
    pub body_ms: f64,
    /// Status code.
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    /// `http/1.1`, `h2`.
    pub protocol: String,
    /// `TLS1.3`.
    pub tls: Option<String>,
    /// The connection may carry another request.
    pub keeps: bool,
    /// `Keep-Alive: timeout=`, s: a claim.
    pub claimed_s: Option<u64>,
    /// Where a redirection leads.
    pub location: Option<Untrusted>,
    /// What it calls itself.
    pub server: Option<Untrusted>,
}

impl Answered {
    /// All steps, ms.
    pub fn total_ms(&self) -> f64 {
        self.name_ms.unwrap_or(0.0)
            + self.connect_ms
            + self.tls_ms.unwrap_or(0.0)
            + self.first_byte_ms
            + self.body_ms
    }
}

/// When the first certificate that was shown ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// When.
    pub ends: Stamp,
    /// So long after the look, s; negative: it has ended.
    pub left_s: f64,
    /// From its first moment to its last, s, where that is known.
    #[serde(default)]
    pub whole_s: Option<f64>,
}

/// Connections that were held idle after one answer, each on its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Idle {
    /// Who answered.
    pub peer: String,
    /// They were held so long at most, s.
    pub span_s: f64,
    /// What became of each.
    pub each: Vec<Rest>,
}

/// One connection after its answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// From the last byte of the answer to what ended it, or to when we let go of it, s.
    pub after_s: f64,
    /// What ended it.
    pub end: RestEnd,
}

/// What ended the rest of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestEnd {
    /// The answer said that there is no rest: `Connection: close`, or HTTP/1.0.
    NotKept,
    /// The server closed it.
    Closed,
    /// The server reset it.
    Reset,
    /// The server said something that nobody asked for; its status, when that was an answer.
    Spoke(Option<u16>),
    /// Nothing: it was still open when we let go of it.
    Open,
}

impl RestEnd {
    /// Whether the server ended it.
    pub fn by_server(self) -> bool {
        matches!(self, RestEnd::Closed | RestEnd::Reset | RestEnd::Spoke(_))
    }
}

impl Idle {
    /// The shortest rest that the server ended, and the longest of those, s.
    pub fn ended(&self) -> Option<(f64, f64)> {
        let all = self.each.iter().filter(|r| r.end.by_server()).map(|r| r.after_s);
        all.fold(None, |so_far: Option<(f64, f64)>, s| {
            Some(so_far.map_or((s, s), |(low, high)| (low.min(s), high.max(s))))
        })
    }
}

/// A head or a body that came a byte a second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drip {
    /// Who was asked.
    pub peer: String,
    /// It was kept up so long at most, s.
    pub span_s: f64,
    /// From the first byte to what ended it, or to when we let go of it, s.
    pub after_s: f64,
    /// What ended it.
    pub end: DripEnd,
    /// Bytes that were sent one by one.
    pub sent: u32,
}

/// What a server does with what is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DripEnd {
    /// It answered, with this status.
    Answered(u16),
    /// It said what is no answer.
    Garbled,
    /// It closed the connection.
    Closed,
    /// It reset the connection.
    Reset,
    /// Nothing: it still waited when we let go of it.
    Open,
}

/// What became of the requests of a load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// When it began.
    pub begun: Stamp,
    /// Requests a second that were wanted.
    pub per_s: f64,
    /// Connections that were kept.
    pub connections: u32,
    /// What it was asked to last, s.
    pub asked_s: f64,
    /// What it lasted, s.
    pub length_s: f64,
    /// So long an answer was waited for, s.
    pub timeout_s: f64,
    /// Each request.
    pub traffic: Traffic,
    /// From the request to the last byte of those answered whole: share in hundredths of a per cent, ms.
    pub latency_ms: Vec<(u16, f64)>,
    /// Connections that the server closed while no request was on its way: nothing was lost by it.
    pub closed_at_rest: u64,
    /// What the client itself was like.
    pub own: Own,
    /// Somebody ended it early.
    pub stopped: bool,
}

/// What the client itself was like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Own {
    /// How late requests were sent: 99th percentile, ms.
    pub lag_p99_ms: f64,
    /// The most, ms.
    pub lag_max_ms: f64,
    /// Requests that were due and never sent, by what was in the way.
    pub unsent: Vec<(String, u64)>,
    /// Processor time over the length, %.
    pub cpu_pct: f64,
}

impl Facts {
    /// Nothing was looked at.
    pub fn unseen(why: Why) -> Self {
        Self {
            url: String::new(),
            lb: Balancer { idle_s: 0.0, told: false },
            answer: Reading::unseen(why),
            late_s: None,
            certificate: Reading::unseen(why),
            idle: Reading::unseen(why),
            headers: Reading::unseen(why),
            body: Reading::unseen(why),
            load: Reading::unseen(why),
        }
    }
}
