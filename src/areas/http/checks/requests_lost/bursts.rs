//! When losses came: in bursts, as instances go away one after the other, or all along.

use crate::model::{
    Stamp, rates,
    traffic::{Fates, TimeLine},
};

/// Losses that are further apart belong to two bursts, s.
const APART: f64 = 3.0;
/// Bursts that take more than this share of the whole time are none.
const SHARE: f64 = 0.5;
/// More of them are no rollout of anything that is looked at for so short a time.
const MANY: usize = 20;

/// How losses lie in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// Together, or by groups.
    Bursts,
    /// All along.
    Steady,
}

/// Where they lie.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bursts {
    pub course: Course,
    /// Groups of them.
    pub count: usize,
    /// The longest group, s.
    pub longest_s: f64,
    /// Begin of the first step with a loss, s.
    pub first_s: Option<f64>,
    /// Begins of the groups, s.
    begins: Vec<f64>,
    lost: u64,
    alone: bool,
}

impl Bursts {
    pub fn of(line: &TimeLine, length_s: f64) -> Self {
        let step = line.step_ms as f64 / 1000.0;
        // Begin and end of each group, and how many are in it.
        let mut groups: Vec<(f64, f64, u64)> = vec![];
        let with = line.steps.iter().map(Fates::lost).enumerate().filter(|(_, n)| *n > 0);
        for (at, n) in with {
            let (begin, end) = (at as f64 * step, (at + 1) as f64 * step);
            match groups.last_mut() {
                Some(last) if begin - last.1 <= APART.max(step) => (last.1, last.2) = (end, last.2 + n),
                _ => groups.push((begin, end, n)),
            }
        }
        let lost = groups.iter().map(|g| g.2).sum();
        let longest_s = groups.iter().map(|g| g.1 - g.0).fold(0.0, f64::max);
        let taken: f64 = groups.iter().map(|g| g.1 - g.0).sum();
        let alone = groups.len() > 2 && groups.iter().all(|g| g.2 == 1);
        let steady = alone || groups.len() > MANY || taken > length_s * SHARE;
        Self {
            course: if steady { Course::Steady } else { Course::Bursts },
            count: groups.len(),
            longest_s,
            first_s: groups.first().map(|g| g.0),
            begins: groups.iter().map(|g| g.0).collect(),
            lost,
            alone,
        }
    }

    /// As the end of a sentence.
    pub fn phrase(&self) -> String {
        let first = rates::span(self.first_s.unwrap_or(0.0).round());
        match (self.course, self.count) {
            _ if self.lost == 1 => format!("{first} after the begin"),
            (Course::Bursts, 1) => {
                format!("in one burst of {}, {first} after the begin", rates::span(self.longest_s))
            }
            (Course::Bursts, n) => format!("in {n} bursts of up to {}", rates::span(self.longest_s)),
            (Course::Steady, _) if self.alone => "one at a time, all along".into(),
            (Course::Steady, _) => "all along".into(),
        }
    }

    /// What it says.
    pub fn because(&self, begun: Stamp) -> String {
        let times: Vec<String> = self.begins.iter().take(6).map(|s| begun.earlier(-s).clock()).collect();
        let more = if self.begins.len() > times.len() { " …" } else { "" };
        let times = format!("{}{more}", times.join(", "));
        match (self.course, self.count) {
            (Course::Bursts, 0 | 1) => {
                format!("at {times}: what happened there happened once, such as a restart")
            }
            (Course::Bursts, _) => {
                format!("at {times}: so it looks when instances are replaced one after the other")
            }
            (Course::Steady, _) => {
                format!("first at {times}: no restart does that, something is wrong all the time")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Fate, Traffic,
        traffic::{Ended, Over},
    };

    fn at(times: &[f64], length_s: f64) -> Bursts {
        let mut traffic = Traffic::default();
        for at in times {
            traffic.add(Ended {
                over: Over::New,
                sent_s: *at,
                ended_s: *at,
                fate: Fate::Refused,
                status: None,
                bytes: 0,
                detail: String::new(),
            });
        }
        Bursts::of(&traffic.line, length_s)
    }

    #[test]
    fn losses_close_together_are_one_burst_and_far_apart_two() {
        let b = at(&[10.05, 10.95, 13.05], 60.0);
        assert_eq!((b.course, b.count), (Course::Bursts, 1));
        assert!((b.longest_s - 3.1).abs() < 0.01, "{b:?}");
        assert_eq!(at(&[10.0, 20.0], 60.0).count, 2);
    }

    #[test]
    fn losses_over_most_of_the_time_are_steady() {
        let all: Vec<f64> = (0..60).map(f64::from).collect();
        assert_eq!(at(&all, 60.0).phrase(), "all along");
        assert_eq!(at(&[5.0, 15.0, 25.0], 60.0).phrase(), "one at a time, all along");
        assert_eq!(at(&[5.0, 15.0], 60.0).course, Course::Bursts);
    }

    #[test]
    fn a_step_that_grew_long_splits_nothing() {
        // After an hour a step is longer than what parts two bursts.
        let b = at(&[3500.0, 3507.0, 3590.0], 3600.0);
        assert_eq!((b.course, b.count), (Course::Bursts, 2), "{b:?}");
    }
}
