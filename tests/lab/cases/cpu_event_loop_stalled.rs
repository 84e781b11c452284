//! `cpu/event-loop-stalled`: a hash in the event loop for each request, and the same hash in a worker.

use crate::harness::{Case, HERE, Host, Patient, Program, soon};

const CODE: &str = "cpu/event-loop-stalled";

/// A server whose hash takes `ms`, and clients on the other host that ask as soon as they are answered.
fn hashing(case: &Case, place: &str, ms: u32, clients: u32) -> (Patient, Host) {
    let there = case.second_host();
    let node = case.start(Program::node("hashes.js").args(["3000", place, &ms.to_string()]));
    there.start(Program::python("asks.py").args([HERE, "3000", &clients.to_string()]));
    (node, there)
}

/// The thread of a process that has computed most, and the share of half a second in which it was on a processor or ready
/// for one: on a crowded machine it is not alone.
fn hottest(case: &Case, pid: u32) -> (String, f64) {
    let times = || -> Vec<(String, f64)> {
        let tids = case.tool(&["ls", &format!("/proc/{pid}/task")]);
        let of = |tid: &str| {
            let text = case.proc(pid, &format!("task/{tid}/schedstat"));
            let ready = text.split(' ').take(2).filter_map(|n| n.parse::<f64>().ok()).sum::<f64>();
            (tid.to_owned(), ready)
        };
        tids.split_whitespace().map(of).collect()
    };
    let (before, began) = (times(), std::time::Instant::now());
    std::thread::sleep(std::time::Duration::from_millis(500));
    let after = times();
    let used = before.into_iter().zip(after).map(|(a, b)| (a.0, (b.1 - a.1) / 1e9));
    let (tid, ready) = used.max_by(|a, b| a.1.total_cmp(&b.1)).expect("a process has a thread");
    (tid, ready / began.elapsed().as_secs_f64())
}

#[test]
fn hash_in_the_event_loop_is_named_with_its_thread_and_who_waits() {
    let case = Case::timed("web");
    let (node, _there) = hashing(&case, "loop", 250, 20);
    soon(|| {
        let waiting = case.ss("state established sport = :3000").iter().filter(|r| r.recv_q > 0).count();
        if waiting >= 10 { Ok(()) } else { Err(format!("patient: {waiting} connections wait")) }
    });
    let (tid, share) = hottest(&case, node.pid());
    assert!(tid == node.pid().to_string() && share > 0.5, "patient: thread {tid} computes {share}");

    for report in case.looks("cpu", &[]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&node)
            .must_be("warning")
            .must_say("tid", node.pid())
            .must_say("thread", "node")
            .must_measure("share_pct", 5.0..=100.0)
            .must_measure("waiting_bytes", 100.0..)
            .must_measure("oldest_s", 0.3..120.0);
        assert!(finding.about("listener").ends_with(":3000"), "{report}");
        report.must_exit(1);
    }
    // A longer window in which every connection was served once says the same of those that wait now.
    case.paramedic(&["cpu", "--window", "6s"]).must_find(CODE).must_blame(&node);
    // With one look nothing can have computed all the while.
    assert_eq!(case.paramedic(&["cpu", "--window", "0"]).outcome(CODE), "skipped");
}

#[test]
fn loop_that_never_comes_back_leaves_even_new_connections_alone() {
    let case = Case::timed("web");
    let there = case.second_host();
    let mut node = case.start(Program::node("spins.js").args(["3000"]));
    node.order_without_answer("spin");
    there.start(Program::python("knocks.py").args([HERE, "3000", "12", "60"]));
    soon(|| {
        let queue = case.ss("state listening sport = :3000")[0].recv_q;
        if queue == 12 { Ok(()) } else { Err(format!("patient: {queue} wait to be accepted")) }
    });
    for report in case.looks("cpu", &[]) {
        report.must_find(CODE).must_blame(&node).must_say("queue", 12).must_measure("share_pct", 5.0..=100.0);
    }
}

#[test]
fn twin_with_the_same_hash_in_a_worker_is_well() {
    let case = Case::timed("web");
    let (node, _there) = hashing(&case, "worker", 250, 20);
    soon(|| {
        let (tid, share) = hottest(&case, node.pid());
        let worker = tid != node.pid().to_string() && share > 0.5;
        if worker { Ok(()) } else { Err(format!("patient: thread {tid} computes {share}")) }
    });
    case.must_be_well();
    case.paramedic(&["cpu", "--window", "3s"]).must_be_silent();
}

#[test]
fn twin_that_is_busy_all_the_time_and_drains_its_queues_is_well() {
    let case = Case::timed("web");
    let (mut node, _there) = hashing(&case, "loop", 2, 8);
    soon(|| {
        let (tid, share) = hottest(&case, node.pid());
        let busy = tid == node.pid().to_string() && share > 0.4;
        if busy { Ok(()) } else { Err(format!("patient: thread {tid} computes {share}")) }
    });
    case.must_be_well();
    case.paramedic(&["cpu", "--window", "3s"]).must_be_silent();
    node.order("count");
    assert!(node.told("answered") > 100, "patient answered {}", node.told("answered"));
}
