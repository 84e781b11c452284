//! Values over time as one line of eight heights each.

use super::{pen::Ink, pen::Pen, unit, wrap};
use crate::model::Cell;

pub(super) const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
pub(super) const ASCII_HEIGHTS: [char; 8] = ['_', '.', ',', '-', '=', '+', '*', '#'];

/// Draws one line a series: its name, the latest values that fit, the first and the last as figures.
pub(super) fn draw(pen: &mut Pen, name: &str, unit: &str, step_ms: u64, lines: &[(String, Vec<f64>)]) {
    let step = unit::millis(step_ms as f64);
    pen.line(&[
        (Ink::Bold, &format!("  {}", name.to_uppercase())),
        (Ink::Dim, &format!("  one every {step}")),
    ]);
    let names: Vec<_> = lines.iter().map(|(n, _)| pen.clean(n).into_owned()).collect();
    let widest = names.iter().map(|n| wrap::columns(n)).max().unwrap_or(0).min(24);
    for (name, (_, values)) in names.iter().zip(lines) {
        let figure = |v: Option<&f64>| v.map_or("?".into(), |v| unit::show(&Cell::Num(*v), unit));
        let figures = format!("{} → {}", figure(values.first()), figure(values.last()));
        let name = wrap::cut(name, widest, &pen.clean("…"));
        let pad = " ".repeat(widest - wrap::columns(&name));
        let taken = 2 + widest + 2 + 2 + wrap::columns(&pen.clean(&figures));
        let room = pen.style.table_room().saturating_sub(taken).max(8);
        let latest = values.get(values.len().saturating_sub(room)..).unwrap_or(values);
        let heights = if pen.style.utf8 { &HEIGHTS } else { &ASCII_HEIGHTS };
        pen.line(&[(Ink::Plain, &format!("  {name}{pad}  {}  {figures}", spark(latest, heights)))]);
    }
}

/// No more marks are drawn: each has a letter.
const MARKS: &[u8] = b"abcdefgh";

/// Draws counts over time, all of them: neighbours are added up until they fit. Below them the marks, a letter each. A step with
/// nothing is a blank, so that one of a single request is seen.
pub(super) fn draw_counts(
    pen: &mut Pen,
    name: &str,
    step_ms: u64,
    lines: &[(String, Vec<f64>)],
    marks: &[(String, f64)],
) {
    let names: Vec<_> = lines.iter().map(|(n, _)| pen.clean(n).into_owned()).collect();
    let widest = names.iter().map(|n| wrap::columns(n)).max().unwrap_or(0).min(24);
    let longest = lines.iter().map(|(_, v)| v.len()).max().unwrap_or(0);
    let room = pen.style.table_room().saturating_sub(widest + 14).clamp(8, 400);
    let fold = longest.div_ceil(room).max(1);
    let step = step_ms as f64 * fold as f64;
    pen.line(&[
        (Ink::Bold, &format!("  {}", name.to_uppercase())),
        (Ink::Dim, &format!("  a column is {}", unit::millis(step))),
    ]);
    let heights = if pen.style.utf8 { &HEIGHTS } else { &ASCII_HEIGHTS };
    for (name, (_, values)) in names.iter().zip(lines) {
        let sums: Vec<f64> = values.chunks(fold).map(|c| c.iter().filter(|v| v.is_finite()).sum()).collect();
        let most = sums.iter().copied().fold(0.0, f64::max);
        let height = |v: &f64| match v {
            v if *v <= 0.0 => ' ',
            v => heights[((v / most) * 7.0).round().clamp(0.0, 7.0) as usize],
        };
        let drawn: String = sums.iter().map(height).collect();
        let name = wrap::cut(name, widest, &pen.clean("…"));
        let pad = " ".repeat(widest - wrap::columns(&name));
        let rest = " ".repeat(longest.div_ceil(fold).saturating_sub(sums.len()));
        let sum = Cell::Num(sums.iter().sum()).plain().into_owned();
        pen.line(&[(Ink::Plain, &format!("  {name}{pad}  {drawn}{rest}  {sum}"))]);
    }
    let columns = longest.div_ceil(fold).max(1);
    let mut letters = vec![b' '; columns];
    let mut legend = Vec::new();
    let seen = marks.iter().filter(|(_, at)| at.is_finite());
    for ((what, at), letter) in seen.zip(MARKS) {
        let mut place = ((at / step).max(0.0) as usize).min(columns - 1);
        // Two that happened at the same time stand side by side.
        while letters[place] != b' ' && place + 1 < columns {
            place += 1;
        }
        letters[place] = *letter;
        legend.push(format!("{} {} {}", char::from(*letter), pen.clean(what), unit::millis(at.max(0.0))));
    }
    let letters = String::from_utf8_lossy(&letters).trim_end().to_string();
    pen.line(&[(Ink::Dim, &format!("  {}  {letters}", " ".repeat(widest)))]);
    pen.line(&[(Ink::Dim, &format!("  {}  {}", " ".repeat(widest), legend.join(", ")))]);
}

/// The heights; a value that was not seen is a gap, not a low.
fn spark(values: &[f64], heights: &[char; 8]) -> String {
    let seen = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (seen().fold(f64::INFINITY, f64::min), seen().fold(f64::NEG_INFINITY, f64::max));
    let height = |v: &f64| match v {
        v if !v.is_finite() => ' ',
        _ if high <= low => heights[0],
        v => heights[((v - low) / (high - low) * 7.0).round().clamp(0.0, 7.0) as usize],
    };
    values.iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Style;

    #[test]
    fn a_rise_is_seen_and_a_hole_is_no_low() {
        let draw_with = |utf8| {
            let style = Style { width: Some(60), utf8, ..Style::default() };
            let mut pen = Pen::new(&style);
            draw(&mut pen, "open", "", 1000, &[("node (pid 4)".into(), vec![10.0, 20.0, f64::NAN, 45.0])]);
            pen.finish()
        };
        assert_eq!(draw_with(true), "  OPEN  one every 1s\n  node (pid 4)  ▁▃ █  10 → 45\n");
        assert_eq!(draw_with(false), "  OPEN  one every 1s\n  node (pid 4)  _, #  10 -> 45\n");
    }

    #[test]
    fn counts_are_all_drawn_with_what_happened_below_them() {
        let style = Style { width: Some(36), utf8: false, ..Style::default() };
        let mut pen = Pen::new(&style);
        let lines = [
            ("answered".to_string(), vec![8.0; 20]),
            ("refused".to_string(), [&[0.0; 19][..], &[1.0]].concat()),
        ];
        let marks = [("signal".to_string(), 900.0), ("exit".to_string(), 1000.0)];
        draw_counts(&mut pen, "requests", 100, &lines, &marks);
        let wanted = "  REQUESTS  a column is 200ms\n  answered  ##########  160\n  refused            #  1\n      \
                      \u{20}         ab\n            a signal 900ms, b exit 1s\n";
        assert_eq!(pen.finish(), wanted);
    }
}
