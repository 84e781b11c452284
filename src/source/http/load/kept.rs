//! Connections that are kept and carry request after request, each on its own part of the schedule.

use super::work::{Held, Turn, Work};
use crate::model::traffic::Over;
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

/// What was due longer ago than this is not sent any more: a server that comes back is not met by all that had piled up.
pub(super) const BEHIND: Duration = Duration::from_millis(250);
/// Without a schedule, so long after a request that found no connection.
const AGAIN: Duration = Duration::from_millis(10);

/// Requests at one time over one connection of HTTP/2; servers usually take 100 or 128, and others wait for their turn.
const MOST_BESIDE: u32 = 256;

/// When the next one is due, without drift.
pub(super) struct Schedule {
    begun: Instant,
    /// Between two, s; zero without a schedule.
    every: f64,
    /// Of the first, s.
    first: f64,
    next: u64,
    /// Nothing was on its way when it became due.
    pub free: bool,
}

impl Schedule {
    /// The part of one of so many that share a rate.
    pub fn new(per_s: f64, at: u32, of: u32) -> Self {
        let one = if per_s.is_finite() { 1.0 / per_s } else { 0.0 };
        let (every, first) = (one * f64::from(of), one * f64::from(at));
        Self { begun: Instant::now(), every, first, next: 0, free: true }
    }
    /// Without one.
    pub fn boundless(&self) -> bool {
        self.every <= 0.0
    }
    /// The next one.
    pub fn due(&self) -> Instant {
        let seconds = (self.first + self.every * self.next as f64).min(1e9);
        self.begun + Duration::from_secs_f64(seconds)
    }
    /// Takes the next one: how late it is when it is sent now.
    pub fn take(&mut self, now: Instant) -> Duration {
        let late = now.saturating_duration_since(self.due());
        self.next += 1;
        late
    }
    /// Gives up what was due too long ago: how many.
    pub fn skip(&mut self, now: Instant) -> u64 {
        let late = now.saturating_duration_since(self.due());
        if self.boundless() || late <= BEHIND {
            return 0;
        }
        let gone = ((late - BEHIND).as_secs_f64() / self.every).ceil() as u64;
        self.next += gone;
        gone
    }
}

pub(super) fn spawn(work: &Rc<Work>) {
    let n = work.shape.kept;
    if work.shape.kept_per_s > 0.0 {
        for at in 0..n {
            let schedule = Schedule::new(work.shape.kept_per_s, at, n);
            work.spawn(keep(Rc::clone(work), schedule));
        }
    }
}

async fn keep(work: Rc<Work>, mut schedule: Schedule) {
    let place = work.bell.place();
    let mut held: Option<Held> = None;
    loop {
        let gone = schedule.skip(Instant::now());
        work.tally.borrow_mut().skip("connections", gone);
        let due = schedule.due();
        while !schedule.boundless() && Instant::now() < due && !work.course.over() {
            schedule.free = true;
            match work.wait(Some(due), place, held.as_mut()).await {
                Turn::Rest(rest) => {
                    if let Some(held) = held.take() {
                        work.drop_at_rest(held, rest);
                    }
                }
                Turn::Due | Turn::Course => {}
            }
        }
        held = work.usable(held).await;
        if work.course.over() || (held.is_none() && work.course.withdrawn()) {
            return;
        }
        let late = schedule.take(Instant::now());
        // One that waited for the answer before it was kept back by the server, not by us.
        if schedule.free && !schedule.boundless() {
            work.tally.borrow_mut().lag(late);
        }
        schedule.free = false;
        // Over HTTP/2 the next one does not wait for the answer to this one.
        if let Some(two) = held.as_ref().and_then(Held::share).filter(|_| !schedule.boundless()) {
            if two.open() < MOST_BESIDE {
                let one = Rc::clone(&work);
                work.spawn(async move { one.beside(two, Over::Kept).await });
            } else {
                work.tally.borrow_mut().skip("connections", 1);
            }
            continue;
        }
        let went = work.request(held, Over::Kept, true).await;
        held = went.held;
        if schedule.boundless() && held.is_none() && went.well != Some(true) {
            work.wait(Some(Instant::now() + AGAIN), place, None).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_schedule_neither_drifts_nor_bursts() {
        let mut all: Vec<Duration> = vec![];
        for at in 0..3 {
            let mut part = Schedule::new(30.0, at, 3);
            for _ in 0..10 {
                all.push(part.due() - part.begun);
                part.take(part.due());
            }
        }
        all.sort();
        let want: Vec<u64> = (0..30).map(|n| n * 1000 / 30).collect();
        assert_eq!(all.iter().map(|d| (d.as_secs_f64() * 1000.0 + 1e-6) as u64).collect::<Vec<_>>(), want);

        let mut one = Schedule::new(100.0, 0, 1);
        let begun = one.begun;
        assert_eq!(one.skip(begun + BEHIND), 0);
        assert_eq!(one.skip(begun + BEHIND + Duration::from_millis(95)), 10);
        assert_eq!(one.due(), begun + Duration::from_millis(100));
        assert!(Schedule::new(f64::INFINITY, 0, 4).boundless());
    }
}
