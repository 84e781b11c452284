//! The scanner: Postgres' rules for where literals, comments and names begin and end (`src/backend/parser/scan.l`), and
//! nothing else of its grammar.

/// Of a shape so much is kept, in bytes.
const KEPT: usize = 1 << 10;
/// Stands for the rest.
const MORE: &str = " …";

/// The shape of a statement; `cut` when the text is known to go on.
pub(super) fn of(text: &[u8], cut: bool) -> Vec<u8> {
    let mut scan = Scan { text, at: 0, out: Vec::with_capacity(text.len().min(KEPT + 64)), gap: false };
    let mut whole = !cut;
    while scan.at < text.len() {
        if scan.out.len() > KEPT || scan.token().is_none() {
            whole = false;
            break;
        }
    }
    let mut out = scan.out;
    if out.len() > KEPT {
        let end = (KEPT - 3..=KEPT).rev().find(|at| out[*at] & 0xc0 != 0x80).unwrap_or(KEPT);
        out.truncate(end);
        whole = false;
    }
    if !whole {
        out.extend_from_slice(MORE.as_bytes());
    }
    out
}

/// `ident_start` of the scanner. Every byte of a multibyte character counts as a letter.
fn starts_name(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}
/// `ident_cont`.
fn in_name(b: u8) -> bool {
    starts_name(b) || b.is_ascii_digit() || b == b'$'
}
/// `space`: what `is_ascii_whitespace` has, and the vertical tab.
fn is_space(b: u8) -> bool {
    b.is_ascii_whitespace() || b == 0x0b
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    out: Vec<u8>,
    /// White space or a comment stood before the next token.
    gap: bool,
}

impl Scan<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }
    fn skip(&mut self, belongs: fn(u8) -> bool) {
        while self.peek(0).is_some_and(belongs) {
            self.at += 1;
        }
    }
    fn write(&mut self, bytes: &[u8]) {
        if std::mem::take(&mut self.gap) && !self.out.is_empty() {
            self.out.push(b' ');
        }
        self.out.extend_from_slice(bytes);
    }
    /// One literal; after another and a comma it is the same list.
    fn literal(&mut self) {
        let list = self.out.strip_suffix(b",").map(<[u8]>::trim_ascii_end).filter(|l| l.ends_with(b"?"));
        if let Some(list) = list {
            self.out.truncate(list.len());
            self.gap = false;
        } else {
            self.write(b"?");
        }
    }

    /// Takes one token; none when the rest of the text has to be hidden.
    fn token(&mut self) -> Option<()> {
        let b = self.peek(0)?;
        match (b, self.peek(1)) {
            _ if is_space(b) => {
                self.skip(is_space);
                self.gap = true;
            }
            (b'-', Some(b'-')) => {
                self.skip(|b| b != b'\n' && b != b'\r');
                self.gap = true;
            }
            (b'/', Some(b'*')) => {
                self.comment()?;
                self.gap = true;
            }
            (b'\'', _) => {
                self.plain()?;
                self.literal();
            }
            (b'"', _) => self.quoted()?,
            (b'$', Some(next)) if next.is_ascii_digit() => {
                let from = self.at;
                self.at += 1;
                self.skip(|b| b.is_ascii_digit());
                self.write(&self.text[from..self.at]);
            }
            (b'$', _) => {
                self.dollar()?;
                self.literal();
            }
            (b'.', Some(next)) if next.is_ascii_digit() => self.number(),
            (b'+' | b'-', Some(next)) if next.is_ascii_digit() && self.sign_may_stand() => self.number(),
            _ if b.is_ascii_digit() => self.number(),
            _ if starts_name(b) => self.name()?,
            _ => {
                self.at += 1;
                self.write(&[b]);
            }
        }
        Some(())
    }

    /// After these a sign belongs to the number: `IN (-1, -2)` is a list.
    fn sign_may_stand(&self) -> bool {
        self.out.last().is_some_and(|b| b"(,[=<>".contains(b))
    }

    /// A number and all that hangs on it: hexadecimal, with underscores, with an exponent, or no number at all (`1abc`).
    fn number(&mut self) {
        self.at += 1;
        let from = self.at;
        self.skip(|b| b.is_ascii_digit() || b == b'.' || b == b'_');
        if self.peek(0).is_some_and(|b| b.eq_ignore_ascii_case(&b'e'))
            && self.peek(1).is_some_and(|b| b"+-".contains(&b))
            && self.peek(2).is_some_and(|b| b.is_ascii_digit())
        {
            self.at += 2;
        }
        // A dollar sign belongs to a name only; after digits it may begin a literal.
        if self.peek(0).is_some_and(starts_name) {
            self.skip(in_name);
        } else if self.at > from {
            self.skip(|b| b.is_ascii_digit());
        }
        self.literal();
    }

    /// A name or keyword, or what makes the quote after it a literal of another kind.
    fn name(&mut self) -> Option<()> {
        let from = self.at;
        self.skip(in_name);
        let name = &self.text[from..self.at];
        let quote = self.peek(0) == Some(b'\'');
        match name {
            b"e" | b"E" if quote => {
                self.escaped()?;
                self.literal();
            }
            b"b" | b"B" | b"x" | b"X" | b"n" | b"N" if quote => {
                self.plain()?;
                self.literal();
            }
            b"u" | b"U" if self.peek(0) == Some(b'&') && self.peek(1) == Some(b'\'') => {
                self.at += 1;
                self.plain()?;
                self.literal();
            }
            _ => self.write(name),
        }
        Some(())
    }

    /// A literal in plain quotes, in which a backslash means something only with `standard_conforming_strings` off. Before
    /// a quote the two readings part: in one of them what follows is a literal, so that nothing after it can be shown.
    fn plain(&mut self) -> Option<()> {
        self.at += 1;
        let mut slashes = 0;
        loop {
            match self.peek(0)? {
                b'\'' if slashes % 2 == 1 => return None,
                b'\'' if self.peek(1) == Some(b'\'') => self.at += 1,
                b'\'' => break,
                b'\\' => {
                    slashes += 1;
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            slashes = 0;
            self.at += 1;
        }
        self.at += 1;
        Some(())
    }

    /// A literal with backslash escapes, `E'…'`.
    fn escaped(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek(0)? {
                b'\\' => self.at += 1,
                b'\'' if self.peek(1) == Some(b'\'') => self.at += 1,
                b'\'' => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at += 1;
        Some(())
    }

    /// `$tag$ … $tag$`; a dollar sign that begins none is an error, and what follows it is nobody's name.
    fn dollar(&mut self) -> Option<()> {
        let rest = &self.text[self.at + 1..];
        let tag = rest.iter().position(|b| !in_name(*b) || *b == b'$')?;
        if rest[tag] != b'$' || rest[..tag].first().is_some_and(|b| !starts_name(*b)) {
            return None;
        }
        let delimiter = &self.text[self.at..self.at + tag + 2];
        let body = self.at + delimiter.len();
        let end = self.text[body..].windows(delimiter.len()).position(|w| w == delimiter)?;
        self.at = body + end + delimiter.len();
        Some(())
    }

    /// `"…"`, kept as it is; one that does not end is hidden.
    fn quoted(&mut self) -> Option<()> {
        let from = self.at;
        self.at += 1;
        loop {
            match self.peek(0)? {
                b'"' if self.peek(1) == Some(b'"') => self.at += 1,
                b'"' => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at += 1;
        self.write(&self.text[from..self.at]);
        Some(())
    }

    /// `/* … */`, nested.
    fn comment(&mut self) -> Option<()> {
        self.at += 2;
        let mut depth = 1;
        while depth > 0 {
            match (self.peek(0)?, self.peek(1)) {
                (b'/', Some(b'*')) => depth += 1,
                (b'*', Some(b'/')) => depth -= 1,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            self.at += 2;
        }
        Some(())
    }
}
