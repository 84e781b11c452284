//! Sockets by state, in the network of the patient.

use super::{Look, sheet::Sheet};
use crate::{
    model::{Gaps, Group, TcpState, Why},
    source::net::{self, ALL_STATES, Ask, Namespace},
};
use std::collections::BTreeMap;

/// The states worth a row even where there is none of them.
const STATES: [(TcpState, &str); 8] = [
    (TcpState::Listen, "listen_count"),
    (TcpState::Established, "established_count"),
    (TcpState::CloseWait, "close_wait_count"),
    (TcpState::TimeWait, "time_wait_count"),
    (TcpState::FinWait1, "fin_wait1_count"),
    (TcpState::FinWait2, "fin_wait2_count"),
    (TcpState::SynSent, "syn_sent_count"),
    (TcpState::LastAck, "last_ack_count"),
];

pub(super) fn read(look: &Look, sheet: &mut Sheet, gaps: &mut Gaps) {
    let (world, deadline) = (look.moment.world, look.moment.deadline);
    let mut counts: BTreeMap<&str, f64> = STATES.iter().map(|(_, name)| (*name, 0.0)).collect();
    let mut count = |state: TcpState| {
        if let Some((_, name)) = STATES.iter().find(|(s, _)| *s == state) {
            *counts.entry(name).or_default() += 1.0;
        }
    };
    let network = look.patient.network(world);
    let from = network.as_deref().map_or(Namespace::Own, Namespace::Of);
    let ask = Ask { states: ALL_STATES, info: false, skmem: false };
    let asked = match world.live {
        true => net::dump(from, &ask, deadline, &mut |s| count(s.state)).map(|_| ()),
        false => Err(std::io::ErrorKind::Unsupported.into()),
    };
    // Everybody may read the table of another namespace, without entering it.
    let asked = asked.or_else(|_| {
        counts.values_mut().for_each(|n| *n = 0.0);
        let dir = world.proc_root.join(look.patient.name()).join("net");
        let mut count = |state: TcpState| {
            if let Some((_, name)) = STATES.iter().find(|(s, _)| *s == state) {
                *counts.entry(name).or_default() += 1.0;
            }
        };
        net::read_tcp_until(&dir, Some(deadline), &mut |s| count(s.state)).map(|_| ())
    });
    let failed = asked.err().map(|e| {
        gaps.add(Why::from(&e), "sockets by state", &e);
        Why::from(&e)
    });
    for (name, n) in counts {
        sheet.number(Group::Socket, name, failed.map_or(Ok(n), Err));
    }
}
