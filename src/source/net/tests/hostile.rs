//! Bytes and texts that no kernel wrote: nothing panics, nothing loops, nothing is invented.

use super::{
    super::{
        counters::{Snmp, SockStat, TcpExt},
        diag::read_datagram,
        files::{parse_row, read_rows},
        *,
    },
    captures::{BOTH, rows},
};
use proptest::prelude::*;

/// The messages of the recorded dump: where each begins and how long it is.
fn messages() -> Vec<(usize, usize)> {
    let (mut found, mut at) = (vec![], 0);
    while at < BOTH.len() {
        let length = u32::from_ne_bytes(BOTH[at..at + 4].try_into().unwrap()) as usize;
        found.push((at, length));
        at += length.next_multiple_of(4);
    }
    found
}

/// The payload of a recorded established connection with its INFO attribute cut to `length` bytes.
fn with_info(length: usize) -> Vec<u8> {
    let (at, long) =
        *messages().iter().find(|(at, _)| BOTH[at + 17] == 1 && BOTH[at + 16 + 68..][..4] != [0; 4]).unwrap();
    let payload = &BOTH[at + 16..at + long];
    let (mut cut, mut rest) = (payload[..72].to_vec(), &payload[72..]);
    while let Some(&[l0, l1, k0, k1]) = rest.first_chunk() {
        let l = usize::from(u16::from_ne_bytes([l0, l1]));
        let value = if [k0, k1] == 2u16.to_ne_bytes() { &rest[4..4 + length] } else { &rest[4..l] };
        cut.extend((4 + value.len() as u16).to_ne_bytes());
        cut.extend([k0, k1]);
        cut.extend(value);
        cut.resize(cut.len().next_multiple_of(4), 0);
        rest = rest.get(l.next_multiple_of(4)..).unwrap_or_default();
    }
    cut
}

#[test]
fn older_kernels_leave_the_newer_figures_unsaid() {
    let full = parse_message(&with_info(280)).unwrap().info.unwrap();
    assert!(full.total_rto.is_some() && full.rcv_wnd.is_some());
    // Lengths that kernels really had: 3.2, 4.1, 4.4, 4.10, 5.4, 6.7.
    for (length, has) in [
        (104, [false, false, false, false, false, false]),
        (136, [true, false, false, false, false, false]),
        (144, [true, true, false, false, false, false]),
        (192, [true, true, true, false, false, false]),
        (232, [true, true, true, true, true, false]),
        (248, [true, true, true, true, true, true]),
    ] {
        let i = parse_message(&with_info(length)).unwrap().info.unwrap();
        let said = [
            i.bytes_acked.is_some(),
            i.segs_in.is_some(),
            i.sndbuf_limited_us.is_some(),
            i.bytes_retrans.is_some(),
            i.snd_wnd.is_some(),
            i.total_rto.is_some(),
        ];
        assert_eq!(said, has, "tcp_info of {length} bytes");
        assert_eq!((i.last_ack_recv_ms, i.rtt_us), (full.last_ack_recv_ms, full.rtt_us));
        assert_eq!(i.bytes_acked, full.bytes_acked.filter(|_| length >= 128));
    }
    for length in [0, 4, 100, 103] {
        let sock = parse_message(&with_info(length)).unwrap();
        assert!(sock.info.is_none() && sock.drops.is_some(), "tcp_info of {length} bytes");
    }
    // A figure that is cut in its middle was not said.
    assert_eq!(parse_message(&with_info(123)).unwrap().info.unwrap().bytes_acked, None);
}

#[test]
fn cut_anywhere_the_rows_before_the_cut_stay_true() {
    let (whole, starts) = (rows(BOTH), messages());
    for cut in 0..BOTH.len() {
        let (mut seen, mut dumped) = (vec![], Dumped::default());
        let ended = read_datagram(&BOTH[..cut], 1, &mut |s| seen.push(*s), &mut dumped).unwrap();
        let before = starts.iter().filter(|(at, length)| at + length <= cut).count();
        assert_eq!(seen, whole[..before], "cut at {cut}");
        let between = starts.iter().any(|(at, length)| [*at, at + length].contains(&cut));
        assert!(!ended && dumped.interrupted != between, "cut at {cut}: {dumped:?}");
    }
}

#[test]
fn an_attribute_with_a_wrong_length_costs_only_what_is_behind_it() {
    let good = with_info(280);
    for length in [0u16, 1, 3, u16::MAX, 1000] {
        let mut bad = good.clone();
        bad[72..74].copy_from_slice(&length.to_ne_bytes());
        let sock = parse_message(&bad).unwrap();
        assert_eq!((sock.info, sock.drops, sock.shutdown), (None, None, None), "length {length}");
        assert_eq!(sock.inode, parse_message(&good).unwrap().inode);
    }
}

#[test]
fn lines_that_are_no_rows_are_counted_and_the_others_read() {
    let good = "   0: 0100007F:1F40 0100007F:2329 01 00000000:00000005 00:00000000 00000000     0        0 77 1 0 20";
    let read = |text: &[u8]| {
        let (mut dump, mut ports) = (FileDump::default(), vec![]);
        read_rows(text, Family::V4, None, &mut dump, &mut |s| ports.push(s.local.port)).unwrap();
        (dump.rows, dump.malformed)
    };
    assert_eq!(read(format!("  sl  local_address\n{good}\n{good}\n").as_bytes()), (2, 0));
    assert_eq!(read(format!("  sl  local_address\n{good}\n{}", &good[..60]).as_bytes()), (1, 1), "cut");
    assert_eq!(read(format!("  sl  local_address\n{good}").as_bytes()), (0, 1), "who knows how it goes on");
    assert_eq!(read(b"  sl  local_address\n"), (0, 0));
    assert_eq!(read(b""), (0, 1), "an empty file is not an empty table");
    assert_eq!(
        read(format!("{good}\n").as_bytes()),
        (1, 0),
        "a heading that is missing takes no row with it"
    );
    assert_eq!(read(format!("  sl  x\n\n\0\u{1b}[31m\n{good}\n").as_bytes()), (1, 2));
    let endless = vec![b'0'; 5 << 20];
    assert_eq!(read(&[b"  sl  x\n".as_slice(), &endless, b"\n", good.as_bytes(), b"\n"].concat()), (1, 1));
    assert_eq!(read(&endless), (0, 1));
    assert_eq!(read(&[b"  sl  x\n\xff\xfe\n".as_slice(), good.as_bytes(), b"\n"].concat()), (1, 1));
    for (from, to) in [
        ("0100007F:1F40", "0100007F1F40"),
        ("0100007F:1F40", "100007F:1F40"),
        ("0100007F:1F40", "+100007F:1F40"),
        ("0100007F:1F40", "00000000000000000000000001000000:1F40"),
        (":1F40", ":11F40"),
        (" 01 ", " 00 "),
        (" 01 ", " FF "),
        ("00000005", "G0000005"),
        (" 77 ", " -7 "),
        (" 77 ", " 99999999999999999999 "),
        ("   0: ", "   x: "),
    ] {
        let bad = good.replacen(from, to, 1);
        assert!(bad != good && parse_row(&bad, Family::V4).is_none(), "{bad}");
    }
}

#[test]
fn probes_count_where_a_probe_timer_is_armed() {
    let row = |timer: &str| {
        parse_row(&format!("1: 0100007F:1F40 0100007F:2329 01 0:5 {timer} 00000003 7 9 77 1"), Family::V4)
    };
    let told = |timer| row(timer).map(|s| (s.timer, s.expires_ms, s.retrans));
    assert_eq!(told("00:00000000"), Some((Timer::None, None, 0)));
    assert_eq!(told("01:00000014"), Some((Timer::Retransmit, Some(200), 3)));
    assert_eq!(told("02:00000001"), Some((Timer::Keepalive, Some(10), 9)));
    assert_eq!(told("04:00000000"), Some((Timer::Probe, Some(0), 9)));
    assert_eq!(told("09:FFFFFFFFFFFFFFFF"), Some((Timer::Other(9), Some(u32::MAX), 3)));
    assert_eq!(row("00:00000000").map(|s| (s.uid, s.inode, s.rqueue, s.wqueue)), Some((7, 77, 5, 0)));
}

proptest! {
    #[test]
    fn random_bytes_never_panic_or_loop(bytes in prop::collection::vec(any::<u8>(), 0..2048), sequence in 0u32..3) {
        let mut dumped = Dumped::default();
        let mut seen = 0u64;
        let _ = read_datagram(&bytes, sequence, &mut |_| seen += 1, &mut dumped);
        // Every message takes at least its 16 bytes of header, so this bounds the work too.
        prop_assert!(seen == dumped.count && dumped.count <= bytes.len() as u64 / 88);
        let _ = parse_message(&bytes);
    }

    #[test]
    fn a_mutated_dump_never_panics_or_invents_rows(
        changes in prop::collection::vec((0..BOTH.len(), any::<u8>()), 1..60), cut in 0..=BOTH.len()
    ) {
        let mut bytes = BOTH.to_vec();
        for (at, value) in changes { bytes[at] = value; }
        let mut dumped = Dumped::default();
        let _ = read_datagram(&bytes[..cut], 1, &mut |_| {}, &mut dumped);
        prop_assert!(dumped.count <= cut as u64 / 88);
    }

    #[test]
    fn random_text_never_panics(text in "\\PC{0,200}", line in "[ 0-9A-Fx:+-]{0,160}", bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for family in [Family::V4, Family::V6] {
            let _ = parse_row(&text, family);
            let _ = parse_row(&line, family);
            let mut dump = FileDump::default();
            read_rows(&bytes[..], family, None, &mut dump, &mut |_| {}).unwrap();
        }
        let _ = (parse_states(&text), Snmp::parse(&text), TcpExt::parse(&text), SockStat::parse(&text));
        let _ = (Snmp::parse(&format!("Tcp:{line}\nTcp:{text}")), SockStat::parse(&format!("TCP:{line}")));
    }
}
