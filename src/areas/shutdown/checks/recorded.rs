//! A rehearsal as it was recorded, for the tests of every check: what a snapshot would hold.

pub use crate::model::judged::*;
use crate::{
    areas::shutdown::facts::{Client, Ears, Exit, Facts, Plan, Rehearsal, Runtime, Started, Times},
    model::{
        Fate, Fates, Kept, Reading, Traffic, Why,
        role::Role,
        sigterm::{Handler, Signs, decide},
        traffic::{Ended, Over},
    },
};

/// A service that drains: everything was answered, it exited with 0 after the late window.
pub fn drained() -> Rehearsal {
    let mut r = Rehearsal {
        url: "http://127.0.0.1:3000/".into(),
        service: serde_json::from_str(r#"{"pid": 41, "start_ticks": 9, "name": "node"}"#).unwrap(),
        command: Reading::unseen(Why::Absent),
        started: Started::Here,
        listener: None,
        runtime: Runtime::Node,
        ears: Reading::seen(ears(Role::Node, Handler::Caught)),
        plan: Plan {
            warm_up_s: 2.0,
            grace_s: 30.0,
            late_s: 5.0,
            rate: 50.0,
            connections: 4,
            idle: 2,
            signal: 15,
            prestop: false,
            slow: true,
        },
        times: Times {
            ending_s: 2.0,
            signal_s: Some(2.0),
            withdrawn_s: Some(7.0),
            exit_s: Some(7.5),
            last_byte_s: Some(7.4),
        },
        before: None,
        exit: Reading::seen(Exit::Code(0)),
        killed: false,
        left: Kept::default(),
        traffic: Traffic::default(),
        earlier: Fates::default(),
        answers_ending: 120,
        said_close: 4,
        open_at_ending: 6,
        closed_at_rest: 6,
        open_at_last: 0,
        client: Client::default(),
    };
    r = earlier(r, Fate::Whole, 100);
    r = more(r, Over::New, Fate::LateAccepted, 120);
    more(r, Over::Kept, Fate::LateAccepted, 120)
}

pub fn ears(role: Role, handler: Handler) -> Ears {
    let judged = decide(&Signs { role, handler, in_sigwait: None, pending: false, works: true });
    Ears { role, handler, judged, below: None }
}

/// So many more that ended so since the end had begun.
pub fn more(mut r: Rehearsal, over: Over, fate: Fate, n: u64) -> Rehearsal {
    add(&mut r, over, fate, n, 2.5);
    r
}

/// So many more that had ended so before.
pub fn earlier(mut r: Rehearsal, fate: Fate, n: u64) -> Rehearsal {
    add(&mut r, Over::Kept, fate, n, 1.0);
    (0..n).for_each(|_| r.earlier.add(fate));
    r
}

fn add(r: &mut Rehearsal, over: Over, fate: Fate, n: u64, ended_s: f64) {
    for _ in 0..n {
        let (status, bytes, detail) = (None, 0, "connection reset by peer".into());
        r.traffic.sent += 1;
        r.traffic.add(Ended { over, sent_s: ended_s, ended_s, fate, status, bytes, detail });
    }
}

pub fn facts(r: Rehearsal) -> Facts {
    Facts { rehearsal: Reading::seen(r) }
}
