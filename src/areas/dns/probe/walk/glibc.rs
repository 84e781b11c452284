//! How glibc asks its servers for one candidate: `__res_context_send`, `send_dg` and `send_vc` of `resolv/res_send.c`.

use super::{Candidate, addresses, reply, verdict};
use crate::{
    areas::dns::facts::{
        conf::Conf,
        plan::{Outcome, glibc_waits},
        wire::{REFUSED, SERV_FAIL},
    },
    source::dns::{self, Ask, Came, Heard, Line, Manner, Reply},
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// NOTIMP, which a server is passed over for as well.
const NOT_IMPLEMENTED: u8 = 4;

/// What stays with the thread from one question to the next.
pub(super) struct Learnt {
    /// A and AAAA one after the other, because once only one was answered.
    single_request: bool,
    /// And on a new socket each.
    reopen: bool,
    /// The server to begin with; with `rotate` a process begins anywhere, `nameserver_offset`.
    first: usize,
}

/// What one server made of the pair.
enum Server {
    /// Answers to one of them or both.
    Answered(Vec<Reply>),
    /// Nothing.
    Silent,
    /// Nobody is there: the next one at once.
    Closed,
    /// Our own deadline.
    Cut,
}

impl Learnt {
    pub fn of(conf: &Conf) -> Self {
        Self {
            single_request: conf.single_request || conf.single_request_reopen,
            reopen: conf.single_request_reopen,
            first: if conf.rotate { dns::random().into() } else { 0 },
        }
    }

    pub fn ask(
        &mut self,
        conf: &Conf,
        servers: &[(SocketAddr, String)],
        asks: &[Ask],
        until: Instant,
    ) -> Candidate {
        let mut out = Candidate::default();
        let waits =
            glibc_waits(&Conf { servers: vec![conf.servers[0].clone(); servers.len()], ..conf.clone() });
        // The last failure that was heard, and whether anybody was there at all.
        let (mut failure, mut somebody) = (None, false);
        let first = self.first % servers.len().max(1);
        if conf.rotate {
            self.first = first + 1;
        }
        // A socket stays open for the candidate: who answers in the second round to the first packet has answered.
        let mut lines: Vec<Line> = servers.iter().map(|s| Line::to(s.0)).collect();
        for _ in 0..conf.attempts.max(1) {
            for (i, wait) in waits.iter().enumerate() {
                let at = (i + first) % servers.len();
                let wait = Duration::from_secs(*wait);
                let to = To { at: servers[at].0, name: &servers[at].1, line: &mut lines[at] };
                match self.server(conf, to, asks, wait, until, &mut out) {
                    Server::Cut => return out,
                    Server::Closed => {}
                    Server::Silent => {
                        somebody = true;
                        if !out.silent.contains(&at) {
                            out.silent.push(at);
                        }
                    }
                    Server::Answered(replies) => {
                        somebody = true;
                        let passed_over =
                            |r: &&Reply| !matches!(r.rcode, SERV_FAIL | NOT_IMPLEMENTED | REFUSED);
                        let good: Vec<&Reply> = replies.iter().filter(passed_over).collect();
                        if let Some(outcome) = verdict(&good) {
                            out.outcome = Some(outcome);
                            out.addresses = addresses(&good);
                            out.server = Some(at);
                            return out;
                        }
                        failure = replies.last().map(|r| (r.rcode, at)).or(failure);
                    }
                }
            }
        }
        out.server = failure.map(|f| f.1);
        out.outcome = Some(match failure {
            Some((SERV_FAIL, _)) => Outcome::ServFail,
            Some(_) => Outcome::Refused,
            None if somebody => Outcome::Timeout,
            None => Outcome::PortClosed,
        });
        out
    }

    fn server(
        &mut self,
        conf: &Conf,
        to: To,
        asks: &[Ask],
        wait: Duration,
        until: Instant,
        out: &mut Candidate,
    ) -> Server {
        if conf.use_vc {
            return tcp(&to, asks, wait, until, out);
        }
        loop {
            let heard = if self.single_request {
                self.serially(to.line, asks, wait, until)
            } else {
                to.line.ask(asks, Manner::once(wait, until))
            };
            count(&heard, asks, to.name, "", out);
            let replies: Vec<Reply> = heard.iter().filter_map(|h| reply(&h.came)).cloned().collect();
            if replies.iter().any(|r| r.truncated) {
                return tcp(&to, asks, wait, until, out);
            }
            if replies.len() == asks.len() {
                return Server::Answered(replies);
            }
            if heard.iter().any(|h| h.came == Came::Cut) {
                return Server::Cut;
            }
            let gone = |h: &Heard| !matches!(h.came, Came::Silence | Came::Reply(_));
            match (replies.is_empty(), heard.iter().any(gone)) {
                (_, true) => {
                    to.line.close();
                    return Server::Closed;
                }
                (true, false) => return Server::Silent,
                // Half of a pair: one after the other on the same socket, then on new ones, then with what there is.
                (false, false) if !self.single_request => self.single_request = true,
                (false, false) if !self.reopen => {
                    self.reopen = true;
                    to.line.close();
                }
                (false, false) => {
                    out.half = true;
                    return Server::Answered(replies);
                }
            }
            out.half = true;
        }
    }

    /// The second question only when the first is answered; both within the one wait.
    fn serially(&self, line: &mut Line, asks: &[Ask], wait: Duration, until: Instant) -> Vec<Heard> {
        let end = Instant::now() + wait;
        let mut out: Vec<Heard> = Vec::new();
        for ask in asks {
            let answered = out.iter().all(|h| matches!(h.came, Came::Reply(_)));
            if !answered {
                break;
            }
            if self.reopen && !out.is_empty() {
                line.close();
            }
            let left = end.saturating_duration_since(Instant::now());
            out.append(&mut line.ask(std::slice::from_ref(ask), Manner::once(left, until)));
        }
        out
    }
}

/// Whom to ask, and over what.
struct To<'a> {
    at: SocketAddr,
    name: &'a str,
    line: &'a mut Line,
}

/// What was sent of these questions.
fn count(heard: &[Heard], asks: &[Ask], server: &str, over: &str, out: &mut Candidate) {
    for (h, ask) in heard.iter().zip(asks).filter(|(h, _)| h.sends > 0) {
        out.packets += h.sends;
        out.sent.push(format!("{} {server}{over}", ask.question.kind));
    }
}

/// Both over one connection; who does not take it is passed over.
fn tcp(to: &To, asks: &[Ask], wait: Duration, until: Instant, out: &mut Candidate) -> Server {
    let heard = dns::ask_tcp(to.at, asks, Manner::once(wait, until));
    count(&heard, asks, to.name, " tcp", out);
    let replies: Vec<Reply> = heard.iter().filter_map(|h| reply(&h.came)).cloned().collect();
    match heard.iter().any(|h| h.came == Came::Cut) {
        true => Server::Cut,
        false if replies.is_empty() && heard.iter().any(|h| h.came == Came::Silence) => Server::Silent,
        false if replies.is_empty() => Server::Closed,
        false => Server::Answered(replies),
    }
}
