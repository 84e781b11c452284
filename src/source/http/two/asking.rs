//! One request of HTTP/2 on its way.

use super::super::exchange::Pace;
use bytes::Bytes;
use h2::{RecvStream, SendStream, client::ResponseFuture};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

/// A request being sent and its answer being read.
#[derive(Default)]
pub(super) struct Asking {
    response: Option<ResponseFuture>,
    out: Option<SendStream<Bytes>>,
    body: Bytes,
    pace: Option<Pace>,
    at: usize,
    incoming: Option<RecvStream>,
    pub answer: Incoming,
}

/// The answer so far.
#[derive(Default)]
pub(super) struct Incoming {
    pub status: Option<u16>,
    pub head: Option<http::HeaderMap>,
    pub bytes: u64,
    pub first: Option<Instant>,
    pub last: Option<Instant>,
}

impl Asking {
    /// Of a request that was begun.
    pub fn new(response: ResponseFuture, out: SendStream<Bytes>, body: &Bytes, pace: Option<Pace>) -> Self {
        let out = Some(out).filter(|_| !body.is_empty());
        Self { response: Some(response), out, body: body.clone(), pace, ..Self::default() }
    }
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        self.send(cx);
        if let Some(response) = &mut self.response {
            let (head, incoming) = ready!(Pin::new(response).poll(cx))?.into_parts();
            let now = Instant::now();
            self.answer.status = Some(head.status.as_u16());
            self.answer.head = Some(head.headers);
            (self.answer.first, self.answer.last) = (Some(now), Some(now));
            (self.response, self.incoming) = (None, Some(incoming));
        }
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(Ok(())) };
        while let Some(data) = ready!(incoming.poll_data(cx)) {
            let data = data?;
            self.answer.bytes += data.len() as u64;
            self.answer.last = Some(Instant::now());
            incoming.flow_control().release_capacity(data.len())?;
        }
        Poll::Ready(Ok(()))
    }

    /// What may be sent of the body by now. A stream that takes no more says so by its answer, or by its reset.
    fn send(&mut self, cx: &mut Context<'_>) {
        let Some(out) = &mut self.out else { return };
        let all = self.body.len();
        let allowed = self.pace.as_mut().map_or(all, |p| p.allows(cx, all));
        if allowed > self.at {
            let part = self.body.slice(self.at..allowed);
            self.at = allowed;
            if out.send_data(part, allowed == all).is_err() || allowed == all {
                self.out = None;
            }
        }
    }
}
