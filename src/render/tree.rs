//! Things below one another: who is behind whom.

use super::{pen::Ink, pen::Pen};
use crate::model::{Node, rates};

/// Deeper than this nothing moves to the right any more.
const DEEPEST: usize = 8;

/// Draws the roots and what is below each.
pub(super) fn draw(pen: &mut Pen, name: &str, roots: &[Node], total: u64, rest: &str) {
    let n = rates::count(total);
    pen.line(&[(Ink::Bold, &format!("  {}", name.to_uppercase())), (Ink::Dim, &format!("  {n}"))]);
    for root in roots {
        below(pen, root, 0);
    }
    let left = total.saturating_sub(roots.len() as u64);
    if left > 0 {
        pen.line(&[(Ink::Dim, &format!("  {} more: {rest}", rates::count(left)))]);
    }
}

/// Without recursion: a chain of waiters may be as long as there are sessions.
fn below(pen: &mut Pen, root: &Node, depth: usize) {
    let mut open = vec![(root, depth)];
    while let Some((node, depth)) = open.pop() {
        let indent = "   ".repeat(depth.min(DEEPEST));
        let lead = if depth == 0 { "  ".to_string() } else { format!("  {}└▶ ", &indent[3..]) };
        let ink = if depth == 0 { Ink::Bold } else { Ink::Plain };
        pen.para((Ink::Dim, &lead), ink, &node.text);
        let under = format!("  {indent}  ");
        if !node.note.is_empty() {
            pen.para((Ink::Dim, &under), Ink::Dim, &node.note);
        }
        if node.more > 0 && node.below.is_empty() {
            pen.line(&[(Ink::Dim, &format!("{under}and {} more", rates::count(node.more)))]);
        }
        // The last of the kept carries what was left out after it.
        open.extend(node.below.iter().rev().map(|b| (b, depth + 1)));
        if node.more > 0 && !node.below.is_empty() {
            pen.line(&[(
                Ink::Dim,
                &format!(
                    "{under}the first {} of {}",
                    node.below.len(),
                    rates::count(node.below.len() as u64 + node.more)
                ),
            )]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Style;

    fn node(text: &str, below: Vec<Node>, more: u64) -> Node {
        Node { text: text.into(), note: String::new(), below, more }
    }

    fn drawn(utf8: bool, roots: &[Node], total: u64) -> String {
        let style = Style { width: Some(60), utf8, ..Style::default() };
        let mut pen = Pen::new(&style);
        draw(&mut pen, "blockers", roots, total, "--rows N");
        pen.finish()
    }

    #[test]
    fn what_waits_stands_below_what_it_waits_for() {
        let root = Node {
            note: "UPDATE a".into(),
            ..node(
                "1 holds",
                vec![node("2 waits", vec![node("3 waits", vec![], 0)], 0), node("4 waits", vec![], 0)],
                7,
            )
        };
        assert_eq!(
            drawn(true, &[root], 3),
            "  BLOCKERS  3\n  1 holds\n    UPDATE a\n    the first 2 of 9\n  └▶ 2 waits\n     └▶ 3 waits\n  └▶ 4 waits\n  2 more: --rows N\n"
        );
    }

    #[test]
    fn a_chain_as_long_as_there_are_sessions_is_drawn() {
        let chain = (0..20_000).fold(node("end", vec![], 0), |below, n| node(&n.to_string(), vec![below], 0));
        let text = drawn(false, std::slice::from_ref(&chain), 1);
        assert_eq!(text.lines().count(), 20_002);
        // Dropped level by level, or the drop of the chain itself would recurse too deep.
        let mut left = chain;
        while let Some(next) = left.below.pop() {
            left = next;
        }
    }
}
