//! Values with their units, as people read them.

use crate::model::{Cell, rates};

/// A key of the evidence without its unit, and the unit: `oldest_s` is `oldest` in seconds. Rates keep their name:
/// `per_s` counts things, not seconds.
pub(super) fn split(key: &str) -> (String, &'static str) {
    const UNITS: [(&str, &str); 6] =
        [("per_s", "/s"), ("per_min", "/min"), ("s", "s"), ("ms", "ms"), ("bytes", "bytes"), ("pct", "pct")];
    for (tail, unit) in UNITS {
        if let Some(head) = key.strip_suffix(tail)
            && (head.is_empty() && tail != "s" || head.ends_with('_'))
        {
            return (head.trim_end_matches('_').replace('_', " "), unit);
        }
    }
    (key.replace('_', " "), "")
}

/// The heading of a column: its key in capitals, without the unit that the values carry.
pub(super) fn heading(key: &str, unit: &str) -> String {
    let bare = key.strip_suffix(unit).and_then(|k| k.strip_suffix('_')).filter(|_| !unit.is_empty());
    bare.unwrap_or(key).to_uppercase()
}

/// A value in its unit.
pub(super) fn show(cell: &Cell, unit: &str) -> String {
    if let Cell::AtLeast(x) = cell {
        return format!("≥{}", show(&Cell::Num(*x), unit));
    }
    let number = match cell {
        Cell::Int(n) => *n as f64,
        Cell::Num(x) if x.is_finite() => *x,
        // A number that is none was not measured.
        Cell::Num(_) => return "?".into(),
        _ => return cell.plain().into_owned(),
    };
    match unit {
        "s" => span(number),
        "ms" => millis(number),
        // What shrinks is not what stands still.
        "bytes" if number < 0.0 => format!("-{}", rates::bytes(number.abs().round() as u64)),
        "bytes" => rates::bytes(number.round() as u64),
        "pct" => format!("{}%", (number * 10.0).round() / 10.0),
        "/s" | "/min" => format!("{}{unit}", cell.plain()),
        _ => cell.plain().into_owned(),
    }
}

/// Seconds: never `0s` for what was not 0.
pub(super) fn span(seconds: f64) -> String {
    match seconds {
        // Before the moment that counts as nought.
        s if s < 0.0 => format!("-{}", span(-s)),
        0.0 => "0s".into(),
        s if s < 0.0995 => millis(s * 1000.0),
        // 1.003 s is `1s`: more digits than one say nothing here.
        s if s < 9.95 => rates::span((s * 10.0).round() / 10.0),
        s => rates::span(s),
    }
}

/// Milliseconds.
pub(super) fn millis(ms: f64) -> String {
    match ms {
        ms if ms <= 0.0 => "0ms".into(),
        ms if ms < 0.0095 => "<0.01ms".into(),
        // In one cluster all answers come within a millisecond, and differ all the same.
        ms if ms < 0.95 => format!("{ms:.2}ms"),
        ms if ms < 9.95 && (ms - ms.round()).abs() >= 0.05 => format!("{ms:.1}ms"),
        ms if ms < 999.5 => format!("{ms:.0}ms"),
        ms => span(ms / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_leaves_the_label_and_shapes_the_value() {
        let shown = |key: &str, cell: Cell| {
            let (label, unit) = split(key);
            format!("{label}={}", show(&cell, unit))
        };
        assert_eq!(shown("oldest_unacked_s", Cell::Int(5210)), "oldest unacked=1h26m");
        assert_eq!(shown("used_pct", Cell::Num(72.04)), "used=72%");
        assert_eq!(shown("bytes", Cell::Int(1536)), "=1.5 KiB");
        assert_eq!(shown("per_s", Cell::Int(20)), "=20/s");
        assert_eq!(shown("per_min", Cell::Num(4.5)), "=4.5/min");
        assert_eq!(shown("median_ms", Cell::Num(4.04)), "median=4ms");
        assert_eq!(shown("address", "10.0.0.1".into()), "address=10.0.0.1");
        assert_eq!(shown("drops", Cell::Int(2611)), "drops=2,611");
        assert_eq!(shown("s", Cell::Int(2)), "s=2");
    }

    #[test]
    fn what_was_not_seen_is_never_a_number() {
        assert_eq!(show(&Cell::Unseen, "s"), "?");
        assert_eq!(show(&Cell::None, "bytes"), "-");
        assert_eq!(show(&Cell::Num(f64::NAN), ""), "?");
        assert_eq!(show(&Cell::AtLeast(5000.0), "ms"), "≥5s");
    }

    #[test]
    fn small_spans_are_not_rounded_to_nothing() {
        assert_eq!(
            [0.0, 0.0004, 0.04, 0.3, 1.003, 59.0].map(span),
            ["0s", "0.40ms", "40ms", "0.3s", "1s", "59s"]
        );
        assert_eq!([0.001, 0.02, 41.2, 1100.0].map(millis), ["<0.01ms", "0.02ms", "41ms", "1.1s"]);
    }

    #[test]
    fn headings_lose_the_unit() {
        assert_eq!([heading("oldest_s", "s"), heading("close_wait", "")], ["OLDEST", "CLOSE_WAIT"]);
        assert_eq!([heading("bytes", "bytes"), heading("used_pct", "pct")], ["BYTES", "USED"]);
    }
}
