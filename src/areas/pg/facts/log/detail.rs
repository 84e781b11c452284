//! The report of a deadlock: who waits for what and whom, in the order of the cycle, then what each was doing.
//!
//! Its words are translated, its numbers are not: in every language of the server a line begins with the number of the
//! process, ends with that of the blocker, and has the untranslated name of the mode and the numbers of the object between.

use super::super::locks::{Mode, Tag};
use crate::model::{Sql, Untrusted};

/// Longer lines are no such line.
const LINE: usize = 400;
/// Longer cycles are not believed.
const CYCLE: usize = 1024;

/// One who waits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Waits {
    pub pid: i32,
    pub tag: Tag,
    pub mode: Mode,
    pub blocker: i32,
}

/// A whole report.
pub(super) struct Report {
    pub cycle: Vec<Waits>,
    /// What each was doing, if that can be told.
    pub statements: Vec<Option<Untrusted>>,
}

/// Reads the report; none when it is not a cycle. `whole` is false when its end is missing.
pub(super) fn report(detail: &str, whole: bool) -> Option<Report> {
    let lines: Vec<&str> = detail.split('\n').collect();
    let cycle: Vec<Waits> = lines.iter().take(CYCLE).map_while(|l| waits(l)).collect();
    let next = cycle.iter().cycle().skip(1);
    if cycle.len() < 2 || !cycle.iter().zip(next).all(|(one, next)| one.blocker == next.pid) {
        return None;
    }
    let mut statements = vec![None; cycle.len()];
    let rest = &lines[cycle.len()..];
    // A statement may hold lines that look like the beginning of the next. Only when each process is named once and in
    // order is it known where they begin: a text that begins within a literal could not be redacted.
    let named: Vec<(usize, usize)> = (rest.iter().enumerate())
        .filter_map(|(at, line)| {
            speaker(line).filter(|(pid, _)| cycle.iter().any(|w| w.pid == *pid)).map(|s| (at, s))
        })
        .enumerate()
        .map_while(|(nth, (at, (pid, text)))| (cycle.get(nth)?.pid == pid).then_some((at, text)))
        .collect();
    let all =
        rest.iter().filter_map(|l| speaker(l)).filter(|(pid, _)| cycle.iter().any(|w| w.pid == *pid)).count();
    if whole && named.len() == cycle.len() && all == cycle.len() && named[0].0 == 0 {
        for (nth, (from, text)) in named.iter().enumerate() {
            let to = named.get(nth + 1).map_or(rest.len(), |n| n.0);
            let mut statement = rest[*from][*text..].to_string();
            for line in &rest[from + 1..to] {
                statement.push('\n');
                statement.push_str(line);
            }
            let sql = Sql::from(statement.as_str());
            statements[nth] = (!sql.is_empty()).then(|| sql.shape());
        }
    }
    Some(Report { cycle, statements })
}

/// `Process 41 waits for ShareLock on transaction 728; blocked by process 42.`, in any language.
pub(super) fn waits(line: &str) -> Option<Waits> {
    if line.len() > LINE || line.contains(['\'', '\\', '\t']) {
        return None;
    }
    let numbers = numbers(line);
    let [pid, middle @ .., blocker] = &numbers[..] else { return None };
    // `… after 300.141 ms` is a wait, not a deadlock.
    let decimal = |at: usize| {
        at >= 2 && matches!(line.as_bytes()[at - 1], b'.' | b',') && line.as_bytes()[at - 2].is_ascii_digit()
    };
    if decimal(blocker.at) || middle.is_empty() || pid.at > 60 {
        return None;
    }
    let tag = object(&line[pid.end..blocker.at], middle.iter().map(|n| n.value))?;
    Some(Waits {
        pid: pid.value.try_into().ok()?,
        tag,
        mode: mode(line)?,
        blocker: blocker.value.try_into().ok()?,
    })
}

/// The process at the head of a line `Process 41: statement`, and where the statement begins.
fn speaker(line: &str) -> Option<(i32, usize)> {
    let number = line.char_indices().take(24).find(|(_, c)| c.is_ascii_digit())?.0;
    let rest = &line[number..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let after = rest[digits..].trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let text = after.strip_prefix(": ").or_else(|| after.strip_prefix(':').filter(|t| t.is_empty()))?;
    let head = &line[..number];
    (!head.contains([':', '\'', '"', '(', ';', '='])).then_some(())?;
    Some((rest[..digits].parse().ok()?, line.len() - text.len()))
}

struct Number {
    at: usize,
    end: usize,
    value: u32,
}

/// All runs of digits; none when one of them is no number of the server.
fn numbers(line: &str) -> Vec<Number> {
    let bytes = line.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        if end > at {
            match line[at..end].parse() {
                Ok(value) if out.len() < 8 => out.push(Number { at, end, value }),
                _ => return vec![],
            }
        }
        at = end.max(at + 1);
    }
    out
}

/// The name of a mode, which stands in no dictionary.
fn mode(line: &str) -> Option<Mode> {
    line.match_indices("Lock").find_map(|(at, _)| {
        let letters = line.as_bytes()[..at].iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
        Mode::parse(&line[at - letters..at + 4])
    })
}

/// Words by which two numbers are not those of a relation and its database, in the languages of the server.
const EXTENSION: &[&str] =
    &["extensi", "Erweiterung", "estensione", "拡張", "확장", "расширение", "розширення", "utökning", "扩展"];
const SPECULATIVE: &[&str] =
    &["specul", "spekul", "spécul", "espec", "投機", "спекул", "орієнтовний", "推测", "위험한"];
/// Languages that name the database first.
const BACKWARDS: &[&str] = &["データベース", "数据库", "トランザクション%2", "事务%2"];

/// What the numbers of an object mean: `DescribeLockTag` of `src/backend/storage/lmgr/lmgr.c`.
fn object(text: &str, numbers: impl Iterator<Item = u32>) -> Option<Tag> {
    let mut n: Vec<u32> = numbers.collect();
    let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
    if has(BACKWARDS) {
        n.reverse();
    }
    let sixteen = |n: u32| u16::try_from(n).ok();
    Some(match n[..] {
        [a, b, c, d] if text.contains('[') => Tag::advisory(a, b, c, sixteen(d)?),
        [page, tuple, relation, database] => Tag::Tuple { database, relation, page, tuple: sixteen(tuple)? },
        [page, relation, database] if has(&["page "]) => Tag::Page { database, relation, page },
        [object, class, database] if has(&["object "]) => Tag::Object { database, class, object, sub: 0 },
        [a, b] if text.contains(&format!("{a}/{b}")) => Tag::Virtual { id: format!("{a}/{b}") },
        [relation, database] if has(EXTENSION) => Tag::Extend { database, relation },
        [token, xid] if has(SPECULATIVE) => Tag::Speculative { xid, token },
        [relation, database] => Tag::Relation { database, relation },
        [xid] if has(&["datfrozenxid"]) => {
            Tag::Other { name: "frozenid".into(), database: xid, numbers: [0; 4] }
        }
        [xid] => Tag::Transaction { xid },
        _ => {
            let mut numbers = [0; 4];
            n.iter().take(4).enumerate().for_each(|(at, n)| numbers[at] = *n);
            Tag::Other { name: "other".into(), database: 0, numbers }
        }
    })
}

/// Quotes around names in the languages of the server.
const QUOTES: [(&str, &str); 4] = [("\"", "\""), ("»", "«"), ("«\u{a0}", "\u{a0}»"), ("«", "»")];

/// The relation in `while updating tuple (0,2) in relation "account"`, the first line of a context.
pub(super) fn relation(context: &str) -> Option<Untrusted> {
    let line = context.split('\n').next().filter(|l| l.len() <= LINE)?;
    let pair = numbers(line);
    let (Some(page), Some(tuple)) = (pair.first(), pair.get(1)) else { return None };
    let between = line.get(page.end..tuple.at)?;
    if between.trim() != "," {
        return None;
    }
    let name = QUOTES.iter().find_map(|(open, close)| {
        let from = line.find(open)? + open.len();
        let to = line.rfind(close).filter(|to| *to > from)?;
        line.get(from..to)
    })?;
    Some(Untrusted::from(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(pid: i32, xid: u32, blocker: i32) -> Option<Waits> {
        Some(Waits { pid, tag: Tag::Transaction { xid }, mode: Mode::Share, blocker })
    }

    /// The translations of PostgreSQL 15.
    #[test]
    fn a_line_is_understood_in_every_language_of_the_server() {
        for line in [
            "Process 41 waits for ShareLock on transaction 728; blocked by process 42.",
            "Prozess 41 wartet auf ShareLock-Sperre auf Transaktion 728; blockiert von Prozess 42.",
            "El proceso 41 espera ShareLock en transacción 728; bloqueado por proceso 42.",
            "Le processus 41 attend ShareLock sur transaction 728 ; bloqué par le processus 42.",
            "Il processo 41 è in attesa di ShareLock su la transazione 728; bloccato dal processo 42.",
            "プロセス 41 は ShareLock を トランザクション 728 で待機していましたが、プロセス 42 でブロックされました",
            "41 프로세스가 ShareLock 상태로 지연되고 있음(해당 작업: 트랜잭션 728); 42 프로세스에 의해 블록킹되었음",
            "Процесс 41 ожидает в режиме ShareLock блокировку \"транзакция 728\"; заблокирован процессом 42.",
            "Process 41 väntar på ShareLock för transaktion 728; blockerad av process 42.",
            "Процес 41 очікує в режимі ShareLock блокування \"транзакція 728\"; заблокований процесом 42.",
            "进程41等待在事务 728上的ShareLock; 由进程42阻塞.",
        ] {
            assert_eq!(waits(line), transaction(41, 728, 42), "{line}");
        }
    }

    #[test]
    fn objects_are_told_by_their_numbers() {
        let tag = |object: &str| {
            waits(&format!("Process 1 waits for ExclusiveLock on {object}; blocked by process 2."))
                .unwrap()
                .tag
        };
        assert_eq!(tag("relation 16412 of database 5"), Tag::Relation { database: 5, relation: 16_412 });
        assert_eq!(
            tag("extension of relation 16412 of database 5"),
            Tag::Extend { database: 5, relation: 16_412 }
        );
        assert_eq!(
            tag("page 3 of relation 16412 of database 5"),
            Tag::Page { database: 5, relation: 16_412, page: 3 }
        );
        let row = Tag::Tuple { database: 5, relation: 16_412, page: 0, tuple: 2 };
        assert_eq!(tag("tuple (0,2) of relation 16412 of database 5"), row);
        assert_eq!(tag("virtual transaction 3/42"), Tag::Virtual { id: "3/42".into() });
        assert_eq!(
            tag("object 7 of class 1247 of database 5"),
            Tag::Object { database: 5, class: 1247, object: 7, sub: 0 }
        );
        assert_eq!(tag("advisory lock [5,1,42,1]"), Tag::Advisory { database: 5, key: 4_294_967_338 });
        assert_eq!(tag("advisory lock [5,7,9,2]"), Tag::AdvisoryPair { database: 5, first: 7, second: 9 });
        assert_eq!(tag("speculative token 4 of transaction 9"), Tag::Speculative { xid: 9, token: 4 });
        let backwards = "プロセス 1 は ShareLock を データベース5のリレーション16412のタプル(2,0) で待機していましたが、プロセス 2 でブロックされました";
        assert_eq!(waits(backwards).unwrap().tag, row);
    }

    #[test]
    fn a_wait_that_lasts_is_no_deadlock() {
        for line in [
            "process 41 still waiting for ShareLock on transaction 746 after 300.120 ms",
            "Prozess 41 wartet immer noch auf ShareLock-Sperre auf Transaktion 753 nach 304,740 ms",
            "Process holding the lock: 41. Wait queue: 42.",
            "checkpoint complete: wrote 47 buffers (0.3%)",
        ] {
            assert_eq!(waits(line), None, "{line}");
        }
    }

    const CYCLE: &str = "Process 1 waits for ShareLock on transaction 8; blocked by process 2.\n\
                         Process 2 waits for ShareLock on transaction 9; blocked by process 1.";

    #[test]
    fn a_statement_that_quotes_the_next_process_hides_all_of_them() {
        let shapes = |rest: &str| {
            let report = report(&format!("{CYCLE}\n{rest}"), true).unwrap();
            report.statements.iter().map(|s| s.as_ref().map(|s| s.as_str().to_string())).collect::<Vec<_>>()
        };
        let said = |text: &str| Some(text.to_string());
        assert_eq!(
            shapes("Process 1: SELECT 'a\nb'\nProcess 2: SELECT 2"),
            [said("SELECT ?"), said("SELECT ?")]
        );
        assert_eq!(shapes("Process 1: SELECT 'a\nProcess 2: secret'\nProcess 2: SELECT 2"), [None, None]);
        assert_eq!(shapes(""), [None, None]);
    }

    #[test]
    fn without_its_end_a_report_has_no_statements_and_without_a_cycle_it_is_none() {
        let cut = report(&format!("{CYCLE}\nProcess 1: SELECT 'a\nProcess 2: secret"), false).unwrap();
        assert_eq!(cut.statements, [None, None]);
        assert!(report(CYCLE.split('\n').next().unwrap(), true).is_none());
        assert!(
            report(
                "Process 1 waits for ShareLock on transaction 8; blocked by process 2.\nProcess 2: x",
                true
            )
            .is_none()
        );
    }

    #[test]
    fn the_relation_of_a_context_is_found_in_any_quotes() {
        for line in [
            "while updating tuple (0,2) in relation \"a \"\" b\"",
            "beim Aktualisieren von Tupel (0,2) in Relation »a \"\" b«",
            "mientras se bloqueaba la tupla (0,2) de la relación «a \"\" b»",
        ] {
            assert!(relation(line).is_some_and(|r| r.as_str().contains('b')), "{line}");
        }
        assert_eq!(relation("SQL statement \"SELECT 1\""), None);
        assert_eq!(relation("PL/pgSQL function f(integer) line 3 at SQL statement"), None);
    }
}
