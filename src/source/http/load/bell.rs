//! Wakes whoever waits when the course changes.

use std::{
    cell::RefCell,
    task::{Context, Waker},
};

/// One place for each that may wait, so that what is left of earlier waits does not pile up.
#[derive(Default)]
pub(super) struct Bell(RefCell<Vec<Option<Waker>>>);

impl Bell {
    /// A place of one's own.
    pub fn place(&self) -> usize {
        let mut places = self.0.borrow_mut();
        places.push(None);
        places.len() - 1
    }
    /// To be woken at the next ring.
    pub fn hear(&self, place: usize, cx: &Context<'_>) {
        if let Some(held) = self.0.borrow_mut().get_mut(place) {
            match held {
                Some(waker) => waker.clone_from(cx.waker()),
                None => *held = Some(cx.waker().clone()),
            }
        }
    }
    pub fn ring(&self) {
        let woken: Vec<Waker> = self.0.borrow_mut().iter_mut().filter_map(Option::take).collect();
        woken.into_iter().for_each(Waker::wake);
    }
}
