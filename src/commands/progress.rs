//! Progress on stderr: lines that are said before something begins, and bars on a terminal for what takes its time.

use crate::{
    model::{Progress, Work},
    render::Style,
};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{
    io::{self, IsTerminal, Write},
    sync::OnceLock,
    time::{Duration, Instant},
};

/// What is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// The stderr of this run.
pub(super) struct Stderr {
    style: Style,
    bars: Option<MultiProgress>,
}

impl Stderr {
    /// Bars on a terminal only; `-q` silences all of it.
    pub fn new(style: &Style) -> Self {
        let bars = (!style.quiet && io::stderr().is_terminal()).then(MultiProgress::new);
        Self { style: style.clone(), bars }
    }
}

impl Progress for Stderr {
    fn announce(&self, line: &str) {
        if self.style.quiet {
            return;
        }
        let line = format!("{}\n", self.style.clean(line));
        // A stderr that is closed is no reason to stop.
        let say = || {
            let _ = io::stderr().write_all(line.as_bytes());
        };
        match &self.bars {
            Some(bars) => bars.suspend(say),
            None => say(),
        }
    }

    fn begin(&self, what: &str, total: u64) -> Box<dyn Work> {
        let heights = if self.style.utf8 { "█▉▊▋▌▍▎▏ " } else { "=> " };
        let bar = ProgressBar::hidden();
        bar.set_length(total);
        bar.set_prefix(self.style.clean(what).into_owned());
        // A template that does not parse would only cost the bar.
        if let Ok(looks) = ProgressStyle::with_template("{prefix}  [{bar:30}] {pos}/{len} {msg}") {
            bar.set_style(looks.progress_chars(heights));
        }
        let bars = self.bars.clone();
        Box::new(Bar { bar, bars, shown: OnceLock::new(), begun: Instant::now(), style: self.style.clone() })
    }
}

struct Bar {
    bar: ProgressBar,
    bars: Option<MultiProgress>,
    shown: OnceLock<()>,
    begun: Instant,
    style: Style,
}

impl Work for Bar {
    fn at(&self, done: u64, aside: &str) {
        let Some(bars) = self.bars.as_ref().filter(|_| self.begun.elapsed() > PATIENCE) else { return };
        self.shown.get_or_init(|| {
            bars.add(self.bar.clone());
        });
        self.bar.set_message(self.style.clean(aside).into_owned());
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
