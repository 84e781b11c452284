use super::*;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, UdpSocket},
    thread,
    time::Instant,
};

fn ask(name: &str, kind: &str) -> Ask {
    Ask::new(Question { name: name.into(), kind: kind.into(), edns: false })
}
fn how(patience_ms: u64) -> Manner {
    Manner::once(Duration::from_millis(patience_ms), Instant::now() + Duration::from_secs(20))
}
/// The answer of a server that knows nothing.
fn nothing(question: &[u8]) -> Vec<u8> {
    let mut answer = question.to_vec();
    answer[2] |= 0x80;
    answer[3] |= 3;
    answer
}
/// A server on a port of its own that does this with each packet.
fn server(each: impl Fn(&UdpSocket, &[u8], SocketAddr) + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 600];
        while let Ok((n, from)) = socket.recv_from(&mut buffer) {
            each(&socket, &buffer[..n], from);
        }
    });
    at
}

#[test]
fn an_answer_is_timed_and_what_comes_beside_it_is_counted() {
    let at = server(|socket, question, from| {
        let mut foreign = nothing(question);
        foreign[0] ^= 0xff;
        for bytes in [&b"\0"[..], &foreign, &nothing(question), &nothing(question)] {
            socket.send_to(bytes, from).unwrap();
        }
    });
    let heard = &ask_udp(&[(at, vec![ask("a.test", "A")])], how(10_000))[0][0];
    assert!(matches!(&heard.came, Came::Reply(r) if r.rcode == 3), "{heard:?}");
    assert!(heard.took > Duration::ZERO && heard.sends == 1);
    assert_eq!(heard.odd.foreign, 2);
}

#[test]
fn silence_is_told_from_a_closed_port_and_from_our_own_deadline() {
    let silent = server(|_, _, _| {});
    let heard = &ask_udp(&[(silent, vec![ask("a.test", "A")])], how(50))[0][0];
    assert_eq!((&heard.came, heard.sends), (&Came::Silence, 1));
    assert!(heard.took >= Duration::from_millis(50));

    let cut = Manner { deadline: Instant::now() + Duration::from_millis(30), ..how(5_000) };
    assert_eq!(ask_udp(&[(silent, vec![ask("a.test", "A")])], cut)[0][0].came, Came::Cut);

    let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let began = Instant::now();
    assert_eq!(ask_udp(&[(gone, vec![ask("a.test", "A")])], how(10_000))[0][0].came, Came::Closed);
    assert!(began.elapsed() < Duration::from_secs(5), "the ICMP message was heard");
}

#[test]
fn it_is_asked_again_with_the_same_id_and_timed_from_the_first_packet() {
    let seen = std::sync::Mutex::new(Vec::<Vec<u8>>::new());
    let at = server(move |socket, question, from| {
        let mut seen = seen.lock().unwrap();
        seen.push(question.to_vec());
        if seen.len() == 3 {
            assert!(seen.windows(2).all(|w| w[0] == w[1]));
            socket.send_to(&nothing(question), from).unwrap();
        }
    });
    let how = Manner { resend: Duration::from_millis(30), sends: 3, ..how(10_000) };
    let heard = &ask_udp(&[(at, vec![ask("a.test", "A")])], how)[0][0];
    assert!(matches!(heard.came, Came::Reply(_)) && heard.sends == 3, "{heard:?}");
    assert!(heard.took >= Duration::from_millis(60));
}

#[test]
fn two_questions_of_a_socket_are_kept_apart_and_a_late_answer_is_counted() {
    let at = server(|socket, question, from| {
        let socket = socket.try_clone().unwrap();
        let (answer, kind) = (nothing(question), question[question.len() - 3]);
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(if kind == 28 { 300 } else { 0 }));
            let _ = socket.send_to(&answer, from);
        });
    });
    let both = ask_udp(&[(at, vec![ask("a.test", "A"), ask("a.test", "AAAA")])], how(100));
    assert!(matches!(both[0][0].came, Came::Reply(_)));
    assert_eq!(both[0][1].came, Came::Silence);
}

#[test]
fn answers_that_come_too_late_are_counted_as_long_as_there_is_time() {
    let (order, ordered) = std::sync::mpsc::channel::<()>();
    let (sent, told) = std::sync::mpsc::channel::<()>();
    let at = server(move |socket, question, from| {
        ordered.recv().unwrap();
        socket.send_to(&nothing(question), from).unwrap();
        sent.send(()).unwrap();
    });
    let groups = [(at, vec![ask("a.test", "A")])];
    let open = ask_udp_open(&groups, how(30));
    assert_eq!(open.heard()[0][0].came, Came::Silence);
    order.send(()).unwrap();
    // Loopback delivers within the call.
    told.recv_timeout(Duration::from_secs(20)).unwrap();
    let heard = &open.end()[0][0];
    assert_eq!((&heard.came, heard.odd.late), (&Came::Silence, 1));
}

#[test]
fn tcp_frames_messages_and_tells_a_closed_port_from_an_end_in_the_middle() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut framed = [0; 2 + 24];
        peer.read_exact(&mut framed).unwrap();
        let answer = nothing(&framed[2..]);
        // Byte by byte, as a network may.
        for byte in [&[0, 24][..], &answer].concat() {
            peer.write_all(&[byte]).unwrap();
        }
        peer.read_exact(&mut framed[..2]).unwrap();
        peer.write_all(&[0, 24, 1]).unwrap();
    });
    let heard = ask_tcp(at, &[ask("a.test", "A"), ask("b.test", "A")], how(10_000));
    assert!(matches!(&heard[0].came, Came::Reply(r) if r.rcode == 3), "{heard:?}");
    assert_eq!(heard[1].came, Came::Ended);
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(ask_tcp(gone, &[ask("a.test", "A")], how(10_000))[0].came, Came::Closed);
}

#[test]
fn the_longest_answer_over_tcp_is_read_and_not_all_of_it_is_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut framed = [0; 2 + 24];
        peer.read_exact(&mut framed).unwrap();
        let mut answer = nothing(&framed[2..]);
        answer[3] = 0;
        let room = 65_535 - answer.len();
        let records = (room / 16) as u16;
        answer[6..8].copy_from_slice(&records.to_be_bytes());
        for n in 0..records {
            let [high, low] = n.to_be_bytes();
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 0, high, low]);
        }
        peer.write_all(&(answer.len() as u16).to_be_bytes()).unwrap();
        peer.write_all(&answer).unwrap();
        // The second one is said to be as long and ends at once.
        peer.read_exact(&mut framed).unwrap();
        peer.write_all(&[0xff, 0xff, 1]).unwrap();
    });
    let heard = ask_tcp(at, &[ask("a.test", "A"), ask("b.test", "A")], how(10_000));
    let Came::Reply(reply) = &heard[0].came else { panic!("{heard:?}") };
    assert_eq!((reply.records, reply.addresses.len()), (4094, 32));
    assert!(reply.bytes > 65_500, "{}", reply.bytes);
    assert_eq!(heard[1].came, Came::Ended);
}

#[test]
fn of_all_servers_the_first_yes_or_no_wins_and_a_failure_is_asked_again_at_once() {
    let failing = server(|socket, question, from| {
        let mut answer = nothing(question);
        answer[3] = 2;
        socket.send_to(&answer, from).unwrap();
    });
    let knowing = server(|socket, question, from| {
        thread::sleep(Duration::from_millis(50));
        socket.send_to(&nothing(question), from).unwrap();
    });
    let how = |ms| Rounds {
        timeout: Duration::from_millis(ms),
        interval: Duration::from_millis(ms),
        deadline: Instant::now() + Duration::from_secs(20),
    };
    let heard = &ask_all(&[failing, knowing], &[ask("a.test", "A")], how(10_000))[0];
    assert_eq!(heard.1, Some(1));
    assert!(matches!(&heard.0.came, Came::Reply(r) if r.rcode == 3), "{heard:?}");
    assert_eq!(heard.0.sends, 4, "one each, and two more to the one that failed");

    let silent = server(|_, _, _| {});
    let heard = &ask_all(&[silent], &[ask("a.test", "A")], how(50))[0];
    assert_eq!((&heard.0.came, heard.1), (&Came::Silence, None));
    let cut = Rounds { deadline: Instant::now() + Duration::from_millis(20), ..how(5_000) };
    assert_eq!(ask_all(&[silent], &[ask("a.test", "A")], cut)[0].0.came, Came::Cut);
}
