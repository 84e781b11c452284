//! An area on a thread of its own: it waits for others, so it gets its own deadline and is not waited for after that.

use crate::{
    areas::{Recorded, Running, StandIn},
    model::{Progress, Why},
    source::{Moment, Phase, Scope, Walked, World},
};
use std::{
    mem,
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// An area ends by its own deadline; so much later it is taken to hang.
const GRACE: Duration = Duration::from_millis(100);

/// One such area.
pub(super) struct Apart {
    state: State,
    stand_in: StandIn,
}

enum State {
    /// It is here, and its last look took so long.
    Home(Box<dyn Running>, Duration),
    /// It is out, looking.
    Out(Receiver<(Box<dyn Running>, Duration)>),
    /// It did not come back, and nobody waits for it any more.
    Lost(Why, &'static str),
}

impl Apart {
    /// An area that has not looked yet.
    pub fn new(area: Box<dyn Running>) -> Self {
        Self { stand_in: area.stand_in(), state: State::Home(area, Duration::ZERO) }
    }

    /// Starts its look on a thread of its own, with a view of the machine of its own.
    pub fn send_off(
        &mut self,
        world: &World,
        scope: &Scope,
        progress: &Arc<dyn Progress>,
        deadline: Instant,
    ) {
        let State::Home(..) = self.state else { return };
        let (tell, told) = sync_channel(1);
        let State::Home(area, _) = mem::replace(&mut self.state, State::Out(told)) else { return };
        let roots = (world.proc_root.clone(), world.sys_root.clone());
        let (scope, progress) = (scope.clone(), Arc::clone(progress));
        let looking = move || {
            let _ = tell.send(look(area, roots, &scope, &*progress, deadline));
        };
        if thread::Builder::new().name("apart".into()).spawn(looking).is_err() {
            self.state = State::Lost(Why::TooMany, "no thread could be started for it");
        }
    }

    /// Waits for it, but not for long after the deadline.
    pub fn await_it(&mut self, deadline: Instant) {
        let State::Out(told) = &self.state else { return };
        let left = deadline.saturating_duration_since(Instant::now()) + GRACE;
        self.state = match told.recv_timeout(left) {
            Ok((area, took)) => State::Home(area, took),
            Err(RecvTimeoutError::Timeout) => State::Lost(Why::TimedOut, "it had not come to an end"),
            Err(RecvTimeoutError::Disconnected) => {
                State::Lost(Why::Broken, "please report it with the message on stderr")
            }
        };
    }

    /// What it has recorded, or what stands for it.
    pub fn record(&self) -> Box<dyn Recorded> {
        match &self.state {
            State::Home(area, took) => area.record(took.as_secs_f64()),
            State::Out(_) => (self.stand_in)(Why::TimedOut, "it had not come to an end"),
            State::Lost(why, detail) => (self.stand_in)(*why, detail),
        }
    }

    /// The area itself, unless it is out or lost.
    pub fn at_home(&mut self) -> Option<&mut Box<dyn Running>> {
        match &mut self.state {
            State::Home(area, _) => Some(area),
            _ => None,
        }
    }
}

fn look(
    mut area: Box<dyn Running>,
    (proc_root, sys_root): (PathBuf, PathBuf),
    scope: &Scope,
    progress: &dyn Progress,
    deadline: Instant,
) -> (Box<dyn Running>, Duration) {
    let start = Instant::now();
    // It was there when the run began.
    if let Ok(world) = World::open(&proc_root, &sys_root) {
        let moment = Moment::now(&world, scope, deadline, Phase::Last).telling(progress);
        area.read(&moment);
        area.look(&moment, &Walked::default());
    }
    (area, start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        areas::{Chosen, Place},
        model::{Gap, Levels, Quiet, RowSink, Section},
        source::Wanting,
    };
    use std::{io, path::Path};

    /// Looks for so long, and then panics if it is to.
    struct Slow(Duration, bool);
    struct Said(String);

    impl Wanting for Slow {
        fn wants(&mut self, _: usize) -> bool {
            false
        }
        fn meet(&mut self, _: usize, _: u32, _: &[u8]) -> bool {
            false
        }
        fn missed(&mut self, _: usize, _: Why) {}
    }
    impl Running for Slow {
        fn place(&self) -> Place {
            Place::Apart
        }
        fn stand_in(&self) -> StandIn {
            Box::new(|why, _| Box::new(Said(format!("{why:?}"))))
        }
        fn read(&mut self, _: &Moment) {
            thread::sleep(self.0);
            assert!(!self.1, "as it was told to");
        }
        fn look(&mut self, _: &Moment, _: &Walked) {}
        fn record(&self, span_s: f64) -> Box<dyn Recorded> {
            Box::new(Said(if span_s > 0.0 { "looked".into() } else { "nothing".into() }))
        }
        fn list(&mut self, _: &Moment, _: &mut dyn RowSink) -> io::Result<bool> {
            Ok(false)
        }
    }
    impl Recorded for Said {
        fn failed(&self) -> Option<(&Gap, &[Gap])> {
            None
        }
        fn examine(&self, _: &dyn Levels, _: &Chosen) -> Section {
            unreachable!("nobody judges it here")
        }
        fn write(&self, out: &mut dyn io::Write) -> serde_json::Result<()> {
            out.write_all(self.0.as_bytes()).map_err(serde_json::Error::io)
        }
    }

    fn said(takes: u64, panics: bool, within: u64) -> String {
        let world = World::open(Path::new("/proc"), Path::new("/sys")).unwrap();
        let mut apart = Apart::new(Box::new(Slow(Duration::from_millis(takes), panics)));
        let deadline = Instant::now() + Duration::from_millis(within);
        let quiet: Arc<dyn Progress> = Arc::new(Quiet);
        apart.send_off(&world, &Scope::default(), &quiet, deadline);
        apart.await_it(deadline);
        // One that is lost is not sent off again.
        if apart.at_home().is_none() {
            apart.send_off(&world, &Scope::default(), &quiet, deadline);
        }
        let mut out = Vec::new();
        apart.record().write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn it_comes_back_with_what_it_saw() {
        assert_eq!(said(5, false, 20_000), "looked");
    }

    #[test]
    fn one_that_hangs_is_not_waited_for_and_one_that_breaks_is_said_to_be_broken() {
        assert_eq!(said(20_000, false, 5), "TimedOut");
        assert_eq!(said(0, true, 20_000), "Broken");
    }
}
