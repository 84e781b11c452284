//! The client's account of every request against that of the server that ended it: they agree exactly.

mod http_truth {
    pub mod delay;
    pub mod server;
    pub mod two;
    pub mod wire;
}

use http_truth::{
    delay,
    server::{Act, BODY, Truth},
    two, wire,
};
use paramedic::{
    model::{Fate, Fates, traffic::Over},
    source::http::{Course, Loaded, Request, Security, Shape, Slow, Target, Trust, Url, load, once},
};
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    process::Command,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// One test at a time: each is many runs side by side already, and what is slow here looks like a server that is.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs at a time.
const BESIDE: u64 = 20;

fn target(address: SocketAddr) -> Target {
    let url = Url::parse(&format!("http://{address}/")).expect("a URL");
    Target { url, addresses: vec![address], security: None, http2: false }
}

fn secured(address: SocketAddr, trust: &Trust, http2: bool) -> Target {
    let security = Some(Security::new(trust, http2).expect("a certificate to trust"));
    let url = Url::parse(&format!("https://{address}/")).expect("a URL");
    Target { url, security, http2, ..target(address) }
}

fn request() -> Request {
    Request { expected: Some(BODY as u64), timeout: Duration::from_secs(2), ..Request::default() }
}

fn shape(kept: f64, new: f64) -> Shape {
    Shape { kept_per_s: kept, kept: 8, new_per_s: new, idle: 2, slow: None }
}

/// Runs a load while this steers it.
fn steered(target: &Target, request: &Request, shape: &Shape, steer: impl FnOnce(&Course)) -> Loaded {
    let course = Course::default();
    let loaded = thread::scope(|scope| {
        let of = course.clone();
        let loaded = scope.spawn(move || load(target, request, shape, &of).expect("a poller"));
        steer(&course);
        course.finish();
        loaded.join().expect("a load does not panic")
    });
    let all = loaded.traffic.fates();
    assert_eq!(loaded.traffic.sent, all.all());
    assert_eq!(course.so_far(), (all.all(), all.all() - all.lost(), all.lost()));
    loaded
}

fn run(target: &Target, request: &Request, shape: &Shape, length: Duration) -> Loaded {
    steered(target, request, shape, |_| thread::sleep(length))
}

/// All of these seeds, some at a time.
fn seeds(all: u64, one: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..BESIDE.min(all) {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::SeqCst)).filter(|s| *s < all) {
                    one(seed);
                }
            });
        }
    });
}

fn acts(of: impl Fn(&Act) -> bool) -> Vec<(Act, u64)> {
    let weight = |act: &Act| match act.fate() {
        Fate::Whole => 10,
        Fate::TimedOut => 1,
        _ => 2,
    };
    Act::ALL.iter().filter(|a| of(a)).map(|a| (*a, weight(a))).collect()
}

fn agree(seed: u64, loaded: &Loaded, theirs: Fates, done: &dyn std::fmt::Debug) {
    let ours = loaded.traffic.fates();
    let (a, b): (Vec<_>, Vec<_>) = (ours.each().collect(), theirs.each().collect());
    assert_eq!(a, b, "seed {seed}: {done:?} {:?}", loaded.traffic.lost);
}

#[test]
fn every_request_ends_as_the_server_ended_it() {
    let _alone = alone();
    let acts = acts(|_| true);
    let sum = AtomicU64::new(0);
    seeds(100, |seed| {
        let truth = Truth::serve(seed, &acts, None);
        let loaded = run(&target(truth.address), &request(), &shape(150.0, 80.0), Duration::from_millis(500));
        agree(seed, &loaded, truth.fates(), &truth.done());
        sum.fetch_add(loaded.traffic.sent, Ordering::SeqCst);
        truth.close();
    });
    assert!(sum.into_inner() > 4_000);
}

#[test]
fn a_body_that_the_server_does_not_want_is_answered_early() {
    let _alone = alone();
    let acts =
        [(Act::Early, 4), (Act::EarlyClose, 4), (Act::Whole, 2), (Act::BodyReset, 1), (Act::CloseRead, 1)];
    let big = Request { method: "POST".into(), body: vec![b'x'; 300_000], ..request() };
    let slow = Slow { method: "POST".into(), body: vec![b'x'; 1000], takes: Duration::from_millis(150) };
    let shape = Shape { slow: Some(slow), ..shape(60.0, 30.0) };
    seeds(6, |seed| {
        let truth = Truth::serve(seed, &acts, None);
        let loaded = run(&target(truth.address), &big, &shape, Duration::from_millis(700));
        agree(seed, &loaded, truth.fates(), &truth.done());
        assert!(loaded.traffic.over(Over::Slow).all() > 0, "{:?}", loaded.traffic);
        truth.close();
    });
}

#[test]
fn over_tls_a_cut_is_told_from_an_end() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let (certificate, config) = wire::tls(dir.path(), &[b"http/1.1"]);
    let trust = Trust::File(certificate);
    let mut acts = acts(|_| true);
    acts.push((Act::ToTheEndCut, 4));
    seeds(10, |seed| {
        let truth = Truth::serve(seed, &acts, Some(config.clone()));
        let target = secured(truth.address, &trust, seed % 2 == 0);
        // A handshake takes its time where nothing was optimised.
        let patient = Request { timeout: Duration::from_secs(6), ..request() };
        let loaded = run(&target, &patient, &shape(24.0, 8.0), Duration::from_millis(1000));
        agree(seed, &loaded, truth.fates(), &truth.done());
        truth.close();
    });
}

#[test]
fn over_http_2_streams_and_connections_end_as_they_were_ended() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let (certificate, config) = wire::tls(dir.path(), &[b"h2"]);
    let trust = Trust::File(certificate);
    seeds(16, |seed| {
        let tls = (seed % 4 == 3).then(|| config.clone());
        let (acts, shape) = match seed % 2 {
            0 => (&two::OF_STREAMS[..], shape(200.0, 10.0)),
            _ => (&two::OF_CONNECTIONS[..], Shape { idle: 0, ..shape(0.0, 20.0) }),
        };
        let truth = two::Truth::serve(seed, acts, tls.clone());
        let target = match tls {
            None => Target { http2: true, ..target(truth.address) },
            Some(_) => secured(truth.address, &trust, true),
        };
        let loaded = run(&target, &request(), &shape, Duration::from_millis(1000));
        agree(seed, &loaded, truth.fates(), &"");
    });
}

#[test]
fn late_ones_are_accepted_or_refused_and_nobody_is_asked_once_routing_is_withdrawn() {
    let _alone = alone();
    seeds(4, |seed| {
        let truth = Truth::serve(seed, &[(Act::Whole, 1)], None);
        let (mut at_close, mut at_withdrawal) = (0, Duration::ZERO);
        let loaded = steered(&target(truth.address), &request(), &shape(100.0, 100.0), |course| {
            thread::sleep(Duration::from_millis(300));
            course.ending();
            thread::sleep(Duration::from_millis(200));
            truth.close();
            at_close = course.so_far().0;
            thread::sleep(Duration::from_millis(300));
            course.withdraw();
            at_withdrawal = course.begun().elapsed();
            thread::sleep(Duration::from_millis(200));
        });
        let all = loaded.traffic.fates();
        // Nothing is lost but what found nobody listening; and those that are kept were never asked to go.
        let accepted = all.of(Fate::Whole) + all.of(Fate::LateAccepted);
        assert_eq!(accepted, truth.fates().of(Fate::Whole));
        // Those that waited in the queue of the listener when it was closed are reset, as they are by any server that stops.
        let queued = all.of(Fate::ResetBefore);
        assert!(queued <= 5, "{all:?}");
        assert_eq!(all.all(), accepted + all.of(Fate::LateRefused) + queued, "{all:?}");
        assert!(all.of(Fate::LateRefused) > 0 && all.of(Fate::LateAccepted) > 0, "{all:?} {at_close}");
        assert_eq!(all.of(Fate::LateRefused), loaded.traffic.over(Over::New).of(Fate::LateRefused));
        assert_eq!(loaded.traffic.over(Over::Idle).all(), 2);
        assert_eq!((loaded.open_at_ending, loaded.closed_at_rest, loaded.open_at_last), (10, 0, 8));
        let refused_after =
            loaded.traffic.lost.top().iter().filter(|e| e.sent_s > at_withdrawal.as_secs_f64() + 0.05);
        assert_eq!(refused_after.count(), 0);
    });
}

#[test]
fn nobody_listening_is_refused_and_one_answer_tells_its_steps() {
    let _alone = alone();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let loaded = run(&target(gone), &request(), &shape(50.0, 50.0), Duration::from_millis(200));
    let all = loaded.traffic.fates();
    assert_eq!(all.of(Fate::Refused), all.all());
    let until = Instant::now() + Duration::from_secs(5);
    assert!(once(&target(gone), &request(), until).is_err());
    let dir = tempfile::tempdir().unwrap();
    let (certificate, config) = wire::tls(dir.path(), &[b"h2"]);
    let truth = two::Truth::serve(1, &[(two::Act::Whole, 1)], Some(config.clone()));
    let trusted = secured(truth.address, &Trust::File(certificate), true);
    let once_two = once(&trusted, &request(), until).unwrap();
    assert_eq!((once_two.status, once_two.bytes, once_two.protocol), (200, BODY as u64, "h2"));
    assert_eq!(once_two.tls_version.as_deref(), Some("TLS1.3"));
    assert!(once_two.expires.is_some() && once_two.tls.is_some());
    let said = once(&secured(truth.address, &Trust::System, true), &request(), until).unwrap_err();
    assert_eq!(format!("{:?}", said.kind), "Tls", "{said}");
    let truth = Truth::serve(1, &[(Act::SaysClose, 1)], None);
    let plain = once(&target(truth.address), &request(), until).unwrap();
    assert_eq!((plain.status, plain.keeps, plain.protocol), (200, false, "http/1.1"));
}

/// Two rooms with a slow wire between them, so that what one side sends certainly crosses what the other does.
#[test]
fn a_request_that_crosses_the_close_of_an_idle_connection_is_told_from_one_that_was_taken() {
    let _alone = alone();
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: namespaces take root");
        return;
    }
    let idle = Duration::from_millis(120);
    seeds(8, |seed| {
        let wire = delay::Wire::new(seed as u8, Duration::from_millis(25));
        let served = wire.there(move |address| delay::serve(address, seed, idle));
        let address = served.address;
        // Each connection is asked again when its idle time has just run out over there, and that is not yet known here.
        let every = idle + Duration::from_millis(25);
        let kept = 4;
        let shape = Shape {
            kept_per_s: f64::from(kept) / every.as_secs_f64(),
            kept,
            new_per_s: 0.0,
            idle: 0,
            slow: None,
        };
        let loaded =
            wire.here(move || run(&target(address), &request(), &shape, Duration::from_millis(1500)));
        let (taken, answered) = served.counts();
        let all = loaded.traffic.fates();
        let crossed = all.of(Fate::ClosedIdle);
        assert_eq!(all.of(Fate::Whole), answered, "{all:?}");
        assert_eq!(all.of(Fate::ResetBefore), taken - answered, "{all:?}");
        assert_eq!(all.all(), taken + crossed, "{all:?}: the others never came there");
        assert!(crossed >= 4, "{all:?}");
    });
}

#[test]
fn our_own_limits_are_no_loss() {
    let _alone = alone();
    let truth = Truth::serve(1, &[(Act::Whole, 1)], None);
    let program = std::env::current_exe().unwrap();
    let mut limited = Command::new("prlimit");
    limited.args(["--nofile=24:24".as_ref(), program.as_os_str()]);
    limited.args(["--ignored", "--exact", "speed", "--nocapture"]);
    let asked = format!("http://{}/ 400 64 1", truth.address);
    let out = limited.env("PARAMEDIC_LOAD", asked).output().expect("util-linux is installed");
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && said.contains("(\"descriptors\", "), "{said}");
    let whole = truth.fates().of(Fate::Whole);
    assert!(said.contains(&format!("{whole} [(\"whole\", {whole})]")), "{whole}: {said}");

    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: namespaces take root");
        return;
    }
    let wire = delay::Wire::new(99, Duration::ZERO);
    let served = wire.there(|address| delay::serve(address, 1, Duration::from_secs(5)));
    let (address, ports) = (served.address, "/proc/sys/net/ipv4/ip_local_port_range");
    let loaded = wire.here(move || {
        fs::write(ports, "40000 40031").expect("root may");
        let shape = Shape { idle: 0, ..shape(0.0, 100.0) };
        run(&target(address), &request(), &shape, Duration::from_millis(800))
    });
    let (all, (taken, answered)) = (loaded.traffic.fates(), served.counts());
    assert_eq!(
        (all.of(Fate::Whole), all.of(Fate::ResetBefore), all.all()),
        (answered, taken - answered, taken)
    );
    assert!(matches!(loaded.own.unsent[..], [("ports", n)] if n > 0), "{:?}", loaded.own);
    assert!(loaded.own.ports_pct > 50.0, "{:?}", loaded.own);
}

/// The client alone, in a process whose limits and cost can be seen: `URL RATE CONNECTIONS SECONDS` in `PARAMEDIC_LOAD`.
#[test]
#[ignore = "a load, not a test"]
fn speed() {
    let asked = std::env::var("PARAMEDIC_LOAD").expect("URL RATE CONNECTIONS SECONDS");
    let [url, rate, kept, seconds] = asked.split(' ').collect::<Vec<_>>()[..] else { panic!("{asked}") };
    let url = Url::parse(url).unwrap();
    let address = SocketAddr::new(url.host.parse().unwrap(), url.port);
    let target = Target { url, ..target(address) };
    let request = Request::default();
    let shape = Shape { kept: kept.parse().unwrap(), ..shape(rate.parse().unwrap(), 0.0) };
    let shape = Shape { idle: 0, ..shape };
    let loaded = run(&target, &request, &shape, Duration::from_secs_f64(seconds.parse().unwrap()));
    let fates: Vec<_> = loaded.traffic.fates().each().map(|(f, n)| (f.key(), n)).collect();
    println!("{} {fates:?} {:?} {:?}", loaded.traffic.sent, loaded.latency_ms, loaded.own);
}
