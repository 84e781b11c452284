//! The hand that writes: escapes, wraps, colours. Nothing reaches the text but through here.

use super::{Style, wrap};
use crate::model::untrusted;
use std::borrow::Cow;

/// What a piece of text is, for its colour. The meaning never rests on the colour alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Bold,
    Dim,
    Critical,
    Warning,
    Clear,
    Unseen,
}

impl Ink {
    fn sgr(self) -> &'static str {
        match self {
            Ink::Plain => "",
            Ink::Bold => "1",
            Ink::Dim => "2",
            Ink::Critical => "1;31",
            Ink::Warning => "1;33",
            Ink::Clear => "32",
            Ink::Unseen => "36",
        }
    }
}

/// Prose is unreadable in longer lines; tables may use all of a wide terminal.
const PROSE: usize = 80;
/// Below this nothing sensible can be drawn; the terminal breaks the lines.
const LEAST: usize = 40;

impl Style {
    /// The text as it may reach this terminal: escaped; in ASCII where the locale is not UTF-8, because the bytes of a
    /// character may be control codes to a terminal of another encoding.
    pub fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let safe = untrusted::escape(text);
        if self.utf8 || safe.is_ascii() { safe } else { ascii(&safe).into() }
    }
    /// The line that runs another command in the same places.
    pub(super) fn again(&self, command: &str) -> String {
        let on = if self.on.is_empty() { "" } else { " " };
        format!("{}{on}{} {command}", self.program, self.on)
    }
    /// Columns for prose; without a terminal there is no end of the line.
    fn room(&self) -> usize {
        self.width.map_or(usize::MAX, |w| w.clamp(LEAST, PROSE))
    }
    /// Columns for tables; `-o wide` takes what it needs.
    pub(super) fn table_room(&self) -> usize {
        self.width.filter(|_| !self.wide).map_or(usize::MAX, |w| w.max(LEAST))
    }
}

pub(super) struct Pen<'s> {
    pub style: &'s Style,
    out: String,
}

impl<'s> Pen<'s> {
    pub fn new(style: &'s Style) -> Self {
        Self { style, out: String::new() }
    }
    pub fn finish(self) -> String {
        self.out
    }

    /// See [`Style::clean`].
    pub fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.style.clean(text)
    }

    pub fn blank(&mut self) {
        self.out.push('\n');
    }
    /// One line of pieces, neither wrapped nor cut.
    pub fn line(&mut self, pieces: &[(Ink, &str)]) {
        for (ink, text) in pieces {
            let text = self.clean(text).into_owned();
            self.paint(*ink, &text);
        }
        self.out.push('\n');
    }
    /// A paragraph: `lead` before the first line, as many blanks before the others.
    pub fn para(&mut self, lead: (Ink, &str), ink: Ink, text: &str) {
        let text = self.clean(text).into_owned();
        if self.style.width.is_none() {
            return self.hang(lead, ink, &[text]);
        }
        let room = self.rest_of_line(lead.1);
        self.hang(lead, ink, &wrap::wrap(text.split(' '), room, room));
    }
    /// Pieces with a dot between them, broken only between pieces.
    pub fn pieces(&mut self, lead: (Ink, &str), ink: Ink, pieces: &[String]) {
        let mut atoms: Vec<_> = pieces.iter().map(|p| self.clean(p).into_owned()).collect();
        let dot = self.clean(" ·").into_owned();
        if let Some((_, all)) = atoms.split_last_mut() {
            all.iter_mut().for_each(|a| a.push_str(&dot));
        }
        let room = self.rest_of_line(lead.1);
        // A piece that is longer than a line is broken like prose.
        let words = atoms.iter().flat_map(|a| {
            let (whole, parts) =
                if wrap::columns(a) <= room { (Some(a.as_str()), None) } else { (None, Some(a.split(' '))) };
            whole.into_iter().chain(parts.into_iter().flatten())
        });
        self.hang(lead, ink, &wrap::wrap(words, room, room));
    }
    /// A title, and at the right edge of its first line a label.
    pub fn title(&mut self, lead: (Ink, &str), title: &str, label: &str) {
        let (title, label) = (self.clean(title).into_owned(), self.clean(label).into_owned());
        let (room, taken) = (self.rest_of_line(lead.1), wrap::columns(&label) + 2);
        if label.is_empty() || room < taken + 20 {
            self.para(lead, Ink::Bold, &title);
            if !label.is_empty() {
                let blanks = " ".repeat(wrap::columns(&self.clean(lead.1)));
                self.line(&[(Ink::Plain, &blanks), (Ink::Dim, &label)]);
            }
            return;
        }
        let mut lines = match self.style.width {
            None => vec![title],
            Some(_) => wrap::wrap(title.split(' '), room - taken, room),
        };
        let rest = lines.split_off(1);
        let gap = self.style.width.map_or(2, |_| room - wrap::columns(&lines[0]) - wrap::columns(&label));
        self.paint(lead.0, &self.clean(lead.1));
        self.paint(Ink::Bold, &lines[0]);
        self.out.extend(std::iter::repeat_n(' ', gap));
        self.paint(Ink::Dim, &label);
        self.out.push('\n');
        if !rest.is_empty() {
            let blanks = " ".repeat(wrap::columns(&self.clean(lead.1)));
            self.hang((Ink::Plain, &blanks), Ink::Bold, &rest);
        }
    }
    /// A command to paste. It is never cut; where it is broken, a backslash says so to the shell.
    pub fn command(&mut self, lead: (Ink, &str), command: &str) {
        let command = self.clean(command).into_owned();
        let room = self.rest_of_line(lead.1);
        let lines = if self.style.width.is_some() { wrap::command(&command, room) } else { vec![command] };
        self.hang(lead, Ink::Plain, &lines);
    }
    /// A command line of ours with the program as typed; see [`with_program`].
    pub fn program(&self, line: &str) -> String {
        with_program(line, &self.style.program)
    }

    fn rest_of_line(&self, lead: &str) -> usize {
        self.style.room().saturating_sub(wrap::columns(&self.clean(lead))).max(20)
    }
    fn hang(&mut self, lead: (Ink, &str), ink: Ink, lines: &[String]) {
        let head = self.clean(lead.1).into_owned();
        for (i, line) in lines.iter().enumerate() {
            if i == 0 {
                self.paint(lead.0, &head);
            } else {
                self.out.extend(std::iter::repeat_n(' ', wrap::columns(&head)));
            }
            self.paint(ink, line);
            self.out.push('\n');
        }
    }
    fn paint(&mut self, ink: Ink, text: &str) {
        // Blanks at the edges stay bare: a terminal may underline or invert what is coloured.
        let inner = text.trim();
        if !self.style.colour || ink == Ink::Plain || inner.is_empty() {
            return self.out.push_str(text);
        }
        let start = text.len() - text.trim_start().len();
        self.out.push_str(&text[..start]);
        self.out.push_str("\x1b[");
        self.out.push_str(ink.sgr());
        self.out.push('m');
        self.out.push_str(inner);
        self.out.push_str("\x1b[0m");
        self.out.push_str(&text[start + inner.len()..]);
    }
}

/// Puts the program as it was typed where a line says `paramedic`: as its first word, or after `sudo`. Any other line,
/// such as one for kubectl, is printed as it is.
fn with_program(line: &str, program: &str) -> String {
    let (sudo, rest) = line.strip_prefix("sudo ").map_or(("", line), |rest| ("sudo ", rest));
    match rest.strip_prefix("paramedic") {
        Some(args) if args.is_empty() || args.starts_with(' ') => format!("{sudo}{program}{args}"),
        _ => line.into(),
    }
}

/// Stand-ins for the characters that our own sentences use; every other one is spelled out.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if c.is_ascii() => out.push(c),
            '▲' => out.push('!'),
            '■' => out.push_str("!!"),
            '└' => out.push('`'),
            '▶' | '→' => out.push_str("->"),
            '✓' => out.push_str("ok"),
            '·' | '–' | '—' | '−' => out.push('-'),
            '…' => out.push_str("..."),
            '≥' => out.push_str(">="),
            '≤' => out.push_str("<="),
            '≈' => out.push('~'),
            '×' => out.push('x'),
            '‘' | '’' => out.push('\''),
            '“' | '”' => out.push('"'),
            c => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_put_in_as_it_was_typed() {
        let p = |line| with_program(line, "./pm");
        assert_eq!(p("paramedic fds --pid 1"), "./pm fds --pid 1");
        assert_eq!(p("sudo paramedic"), "sudo ./pm");
        assert_eq!(p("kubectl exec web -- paramedic"), "kubectl exec web -- paramedic");
        assert_eq!(p("paramedics"), "paramedics");
    }

    #[test]
    fn without_utf8_nothing_but_ascii_is_written() {
        assert_eq!(ascii("└▶ 3 × é… ≥ 2"), "`-> 3 x \\u{e9}... >= 2");
    }

    #[test]
    fn the_label_stands_at_the_right_edge_of_a_title_that_wraps() {
        let style = Style { width: Some(50), ..Style::default() };
        let mut pen = Pen::new(&style);
        pen.title((Ink::Plain, "▲ "), "node never closes its connections to its peer", "confidence high");
        assert_eq!(
            pen.finish(),
            "▲ node never closes its            confidence high\n  connections to its peer\n"
        );
    }
}
