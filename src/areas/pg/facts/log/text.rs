//! Text logs: a record is a line for each of its parts, with the same prefix, a label and two blanks after its colon; what
//! goes on a line begins with a tab. Labels are translated, prefixes are anybody's.

use memchr::memmem::{self, Finder};

/// Words before the colon that say that the report goes on, in the languages of the server.
const PARTS: &[&str] = &[
    "DETAIL",
    "DETALLE",
    "DÉTAIL",
    "DETTAGLI",
    "詳細",
    "상세정보",
    "ПОДРОБНОСТИ",
    "DETALJ",
    "ВІДОМОСТІ",
    "详细信息",
    "დეტალები",
    "DETALHE",
    "AYRINTI",
    "SZCZEGÓŁY",
    "HINT",
    "TIPP",
    "SUGERENCIA",
    "HINT ",
    "ASTUCE ",
    "SUGGERIMENTO",
    "ヒント",
    "힌트",
    "ПОДСКАЗКА",
    "TIPS",
    "ПІДКАЗКА",
    "提示",
    "მინიშნება",
    "DICA",
    "QUERY",
    "ANFRAGE",
    "REQUÊTE ",
    "STATEMENT",
    "ANWEISUNG",
    "SENTENCIA",
    "INSTRUCTION ",
    "ISTRUZIONE",
    "文",
    "명령 구문",
    "ОПЕРАТОР",
    "SATS",
    "ІНСТРУКЦІЯ",
    "语句",
    "ოპერატორი",
    "COMANDO",
    "LOCATION",
    "BACKTRACE",
];
/// The same of the part that says where it happened.
const CONTEXTS: &[&str] = &[
    "CONTEXT",
    "ZUSAMMENHANG",
    "CONTEXTO",
    "CONTEXTE ",
    "CONTESTO",
    "文脈",
    "내용",
    "КОНТЕКСТ",
    "KONTEXT",
    "上下文",
    "კონტექსტი",
    "BAĞLAM",
    "KONTEKST",
];
/// What a deadlock is called, to the end of the line: all there is of it when the log is terse.
const TITLES: &[&str] = &[
    "deadlock detected",
    "Verklemmung (Deadlock) entdeckt",
    "se ha detectado un deadlock",
    "interblocage (deadlock) détecté",
    "rilevato deadlock",
    "デッドロックを検出しました",
    "deadlock 발생했음",
    "обнаружена взаимоблокировка",
    "deadlock upptäckt",
    "виявлено взаємне блокування",
    "检测到死锁",
    "ნაპოვნია ურთიერთბლოკირება",
    "detectou um impasse",
];

/// Words with which a record begins, in the languages of the server: by these a log is told from any other text.
const SEVERITIES: &[&str] = &[
    "LOG",
    "ERROR",
    "FATAL",
    "PANIC",
    "WARNING",
    "NOTICE",
    "INFO",
    "DEBUG1",
    "FEHLER",
    "WARNUNG",
    "HINWEIS",
    "ERREUR",
    "ATTENTION",
    "ERRORE",
    "FATALE",
    "ATTENZIONE",
    "로그",
    "오류",
    "치명적오류",
    "경고",
    "СООБЩЕНИЕ",
    "ОШИБКА",
    "ВАЖНО",
    "ПРЕДУПРЕЖДЕНИЕ",
    "LOGG",
    "FEL",
    "FATALT",
    "VARNING",
    "ЗАПИСУВАННЯ",
    "ПОМИЛКА",
    "ФАТАЛЬНО",
    "ПОПЕРЕДЖЕННЯ",
    "日志",
    "错误",
    "致命错误",
    "警告",
    "ჟურნალი",
    "შეცდომა",
    "ფატალური",
    "გაფრთხილება",
];

/// What a line is within its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The record is a deadlock.
    Title,
    /// It says where it happened.
    Context,
    /// Another part that does not begin a record.
    Other,
    /// The beginning of a record, or a word that is not known.
    Any,
}

/// What is looked for in each of millions of lines.
pub(super) struct Needles {
    label: Finder<'static>,
    pub lock: Finder<'static>,
    pub state: Finder<'static>,
}

impl Default for Needles {
    fn default() -> Self {
        let [label, lock, state] = [&b":  "[..], b"Lock", b"40P01"].map(Finder::new);
        Self { label, lock, state }
    }
}

/// The prefix with the label, and the text of a line.
pub(super) fn split<'l>(line: &'l [u8], needles: &Needles) -> Option<(&'l [u8], &'l [u8])> {
    let at = needles.label.find(&line[..line.len().min(1024)])?;
    Some((&line[..at], &line[at + 3..]))
}

/// What the line is, by its label and its text.
pub(super) fn part(head: &[u8], text: &[u8]) -> Part {
    let label = |words: &[&str]| words.iter().any(|w| ends_with_word(head, w.as_bytes()));
    if is_title(text) && !label(PARTS) {
        Part::Title
    } else if label(CONTEXTS) {
        Part::Context
    } else if label(PARTS) {
        Part::Other
    } else {
        Part::Any
    }
}

/// Whether a line is of the log of a server, by the word before its text.
pub(super) fn is_record(head: &[u8]) -> bool {
    SEVERITIES.iter().any(|w| ends_with_word(head, w.as_bytes())) || has_state(head)
}

/// Whether a text says no more than that there was a deadlock.
pub(super) fn is_title(text: &[u8]) -> bool {
    text.len() < 64 && TITLES.iter().any(|t| text == t.as_bytes())
}

/// Whether `%e` of the prefix says that it is a deadlock.
pub(super) fn has_state(head: &[u8]) -> bool {
    memmem::find_iter(head, b"40P01").any(|at| {
        let letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        !letter(at.checked_sub(1).and_then(|b| head.get(b))) && !letter(head.get(at + 5))
    })
}

fn ends_with_word(head: &[u8], word: &[u8]) -> bool {
    head.strip_suffix(word)
        .is_some_and(|before| before.last().is_none_or(|b| !b.is_ascii_alphanumeric() && *b < 0x80))
}

/// Takes off what a container runtime puts before each line: a time, `name | `, or both.
pub(super) fn unwrapped(line: &[u8]) -> &[u8] {
    let line = service(line).unwrap_or(line);
    runtime(line).unwrap_or(line)
}

/// `db-1  | `, of compose.
fn service(line: &[u8]) -> Option<&[u8]> {
    let name = line
        .iter()
        .take(64)
        .take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(b))
        .count();
    let blanks = line[name..].iter().take(64).take_while(|b| **b == b' ').count();
    let rest = line[name + blanks..].strip_prefix(b"|")?;
    (name > 0 && blanks > 0).then(|| rest.strip_prefix(b" ").unwrap_or(rest))
}

/// `2026-11-22T06:58:57.546102938Z `, of `kubectl logs --timestamps`, or with `stderr F ` after it, of a node's files. No
/// prefix of the server has a `T` within a time.
fn runtime(line: &[u8]) -> Option<&[u8]> {
    if line.len() < 21 || line[10] != b'T' || line[4] != b'-' || line[13] != b':' || !line[0].is_ascii_digit()
    {
        return None;
    }
    let end = line[..line.len().min(40)].iter().position(|b| *b == b' ')?;
    let zone = line[..end].ends_with(b"Z") || line[..end].len() > 25 && b"+-".contains(&line[end - 6]);
    let rest = &line[end + 1..];
    let file = [&b"stderr F "[..], b"stdout F "].iter().find_map(|w| rest.strip_prefix(*w));
    zone.then(|| file.unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Part {
        let (head, text) = split(line.as_bytes(), &Needles::default()).unwrap();
        part(head, text)
    }

    #[test]
    fn labels_say_what_a_line_is_in_any_language() {
        assert_eq!(of("2026-11-22 06:58:57.546 UTC [7] a@b ERROR:  deadlock detected"), Part::Title);
        assert_eq!(of("FEHLER:  Verklemmung (Deadlock) entdeckt"), Part::Title);
        assert_eq!(of("STATEMENT:  deadlock detected"), Part::Other);
        assert_eq!(of("[7] CONTEXTE :  lors de la mise à jour"), Part::Context);
        assert_eq!(of("[7] 명령 구문:  SELECT"), Part::Other);
        assert_eq!(of("[7] LOG:  deadlock detected in no way"), Part::Any);
    }

    #[test]
    fn a_state_counts_in_the_prefix_only() {
        assert!(has_state(b"[7] 40P01 FEHLER") && has_state(b"40P01,ERROR"));
        assert!(!has_state(b"[140P01] LOG"));
    }

    #[test]
    fn what_a_runtime_puts_before_a_line_is_taken_off() {
        for wrapped in [
            "db-1  | \tProcess 1",
            "2026-11-22T06:58:57.546102938Z \tProcess 1",
            "2026-11-22T06:58:57.546+01:00 stderr F \tProcess 1",
            "db | 2026-11-22T06:58:57Z \tProcess 1",
        ] {
            assert_eq!(unwrapped(wrapped.as_bytes()), b"\tProcess 1", "{wrapped}");
        }
        for plain in ["LOG:  a | b", "2026-11-22 06:58:57.546 UTC [7] LOG:  x", "\tselect a | b", ""] {
            assert_eq!(unwrapped(plain.as_bytes()), plain.as_bytes());
        }
    }
}
