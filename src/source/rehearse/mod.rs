//! Services that are started to be ended, or that are ended as an orchestrator would: the signal goes to one process, its end
//! is watched, and nothing of what was started is left.

mod drain;
mod held;
mod keeper;
mod tree;
mod within;

pub use held::Held;
pub use keeper::Keeper;
pub use tree::{Listener, is_go, listeners, tree};

use std::time::{Duration, Instant};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It exited with this status.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl How {
    /// From what `waitpid` said.
    fn of(status: i32) -> Self {
        if libc::WIFSIGNALED(status) {
            How::Signal(libc::WTERMSIG(status))
        } else {
            How::Code(libc::WEXITSTATUS(status))
        }
    }
}

/// An end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    /// When.
    pub at: Instant,
    /// How, when that can be known: only its parent is told.
    pub how: Option<How>,
}

/// What is rehearsed.
pub enum Service {
    /// We started it.
    Started(Keeper),
    /// It was there. The keeper is of what runs before the signal.
    Running(Held, Option<Keeper>),
}

impl Service {
    /// The process that gets the signal.
    pub fn pid(&self) -> i32 {
        match self {
            Service::Started(keeper) => keeper.service().unwrap_or(0),
            Service::Running(held, _) => held.pid(),
        }
    }
    /// The process that everything of it is below.
    pub fn root(&self) -> i32 {
        match self {
            Service::Started(keeper) => keeper.pid(),
            Service::Running(held, _) => held.pid(),
        }
    }
    fn keeper(&mut self) -> Option<&mut Keeper> {
        match self {
            Service::Started(keeper) | Service::Running(_, Some(keeper)) => Some(keeper),
            Service::Running(_, None) => None,
        }
    }
    /// Runs what comes before the signal.
    ///
    /// # Errors
    /// When it could not be started.
    pub fn before(&mut self) -> Result<(), String> {
        self.keeper().map_or(Ok(()), Keeper::before)
    }
    /// How what came before the signal ended, when it has.
    pub fn before_ended(&mut self, patience: Duration) -> Option<Gone> {
        let keeper = self.keeper()?;
        // What the service does meanwhile is heard by the same call and kept.
        let _ = keeper.ended(patience);
        keeper.before_ended()
    }
    /// Sends a signal to its first process; when.
    ///
    /// # Errors
    /// What the system said.
    pub fn signal(&mut self, signal: i32) -> std::io::Result<Instant> {
        match self {
            Service::Started(keeper) => keeper.signal(signal),
            Service::Running(held, _) => held.signal(signal),
        }
    }
    /// How its first process ended, when it has; waits so long for that.
    pub fn ended(&mut self, patience: Duration) -> Option<Gone> {
        match self {
            Service::Started(keeper) => keeper.ended(patience),
            Service::Running(held, _) => held.ended(patience),
        }
    }
    /// The last that was printed.
    pub fn printed(&self) -> Vec<u8> {
        match self {
            Service::Started(keeper) => keeper.printed(),
            Service::Running(..) => vec![],
        }
    }
    /// Ends all that we started. False when something is left.
    pub fn end(&mut self) -> bool {
        self.keeper().is_none_or(Keeper::end)
    }
}
