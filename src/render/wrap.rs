//! Breaking text into lines by the columns it takes on a terminal. All input is already escaped.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that `text` takes.
pub(super) fn columns(text: &str) -> usize {
    // Most text is ASCII, and a listing measures millions of cells.
    if text.is_ascii() { text.len() } else { UnicodeWidthStr::width(text) }
}

/// Lines of at most `first`, then `rest` columns, broken between atoms; an atom that is too long for a line of its own
/// is broken between characters, never inside one.
pub(super) fn wrap<'t>(atoms: impl IntoIterator<Item = &'t str>, first: usize, rest: usize) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for atom in atoms.into_iter().filter(|a| !a.is_empty()) {
        let (mut atom, room) = (atom, if lines.is_empty() { first } else { rest });
        let need = columns(atom);
        if !line.is_empty() && used + 1 + need <= room {
            line.push(' ');
            line.push_str(atom);
            used += 1 + need;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        loop {
            let (head, tail) = split_at(atom, if lines.is_empty() { first } else { rest });
            if tail.is_empty() {
                break;
            }
            lines.push(head.into());
            atom = tail;
        }
        line.push_str(atom);
        used = columns(atom);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The command as lines that can be pasted into a shell as they stand: broken at spaces outside quotes, each line but
/// the last ending in a backslash. A word is never broken, even when it is longer than a line, and a flag keeps its
/// value beside it.
pub(super) fn command(line: &str, room: usize) -> Vec<String> {
    let mut atoms: Vec<String> = Vec::new();
    for word in words(line) {
        match atoms.last_mut() {
            Some(flag) if flag.starts_with('-') && !flag.contains(' ') && !word.starts_with('-') => {
                flag.push(' ');
                flag.push_str(word);
            }
            _ => atoms.push(word.into()),
        }
    }
    let mut lines: Vec<String> = vec![String::new()];
    for word in &atoms {
        let Some(last) = lines.last_mut() else { break };
        // Two columns stay free for the backslash.
        if last.is_empty() || columns(last) + 1 + columns(word) + 2 <= room {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        } else {
            last.push_str(" \\");
            lines.push(word.clone());
        }
    }
    lines
}

/// Words of a shell line; spaces inside quotes belong to the word, and a comment is one.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let (mut quote, mut escaped, mut comment, mut begins) = (None, false, false, true);
    line.split(move |c| {
        let first = std::mem::replace(&mut begins, c == ' ');
        if comment || std::mem::take(&mut escaped) {
            return false;
        }
        match (quote, c) {
            (None, '#') if first => comment = true,
            (None, '\\') => escaped = true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => return quote.is_none() && c == ' ',
        }
        false
    })
    .filter(|w| !w.is_empty())
}

/// The text cut to `room` columns with `more` at its end; never inside a character.
pub(super) fn cut(text: &str, room: usize, more: &str) -> String {
    if columns(text) <= room {
        return text.into();
    }
    let keep = room.saturating_sub(columns(more));
    let (head, _) = split_at(text, keep);
    if columns(head) > keep { more.into() } else { format!("{head}{more}") }
}

/// The text cut to `room` columns with `more` in the place of its begin: of a path the end says most.
pub(super) fn cut_front(text: &str, room: usize, more: &str) -> String {
    let keep = room.saturating_sub(columns(more));
    if columns(text) <= room {
        return text.into();
    }
    let from = text.char_indices().map(|(at, _)| at).find(|at| columns(&text[*at..]) <= keep);
    format!("{more}{}", &text[from.unwrap_or(text.len())..])
}

/// As many characters as fit into `room` columns, at least one, and the rest.
fn split_at(text: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > room && at > 0 {
            return text.split_at(at);
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_between_words_and_long_words_between_characters() {
        assert_eq!(wrap("the peer closed first".split(' '), 8, 12), ["the peer", "closed first"]);
        assert_eq!(wrap("a bcdefghij k".split(' '), 4, 4), ["a", "bcde", "fghi", "j k"]);
        assert_eq!(wrap("漢字漢字".split(' '), 5, 5), ["漢字", "漢字"]);
        assert_eq!(wrap([], 5, 5), [""]);
    }

    #[test]
    fn a_broken_command_can_still_be_pasted() {
        assert_eq!(command("p sockets --name 'a b c' --all", 24), ["p sockets \\", "--name 'a b c' --all"]);
        assert_eq!(command("p x", 80), ["p x"]);
        // Broken, the rest of a comment would be a command of its own.
        assert_eq!(command("p pg -d x # no word", 12), ["p pg -d x \\", "# no word"]);
        assert_eq!(command(r"p -d 'a'\''b c' --all", 18), [r"p -d 'a'\''b c' \", "--all"]);
        assert_eq!(command("p --name averyverylongword", 10), ["p \\", "--name averyverylongword"]);
    }

    #[test]
    fn cuts_at_a_character_and_says_so() {
        assert_eq!(cut("10.0.3.7:443", 8, "…"), "10.0.3.…");
        assert_eq!(cut("漢字漢字", 6, "…"), "漢字…");
        assert_eq!(cut("漢字", 1, "…"), "…");
        assert_eq!(cut("short", 5, "…"), "short");
        assert_eq!(cut_front("/a/b/web.scope", 10, "…"), "…web.scope");
        assert_eq!(cut_front("/漢字漢字", 5, "…"), "…漢字");
        assert_eq!(cut_front("short", 5, "…"), "short");
    }
}
