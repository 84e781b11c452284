//! Requests that each have a connection of their own, and those whose body is sent slowly.

use super::{kept::Schedule, work::Work};
use crate::model::traffic::Over;
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

/// Connections of this kind at one time.
const MOST_AT_ONCE: u64 = 4096;
/// A slow request begins no sooner after the one before it.
const LEAST_SLOW: Duration = Duration::from_millis(100);

pub(super) fn spawn(work: &Rc<Work>) {
    if work.shape.new_per_s > 0.0 {
        work.spawn(fresh(Rc::clone(work), Schedule::new(work.shape.new_per_s, 0, 1)));
    }
    if work.shape.slow.is_some() {
        work.spawn(slow(Rc::clone(work)));
    }
}

async fn fresh(work: Rc<Work>, mut schedule: Schedule) {
    let place = work.bell.place();
    loop {
        let gone = schedule.skip(Instant::now());
        work.tally.borrow_mut().skip("processor", gone);
        let due = schedule.due();
        while Instant::now() < due && !work.course.over() && !work.course.withdrawn() {
            work.wait(Some(due), place, None).await;
        }
        if work.course.over() || work.course.withdrawn() {
            return;
        }
        let late = schedule.take(Instant::now());
        if work.live() > MOST_AT_ONCE + u64::from(work.shape.kept) + u64::from(work.shape.idle) {
            work.tally.borrow_mut().skip("connections", 1);
        } else {
            work.tally.borrow_mut().lag(late);
            let one = Rc::clone(&work);
            work.spawn(async move {
                one.request(None, Over::New, false).await;
            });
        }
        if schedule.boundless() {
            tokio::task::yield_now().await;
        }
    }
}

async fn slow(work: Rc<Work>) {
    let place = work.bell.place();
    let takes = work.shape.slow.as_ref().map_or(LEAST_SLOW, |s| s.takes.max(LEAST_SLOW));
    while !work.course.over() && !work.course.withdrawn() {
        let begun = Instant::now();
        work.request(None, Over::Slow, false).await;
        // A server that refuses the body at once is not asked again at once.
        let next = begun + takes;
        while Instant::now() < next && !work.course.over() && !work.course.withdrawn() {
            work.wait(Some(next), place, None).await;
        }
    }
}
