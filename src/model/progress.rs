//! What a run says while it is at work. Nothing of it is part of the report, and areas know no terminal: whoever runs them
//! decides what becomes of it.

/// Where long work says what it is about to do, and how far it is.
pub trait Progress: Send + Sync {
    /// What is about to begin and costs others something, such as `load  2,000 questions in 10s …`: said before it begins,
    /// terminal or not.
    fn announce(&self, line: &str);
    /// `total` of something is to be done, called `what`. It is over when the value that is returned is dropped.
    fn begin(&self, what: &str, total: u64) -> Box<dyn Work>;
}

/// One piece of work.
pub trait Work: Send + Sync {
    /// So much of it is done, and a few words beside it.
    fn at(&self, done: u64, aside: &str);
}

/// Says nothing.
pub struct Quiet;

impl Progress for Quiet {
    fn announce(&self, _: &str) {}
    fn begin(&self, _: &str, _: u64) -> Box<dyn Work> {
        Box::new(Quiet)
    }
}
impl Work for Quiet {
    fn at(&self, _: u64, _: &str) {}
}
