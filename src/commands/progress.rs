//! Progress on stderr: lines that are said before something begins, and bars on a terminal for what takes its time.

use crate::{
    model::{Progress, Work},
    render::Style,
};
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use std::{
    fmt,
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// What is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a bar is drawn.
const TICK: Duration = Duration::from_millis(100);

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
        let aside: Arc<Mutex<String>> = Arc::default();
        // A template that does not parse would only cost the bar.
        if let Ok(looks) = ProgressStyle::with_template("{prefix}  [{bar:30}] {pos}/{len} {aside}") {
            let told = Arc::clone(&aside);
            let tell = move |_: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = out.write_str(&told.lock().unwrap_or_else(PoisonError::into_inner));
            };
            bar.set_style(looks.progress_chars(heights).with_key("aside", tell));
        }
        let bars = self.bars.clone();
        let begun = Instant::now();
        Box::new(Bar { bar, aside, bars, shown: OnceLock::new(), begun, style: self.style.clone() })
    }
}

/// Drawn by a thread of its own: a terminal that is slow, or stopped, must not stop work whose time is measured.
struct Bar {
    bar: ProgressBar,
    aside: Arc<Mutex<String>>,
    bars: Option<MultiProgress>,
    shown: OnceLock<()>,
    begun: Instant,
    style: Style,
}

impl Work for Bar {
    fn at(&self, done: u64, aside: &str) {
        let Some(bars) = self.bars.as_ref().filter(|_| self.begun.elapsed() > PATIENCE) else { return };
        *self.aside.lock().unwrap_or_else(PoisonError::into_inner) = self.style.clean(aside).into_owned();
        self.shown.get_or_init(|| bars.add(self.bar.clone()).enable_steady_tick(TICK));
        // With a ticker this only counts.
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
    }
}
