//! The tables of `pods`.

use super::{
    args::Args,
    facts::{Container, Facts, Pod, State, Workload},
};
use crate::model::{Block, Cell, Column, rates};

/// Everything worth drawing.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let mut out = Vec::new();
    if let Some(all) = facts.workloads.drawn() {
        let one = one_namespace(all.top());
        let rows = all.top().iter().take(args.rows as usize).map(|w| row(facts, w, one)).collect();
        out.push(Block::Table { name: "workloads", columns: columns(), rows, total: all.total() });
    }
    if let Some(pods) = facts.pods.drawn() {
        let ill = |p: &&Pod| !p.is_over() && (p.restarts() > 0 || p.ready == Some(false));
        let ill: Vec<&Pod> = pods.top().iter().filter(ill).collect();
        let states: Vec<(&Pod, &State)> = ill
            .iter()
            .flat_map(|p| p.containers.iter().map(move |c| (*p, c)))
            .filter(|(_, c)| c.restarts > 0 || c.waiting.is_some() || !(c.ready || c.init))
            .collect();
        if !states.is_empty() {
            out.push(restarted(facts, &states, args));
        }
    }
    out
}

/// Whether the namespace need not be repeated in every row.
fn one_namespace(all: &[Workload]) -> bool {
    all.windows(2).all(|w| w[0].namespace == w[1].namespace)
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("workload"),
        Column::new("ready"),
        Column::new("restarts"),
        Column::new("last_exit"),
        Column::unit("grace", "s"),
        Column::new("prestop"),
        Column::new("probes"),
        Column::unit("limits", "bytes"),
        Column::new("pdb"),
        Column::new("namespace").wide(),
        Column::new("images").wide(),
        Column::new("file").wide(),
    ]
}

fn row(f: &Facts, w: &Workload, one: bool) -> Vec<Cell> {
    let pods: Option<Vec<&Pod>> = f.pods.drawn().map(|all| {
        let ours = |p: &&Pod| {
            !p.is_over() && p.owner.as_ref().is_some_and(|(k, n)| w.key() == (*k, &p.namespace, n))
        };
        all.top().iter().filter(ours).collect()
    });
    let mains: Vec<&Container> = w.containers.iter().filter(|c| !c.sidecar).collect();
    vec![
        if one { w.short() } else { w.full() }.into(),
        ready(w, pods.as_deref()),
        pods.as_ref().map_or(Cell::None, |p| p.iter().map(|p| p.restarts()).sum::<u64>().into()),
        last_exit(pods.as_deref()),
        w.grace_s.into(),
        prestop(&mains),
        probes(&mains),
        limits(&mains),
        budgets(f, w),
        w.namespace.as_str().into(),
        Cell::List(w.containers.iter().map(|c| c.image.clone()).collect()),
        if w.file.is_empty() { Cell::None } else { w.file.as_str().into() },
    ]
}

/// `2/3`; of a manifest how many there are to be.
fn ready(w: &Workload, pods: Option<&[&Pod]>) -> Cell {
    let wanted = w.replicas.drawn();
    match (pods, wanted) {
        (None, None) => Cell::None,
        (None, Some(n)) => format!("-/{n}").into(),
        (Some(pods), wanted) => {
            let ready = pods.iter().filter(|p| p.ready == Some(true)).count();
            format!("{ready}/{}", wanted.copied().unwrap_or(pods.len() as u64)).into()
        }
    }
}

fn last_exit(pods: Option<&[&Pod]>) -> Cell {
    let ends = pods.into_iter().flatten().flat_map(|p| &p.containers).filter(|c| !c.init);
    let latest = ends.filter_map(State::last_end).max_by_key(|e| e.finished);
    latest.map_or(Cell::None, |e| e.short().into())
}

/// The shortest pause before SIGTERM.
fn prestop(mains: &[&Container]) -> Cell {
    let hooks: Vec<_> = mains.iter().filter_map(|c| c.pre_stop.as_ref()).collect();
    match hooks.iter().min_by(|a, b| a.sleeps_s.total_cmp(&b.sleeps_s)) {
        None => Cell::None,
        Some(h) if h.sleeps_s > 0.0 => rates::span(h.sleeps_s).into(),
        Some(_) => "hook".into(),
    }
}

/// Which probes there are: `r` ready, `l` live, `s` startup.
fn probes(mains: &[&Container]) -> Cell {
    let any = |is: &dyn Fn(&Container) -> bool| mains.iter().any(|c| is(c));
    let all = [
        (any(&|c| c.readiness.is_some()), "r"),
        (any(&|c| c.liveness.is_some()), "l"),
        (any(&|c| c.startup), "s"),
    ];
    let text: String = all.into_iter().filter(|p| p.0).map(|p| p.1).collect();
    if text.is_empty() { Cell::None } else { text.into() }
}

/// Memory limits together; none as soon as one container has none.
fn limits(mains: &[&Container]) -> Cell {
    mains.iter().map(|c| c.memory_limit_bytes).sum::<Option<u64>>().into()
}

fn budgets(f: &Facts, w: &Workload) -> Cell {
    let Some(all) = f.budgets.drawn() else { return Cell::Unseen };
    let ours: Vec<_> = all.iter().filter(|b| b.covers(w)).collect();
    match ours.as_slice() {
        [] => Cell::None,
        [one] => match (&one.min_available, &one.max_unavailable) {
            (Some(n), _) => format!("≥{n}").into(),
            (None, Some(n)) => format!("-{n}").into(),
            (None, None) => "yes".into(),
        },
        several => format!("{}!", several.len()).into(),
    }
}

fn restarted(f: &Facts, states: &[(&Pod, &State)], args: &Args) -> Block {
    let columns = vec![
        Column::new("pod"),
        Column::new("container"),
        Column::new("restarts"),
        Column::new("last_exit"),
        Column::unit("ago", "s"),
        Column::new("now"),
        Column::new("namespace").wide(),
        Column::new("node").wide(),
    ];
    let rows = states.iter().take(args.rows as usize).map(|(p, c)| {
        let now = match (&c.waiting, &c.ended, c.ready) {
            (Some(reason), ..) => reason.as_str(),
            (None, Some(_), _) => "ended",
            (None, None, true) => "ready",
            (None, None, false) => "not ready",
        };
        vec![
            p.name.as_str().into(),
            c.name.as_str().into(),
            c.restarts.into(),
            c.last_end().map_or(Cell::None, |e| e.short().into()),
            c.last_end().and_then(|e| f.age_s(e.finished)).map(f64::round).into(),
            now.into(),
            p.namespace.as_str().into(),
            p.node.as_deref().map_or(Cell::None, Into::into),
        ]
    });
    Block::Table { name: "pods", columns, rows: rows.collect(), total: states.len() as u64 }
}

#[cfg(test)]
mod tests {
    use super::{super::facts::made::*, *};

    fn args() -> Args {
        Args { files: vec![], rows: 100, cluster: crate::model::Cluster::default() }
    }

    #[test]
    fn a_row_says_what_a_workload_has() {
        let all = blocks(&facts(vec![workload()]), &args());
        let [Block::Table { rows, total: 1, .. }] = all.as_slice() else { panic!("{all:?}") };
        let plain: Vec<String> = rows[0].iter().take(9).map(|c| c.plain().into_owned()).collect();
        assert_eq!(plain[..3], ["deploy/web", "3/3", "0"]);
        assert_eq!(plain[3..], ["-", "30", "5s", "rl", "268,435,456", "≥2"]);
    }

    #[test]
    fn of_a_manifest_nothing_is_said_that_only_the_cluster_knows() {
        let all = blocks(&of_file(vec![workload()]), &args());
        let [Block::Table { rows, .. }] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((rows[0][1].clone(), rows[0][2].clone()), ("-/3".into(), Cell::None));
    }

    #[test]
    fn pods_in_trouble_have_a_table_of_their_own() {
        let mut p = pod("web-1");
        p.containers[0].restarts = 2;
        p.containers[0].last = ended("Error", 143, 60.0);
        let all = blocks(&with_pods(vec![p, pod("web-2")]), &args());
        let Block::Table { rows, .. } = &all[1] else { panic!("{all:?}") };
        assert_eq!((rows.len(), rows[0][3].clone()), (1, "Error 143".into()));
    }
}
