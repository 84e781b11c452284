//! Whatever listens there, and whatever it does: a clear word, within the deadline.

use super::*;
use paramedic::source::pg::{FailedKind, RefusedKind};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

/// A server of one's own making; its thread ends with the connection.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            serve(stream);
        }
    });
    format!("postgres://me:pw@127.0.0.1:{port}/db")
}

/// What the deadline of a moment gives, and that it held.
fn at_once(text: &str) -> Refused {
    let begun = Instant::now();
    let no = Session::open(&target(text, &[]), begun + Duration::from_millis(300))
        .err()
        .expect("nobody is let in");
    assert!(begun.elapsed() < Duration::from_secs(20), "it ends at the deadline, not when the server likes");
    no
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[tag][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
}

#[test]
fn a_server_that_is_silent_or_drips_costs_no_more_than_the_deadline() {
    let silent = server(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    for more in ["", "?sslmode=disable", "?sslmode=require&sslnegotiation=direct"] {
        assert_eq!(at_once(&format!("{silent}{more}")).kind, RefusedKind::TimedOut, "{more}");
    }
    let drips = server(|mut stream| {
        // An error message of 60,000 bytes, one at a time.
        let _ = stream.write_all(&[b'E', 0, 0, 0xea, 0x60]);
        while stream.write_all(b"M").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(at_once(&format!("{drips}?sslmode=disable")).kind, RefusedKind::TimedOut);
    // Two silent hosts share the time.
    let both =
        silent.replace("/db", &format!(",{}/db", &silent["postgres://me:pw@".len()..silent.len() - 3]));
    assert_eq!(at_once(&both).tried.len(), 2);
}

#[test]
fn what_is_no_postgres_server_is_told_so_and_never_gets_the_password() {
    let http = || {
        server(|mut stream| {
            let mut asked = [0; 512];
            let n = stream.read(&mut asked).unwrap_or(0);
            assert!(!asked[..n].windows(2).any(|w| w == b"pw"));
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        })
    };
    for more in ["", "?sslmode=disable", "?sslmode=require"] {
        let no = at_once(&format!("{}{more}", http()));
        assert!(no.kind == RefusedKind::NotPostgres && !no.chain.contains("pw"), "{more}: {no}");
    }
    let ends = server(drop);
    assert!(matches!(at_once(&ends).kind, RefusedKind::Other));
}

#[test]
fn a_server_that_sends_without_end_or_sense_is_left() {
    // Lets everybody in, then answers with whatever this is.
    let strange = |answer: Vec<u8>| {
        server(move |mut stream| {
            let mut first = [0; 256];
            let _ = stream.read(&mut first);
            let greeting = [message(b'R', &[0, 0, 0, 0]), message(b'Z', b"I")].concat();
            let _ = stream.write_all(&greeting);
            let _ = stream.read(&mut first);
            let _ = stream.write_all(&answer);
            let _ = stream.read_to_end(&mut Vec::new());
        })
    };
    for (name, answer) in [
        ("a row of nothing", message(b'D', &[0, 0])),
        ("a row that ends too early", [message(b'T', &[0, 0]), message(b'D', &[0, 1, 0, 0])].concat()),
        ("a row of another width", [message(b'T', &[0, 0]), message(b'D', &[0, 1, 0, 0, 0, 0])].concat()),
        ("no length", vec![b'C', 0, 0, 0, 0]),
        ("two gigabytes", vec![b'D', 0x7f, 0xff, 0xff, 0xff]),
        ("a copy", message(b'H', &[0, 0, 0])),
        ("no letter", message(0, b"")),
    ] {
        let mut session = open(&format!("{}?sslmode=disable", strange(answer)));
        let failed = session.run("select 1").unwrap_err();
        assert_eq!(failed.kind, FailedKind::Lost, "{name}: {failed}");
    }
    let endless = server(|mut stream| {
        let _ = stream.read(&mut [0; 256]);
        let notice = message(b'N', b"SNOTICE\0\0");
        while stream.write_all(&notice).is_ok() {}
    });
    let no = at_once(&format!("{endless}?sslmode=disable"));
    assert!(matches!(no.kind, RefusedKind::NotPostgres | RefusedKind::TimedOut), "{no}");
}
