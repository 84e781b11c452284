//! Wall-clock times as they are written: RFC 3339 in UTC. Identity never rests on them, only display does.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// A moment in wall time, milliseconds since 1970, written as RFC 3339 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(i64);

impl Stamp {
    /// From milliseconds since the epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }
    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }
    /// RFC 3339 text, as Kubernetes and others write it; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|t| Self(t.as_millisecond()))
    }
    /// This moment, `seconds` earlier.
    pub fn earlier(self, seconds: f64) -> Self {
        Self(self.0.saturating_sub((seconds * 1000.0) as i64))
    }
    /// `03:12:07Z`, for headers.
    pub fn clock(self) -> String {
        self.to_string().get(11..19).map_or_else(|| self.to_string(), |t| format!("{t}Z"))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(t) => write!(f, "{t:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl Serialize for Stamp {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no RFC 3339 time")))
    }
}

impl JsonSchema for Stamp {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time", "description": "RFC 3339, UTC" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_with_milliseconds_in_utc_and_read_back() {
        let t = Stamp::from_ms(1_795_300_380_123);
        let text = serde_json::to_string(&t).unwrap();
        assert_eq!(text, "\"2026-11-21T22:33:00.123Z\"");
        assert_eq!(serde_json::from_str::<Stamp>(&text).unwrap(), t);
        assert_eq!(t.clock(), "22:33:00Z");
    }
}
