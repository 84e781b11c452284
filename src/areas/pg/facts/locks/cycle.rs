//! Cycles: strongly connected components by Tarjan, without recursion, so that a chain of any length is borne.

use super::graph::Graph;
use std::collections::VecDeque;

/// One step from a group: to whom, by which of its waits, and whether for what he has.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub to: u32,
    pub wait: u32,
    pub hard: bool,
}

/// All steps from a group.
pub(super) fn steps(graph: &Graph, group: u32, hard_only: bool) -> impl Iterator<Item = Step> + '_ {
    graph.by_group.get(group).iter().flat_map(move |wait| {
        let hard = graph.hard(*wait).map(|to| Step { to, wait: *wait, hard: true });
        let soft = if hard_only { &[][..] } else { graph.soft.get(*wait) };
        let soft = soft.iter().map(|w| Step { to: graph.waits[*w as usize].group, wait: *wait, hard: false });
        hard.chain(soft)
    })
}

/// All cycles: the groups of each component with more than one, in no order. A group is never in its own way.
pub(super) fn components(graph: &Graph, hard_only: bool) -> Vec<Vec<u32>> {
    let n = graph.groups.len();
    let (mut index, mut low) = (vec![0u32; n], vec![0u32; n]);
    let (mut on_stack, mut stack, mut found) = (vec![false; n], Vec::new(), Vec::new());
    let mut count = 0;
    for start in graph.waits.iter().map(|w| w.group) {
        if index[start as usize] != 0 {
            continue;
        }
        let mut way = Vec::new();
        let mut enter = Some(start);
        loop {
            if let Some(group) = enter.take() {
                count += 1;
                (index[group as usize], low[group as usize]) = (count, count);
                on_stack[group as usize] = true;
                stack.push(group);
                way.push((group, steps(graph, group, hard_only)));
            }
            let Some((group, next)) = way.last_mut() else { break };
            let group = *group as usize;
            match next.next() {
                Some(step) if index[step.to as usize] == 0 => enter = Some(step.to),
                Some(step) if on_stack[step.to as usize] => {
                    low[group] = low[group].min(index[step.to as usize])
                }
                Some(_) => {}
                None => {
                    way.pop();
                    if let Some((before, _)) = way.last() {
                        low[*before as usize] = low[*before as usize].min(low[group]);
                    }
                    if low[group] == index[group] {
                        let from = stack.iter().rposition(|g| *g as usize == group).unwrap_or(0);
                        let members = stack.split_off(from);
                        members.iter().for_each(|g| on_stack[*g as usize] = false);
                        if members.len() > 1 {
                            found.push(members);
                        }
                    }
                }
            }
        }
    }
    found
}

/// A shortest cycle through the component's first group: the steps in order, the last one leads back.
pub(super) fn shortest(graph: &Graph, members: &[u32], hard_only: bool) -> Vec<(u32, Step)> {
    let Some(start) = members.iter().min().copied() else { return vec![] };
    let inside: std::collections::HashSet<u32> = members.iter().copied().collect();
    let mut came = std::collections::HashMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(group) = open.pop_front() {
        for step in steps(graph, group, hard_only).filter(|s| inside.contains(&s.to)) {
            if step.to == start {
                let mut cycle = vec![(group, step)];
                while let Some((before, step)) = came.get(&cycle[cycle.len() - 1].0) {
                    cycle.push((*before, *step));
                }
                cycle.reverse();
                return cycle;
            }
            came.entry(step.to).or_insert_with(|| {
                open.push_back(step.to);
                (group, step)
            });
        }
    }
    vec![]
}
