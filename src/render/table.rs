//! Tables: columns that fit the terminal, numbers at the right, and what was left out said.

use super::{Style, pen::Ink, pen::Pen, unit, wrap};
use crate::model::{Cell, Column};

/// A text cell is shortened to this before a whole column is given up; the longest IPv6 address with a port fits.
const LONGEST: usize = 48;
/// And no text is shortened to less than this.
const LEAST_TEXT: usize = 16;
/// Paths may be shortened to this: their end says most, and control groups of containers are 150 characters long.
const LEAST_PATH: usize = 24;
const GAP: usize = 2;

/// Which columns are shown, how wide, and on which side their cells stand. Made from the rows that are known; later
/// rows of a stream follow it.
pub(super) struct Layout {
    shown: Vec<Shown>,
    /// Headings of columns that did not fit.
    pub left_out: Vec<String>,
}

struct Shown {
    index: usize,
    unit: &'static str,
    heading: String,
    width: usize,
    right: bool,
    /// Longer cells are cut.
    cut: bool,
    /// All cells are paths, or no text.
    path: bool,
}

impl Layout {
    pub fn fit(style: &Style, columns: &[Column], rows: &[Vec<Cell>]) -> Self {
        let measure = |(index, column): (usize, &Column)| {
            let heading = style.clean(&unit::heading(column.key, column.unit)).into_owned();
            let cells = || rows.iter().filter_map(|r| r.get(index));
            let widest = cells().map(|c| wrap::columns(&style.clean(&unit::show(c, column.unit)))).max();
            let width = widest.unwrap_or(0).max(wrap::columns(&heading));
            let number = |c: &Cell| matches!(c, Cell::Int(_) | Cell::Id(_) | Cell::Num(_) | Cell::AtLeast(_));
            let no_text = |c: &Cell| number(c) || matches!(c, Cell::None | Cell::Unseen);
            let path = cells().any(is_path) && cells().all(|c| is_path(c) || !is_long(c));
            let right = !column.unit.is_empty() || cells().any(number) && cells().all(no_text);
            Shown { index, unit: column.unit, heading, width, right, cut: false, path }
        };
        let wanted = columns.iter().enumerate().filter(|(_, c)| style.wide || !c.wide);
        let mut shown: Vec<_> = wanted.map(measure).collect();
        let room = style.table_room();
        let needs = |shown: &[Shown]| shown.iter().map(|s| s.width + GAP).sum::<usize>();
        if needs(&shown) > room {
            for s in shown.iter_mut().filter(|s| !s.right && s.width > LONGEST) {
                (s.width, s.cut) = (LONGEST, true);
            }
            for at in (0..shown.len()).rev() {
                let over = needs(&shown).saturating_sub(room);
                let s = &mut shown[at];
                if s.path && over > 0 && s.width > LEAST_PATH {
                    (s.width, s.cut) = (s.width.saturating_sub(over).max(LEAST_PATH), true);
                }
            }
        }
        let mut left_out = Vec::new();
        while shown.len() > 1 && needs(&shown) > room {
            // What is free text at the end says something even when its end is missing.
            let over = needs(&shown) - room;
            if let Some(last) = shown.last_mut().filter(|s| !s.right && s.width >= over + LEAST_TEXT) {
                (last.width, last.cut) = (last.width - over, true);
                break;
            }
            left_out.extend(shown.pop().map(|s| s.heading));
        }
        left_out.reverse();
        if let [only] = &mut shown[..]
            && only.width + GAP > room
        {
            (only.width, only.cut) = (room - GAP, true);
        }
        Self { shown, left_out }
    }

    pub fn heading(&self) -> String {
        self.line(self.shown.iter().map(|s| s.heading.clone()))
    }
    pub fn row(&self, style: &Style, row: &[Cell]) -> String {
        self.line(self.shown.iter().map(|s| {
            let text = unit::show(row.get(s.index).unwrap_or(&Cell::Unseen), s.unit);
            let text = style.clean(&text);
            match s.cut {
                true if s.path => wrap::cut_front(&text, s.width, &style.clean("…")),
                true => wrap::cut(&text, s.width, &style.clean("…")),
                false => text.into_owned(),
            }
        }))
    }
    fn line(&self, cells: impl Iterator<Item = String>) -> String {
        let mut line = String::new();
        for (s, cell) in self.shown.iter().zip(cells) {
            let pad = s.width.saturating_sub(wrap::columns(&cell));
            let (before, after) = if s.right { (pad, 0) } else { (0, pad) };
            line.extend(std::iter::repeat_n(' ', GAP + before));
            line.push_str(&cell);
            line.extend(std::iter::repeat_n(' ', after));
        }
        line.truncate(line.trim_end().len());
        line
    }
}

fn is_path(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(t) if t.starts_with('/'))
}
fn is_long(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(t) if t.len() > LEAST_PATH)
}

/// What is drawn of a table.
pub(super) struct Extent<'h> {
    /// At most so many rows.
    pub rows: usize,
    /// How many rows there are in all.
    pub total: u64,
    /// What to type to see the rest.
    pub rest: &'h str,
}

pub(super) fn draw(pen: &mut Pen, columns: &[Column], rows: &[Vec<Cell>], extent: &Extent) {
    let rows = rows.get(..extent.rows).unwrap_or(rows);
    let layout = Layout::fit(pen.style, columns, rows);
    pen.line(&[(Ink::Bold, &layout.heading())]);
    for row in rows {
        let line = layout.row(pen.style, row);
        pen.line(&[(Ink::Plain, &line)]);
    }
    let left = extent.total.saturating_sub(rows.len() as u64);
    if left > 0 {
        let said = format!("… and {} more: {}", crate::model::rates::count(left), extent.rest);
        pen.para((Ink::Dim, "  "), Ink::Dim, &said);
    }
    if !layout.left_out.is_empty() {
        let said = format!("… no room for {}: -o wide", layout.left_out.join(", "));
        pen.para((Ink::Dim, "  "), Ink::Dim, &said);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: usize, columns: &[Column], rows: &[Vec<Cell>], total: u64) -> String {
        let style = Style { width: Some(width), ..Style::default() };
        let mut pen = Pen::new(&style);
        draw(&mut pen, columns, rows, &Extent { rows: 2, total, rest: "--rows N or --all" });
        pen.finish()
    }
    const COLUMNS: [Column; 4] = [
        Column::new("peer"),
        Column::new("close_wait"),
        Column::unit("oldest_s", "s"),
        Column::new("cgroup").wide(),
    ];
    fn rows() -> Vec<Vec<Cell>> {
        let row = |peer: &str, n: u64, age: Cell| vec![peer.into(), n.into(), age, "/a".into()];
        vec![
            row("10.0.3.7:443", 2611, Cell::Int(32_940)),
            row("[::1]:5432", 0, Cell::Unseen),
            row("x", 1, Cell::Int(0)),
        ]
    }

    #[test]
    fn numbers_stand_at_the_right_and_the_rest_is_counted() {
        insta::assert_snapshot!(drawn(80, &COLUMNS, &rows(), 41), @r"
          PEER          CLOSE_WAIT  OLDEST
          10.0.3.7:443       2,611   9h09m
          [::1]:5432             0       ?
          … and 39 more: --rows N or --all
        ");
    }

    #[test]
    fn columns_go_from_the_right_and_are_named_and_text_is_cut_at_a_character() {
        let rows = vec![vec!["漢".repeat(40).into(), 7u64.into(), Cell::Int(60), Cell::None]];
        insta::assert_snapshot!(drawn(62, &COLUMNS, &rows, 1), @r"
          PEER                                              CLOSE_WAIT
          漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢…            7
          … no room for OLDEST: -o wide
        ");
        assert!(drawn(40, &COLUMNS, &rows, 1).lines().all(|l| wrap::columns(l) <= 40));
    }

    #[test]
    fn of_a_long_path_the_end_is_kept_before_a_column_is_given_up() {
        let columns = [Column::new("cgroup"), Column::unit("used_pct", "pct"), Column::unit("oldest_s", "s")];
        let row = |path: &str| vec![path.into(), Cell::Num(41.0), Cell::Int(60)];
        let rows = [row("/kubepods.slice/kubepods-pod1f.slice/cri-containerd-0123.scope"), row("(machine)")];
        insta::assert_snapshot!(drawn(60, &columns, &rows, 2), @r"
          CGROUP                                        USED  OLDEST
          …epods-pod1f.slice/cri-containerd-0123.scope   41%      1m
          (machine)                                      41%      1m
        ");
    }

    #[test]
    fn off_a_terminal_nothing_is_cut() {
        let style = Style::default();
        let long = "x".repeat(500);
        let layout = Layout::fit(&style, &COLUMNS, &[vec![long.as_str().into()]]);
        assert!(layout.row(&style, &[long.as_str().into()]).contains(&long));
        assert!(layout.left_out.is_empty());
    }
}
