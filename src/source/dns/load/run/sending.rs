//! Sending: what is due and has a place leaves, one at a call, or as many as are late.

use super::super::{
    datagrams::{BATCH, send_all},
    open::Open,
};
use super::{Due, Run, Schedule};
use rustix::io::Errno;
use std::time::Duration;

/// No room in the kernel: tried again after this.
const NO_ROOM_NS: u64 = 100_000;
/// Calls in a row.
const CALLS: usize = 3;

impl Run<'_> {
    /// Sends what is due, as many at a call as are late, and not too many before answers are read: buffers are small.
    pub(super) fn send_due(&mut self, now: u64) {
        for _ in 0..CALLS {
            self.hold_due(now);
            if self.held.is_empty() || now < self.no_room_until {
                return;
            }
            self.send_held();
        }
    }

    /// Takes from the schedule what is due and has a place.
    fn hold_due(&mut self, now: u64) {
        while let Some(due) = self.schedule.due().filter(|due| *due <= now && *due < self.ends.0) {
            let full = self.table.len() + self.held.len() >= self.places;
            let open = matches!(self.schedule, Schedule::Open { .. });
            if open && full && now - due >= self.timeout {
                self.tally.shed(Duration::from_nanos(now - due));
            } else if full || self.held.len() == BATCH {
                return;
            } else {
                self.held.push(Due { at: due, question: self.next_question as u16 });
                self.next_question = (self.next_question + 1) % self.asked.len();
            }
            self.tally.found.intended += 1;
            self.schedule.take();
        }
    }

    /// Sends what is held over the next socket.
    fn send_held(&mut self) {
        let socket = self.next_socket;
        self.next_socket = (socket + 1) % self.ports.len() as u16;
        let mut ids = [0; BATCH];
        for i in 0..self.held.len() {
            ids[i] = self.free_id(socket, &ids[..i]);
            self.asked[usize::from(self.held[i].question)].write(ids[i], &mut self.outbox[i]);
        }
        let messages: [&[u8]; BATCH] = std::array::from_fn(|i| self.outbox[i].as_slice());
        let sent = self.clock.ns();
        match send_all(self.ports.socket(socket), &messages[..self.held.len()]) {
            Ok(n) => {
                let late = |due: Due| sent - due.at.max(self.place_since).min(sent);
                self.held[..n].iter().for_each(|due| self.watch.lag.ended(Duration::from_nanos(late(*due))));
                let left = self.left(socket, sent, n);
                for (i, due) in self.held.drain(..n).enumerate() {
                    let (id, question, sent) = (ids[i], due.question, left[i]);
                    self.table.add(Open { socket, id, question, due: due.at, sent });
                    self.tally.found.sent += 1;
                }
            }
            Err(Errno::AGAIN | Errno::NOBUFS | Errno::INTR) => {
                self.watch.send_full += 1;
                self.no_room_until = sent + NO_ROOM_NS;
            }
            // It is about what was sent before; this was not sent.
            Err(Errno::CONNREFUSED) => self.close(socket),
            Err(e) => {
                self.held.remove(0);
                self.tally.barred(e, sent);
                self.schedule.ended(sent);
            }
        }
    }

    /// When those that were sent after this moment were put on the wire: that very moment if the kernel does not say.
    fn left(&mut self, socket: u16, sent: u64, many: usize) -> [u64; BATCH] {
        let mut left = [sent; BATCH];
        if self.ports.stamped {
            let stamps = self.inbox.left(self.ports.socket(socket), many).unwrap_or_default();
            let now = self.clock.both();
            let at = |stamp: &Option<Duration>| stamp.and_then(|s| now.of_stamp(s, sent)).unwrap_or(sent);
            left.iter_mut().zip(stamps).for_each(|(left, stamp)| *left = at(stamp));
        }
        left
    }

    fn free_id(&mut self, socket: u16, taken: &[u16]) -> u16 {
        let mut id = self.ports.random_id();
        while self.table.has(socket, id) || taken.contains(&id) {
            id = self.ports.random_id();
        }
        id
    }
}
