//! The budget of connections: instances times pool against the slots there are.

use serde::{Deserialize, Serialize};

/// A plan of pools, as somebody gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Instances of the application at the most the autoscaler makes.
    pub instances: u32,
    /// Connections that the pools of one instance may open: all its workers and processes together.
    pub pool: u32,
    /// Instances that a rollout adds for a while, those that end included.
    pub surge: u32,
    /// Connections of everything else: migrations, jobs, people.
    pub others: u32,
}

impl Bound {
    /// Connections at the worst moment.
    pub fn wanted(self) -> u64 {
        (u64::from(self.instances) + u64::from(self.surge)) * u64::from(self.pool) + u64::from(self.others)
    }
    /// The largest pool of one instance that fits into so many slots; 0 when none does.
    pub fn fitting(self, slots: u64) -> u64 {
        let instances = u64::from(self.instances) + u64::from(self.surge);
        slots.saturating_sub(self.others.into()).checked_div(instances).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_moment_is_a_rollout_at_full_scale() {
        let plan = Bound { instances: 6, pool: 18, surge: 2, others: 5 };
        assert_eq!((plan.wanted(), plan.fitting(97)), (149, 11));
        assert!(Bound { pool: 11, ..plan }.wanted() <= 97 && Bound { pool: 12, ..plan }.wanted() > 97);
        assert_eq!(Bound::default().fitting(97), 0, "nobody is there to have a pool");
        assert_eq!(Bound { others: 98, ..plan }.fitting(97), 0);
    }
}
