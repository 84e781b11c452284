//! The threads of a process and what the scheduler tells of each: `/proc/PID/task/TID`.

use super::{Process, Stat, read_at};
use crate::{
    model::{Seen, Untrusted, Why},
    source::World,
};
use rustix::{
    fs::{Mode, OFlags, RawDir, openat},
    thread::{CpuSet, sched_setaffinity},
};
use std::{ffi::CString, io, mem::MaybeUninit, os::fd::OwnedFd, sync::mpsc, thread, time::Duration};

/// What the scheduler counted of one thread since it began: `schedstat` of proc_pid(5), scheduler/sched-stats.rst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sched {
    /// Time on a processor, in nanoseconds.
    pub run_ns: u64,
    /// Time ready to run and waiting for a processor, in nanoseconds; counted when it gets one.
    pub wait_ns: u64,
    /// How often it was given a processor: unchanged, it has not run at all.
    pub turns: u64,
}

impl Sched {
    /// The three numbers. `None` when the text is something else.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(bytes).ok()?.split_ascii_whitespace().map(str::parse);
        let mut next = || words.next()?.ok();
        Some(Self { run_ns: next()?, wait_ns: next()?, turns: next()? })
    }
}

/// Name, state and last processor of one thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its own name; the first thread's is the name of the process.
    pub name: Untrusted,
    /// `R`, `S`, `D` …
    pub state: u8,
    /// The processor that it ran on last.
    pub processor: Option<u32>,
}

/// The threads of one process. Its directory is held open: a reused pid gives an error, not somebody else's threads.
pub struct Threads {
    dir: OwnedFd,
    /// Thread ids, in order.
    pub ids: Vec<i32>,
    /// How many were left out because there are more than was asked for.
    pub left: u64,
}

impl Threads {
    /// Lists at most `most` threads of a process, the first of which is the process itself; with 0 it lists none and
    /// opens the directory only.
    ///
    /// # Errors
    /// `NotFound` when the process has ended or its pid belongs to another one now.
    pub fn of(world: &World, p: &Process, most: usize) -> io::Result<Self> {
        let process = world.process(p.pid)?;
        let mut buf = [0u8; 1024];
        let same = Stat::parse(read_at(&process, c"stat", &mut buf)?)
            .is_some_and(|s| s.start_ticks == p.start_ticks);
        if !same {
            return Err(io::ErrorKind::NotFound.into());
        }
        let dir =
            openat(&process, c"task", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let (mut ids, mut left) = (Vec::new(), 0);
        if most == 0 {
            return Ok(Self { dir, ids, left });
        }
        let mut buf = vec![MaybeUninit::uninit(); 16 << 10];
        let mut entries = RawDir::new(&dir, &mut buf);
        while let Some(entry) = entries.next() {
            let Some(id) = entry?.file_name().to_str().ok().and_then(|n| n.parse().ok()) else { continue };
            if ids.len() < most { ids.push(id) } else { left += 1 }
        }
        Ok(Self { dir, ids, left })
    }

    /// Its times.
    ///
    /// # Errors
    /// `Absent` when the thread has ended, or this kernel keeps no such times.
    pub fn sched(&self, id: i32) -> Seen<Sched> {
        let mut buf = [0u8; 128];
        Sched::parse(self.file(id, "schedstat", &mut buf)?).ok_or(Why::Malformed)
    }

    /// Its name and state.
    ///
    /// # Errors
    /// `Absent` when the thread has ended.
    pub fn task(&self, id: i32) -> Seen<Task> {
        let mut buf = [0u8; 1024];
        let bytes = self.file(id, "stat", &mut buf)?;
        let stat = Stat::parse(bytes).ok_or(Why::Malformed)?;
        // Field 39 of the line; the bracket that ends the name is behind the second.
        let end = bytes.iter().rposition(|c| *c == b')').unwrap_or(0);
        let rest = std::str::from_utf8(&bytes[end..]).unwrap_or_default();
        let processor = rest.split_ascii_whitespace().nth(37).and_then(|w| w.parse().ok());
        Ok(Task { name: Untrusted::from_bytes(stat.comm), state: stat.state, processor })
    }

    /// The function of the kernel in which it sleeps; `None` where the kernel does not say.
    ///
    /// # Errors
    /// `Denied` without the right to trace the process.
    pub fn wait_channel(&self, id: i32) -> Seen<Option<Untrusted>> {
        let mut buf = [0u8; 128];
        let name = self.file(id, "wchan", &mut buf)?.trim_ascii();
        Ok((!matches!(name, b"" | b"0")).then(|| Untrusted::from_bytes(name)))
    }

    /// For how long it has not run, in seconds: never too long, and too short by what interrupts took of its processor
    /// since. The kernel's times of threads are clocks of their processor, so one of ours reads that very clock.
    ///
    /// # Errors
    /// `Absent` where the kernel shows no such clock, `TimedOut` when that processor had no time for us.
    pub fn still_s(&self, id: i32, processor: u32) -> Seen<f64> {
        let mut buf = [0u8; 1024];
        let then = clock_ms(self.file(id, "sched", &mut buf)?).ok_or(Why::Malformed)?;
        Ok(((processor_clock_ms(processor)? - then) / 1000.0).max(0.0))
    }

    fn file<'b>(&self, id: i32, name: &str, buf: &'b mut [u8]) -> Seen<&'b [u8]> {
        let path = CString::new(format!("{id}/{name}")).map_err(|_| Why::Broken)?;
        read_at(&self.dir, &path, buf).map_err(|e| Why::from(&e))
    }
}

/// When it last began to run, in the text of `/proc/PID/task/TID/sched`.
fn clock_ms(bytes: &[u8]) -> Option<f64> {
    // The text is cut where the buffer ends; the line is its third.
    let text = bytes.utf8_chunks().next()?.valid();
    let line = text.lines().find_map(|l| l.strip_prefix("se.exec_start"))?;
    line.split_once(':')?.1.trim().parse().ok().filter(|ms: &f64| ms.is_finite() && *ms > 0.0)
}

/// What the clock of a processor shows now: of a thread that has just begun to run there. It is not waited for when that
/// processor is too busy.
fn processor_clock_ms(processor: u32) -> Seen<f64> {
    let (tell, told) = mpsc::channel();
    let read = move || {
        let mut only = CpuSet::new();
        if processor as usize >= CpuSet::MAX_CPU {
            return Err(Why::Unsupported);
        }
        only.set(processor as usize);
        sched_setaffinity(None, &only).map_err(|e| Why::from(&io::Error::from(e)))?;
        // The move was made when the call came back; what is shown is when we were put onto the processor.
        thread::yield_now();
        let text = std::fs::read("/proc/thread-self/sched").map_err(|e| Why::from(&e))?;
        clock_ms(&text).ok_or(Why::Malformed)
    };
    thread::Builder::new()
        .name("clock".into())
        .spawn(move || tell.send(read()))
        .map_err(|e| Why::from(&e))?;
    told.recv_timeout(Duration::from_millis(300)).map_err(|_| Why::TimedOut)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Gaps,
        source::proc::{list, own},
    };
    use std::{path::Path, time::Instant};

    #[test]
    fn three_numbers_are_read_and_nothing_else() {
        let s = Sched { run_ns: 12, wait_ns: 3_400_000_000_000, turns: 7 };
        assert_eq!(Sched::parse(b"12 3400000000000 7\n"), Some(s));
        for bad in ["", "1 2", "1 x 3", "-1 2 3", "1 2 99999999999999999999999"] {
            assert_eq!(Sched::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn the_clock_of_a_task_is_the_line_of_its_last_start() {
        let text =
            "cat (28182, #threads: 1)\n-----\nse.exec_start              :   12628794.630472\nse.vruntime";
        assert_eq!(clock_ms(text.as_bytes()), Some(12_628_794.630_472));
        assert_eq!(clock_ms(b"cat (1)\n"), None);
        assert_eq!(clock_ms(b"se.exec_start : 0.000000\n"), None, "it never ran");
    }

    fn ourselves() -> (World, Process) {
        let world = World::open(Path::new("/proc"), Path::new("/sys")).unwrap();
        let pid = own::pid(&world).unwrap();
        let all = list(&world, Instant::now() + Duration::from_secs(20), &mut Gaps::default());
        (world, all.into_iter().find(|p| p.pid == pid).unwrap())
    }

    #[test]
    fn who_sleeps_has_not_run_for_as_long_and_who_computes_has_its_time() {
        let (world, us) = ourselves();
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let sleeper = thread::Builder::new().name("sleeps here".into()).spawn(move || {
            tell.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
            let _ = ended.recv();
        });
        let id = told.recv().unwrap();
        let threads = Threads::of(&world, &us, 10_000).unwrap();
        assert!(threads.ids.contains(&id) && threads.ids.contains(&us.pid));
        let (until, mut before) = (Instant::now() + Duration::from_secs(10), threads.sched(id).unwrap());
        let task = loop {
            let task = threads.task(id).unwrap();
            if task.state == b'S' {
                break task;
            }
            assert!(Instant::now() < until, "{task:?}");
        };
        assert_eq!(task.name.as_str(), "sleeps here");
        before = before.max_turns(threads.sched(id).unwrap());
        let began = Instant::now();
        thread::sleep(Duration::from_millis(400));
        assert_eq!(threads.sched(id).unwrap().turns, before.turns, "it has not run");
        // Not on every kernel: without scheduler debugging there is no such clock.
        if let Ok(still) = threads.still_s(id, task.processor.unwrap()) {
            assert!((0.3..began.elapsed().as_secs_f64() + 5.0).contains(&still), "{still}");
        }
        drop(end);
        sleeper.unwrap().join().unwrap();
    }

    impl Sched {
        fn max_turns(self, o: Self) -> Self {
            if o.turns > self.turns { o } else { self }
        }
    }

    #[test]
    fn another_process_of_the_same_pid_is_not_taken_for_it() {
        let (world, us) = ourselves();
        let other = Process { start_ticks: us.start_ticks + 1, ..us };
        assert_eq!(Threads::of(&world, &other, 9).err().map(|e| e.kind()), Some(io::ErrorKind::NotFound));
    }
}
