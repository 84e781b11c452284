//! What ends a question: an answer, too long a silence, or an ICMP message.

use super::super::{
    asked,
    datagrams::BATCH,
    open::{Open, Used},
    own::Now,
};
use super::Run;
use rustix::io::Errno;
use std::time::Duration;

impl Run<'_> {
    /// Reads what is there. True when nothing was left unread.
    pub(super) fn receive(&mut self) -> bool {
        let mut all = true;
        for socket in self.ports.ready() {
            match self.inbox.receive(self.ports.socket(socket)) {
                Ok(n) => {
                    all &= n < BATCH;
                    let now = self.clock.both();
                    (0..n).for_each(|i| self.take(socket, i, now));
                }
                Err(Errno::CONNREFUSED) => self.close(socket),
                // Only a time of leaving, too late to be of use.
                Err(_) => {
                    self.inbox.left(self.ports.socket(socket), 0);
                }
            }
        }
        all
    }

    fn take(&mut self, socket: u16, at: usize, now: Now) {
        let datagram = self.inbox.datagram(at);
        let Some(id) = asked::id(datagram.bytes) else {
            self.tally.found.foreign += 1;
            return;
        };
        let Some(open) = self.table.get(socket, id).copied() else {
            match self.table.used(socket, id) {
                Used::Never => self.tally.found.foreign += 1,
                Used::Answered => self.tally.found.duplicate += 1,
                Used::Silent => self.tally.found.late += 1,
            }
            return;
        };
        let Some(answer) = self.asked[usize::from(open.question)].read(datagram.bytes) else {
            self.tally.found.foreign += 1;
            return;
        };
        let stamped = datagram.stamp.and_then(|s| now.of_stamp(s, open.sent));
        self.watch.unstamped += u64::from(stamped.is_none());
        let came = stamped.unwrap_or(now.ns);
        if came - open.sent >= self.timeout {
            self.tally.found.late += 1;
            self.silence(open, now.ns);
        } else {
            self.table.end(socket, id, Used::Answered);
            let since = |then: u64| Duration::from_nanos(came - then);
            self.tally.answered(answer, since(open.due), since(open.sent), now.ns);
            self.freed(came);
        }
    }

    /// Ends what was sent too long before this moment.
    pub(super) fn give_up(&mut self, now: u64) {
        while let Some(open) = self.table.oldest().copied().filter(|o| o.sent + self.timeout <= now) {
            self.silence(open, now);
        }
    }

    fn silence(&mut self, open: Open, now: u64) {
        self.table.end(open.socket, open.id, Used::Silent);
        let waited = self.timeout + (open.sent - open.due);
        self.tally.silent(Duration::from_nanos(waited), self.what.timeout, now);
        self.freed(open.sent + self.timeout);
    }

    /// An ICMP message came for this socket: nobody listens for what is open on it.
    pub(super) fn close(&mut self, socket: u16) {
        let now = self.clock.ns();
        for open in self.table.of(socket) {
            self.table.end(socket, open.id, Used::Silent);
            self.tally.closed(now);
            self.freed(now);
        }
    }

    fn freed(&mut self, at: u64) {
        if self.table.len() + 1 == self.places {
            self.place_since = at;
        }
        self.schedule.ended(at);
    }
}
