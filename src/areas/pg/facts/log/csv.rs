//! `csvlog`: 23 columns up to 12, 24 in 13, 26 since 14; by position, for there is no header.
//! <https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG>

use super::scan::Entry;
use memchr::memchr;

const PID: usize = 3;
const DATABASE: usize = 2;
const STATE: usize = 12;
const MESSAGE: usize = 13;
const DETAIL: usize = 14;
const CONTEXT: usize = 18;
const APPLICATION: usize = 22;

/// Whether a line is the first of a record: time, user, database, process, client, session. With `named` only if it has a
/// user, which within the quotes of another record it cannot have: there each quote is doubled.
pub(super) fn begins(line: &[u8], named: bool) -> bool {
    let time = line.len() > 30
        && line[4] == b'-'
        && line[10] == b' '
        && line[13] == b':'
        && line[0].is_ascii_digit();
    if !time {
        return false;
    }
    let mut at = match memchr(b',', &line[..line.len().min(48)]) {
        Some(comma) => comma + 1,
        None => return false,
    };
    for column in 1..5 {
        let rest = &line[at..];
        let Some(end) = (match rest.first() {
            // A quoted name ends at a quote before a comma.
            Some(b'"') if column != PID => (1..rest.len().min(200))
                .find(|i| rest[*i] == b'"' && rest.get(i + 1) == Some(&b','))
                .map(|i| i + 1),
            _ => memchr(b',', &rest[..rest.len().min(80)]),
        }) else {
            return false;
        };
        let field = &rest[..end];
        let fits = match column {
            PID => !field.is_empty() && field.iter().all(u8::is_ascii_digit),
            1 if named => field.len() > 2 && field[0] == b'"' && field[1] != b'"',
            _ => {
                field.is_empty()
                    || field.len() > 1 && field[0] == b'"' && (field.len() == 2 || field[1] != b'"')
            }
        };
        if !fits {
            return false;
        }
        at += end + 1;
    }
    // `%c`: start and process, hexadecimal.
    line[at..].iter().take_while(|b| b.is_ascii_hexdigit() || **b == b'.').count() > 3
}

/// The columns of a whole record, quotes undone; none when it is not one.
pub(super) fn columns(record: &str) -> Option<Vec<String>> {
    let mut out = Vec::with_capacity(26);
    let mut rest = record;
    loop {
        let mut field = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let end = quoted.find('"')?;
                field.push_str(&quoted[..end]);
                quoted = &quoted[end + 1..];
                match quoted.strip_prefix('"') {
                    Some(more) => {
                        field.push('"');
                        quoted = more;
                    }
                    None => break,
                }
            }
            rest = quoted;
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            field.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        out.push(field);
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None if rest.is_empty() => break,
            None => return None,
        }
    }
    // A later server may add columns at the end, as all have done.
    (out.len() >= 23).then_some(out)
}

/// What a record says, by its columns.
pub(super) fn entry(columns: Vec<String>) -> Entry {
    let text = |at: usize| columns.get(at).cloned().unwrap_or_default();
    Entry {
        head: text(0),
        pid: text(PID).parse().ok(),
        state: text(STATE),
        message: text(MESSAGE),
        detail: text(DETAIL),
        whole: true,
        context: text(CONTEXT),
        database: text(DATABASE),
        application: text(APPLICATION),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str =
        "2026-11-22 06:59:00.191 UTC,\"postgres\",\"shop\",12686,\"[local]\",6b0292b4.318e,1,\"LOCK TABLE\"";

    #[test]
    fn a_record_is_told_from_the_inside_of_another() {
        assert!(begins(CLIENT.as_bytes(), true));
        let server = b"2026-11-22 06:58:59.377 UTC,,,12576,,6b0292b3.3120,1,,2026-11-22 06:58:59 UTC,,0,LOG,00000,\"x\"";
        assert!(begins(server, false) && !begins(server, true));
        assert!(!begins(CLIENT.replace('"', "\"\"").as_bytes(), false), "quoted once more");
        assert!(!begins(
            b"2026-11-22 06:58:57.546 UTC [12374] postgres@postgres ERROR:  deadlock, detected",
            false
        ));
        assert!(!begins(b"2026-11-22 06:58:57.546 UTC,", false));
    }

    #[test]
    fn quotes_are_undone_and_what_is_no_record_is_none() {
        let record = format!("{}\"a \"\"b\"\",\nc\",,d", ",".repeat(23));
        let columns = columns(&record).unwrap();
        assert_eq!((columns.len(), columns[23].as_str(), columns[25].as_str()), (26, "a \"b\",\nc", "d"));
        assert!(super::columns("a,b").is_none());
        assert!(super::columns(&format!("{}\"open", ",".repeat(23))).is_none());
        assert!(super::columns(&format!("{}\"a\"b", ",".repeat(23))).is_none());
    }
}
