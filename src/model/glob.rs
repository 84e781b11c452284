//! Names as a shell matches them.

/// Shell-like matching with `*` and `?`; linear in the text for each star.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut i, mut j, mut star) = (0, 0, None);
    while j < t.len() {
        match p.get(i) {
            Some('*') => {
                star = Some((i, j));
                i += 1;
            }
            Some(c) if *c == '?' || *c == t[j] => {
                i += 1;
                j += 1;
            }
            _ => match star {
                Some((s, from)) => {
                    star = Some((s, from + 1));
                    (i, j) = (s + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    p[i..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn globs_match_as_in_a_shell() {
        for (pattern, text, hit) in [
            ("sockets/*", "sockets/close-wait-leak", true),
            ("*", "", true),
            ("no?e", "node", true),
            ("10.0.*:443", "10.0.3.7:443", true),
            ("*leak*x", "leak", false),
            ("node", "node2", false),
            ("", "x", false),
            ("a*b*c", "a1b2b3c", true),
        ] {
            assert_eq!(glob(pattern, text), hit, "{pattern} on {text}");
        }
    }
}
