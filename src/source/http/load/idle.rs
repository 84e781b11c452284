//! Connections that idle: as those in a balancer's pool, which carry a request that comes late.

use super::work::{Held, Turn, Work};
use crate::model::traffic::Over;
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

/// Another connection is opened so long after the server closed one, then twice as long, up to the most.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_MOST: Duration = Duration::from_secs(30);
/// The last requests follow each other by this, or faster so that all of them are on their way within two seconds.
const GAP: Duration = Duration::from_millis(250);
const WITHIN: Duration = Duration::from_secs(2);

pub(super) fn spawn(work: &Rc<Work>) {
    for at in 0..work.shape.idle {
        work.spawn(idle(Rc::clone(work), at));
    }
}

async fn idle(work: Rc<Work>, at: u32) {
    let place = work.bell.place();
    let Some(held) = until_ending(&work, place).await else { return };
    let gap = GAP.min(WITHIN / work.shape.idle.max(1));
    let due = work.course.begun() + work.course.ending_at().unwrap_or_default() + gap * at;
    let mut held = Some(held);
    while Instant::now() < due && !work.course.over() && !work.course.withdrawn() {
        match (work.wait(Some(due), place, held.as_mut()).await, held.take()) {
            (Turn::Rest(rest), Some(held)) => return work.drop_at_rest(held, rest),
            (_, kept) => held = kept,
        }
    }
    if work.course.over() {
        return;
    }
    if let Some(held) = work.usable(held).await {
        work.request(Some(held), Over::Idle, true).await;
    }
}

/// Holds a connection until the end begins; when the server closes it before, another one.
async fn until_ending(work: &Rc<Work>, place: usize) -> Option<Held> {
    let mut again = AGAIN;
    let mut held: Option<Held> = None;
    loop {
        let (ending, withdrawn, over) = work.course.stage();
        if over || ending || withdrawn {
            return held.filter(|_| !over);
        }
        if let Some(one) = held.as_mut() {
            if let Turn::Rest(rest) = work.wait(None, place, Some(one)).await
                && let Some(one) = held.take()
            {
                work.drop_at_rest(one, rest);
            }
            continue;
        }
        let begun = Instant::now();
        held = work.request(None, Over::New, true).await.held;
        if held.is_none() {
            let next = begun + again;
            again = (again * 2).min(AGAIN_MOST);
            while Instant::now() < next && work.course.stage() == (false, false, false) {
                work.wait(Some(next), place, None).await;
            }
        }
    }
}
