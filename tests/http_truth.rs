//! The client's account of every request against that of the server that ended it: they agree exactly.

mod http_truth {
    pub mod server;
}

use http_truth::server::{Act, BODY, Truth};
use paramedic::{
    model::Fate,
    source::http::{Course, Loaded, Request, Shape, Target, Url, load},
};
use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

fn target(addresses: Vec<SocketAddr>) -> Target {
    let url = Url::parse(&format!("http://{}/", addresses[0])).unwrap();
    Target { url, addresses, security: None, http2: false }
}

fn request() -> Request {
    Request { expected: Some(BODY as u64), timeout: Duration::from_millis(400), ..Request::default() }
}

fn shape() -> Shape {
    Shape { kept_per_s: 400.0, kept: 8, new_per_s: 200.0, idle: 2, slow: None }
}

/// Runs for so long.
fn run(target: &Target, request: &Request, shape: &Shape, length: Duration) -> Loaded {
    let course = Course::default();
    thread::scope(|scope| {
        let steered = course.clone();
        let loaded = scope.spawn(move || load(target, request, shape, &steered).unwrap());
        thread::sleep(length);
        course.finish();
        loaded.join().unwrap()
    })
}

#[test]
fn every_request_ends_as_the_server_ended_it() {
    for seed in 0..4 {
        let acts: Vec<(Act, u64)> =
            Act::ALL.iter().map(|a| (*a, if a.fate() == Fate::Whole { 20 } else { 2 })).collect();
        let truth = Truth::serve(seed, &acts);
        let begun = Instant::now();
        let loaded = run(&target(vec![truth.address]), &request(), &shape(), Duration::from_millis(700));
        let (ours, theirs) = (loaded.traffic.fates(), truth.fates());
        println!("{:?} {:?}", begun.elapsed(), loaded);
        assert_eq!(loaded.traffic.sent, ours.all());
        assert_eq!(ours, theirs, "seed {seed}: {:?} {:?}", truth.done(), loaded.traffic.lost);
        truth.close();
    }
}
