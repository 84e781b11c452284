//! Some of the members, as runs of indices: ninety-nine of a hundred cost no more than one.

use serde::{Deserialize, Serialize};

/// Members, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Members(Vec<(u32, u32)>);

impl Members {
    /// Of indices in any order.
    pub fn of(indices: impl IntoIterator<Item = u32>) -> Self {
        let mut all: Vec<u32> = indices.into_iter().collect();
        all.sort_unstable();
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for i in all {
            match runs.last_mut() {
                Some(run) if i <= run.1.saturating_add(1) => run.1 = run.1.max(i),
                _ => runs.push((i, i)),
            }
        }
        Self(runs)
    }
    /// All that are in any of these.
    pub fn union<'m>(all: impl Iterator<Item = &'m Members>) -> Self {
        Self::of(all.flat_map(Members::iter))
    }
    /// The indices.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }
    /// How many.
    pub fn len(&self) -> usize {
        self.0.iter().map(|(first, last)| (last.saturating_sub(*first)) as usize + 1).sum()
    }
    /// None.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Whether this one is among them.
    pub fn has(&self, index: u32) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&index))
    }
    /// The first of them.
    pub fn first(&self) -> Option<u32> {
        self.0.first().map(|run| run.0)
    }
}

/// Of so many names each is written out.
const FEW: usize = 3;

/// Names as people read them: `web-[0-2,4]`, `a and b`, `a, b, c and 7 more`. The brackets are those of ClusterShell.
pub fn fold_names(names: &[&str]) -> String {
    if names.len() > 1
        && let Some(folded) = numbered(names)
    {
        return folded;
    }
    match names {
        [] => "nobody".into(),
        [one] => (*one).into(),
        [first @ .., last] if names.len() <= FEW => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", names[..FEW - 1].join(", "), names.len() - FEW + 1),
    }
}

/// The names of these members, folded.
pub fn fold(members: &Members, all: &[super::Seen]) -> String {
    let names: Vec<&str> =
        members.iter().filter_map(|i| all.get(i as usize)).map(|m| m.name.as_str()).collect();
    fold_names(&names)
}

/// One bracket, where all names are the same but for a number at the end.
fn numbered(names: &[&str]) -> Option<String> {
    let split = |name: &str| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &name[stem.len()..];
        // With a zero in front it would be another name.
        let plain = digits == "0" || !digits.starts_with('0');
        digits.parse::<u32>().ok().filter(|_| plain).map(|n| (stem.to_string(), n))
    };
    let parts: Vec<(String, u32)> = names.iter().map(|n| split(n)).collect::<Option<_>>()?;
    let stem = &parts.first()?.0;
    if !parts.iter().all(|p| p.0 == *stem) || stem.is_empty() {
        return None;
    }
    let set = Members::of(parts.iter().map(|p| p.1));
    let run = |(first, last): &(u32, u32)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    const RUNS: usize = 12;
    let mut runs: Vec<String> = set.0.iter().take(RUNS).map(run).collect();
    if set.0.len() > RUNS {
        runs.push("…".into());
    }
    Some(format!("{stem}[{}]", runs.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_of_many_are_one_run() {
        let all = Members::of((0..1000).filter(|i| *i != 7));
        assert_eq!((all.0.len(), all.len(), all.has(7), all.has(8)), (2, 999, false, true));
        assert_eq!(Members::of([3, 1, 2, 2]), Members(vec![(1, 3)]));
        assert_eq!(Members::union([&Members::of([5]), &Members::of([4])].into_iter()), Members(vec![(4, 5)]));
    }

    #[test]
    fn names_that_differ_by_a_number_share_a_bracket() {
        assert_eq!(fold_names(&["web-0", "web-1", "web-2", "web-4"]), "web-[0-2,4]");
        assert_eq!(fold_names(&["web-3"]), "web-3");
        assert_eq!(fold_names(&["web-1", "web-2"]), "web-[1,2]");
        assert_eq!(fold_names(&["web-01", "web-2"]), "web-01 and web-2");
        assert_eq!(fold_names(&["web-6f7-abc", "web-6f7-xyz"]), "web-6f7-abc and web-6f7-xyz");
        assert_eq!(fold_names(&["a", "b", "c", "d"]), "a, b and 2 more");
    }
}
