//! Counting, and when it is enough.

use super::{LEAST_FAILED, Latency, Loaded, Own, Shape, asked::Answer};
use rustix::io::Errno;
use std::time::Duration;

/// The last second is judged in so many pieces.
const PIECES: u64 = 10;
const PIECE_NS: u64 = 1_000_000_000 / PIECES;

/// All counts, and the last second of them.
pub(super) struct Tally {
    pub found: Loaded,
    pieces: [Piece; PIECES as usize],
}

#[derive(Clone, Copy, Default)]
struct Piece {
    number: u64,
    settled: u64,
    failed: u64,
}

impl Tally {
    pub fn new(shape: Shape) -> Self {
        let per_s_asked = match shape {
            Shape::Open { per_s } => Some(per_s),
            Shape::Closed { .. } => None,
        };
        let found = Loaded {
            per_s_asked,
            per_s_sent: 0.0,
            per_s_answered: 0.0,
            length: Duration::ZERO,
            intended: 0,
            sent: 0,
            shed: 0,
            barred: 0,
            barred_by: None,
            answered: 0,
            rcodes: [0; 16],
            truncated: 0,
            silent: 0,
            closed: 0,
            late: 0,
            foreign: 0,
            duplicate: 0,
            cut: 0,
            stopped: None,
            from_schedule: Latency::default(),
            service: Latency::default(),
            own: Own::default(),
        };
        Self { found, pieces: Default::default() }
    }

    /// An answer, so long after its question was due and left.
    pub fn answered(&mut self, answer: Answer, from_schedule: Duration, service: Duration, now: u64) {
        self.found.answered += 1;
        self.found.rcodes[usize::from(answer.rcode & 15)] += 1;
        self.found.truncated += u64::from(answer.truncated);
        self.found.from_schedule.ended(from_schedule);
        self.found.service.ended(service);
        self.settled(matches!(answer.rcode, 2 | 5), now);
    }

    /// Given up, so long after it was due and left.
    pub fn silent(&mut self, from_schedule: Duration, service: Duration, now: u64) {
        self.found.silent += 1;
        self.at_least(from_schedule, service);
        self.settled(true, now);
    }

    /// Nobody listens.
    pub fn closed(&mut self, now: u64) {
        self.found.closed += 1;
        self.settled(true, now);
    }

    /// It could not be sent.
    pub fn barred(&mut self, by: Errno, now: u64) {
        self.found.barred += 1;
        self.found.barred_by = Some(by);
        self.settled(true, now);
    }

    /// It was due so long ago and had no place.
    pub fn shed(&mut self, waited: Duration) {
        self.found.shed += 1;
        self.found.from_schedule.at_least(waited);
    }

    /// It was open so long when the run ended.
    pub fn cut(&mut self, from_schedule: Duration, service: Duration) {
        self.found.cut += 1;
        self.at_least(from_schedule, service);
    }

    fn at_least(&mut self, from_schedule: Duration, service: Duration) {
        self.found.from_schedule.at_least(from_schedule);
        self.found.service.at_least(service);
    }

    fn settled(&mut self, failed: bool, now: u64) {
        let number = now / PIECE_NS;
        let piece = &mut self.pieces[(number % PIECES) as usize];
        if piece.number != number {
            *piece = Piece { number, ..Piece::default() };
        }
        piece.settled += 1;
        piece.failed += u64::from(failed);
    }

    /// Whether this share of all questions, or of those of the last second, failed.
    pub fn failing(&self, pct: f64, now: u64) -> bool {
        let many = |failed: u64, settled: u64| {
            failed >= LEAST_FAILED && failed as f64 * 100.0 >= pct * settled as f64
        };
        let recent = self.pieces.iter().filter(|p| p.number + PIECES > now / PIECE_NS);
        let (failed, settled) = recent.fold((0, 0), |(f, s), p| (f + p.failed, s + p.settled));
        many(self.found.failed(), self.found.settled()) || many(failed, settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Answer = Answer { rcode: 0, truncated: false };
    const MS: u64 = 1_000_000;

    fn tally() -> Tally {
        Tally::new(Shape::Open { per_s: 1.0 })
    }
    fn fine(to: &mut Tally, n: u64, now: u64) {
        (0..n).for_each(|_| to.answered(FINE, Duration::ZERO, Duration::ZERO, now));
    }

    #[test]
    fn few_failures_never_stop_and_five_of_a_hundred_do() {
        let mut t = tally();
        (0..4).for_each(|_| t.closed(0));
        assert!(!t.failing(5.0, 0), "four of four say nothing");
        t.closed(0);
        assert!(t.failing(5.0, 0));
        fine(&mut t, 95, 0);
        assert!(t.failing(5.0, 0), "5 of 100");
        fine(&mut t, 1, 0);
        assert!(!t.failing(5.0, 0), "5 of 101");
    }

    #[test]
    fn a_bad_second_after_a_long_good_time_stops() {
        let mut t = tally();
        fine(&mut t, 10_000, 0);
        fine(&mut t, 90, 1000 * MS);
        (0..10).for_each(|_| t.silent(Duration::ZERO, Duration::ZERO, 1500 * MS));
        assert!(t.failing(5.0, 1900 * MS), "10 of 100 within a second");
        assert!(!t.failing(5.0, 2600 * MS), "10 of 10,100, and nothing since");
    }

    #[test]
    fn what_fails_is_what_an_application_would_call_so() {
        let mut t = tally();
        for rcode in 0..16 {
            t.answered(Answer { rcode, truncated: rcode == 0 }, Duration::ZERO, Duration::ZERO, 0);
        }
        assert_eq!(
            (t.found.failed(), t.found.settled(), t.found.truncated),
            (2, 16, 1),
            "SERVFAIL and REFUSED"
        );
        t.barred(Errno::PERM, 0);
        t.cut(Duration::ZERO, Duration::ZERO);
        t.shed(Duration::ZERO);
        assert_eq!((t.found.failed(), t.found.settled()), (3, 17), "what is not seen is no failure");
        assert_eq!((t.found.service.n(), t.found.from_schedule.n()), (17, 18));
    }
}
