//! What must hold of any screen: causes before effects, no endless links, nothing that a terminal obeys.

use super::*;
use crate::model::{
    Cell, Confidence, Counts, Finding, Gap, Why,
    report::{Evidence, FindingV1},
    untrusted::is_unsafe,
};
use crate::render::{finding::Node, finding::forest, sample, wrap};
use proptest::prelude::*;

fn on(width: usize) -> Style {
    Style { width: Some(width), ..Style::default() }
}

#[test]
fn no_line_is_longer_than_the_terminal_and_off_it_none_is_broken() {
    for width in 50..=130 {
        for style in [on(width), Style { risks: true, verbose: 1, utf8: false, ..on(width) }] {
            let text = text(&sample::sick(), &style);
            let longest = text.lines().max_by_key(|l| wrap::columns(l)).unwrap();
            assert!(wrap::columns(longest) <= width, "{width}: {longest}");
            assert!(text.lines().all(|l| !l.ends_with(' ')), "{text}");
        }
    }
    let text = text(&sample::sick(), &Style::default());
    for whole in [
        "the peer closed, node read the end of the stream and kept them.\n",
        "  next  paramedic sockets --pid 1 --peer 10.0.3.7:443 --state close-wait -o wide\n",
        "▲ python3 (pid 77) sends to 10.0.9.2:9000, which does not read  confidence medium\n",
    ] {
        assert!(text.contains(whole), "{text}");
    }
}

#[test]
fn colour_adds_to_the_words_and_takes_nothing_away() {
    let plain = text(&sample::sick(), &on(80));
    let coloured = text(&sample::sick(), &Style { colour: true, ..on(80) });
    assert!(coloured.contains("\x1b[1;31mCRITICAL\x1b[0m  web-7f"), "{coloured}");
    assert_eq!(without_sgr(&coloured), plain);
}

fn without_sgr(text: &str) -> String {
    ["0", "1", "2", "1;31", "1;33", "32", "36"]
        .iter()
        .fold(text.into(), |t, sgr| t.replace(&format!("\x1b[{sgr}m"), ""))
}

fn ring(links: &[(&[usize], &[usize])], severities: &[Severity]) -> Vec<FindingV1> {
    let finding = |s| Finding::new(s, Confidence::High, sample::process(1, "x"), "t");
    links.iter().zip(severities).map(|((to, from), s)| sample::linked("a/b", finding(*s), to, from)).collect()
}
fn places(findings: &[FindingV1]) -> Vec<Vec<(usize, usize)>> {
    forest(findings)
        .iter()
        .map(|t| t.iter().map(|Node { index, depth }| (*index, *depth)).collect())
        .collect()
}

#[test]
fn consequences_hang_under_their_cause_and_the_worst_tree_comes_first() {
    use Severity::{Critical, Notice, Warning};
    let chain: &[(&[usize], &[usize])] = &[(&[], &[]), (&[2, 3], &[]), (&[3], &[1]), (&[], &[1, 2])];
    let found = ring(chain, &[Warning, Warning, Warning, Critical]);
    assert_eq!(places(&found), [vec![(1, 0), (2, 1), (3, 2)], vec![(0, 0)]]);
    // What a risk would cause stands for itself: the risk is folded away.
    assert_eq!(places(&ring(&[(&[1], &[]), (&[], &[0])], &[Notice, Warning])), [[(1, 0)]]);
}

#[test]
fn rings_and_links_that_lead_nowhere_end() {
    use Severity::Warning;
    let circle: &[(&[usize], &[usize])] = &[(&[1], &[1]), (&[0, 1, 77], &[0, 1]), (&[], &[99])];
    assert_eq!(places(&ring(circle, &[Warning; 3])), [vec![(2, 0)], vec![(0, 0), (1, 1)]]);
}

prop_compose! {
    /// Text as an attacker writes it.
    fn hostile()(chars in prop::collection::vec(prop_oneof![
        any::<char>(),
        prop::sample::select("\n\r\t\u{1b}[2J\u{9b}\u{7f}\u{202e}\u{2066}\u{2028}\u{200b}\u{feff} é漢'\"\\".chars().collect::<Vec<_>>()),
    ], 0..24)) -> String { chars.into_iter().collect() }
}

prop_compose! {
    fn any_style()(width in prop::option::of(0..140usize), flags: [bool; 5], verbose in 0..2u8, program in hostile(), on in hostile()) -> Style {
        let [colour, utf8, wide, risks, quiet] = flags;
        Style { width, colour, utf8, wide, risks, quiet, verbose, program, on, again: None }
    }
}

proptest! {
    #[test]
    fn whatever_a_report_holds_nothing_of_it_reaches_the_terminal_as_a_command(
        texts in prop::collection::vec(hostile(), 24), style in any_style(), sockets: bool,
    ) {
        let mut texts = texts.into_iter();
        let mut any = || texts.next().unwrap();
        let mut report = sample::sick();
        report.command = if sockets { "sockets".into() } else { "check".into() };
        report.host.hostname = Some(any());
        report.host.pod = Some(any());
        report.host.namespace = Some(any());
        for i in [0, 1, 3] {
            let f = &mut report.findings[i];
            (f.title, f.remedy) = (any(), any());
            f.because = vec![any()];
            f.evidence = Evidence(vec![("peer", Cell::Text(any())), ("holders", Cell::List(vec![any()]))]);
            f.next = vec![any()];
        }
        let BlockV1::Table { rows, .. } = &mut report.sections[1].blocks[0] else { panic!("a table") };
        rows[0][0] = Cell::Text(any());
        report.sections[0].gaps.push(Gap::new(any(), Why::Denied, "").remedy("paramedic"));
        report.sections[1].blocks.push(BlockV1::Chart {
            name: "open", unit: "", step_ms: 10, lines: vec![("a\u{1b}\n\u{202e}".into(), vec![f64::NAN, 1.0, 2.0])],
            marks_ms: vec![],
        });
        report.sections[1].blocks.push(BlockV1::Chart {
            name: "requests", unit: "", step_ms: 10, lines: vec![("a\u{1b}\n\u{202e}".into(), vec![f64::NAN, 1.0, 2.0])],
            marks_ms: vec![("b\u{1b}\n".into(), f64::NAN), ("c".into(), 1e300), ("d".into(), -1.0)],
        });
        report.sections[1].blocks.push(BlockV1::Histogram {
            name: "latency", unit: "ms", edges: vec![1.0, 10.0], beyond: "no answer",
            lines: vec![Counts { name: "a\u{1b}\n\u{202e}".into(), counts: vec![1, 0, 3], beyond: 2 }],
        });
        let shown = text(&report, &style);
        let bare = if style.colour { without_sgr(&shown) } else { shown.clone() };
        prop_assert!(!bare.contains(|c| c != '\n' && is_unsafe(c)), "{shown:?}");
        prop_assert!(style.utf8 || bare.is_ascii(), "{shown:?}");
        prop_assert!(!style.quiet || bare.lines().count() >= 2);
    }
}
