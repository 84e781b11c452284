//! `paramedic explain CODE`: the check's own documentation, and the limits in force.

use super::{Style, pen::Ink, pen::Pen};
use crate::model::{Cell, Doc, Level, Levels, Limit};

/// What one check sees, why it matters, how to confirm and mend it, and from which figure on it speaks.
pub fn explain(doc: &Doc, levels: &dyn Levels, style: &Style) -> String {
    let mut pen = Pen::new(style);
    pen.line(&[(Ink::Bold, doc.code)]);
    pen.para((Ink::Plain, ""), Ink::Plain, doc.summary);
    body(&mut pen, doc.body);
    if !doc.limits.is_empty() {
        pen.blank();
        pen.line(&[(Ink::Bold, "LIMITS")]);
        let wide = doc.limits.iter().map(|l| l.key.len()).max().unwrap_or(0);
        for limit in doc.limits {
            let key = format!("  {:<wide$}  ", limit.key);
            let text = format!("{}: {}", limit.what, in_force(levels.level(doc.code, limit), limit));
            pen.para((Ink::Plain, &key), Ink::Plain, &text);
        }
    }
    pen.finish()
}

/// One number, or where the warning and the critical begin; what was changed is said beside its default.
fn in_force(level: Level, limit: &Limit) -> String {
    let figure = |now: f64, default: f64| {
        let changed = if now == default { String::new() } else { format!(" (default {})", number(default)) };
        format!("{}{changed}", number(now))
    };
    let warning = figure(level.warning, limit.default.warning);
    match limit.single {
        true => warning,
        false => {
            format!("warning {warning}, critical {}", figure(level.critical, limit.default.critical))
        }
    }
}

fn number(x: f64) -> String {
    if x.fract() == 0.0 && (0.0..1e15).contains(&x) {
        Cell::Int(x as u64).plain().into_owned()
    } else {
        x.to_string()
    }
}

/// The doc comment: `## ` headings, paragraphs, lists, and code as it stands.
fn body(pen: &mut Pen, body: &str) {
    let mut paragraph: Option<(String, String)> = None;
    let mut fenced = false;
    for line in body.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        let fence = line.trim_start().starts_with("```");
        let bullet = ["- ", "* "].iter().any(|b| line.starts_with(b));
        if fence || fenced || line.starts_with("    ") || line.starts_with("## ") || line.is_empty() || bullet
        {
            flush(pen, &mut paragraph);
        }
        fenced ^= fence;
        if fence {
        } else if fenced || line.starts_with("    ") {
            // Code is never wrapped: what is copied from it must still run.
            pen.line(&[(Ink::Plain, &format!("    {}", line.trim_start()))]);
        } else if let Some(heading) = line.strip_prefix("## ") {
            pen.blank();
            pen.line(&[(Ink::Bold, &heading.to_uppercase())]);
        } else if bullet {
            paragraph = Some(("  - ".into(), line[2..].trim().into()));
        } else if let Some((_, text)) = &mut paragraph {
            text.push(' ');
            text.push_str(line.trim());
        } else if !line.is_empty() {
            paragraph = Some(("  ".into(), line.trim().into()));
        }
    }
    flush(pen, &mut paragraph);
}

fn flush(pen: &mut Pen, paragraph: &mut Option<(String, String)>) {
    if let Some((lead, text)) = paragraph.take() {
        pen.para((Ink::Plain, &lead), Ink::Plain, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Defaults;

    const DOC: Doc = Doc {
        code: "fds/near-limit",
        summary: "open descriptors near the soft limit",
        body: " ## What it sees\n The open descriptors of each process against its **soft** limit, which is the one\n \
               that `open` obeys.\n\n - first: a count\n   and its rest\n - second\n ## Confirm\n ```sh\n \
               ls /proc/PID/fd | wc -l\n ```\n",
        file: "",
        limits: &[
            Limit {
                key: "used_pct",
                what: "open, % of the soft limit",
                default: Level { warning: 50.0, critical: 80.0 },
                single: false,
            },
            Limit {
                key: "min_open",
                what: "fewer than this are never near",
                default: Level { warning: 64.0, critical: 64.0 },
                single: true,
            },
        ],
    };
    struct Stricter;
    impl Levels for Stricter {
        fn level(&self, _: &str, limit: &Limit) -> Level {
            Level { warning: 0.5, ..limit.default }
        }
    }

    #[test]
    fn the_doc_comment_is_read_as_people_read_it() {
        let style = Style { width: Some(60), ..Style::default() };
        insta::assert_snapshot!(explain(&DOC, &Defaults, &style), @r"
        fds/near-limit
        open descriptors near the soft limit

        WHAT IT SEES
          The open descriptors of each process against its **soft**
          limit, which is the one that `open` obeys.
          - first: a count and its rest
          - second

        CONFIRM
            ls /proc/PID/fd | wc -l

        LIMITS
          used_pct  open, % of the soft limit: warning 50, critical
                    80
          min_open  fewer than this are never near: 64
        ");
    }

    #[test]
    fn a_changed_limit_is_said_beside_its_default() {
        let text = explain(&DOC, &Stricter, &Style::default());
        assert!(text.contains("warning 0.5 (default 50), critical 80\n"), "{text}");
        assert!(text.contains("never near: 0.5 (default 64)\n"), "{text}");
    }
}
