//! Against a real server on loopback. What is asserted is what arrived and was counted, never how fast.

use super::*;
use std::{
    cell::Cell,
    net::UdpSocket,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// A server on a port of its own until it is dropped. `answers` makes of the n-th question what is sent back.
struct Server {
    at: SocketAddr,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(mut answers: impl FnMut(u64, &[u8]) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let (at, end) = (socket.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let ended = Arc::clone(&end);
        let thread = thread::spawn(move || {
            let (mut bytes, mut n) = ([0; 600], 0);
            while !ended.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut bytes) else { continue };
                for answer in answers(n, &bytes[..length]) {
                    let _ = socket.send_to(&answer, from);
                }
                n += 1;
            }
        });
        Self { at, end, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The question as an answer with this code.
fn answer(question: &[u8], rcode: u8) -> Vec<u8> {
    let mut bytes = question.to_vec();
    bytes[2] |= 0x80;
    bytes[3] = rcode;
    bytes
}

fn asked(server: SocketAddr, per_s: f64, length_ms: u64) -> Load {
    let question = |kind: &str| Question { name: "db.a.test".into(), kind: kind.into(), edns: false };
    Load {
        server,
        questions: vec![question("A"), question("AAAA")],
        shape: Shape::Open { per_s },
        length: Duration::from_millis(length_ms),
        // Long enough for a machine that does ten other things; shorter where silence is what is tested.
        timeout: Duration::from_secs(5),
        deadline: Instant::now() + Duration::from_secs(60),
        most_waiting: 10_000,
        stop_at_failed_pct: 101.0,
    }
}

fn run(what: &Load) -> Loaded {
    let found = load(what, &|_, _| {}).unwrap();
    assert_eq!(found.sent, found.answered + found.silent + found.closed + found.cut, "{found:?}");
    if let Shape::Open { .. } = what.shape {
        assert_eq!(found.intended, found.sent + found.shed + found.barred, "{found:?}");
        let told = found.answered + found.silent + found.shed + found.cut;
        assert_eq!(found.from_schedule.n(), told, "every question is in the figures: {found:?}");
    }
    assert_eq!(found.service.n(), found.answered + found.silent + found.cut);
    found
}

#[test]
fn every_question_of_the_schedule_is_asked_in_turn_and_answered() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kinds = Arc::clone(&heard);
    let server = Server::start(move |_, q| {
        kinds.lock().unwrap().push((q[q.len() - 3], [q[0], q[1]]));
        vec![answer(q, 3)]
    });
    let told = Cell::new((0, 0));
    let found = load(&asked(server.at, 1000.0, 400), &|sent, failed| told.set((sent, failed))).unwrap();
    assert_eq!((found.intended, found.sent, found.answered, found.rcodes[3]), (400, 400, 400, 400));
    assert_eq!((found.stopped, found.cut, found.shed, found.failed()), (None, 0, 0, 0));
    assert_eq!(told.get(), (400, 0));
    assert_eq!(found.own.unstamped, 0, "the kernel stamps what arrives");
    assert!(found.own.receive_errors.is_some() && found.own.socket_drops == Some(0));
    assert!(!found.from_schedule.quantile_us(0.99).unwrap().at_least);
    let heard = heard.lock().unwrap();
    let of = |kind| heard.iter().filter(|(k, _)| *k == kind).count();
    assert_eq!((of(1), of(28)), (200, 200), "A and AAAA");
    let ids: std::collections::HashSet<_> = heard.iter().map(|(_, id)| id).collect();
    assert!(ids.len() > 350, "ids are drawn: {} of 400", ids.len());
}

#[test]
fn one_in_ten_without_an_answer_is_the_tail_and_not_left_out() {
    let server = Server::start(|n, q| if n % 10 == 9 { vec![] } else { vec![answer(q, 0)] });
    let found = run(&Load { timeout: Duration::from_secs(1), ..asked(server.at, 500.0, 400) });
    assert_eq!((found.sent, found.silent, found.answered), (200, 20, 180));
    let p99 = found.from_schedule.quantile_us(0.99).unwrap();
    assert!(p99.at_least && p99.us >= 1e6 * 0.999, "{p99:?}");
    assert!(!found.from_schedule.quantile_us(0.85).unwrap().at_least, "nine of ten were answered");
    assert!(found.from_schedule.max_us().unwrap().at_least);
    assert!((found.failed(), found.stopped) == (20, None));
}

#[test]
fn too_many_failures_end_it_early() {
    let server = Server::start(|n, q| vec![answer(q, if n < 100 { 0 } else { 2 })]);
    let found = run(&Load { stop_at_failed_pct: 5.0, ..asked(server.at, 500.0, 20_000) });
    assert_eq!(found.stopped, Some(Stopped::FailedPct));
    assert!(found.rcodes[2] >= LEAST_FAILED && found.rcodes[0] == 100, "{found:?}");
    assert!(found.sent < 5_000 && found.length < Duration::from_secs(10), "{found:?}");
}

#[test]
fn a_closed_port_is_told_at_once() {
    let at = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = run(&Load { stop_at_failed_pct: 5.0, ..asked(at, 200.0, 20_000) });
    assert_eq!((found.stopped, found.silent, found.answered), (Some(Stopped::FailedPct), 0, 0));
    assert!(found.closed >= LEAST_FAILED && found.closed == found.sent, "{found:?}");
    assert_eq!(found.from_schedule.n(), 0, "nobody waited");
    assert!(found.length < Duration::from_secs(10));
}

#[test]
fn late_foreign_and_double_answers_are_told_from_answers() {
    let mut kept = Vec::new();
    let server = Server::start(move |n, q| {
        let fine = answer(q, 0);
        let mut foreign = fine.clone();
        foreign[13] ^= 0x7; // another name
        match n {
            0 => vec![b"short".to_vec(), q.to_vec(), foreign, fine],
            1 => vec![fine.clone(), fine],
            2 => {
                kept = fine;
                vec![]
            }
            // The port that the third question came from is not ours to answer to any more: same socket, 16 later.
            18 => vec![kept.clone(), fine],
            _ => vec![fine],
        }
    });
    let found = run(&Load { timeout: Duration::from_millis(500), ..asked(server.at, 10.0, 3000) });
    assert_eq!((found.sent, found.silent), (30, 1), "{found:?}");
    assert_eq!((found.foreign, found.duplicate, found.late), (3, 1, 1), "{found:?}");
}

#[test]
fn a_stall_weighs_as_much_as_it_was_long_however_few_are_open() {
    // Ten answers at once, then one after a second. Whoever waits for it asks nothing meanwhile.
    let stall = || {
        let mut stalled = false;
        Server::start(move |n, q| {
            if n == 10 && !std::mem::replace(&mut stalled, true) {
                thread::sleep(Duration::from_secs(1));
            }
            vec![answer(q, 0)]
        })
    };
    for most_waiting in [1, 100] {
        let server = stall();
        let found = run(&Load { most_waiting, ..asked(server.at, 100.0, 2000) });
        assert_eq!((found.answered, found.shed), (200, 0), "{found:?}");
        let p75 = found.from_schedule.quantile_us(0.75).unwrap();
        assert!(p75.us > 100_000.0 && !p75.at_least, "half of all came in the stall: {p75:?}");
    }
    for workers in [1, 10] {
        let server = stall();
        let shape = Shape::Closed { workers, most_per_s: 100.0 };
        let found = run(&Load { shape, ..asked(server.at, 0.0, 2000) });
        let p75 = found.from_schedule.quantile_us(0.75).unwrap();
        assert!(p75.us > 100_000.0, "{workers} workers: {p75:?}");
        assert!(
            workers > 1 || found.service.quantile_us(0.75).unwrap().us < p75.us,
            "one worker saw it once"
        );
    }
}

#[test]
fn what_finds_no_place_is_shed_and_said() {
    let server = Server::start(|_, _| vec![]);
    let what = asked(server.at, 100.0, 1000);
    let found = run(&Load { most_waiting: 10, timeout: Duration::from_millis(300), ..what });
    assert_eq!(found.intended, 100);
    assert!(found.sent <= 40 && found.shed >= 60, "ten each 300 ms: {found:?}");
    assert!(found.from_schedule.quantile_us(0.01).unwrap().at_least);
    assert_eq!(found.cut, 0);
}

#[test]
fn workers_have_one_question_each() {
    let server = Server::start(|_, _| vec![]);
    let shape = Shape::Closed { workers: 3, most_per_s: 1000.0 };
    let what = asked(server.at, 0.0, 400);
    let found = run(&Load { shape, timeout: Duration::from_secs(1), ..what });
    assert_eq!((found.sent, found.silent, found.shed), (3, 3, 0));
    assert_eq!(found.per_s_asked, None);
}

#[test]
fn the_end_of_the_run_cuts_and_does_not_lose() {
    let server = Server::start(|_, _| vec![]);
    let deadline = Instant::now() + Duration::from_millis(300);
    let found = run(&Load { deadline, ..asked(server.at, 100.0, 60_000) });
    assert_eq!((found.stopped, found.silent, found.failed()), (Some(Stopped::Deadline), 0, 0));
    assert!(found.cut > 0 && found.cut == found.sent, "{found:?}");
    assert!(found.service.quantile_us(0.5).unwrap().at_least);
    assert!(Instant::now() < deadline + Duration::from_secs(10), "it ended");
}

#[test]
fn what_cannot_be_asked_is_an_error() {
    let at = "127.0.0.1:9".parse().unwrap();
    let fails = |what: Load| load(&what, &|_, _| {}).unwrap_err();
    assert_eq!(fails(Load { questions: vec![], ..asked(at, 1.0, 10) }), Errno::INVAL);
    for per_s in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        assert_eq!(fails(asked(at, per_s, 10)), Errno::INVAL, "{per_s}");
    }
    let long = Question { name: "a".repeat(64), kind: "A".into(), edns: false };
    assert_eq!(fails(Load { questions: vec![long], ..asked(at, 1.0, 10) }), Errno::INVAL);
}
