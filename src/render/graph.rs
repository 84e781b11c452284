//! Graphs for other programs: `-o dot` for Graphviz, `-o mermaid` for Markdown.

use crate::model::{
    Edge,
    report::{BlockV1, Report},
    untrusted::escape,
};
use std::fmt::Write;

/// The language to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// <https://graphviz.org/doc/info/lang.html>
    Dot,
    /// <https://mermaid.js.org/syntax/flowchart.html>
    Mermaid,
}

/// Every graph of the report as one document; `None` when the report has none to draw.
pub fn graph(report: &Report, language: Language) -> Option<String> {
    let blocks = report.sections.iter().flat_map(|s| &s.blocks);
    let graphs: Vec<_> = blocks
        .filter_map(|b| match b {
            BlockV1::Graph { name, nodes, edges } => Some((*name, nodes.as_slice(), edges.as_slice())),
            _ => None,
        })
        .collect();
    if graphs.is_empty() {
        return None;
    }
    let mut out = String::from(match language {
        Language::Dot => "digraph paramedic {\n  rankdir=LR;\n  node [shape=box];\n",
        Language::Mermaid => "flowchart LR\n",
    });
    for (n, (name, nodes, edges)) in graphs.iter().enumerate() {
        one(&mut out, language, n, name, nodes, edges);
    }
    if language == Language::Dot {
        out.push_str("}\n");
    }
    Some(out)
}

/// Ids are ours; whatever came from outside stands in quotes only.
fn one(out: &mut String, language: Language, n: usize, name: &str, nodes: &[String], edges: &[Edge]) {
    let _ = match language {
        Language::Dot => writeln!(out, "  subgraph cluster_{n} {{\n    label={};", quoted(name, language)),
        Language::Mermaid => writeln!(out, "  subgraph g{n}[{}]", quoted(name, language)),
    };
    for (i, node) in nodes.iter().enumerate() {
        let text = quoted(node, language);
        let _ = match language {
            Language::Dot => writeln!(out, "    n{n}_{i} [label={text}];"),
            Language::Mermaid => writeln!(out, "    n{n}_{i}[{text}]"),
        };
    }
    for e in edges.iter().filter(|e| e.from < nodes.len() && e.to < nodes.len()) {
        let text = quoted(&e.label, language);
        let (from, to) = (e.from, e.to);
        let _ = match (language, e.soft) {
            (Language::Dot, soft) => {
                let style = if soft { ", style=dashed" } else { "" };
                writeln!(out, "    n{n}_{from} -> n{n}_{to} [label={text}{style}];")
            }
            (Language::Mermaid, false) => writeln!(out, "    n{n}_{from} -->|{text}| n{n}_{to}"),
            (Language::Mermaid, true) => writeln!(out, "    n{n}_{from} -.->|{text}| n{n}_{to}"),
        };
    }
    out.push_str(if language == Language::Dot { "  }\n" } else { "  end\n" });
}

/// In double quotes. Neither language ends a string but by the quote; mermaid knows entities, and reads markup.
fn quoted(text: &str, language: Language) -> String {
    let safe = escape(text);
    match language {
        Language::Dot => format!("\"{}\"", safe.replace('\\', "\\\\").replace('"', "\\\"")),
        Language::Mermaid => {
            let mut out = String::from("\"");
            for c in safe.chars() {
                match c {
                    '"' | '#' | '<' | '>' | '&' | '`' | '\\' | '|' => {
                        let _ = write!(out, "#{};", c as u32);
                    }
                    c => out.push(c),
                }
            }
            // An empty label is a mistake to mermaid.
            if safe.is_empty() {
                out.push(' ');
            }
            out + "\""
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn report() -> Report {
        let mut report = sample::sick();
        let edges = vec![
            Edge { from: 0, to: 1, label: "waits".into(), soft: false },
            Edge { from: 1, to: 0, label: String::new(), soft: true },
            Edge { from: 1, to: 9, label: "nowhere".into(), soft: true },
        ];
        let nodes = vec!["pid 1\n\"x\"; }".into(), "a|b <b>`".into()];
        report.sections[0].blocks.push(BlockV1::Graph { name: "locks", nodes, edges });
        report
    }

    #[test]
    fn names_from_outside_stay_inside_their_quotes() {
        assert_eq!(
            graph(&report(), Language::Dot).unwrap(),
            "digraph paramedic {\n  rankdir=LR;\n  node [shape=box];\n  subgraph cluster_0 {\n    label=\"locks\";\n    \
             n0_0 [label=\"pid 1\\\\n\\\"x\\\"; }\"];\n    n0_1 [label=\"a|b <b>`\"];\n    n0_0 -> n0_1 [label=\"waits\"];\n    \
             n0_1 -> n0_0 [label=\"\", style=dashed];\n  }\n}\n"
        );
        assert_eq!(
            graph(&report(), Language::Mermaid).unwrap(),
            "flowchart LR\n  subgraph g0[\"locks\"]\n    n0_0[\"pid 1#92;n#34;x#34;; }\"]\n    \
             n0_1[\"a#124;b #60;b#62;#96;\"]\n    n0_0 -->|\"waits\"| n0_1\n    n0_1 -.->|\" \"| n0_0\n  end\n"
        );
    }

    #[test]
    fn a_report_without_a_graph_gives_none() {
        assert_eq!(graph(&sample::sick(), Language::Dot), None);
    }
}
