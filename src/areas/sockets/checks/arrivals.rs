//! How sockets came into the state in which they stay, told by the ages of one look.

use crate::{areas::sockets::facts::Ages, model::rates};

/// How sockets came into their state.
#[derive(Debug)]
pub(super) struct Course {
    /// `steady`, `old batch` or `burst`.
    pub pattern: &'static str,
    /// Arrivals a minute lately, of those that are still there.
    pub per_min: f64,
    /// What it is told by.
    pub ages: Ages,
}

impl Course {
    /// `old_s`: before that nothing is steady yet. `recent_s`: what is younger came lately.
    pub fn of(ages: &Ages, old_s: f64, recent_s: f64) -> Self {
        let (oldest, recent) = (f64::from(ages.oldest_s), recent_s);
        let (n, span) = match oldest < recent {
            true => (ages.total(), oldest.max(60.0)),
            false => (ages.younger_than(recent), recent),
        };
        // Ages are counted at edges, so of an even spread a sixth to a half is surely in the younger half.
        let young = ages.younger_than(oldest / 2.0) as f64 / ages.total().max(1) as f64;
        let pattern = match young {
            _ if n == 0 => "old batch",
            0.1..=0.75 if oldest >= old_s => "steady",
            _ => "burst",
        };
        Self { pattern, per_min: n as f64 * 60.0 / span, ages: *ages }
    }

    /// The same as a sentence.
    pub fn sentence(&self) -> String {
        let ages = between(&self.ages);
        match self.pattern {
            "steady" => format!("ages {ages}, spread out: {}", each(self.per_min)),
            "old batch" => format!("ages {ages}: one old batch, nothing was added lately"),
            _ => format!("ages {ages}: most of them came at once"),
        }
    }
}

/// `8s to 1h07m`, or `5s` when all are alike.
pub(super) fn between(ages: &Ages) -> String {
    let [young, old] = [ages.youngest_s, ages.oldest_s].map(|s| rates::span(s.into()));
    if young == old { old } else { format!("{young} to {old}") }
}

/// A rate as people say it.
fn each(per_min: f64) -> String {
    match per_min {
        r if r >= 600.0 => format!("{:.0} more a second", r / 60.0),
        r if r >= 20.0 => format!("{r:.0} more a minute"),
        r if r > 0.0 => format!("one more every {}", rates::span((60.0 / r).round())),
        _ => "none more".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ages: impl IntoIterator<Item = u32>) -> Course {
        let mut all = Ages::default();
        ages.into_iter().for_each(|s| all.add(s));
        Course::of(&all, 120.0, 600.0)
    }

    #[test]
    fn even_ages_are_steady_whatever_the_rate_and_the_span() {
        for step in [1, 2, 7, 13, 36, 90, 200] {
            for n in [130, 400, 1_000] {
                let c = of((0..n).map(|i| 8 + i * step));
                assert_eq!(c.pattern, "steady", "{n} every {step}s: {c:?}");
                let off = c.per_min * f64::from(step) / 60.0;
                assert!((0.8..1.2).contains(&off), "{n} every {step}s: {c:?}");
            }
        }
    }

    #[test]
    fn what_came_at_once_is_a_burst_and_later_an_old_batch() {
        assert_eq!(of([2; 50]).sentence(), "ages 2s: most of them came at once");
        let told = |c: Course| (c.pattern, c.per_min);
        assert_eq!(told(of([2; 50])), ("burst", 50.0));
        assert_eq!(told(of([300; 50])), ("burst", 10.0));
        assert_eq!(told(of([4_000; 50])), ("old batch", 0.0));
        assert_eq!(told(of((0..300).map(|i| if i < 10 { 5_000 } else { 9 }))), ("burst", 29.0));
    }

    #[test]
    fn rates_are_said_as_people_say_them() {
        assert_eq!(
            [0.0, 1.0, 4.6, 60.0, 90.0, 1_200.0].map(each),
            [
                "none more",
                "one more every 1m",
                "one more every 13s",
                "60 more a minute",
                "90 more a minute",
                "20 more a second"
            ]
        );
    }
}
