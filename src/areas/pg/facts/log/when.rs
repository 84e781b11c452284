//! Times of log records. Their zone is an abbreviation that says little: only differences count, unless it is UTC.

use crate::model::Stamp;
use jiff::{civil::DateTime, tz::Offset};
use serde::{Deserialize, Serialize};

/// The time of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// As the log has it.
    pub text: String,
    /// By the log's own clock, milliseconds; only differences mean something.
    pub clock_ms: i64,
    /// In UTC, when the log says which zone it is.
    pub utc: Option<Stamp>,
}

/// So far into a line a time is looked for.
const HEAD: usize = 256;

impl When {
    /// The first time in the head of a line: `2026-11-22 06:58:57.546 UTC`, RFC 3339, or seconds since 1970 with milliseconds.
    pub fn find(line: &[u8]) -> Option<Self> {
        let head = &line[..line.len().min(HEAD)];
        (0..head.len()).find_map(|at| {
            let starts =
                head[at].is_ascii_digit() && !at.checked_sub(1).is_some_and(|b| head[b].is_ascii_digit());
            starts.then(|| Self::date(&head[at..]).or_else(|| Self::epoch(&head[at..]))).flatten()
        })
    }
    fn date(text: &[u8]) -> Option<Self> {
        const SHAPE: &[u8] = b"dddd-dd-dd?dd:dd:dd";
        let fits = |(s, b): (&u8, &u8)| match s {
            b'd' => b.is_ascii_digit(),
            b'?' => *b == b' ' || *b == b'T',
            _ => s == b,
        };
        if text.len() < SHAPE.len() || !SHAPE.iter().zip(text).all(fits) {
            return None;
        }
        let mut end = SHAPE.len();
        if text.get(end) == Some(&b'.') {
            end += 1 + text[end + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        }
        let time = std::str::from_utf8(&text[..end]).ok()?;
        let civil: DateTime = time.replacen(' ', "T", 1).parse().ok()?;
        let clock_ms = Offset::UTC.to_timestamp(civil).ok()?.as_millisecond();
        let blank = usize::from(text.get(end) == Some(&b' '));
        let zone = text[end + blank..].iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-:".contains(b));
        let zone: String = zone.take(8).map(|b| char::from(*b)).collect();
        // A colon belongs to an offset only, else it is the prefix that goes on.
        let zone =
            if zone.starts_with(['+', '-']) { &zone } else { zone.split(':').next().unwrap_or_default() };
        let utc = offset(zone).map(|s| Stamp::from_ms(clock_ms - i64::from(s) * 1000));
        let text = if zone.is_empty() { time.into() } else { format!("{time} {zone}") };
        Some(Self { text, clock_ms, utc })
    }
    /// `%n` of `log_line_prefix`.
    fn epoch(text: &[u8]) -> Option<Self> {
        let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
        let rest = text.get(digits..digits + 4)?;
        if digits != 10 || rest[0] != b'.' || !rest[1..].iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |t: &[u8]| std::str::from_utf8(t).ok()?.parse::<i64>().ok();
        let ms = number(&text[..digits])? * 1000 + number(&rest[1..])?;
        let utc = Some(Stamp::from_ms(ms));
        Some(Self { text: String::from_utf8_lossy(&text[..digits + 4]).into(), clock_ms: ms, utc })
    }
}

/// Seconds east of Greenwich, where a zone says so.
fn offset(zone: &str) -> Option<i32> {
    if matches!(zone, "UTC" | "GMT" | "Z" | "UCT") {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits = rest.replace(':', "");
    let (hours, minutes) = match digits.len() {
        2 => (digits.parse::<i32>().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    Some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(line: &str) -> Option<String> {
        When::find(line.as_bytes()).map(|w| w.utc.map_or(w.text, |u| u.to_string()))
    }

    #[test]
    fn every_prefix_with_a_time_gives_it() {
        let same = Some("2026-11-22T06:58:57.546Z".to_string());
        for line in [
            "2026-11-22 06:58:57.546 UTC [12374] postgres@postgres ERROR:  x",
            "[12374]: user=a,db=b,2026-11-22 07:58:57.546 +01 ERROR:  x",
            "{\"timestamp\":\"2026-11-22 06:58:57.546 GMT\",\"pid\":1}",
            "2026-11-22T06:58:57.546Z LOG:  x",
            "1795330737.546 [7] LOG:  x",
        ] {
            assert_eq!(utc(line), same, "{line}");
        }
        assert_eq!(
            utc("2026-11-22 06:58:57 UTC:[local]:a@b:[7]: LOG:  x").unwrap(),
            "2026-11-22T06:58:57.000Z"
        );
        assert_eq!(utc("2026-11-22 06:58:57.5 CET [7] LOG:  x").unwrap(), "2026-11-22 06:58:57.5 CET");
        assert_eq!(utc("LOG:  database system is ready"), None);
        assert_eq!(utc("2026-13-45 99:58:57 UTC"), None);
    }
}
