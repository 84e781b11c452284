//! `sockets/close-wait-leak`: the peer closed, we did not.

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Case, HERE, LIMITS, Program, THERE, THERE_V6, soon};

const CODE: &str = "sockets/close-wait-leak";
/// CLOSE_WAIT of each patient: above a tenth of its limit of 512 descriptors.
const COUNT: u64 = 60;

#[test]
fn node_server_that_reads_the_end_and_never_closes() {
    let case = Case::new("web");
    let there = case.second_host();
    let node = case.start(Program::node("half_open_server.js").args(["3000"]).nofile(512, 512));
    let began = Instant::now();
    let clients = [HERE.to_owned(), "3000".to_owned(), COUNT.to_string()];
    there.start(Program::python("opens_and_closes.py").args(clients));
    soon(|| case.counts("state close-wait", COUNT as usize));
    soon(|| {
        let unread = case.ss("state close-wait").iter().filter(|row| row.recv_q > 0).count();
        if unread == 0 { Ok(()) } else { Err(format!("patient left {unread} ends unread")) }
    });

    for report in case.looks("sockets", &[]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&node)
            .must_be("warning")
            .must_say("count", COUNT)
            .must_say("eof_read", COUNT)
            .must_say("eof_unread", 0)
            .must_measure("oldest_s", 1.0..=began.elapsed().as_secs_f64());
        assert_eq!(finding.about("peer"), "clients of :3000", "{report}");
        report.must_exit(1);
    }
}

/// An HTTP client with 60 answers of `bytes` each, of whose streams it read so many to the end.
fn client_keeps(client: Program, server: &str, bytes: usize, eof_read: u64, eof_unread: u64) {
    let case = Case::new("worker");
    let there = case.second_host();
    // The kernel has room for a whole body, so that the end of each stream arrives behind it.
    case.sysctl("net/ipv4/tcp_rmem", "4096 1048576 6291456");
    there.write("/run/lab/work/www/body", &"x".repeat(bytes));
    there.start(Program::nginx("bodies.conf", 8080));
    let client = client.args([server.to_owned(), "8080".to_owned(), COUNT.to_string()]);
    let client = case.start(client.nofile(512, 512));
    soon(|| case.counts("state close-wait", COUNT as usize));
    let read = case.ss("state close-wait").iter().filter(|row| row.recv_q == 0).count() as u64;
    assert_eq!(read, eof_read, "patient");

    for report in case.looks("sockets", &[]) {
        let peer = if server == THERE { format!("{server}:8080") } else { format!("[{server}]:8080") };
        let finding = report
            .must_find(CODE)
            .must_blame(&client)
            .must_be("warning")
            .must_say("count", COUNT)
            .must_say("eof_read", eof_read)
            .must_say("eof_unread", eof_unread)
            .must_say("peer", peer.as_str());
        assert_eq!(finding.about("peer"), peer, "{report}");
        report.must_exit(1);
    }
}

#[test]
fn http_client_that_drops_bodies_never_reads_the_end() {
    // More than node reads ahead of somebody who does not read.
    client_keeps(Program::node("drops_bodies.js"), THERE, 300_000, 0, COUNT);
}

#[test]
fn http_client_that_forgets_to_close_has_read_the_end() {
    client_keeps(Program::python("forgets_to_close.py"), THERE, 20_000, COUNT, 0);
}

#[test]
fn http_client_over_ipv6_is_found_as_well() {
    client_keeps(Program::python("forgets_to_close.py"), THERE_V6, 20_000, COUNT, 0);
}

#[test]
fn leak_that_uses_up_the_descriptors_is_named_as_the_cause() {
    let case = Case::new("web");
    let there = case.second_host();
    let node = case.start(Program::node("half_open_server.js").args(["3000"]).nofile(100, 100));
    // Node itself holds 19 or more: the sum is past 80 of 100 on every machine.
    there.start(Program::python("opens_and_closes.py").args([HERE, "3000", "66"]));
    soon(|| case.counts("state close-wait", 66));

    let report = case.paramedic(&[]);
    report.must_find(CODE).must_blame(&node).must_be("warning").must_say("count", 66);
    report.must_find("fds/near-limit").must_blame(&node).must_be("critical");
    let place = |code: &str| report.findings().position(|finding| finding.code() == code);
    let (cause, effect) = (place(CODE), place("fds/near-limit"));
    let caused_by = &report.findings().nth(effect.unwrap_or(0)).map(|f| f.caused_by());
    assert_eq!(caused_by, &Some(vec![cause.unwrap_or(99)]), "{report}");
    assert!(cause < effect, "the root stands first:\n{report}");
    report.must_exit(2);
}

#[test]
fn leak_that_goes_on_is_found_by_its_ages_far_below_the_limit() {
    let case = Case::new("web");
    let there = case.second_host();
    // Nobody waits two minutes for a test.
    case.write(LIMITS, "[limits.\"sockets/close-wait-leak\"]\ncount = 40\nage_s = 2\n");
    let node = case.start(Program::node("half_open_server.js").args(["3000"]));
    let began = Instant::now();
    there.start(Program::python("comes_and_goes.py").args([HERE, "3000", "0.05"]));
    soon(|| {
        let count = case.ss("state close-wait").len();
        if count >= 110 { Ok(()) } else { Err(format!("patient keeps {count} only")) }
    });

    for report in case.looks("sockets", &["--config", LIMITS]) {
        report
            .must_find(CODE)
            .must_blame(&node)
            .must_be("warning")
            .must_say("pattern", "steady")
            .must_measure("count", 110.0..)
            .must_measure("oldest_s", 4.0..=began.elapsed().as_secs_f64());
    }
}

#[test]
fn twin_old_batch_to_which_nothing_is_added_is_well() {
    let case = Case::new("web");
    let there = case.second_host();
    case.write(LIMITS, "[limits.\"sockets/close-wait-leak\"]\ncount = 40\nage_s = 2\n");
    case.start(Program::node("half_open_server.js").args(["3000"]));
    there.start(Program::python("opens_and_closes.py").args([HERE, "3000", "100"]));
    soon(|| case.counts("state close-wait", 100));
    thread::sleep(Duration::from_millis(2_500));
    case.paramedic(&["--config", LIMITS]).must_be_silent();
}

#[test]
fn twin_pool_that_keeps_twenty_close_wait_is_well() {
    let case = Case::new("web");
    let there = case.second_host();
    case.start(Program::node("half_open_server.js").args(["3000"]));
    there.start(Program::python("opens_and_closes.py").args([HERE, "3000", "20"]));
    soon(|| case.counts("state close-wait", 20));
    case.must_be_well();
}
