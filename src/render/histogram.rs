//! How often which value was met: one line of heights a series, the values below.

use super::{
    chart::{ASCII_HEIGHTS, HEIGHTS},
    pen::{Ink, Pen},
    unit, wrap,
};
use crate::model::{Cell, Counts, rates};

/// Of a narrow terminal at least so many columns are heights.
const LEAST: usize = 8;
const LONGEST_NAME: usize = 24;

/// Draws one line a series. Where only the middle was met, only that is drawn; where the terminal is narrow, neighbours are
/// put together.
pub(super) fn draw(pen: &mut Pen, name: &str, unit: &str, edges: &[f64], beyond: &str, lines: &[Counts]) {
    let met = |c: usize| lines.iter().any(|l| l.counts.get(c).is_some_and(|n| *n > 0));
    let columns: Vec<usize> = (0..=edges.len()).filter(|c| met(*c)).collect();
    let names: Vec<String> = lines.iter().map(|l| pen.clean(&l.name).into_owned()).collect();
    let widest = names.iter().map(|n| wrap::columns(n)).max().unwrap_or(0).min(LONGEST_NAME);
    let tails: Vec<String> = lines.iter().map(|l| tail(l.beyond, beyond)).collect();
    let tail = tails.iter().map(|t| wrap::columns(&pen.clean(t))).max().unwrap_or(0);
    let room = pen.style.table_room().saturating_sub(2 + widest + 2 + 2 + tail).max(LEAST);
    pen.line(&[(Ink::Bold, &format!("  {}", name.to_uppercase()))]);
    let Some((first, last)) = columns.first().zip(columns.last()) else {
        for (name, tail) in names.iter().zip(&tails) {
            pen.line(&[(
                Ink::Plain,
                &format!("  {name}  {}", if tail.is_empty() { "nothing" } else { tail }),
            )]);
        }
        return;
    };
    let together = (last - first + 1).div_ceil(room);
    let starts: Vec<usize> = (*first..=*last).step_by(together).collect();
    let heights = if pen.style.utf8 { &HEIGHTS } else { &ASCII_HEIGHTS };
    for ((line, name), tail) in lines.iter().zip(&names).zip(&tails) {
        let name = wrap::cut(name, widest, &pen.clean("…"));
        let pad = " ".repeat(widest - wrap::columns(&name));
        let of = |s: &usize| line.counts.iter().skip(*s).take(together.min(last + 1 - s)).sum::<u64>();
        let bars = bars(&starts.iter().map(of).collect::<Vec<_>>(), heights);
        let text = format!("  {name}{pad}  {bars}  {tail}");
        pen.line(&[(Ink::Plain, text.trim_end())]);
    }
    // A column begins at the edge before it.
    let begin = |start: &usize| start.checked_sub(1).and_then(|e| edges.get(e)).copied();
    let scale = scale(&starts.iter().map(begin).collect::<Vec<_>>(), unit);
    let text = format!("  {}  {scale}", " ".repeat(widest));
    pen.line(&[(Ink::Dim, text.trim_end())]);
}

fn tail(n: u64, word: &str) -> String {
    if n == 0 { String::new() } else { format!("{} {word}", rates::count(n)) }
}

/// What was met once is seen, however often its neighbour was.
fn bars(counts: &[u64], heights: &[char; 8]) -> String {
    let most = counts.iter().max().copied().unwrap_or(0).max(1);
    let height = |n: &u64| match n {
        0 => ' ',
        n => heights[(n * 7 / most) as usize],
    };
    counts.iter().map(height).collect()
}

/// Values under the columns that begin with them: decades first, and all that there is room for where that is too few.
fn scale(begins: &[Option<f64>], unit: &str) -> String {
    let decade = |x: f64| x > 0.0 && (x.log10() - x.log10().round()).abs() < 1e-9;
    let placed = |wanted: &dyn Fn(f64) -> bool| {
        let (mut text, mut labels) = (String::new(), 0);
        for (at, x) in begins.iter().enumerate() {
            let Some(x) = x.filter(|x| wanted(*x) && (text.is_empty() || text.len() < at)) else { continue };
            text.extend(std::iter::repeat_n(' ', at - text.len().min(at)));
            text += &label(x, unit);
            labels += 1;
        }
        (text, labels)
    };
    match placed(&decade) {
        (text, 2..) => text,
        _ => placed(&|_| true).0,
    }
}

/// An edge: short, since a decade is a few columns wide.
fn label(x: f64, unit: &str) -> String {
    if x < 1.0 { format!("{x}{unit}") } else { unit::show(&Cell::Num(x), unit) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Style;

    const EDGES: [f64; 7] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];

    fn drawn(width: usize, utf8: bool, lines: &[Counts]) -> String {
        let style = Style { width: Some(width), utf8, ..Style::default() };
        let mut pen = Pen::new(&style);
        draw(&mut pen, "latency", "ms", &EDGES, "no answer", lines);
        pen.finish()
    }
    fn counts(name: &str, counts: [u64; 8], beyond: u64) -> Counts {
        Counts { name: name.into(), counts: counts.into(), beyond }
    }

    #[test]
    fn each_series_is_a_line_and_what_has_no_value_stands_apart() {
        let lines = [
            counts("10/s", [0, 30, 70, 0, 0, 0, 0, 0], 0),
            counts("200/s", [0, 0, 10, 900, 40, 0, 0, 1], 1200),
        ];
        insta::assert_snapshot!(drawn(80, true, &lines), @r"
          LATENCY
          10/s   ▄█
          200/s   ▁█▁  ▁  1,200 no answer
                 0.5ms 50ms
        ");
        assert!(drawn(80, false, &lines).is_ascii());
    }

    #[test]
    fn a_narrow_terminal_and_series_without_a_value_are_drawn_too() {
        let one = counts("200/s", [1, 2, 3, 4, 5, 6, 7, 8], 12);
        assert!(drawn(40, true, std::slice::from_ref(&one)).lines().all(|l| wrap::columns(l) <= 40));
        let none = counts("200/s", [0; 8], 3);
        assert_eq!(drawn(80, true, &[none]), "  LATENCY\n  200/s  3 no answer\n");
        assert_eq!(drawn(80, true, &[counts("200/s", [0; 8], 0)]), "  LATENCY\n  200/s  nothing\n");
    }
}
