//! Tables that are used as queues or outboxes: what `pg` watches because the settings name them.
//!
//! ```toml
//! [[pg.queue]]
//! name = "outbox"
//! table = "public.outbox"
//! waiting = "processed_at IS NULL"   # SQL: which rows wait
//! since = "created_at"               # column: since when a row waits; a time without a zone is taken for UTC
//! dead = "attempts >= 5"             # SQL: which rows were given up; may be left out
//! oldest_s = [300, 1800]             # age of the oldest waiting row: warning, critical; may be left out
//! ```
//!
//! `waiting` and `dead` go to the server as they are: in a READ ONLY transaction with `statement_timeout` and `lock_timeout`, by
//! the role that one connects as. Operators and functions are found in `pg_catalog` only: others want their schema in front.

use crate::model::QueueTable;
use anyhow::{Context, bail, ensure};
use serde::Deserialize;

/// Most queues that are watched: each costs two short statements.
const MOST: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Postgres {
    #[serde(default)]
    queue: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    table: String,
    waiting: String,
    since: String,
    dead: Option<String>,
    oldest_s: Option<[f64; 2]>,
}

impl Postgres {
    pub fn queues(self, path: &str) -> anyhow::Result<Vec<QueueTable>> {
        ensure!(self.queue.len() <= MOST, "{path}: [[pg.queue]]: more than {MOST} of them");
        let mut out: Vec<QueueTable> = vec![];
        for entry in self.queue {
            let name = entry.name.clone();
            let queue = entry.checked().with_context(|| format!("{path}: [[pg.queue]] `{name}`"))?;
            ensure!(
                out.iter().all(|q| q.name != name),
                "{path}: [[pg.queue]] `{name}`: there are two of this name"
            );
            out.push(queue);
        }
        Ok(out)
    }
}

impl Entry {
    fn checked(self) -> anyhow::Result<QueueTable> {
        ensure!(
            !self.name.trim().is_empty() && self.name.len() <= 64,
            "`name` wants a few words by which you know it"
        );
        let table = quoted(&self.table, 2).context("`table` wants a name such as \"public.outbox\"")?;
        let since = quoted(&self.since, 1).context("`since` wants the name of a column")?;
        for (key, sql) in [("waiting", Some(&self.waiting)), ("dead", self.dead.as_ref())] {
            sql.map_or(Ok(()), |sql| condition(sql)).with_context(|| format!("`{key}`"))?;
        }
        let oldest_s = match self.oldest_s {
            None => None,
            Some([warning, critical]) => {
                let fine =
                    warning.is_finite() && critical.is_finite() && warning > 0.0 && critical >= warning;
                ensure!(fine, "`oldest_s` wants two ages in seconds, as in [300, 1800] (warning, critical)");
                Some((warning, critical))
            }
        };
        Ok(QueueTable { name: self.name, table, waiting: self.waiting, since, dead: self.dead, oldest_s })
    }
}

/// `public.outbox` as `"public"."outbox"`: what stands outside of quotes is lower case to the server.
fn quoted(name: &str, most: usize) -> anyhow::Result<String> {
    let (mut parts, mut rest) = (vec![], name);
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(inner) => {
                let (part, after) = inner.split_once('"').context("a quote is not closed")?;
                (part.to_string(), after)
            }
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                let (part, after) = rest.split_at(end);
                let fine = part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
                let begins = part.starts_with(|c: char| c.is_alphabetic() || c == '_');
                ensure!(fine && begins, "`{part}` is no name; write others in double quotes");
                (part.to_lowercase(), after)
            }
        };
        ensure!(
            !part.is_empty() && !part.contains(['"', '\0']),
            "a part of `{name}` is empty or holds a quote"
        );
        parts.push(format!("\"{part}\""));
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => break,
            None => bail!("`{after}` behind a name"),
        }
    }
    ensure!(parts.len() <= most, "`{name}` has more than {most} parts");
    // Our sessions look for names in pg_catalog only.
    if parts.len() == 1 && most == 2 {
        parts.insert(0, "\"public\"".into());
    }
    Ok(parts.join("."))
}

/// One condition that ends where it ends: what would go on behind it, or end the transaction that only reads, is refused.
fn condition(sql: &str) -> anyhow::Result<()> {
    ensure!(!sql.trim().is_empty(), "it is empty");
    ensure!(sql.len() <= 2000, "it is longer than 2,000 bytes");
    for bad in [";", "--", "/*", "\0"] {
        ensure!(!sql.contains(bad), "a condition may not hold `{}`", bad.escape_default());
    }
    let (mut open, mut quote) = (0_i32, None);
    for c in sql.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => open += 1,
            (None, ')') => open -= 1,
            (None, _) => {}
        }
        ensure!(open >= 0, "a bracket is closed that was not opened");
    }
    ensure!(open == 0 && quote.is_none(), "a bracket or a quote is not closed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> anyhow::Result<Vec<QueueTable>> {
        #[derive(Deserialize)]
        struct File {
            pg: Postgres,
        }
        toml::from_str::<File>(lines)?.pg.queues("p.toml")
    }
    const OUTBOX: &str = "[[pg.queue]]\nname = \"outbox\"\ntable = \"Shop.outbox\"\nwaiting = \"done_at IS NULL\"\nsince = \"made\"\n";

    #[test]
    fn a_queue_is_read_and_its_names_are_quoted() {
        let queues = read(&format!("{OUTBOX}dead = \"tries >= 5\"\noldest_s = [300, 1800]\n")).unwrap();
        assert_eq!(queues[0].table, "\"shop\".\"outbox\"");
        assert_eq!(queues[0].since, "\"made\"");
        assert_eq!(
            (queues[0].dead.as_deref(), queues[0].oldest_s),
            (Some("tries >= 5"), Some((300.0, 1800.0)))
        );
        for (name, table) in [
            ("outbox", "\"public\".\"outbox\""),
            ("\"Out box\"", "\"public\".\"Out box\""),
            ("a.\"b.c\"", "\"a\".\"b.c\""),
        ] {
            assert_eq!(quoted(name, 2).unwrap(), table);
        }
    }

    #[test]
    fn what_is_no_name_or_no_condition_is_refused_with_what_to_do() {
        for bad in ["", "a b", "a.b.c", "a.", ".a", "a;b", "1a", "\"a", "\"a\"b", "\"\"", "a-b", "a\"b\""] {
            assert!(quoted(bad, 2).is_err(), "{bad}");
        }
        for bad in [
            "",
            " ",
            "true; DROP TABLE t",
            "true) OR (true",
            "a = 'x",
            "true -- ",
            "/* x",
            "f((1)",
            "a = \"b",
        ] {
            assert!(condition(bad).is_err(), "{bad}");
        }
        for good in ["a IS NULL", "a = ')('", "(a) AND f(b, (c))", "\"odd ) name\" > 1", "a = 'it''s'"] {
            assert!(condition(good).is_ok(), "{good}");
        }
        for (lines, says) in [
            (OUTBOX.replace("made", "a.b"), "`since`"),
            (OUTBOX.replace("Shop.outbox", "x y"), "`table`"),
            (OUTBOX.replace("done_at IS NULL", "a;b"), "`waiting`"),
            (format!("{OUTBOX}oldest_s = [9, 3]\n"), "`oldest_s`"),
            (format!("{OUTBOX}dead = \"\"\n"), "`dead`"),
            (format!("{OUTBOX}{OUTBOX}"), "two of this name"),
        ] {
            let error = format!("{:#}", read(&lines).unwrap_err());
            assert!(error.contains(says) && error.contains("outbox"), "{error}");
        }
        assert!(read(&OUTBOX.replace("since", "sinse")).is_err(), "an unknown key");
    }
}
